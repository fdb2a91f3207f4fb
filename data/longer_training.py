"""Train the stateless network of chapter 10 three times as long as the chapter has time for.

`python data/longer_training.py`, from the root of the repository, writes
`data/longer_training.json` (about two minutes). Text, network and training are those of the
chapter: its cells are run up to the one that lets the networks write.
"""

import contextlib
import io
import json
import os
from pathlib import Path

import nbformat
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "10_long_sequences_in_lanes"
LAST_CELL = "count"
EPOCHS, LONG_EPOCHS = 3, 9  # of the chapter, and three times as many


def run_chapter():
    """Return the names that the cells of the chapter define, up to `LAST_CELL`."""
    notebook = nbformat.read(ROOT / "chapters" / f"{CHAPTER}.ipynb", as_version=4)
    names = {"__name__": "__main__"}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "test" not in cell.metadata.get("tags", []):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(cell.source, names)
        if cell.id == LAST_CELL:
            return names
    raise LookupError(f"{CHAPTER} has no cell {LAST_CELL!r}; name the one that counts sentences.")


def main():
    """Write which share of its sentences each seed gets right, soon and late in training."""
    os.environ["MPLBACKEND"] = "agg"
    os.chdir(ROOT / "chapters")
    chapter = run_chapter()
    writer, start = chapter["many_rows"], chapter["beginning"][-chapter["T"] :]
    updates_per_epoch = len(chapter["X"]) // chapter["B"]
    long_trained = chapter["train"](chapter["readers"]["cold"], False, LONG_EPOCHS)
    right = []
    for seed, weights in enumerate(long_trained):
        writer.set_weights(weights)
        rows = chapter["write"](writer, start, 140, np.random.default_rng(seed))
        right.append(chapter["share_right"](rows, first=5))
    result = {
        "versions": {"keras": chapter["keras"].__version__, "numpy": np.__version__},
        "updates": [epochs * updates_per_epoch for epochs in (EPOCHS, LONG_EPOCHS)],
        "right": [chapter["right"]["stateless,\nstate carried"], right],
    }
    result["right"] = [[round(float(share), 4) for share in shares] for shares in result["right"]]
    path = ROOT / "data" / "longer_training.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
