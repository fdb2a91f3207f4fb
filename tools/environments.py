"""What the drills begin with: an environment with some version of Python, a clone of the book."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = str(Path(sys.executable).with_name("uv"))  # `make` has put it there


def make_environment(folder, version, *requirements):
    """Make a virtual environment; return the path of its Python.

    Parameters
    ----------
    folder : Path
        Where to make it.
    version : str
        The Python it is made with, such as "3.12". Where there is none, uv fetches one.
    *requirements : path-like
        Files of requirements to install.
    """
    subprocess.run([UV, "venv", "--quiet", "--python", version, folder], check=True)
    python = str(folder / "bin" / "python")
    files = [part for file in requirements for part in ("-r", file)]
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, *files], check=True)
    return python


def clone_book(folder):
    """Clone the book as it was last committed; return the clone's folder."""
    clone = folder / "book"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    if subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode:
        print("Changes that are not committed are left out.", flush=True)
    return clone
