"""What the drills begin with: a clone of the book, with an environment of its own."""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.contents import ROOT

UV = str(Path(sys.executable).with_name("uv"))  # `make` has put it there


@contextlib.contextmanager
def fresh_book(version, requirements, change=str):
    """Clone the book as it was last committed; give the clone's folder and a Python for it.

    The Python is of a version such as "3.12", which uv fetches where it is not installed, and has
    the packages of a file such as "requirements.txt". `change` edits all files of requirements.
    """
    with tempfile.TemporaryDirectory(prefix="book-") as folder:
        book, environment = Path(folder, "book"), Path(folder, "environment")
        subprocess.run(["git", "clone", "--quiet", ROOT, book], check=True)
        if subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT).returncode:
            print("Changes that are not committed are left out.", flush=True)
        for path in [*book.glob("requirements*.txt"), book / "constraints.txt"]:
            path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        subprocess.run([UV, "venv", "--quiet", "--python", version, environment], check=True)
        python = str(environment / "bin" / "python")
        install = [UV, "pip", "install", "--quiet", "--python", python, "-r", book / requirements]
        subprocess.run(install, check=True)
        yield book, python
