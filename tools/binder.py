"""Run each notebook as a reader on mybinder.org does: `make binder`.

A clone of the last commit gets a fresh environment with the Python of `runtime.txt`, and each
notebook runs from the top on one core with 2 GB. `python -m tools.binder here [notebook ...]` runs
them in the environment that is there: in a workflow, the one that repo2docker has made. Linux only.
"""

import os
import subprocess
import sys

from benchmarks import head
from benchmarks.notebooks import HEAD, chosen, measure
from tools.environments import ROOT, fresh_book

# mybinder.org stops what goes over 2 GB. The goal leaves room for what a reader adds.
MEMORY_LIMIT, MEMORY_GOAL, SECONDS_GOAL = 2000, 1600, 90  # MB, MB, seconds


def main():
    """Make the environment, and run this file again inside it."""
    version = (ROOT / "runtime.txt").read_text(encoding="utf-8").strip()
    with fresh_book(version.removeprefix("python-"), "requirements.txt") as (book, python):
        sys.exit(subprocess.run([python, "-m", "tools.binder", "here"], cwd=book).returncode)


def here(names):
    """Run all notebooks or those named on one core; end with an error if one does not fit."""
    paths = chosen(names)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    head(*HEAD)
    if problems := result_problems([measure(path, MEMORY_LIMIT) for path in paths]):
        sys.exit("\nNot fit for Binder:\n" + "\n".join(problems))
    print("\nFit for Binder.")


def result_problems(measured):
    """Return what keeps these notebooks from running well on Binder, each a sentence."""
    problems = []
    for one in measured:
        if not one.passed:
            problems.append(f"{one.name} failed; see above.")
        if one.seconds > SECONDS_GOAL:
            problems.append(f"{one.name} took {one.seconds:.0f} s; wanted: {SECONDS_GOAL} s.")
        if one.memory > MEMORY_GOAL:
            problems.append(f"{one.name} held {one.memory:.0f} MB; wanted: {MEMORY_GOAL} MB.")
    return problems


if __name__ == "__main__":
    here(sys.argv[2:]) if sys.argv[1:2] == ["here"] else main()
