"""What a window of T steps learns about a cue that is asked for k steps later, over ten seeds.

A sequence has two features at each step: a value and a mark. The marked value is the cue, and the
label is its sign; the question comes at the last step, `k` steps after the cue. All models are
`LSTM(4)` with a `Dense` layer, Adam with rate 0.01, eight sequences an update, a reset before each
sequence. The state is carried through the whole sequence, but only its last T steps are trained.

Chapter 11 shows the results. It trains one of these models by Keras itself, and a hidden test
there compares it with this trainer.
"""

import keras
import numpy as np
import tensorflow as tf

from experiments import study
from utils.training import classifier, train_seeds

UNITS, SEEDS, BATCH, UPDATES = 4, 10, 8, 200
LENGTH = 12  # steps of a sequence
WINDOWS, DELAYS = range(1, 9), range(8)
LATE = [(7, True)]  # delay 7, busy: random values at all other steps
LONG_WINDOW, LONG_DELAY, LONG_UPDATES = 31, 30, 2400


def stream(values, k, busy=True):
    """Return sequences with a cue k steps before their end.

    Parameters
    ----------
    values : array (B, L) of +1 and -1
    k : int, 0 <= k < L
    busy : bool
        Show the values at all steps; else 0 at all steps but the cue.

    Returns
    -------
    x : float32 array (B, L, 2)
        Value and mark at each step.
    y : int32 array (B,)
        1 where the cue is +1.
    """
    mark = np.zeros_like(values)
    cue = values.shape[1] - 1 - k
    mark[:, cue] = 1
    x = np.stack([values if busy else values * mark, mark], axis=-1)
    return x.astype("float32"), (values[:, cue] > 0).astype("int32")


def random_values(rng, count, length=LENGTH):
    """Return +1 and -1 at random, (count, length)."""
    return rng.choice([-1.0, 1.0], size=(count, length))


def balanced_values(length=LENGTH):
    """Return 512 test sequences in which each label is right for exactly half."""
    some = random_values(np.random.default_rng(99), 256, length)
    return np.concatenate([some, -some])


def initial_weights():
    """Return the weights that Keras gives each seed: kernel, recurrent kernel, bias, Dense."""
    weights = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        weights.append(classifier(None, 2, UNITS, classes=2).get_weights())
    return weights


def read(weights, x, h, c, borders=None):
    """Run the loop of `utils.lstm_numpy` for all runs R at once; return the last h and c.

    `x` is (R, B, T, F), `h` and `c` are (R, B, U). `borders` (R, 1, 1) holds the step from which on
    each run is trained: there the numbers pass and their history does not, which is what storing
    the state does.
    """
    kernel, recurrent_kernel, bias, *_ = weights
    for t in range(x.shape[2]):
        if borders is not None:
            h, c = (tf.where(borders == t, tf.stop_gradient(s), s) for s in (h, c))
        z = x[:, :, t] @ kernel + h @ recurrent_kernel + bias[:, None]  # (R, B, 4U)
        i, f, g, o = tf.split(z, 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
    return h, c


def answer(weights, h):
    """Return the scores of both labels, (R, B, 2), before softmax."""
    return h @ weights[3] + weights[4][:, None]


def batch_of(cases, values):
    """Return every case (k, busy) with the same values, once for each seed."""
    x, y = zip(*(stream(values, k, busy) for k, busy in cases), strict=True)
    return tuple(np.repeat(part, SEEDS, axis=0) for part in (x, y))  # (R, B, L, F), (R, B)


def train(cases, calls, updates=UPDATES, borders=None, length=LENGTH):
    """Train all cases with all seeds side by side.

    Parameters
    ----------
    cases : list of (k, busy)
    calls : list of (start, end, asked)
        How a sequence is cut into calls, and whether a call is trained.
    updates : int
        Sequences of `BATCH` rows.
    borders : array (R, 1, 1) of int, optional
        See `read`; for runs that are cut at different steps of one call.
    length : int
        Steps of a sequence.

    Returns
    -------
    list of arrays
        Kernel, recurrent kernel, bias, and kernel and bias of the Dense layer; R runs first.
    """
    groups = zip(*initial_weights(), strict=True)
    weights = [keras.Variable(np.stack(group * len(cases))) for group in groups]
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(weights)

    @tf.function(autograph=False)
    def one_sequence(x, y):
        now = [weight.value for weight in weights]
        h = c = tf.zeros((len(cases) * SEEDS, BATCH, UNITS))  # the reset
        for start, end, asked in calls:
            with tf.GradientTape() as tape:
                new_h, new_c = read(now, x[:, :, start:end], h, c, borders)
                scores = answer(now, new_h)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores)
                loss = tf.reduce_sum(tf.reduce_mean(losses, axis=1))  # runs stay apart
            if asked:
                optimizer.apply(tape.gradient(loss, now), weights)
            h, c = new_h, new_c  # values cross, the tape does not

    rng = np.random.default_rng(0)
    for _ in range(updates):
        values = random_values(rng, BATCH, length)
        one_sequence(*map(tf.constant, batch_of(cases, values)))
    return [weight.numpy() for weight in weights]


def accuracy(weights, cases, length=LENGTH):
    """Return the share of right answers to the test sequences, (cases, seeds)."""
    x, y = batch_of(cases, balanced_values(length))
    start = tf.zeros((*y.shape, UNITS))
    h, _ = read(weights, tf.constant(x), start, start)
    right = np.argmax(answer(weights, h), axis=-1) == y
    return right.mean(axis=1).reshape(len(cases), SEEDS)


def ceilings():
    """Train the first value of 20 steps as a label, cut in two ways, with and without state.

    Returns
    -------
    dict
        The accuracies of ten seeds on the two sequences there are, by name.
    """
    sequences = np.zeros((2, 20))
    sequences[:, 0] = 1, -1
    labels = np.array([1, 0])
    X_10 = np.lib.stride_tricks.sliding_window_view(sequences, 10, axis=1).reshape(22, 10, 1)
    X_1, y_1 = sequences.T.reshape(40, 1, 1), np.tile(labels, 20)
    options = {"units": 8, "seeds": range(SEEDS), "epochs": 200, "classes": 2, "records": 1}
    options["learning_rate"] = 0.01
    in_order = {"batch_size": 2, "shuffle": False}
    trained = {
        "stateless, windows of 10": train_seeds(X_10, np.repeat(labels, 11), **options),
        "stateless, windows of 1": train_seeds(X_1, y_1, **options, **in_order),
        "stateful, windows of 1": train_seeds(X_1, y_1, **options, **in_order, stateful=True),
    }
    return {name: training.accuracy[-1].tolist() for name, training in trained.items()}


def three_trainings():
    """Train the late question in three ways; return the weights of each.

    The first sees eight times as many sequences, so that all make as many updates.
    """
    last_eight = range(LENGTH - 8, LENGTH)
    return {
        "T = 1, asked at the end": train(LATE, [(0, 11, False), (11, 12, True)], 8 * UPDATES),
        "T = 8, asked at the end": train(LATE, [(0, 4, False), (4, 12, True)]),
        "T = 1, asked at every call": train(
            LATE, [(0, 4, False), *((t, t + 1, True) for t in last_eight)]
        ),
    }


def window_against_delay():
    """Train every window with every delay, busy and quiet.

    Returns
    -------
    scores : array (2, T, k, seeds)
        Accuracies; busy first, then quiet.
    moved : bool array of the same shape
        Whether the weights that read the mark left their start.
    quiet : list of arrays
        The weights of T = 1 at delay 7 in the quiet stream.
    """
    cases = [(k, busy) for busy in (True, False) for k in DELAYS]
    runs = len(cases) * SEEDS  # of each T
    borders = np.repeat([LENGTH - T for T in WINDOWS], runs)[:, None, None]
    everything = train(cases * len(WINDOWS), [(0, LENGTH, True)], borders=borders)
    start = np.stack([kernel[1] for kernel, *_ in initial_weights()])  # (S, 4U)
    scores = np.zeros((2, len(WINDOWS), len(DELAYS), SEEDS))
    moved = np.zeros(scores.shape, bool)
    for n, T in enumerate(WINDOWS):
        weights = [part[n * runs : (n + 1) * runs] for part in everything]
        scores[:, n] = accuracy(weights, cases).reshape(2, len(DELAYS), SEEDS)
        rows = weights[0][:, 1].reshape(2, len(DELAYS), SEEDS, -1)
        moved[:, n] = (rows != start).any(axis=-1)
        if T == 1:
            first = cases.index((7, False)) * SEEDS
            quiet = [part[first : first + SEEDS] for part in weights]
    return scores, moved, quiet


def long_window():
    """Train a window that holds a cue 30 steps back; return accuracies by number of updates."""
    case = [(LONG_DELAY, True)]
    scores = {}
    for updates in (UPDATES, LONG_UPDATES):
        weights = train(case, [(0, LONG_WINDOW, True)], updates, length=LONG_WINDOW)
        scores[str(updates)] = accuracy(weights, case, LONG_WINDOW)[0].tolist()
    return scores


def reset_before_the_cue():
    """Ask at the end, one step per call, in sequences that start with the cue.

    Returns
    -------
    dict
        `accuracy` of ten seeds, and whether their weights that read the mark moved.
    """
    cue = LENGTH - 1 - LATE[0][0]
    weights = train(LATE, [(cue, LENGTH - 1, False), (LENGTH - 1, LENGTH, True)], 4 * UPDATES)
    x, y = batch_of(LATE, balanced_values())
    start = tf.zeros((*y.shape, UNITS))
    h, _ = read(weights, tf.constant(x[:, :, cue:]), start, start)
    right = np.argmax(answer(weights, h), axis=-1) == y
    first = np.stack([kernel[1] for kernel, *_ in initial_weights()])
    moved = (weights[0][:, 1] != first).any(axis=-1)
    return {"accuracy": right.mean(axis=1).tolist(), "mark_row_moved": moved.tolist()}


def rounded(weights):
    """Return weights as lists with six digits, one list of arrays for each seed."""
    return [
        [np.round(part[seed].astype(float), 6).tolist() for part in weights]
        for seed in range(SEEDS)
    ]


def measure():
    """Return what the chapter shows: accuracies, what moved, and the weights that it uses."""
    trainings = three_trainings()
    scores, moved, quiet = window_against_delay()
    kept = ("T = 8, asked at the end", "T = 1, asked at every call")
    return {
        "settings": {
            "units": UNITS, "seeds": list(range(SEEDS)), "batch": BATCH, "updates": UPDATES,
            "steps": LENGTH, "learning_rate": 0.01, "windows": list(WINDOWS),
            "delays": list(DELAYS), "long_window": LONG_WINDOW, "long_delay": LONG_DELAY,
        },
        "results": {
            "ceilings": ceilings(),
            "three_trainings": {
                name: accuracy(weights, LATE)[0].tolist() for name, weights in trainings.items()
            },
            "window_against_delay": {"busy": scores[0].tolist(), "quiet": scores[1].tolist()},
            "mark_row_moved": {"busy": moved[0].tolist(), "quiet": moved[1].tolist()},
            "long_window": long_window(),
            "reset_before_the_cue": reset_before_the_cue(),
            "weights": {
                **{name: rounded(trainings[name]) for name in kept}, "quiet, T = 1": rounded(quiet),
            },
        },
    }  # fmt: skip


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.02)
