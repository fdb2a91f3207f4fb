"""Train the same small LSTM classifier from many seeds at once.

One run proves nothing: another seed may say the opposite. Twenty runs of `fit`, one after the
other, take minutes. Here all seeds are one extra axis of one compiled computation, so twenty take
seconds. It is Keras's own arithmetic (LSTM, Dense with softmax, Adam) from Keras's own initial
weights; `tests/unit/test_training.py` holds it to `fit`.
"""

from functools import cache, partial
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from utils.shapes import as_samples

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7  # the defaults of keras.optimizers.Adam


class Training(NamedTuple):
    """What `train_seeds` returns; S is the number of seeds, R the number of records.

    Attributes
    ----------
    epochs : np.ndarray, shape (R,)
        After how many epochs each record was taken; the first is 0, before training.
    loss, accuracy : np.ndarray, shape (R, S)
        On all samples, at each record, for each seed.
    start, end : list of list of np.ndarray
        For each seed the weights before and after training, in the order of
        `model.get_weights()`: kernel, recurrent kernel, bias, Dense kernel, Dense bias.
    """

    epochs: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray
    start: list
    end: list


def classifier(time_steps, features, units, classes):
    """Return the model that is trained here: LSTM, then Dense with softmax.

    Parameters
    ----------
    time_steps : int or None
        T; None accepts any number of them.
    features, units, classes : int
        F, U, and the number of classes.

    Returns
    -------
    keras.Model
        Input (B, T, F), output (B, classes). Not compiled.
    """
    return keras.Sequential(
        [
            keras.Input((time_steps, features)),
            keras.layers.LSTM(units),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )


def train_seeds(
    X,
    y,
    units,
    seeds,
    epochs,
    *,
    classes,
    batch_size=None,
    learning_rate=1e-3,
    shuffle=True,
    stateful=False,
    lengths=None,
    records=10,
):
    """Train `classifier` once per seed, all of them side by side, as `fit` would.

    Parameters
    ----------
    X : array-like, shape (N, T, F)
        Samples.
    y : array-like, shape (N,)
        Classes as integers from 0.
    units : int
        U.
    seeds : sequence of int
        One training run for each. A seed sets the initial weights, through
        `keras.utils.set_random_seed`, and the order of the samples in every epoch.
    epochs : int
        How many times each run sees all samples.
    classes : int
        Number of classes.
    batch_size : int, optional
        Samples per update; must divide N. Default: all N, one update per epoch.
    learning_rate : float, default 0.001
        Of Adam.
    shuffle : bool, default True
        Whether every epoch takes the samples in a new order; False keeps the order of `X`.
    stateful : bool, default False
        Whether each update starts from the state that the update before left, row by row, with a
        reset at the start of every epoch: `fit` on a stateful layer with `ResetStates`. As there,
        no gradient reaches back into the update before. Needs ``shuffle=False``.
    lengths : array-like, shape (N,), optional
        How many of its last time steps each sample really has. The steps before them are skipped,
        as Keras skips left padding under a mask. Default: all T.
    records : int, default 10
        How often loss and accuracy are measured; must divide `epochs`.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If the shapes do not fit together, `batch_size` or `records` does not divide, or `stateful`
        is asked for with shuffled samples.
    """
    X = as_samples(X, "X")  # (N, T, F)
    y = np.asarray(y)
    samples, time_steps, features = X.shape
    batch_size = samples if batch_size is None else batch_size
    lengths = np.full(samples, time_steps) if lengths is None else np.asarray(lengths)
    _check(y, lengths, X.shape, classes, batch_size, epochs, records)
    if stateful and shuffle:
        raise ValueError(
            "stateful is True and shuffle is True; wanted shuffle=False: a carried state needs the "
            "samples in their order."
        )
    lengths = lengths.astype(np.int32)
    start = [
        [weight.copy() for weight in _initial_weights(seed, features, units, classes)]
        for seed in seeds
    ]
    weights = [tf.constant(np.stack(group)) for group in zip(*start, strict=True)]  # (S, ...)
    zeros = [tf.zeros_like(weight) for weight in weights]
    state = (weights, zeros, zeros, tf.constant(0.0))
    generators = [np.random.default_rng(seed) for seed in seeds]
    data = (tf.constant(X), tf.constant(y, tf.int32), tf.constant(lengths))
    updates_per_state = samples // batch_size if stateful else 1
    run = partial(_train, data, tf.constant(learning_rate), tf.constant(updates_per_state))

    # The records are measured as the layer is trained: in one pass over all samples, from a reset.
    measure = partial(_measure, *data, batch_size if stateful else samples)
    history = [measure(weights)]
    for _ in range(records):
        order = [
            np.concatenate(
                [
                    generator.permutation(samples) if shuffle else np.arange(samples)
                    for _ in range(epochs // records)
                ]
            )
            for generator in generators
        ]
        batches = np.stack(order, axis=1).reshape(-1, batch_size, len(start))  # (updates, B, S)
        state = run(*state, tf.constant(batches.transpose(0, 2, 1), tf.int32))  # (updates, S, B)
        history.append(measure(state[0]))
    loss, accuracy = (np.stack(column) for column in zip(*history, strict=True))
    trained = [weight.numpy() for weight in state[0]]
    end = [[weight[seed].copy() for weight in trained] for seed in range(len(start))]
    return Training(np.arange(records + 1) * (epochs // records), loss, accuracy, start, end)


def _check(y, lengths, shape, classes, batch_size, epochs, records):
    """Raise ValueError for arguments of `train_seeds` that do not fit together."""
    samples, time_steps, _ = shape
    if y.shape != (samples,):
        raise ValueError(f"y has shape {y.shape}; wanted ({samples},): one class for each sample.")
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"y runs from {y.min()} to {y.max()}; wanted 0 to {classes - 1}, since classes is "
            f"{classes}."
        )
    if lengths.shape != (samples,) or lengths.min() < 1 or lengths.max() > time_steps:
        raise ValueError(
            f"lengths has shape {lengths.shape} and runs from {lengths.min()} to {lengths.max()}; "
            f"wanted ({samples},) and 1 to {time_steps}: the real time steps of each sample."
        )
    for name, whole, part in (("batch_size", samples, batch_size), ("records", epochs, records)):
        if part < 1 or whole % part:
            raise ValueError(f"{name} is {part}; wanted a number that divides {whole}.")


@cache  # the same seeds serve several runs, and building a Keras model takes a while
def _initial_weights(seed, features, units, classes):
    """Return the weights that Keras gives a fresh model; they do not depend on T."""
    keras.utils.set_random_seed(seed)
    return classifier(None, features, units, classes).get_weights()


def _forward(weights, X, lengths, state):
    """Run LSTM and Dense for every seed at once; the loop is the one of `utils.lstm_numpy`.

    weights: kernel (S, F, 4U), recurrent kernel (S, U, 4U), bias (S, 4U), Dense kernel
    (S, U, classes), Dense bias (S, classes). X: (S, B, T, F). lengths: (S, B). state: h and c, each
    (S, B, U). Returns the Dense layer's result before softmax, (S, B, classes), and the new state.
    """
    kernel, recurrent_kernel, bias, dense_kernel, dense_bias = weights
    h, c = state
    for step in range(X.shape[2]):
        z = X[:, :, step] @ kernel + h @ recurrent_kernel + bias[:, None]  # (S, B, 4U)
        i, f, g, o = tf.split(z, 4, axis=-1)
        new_c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        new_h = tf.sigmoid(o) * tf.tanh(new_c)
        real = (step >= X.shape[2] - lengths)[..., None]  # (S, B, 1): the others keep their state
        c, h = tf.where(real, new_c, c), tf.where(real, new_h, h)
    return h @ dense_kernel + dense_bias[:, None], (h, c)


def _zeros(weights, batch_size):
    """Return h and c of a fresh start, each of shape (S, B, U)."""
    seeds, units = weights[1].shape[:2]
    return (tf.zeros((seeds, batch_size, units)),) * 2


@tf.function(jit_compile=True)
def _train(data, learning_rate, updates_per_state, weights, first, second, updates, batches):
    """Make one update for each of the batches, (updates, S, B), in a single compiled call.

    data: X, y, lengths. first, second: the two running averages of Adam. updates: how many were
    made before. Compiled once for each combination of shapes.
    """
    X, y, lengths = data

    def update(index, weights, first, second, updates, state):
        chosen = batches[index]  # (S, B)
        # A new sequence starts from zeros; within it, the state goes on as plain numbers.
        keep = tf.cast(index % updates_per_state != 0, tf.float32)
        state = [keep * part for part in state]
        with tf.GradientTape() as tape:
            tape.watch(weights)
            inputs = tf.gather(X, chosen), tf.gather(lengths, chosen)
            results, state = _forward(weights, *inputs, state)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.gather(y, chosen), results)
            # Mean over the batch, sum over the seeds: their gradients stay apart.
            total = tf.reduce_sum(tf.reduce_mean(losses, axis=1))
        gradients = tape.gradient(total, weights)
        updates += 1.0
        rate = learning_rate * tf.sqrt(1 - BETA_2**updates) / (1 - BETA_1**updates)
        first = [m + (g - m) * (1 - BETA_1) for m, g in zip(first, gradients, strict=True)]
        second = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(second, gradients, strict=True)]
        weights = [
            w - rate * m / (tf.sqrt(v) + EPSILON)
            for w, m, v in zip(weights, first, second, strict=True)
        ]
        return index + 1, weights, first, second, updates, list(state)

    count, _, batch_size = batches.shape
    result = tf.while_loop(
        lambda index, *_: index < count,
        update,
        (0, weights, first, second, updates, list(_zeros(weights, batch_size))),
    )
    return result[1:5]


def _measure(X, y, lengths, batch_size, weights):
    """Return loss and accuracy on all samples, each of shape (S,)."""
    seeds = weights[0].shape[0]
    state = _zeros(weights, batch_size)
    losses, hits = [], []
    for start in range(0, len(X), batch_size):
        batch = slice(start, start + batch_size)
        inputs = (tf.repeat(part[batch][None], seeds, axis=0) for part in (X, lengths))
        results, state = _forward(weights, *inputs, state)
        targets = tf.repeat(y[batch][None], seeds, axis=0)  # (S, B)
        losses.append(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, results))
        hits.append(results.numpy().argmax(axis=-1) == targets)
    return np.concatenate(losses, axis=1).mean(axis=1), np.concatenate(hits, axis=1).mean(axis=1)
