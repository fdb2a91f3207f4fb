"""What the build promises: warnings and broken claims stop it.

The promises are tried on a toy book: this book's settings, extensions and helper code, a landing
page, and one small notebook. Each test works on a copy of its own.
"""

import shutil

import nbformat
import pytest
import rules
from book_files import ROOT, build, documents
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FOLDERS = ("_extensions", "_static", "_templates", "utils", "data")
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


@pytest.fixture(scope="module")
def built_toy(tmp_path_factory):
    """A toy book that has been built once: its folder and the log. Nobody edits this one."""
    folder = tmp_path_factory.mktemp("toy")
    set_up = rules.cells(first_chapter()[1], "set-up")
    hidden = {"tags": ["remove-cell", "test"]}
    cells = [new_markdown_cell("# Toy", id="title"), *set_up]
    cells.append(new_code_cell(CLAIM, id="claim"))
    cells.append(new_code_cell(CHECK, id="test-claim", metadata=hidden))
    write_book(folder, "toy", new_notebook(cells=cells, metadata=rules.NOTEBOOK_METADATA))
    (folder / "utils" / "toy.py").write_text('"""A helper."""\n\nVALUE = 3\n', encoding="utf-8")
    for litter in (".pytest_cache/README.md", ".venv/lib/notes.ipynb", "venv/notes.md"):
        (folder / litter).parent.mkdir(parents=True)
        (folder / litter).write_text("Left here by a tool: no page of the book.", encoding="utf-8")
    code, log = build(folder)
    assert code == 0, log
    assert executions(log) == 1
    return folder


@pytest.fixture
def toy(built_toy, tmp_path):
    """A copy of the built toy book, for one test to edit."""
    return shutil.copytree(built_toy, tmp_path / "toy")


def executions(log):
    """Count the notebooks that a build has run."""
    return log.count(": Executing notebook using ")


def page_of(folder):
    """Return the text of the toy notebook's page."""
    return (folder / "_build" / "html" / "chapters" / "toy.html").read_text(encoding="utf-8")


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


def test_a_second_build_executes_nothing(toy):
    code, log = build(toy)
    assert code == 0, log
    assert executions(log) == 0
    assert "Using cached notebook" in log
    assert "The value is 3" in page_of(toy)


def test_a_warning_is_an_error_again_at_the_next_build(toy):
    edit(toy / "index.md", "One page.", "[One](no-such-page.md).")
    for attempt in ("first", "second"):  # the second build finds no file that is newer
        code, log = build(toy)
        assert code != 0, attempt
        assert "no-such-page" in log and executions(log) == 0


def test_a_claim_that_is_no_longer_true_stops_the_build(toy):
    edit(toy / "chapters" / "toy.ipynb", "claim = VALUE + 1", "claim = VALUE + 2")
    code, log = build(toy)
    assert code != 0
    assert "AssertionError" in trouble(log) and "toy.ipynb" in log


def test_a_broken_claim_of_the_first_chapter_stops_the_build(tmp_path):
    name, notebook = first_chapter()
    (cell,) = [cell for cell in notebook.cells if "\nT = 3 " in f"\n{cell.source}"]
    cell.source = cell.source.replace("T = 3 ", "T = 4 ", 1)
    write_book(tmp_path, name, notebook)
    code, log = build(tmp_path)
    assert code != 0
    assert "AssertionError" in trouble(log) and f"{name}.ipynb" in log
