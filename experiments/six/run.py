"""Train every configuration with every seed; keep the results in `data/six_experiments.csv`.

`python -m experiments six` trains what the table does not hold yet. The table is written anew after
each configuration, so an interrupted run loses at most the one that was under way.
`python -m experiments six --check` trains everything again and compares; it writes nothing.
"""

import time

import keras
import numpy as np
import tensorflow as tf

from experiments.six import samples, table
from experiments.six.configurations import CONFIGURATIONS, TRAINING_DATA
from utils.training import predict_seeds, train_seeds
from utils.windows import decode


def train(run):
    """Train one configuration with all seeds and ask it its questions.

    Parameters
    ----------
    run : experiments.six.configurations.Configuration

    Returns
    -------
    list of dict
        The rows of the table: one for each question and seed.
    """
    data = run.data()
    trained = train_seeds(
        data.X,
        data.y,
        run.units,
        table.SEEDS,
        run.epochs,
        classes=samples.LETTERS,
        batch_size=run.batch_size,
        shuffle=run.shuffle,
        stateful=run.stateful,
        lengths=data.lengths if run.mask else None,
        network=run.network,
        records=1,
    )
    # In a stateful run each letter is read in the state of all letters before it.
    asked = {TRAINING_DATA: samples.from_a() if run.stateful else data}
    asked |= {name: make() for name, make in run.questions.items()}
    settings = {name: getattr(run, name) for name in table.SETTINGS}
    rows = []
    for question, (X, y, lengths) in asked.items():
        skip = run.mask or run.stateful
        said = predict_seeds(
            trained.end, X, lengths=lengths if skip else None, network=run.network
        )  # (S, N, 26)
        for seed, probabilities in zip(table.SEEDS, said, strict=True):
            letters = probabilities.argmax(axis=-1)
            right = np.take_along_axis(probabilities, y[:, None], axis=-1)
            rows.append(
                {
                    "experiment": run.experiment,
                    "control": run.control,
                    "seed": seed,
                    "question": question,
                    "accuracy": float((letters == y).mean()),
                    "loss": float(-np.log(np.maximum(right, 1e-30)).mean()),
                    "predictions": decode(letters),
                    **dict(zip(("samples", "time_steps", "features"), X.shape, strict=True)),
                    **settings,
                    "weights": sum(weight.size for weight in trained.end[0]),
                    "keras": keras.__version__,
                    "tensorflow": tf.__version__,
                    "numpy": np.__version__,
                }
            )
    return rows


def summary(rows):
    """Return one line about the first question of a configuration."""
    first = [row for row in rows if row["question"] == TRAINING_DATA]
    share = 100 * np.array([row["accuracy"] for row in first])
    return (
        f"#{first[0]['experiment']} {first[0]['control']}: accuracy {np.median(share):.1f} % "
        f"({share.min():.1f} to {share.max():.1f})"
    )


def make_missing(path=table.FILE):
    """Train what the table does not hold, and write it after each configuration."""
    rows = table.read_table(path, complete=False)
    left = table.missing(rows)
    print(f"{len(CONFIGURATIONS) - len(left)} of {len(CONFIGURATIONS)} configurations are there.")
    for run in left:
        start = time.perf_counter()
        done = train(run)
        mine = (run.experiment, run.control)
        rows = [row for row in rows if (row["experiment"], row["control"]) != mine] + done
        table.write_table(rows, path)
        print(f"{summary(done)}, {time.perf_counter() - start:.0f} s", flush=True)


def check(path=table.FILE):
    """Train everything again; return how many rows differ from the table's, and print which."""
    stored = {tuple(row[name] for name in table.KEY): row for row in table.read_table(path)}
    differ = 0
    for run in CONFIGURATIONS:
        done = train(run)
        print(summary(done), flush=True)
        for row in done:
            old = stored[tuple(row[name] for name in table.KEY)]
            if row["predictions"] != old["predictions"]:
                differ += 1
                print(
                    f"  {table.describe(row)}: {row['accuracy']:.4f}; stored: {old['accuracy']:.4f}"
                )
    print(f"{differ} of {len(stored)} rows have other predictions than the stored ones.")
    return differ
