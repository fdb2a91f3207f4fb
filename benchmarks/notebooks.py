"""Time and memory of each notebook: `python -m benchmarks.notebooks [notebook ...]`.

Runs each notebook from the top, in a process of its own, and prints the seconds and the most memory
that all its processes together held. All notebooks take about ten minutes.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks import head, row
from tools.contents import ROOT

RUN = [sys.executable, "-m", "jupyter", "execute", "--timeout=600", "--startup_timeout=600"]
PAUSE = 0.1  # seconds between two looks at the processes
HEAD = ("notebook", "time", "memory", "")


class Measured(NamedTuple):
    """What a notebook took: seconds, MB at the peak; and if it passed."""

    name: str
    seconds: float
    memory: float
    passed: bool


def measure(path, limit=float("inf")):
    """Run a notebook, print its row and return what was measured; `limit` MB end the run."""
    start, peak = time.perf_counter(), 0
    process = subprocess.Popen([*RUN, str(path)], stdout=sys.stderr)
    while process.poll() is None:
        memory = 0
        for one in psutil.Process().children(recursive=True):
            try:
                memory += one.memory_info().rss / 1e6
                if peak > limit:
                    one.kill()
            except psutil.Error:  # it has ended since
                continue
        peak = max(peak, memory)
        time.sleep(PAUSE)
    seconds, passed = time.perf_counter() - start, process.returncode == 0
    row(path.stem, f"{seconds:.0f} s", f"{peak:.0f} MB", "" if passed else "**failed**")
    return Measured(path.stem, seconds, peak, passed)


def chosen(names):
    """Return the paths of the notebooks that are named, or of all."""
    paths = [*sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("reference/*.ipynb"))]
    for name in names:
        if Path(name).suffix != ".ipynb" or not Path(name).is_file():
            sys.exit(f"{name} is no notebook; wanted a path such as chapters/{paths[0].name}")
    return [Path(name).resolve() for name in names] or paths


def main(names):
    """Measure all notebooks or those named; end with an error if one of them failed."""
    paths = chosen(names)
    head(*HEAD)
    sys.exit(not all([measure(path).passed for path in paths]))


if __name__ == "__main__":
    main(sys.argv[1:])
