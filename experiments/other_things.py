"""Chapter 16, *Other things in the time axis*: what its networks do with ten seeds, by `fit`.

- `words`: sentences about things that training did not name.
- `films`: which way a dot moves. A vector of each frame and an LSTM, or a picture as state; also
  on films that run backwards, and on films of one still frame.
- `tanks`: two answers about a level and its limit, with the limit given in three ways.
- `marks`: the value at a marked step of 200, from the last h, or from all of them in three ways.
  `marks_unclipped`: by attention, with gradients of any length.
- `moments`: a wave somewhere among 240 moments, k of which lie in one time step.

The functions that make the data, and the networks, are also those of the chapter.
"""

import itertools
from functools import partial

import keras
import numpy as np
from keras import Input, Model, Sequential, ops

from experiments import study

L = keras.layers

SEEDS = 10
SETTINGS = {
    "words": {"epochs": 10, "learning_rate": 0.02, "batch": 16},
    "films": {"epochs": 8, "learning_rate": 0.01, "batch": 32},
    "tanks": {"epochs": 30, "learning_rate": 0.02, "batch": 64},
    "marks": {"epochs": 10, "learning_rate": 0.01, "batch": 32, "clipnorm": 1.0},
    "moments": {"epochs": 10, "learning_rate": 0.02, "batch": 64},
}


def train(make, X, y, subject, loss="sparse_categorical_crossentropy", clip=True, **options):
    """Train a network once per seed by `fit`.

    Parameters
    ----------
    make : callable
        Returns the network, with new weights at each call.
    X, y : array, or dict of arrays
    subject : str
        A key of SETTINGS.
    loss : str, or dict of str
    clip : bool
        Clip gradients, where SETTINGS say to which norm.
    options
        For `compile`.

    Returns
    -------
    model : keras.Model
        Serves all seeds, so that it is compiled once.
    ends : list
        For each seed what `get_weights` returns after training.
    """
    settings, model = SETTINGS[subject], make()
    clipnorm = settings.get("clipnorm") if clip else None
    optimizer = keras.optimizers.Adam(settings["learning_rate"], clipnorm=clipnorm)
    optimizer.build(model.trainable_variables)
    untouched = [ops.convert_to_numpy(variable) for variable in optimizer.variables]
    model.compile(optimizer, loss, **({"jit_compile": True} | options))
    fitting = {"epochs": settings["epochs"], "batch_size": settings["batch"], "verbose": 0}
    ends = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        model.set_weights(make().get_weights())
        for variable, value in zip(optimizer.variables, untouched, strict=True):
            variable.assign(value)
        model.fit(X, y, **fitting)
        ends.append(model.get_weights())
    return model, ends


def answers(trained, X):
    """Yield what each set of weights answers to X."""
    model, ends = trained
    for weights in ends:
        model.set_weights(weights)
        yield model.predict(X, batch_size=256, verbose=0)


def shares(trained, X, y):
    """Return the share of right answers to X, for each set of weights."""
    found = (np.mean(answer.argmax(axis=-1) == y) for answer in answers(trained, X))
    return [round(float(share), 4) for share in found]


# Sentences

GOOD, BAD = ("clean", "warm", "quiet", "bright"), ("dirty", "cold", "noisy", "dark")
KNOWN, UNKNOWN = ("room", "bed", "bath", "lobby"), ("garden", "sauna")
FORMS = ("{} {} not {}", "the {} was {} not {}", "we found the {} {} and not {} at all")


def sentences(things):
    """Return sentences, and 1 for praise or 0, (N,): the same words in two orders."""
    texts, praise = [], []
    for thing, (good, bad), form in itertools.product(things, zip(GOOD, BAD, strict=True), FORMS):
        texts += [form.format(thing, good, bad), form.format(thing, bad, good)]
        praise += [1, 0]
    return texts, np.array(praise)


def reader(words):
    """Return the network that reads codes of words, (N, T)."""
    embedding = L.Embedding(words, 8, mask_zero=True)
    return Sequential([Input((None,)), embedding, L.LSTM(8), L.Dense(2, activation="softmax")])


def words():
    """Return the share of right answers to sentences about things that training did not name."""
    texts, praise = sentences(KNOWN)
    vectorize = L.TextVectorization()
    vectorize.adapt(texts)
    new, right = sentences(UNKNOWN)
    codes, new_codes = (np.asarray(vectorize(part)) for part in (texts, new))
    trained = train(partial(reader, vectorize.vocabulary_size()), codes, praise, "words")
    return shares(trained, new_codes, right)


# Films

MOVES = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])  # right, left, down, up: (row, column)


def films(count, seed):
    """Return films of a dot that moves one pixel a frame, (N, 6, 8, 8, 1), and its way, (N,)."""
    rng = np.random.default_rng(seed)
    way = rng.integers(4, size=count)
    place = rng.integers(8, size=(count, 1, 2))  # of the dot, in the first frame
    place = (place + np.arange(6)[:, np.newaxis] * MOVES[way][:, np.newaxis]) % 8
    film = rng.normal(0, 0.1, (count, 6, 8, 8))  # a little noise everywhere
    n, t = np.ogrid[:count, :6]
    film[n, t, place[..., 0], place[..., 1]] += 1
    return film[..., np.newaxis].astype("float32"), way


def frame_by_frame():
    """Return the network that makes a vector of each frame, and reads the vectors."""
    look = L.TimeDistributed(L.Conv2D(8, 3, activation="relu"))
    flat = L.TimeDistributed(L.Flatten())
    answer = L.Dense(4, activation="softmax")
    return Sequential([Input((None, 8, 8, 1)), look, flat, L.LSTM(16), answer])


def picture_as_state():
    """Return the network whose state is a picture."""
    loop, answer = L.ConvLSTM2D(8, 3, padding="same"), L.Dense(4, activation="softmax")
    return Sequential([Input((None, 8, 8, 1)), loop, L.GlobalMaxPooling2D(), answer])


def moving():
    """Return for both networks the shares of right answers: films, backwards, and still."""
    X, y = films(512, seed=0)
    X_test, y_test = films(512, seed=1)
    turned = np.array([1, 0, 3, 2])[y_test]  # right becomes left, down becomes up
    still = np.repeat(X_test[:, :1], 6, axis=1)
    found = {}
    for name, make in (("vector of each frame", frame_by_frame), ("picture", picture_as_state)):
        trained = train(make, X, y, "films", jit_compile=False)  # with XLA far slower
        found[name] = {
            "as they are": shares(trained, X_test, y_test),
            "backwards": shares(trained, X_test[:, ::-1], turned),
            "still": shares(trained, still, y_test),
        }
    return found


# A number beside the sequence

WAYS = ("at every step", "as the first state", "after the LSTM")


def tanks(count, seed):
    """Return levels of 20 hours and the limit of each tank, and two answers about them.

    `above` is the share of the hours above the limit, `left` what is left up to it at the end.
    """
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 0.5, (count, 20)).cumsum(axis=1)
    limit = rng.normal(size=(count, 1))
    above = (level > limit).mean(axis=1, keepdims=True)
    left = limit - level[:, -1:]
    return {"level": level[..., np.newaxis], "limit": limit}, {"above": above, "left": left}


def with_limit(way):
    """Return the network that gets the limit in one of the WAYS."""
    level, limit = Input((20, 1), name="level"), Input((1,), name="limit")
    if way == "at every step":
        h = L.LSTM(8)(L.Concatenate()([level, L.RepeatVector(20)(limit)]))
    elif way == "as the first state":
        h = L.LSTM(8)(level, initial_state=[L.Dense(8)(limit), L.Dense(8)(limit)])
    else:
        h = L.Concatenate()([L.LSTM(8)(level), limit])
    h = L.Dense(16, activation="relu")(h)
    return Model([level, limit], [L.Dense(1, name="above")(h), L.Dense(1, name="left")(h)])


def beside():
    """Return for each way and answer the root mean squared error of each seed."""
    X, y = tanks(1024, seed=0)
    X_test, y_test = tanks(1024, seed=1)
    found = {}
    both = {"loss": dict.fromkeys(y, "mse"), "loss_weights": {"above": 10, "left": 1}}
    for way in WAYS:
        trained = train(partial(with_limit, way), X, y, "tanks", **both)
        found[way] = {"above": [], "left": []}
        for pair in answers(trained, X_test):
            for name, answer in zip(y, pair, strict=True):
                error = float(np.sqrt(np.mean((answer - y_test[name]) ** 2)))
                found[way][name].append(round(error, 4))
    return found


# All steps, weighted

ENDS = ("the last h", "the mean of all h", "the largest of all h", "attention")


def marks(count, seed):
    """Return 200 values of +1 and -1, one of them marked, (N, 200, 2), and the marked one."""
    rng = np.random.default_rng(seed)
    value, mark = rng.choice([-1.0, 1.0], (count, 200)), np.zeros((count, 200))
    n, where = np.arange(count), rng.integers(200, size=count)
    mark[n, where] = 1
    return np.stack([value, mark], axis=-1), (value[n, where] > 0).astype(int)


def with_end(end):
    """Return the network that answers from one of the ENDS."""
    x = Input((None, 2))
    h = L.LSTM(8, return_sequences=True)(x)  # (N, T, 8)
    if end == "the last h":
        out = h[:, -1]
    elif end == "the mean of all h":
        out = L.GlobalAveragePooling1D()(h)
    elif end == "the largest of all h":
        out = L.GlobalMaxPooling1D()(h)
    else:
        weights = L.Softmax(axis=1)(L.Dense(1)(h))  # (N, T, 1), sum 1 over the steps
        out = L.Flatten()(L.Dot(axes=1)([weights, h]))  # (N, 8)
    return Model(x, L.Dense(2, activation="softmax")(out))


def marked(ends=ENDS, clip=True):
    """Return for each end the share of right answers of each seed, trained twice.

    The first ten runs are compiled with XLA, the next ten, of the same seeds, are not: the same
    sums, rounded in other places. Where a training is on the edge, that decides.
    """
    X, y = marks(1024, seed=0)
    test = marks(1024, seed=1)
    found = {}
    for end in ends:
        make, found[end] = partial(with_end, end), []
        for xla in (True, False):
            found[end] += shares(train(make, X, y, "marks", clip=clip, jit_compile=xla), *test)
    return found


# Several moments in one time step

WAVE = np.array([1, 1, 1, -1, -1, -1])
MOMENTS = (1, 4, 12, 24, 60, 240)  # in one time step


def waves(count, seed):
    """Return 240 numbers with a wave somewhere, (N, 240), and 1 where it goes up first, (N,)."""
    rng = np.random.default_rng(seed)
    series, up = rng.normal(0, 0.3, (count, 240)), rng.integers(2, size=count)
    start = rng.integers(240 - 5, size=(count, 1))
    n = np.arange(count)[:, np.newaxis]
    series[n, start + np.arange(6)] += np.where(up[:, np.newaxis] == 1, WAVE, -WAVE)
    return series, up


def with_moments(k):
    """Return the network that reads k moments in each of 240 / k time steps."""
    layers = [L.LSTM(16), L.Dense(2, activation="softmax")]
    return Sequential([Input((240 // k, k)), *layers])


def middle():
    """Return for each k the share of right answers of each seed."""
    X, y = waves(2048, seed=0)
    X_test, y_test = waves(1024, seed=1)
    return {
        str(k): shares(
            train(partial(with_moments, k), X.reshape(-1, 240 // k, k), y, "moments"),
            X_test.reshape(-1, 240 // k, k),
            y_test,
        )
        for k in MOMENTS
    }


def measure():
    """Return the results of all seeds; accuracies are on data that training did not see."""
    return {
        "settings": {"seeds": list(range(SEEDS)), **SETTINGS},
        "results": {
            "words": words(),
            "films": moving(),
            "tanks": beside(),
            "marks": marked(),
            "marks_unclipped": marked(("attention",), clip=False),
            "moments": middle(),
        },
    }


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check)
