"""What the build promises: warnings and broken claims stop it.

The promises are tried on a toy book: this book's settings, extensions and helper code, a landing
page, and a small notebook. It is built four times, each build for several of them.
"""

import shutil

import nbformat
import pytest
import rules
from book_files import ROOT, build, documents
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

pytestmark = pytest.mark.xdist_group("toy book")

FOLDERS = ("_extensions", "_recipe", "_search", "_static", "_templates", "utils", "data", "tools")
FILES = ("_config.yml", "requirements.txt", "constraints.txt")
CLAIM = "from utils.toy import VALUE\n\nclaim = VALUE + 1\nprint('The value is', VALUE)"
CHECK = "# @title Checks: the claim\nassert claim == VALUE + 1"


def write_book(folder, name, notebook):
    """Write a book of one landing page and one notebook, with the settings of this book."""
    ignore = shutil.ignore_patterns("__pycache__")
    for part in FOLDERS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    for part in FILES:
        shutil.copy(ROOT / part, folder)
    toc = f"format: jb-book\nroot: index\nchapters:\n  - file: chapters/{name}\n"
    (folder / "_toc.yml").write_text(toc, encoding="utf-8")
    (folder / "index.md").write_text("# A toy book\n\nOne page.\n", encoding="utf-8")
    (folder / "chapters").mkdir()
    nbformat.write(notebook, folder / "chapters" / f"{name}.ipynb")


def first_chapter():
    """Return the name of the first chapter and its notebook."""
    name = next(name for name in documents() if name.startswith("chapters/"))
    notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    return name.partition("/")[2], notebook


def edit(path, old, new):
    """Replace a piece of a file that must be there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def executions(log):
    """Count the notebooks that a build has run."""
    return log.count(": Executing notebook using ")


def trouble(log):
    """Return what a log says from its first warning or error on, 120 lines at most."""
    lines = log.splitlines()
    signs = ("WARNING: ", "ERROR: ", "Traceback ")
    first = next((n for n, line in enumerate(lines) if any(map(line.count, signs))), len(lines))
    return "\n".join(lines[first : first + 120])


def test_this_book_is_built(built):
    code, log = built
    found = trouble(log)
    assert found == "", found
    assert code == 0, log


def test_a_toy_book_keeps_the_promises(tmp_path):
    toy = tmp_path / "toy"
    toy.mkdir()
    set_up = rules.cells(first_chapter()[1], "set-up")
    cells = [new_markdown_cell("# Toy", id="title"), *set_up, new_code_cell(CLAIM, id="claim")]
    hidden = {"tags": ["remove-cell", "test"]}
    cells.append(new_code_cell(CHECK, id="test-claim", metadata=hidden))
    write_book(toy, "toy", new_notebook(cells=cells, metadata=rules.NOTEBOOK_METADATA))
    (toy / "utils" / "toy.py").write_text('"""A helper."""\n\nVALUE = 3\n', encoding="utf-8")
    for litter in (".pytest_cache/README.md", ".venv/lib/notes.ipynb", "venv/notes.md"):
        (toy / litter).parent.mkdir(parents=True)
        (toy / litter).write_text("Left here by a tool: no page of the book.", encoding="utf-8")
    page = toy / "_build" / "html" / "chapters" / "toy.html"

    code, log = build(toy)
    assert code == 0 and executions(log) == 1, log
    assert "The value is 3" in page.read_text(encoding="utf-8")

    # A warning is an error again at the next build, which finds no file that is newer; and what
    # has not changed is not run again.
    edit(toy / "index.md", "One page.", "[One](no-such-page.md).")
    for attempt in ("first", "second"):
        code, log = build(toy)
        assert code != 0 and "no-such-page" in log, attempt
        assert executions(log) == 0 and "Using cached notebook" in log
    edit(toy / "index.md", "[One](no-such-page.md).", "One page.")

    # A claim that is false stops it.
    edit(toy / "chapters" / "toy.ipynb", "claim = VALUE + 1", "claim = VALUE + 2")
    code, log = build(toy)
    assert code != 0
    assert "AssertionError" in trouble(log) and "toy.ipynb" in log
