"""Chapter 3: a small LSTM that has read the alphabet upwards and downwards; its weights."""

import numpy as np

from experiments import study
from utils.training import predict_seeds, train_seeds
from utils.windows import ALPHABET, encode

LONGEST = 5  # letters of a run, without the one to answer
RECIPE = {"units": 12, "epochs": 2000, "classes": 26, "batch_size": 23, "learning_rate": 0.02}
DIRECTIONS = (ALPHABET, ALPHABET[::-1])


def runs():
    """Return pieces of both alphabets: one to five letters, and the letter that follows."""
    return [
        text[start : start + length]
        for length in range(2, LONGEST + 2)
        for text in DIRECTIONS
        for start in range(len(ALPHABET) + 1 - length)
    ]


def measure():
    """Train one seed; return its weights and which share of the runs it answers."""
    texts = runs()
    X = np.zeros((len(texts), LONGEST, 1), dtype="float32")
    for sample, text in zip(X, texts, strict=True):
        sample[LONGEST + 1 - len(text) :, 0] = encode(text[:-1]) / 26  # padded on the left
    y = np.array([encode(text)[-1] for text in texts])
    lengths = [len(text) - 1 for text in texts]
    weights = train_seeds(X, y, seeds=[0], lengths=lengths, records=1, **RECIPE).end
    right = predict_seeds(weights, X, lengths=lengths)[0].argmax(axis=-1) == y
    return {
        "settings": {**RECIPE, "seed": 0, "longest": LONGEST, "optimizer": "Adam"},
        "results": {
            "runs": len(texts),
            # One letter alone does not tell the direction.
            "right_of_two_letters_or_more": round(float(right[np.array(lengths) > 1].mean()), 4),
            "weights": [array.astype(float).round(6).tolist() for array in weights[0]],
        },
    }


def main(check=False):
    """Run the study; see `study.run`."""
    return study.run(__name__, measure, check)
