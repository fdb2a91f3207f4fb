"""Notebooks run before the build: only those that must, several at once, and none in vain.

Tried on a toy book of two notebooks and a page in Markdown that holds a cell. None of them needs
TensorFlow, and the settings are those of Jupyter Book.
"""

import platform
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from book_files import ROOT
from bs4 import BeautifulSoup
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.notebooks import CACHE, dependencies, drop_stale, notebook_paths, read, run_notebooks
from utils import labs
from utils.labs.lab import FOLDER, collect_files, entry

PAGE = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
---
# A toy book

```{code-cell}
print("a page")
```
"""
FILES = {
    "_config.yml": f"execute: {{execute_notebooks: cache, cache: {CACHE}}}\n",
    "_toc.yml": (
        "format: jb-book\nroot: index\nchapters: [{file: one}, {file: two}, {file: text}]\n"
    ),
    "index.md": PAGE,
    "text.md": "# A page without cells\n",
    "requirements.txt": "numpy==1\n",
    "tools_of_ours/__init__.py": "from .first import FIRST\nfrom .second import SECOND\n",
    "tools_of_ours/first.py": "from tools_of_ours import deep\n\nFIRST = deep.load('numbers')\n",
    "tools_of_ours/first.js": 'import { more } from "./more.js";\n',
    "tools_of_ours/more.js": "export const more = 1;\n",
    "tools_of_ours/second.py": "SECOND = 2\n",
    "tools_of_ours/second.css": "p {}\n",
    "tools_of_ours/deep.py": "def load(name):\n    return name\n",
    "data/numbers.json": "[1]",
    "data/other.json": "[2]",
}
CODE = {
    "one": "import sys; sys.path.append('.')\nfrom tools_of_ours import FIRST\nprint(FIRST)",
    "two": "import sys; sys.path.append('.')\nimport tools_of_ours.second as s\nprint(s.SECOND)",
}
ALL = {"index.md", "one.ipynb", "two.ipynb"}


def write(path, code):
    """Write a notebook of one cell."""
    cells = [new_markdown_cell(f"# {path.stem}", id="title"), new_code_cell(code, id="work")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """The toy book, whose notebooks have been run. Nobody edits this one."""
    folder = tmp_path_factory.mktemp("toy")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name, code in CODE.items():
        write(folder / f"{name}.ipynb", code)
    run_notebooks(folder)
    return folder


@pytest.fixture
def toy(run_once, tmp_path):
    """A copy of the toy book, for one test to edit."""
    return shutil.copytree(run_once, tmp_path / "toy")


def stale(book):
    """Drop what no longer fits from the cache of a book; return what would run."""
    return set(drop_stale(get_cache(str(book / CACHE)), book))


def build(book, *options):
    """Build a book as `make book` does; return exit code and log."""
    command = [sys.executable, "-m", "tools.book", str(book), *options]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("tools_of_ours/more.js", {"one.ipynb"}),
        ("tools_of_ours/deep.py", {"one.ipynb"}),
        ("data/numbers.json", {"one.ipynb"}),
        ("tools_of_ours/second.css", {"two.ipynb"}),
        ("tools_of_ours/__init__.py", {"one.ipynb", "two.ipynb"}),
        ("data/other.json", set()),
        ("text.md", set()),
        ("requirements.txt", ALL),
    ],
)
def test_an_edit_runs_what_depends_on_it(toy, name, again):
    assert {path.name for path in notebook_paths(toy)} == ALL and stale(toy) == set()
    path = toy / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert stale(toy) == again


def test_another_python_runs_all_again(toy, monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.99.0")
    assert stale(toy) == ALL


def test_outputs_of_code_that_is_gone_are_dropped(toy):
    write(toy / "one.ipynb", "print(1)")
    (toy / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters: [{file: one}]\n")
    assert stale(toy) == {"one.ipynb"}
    assert len(get_cache(str(toy / CACHE)).list_cache_records()) == 1  # the landing page


@pytest.mark.parametrize(
    ("code", "jobs", "left", "message"),
    [
        # What runs beside it is kept, with two at once; with one, nothing further starts.
        ("wanted = 1\nwanted / 0", 2, set(), "in the cell work:\n(?s:.*)wanted / 0(?s:.*)ZeroDiv"),
        ("# The longer one, and so the first.\n1 / 0", 1, {"two.ipynb"}, "in the cell work:"),
        ("import os; os._exit(1)", 1, set(), ":\nKernel died"),
    ],
)
def test_a_failing_cell_or_a_kernel_that_dies_is_named(toy, capsys, code, jobs, left, message):
    write(toy / "one.ipynb", code)
    if jobs == 2 or left:
        write(toy / "two.ipynb", "import time; time.sleep(3)")
    with pytest.raises(SystemExit, match="1"):
        run_notebooks(toy, jobs=jobs)
    said = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().err)
    assert re.match(f"one.ipynb failed ?{message}", said), said
    assert stale(toy) == {"one.ipynb"} | left


def test_a_build_reads_the_outputs_and_the_next_has_nothing_to_do(toy):
    """That warnings and false claims stop it: test_build.py."""
    code, log = build(toy)
    assert code == 0, log
    assert "Executing notebook" not in log and log.count("Using cached notebook") == len(ALL)
    assert "numbers" in (toy / "_build/html/one.html").read_text(encoding="utf-8")
    code, log = build(toy)
    assert code == 0 and log.startswith("Nothing has changed since the last build"), log
    left = toy / "_build/html/_images/left.svg"
    left.parent.mkdir()
    left.touch()
    assert "build succeeded" in build(toy)[1] and not left.is_file()


def test_a_notebook_depends_on_the_labs_that_it_shows_and_on_no_other():
    shown = 0
    for path in notebook_paths(ROOT):
        cells = [cell.source for cell in read(path).cells if cell.cell_type == "code"]
        found = dependencies(ROOT, cells)
        for lab in labs.__all__:
            view = entry(getattr(labs, lab).__module__.rpartition(".")[2])
            files = {view, view.with_suffix(".css")}
            named = lab in "\n".join(cells)
            shown += named
            assert found & files == (files if named else set()), f"{path.name}: {lab}"
            assert not named or set(collect_files(view)) | {FOLDER / "lab.css"} <= found
    assert shown >= len(labs.__all__)


def test_a_notebook_depends_on_the_table_beside_a_module():
    found = dependencies(ROOT, ["from utils.shapes import explain"])
    assert ROOT / "utils" / "shapes" / "explanation.toml" in found


def test_the_page_of_execution_times_names_every_notebook(site):
    page = site / "reference" / "execution_times.html"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    rows = [[cell.text for cell in row.find_all("td")] for row in soup.article.select("tbody tr")]
    listed = {path.relative_to(ROOT).with_suffix("").as_posix() for path in notebook_paths(ROOT)}
    assert {name for name, *_ in rows} == listed
    assert all(float(seconds) > 0 for _, _, _, seconds, _ in rows)
