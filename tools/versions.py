"""Try the book on other versions: `make versions`, or some: `make versions ONLY=oldest`.

For each row of the table a clone of the last commit gets a fresh environment. There the unit tests
run, and a build that executes every notebook; with the newest versions all tests run, those in a
browser too. A row takes about 15 minutes.
"""

import re
import subprocess
import sys
import time

from tools.environments import fresh_book

PYTHONS = ("3.11", "3.12", "3.13")
# An older pair that is tried beside the pins.
OLDEST = {"keras": "3.12.0", "tensorflow": "2.20.0", "tensorflow-cpu": "2.20.0"}
UNIT_AND_BUILD = ("tests/unit", "tests/book/test_build.py")
SAY_VERSIONS = """import platform, keras, tensorflow
print(platform.python_version(), keras.__version__, tensorflow.__version__, sep=' | ')"""


def oldest(text):
    """Return a file of requirements with the oldest Keras and TensorFlow; no other pin moves."""
    for name, version in OLDEST.items():
        text = re.sub(rf"^{name}==[^ ;\n]+", f"{name}=={version}", text, flags=re.MULTILINE)
    return text


def newest(text):
    """Return a file of requirements without versions. Jupyter Book 2 is another program."""
    text = re.sub(r"^-c .*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^([\w-]+)==[^ ;\n]+", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"^jupyter-book$", "jupyter-book<2", text, flags=re.MULTILINE)


# Name of the row, version of Python, what becomes of the requirements, what pytest runs.
ROWS = {python: (python, str, UNIT_AND_BUILD) for python in PYTHONS}
ROWS["oldest"] = (PYTHONS[0], oldest, UNIT_AND_BUILD)
ROWS["newest"] = (PYTHONS[-1], newest, ())


def main(names):
    """Print one row for each name, or for all; end with an error if one of them failed."""
    if unknown := set(names) - set(ROWS):
        sys.exit(f"There is no {', '.join(sorted(unknown))}; choose from {', '.join(ROWS)}.")
    table = [try_row(name) for name in names or ROWS]
    print("\n| | Python | Keras | TensorFlow | result | time |\n|---|---|---|---|---|---|")
    print("\n".join(table))
    sys.exit(any("failed" in row for row in table))


def try_row(name):
    """Run one row's tests in an environment of its own; return the row."""
    version, change, tests = ROWS[name]
    start = time.perf_counter()
    with fresh_book(version, "requirements-dev.txt", change) as (book, python):
        run = subprocess.run([python, "-c", SAY_VERSIONS], stdout=subprocess.PIPE, text=True)
        versions = run.stdout.strip() or "? | ? | ?"
        print(f"{name}: {versions}", flush=True)
        test = [python, "-m", "pytest", "--numprocesses", "2", "--dist", "loadgroup", *tests]
        run = subprocess.run(test, cwd=book)
    result = "**failed**" if run.returncode else "passed"
    return f"| {name} | {versions} | {result} | {(time.perf_counter() - start) / 60:.0f} min |"


if __name__ == "__main__":
    main(sys.argv[1:])
