"""`python -m experiments` lists the studies; with names, runs them; with `--check`, compares."""

import argparse
import importlib
import os
import pkgutil
import sys
from pathlib import Path

NOT_STUDIES = {"__main__", "study"}


def names():
    """Return the names of all studies: the modules and folders beside this file."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(set(found) - NOT_STUDIES)


def main():
    """Read the command line and run what it names."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a study, or `all`")
    parser.add_argument("--check", action="store_true", help="run anew, compare, write nothing")
    asked = parser.parse_args()
    if not asked.names:
        sys.exit("\n".join(["Name a study, or `all`:", *names()]))
    chosen = names() if asked.names == ["all"] else asked.names
    if unknown := set(chosen) - set(names()):
        parser.error(f"no study is called {', '.join(sorted(unknown))}; there are {names()}")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    differences = 0
    for name in chosen:
        print(f"{name} ...", flush=True)
        differences += importlib.import_module(f"experiments.{name}").main(check=asked.check) or 0
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
