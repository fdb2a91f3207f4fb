"""Ten seeds of each kind of padding, on two tasks: chapter 7's measurement.

Under a mask the two ends are one function, so three settings are trained: with a mask, zeros on
the left without one, zeros on the right without one.
"""

import keras
import numpy as np

from experiments import study
from utils.japanese_vowels import load_japanese_vowels
from utils.training import predict_seeds, train_seeds

SEEDS = range(10)
# setting: the end that is filled, and whether a mask skips the padding
KINDS = {"mask": ("pre", True), "pre, no mask": ("pre", False), "post, no mask": ("post", False)}
VOWELS = {"units": 16, "epochs": 20, "batch_size": 54, "learning_rate": 0.01}
ALPHABET = {"units": 32, "epochs": 600, "batch_size": 23, "learning_rate": 0.003}


def measure():
    """Return the accuracy of every seed on both tasks."""
    return {
        "settings": {"seeds": len(SEEDS), "vowels": VOWELS, "alphabet": ALPHABET},
        "results": {"vowels": vowels(), "alphabet": alphabet()},
    }


def vowels():
    """Return the share of right speakers on the test part, after the last epoch."""
    data = load_japanese_vowels()
    steps = np.concatenate(data.X_train)  # all real steps, (4274, 12)
    mean, spread = steps.mean(axis=0), steps.std(axis=0)

    def box(utterances, end):
        scaled = [(utterance - mean) / spread for utterance in utterances]
        return keras.utils.pad_sequences(scaled, 29, dtype="float32", padding=end)

    found = {}
    for name, (end, mask) in KINDS.items():
        lengths = [len(utterance) for utterance in data.X_train] if mask else None
        run = train_seeds(
            box(data.X_train, end),
            data.y_train,
            seeds=SEEDS,
            classes=9,
            lengths=lengths,
            records=1,
            **VOWELS,
        )
        lengths = [len(utterance) for utterance in data.X_test] if mask else None
        answers = predict_seeds(run.end, box(data.X_test, end), lengths=lengths)
        right = (answers.argmax(axis=-1) == data.y_test).mean(axis=1)
        found[name] = [round(float(share), 4) for share in right]
    return found


def alphabet():
    """Return the share of right letters on the training pieces, halfway and at the end."""
    pieces = [np.arange(s, s + n) for n in range(1, 6) for s in range(26 - n)]
    next_letter = np.array([piece[-1] + 1 for piece in pieces])
    found = {}
    for name, (end, mask) in KINDS.items():
        X = keras.utils.pad_sequences(pieces, 5, dtype="float32", padding=end)
        run = train_seeds(
            X[..., np.newaxis] / 26,  # (115, 5, 1)
            next_letter,
            seeds=SEEDS,
            classes=26,
            lengths=[len(piece) for piece in pieces] if mask else None,
            records=2,
            **ALPHABET,
        )
        halfway, end_of_training = run.accuracy[1:].round(4).tolist()
        found[name] = {"halfway": halfway, "end": end_of_training}
    return found


def main(check=False):
    """Measure and store, or compare."""
    return study.run(__name__, measure, check, tolerance=0.03)
