"""The notebooks away from the repository: as Colab opens them, alone in an empty folder.

Run from a clone, they are covered by the build, which executes every one of them. Here the set-up
cell has to fetch the helper code: one kernel runs it, and then the imports of all notebooks. At
night each notebook runs in full, in a kernel of its own.
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

pytestmark = pytest.mark.xdist_group("Colab")

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


def imports_of(notebook):
    """Return the imports from the repository, as a cell."""
    ours = ("utils", "experiments")
    nodes = [
        node
        for cell in rules.cells(notebook, "code", "figure", "solution", "test")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Import | ast.ImportFrom) and any(map(ast.unparse(node).count, ours))
    ]
    return new_code_cell("\n".join(map(ast.unparse, nodes)))


def run(notebook, folder, repository, monkeypatch):
    """Execute a notebook in a fresh kernel, in a folder; return what WHERE prints."""
    monkeypatch.setenv("BOOK_ADDRESS", str(repository))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook.cells.append(new_code_cell(WHERE))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()
    return notebook.cells[-1].outputs[0].text.splitlines()


def check_colab(notebook, published, tmp_path, monkeypatch):
    """Run a notebook in an empty folder: its code comes from its own clone and nowhere else."""
    folder = tmp_path / "content"
    folder.mkdir()
    helper, *paths = run(notebook, folder, published, monkeypatch)
    (clone,) = folder.iterdir()
    assert helper.startswith(str(clone)) and (clone / "_config.yml").is_file()
    assert not any(path.startswith((str(published), str(ROOT / "utils"))) for path in paths)
    assert str(ROOT) not in paths


def test_set_up_and_imports_of_all_notebooks_run_alone(published, tmp_path, monkeypatch):
    paths = [*(ROOT / "chapters").glob("*.ipynb"), *(ROOT / "reference").glob("*.ipynb")]
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(paths)]
    first = copy.deepcopy(notebooks[0])
    first.cells = [*rules.cells(first, "set-up"), *map(imports_of, notebooks)]
    assert sum(bool(cell.source) for cell in first.cells) > 10
    check_colab(first, published, tmp_path, monkeypatch)


@pytest.mark.nightly
def test_notebook_runs_alone_in_an_empty_folder(notebook, published, tmp_path, monkeypatch):
    check_colab(nbformat.read(notebook, as_version=4), published, tmp_path, monkeypatch)


def test_a_notebook_in_a_clone_fetches_nothing(published, tmp_path, monkeypatch):
    chapter = min((published / "chapters").glob("*.ipynb"))
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells = rules.cells(notebook, "set-up")
    helper, *_ = run(notebook, chapter.parent, tmp_path / "no-such-repository", monkeypatch)
    assert helper.startswith(str(published))
