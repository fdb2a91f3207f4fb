"""The layout (N, 348, 1) of chapter 5, *Many features*: too slow to be trained in the chapter.

The recipe has smaller and more updates than the chapter's. About 20 minutes on one core.
"""

import keras
import numpy as np

from experiments import study
from utils.japanese_vowels import load_japanese_vowels
from utils.training import classifier

SEEDS, EPOCHS, EVERY = range(10), 120, 20
UNITS, LEARNING_RATE, BATCH_SIZE = 32, 0.003, 30
LONGEST, FEATURES = 29, 12  # of an utterance


def measure():
    """Train ten seeds for each padding; return the accuracies after every 20 epochs."""
    vowels = load_japanese_vowels()
    frames = np.concatenate(vowels.X_train)
    mean, std = frames.mean(axis=0), frames.std(axis=0)
    steps = LONGEST * FEATURES

    def numbers(utterances, padding):
        scaled = [(utterance - mean) / std for utterance in utterances]
        padded = keras.utils.pad_sequences(scaled, LONGEST, dtype="float32", padding=padding)
        return padded.reshape(len(padded), steps, 1)

    # One model is compiled once; each seed starts it again.
    model = classifier(steps, 1, units=UNITS, classes=9)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(model.trainable_variables)
    untouched = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=True)
    results = {"epochs": list(range(EVERY, EPOCHS + 1, EVERY))}
    for padding in ("pre", "post"):
        parts = {
            "train": (numbers(vowels.X_train, padding), vowels.y_train),
            "test": (numbers(vowels.X_test, padding), vowels.y_test),
        }
        results[padding] = {"train": [], "test": []}
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            model.set_weights(classifier(steps, 1, units=UNITS, classes=9).get_weights())
            for variable, value in zip(optimizer.variables, untouched, strict=True):
                variable.assign(value)
            courses = {"train": [], "test": []}
            for _ in results["epochs"]:
                model.fit(*parts["train"], epochs=EVERY, batch_size=BATCH_SIZE, verbose=0)
                for part, (X, y) in parts.items():
                    courses[part].append(round(model.evaluate(X, y, verbose=0)[1], 4))
            for part, course in courses.items():
                results[padding][part].append(course)
            print(padding, seed, courses["test"], flush=True)
    settings = {"units": UNITS, "learning_rate": LEARNING_RATE, "batch_size": BATCH_SIZE}
    return {"settings": settings | {"seeds": list(SEEDS)}, "results": results}


def main(check=False):
    """Train and store; or, to check, train anew and print what differs by more than 0.1."""
    return study.run(__name__, measure, check, tolerance=0.1)
