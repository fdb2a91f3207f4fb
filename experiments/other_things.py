"""Sentences as sequences of words: what ten seeds of an LSTM, trained by `fit`, make of them."""

import itertools
from functools import partial

import keras
import numpy as np

from experiments import study

SEEDS, EPOCHS, BATCH, RATE = 10, 10, 16, 0.02
L, Input = keras.layers, keras.Input


def train(model, start, X, y, epochs, rate, loss="sparse_categorical_crossentropy", batch=32):
    """Train a model once per seed by `fit`; return its weights after each training.

    Parameters
    ----------
    model : keras.Model
        Serves all seeds, so that it is compiled once.
    start : callable
        Returns the same model anew; its weights are where a seed starts.
    X, y : array, or list of arrays
    epochs, batch : int
    rate : float
    loss : str

    Returns
    -------
    list
        For each seed what `get_weights` returns.
    """
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)
    untouched = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    model.compile(optimizer, loss, jit_compile=True)
    ends = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        model.set_weights(start().get_weights())
        for variable, value in zip(optimizer.variables, untouched, strict=True):
            variable.assign(value)
        model.fit(X, y, epochs=epochs, batch_size=batch, verbose=0)
        ends.append(model.get_weights())
    return ends


def shares(model, ends, X, y):
    """Return the share of right answers to X (N, ...), for each set of weights."""
    found = []
    for weights in ends:
        model.set_weights(weights)
        right = model.predict(X, batch_size=256, verbose=0).argmax(axis=-1) == y
        found.append(round(float(right.mean()), 4))
    return found


# Sentences

GOOD, BAD = ("clean", "warm", "quiet", "bright"), ("dirty", "cold", "noisy", "dark")
KNOWN, UNKNOWN = ("room", "bed", "bath", "lobby"), ("garden", "sauna")
FORMS = ("{} {} not {}", "the {} was {} not {}", "we found the {} {} and not {} at all")


def sentences(things):
    """Return sentences, and 1 for praise or 0, (N,): each word of praise with each of blame."""
    texts, praise = [], []
    for thing, (number, good), (other, bad), form in itertools.product(
        things, enumerate(GOOD), enumerate(BAD), FORMS
    ):
        if number != other:  # "clean not dirty" says the same twice
            continue
        texts += [form.format(thing, good, bad), form.format(thing, bad, good)]
        praise += [1, 0]
    return texts, np.array(praise)


def reader(words):
    """Return the network that reads codes of words, (N, T)."""
    return keras.Sequential(
        [
            Input((None,)),
            L.Embedding(words, 8, mask_zero=True),
            L.LSTM(8),
            L.Dense(2, activation="softmax"),
        ]
    )


def words():
    """Return the share of right answers to sentences about things that training did not name."""
    texts, praise = sentences(KNOWN)
    vectorize = L.TextVectorization()
    vectorize.adapt(texts)
    new, right = sentences(UNKNOWN)
    codes, new_codes = (np.asarray(vectorize(part)) for part in (texts, new))
    start = partial(reader, vectorize.vocabulary_size())
    model = start()
    ends = train(model, start, codes, praise, EPOCHS, RATE, batch=BATCH)
    return shares(model, ends, new_codes, right)


def measure():
    """Return the accuracy of each seed on sentences about things that training did not name."""
    return {
        "settings": {
            "seeds": list(range(SEEDS)), "epochs": EPOCHS, "batch": BATCH, "learning_rate": RATE,
            "known": list(KNOWN), "unknown": list(UNKNOWN), "units": 8,
        },
        "results": {"words": words()},
    }  # fmt: skip


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check)
