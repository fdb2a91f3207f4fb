"""The table of results, `data/six_experiments.csv`: read, checked, and written in one piece.

One row for each run and each question it was asked. The last line is a checksum of all lines before
it, so that a file cut short or edited is noticed.
"""

import csv
import hashlib
import io
import os
from pathlib import Path

import numpy as np

from experiments.six.configurations import CONFIGURATIONS, PUBLISHED, TRAINING_DATA

FILE = Path(__file__).resolve().parents[2] / "data" / "six_experiments.csv"
SEEDS = range(20)
KEY = ("experiment", "control", "seed", "question")
SETTINGS = ("network", "units", "epochs", "batch_size", "shuffle", "stateful", "mask")
COLUMNS = (
    *KEY,
    *("accuracy", "loss", "predictions"),
    *("samples", "time_steps", "features", *SETTINGS, "weights"),
    *("keras", "tensorflow", "numpy"),
)
INTEGERS = {"experiment", "seed", "samples", "time_steps", "features", "weights"}
INTEGERS |= {"units", "epochs", "batch_size"}
NUMBERS = {"accuracy", "loss"}
CHECKSUM = "# sha256: "  # how the last line begins
ADVICE = (
    "Fetch data/six_experiments.csv from the book's repository again, or remove it and run "
    "`make experiments`."
)


def read_table(path=FILE, complete=True):
    """Return the rows of a table that has been checked.

    Parameters
    ----------
    path : path-like, default `data/six_experiments.csv` of the book
    complete : bool, default True
        Whether every run of every configuration must be there. If not, no file is no rows.

    Returns
    -------
    list of dict
        Column -> value, for each row.

    Raises
    ------
    FileNotFoundError
        If there is no file and it must be complete.
    ValueError
        If the file is not as it was written, a row stands twice, a run was made with other
        settings than those in `configurations`, or a run is missing and must not be.
    """
    path = Path(path)
    if not path.is_file():
        if not complete:
            return []
        raise FileNotFoundError(f"path is {path}, and there is no such file. {ADVICE}")
    text = path.read_text(encoding="utf-8", errors="replace")
    *kept, last = text.splitlines(keepends=True) or [""]
    if last != checksum_line("".join(kept)):
        raise ValueError(
            f"{path}: the checksum in its last line does not fit, so it was edited or cut short "
            f"after {len(kept)} lines. {ADVICE}"
        )
    lines = list(csv.reader(kept)) or [[]]
    if tuple(lines[0]) != COLUMNS:
        raise ValueError(
            f"{path}: the header is {','.join(lines[0])!r}; wanted {','.join(COLUMNS)!r}. {ADVICE}"
        )
    rows = {}
    for number, fields in enumerate(lines[1:], start=2):
        row = _parse(path, number, fields)
        key = tuple(row[name] for name in KEY)
        if key in rows:
            raise ValueError(f"{path}, row {number}: {describe(row)} stands here twice. {ADVICE}")
        rows[key] = row
    rows = list(rows.values())
    left = missing(rows)
    if complete and left:
        names = ", ".join(f"#{run.experiment} {run.control}" for run in left)
        raise ValueError(
            f"{path}: {len(left)} of {len(CONFIGURATIONS)} configurations are missing or not "
            f"complete: {names}. Run `make experiments`, which goes on where it stopped."
        )
    return rows


def write_table(rows, path=FILE):
    """Write all rows, in one piece: the file is either the old one or the new one.

    Parameters
    ----------
    rows : list of dict
        Column -> value, for each row.
    path : path-like, default `data/six_experiments.csv` of the book
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_text(row[name]) for name in COLUMNS] for row in rows)
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text.getvalue() + checksum_line(text.getvalue()))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def missing(rows):
    """Return the configurations of which a run or a question is not among the rows."""
    have = {tuple(row[name] for name in KEY) for row in rows}
    return [run for run in CONFIGURATIONS if not have.issuperset(expected(run))]


def expected(run):
    """Return the keys of all rows that a configuration gives."""
    questions = (TRAINING_DATA, *run.questions)
    names = (run.experiment, run.control)
    return [(*names, seed, question) for question in questions for seed in SEEDS]


def select(rows, column, experiment, control=PUBLISHED, question=TRAINING_DATA):
    """Return one column of one configuration, one value for each seed.

    Parameters
    ----------
    rows : list of dict
        From `read_table`.
    column : str
        Such as "accuracy".
    experiment : int
    control, question : str

    Returns
    -------
    np.ndarray, shape (20,)
        In the order of the seeds.

    Raises
    ------
    ValueError
        If there is no such row.
    """
    wanted = (experiment, control, question)
    names = ("experiment", "control", "question")
    found = [row for row in rows if tuple(row[name] for name in names) == wanted]
    if not found:
        known = sorted(
            {(row["control"], row["question"]) for row in rows if row["experiment"] == experiment}
        ) or sorted({row["experiment"] for row in rows})
        raise ValueError(
            f"experiment is {experiment}, control {control!r}, question {question!r}; wanted one "
            f"of {known}."
        )
    return np.array([row[column] for row in sorted(found, key=lambda row: row["seed"])])


def describe(row):
    """Return a row's key as words."""
    return f"#{row['experiment']} {row['control']}, seed {row['seed']}, {row['question']}"


def _parse(path, number, fields):
    """Return one row as a dict of typed values, or raise ValueError."""
    where = f"{path}, row {number}"
    row = {name: _value(name, text) for name, text in zip(COLUMNS, fields, strict=True)}
    runs = [r for r in CONFIGURATIONS if (r.experiment, r.control) == (row[KEY[0]], row[KEY[1]])]
    if not runs:
        raise ValueError(f"{where}: there is no configuration for {describe(row)}. {ADVICE}")
    for name in SETTINGS:
        now = getattr(runs[0], name)
        if row[name] != now:
            raise ValueError(
                f"{where}: {describe(row)} was made with {name} {row[name]}; in "
                f"experiments/six/configurations.py it is {now} now. {ADVICE}"
            )
    return row


def checksum_line(text):
    """Return the last line of a file whose other lines are `text`."""
    return f"{CHECKSUM}{hashlib.sha256(text.encode()).hexdigest()}\n"


def _text(value):
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _value(name, text):
    if name in INTEGERS:
        return int(text)
    if name in NUMBERS:
        return float(text)
    return text == "True" if text in ("True", "False") else text
