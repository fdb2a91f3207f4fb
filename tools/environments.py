"""What the drills begin with: an environment with some version of Python, a clone of the book."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = str(Path(sys.executable).with_name("uv"))  # `make` has put it there


def make_environment(folder, version, requirements):
    """Make a virtual environment and install the packages of a file; return its Python.

    Where this version of Python (such as "3.12") is not installed, uv fetches it.
    """
    subprocess.run([UV, "venv", "--quiet", "--python", version, folder], check=True)
    python = str(folder / "bin" / "python")
    install = [UV, "pip", "install", "--quiet", "--python", python, "-r", requirements]
    subprocess.run(install, check=True)
    return python


def clone_book(folder):
    """Clone the book as it was last committed; return the clone's folder."""
    clone = folder / "book"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    if subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode:
        print("Changes that are not committed are left out.", flush=True)
    return clone
