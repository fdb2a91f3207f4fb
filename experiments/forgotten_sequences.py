"""Ten seeds of chapter 6's forgotten `return_sequences`, and of the two ways to mend it.

The task: say the number that you read. The targets are the inputs, one per step. A model with one
answer per sequence trains on them without an error and learns their mean.
"""

import keras
import numpy as np

from experiments import study

SEEDS, TIME_STEPS, TRAINING, NEW = 10, 4, 4096, 1000
SETTINGS = {"units": 8, "learning_rate": 0.02, "batch_size": 32, "epochs": 1, "data_seed": 3}


def measure():
    """Return the mean squared error on new samples: three pairs of shapes, each with ten seeds."""
    generator = np.random.default_rng(SETTINGS["data_seed"])
    X = generator.uniform(-1, 1, size=(TRAINING, TIME_STEPS, 1)).astype("float32")
    X_new = generator.uniform(-1, 1, size=(NEW, TIME_STEPS, 1)).astype("float32")
    return {
        "settings": {"seeds": SEEDS, "samples": [TRAINING, NEW], **SETTINGS},
        "results": {
            "floor": float(X_new[..., 0].var(axis=1).mean()),
            "one answer, all targets": losses(False, (X, X), (X_new, X_new)),
            "one answer, last target": losses(False, (X, X[:, -1]), (X_new, X_new[:, -1])),
            "all answers, all targets": losses(True, (X, X), (X_new, X_new)),
        },
    }


def losses(return_sequences, data, new_data):
    """Train once per seed, and return the loss of each on new samples."""
    found = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        # unroll=True: the same loop, written out, faster for a few steps
        lstm = keras.layers.LSTM(SETTINGS["units"], return_sequences=return_sequences, unroll=True)
        model = keras.Sequential([keras.Input((TIME_STEPS, 1)), lstm, keras.layers.Dense(1)])
        # steps_per_execution: all updates of the epoch in one call, which saves time
        adam = keras.optimizers.Adam(SETTINGS["learning_rate"])
        updates = TRAINING // SETTINGS["batch_size"]
        model.compile(adam, "mse", steps_per_execution=updates)
        model.fit(*data, batch_size=SETTINGS["batch_size"], epochs=SETTINGS["epochs"], verbose=0)
        found.append(round(float(model.evaluate(*new_data, batch_size=NEW, verbose=0)), 5))
    return found


def main(check=False):
    """Measure and store, or compare."""
    return study.run(__name__, measure, check, tolerance=0.002)
