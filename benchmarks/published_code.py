"""How much faster the trainer for many seeds is than the loops of the published post.

    python -m benchmarks.published_code        (Linux and macOS)

Trains the six experiments with 20 seeds each by `train_seeds`, compilation included. Then, in the
same run, the same work the plain way in Keras 3: one model, one seed, `fit`. Of that, the first
epoch is measured as it is, with all that Keras prepares in it; then a fraction of the others, from
which the rest is scaled linearly. Prints a table in Markdown. About three minutes.
"""

import os
import resource
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before TensorFlow: its greetings

import keras

from benchmarks import head, row
from experiments.six import samples
from experiments.six.configurations import CONFIGURATIONS, PUBLISHED
from utils.training import train_seeds

SEEDS = range(20)
EPOCHS_MEASURED = {1: 20, 2: 20, 3: 20, 4: 100, 5: 20, 6: 1}  # by `fit`, after the first one


def seconds_of_trainer(run):
    """Return how long all seeds of one configuration take together."""
    start = time.perf_counter()
    data = run.data()
    train_seeds(
        *(data.X, data.y, run.units, SEEDS, run.epochs),
        classes=samples.LETTERS,
        batch_size=run.batch_size,
        shuffle=run.shuffle,
        stateful=run.stateful,
        records=1,
    )
    return time.perf_counter() - start


def published_model(run, X):
    """Return the model of the post, compiled."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(run.batch_size if run.stateful else None, *X.shape[1:])),
            keras.layers.LSTM(run.units, stateful=run.stateful),
            keras.layers.Dense(samples.LETTERS, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def fit_epochs(model, run, X, y, epochs):
    """Train as the post does: one call of `fit`, or with resets one call for each epoch."""
    options = {"batch_size": run.batch_size, "shuffle": run.shuffle, "verbose": 0}
    if not run.stateful:
        model.fit(X, y, epochs=epochs, **options)
        return
    for _ in range(epochs):
        model.fit(X, y, epochs=1, **options)
        model.layers[0].reset_states()


def seconds_of_fit(run):
    """Return how long one seed takes: its first epoch, and the others scaled from a few."""
    data = run.data()
    y = keras.utils.to_categorical(data.y, samples.LETTERS)
    start = time.perf_counter()
    keras.utils.set_random_seed(0)
    model = published_model(run, data.X)
    fit_epochs(model, run, data.X, y, 1)
    first = time.perf_counter() - start
    measured = EPOCHS_MEASURED[run.experiment]
    start = time.perf_counter()
    fit_epochs(model, run, data.X, y, measured)
    return first + (time.perf_counter() - start) * (run.epochs - 1) / measured


def main():
    """Measure all six; print the table."""
    runs = [run for run in CONFIGURATIONS if run.control == PUBLISHED]
    trainer = {run.experiment: seconds_of_trainer(run) for run in runs}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts bytes, Linux KB
    head("#", "`fit`, one seed", "trainer, one of 20 seeds", "ratio", "epochs of `fit` measured")
    for run in runs:
        fit, mine = seconds_of_fit(run), trainer[run.experiment] / len(SEEDS)
        epochs = f"1 + {EPOCHS_MEASURED[run.experiment]} of {run.epochs}"
        row(str(run.experiment), f"{fit:.1f} s", f"{mine:.3f} s", f"{fit / mine:.0f}", epochs)
    print(
        f"\nAll six with {len(SEEDS)} seeds by the trainer: {sum(trainer.values()):.0f} s, at most "
        f"{peak / (1e6 if sys.platform == 'darwin' else 1e3):.0f} MB. The time of the trainer "
        "includes compiling; that of `fit` is scaled from the epochs in the last column."
    )


if __name__ == "__main__":
    main()
