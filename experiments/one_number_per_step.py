"""Chapter 5: the recordings as (N, 348, 1), one number per time step, trained long.

The recipe has smaller and more updates than that of the other layouts: 32 units, Adam with rate
0.003, 30 samples per update, 120 epochs.
"""

import keras

from experiments import study
from experiments.many_features import pad, recordings
from utils.training import classifier

SEEDS, EPOCHS, EVERY, BATCH, RATE = 10, 120, 20, 30, 0.003


def measure():
    """Train ten seeds for each padding; return the accuracies after every 20 epochs."""
    train_part, test_part, y_train, y_test = recordings()
    model = classifier(348, 1, units=32, classes=9)
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build(model.trainable_variables)
    untouched = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=True)
    result = {"epochs": list(range(EVERY, EPOCHS + 1, EVERY))}
    for padding in ("pre", "post"):
        X_train, X_test = (
            pad(part, padding).reshape(-1, 348, 1) for part in (train_part, test_part)
        )
        result[padding] = {"train": [], "test": []}
        for seed in range(SEEDS):
            keras.utils.set_random_seed(seed)
            model.set_weights(classifier(348, 1, units=32, classes=9).get_weights())
            for variable, value in zip(optimizer.variables, untouched, strict=True):
                variable.assign(value)
            courses = {"train": [], "test": []}
            for _ in result["epochs"]:
                model.fit(X_train, y_train, epochs=EVERY, batch_size=BATCH, verbose=0)
                for part, X, y in (("train", X_train, y_train), ("test", X_test, y_test)):
                    accuracy = model.evaluate(X, y, verbose=0)[1]
                    courses[part].append(round(float(accuracy), 4))
            for part, course in courses.items():
                result[padding][part].append(course)
    return {
        "settings": {
            "seeds": SEEDS,
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "rate": RATE,
            "units": 32,
            "optimizer": "Adam",
        },
        "results": result,
    }


def main(check=False):
    """Run the study; see `study.run`."""
    return study.run(__name__, measure, check)
