"""Time and memory of each notebook: `python -m benchmarks.notebooks [notebook ...]`.

Runs each notebook from the top, in a process of its own, and prints a table in Markdown: seconds
on the clock, seconds of computing (more than those on the clock if several cores work), and the
most memory that all its processes together held. All notebooks take about ten minutes.
"""

import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import sys
import nbformat
from nbclient import NotebookClient
from pathlib import Path
path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
NotebookClient(notebook, timeout=600, resources={"metadata": {"path": path.parent}}).execute()
"""
PAUSE = 0.1  # seconds between two looks at the processes


def measure(path):
    """Run a notebook; return seconds, CPU seconds and peak MB, or raise RuntimeError."""
    start = time.perf_counter()
    process = psutil.Popen([sys.executable, "-c", SCRIPT, str(path)], cwd=ROOT)
    computing, peak = {}, 0
    while process.poll() is None:
        memory = 0
        for one in [process, *_children(process)]:
            try:
                times = one.cpu_times()
                computing[one.pid] = times.user + times.system
                memory += one.memory_info().rss
            except psutil.Error:  # it has ended since
                continue
        peak = max(peak, memory)
        time.sleep(PAUSE)
    if process.returncode:
        raise RuntimeError(f"{path.name} stopped with an error; see above.")
    return time.perf_counter() - start, sum(computing.values()), peak / 1e6


def _children(process):
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def main(names):
    """Print one row for each notebook."""
    folders = (ROOT / "chapters", ROOT / "reference")
    found = [path for folder in folders for path in folder.glob("*.ipynb")]
    print("| notebook | time | computing | memory |\n|---|---|---|---|")
    for path in [Path(name).resolve() for name in names] or sorted(found):
        seconds, computing, memory = measure(path)
        print(
            f"| {path.stem} | {seconds:.0f} s | {computing:.0f} s | {memory:.0f} MB |", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
