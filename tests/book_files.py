"""The book's files, and the command that builds it. For all groups of tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.contents import ROOT, documents, pages

__all__ = ["ROOT", "build", "documents", "pages", "sources"]


def sources():
    """Return the files that belong to the repository, committed or not."""
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    run = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if run.returncode == 0:
        paths = [ROOT / name for name in run.stdout.split("\0") if name]
    else:  # not a git checkout, such as a downloaded archive
        paths = list(ROOT.rglob("*"))
    made_here = {".git", ".venv", "_build", "__pycache__", ".pytest_cache", ".ruff_cache"}
    return [
        path
        for path in sorted(set(paths))
        if path.is_file() and not made_here & set(path.relative_to(ROOT).parts)
    ]


STRICT = ("-W", "-n", "--keep-going", "--all")


def build(book, *options, strict=STRICT):
    """Build the book in the folder `book`; return exit code and log.

    This book is built as `make book` does it, and not again if nothing has changed. For a toy book
    Sphinx runs the notebooks itself; `options` are further ones of `jupyter-book build`.
    """
    command = shutil.which("jupyter-book", path=str(Path(sys.executable).parent))
    assert command, "jupyter-book is not installed beside this Python: run `make book` first"
    command = [command, "build", *strict, *options, "."]
    if book == ROOT:
        command = [sys.executable, "-m", "tools.book"]
    run = subprocess.run(
        command,
        cwd=book,
        env=os.environ | {"NO_COLOR": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    return run.returncode, re.sub(r"\x1b\[[0-9;]*m", "", run.stdout)
