"""Train the layout (N, 348, 1) of chapter 5, too slow to be run in the chapter.

`python data/one_number_per_step.py`, from the root of the repository, writes
`data/one_number_per_step.json` (about 20 minutes on one core). The recipe has smaller and more
updates than the chapter's: 32 units, Adam with rate 0.003, 30 samples per update, 120 epochs.
"""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from utils.japanese_vowels import load_japanese_vowels  # noqa: E402
from utils.training import classifier  # noqa: E402

SEEDS, EPOCHS, EVERY = range(10), 120, 20


def main():
    """Train ten seeds for each padding; write the accuracies after every 20 epochs."""
    vowels = load_japanese_vowels()
    frames = np.concatenate(vowels.X_train)
    mean, std = frames.mean(axis=0), frames.std(axis=0)

    def numbers(utterances, padding):
        scaled = [(utterance - mean) / std for utterance in utterances]
        padded = keras.utils.pad_sequences(scaled, 29, dtype="float32", padding=padding)
        return padded.reshape(len(padded), 348, 1)

    model = classifier(348, 1, units=32, classes=9)
    optimizer = keras.optimizers.Adam(0.003)
    optimizer.build(model.trainable_variables)
    untouched = [variable.numpy() for variable in optimizer.variables]
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=True)
    result = {"versions": {"keras": keras.__version__, "numpy": np.__version__}}
    result["epochs"] = list(range(EVERY, EPOCHS + 1, EVERY))
    for padding in ("pre", "post"):
        X_train, X_test = numbers(vowels.X_train, padding), numbers(vowels.X_test, padding)
        result[padding] = {"train": [], "test": []}
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            model.set_weights(classifier(348, 1, units=32, classes=9).get_weights())
            for variable, value in zip(optimizer.variables, untouched, strict=True):
                variable.assign(value)
            courses = {"train": [], "test": []}
            for _ in result["epochs"]:
                model.fit(X_train, vowels.y_train, epochs=EVERY, batch_size=30, verbose=0)
                for part, X, y in (
                    ("train", X_train, vowels.y_train),
                    ("test", X_test, vowels.y_test),
                ):
                    accuracy = model.evaluate(X, y, verbose=0)[1]
                    courses[part].append(round(float(accuracy), 4))
            for part, course in courses.items():
                result[padding][part].append(course)
            print(padding, seed, courses["test"], flush=True)
    path = ROOT / "data" / "one_number_per_step.json"
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
