"""What twenty stateful alphabet models have learned: chapter 9's tests, and their control.

The recipe is that of the well-known post: one letter per call, `LSTM(50)`, 300 epochs, zeros at the
start of each. The control is the same network trained stateless, from the same first weights.
The weights of seed 0 are stored too: the State lab reads them.
"""

import keras
import numpy as np

from experiments import study
from utils.state import reset_states
from utils.training import train_seeds
from utils.windows import ALPHABET, decode, encode

SEEDS, LETTERS, ORDERS = range(20), 25, 100
SETTINGS = {"units": 50, "epochs": 300, "classes": 26, "batch_size": 1, "shuffle": False}


def measure():
    """Return what every seed answers to each test."""
    X = encode(ALPHABET[:-1]).reshape(LETTERS, 1, 1).astype("float32") / 26  # (N, T, F)
    y = encode(ALPHABET[1:])
    trained = {
        name: train_seeds(X, y, seeds=SEEDS, stateful=stateful, records=1, **SETTINGS).end
        for name, stateful in (("stateful", True), ("stateless", False))
    }
    models = {rows: network(rows) for rows in (LETTERS, len(texts()), ORDERS)}
    orders = np.stack([np.random.default_rng(seed).permutation(LETTERS) for seed in range(ORDERS)])
    cold = {name: [] for name in trained}
    said = {name: [] for name in texts()}
    shuffled = []
    for weights in trained["stateful"]:
        cold["stateful"].append(recite(models[LETTERS], weights, keep=True))
        codes = np.stack([encode(text) for text in texts().values()])
        for name, row in zip(said, answers(models[len(codes)], weights, codes), strict=True):
            said[name].append(decode(row))
        in_orders = answers(models[ORDERS], weights, orders)
        shuffled.append(float((in_orders == y).all(axis=1).mean()))
    for weights in trained["stateless"]:
        cold["stateless"].append(recite(models[LETTERS], weights, keep=False))
    return {
        "settings": {"seeds": len(SEEDS), "shuffled orders": ORDERS, **SETTINGS},
        "results": {
            "cold": cold,  # for each seed and first letter the next five answers
            "read": texts(),
            "said": said,
            "shuffled orders answered B to Z": shuffled,
            "weights of seed 0": [weight.tolist() for weight in trained["stateful"][0]],
        },
    }


def texts():
    """Return the inputs in which position and letter agree, or not."""
    shuffled = np.random.default_rng(0).permutation(LETTERS)
    return {
        "alphabet": ALPHABET[:LETTERS],
        "A to J, then K": ALPHABET[:11] + "K" * 14,
        "ten times A, then K": "A" * 10 + "K" * 15,
        "25 times A": "A" * LETTERS,
        "letters shuffled": decode(shuffled),
    }


def network(rows):
    """Return the model with so many rows of state."""
    inputs = keras.Input(batch_shape=(rows, 1, 1))
    h = keras.layers.LSTM(SETTINGS["units"], stateful=True)(inputs)
    return keras.Model(inputs, keras.layers.Dense(26, activation="softmax")(h))


def answers(model, weights, codes):
    """Reset, then read the columns of `codes` (B, calls); return the answers, (B, calls)."""
    model.set_weights(weights)
    reset_states(model)
    x = (codes / 26)[:, :, None, None].astype("float32")  # (B, calls, 1, 1)
    calls = [model.predict_on_batch(x[:, n]).argmax(axis=1) for n in range(codes.shape[1])]
    return np.stack(calls, axis=1)


def recite(model, weights, keep):
    """Start cold at every letter and feed each answer back; return five answers as text.

    With `keep` False the state is reset before every call, which is what a stateless layer does.
    """
    model.set_weights(weights)
    reset_states(model)
    codes, said = np.arange(LETTERS), []
    for _ in range(5):
        if not keep:
            reset_states(model)
        x = (codes / 26).reshape(-1, 1, 1).astype("float32")  # (B, 1, 1)
        codes = model.predict_on_batch(x).argmax(axis=1)
        said.append(codes)
    return [decode(row) for row in np.stack(said, axis=1)]


def main(check=False):
    """Measure and store, or compare."""
    return study.run(__name__, measure, check, tolerance=0.02)
