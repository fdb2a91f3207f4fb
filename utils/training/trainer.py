"""`train_seeds`: one training run for each seed, all of them side by side."""

import numbers
import operator
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from utils.shapes import as_samples
from utils.training.models import check_network, forward, initial_weights, zero_state
from utils.training.progress import progress_bar
from utils.training.updates import NOBODY, Progress, compiled
from utils.windows import positive_integer

# How much is done in one compiled call, about a second's work: between two calls the bar moves and
# Ctrl-C is heard.
UPDATES_PER_CALL, SAMPLES_PER_CALL = 4_000, 50_000
# The seeds are shared out among the cores. The weights of so many stay in the cache of one core,
# and what is done to them is too little to be worth splitting up further.
SEEDS_PER_CALL = 5
# XLA takes seconds to compile and then makes an update several times faster. So many updates times
# time steps are done before it is ready.
WITHOUT_XLA = 3_000


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
    network="LSTM",
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
        One training run for each. A seed sets the initial weights, those that Keras gives after
        `keras.utils.set_random_seed(seed)`, and the order of the samples in every epoch.
    epochs : int
        How many times each run sees all samples.
    classes : int
        Number of classes.
    batch_size : int, optional
        Samples per update. If it does not divide N, the last update of an epoch has the samples
        that are left, as in `fit`. Default: all N, one update per epoch.
    learning_rate : float, default 0.001
        Of Adam.
    shuffle : bool, default True
        Whether every epoch takes the samples in a new order; False keeps the order of `X`. `fit`
        differs here: after `keras.utils.set_random_seed` it repeats one shuffled order in every
        epoch.
    stateful : bool, default False
        Whether each update starts from the state that the update before left, row by row, with a
        reset at the start of every epoch: `fit` on a stateful layer with `ResetStates`. As there,
        no gradient reaches back into the update before. Needs ``shuffle=False`` and a `batch_size`
        that divides N.
    lengths : array-like, shape (N,), optional
        How many of its last time steps each sample really has. The steps before them are skipped,
        as Keras skips left padding under a mask. Default: all T.
    network : {"LSTM", "dense"}, default "LSTM"
        "dense" trains the network without state that `classifier` describes.
    records : int, default 10
        How often loss and accuracy are measured; must divide `epochs`.

    Returns
    -------
    Training

    Raises
    ------
    TypeError
        If `seeds`, `units`, `epochs`, `classes`, `batch_size` or `records` are not integers, or
        `learning_rate` is no number.
    ValueError
        If the shapes do not fit together, `y` holds anything but classes, there are no seeds,
        one of the sizes is below 1, `learning_rate` is not positive, `records` does not divide
        `epochs`, there is no such network, a dense network is to skip time steps, or `stateful` is
        asked for with samples whose batches do not follow one another.

    Notes
    -----
    The seeds are shared out among the cores. A training that takes more than a second shows a
    progress bar in a terminal, in JupyterLab and in Colab.
    """
    X = as_samples(X, "X")  # (N, T, F)
    y = np.asarray(y)
    samples, time_steps, features = X.shape
    batch_size = samples if batch_size is None else batch_size
    sizes = {"units": units, "epochs": epochs, "classes": classes, "records": records}
    _check_numbers(learning_rate, batch_size=batch_size, **sizes)
    check_network(network)
    lengths = _lengths(lengths, samples, time_steps, network)
    try:
        seeds = [operator.index(seed) for seed in seeds]
    except TypeError:
        raise TypeError(
            f"seeds is {seeds!r}; wanted integers, one training run for each. Write range(20)."
        ) from None
    if not seeds:
        raise ValueError("seeds is empty; wanted at least one: there is a training run for each.")
    _check(y, samples, classes, epochs, records)
    if stateful:
        _check_stateful(shuffle, samples, batch_size, network)
    batch_size = min(batch_size, samples)
    shape = (time_steps if network == "dense" else None, features, units, classes)
    start = [[weight.copy() for weight in initial_weights(seed, *shape, network)] for seed in seeds]
    groups = _groups(len(start))
    progress = [_beginning([start[member] for member in group]) for group in groups]
    generators = [[np.random.default_rng(seeds[member]) for member in group] for group in groups]
    data = (tf.constant(X), tf.constant(y, tf.int32), tf.constant(lengths, tf.int32))
    updates_per_epoch = -(-samples // batch_size)
    updates_per_state = updates_per_epoch if stateful else 1
    parts = _parts(epochs // records, samples, batch_size)
    by_xla = epochs * updates_per_epoch * time_steps > WITHOUT_XLA
    shapes = (X.shape, units, classes, len(groups[0]), batch_size, parts[0])
    train = compiled(network, by_xla, *shapes)
    run = partial(train, data, tf.constant(learning_rate), tf.constant(updates_per_state))

    def train_part(progress, generators, part):
        order = [_epochs(generator, samples, part, shuffle) for generator in generators]
        return run(progress, *_batches(order, batch_size, parts[0]))

    def gather(progress):
        columns = zip(*(group.weights for group in progress), strict=True)
        return [tf.concat(column, axis=0)[: len(start)] for column in columns]

    # The records are measured as the layer is trained: in one pass over all samples, from a reset.
    measure = partial(_measure, *data, batch_size if stateful else samples, network)
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        progress_bar(epochs, "epochs", f"{len(start)} seeds") as bar,
    ):
        history = [pool.submit(measure, gather(progress))]  # while another core compiles
        for _ in range(records):
            for part in parts:
                progress = list(pool.map(train_part, progress, generators, [part] * len(groups)))
                bar.update(part)
            history.append(pool.submit(measure, gather(progress)))
    history = [record.result() for record in history]
    loss, accuracy = (np.stack(column) for column in zip(*history, strict=True))
    trained = [weight.numpy() for weight in gather(progress)]
    end = [[weight[seed].copy() for weight in trained] for seed in range(len(start))]
    return Training(np.arange(records + 1) * (epochs // records), loss, accuracy, start, end)


def predict_seeds(weights, X, *, lengths=None, network="LSTM"):
    """Return what each of several trained classifiers answers to the same samples.

    Parameters
    ----------
    weights : list of list of np.ndarray
        For each seed the weights, such as `Training.end`, of that network.
    X : array-like, shape (N, T, F)
        Samples; each is read from a state of zeros. T may differ from that in training unless the
        network is dense.
    lengths : array-like, shape (N,), optional
        As for `train_seeds`.
    network : {"LSTM", "dense"}, default "LSTM"

    Returns
    -------
    np.ndarray, shape (S, N, classes)
        Probabilities.

    Raises
    ------
    ValueError
        If `X` has not three axes, `lengths` do not fit it, there is no such network, or the
        weights are of another.
    """
    X = as_samples(X, "X")
    check_network(network)
    samples, time_steps, _ = X.shape
    lengths = _lengths(lengths, samples, time_steps, network)
    wanted = 4 if network == "dense" else 5
    if wrong := [len(group) for group in weights if len(group) != wanted]:
        raise ValueError(
            f"weights holds {wrong[0]} arrays for a seed; wanted {wanted} for network {network!r}. "
            "Pass network= as in training."
        )
    stacked = [tf.constant(np.stack(group)) for group in zip(*weights, strict=True)]
    logits, _ = _read(
        network, stacked, X, tf.constant(lengths, tf.int32), _fresh_state(stacked, samples)
    )
    return tf.nn.softmax(logits).numpy()


def _lengths(lengths, samples, time_steps, network):
    """Return how many time steps of each sample are real, (N,); raise ValueError if not so many."""
    if lengths is None:
        return np.full(samples, time_steps)
    lengths = np.asarray(lengths)
    if lengths.shape != (samples,) or lengths.min() < 1 or lengths.max() > time_steps:
        found = f"runs from {lengths.min()} to {lengths.max()}" if lengths.size else "is empty"
        raise ValueError(
            f"lengths has shape {lengths.shape} and {found}; wanted ({samples},) and 1 to "
            f"{time_steps}: the real time steps of each sample."
        )
    if network == "dense" and (lengths < time_steps).any():
        raise ValueError(
            "network is 'dense' and lengths are given; wanted no lengths: it reads all time steps "
            "and cannot skip any."
        )
    return lengths


def _check(y, samples, classes, epochs, records):
    """Raise ValueError for arguments of `train_seeds` that do not fit together."""
    if y.shape != (samples,):
        raise ValueError(f"y has shape {y.shape}; wanted ({samples},): one class for each sample.")
    if y.dtype.kind not in "biuf" or (y.dtype.kind == "f" and (y % 1 != 0).any()):
        raise ValueError(
            f"y has dtype {y.dtype} and holds what is no class; wanted integers 0 to "
            f"{classes - 1}. Pass the codes themselves, unscaled."
        )
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(
            f"y runs from {y.min()} to {y.max()}; wanted 0 to {classes - 1}, since classes is "
            f"{classes}."
        )
    if epochs % records:
        raise ValueError(f"records is {records}; wanted a number that divides {epochs}.")


def _check_numbers(learning_rate, **sizes):
    """Raise unless the rate is a positive number and every size a whole number of 1 or more."""
    for name, size in sizes.items():
        positive_integer(size, name)
    if isinstance(learning_rate, bool) or not isinstance(learning_rate, numbers.Real):
        raise TypeError(
            f"learning_rate is {learning_rate!r} ({type(learning_rate).__name__}); wanted a "
            "number. Write for example learning_rate=0.001."
        )
    if not 0 < learning_rate < np.inf:
        raise ValueError(
            f"learning_rate is {learning_rate}; wanted a positive, finite number: Adam walks down "
            "the gradient with it. Write for example learning_rate=0.001."
        )


def _check_stateful(shuffle, samples, batch_size, network):
    """Raise ValueError where the state of one batch could not be that of the next."""
    if shuffle:
        raise ValueError(
            "stateful is True and shuffle is True; wanted shuffle=False: a carried state needs the "
            "samples in their order."
        )
    if samples % batch_size:
        raise ValueError(
            f"stateful is True and batch_size is {batch_size}; wanted a number that divides "
            f"{samples}: the state has one row for each sample of a batch."
        )
    if network == "dense":
        raise ValueError("stateful is True and network is 'dense'; wanted 'LSTM': it has no state.")


def _groups(seeds):
    """Share out so many seeds among groups of equal size; return the members of each.

    Equal, so that one compilation serves them all. Where the number does not divide, the last
    group trains some seeds a second time, and their results are not used.
    """
    groups = -(-seeds // SEEDS_PER_CALL)
    size = -(-seeds // groups)
    members = np.arange(groups * size).reshape(groups, size)
    return np.minimum(members, seeds - 1).tolist()


def _beginning(start):
    """Return the progress of seeds that have these weights and no update yet."""
    weights = [tf.constant(np.stack(group)) for group in zip(*start, strict=True)]  # (S, ...)
    zeros = [tf.zeros_like(weight) for weight in weights]
    return Progress(weights, zeros, zeros, tf.constant(0.0))


def _parts(epochs, samples, batch_size):
    """Cut a number of epochs into those of each compiled call, the largest part first."""
    updates = -(-samples // batch_size)
    most = max(1, min(UPDATES_PER_CALL // updates, SAMPLES_PER_CALL // samples))
    full, rest = divmod(epochs, most)
    return [most] * full + [rest] * (rest > 0)


def _epochs(generator, samples, epochs, shuffle):
    """Return in which order one seed takes its samples, (epochs, N)."""
    if not shuffle:
        return np.tile(np.arange(samples), (epochs, 1))
    return np.stack([generator.permutation(samples) for _ in range(epochs)])


def _batches(order, batch_size, most_epochs):
    """Cut the orders of all seeds, each (epochs, N), into batches (updates, S, B), and count them.

    Room for `most_epochs` is returned, so that a shorter part needs no second compilation.
    """
    order = np.stack(order, axis=1)  # (epochs, S, N)
    epochs, seeds, samples = order.shape
    updates = -(-samples // batch_size)
    room = np.full((most_epochs, seeds, updates * batch_size), NOBODY, np.int32)
    room[:epochs, :, :samples] = order
    batches = room.reshape(most_epochs, seeds, updates, batch_size).swapaxes(1, 2)
    return (
        tf.constant(batches.reshape(-1, seeds, batch_size)),
        tf.constant(epochs * updates),
    )


def _fresh_state(weights, batch_size):
    """Return a state of zeros that fits the stacked weights."""
    seeds, units = weights[-2].shape[:2]
    return zero_state(seeds, batch_size, units)


def _read(network, weights, X, lengths, state):
    """Run all seeds on the same samples, (B, T, F); return logits (S, B, classes) and the state."""
    seeds = weights[0].shape[0]
    X, lengths = (tf.repeat(part[None], seeds, axis=0) for part in (X, lengths))
    return forward(network, weights, X, lengths, state)


def _measure(X, y, lengths, batch_size, network, weights):
    """Return loss and accuracy on all samples, each of shape (S,)."""
    state = _fresh_state(weights, batch_size)
    logits = []
    for start in range(0, len(X), batch_size):
        batch = slice(start, start + batch_size)
        part, state = _read(network, weights, X[batch], lengths[batch], state)
        logits.append(part)
    logits = tf.concat(logits, axis=1)  # (S, N, classes)
    targets = tf.repeat(y[None], weights[0].shape[0], axis=0)  # (S, N)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    hits = logits.numpy().argmax(axis=-1) == y.numpy()
    return losses.numpy().mean(axis=1), hits.mean(axis=1)
