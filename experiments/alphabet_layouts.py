"""Chapter 4: windows of the alphabet as 3×1 and 1×3, with and without context, over many seeds."""

import numpy as np

from experiments import study
from utils.training import predict_seeds, train_seeds
from utils.windows import ALPHABET, encode, sliding_windows

SEEDS, EPOCHS, RECORDS = 20, 500, 20
NETWORK = {"units": 32, "classes": 26}
BATCHES, RATES = (1, 23), (0.001, 0.01)  # samples per update; of Adam
LENGTH_SEEDS, LENGTHS, TRAINED_ON = 10, range(1, 10), ((3,), (2, 3, 4, 5))


def layouts():
    """Return the five inputs, {name: X (23, T, F)}, and the targets, (23,)."""
    windows, targets = sliding_windows(encode(ALPHABET), 3)
    windows = (windows / 26).astype("float32")  # (23, 3): A B C
    last = windows[:, 2:]
    copies = np.repeat(last, 3, axis=1)  # (23, 3): C C C
    return {
        "ABC as 3×1": windows[:, :, np.newaxis],
        "CCC as 3×1": copies[:, :, np.newaxis],
        "ABC as 1×3": windows[:, np.newaxis],
        "CCC as 1×3": copies[:, np.newaxis],
        "C as 1×1": last[:, np.newaxis],
    }, targets


def windows_of(lengths):
    """Return windows of several lengths, padded on the left: X, targets, real lengths."""
    longest = max(lengths)
    samples, targets, real = [], [], []
    for length in lengths:
        X, y = sliding_windows(encode(ALPHABET), length)
        padded = np.zeros((len(X), longest, 1), "float32")
        padded[:, longest - length :, 0] = X / 26
        samples.append(padded)
        targets.append(y)
        real.append(np.full(len(X), length))
    return np.concatenate(samples), np.concatenate(targets), np.concatenate(real)


def right(answers, targets):
    """Return how many windows each seed gets right."""
    return (answers.argmax(axis=-1) == targets).sum(axis=-1).tolist()


def measure():
    """Train everything; return counts of right windows, a number for each seed."""
    inputs, targets = layouts()
    courses, mixed = {}, {}
    for batch_size in BATCHES:
        for rate in RATES:
            recipe = f"batch {batch_size}, rate {rate}"
            courses[recipe] = {}
            for name, X in inputs.items():
                run = train_seeds(
                    X,
                    targets,
                    seeds=range(SEEDS),
                    epochs=EPOCHS,
                    batch_size=batch_size,
                    learning_rate=rate,
                    records=RECORDS,
                    **NETWORK,
                )
                courses[recipe][name] = (run.accuracy * len(X)).round().astype(int).tolist()
                if name.startswith("ABC") and (batch_size, rate) == (1, 0.001):
                    other = X.reshape(-1, 3).copy()
                    other[:, :2] = np.roll(other[:, :2], 5, axis=0)  # A, B of another window
                    mixed[name] = {
                        "as they are": right(predict_seeds(run.end, X), targets),
                        "first two letters of another": right(
                            predict_seeds(run.end, other.reshape(X.shape)), targets
                        ),
                    }
    lengths = {}
    for trained_on in TRAINED_ON:
        X, y, real = windows_of(trained_on)
        run = train_seeds(
            X,
            y,
            seeds=range(LENGTH_SEEDS),
            epochs=EPOCHS,
            learning_rate=0.01,
            lengths=real,
            records=1,
            **NETWORK,
        )
        name = " ".join(map(str, trained_on))
        lengths[name] = []
        for length in LENGTHS:
            X, y, _ = windows_of([length])
            shares = np.array(right(predict_seeds(run.end, X), y)) / len(y)
            lengths[name].append(shares.round(4).tolist())
    return {
        "settings": {
            "seeds": SEEDS,
            "epochs": EPOCHS,
            "windows": len(targets),
            "optimizer": "Adam",
            "trainer": "utils.training.train_seeds: a new order of the windows in every epoch",
            "length_seeds": LENGTH_SEEDS,
            "lengths": list(LENGTHS),
            **NETWORK,
        },
        "results": {
            "epochs": [EPOCHS // RECORDS * record for record in range(RECORDS + 1)],
            "right": courses,
            "mixed": mixed,
            "by_length": lengths,
        },
    }


def main(check=False):
    """Run the study; see `study.run`."""
    return study.run(__name__, measure, check)
