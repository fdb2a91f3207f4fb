"""The notebooks away from the repository: as Colab opens them, alone in an empty folder.

Run from a clone, they are covered by the build, which executes every one of them. Here the set-up
cell has to fetch the helper code. The first chapter runs in full, the others their set-up cell
and their imports from `utils`; with BOOK_FULL=1 in the environment all of them run in full.
"""

import ast
import copy
import os
import shutil
import subprocess

import nbformat
import pytest
import rules
from book_files import ROOT, sources
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

FULL = os.environ.get("BOOK_FULL") == "1"
WHERE = (
    "import sys, utils, utils.windows\n"
    "print(utils.windows.__file__, *(p for p in sys.path if p), sep='\\n')"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A repository that holds the working tree, committed or not: what a push would publish."""
    folder = tmp_path_factory.mktemp("published") / "book"
    for path in sources():
        copy_of_path = folder / path.relative_to(ROOT)
        copy_of_path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy_of_path)
    # No setting of this machine, and no variable of a git hook that may run these tests.
    empty = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    empty |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    author = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "-m", "x"]):
        subprocess.run(["git", *command], cwd=folder, env=empty, check=True)
    return folder


def shortened(notebook):
    """Return a notebook with its set-up cell and its imports from `utils` only."""
    short = copy.deepcopy(notebook)
    short.cells = rules.cells(notebook, "set-up")
    for cell in rules.cells(notebook, "code", "figure", "solution", "test"):
        imports = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Import | ast.ImportFrom) and "utils" in ast.unparse(node)
        ]
        short.cells.append(new_code_cell("\n".join(imports), id=cell.id))
    return short


def run_as_colab(notebook, folder, repository, monkeypatch):
    """Execute a notebook in a fresh kernel, in an empty folder; return what WHERE prints."""
    monkeypatch.setenv("BOOK_ADDRESS", str(repository))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook = copy.deepcopy(notebook)
    notebook.cells.append(new_code_cell(WHERE, id="where"))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return notebook.cells[-1].outputs[0].text.splitlines()


def test_notebook_runs_alone_in_an_empty_folder(notebook, published, tmp_path, monkeypatch):
    folder = tmp_path / "content"
    folder.mkdir()
    path = notebook
    notebook = nbformat.read(path, as_version=4)
    if not (FULL or path == min((ROOT / "chapters").glob("*.ipynb"))):
        notebook = shortened(notebook)
    helper, *paths = run_as_colab(notebook, folder, published, monkeypatch)
    (clone,) = folder.iterdir()
    assert helper.startswith(str(clone)) and (clone / "_config.yml").is_file()
    assert not any(path.startswith((str(published), str(ROOT / "utils"))) for path in paths)
    assert str(ROOT) not in paths


def test_notebook_in_a_clone_fetches_nothing(published, tmp_path, monkeypatch):
    chapter = min((published / "chapters").glob("*.ipynb"))
    notebook = shortened(nbformat.read(chapter, as_version=4))
    nowhere = tmp_path / "no-such-repository"
    helper, *_ = run_as_colab(notebook, chapter.parent, nowhere, monkeypatch)
    assert helper.startswith(str(published))
