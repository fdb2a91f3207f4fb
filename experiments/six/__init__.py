"""The six published alphabet experiments, each with 20 seeds, and the controls that explain them.

`samples` makes what the networks read, `configurations` lists what is run, `table` keeps the
results in `data/six_experiments.csv`, `run` makes them: `python -m experiments six`.
"""


def main(check=False):
    """Train what the table lacks; or, to check, train all again and count what differs."""
    from experiments.six import run

    return run.check() if check else run.make_missing()
