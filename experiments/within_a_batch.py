"""Does the order inside a batch matter? The published experiment, ordered and shuffled.

`LSTM(16)` reads one letter and predicts the next; all 25 letters are one batch, for 5000 epochs.
Twenty seeds train twice from the same weights: with the batch in order, and with its rows shuffled
anew in every epoch. Chapter 8 shows the result.
"""

import numpy as np

from experiments import study
from utils.training import train_seeds
from utils.windows import ALPHABET, encode

SEEDS = range(20)
SETTINGS = {"units": 16, "epochs": 5000, "classes": 26, "records": 50}


def measure():
    """Return the losses of all seeds at each record, and what the last record got right."""
    X = encode(ALPHABET[:-1]).reshape(25, 1, 1) / 26  # (N, T, F)
    y = encode(ALPHABET[1:])
    ordered = train_seeds(X, y, seeds=SEEDS, shuffle=False, **SETTINGS)
    shuffled = train_seeds(X, y, seeds=SEEDS, shuffle=True, **SETTINGS)
    runs = {"in order": ordered, "shuffled anew": shuffled}
    moved = [
        np.abs(start[1] - end[1]).max()  # the recurrent kernel
        for run in runs.values()
        for start, end in zip(run.start, run.end, strict=True)
    ]
    return {
        "settings": {"seeds": len(SEEDS), **SETTINGS},
        "results": {
            "epochs": ordered.epochs.tolist(),
            "largest gap": float(np.abs(ordered.loss - shuffled.loss).max()),
            "recurrent kernel moved": float(max(moved)),
            "loss": {name: run.loss.round(5).tolist() for name, run in runs.items()},
            "accuracy": {name: run.accuracy[-1].tolist() for name, run in runs.items()},
        },
    }


def main(check=False):
    """Measure and store, or compare."""
    return study.run(__name__, measure, check, tolerance=0.02)
