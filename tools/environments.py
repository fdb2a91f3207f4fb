"""What the drills begin with: a Python of some version, an environment, a clone of the book."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SAY_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def find_python(version):
    """Return the path of a Python of this version, such as "3.12".

    Tried are the one that runs this, `python3.12` on the search path, and those of pyenv.

    Raises
    ------
    SystemExit
        If there is none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    places = [sys.executable, shutil.which(f"python{version}")]
    places += sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
    for place in places:
        if place and _version_of(place) == version:
            return str(place)
    sys.exit(f"There is no Python {version} here: install one, so that python{version} runs.")


def _version_of(python):
    run = subprocess.run([python, "-c", SAY_VERSION], capture_output=True, text=True)
    return run.stdout.strip()


def make_environment(folder, python, *installs):
    """Make a virtual environment; return the path of its Python.

    Parameters
    ----------
    folder : Path
        Where to make it.
    python : str
        The Python it is made with.
    *installs : list of str
        What follows `pip install`, once for each call of it.
    """
    subprocess.run([python, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    for arguments in installs:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *arguments], check=True)
    return python


def clone_book(folder):
    """Clone the book as it was last committed; return the clone's folder."""
    clone = folder / "book"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    if subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode:
        print("Changes that are not committed are left out.", flush=True)
    return clone
