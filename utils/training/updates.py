"""What one update does to the weights: the gradient of the loss, then Adam, for all seeds at once.

S is the number of seeds. The loss is a mean over the samples of a batch and a sum over the seeds:
no weight of one seed appears in the loss of another, so their gradients stay apart.
"""

from functools import cache, partial
from typing import NamedTuple

import tensorflow as tf

from utils.training.models import forward, zero_state

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # the defaults of keras.optimizers.Adam
NOBODY = -1  # fills up a batch that has fewer samples than the others


class Progress(NamedTuple):
    """Where the training of all seeds has got to.

    Attributes
    ----------
    weights, first, second : list of tf.Tensor, each (S, ...)
        The weights, and the two running averages of Adam: of the gradient, of its square.
    updates : tf.Tensor, float32, no axes
        How many updates were made.
    """

    weights: list
    first: list
    second: list
    updates: tf.Tensor


@cache
def compiled(network, by_xla, *shapes):
    """Return `train` for one network, to be compiled at its first call, by XLA if asked.

    One function for each combination of shapes: TensorFlow warns of a function that is compiled
    again and again.
    """
    return tf.function(partial(train, network), jit_compile=by_xla, autograph=False)


def train(network, data, learning_rate, updates_per_state, progress, batches, count):
    """Make the first `count` of the updates in `batches`.

    Parameters
    ----------
    network : {"LSTM", "dense"}
    data : (X, y, lengths)
        Tensors of shape (N, T, F), (N,) and (N,).
    learning_rate : tf.Tensor
        Of Adam.
    updates_per_state : tf.Tensor, int
        After how many updates a new sequence starts from a state of zeros; 1 if stateless.
    progress : Progress
    batches : tf.Tensor, int, shape (updates, S, B)
        Which samples each update sees; `NOBODY` where a batch is not full.
    count : tf.Tensor, int
        At most `updates`.

    Returns
    -------
    Progress
    """
    X, y, lengths = data
    _, seeds, batch_size = batches.shape
    units = progress.weights[-2].shape[1]

    def update(index, progress, state):
        chosen = batches[index]  # (S, B)
        there = tf.cast(chosen != NOBODY, tf.float32)
        chosen = tf.maximum(chosen, 0)
        # A new sequence starts from zeros; within it, the state goes on as plain numbers.
        keep = tf.cast(index % updates_per_state != 0, tf.float32)
        state = [keep * part for part in state]
        weights = progress.weights
        with tf.GradientTape() as tape:
            tape.watch(weights)
            inputs = tf.gather(X, chosen), tf.gather(lengths, chosen)
            logits, state = forward(network, weights, *inputs, state)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(y, chosen), logits)
            means = tf.reduce_sum(there * losses, axis=1) / tf.reduce_sum(there, axis=1)  # (S,)
            total = tf.reduce_sum(means)
        gradients = tape.gradient(total, weights)
        return index + 1, adam(progress, gradients, learning_rate), state

    start = (0, progress, zero_state(seeds, batch_size, units))
    return tf.while_loop(lambda index, *_: index < count, update, start)[1]


def adam(progress, gradients, learning_rate):
    """Return the progress after one step of `keras.optimizers.Adam`."""
    updates = progress.updates + 1
    rate = learning_rate * tf.sqrt(1 - BETA_2**updates) / (1 - BETA_1**updates)
    weights, first, second = [], [], []
    for w, m, v, g in zip(*progress[:3], gradients, strict=True):
        m = m + (g - m) * (1 - BETA_1)
        v = v + (g * g - v) * (1 - BETA_2)
        weights.append(w - rate * m / (tf.sqrt(v) + EPSILON))
        first.append(m)
        second.append(v)
    return Progress(weights, first, second, updates)
