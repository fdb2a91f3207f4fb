"""Conversations that end in a question: ten networks of chapter 12, trained by `fit`.

A user says the letter of their name, A to H, then random letters A to H, at last `?`. The network
answers the name. It is trained on whole conversations of 2 to 8 letters, stateless, and asked about
new ones of 32 letters: whole; by the `?` alone; and with the state of another network.
"""

import keras
import numpy as np

from experiments import study

SEEDS, EPOCHS, UNITS = 10, 30, 16
ONE_HOT = np.eye(9, dtype="float32")


def conversations(rng, count, longest, shortest=2):
    """Return one-hot conversations (N, longest, 9), zeros after their end, and their names (N,)."""
    lengths = rng.integers(shortest, longest + 1, count)
    codes = rng.integers(0, 8, (count, longest))  # letters A to H
    codes[np.arange(count), lengths - 1] = 8  # ?
    real = np.arange(longest) < lengths[:, None]
    return ONE_HOT[codes] * real[..., None], codes[:, 0]


def build():
    """Return two models over one set of weights: for whole texts, and for text with a state."""
    lstm = keras.layers.LSTM(UNITS, return_state=True)
    dense = keras.layers.Dense(8, activation="softmax")
    x, h_in, c_in = keras.Input((None, 9)), keras.Input((UNITS,)), keras.Input((UNITS,))
    y, _, _ = lstm(keras.layers.Masking()(x))
    whole = keras.Model(x, dense(y))
    whole.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    y, h, c = lstm(x, initial_state=[h_in, c_in])
    return whole, keras.Model([x, h_in, c_in], [dense(y), h, c])


def measure():
    """Return the accuracies of each seed."""
    X, names = conversations(np.random.default_rng(0), 1024, 8)
    x_new, names_new = conversations(np.random.default_rng(1), 400, 32, shortest=32)
    zeros = np.zeros((400, UNITS))
    kinds = ("training data", "whole", "no state", "own states", "another's states")
    results = {kind: [] for kind in kinds}
    before = None
    for seed in [*range(SEEDS), 0]:  # seed 0 again at the end: it gets the states of the last
        keras.utils.set_random_seed(seed)
        whole, step = build()
        whole.fit(X, names, batch_size=64, epochs=EPOCHS, verbose=0)

        def share(told, truth=names_new):
            return float(np.mean(told.argmax(axis=1) == truth))

        _, *halfway = step.predict([x_new[:, :16], zeros, zeros], verbose=0)
        rest = x_new[:, 16:]
        if before is not None:
            told = step.predict([rest, *before], verbose=0)[0]
            results["another's states"].append(share(told))
        if len(results["whole"]) < SEEDS:
            results["training data"].append(share(whole.predict(X, verbose=0), names))
            results["whole"].append(share(whole.predict(x_new, verbose=0)))
            alone = step.predict([x_new[:, -1:], zeros, zeros], verbose=0)[0]
            results["no state"].append(share(alone))
            results["own states"].append(share(step.predict([rest, *halfway], verbose=0)[0]))
        before = halfway
    settings = {"seeds": list(range(SEEDS)), "epochs": EPOCHS, "units": UNITS, "batch": 64}
    return {"settings": settings | {"learning_rate": 0.02}, "results": results}


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.05)
