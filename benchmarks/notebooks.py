"""Time and memory of each notebook: `python -m benchmarks.notebooks [notebook ...]`.

Runs each notebook from the top, in a process of its own, and prints a table in Markdown: seconds
on the clock, seconds of computing (more than those on the clock if several cores work), and the
most memory that all its processes together held. All notebooks take about ten minutes.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import sys
import nbformat
from nbclient import NotebookClient
from pathlib import Path
path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
where = {"metadata": {"path": path.parent}}
NotebookClient(notebook, timeout=600, startup_timeout=600, resources=where).execute()
"""
PAUSE = 0.1  # seconds between two looks at the processes
HEAD = "| notebook | time | computing | memory |\n|---|---|---|---|"


class Measured(NamedTuple):
    """What a notebook took (seconds, seconds of computing, MB at the peak), and if it passed."""

    name: str
    seconds: float
    computing: float
    memory: float
    passed: bool

    def __str__(self):
        return (
            f"| {self.name} | {self.seconds:.0f} s | {self.computing:.0f} s "
            f"| {self.memory:.0f} MB |{'' if self.passed else ' **failed**'}"
        )


def measure(path, limit=float("inf")):
    """Run a notebook and watch everything that this process has started.

    Parameters
    ----------
    path : Path
        The notebook.
    limit : float, optional
        So many MB of memory end the run.

    Returns
    -------
    Measured
    """
    start, (before, _) = time.perf_counter(), _look()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], cwd=ROOT)
    computing, peak = {}, 0
    while process.poll() is None:
        times, memory = _look()
        computing |= times
        peak = max(peak, memory)
        if memory > limit:
            print(f"{path.name} holds more than {limit:.0f} MB: stopped.", file=sys.stderr)
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
            process.kill()
        time.sleep(PAUSE)
    seconds = time.perf_counter() - start
    spent = sum(computing.values()) - sum(before.values())
    return Measured(path.stem, seconds, spent, peak, process.returncode == 0)


def _look():
    """Return seconds of computing by process, and MB of memory, of all that was started here."""
    times, memory = {}, 0
    for one in psutil.Process().children(recursive=True):
        try:
            cpu = one.cpu_times()
            times[one.pid] = cpu.user + cpu.system
            memory += one.memory_info().rss / 1e6
        except psutil.Error:  # it has ended since
            continue
    return times, memory


def notebooks():
    """Return the paths of the book's notebooks."""
    folders = (ROOT / "chapters", ROOT / "reference")
    return sorted(path for folder in folders for path in folder.glob("*.ipynb"))


def chosen(names):
    """Return the paths of the notebooks that are named, or of all.

    Raises
    ------
    SystemExit
        If there is no such notebook.
    """
    for name in names:
        if Path(name).suffix != ".ipynb" or not Path(name).is_file():
            wanted = f"chapters/{notebooks()[0].name}"
            sys.exit(f"{name} is no notebook; wanted a path such as {wanted}")
    return [Path(name).resolve() for name in names] or notebooks()


def main(names):
    """Print one row for each notebook; end with an error if one of them failed."""
    paths = chosen(names)
    print(HEAD)
    passed = True
    for path in paths:
        measured = measure(path)
        passed &= measured.passed
        print(measured, flush=True)
    sys.exit(not passed)


if __name__ == "__main__":
    main(sys.argv[1:])
