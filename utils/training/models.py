"""The two models that are trained: an LSTM, or for comparison a dense layer, and Dense on top.

`classifier` builds one in Keras. `forward` computes the same for many seeds at once.
"""

import random
from functools import cache

import keras
import tensorflow as tf

from utils.shapes.trial import same_random_numbers

NETWORKS = ("LSTM", "dense")
LONGEST_UNROLLED = 8  # time steps; more of them are a loop in the graph, which compiles faster


def classifier(time_steps, features, units, classes, network="LSTM"):
    """Return the model that is trained here: LSTM, then Dense with softmax.

    Parameters
    ----------
    time_steps : int or None
        T; None accepts any number of them ("LSTM" only).
    features, units, classes : int
        F, U, and the number of classes.
    network : {"LSTM", "dense"}, default "LSTM"
        "dense" puts a Dense layer with ReLU in the place of the LSTM. It reads all T x F numbers
        of a sample at once and has no state.

    Returns
    -------
    keras.Model
        Input (B, T, F), output (B, classes). Not compiled.

    Raises
    ------
    ValueError
        If `network` is neither of the two.
    """
    check_network(network)
    layers = keras.layers
    if network == "dense":
        first = [layers.Flatten(), layers.Dense(units, activation="relu")]
    else:
        first = [layers.LSTM(units)]
    last = layers.Dense(classes, activation="softmax")
    return keras.Sequential([keras.Input((time_steps, features)), *first, last])


def check_network(network):
    """Raise ValueError unless there is such a network."""
    if network not in NETWORKS:
        raise ValueError(f"network is {network!r}; wanted one of {', '.join(NETWORKS)}.")


@cache  # the same seeds serve several runs
def initial_weights(seed, time_steps, features, units, classes, network):
    """Return the weights that Keras gives a fresh `classifier` after this seed.

    The layers are built without a model around them, which takes a tenth of the time. The weights
    of an LSTM do not depend on T. Keras draws them from Python's generator; what else
    `keras.utils.set_random_seed` does is left out, as it empties TensorFlow's caches every time.
    Afterwards the generator goes on where it stood.
    """
    with same_random_numbers():
        random.seed(seed)
        if network == "dense":
            first = keras.layers.Dense(units)
            first.build((None, time_steps * features))
        else:
            first = keras.layers.LSTMCell(units)  # it holds the weights of an LSTM
            first.build((None, features))
        last = keras.layers.Dense(classes)
        last.build((None, units))
    return first.get_weights() + last.get_weights()


def zero_state(seeds, batch_size, units):
    """Return h and c of a fresh start, each of shape (S, B, U)."""
    return [tf.zeros((seeds, batch_size, units))] * 2


def forward(network, weights, X, lengths, state):
    """Run the model for every seed at once.

    Parameters
    ----------
    network : {"LSTM", "dense"}
    weights : list of tf.Tensor
        In the order of `get_weights()`, each with an axis S in front.
    X : tf.Tensor, shape (S, B, T, F)
    lengths : tf.Tensor, shape (S, B)
        The last time steps that count; an LSTM skips those before them.
    state : list of two tf.Tensor, each (S, B, U)
        h and c at the start. A dense network passes them on untouched.

    Returns
    -------
    logits : tf.Tensor, shape (S, B, classes)
        The result of the last layer before softmax.
    state : list of two tf.Tensor, each (S, B, U)
        h and c at the end.
    """
    *first, last_kernel, last_bias = weights
    if network == "dense":
        kernel, bias = first
        seeds, batch_size = X.shape[:2]
        flat = tf.reshape(X, (seeds, batch_size, -1))  # (S, B, T * F)
        h = tf.nn.relu(flat @ kernel + bias[:, None])
    else:
        h, _ = state = _lstm(first, X, lengths, state)
    return h @ last_kernel + last_bias[:, None], list(state)


def _lstm(weights, X, lengths, state):
    """Return h and c after the last time step; the loop is the one of `utils.lstm_numpy`.

    weights: kernel (S, F, 4U), recurrent kernel (S, U, 4U), bias (S, 4U).
    """
    kernel, recurrent_kernel, bias = weights
    time_steps = X.shape[2]

    def step(t, h, c):
        z = X[:, :, t] @ kernel + h @ recurrent_kernel + bias[:, None]  # (S, B, 4U)
        i, f, g, o = tf.split(z, 4, axis=-1)
        new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        new_h = tf.sigmoid(o) * tf.tanh(new_c)
        real = (t >= time_steps - lengths)[..., None]  # (S, B, 1): the others keep their state
        return t + 1, tf.where(real, new_h, h), tf.where(real, new_c, c)

    if time_steps > LONGEST_UNROLLED:
        start = (0, *state)
        return tf.while_loop(
            lambda t, *_: t < time_steps, step, start, maximum_iterations=time_steps
        )[1:]
    for t in range(time_steps):
        _, *state = step(t, *state)
    return state
