"""Why long memory is hard: gradients over 200 steps, clipping, and a cue asked for 30 steps later.

Chapter 13 shows the results, and repeats one seed of each part with Keras's own `fit`.
"""

from functools import partial

import keras
import numpy as np
import tensorflow as tf

from experiments import study
from experiments.delays import stream
from utils.training.updates import Progress, adam

SEEDS = 10

# Gradients
STEPS, UNITS, SAMPLES = 200, 32, 16
DISTANCES = (10, 50, 100, 199)

# Clipping
CLIP_STEPS, CLIP_SAMPLES, CLIP_EPOCHS, GAIN, CLIP_RATE = 50, 512, 10, 1.5, 0.03

# Delays
BEFORE = 4  # steps before the cue, as in `experiments.delays`
DELAY, LONG_DELAY, BATCH, UPDATES, RATE = 30, 100, 32, 500, 0.01
GAINS = (1.1, 1.3, 1.5)  # of the recurrent weights of a SimpleRNN
CURRICULA = {DELAY: (7, 15, 30), LONG_DELAY: (7, 15, 30, 60, 100)}


def forget_bias(value):
    """Return an initializer for the bias of an LSTM: `value` for the forget gates, else 0."""

    def initializer(shape, dtype=None):
        biases = np.zeros((4, shape[0] // 4))  # i, f, candidate, o
        biases[1] = value
        return keras.ops.convert_to_tensor(biases.ravel(), dtype)

    return initializer


def update_bias(value):
    """Return an initializer for the bias of a GRU: `value` for the update gates, else 0."""

    def initializer(shape, dtype=None):
        biases = np.zeros((2, 3, shape[1] // 3))  # for the input, for h; each z, r, candidate
        biases[0, 0] = value
        return keras.ops.convert_to_tensor(biases.reshape(shape), dtype)

    return initializer


# Gradients


def layers():
    """Return what makes each layer whose gradient is measured, by name."""
    lstm = partial(keras.layers.LSTM, UNITS, unit_forget_bias=False)
    simple, orthogonal = partial(keras.layers.SimpleRNN, UNITS), keras.initializers.Orthogonal
    return {
        "SimpleRNN": simple,
        "GRU": partial(keras.layers.GRU, UNITS),
        **{f"LSTM, b = {b}": partial(lstm, bias_initializer=forget_bias(b)) for b in (0, 1, 3)},
        "SimpleRNN, x 1.5": lambda: simple(recurrent_initializer=orthogonal(1.5)),
        "SimpleRNN, x 2": lambda: simple(recurrent_initializer=orthogonal(2.0)),
        "LSTM, b = 1, x 8": lambda: keras.layers.LSTM(UNITS, recurrent_initializer=orthogonal(8.0)),
    }


def inputs():
    """Return the sequences of normal numbers on which gradients are measured, (B, T, 1)."""
    return np.random.default_rng(0).normal(size=(SAMPLES, STEPS, 1)).astype("float32")


def gradient_by_distance(layer, x):
    """Return how strongly the last h depends on the input k steps before, for k = 0, 1, ...

    Parameters
    ----------
    layer : keras.layers.Layer
        Returns the last h, (B, U).
    x : array (B, T, 1)

    Returns
    -------
    array (T,)
        Root of the mean square, over the samples, of the gradient of the sum of h.
    """
    x = keras.ops.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = keras.ops.sum(layer(x))
    gradient = keras.ops.convert_to_numpy(tape.gradient(total, x)).astype("float64")
    return np.sqrt((gradient**2).mean(axis=(0, 2)))[::-1]


def gradients():
    """Return the decimal logarithm of the gradient at some distances: {layer: (seeds, distances)}.

    float32 ends at 1e-45, and what is 0 there is stored as 1e-50.
    """
    found, x = {}, inputs()
    for name, make in layers().items():
        rows = []
        for seed in range(SEEDS):
            keras.utils.set_random_seed(seed)
            sizes = gradient_by_distance(make(), x)[list(DISTANCES)]
            rows.append(np.log10(np.maximum(sizes, 1e-50)).round(3).tolist())
        found[name] = rows
    return found


# Clipping


def sums(seed):
    """Return sequences of normal numbers and their sum, divided by the root of their number."""
    x = np.random.default_rng(seed).normal(size=(CLIP_SAMPLES, CLIP_STEPS, 1)).astype("float32")
    return x, x.sum(axis=1) / np.sqrt(CLIP_STEPS)


def loss_on_sums(seed, gain, **options):
    """Return the loss after training a SimpleRNN whose recurrent weights start times `gain`."""
    keras.utils.set_random_seed(seed)
    start = keras.initializers.Orthogonal(gain)
    reader = keras.layers.SimpleRNN(UNITS, recurrent_initializer=start)
    model = keras.Sequential([keras.Input((CLIP_STEPS, 1)), reader, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(**options), "mse")
    return round(model.fit(*sums(0), epochs=CLIP_EPOCHS, verbose=0).history["loss"][-1], 4)


def clipping():
    """Return the last loss of each seed, by setting.

    At this rate no step is too large for the Dense layer by itself: the 32 numbers that it reads
    lie between -1 and 1. So what is too large comes from the recurrent layer.
    """
    settings = {
        "as Keras starts it": {"gain": 1.0, "learning_rate": CLIP_RATE},
        "x 1.5": {"gain": GAIN, "learning_rate": CLIP_RATE},
        "x 1.5, clipnorm 1": {"gain": GAIN, "learning_rate": CLIP_RATE, "clipnorm": 1.0},
        "x 1.5, rate / 10": {"gain": GAIN, "learning_rate": CLIP_RATE / 10},
    }
    return {
        name: [loss_on_sums(seed, **options) for seed in range(SEEDS)]
        for name, options in settings.items()
    }


# Delays


def lstm(weights, x, state):
    """Do one step of a Keras LSTM for all seeds; x is (S, B, F), h and c are (S, B, U)."""
    kernel, recurrent_kernel, bias = weights
    h, c = state
    z = x @ kernel + h @ recurrent_kernel + bias[:, None]
    i, f, g, o = tf.split(z, 4, axis=-1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


def gru(weights, x, state):
    """Do one step of a Keras GRU with its default `reset_after=True`; c is not used."""
    kernel, recurrent_kernel, bias = weights
    h, c = state
    inward = tf.split(x @ kernel + bias[:, None, 0], 3, axis=-1)
    inside = tf.split(h @ recurrent_kernel + bias[:, None, 1], 3, axis=-1)
    z, r = (tf.sigmoid(inward[n] + inside[n]) for n in (0, 1))
    return z * h + (1 - z) * tf.tanh(inward[2] + r * inside[2]), c


def simple_rnn(weights, x, state):
    """Do one step of a Keras SimpleRNN; c is not used."""
    kernel, recurrent_kernel, bias = weights
    h, c = state
    return tf.tanh(x @ kernel + h @ recurrent_kernel + bias[:, None]), c


CELLS = {"LSTM": lstm, "GRU": gru, "SimpleRNN": simple_rnn}


def start_weights(cell, units, bias, recurrent=None):
    """Return the weights that Keras gives each seed, stacked: kernels, bias, Dense.

    `bias` is that of the forget gates of an LSTM, of the update gates of a GRU. `recurrent` makes
    an initializer for the recurrent weights, anew for each seed; None: Keras's own.
    """
    options = {
        "LSTM": {"unit_forget_bias": False, "bias_initializer": forget_bias(bias)},
        "GRU": {"bias_initializer": update_bias(bias)},
        "SimpleRNN": {},
    }[cell]
    stacks = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        if recurrent:
            options["recurrent_initializer"] = recurrent()
        model = keras.Sequential(
            [
                keras.Input((None, 2)),
                getattr(keras.layers, cell)(units, **options),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )
        stacks.append(model.get_weights())
    return [tf.constant(np.stack(group)) for group in zip(*stacks, strict=True)]


def read(cell, weights, x):
    """Return the scores of both labels after each step, before softmax: (T, S, B, 2).

    x is (B, T, F): all seeds read the same sequences.
    """
    *first, kernel, bias = weights
    zeros = tf.zeros((kernel.shape[0], x.shape[0], kernel.shape[1]))
    along = tf.transpose(x, (1, 0, 2))[:, None]  # (T, 1, B, F)
    h, _ = tf.scan(lambda state, now: CELLS[cell](first, now, state), along, (zeros, zeros))
    return h @ kernel + bias[:, None]


@partial(tf.function, jit_compile=True, autograph=False)
def train(cell, progress, x, y, asked):
    """Make one update for each batch of x, (updates, B, T, F), and return the progress.

    y is (updates, B). `asked`, (updates, T), is how much the answer after each step counts.
    """

    def update(index, progress):
        with tf.GradientTape() as tape:
            tape.watch(progress.weights)
            scores = read(cell, progress.weights, x[index])  # (T, S, B, 2)
            labels = tf.broadcast_to(y[index], scores.shape[:3])
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            means = tf.reduce_mean(losses, axis=2)  # (T, S)
            total = tf.reduce_sum(asked[index][:, None] * means)  # seeds stay apart
        return index + 1, adam(progress, tape.gradient(total, progress.weights), RATE)

    return tf.while_loop(lambda index, _: index < x.shape[0], update, (0, progress))[1]


def sequences(updates, delays, every_step=False, delay=DELAY):
    """Return what `train` takes: sequences, labels, and which steps are asked.

    Parameters
    ----------
    updates : int
    delays : sequence of int
        One after the other, each for an equal share of the updates.
    every_step : bool
        Ask at every step from the cue on; else at the last step only.
    delay : int
        Sets the length: `BEFORE` steps, the cue, and so many more.
    """
    rng = np.random.default_rng(0)
    length = BEFORE + 1 + delay
    values = rng.choice([-1.0, 1.0], size=(updates, BATCH, length))
    asked = np.zeros((updates, length), "float32")
    parts = []
    for number, k in enumerate(delays):
        here = slice(number * updates // len(delays), (number + 1) * updates // len(delays))
        flat = values[here].reshape(-1, length)
        parts.append(stream(flat, k))
        first = length - 1 - k if every_step else length - 1
        asked[here, first:] = 1 / (length - first)
    x, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x.reshape(updates, BATCH, length, 2), y.reshape(updates, BATCH), asked


def accuracies(cell, weights, delay):
    """Return the share of right answers of each seed at the last step of 512 new sequences."""
    some = np.random.default_rng(99).choice([-1.0, 1.0], size=(256, BEFORE + 1 + delay))
    x, y = stream(np.concatenate([some, -some]), delay)
    scores = read(cell, weights, tf.constant(x))[-1].numpy()
    return (scores.argmax(axis=-1) == y).mean(axis=1).tolist()


def trained(cell="LSTM", units=4, bias=None, updates=UPDATES, delay=DELAY, recurrent=None, **asked):
    """Train ten seeds and return their accuracies; see `start_weights` for `recurrent`."""
    if bias is None:  # as Keras starts it
        bias = {"LSTM": 1, "GRU": 0, "SimpleRNN": 0}[cell]
    weights = start_weights(cell, units, bias, recurrent)
    zeros = [tf.zeros_like(weight) for weight in weights]
    start = Progress(weights, zeros, zeros, tf.constant(0.0))
    data = sequences(updates, **{"delays": (delay,), "delay": delay, **asked})
    return accuracies(cell, train(cell, start, *map(tf.constant, data)).weights, delay)


def factors():
    """Change one thing at a time; return accuracies: {delay: {what is changed: (seeds,)}}."""
    found = {}
    for delay, stages in CURRICULA.items():
        larger = {"16 units": {"units": 16}, "2000 updates": {"updates": 2000}}
        changes = {
            "as Keras starts it": {},
            **(larger if delay == DELAY else {}),  # at the long delay, they would take minutes
            "forget bias 3": {"bias": 3},
            "curriculum": {"delays": stages},
            "asked at every step": {"every_step": True},
            # a half-life as long as the delay
            **(
                {"forget bias 3.8": {"bias": 3.8}}
                if delay == DELAY
                else {"forget bias 5": {"bias": 5}}
            ),
        }
        found[str(delay)] = {
            name: trained(delay=delay, **change) for name, change in changes.items()
        }
    return found


def cells():
    """Put other layers in the place of the LSTM; return accuracies by name."""
    starts = {"identity": keras.initializers.Identity}
    starts |= {f"x {gain}": partial(keras.initializers.Orthogonal, gain) for gain in GAINS}
    return {
        "SimpleRNN": trained("SimpleRNN"),
        **{f"SimpleRNN, {n}": trained("SimpleRNN", recurrent=make) for n, make in starts.items()},
        "SimpleRNN, identity, asked at every step": trained(
            "SimpleRNN", recurrent=keras.initializers.Identity, every_step=True
        ),
        "GRU": trained("GRU"),
        "GRU, update bias 3": trained("GRU", bias=3),
        "SimpleRNN, asked at every step": trained("SimpleRNN", every_step=True),
        "GRU, asked at every step": trained("GRU", every_step=True),
        "SimpleRNN, asked at every step, k = 100": trained(
            "SimpleRNN", every_step=True, delay=LONG_DELAY
        ),
        "GRU, asked at every step, k = 100": trained("GRU", every_step=True, delay=LONG_DELAY),
    }


def measure():
    """Return what the chapter shows; ten seeds for each number."""
    return {
        "settings": {
            "seeds": list(range(SEEDS)), "steps": STEPS, "gradient_units": UNITS,
            "distances": list(DISTANCES), "units": 4, "batch": BATCH, "updates": UPDATES,
            "learning_rate": RATE, "steps_before_the_cue": BEFORE,
            "curricula": {str(delay): list(stages) for delay, stages in CURRICULA.items()},
            "clip_steps": CLIP_STEPS, "clip_samples": CLIP_SAMPLES, "clip_epochs": CLIP_EPOCHS,
            "gain": GAIN, "clip_rate": CLIP_RATE,
        },
        "results": {
            "log10_gradients": gradients(),
            "last_loss": clipping(),
            "factors": factors(),
            "cells": cells(),
        },
    }  # fmt: skip


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.02)
