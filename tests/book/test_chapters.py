"""The notebooks and texts, as sources: what CONTRIBUTING.md promises of each. Nothing is built."""

from itertools import pairwise

import nbformat
import pytest
import rules
from book_files import ROOT, documents, sources

LARGEST_FILE = 1_000_000  # bytes; data/ may hold more
TEXTS = [f"{name}.md" for name in documents() if (ROOT / f"{name}.md").is_file()]
AROUND = sorted(path.name for path in ROOT.glob("*.md") if path.name not in TEXTS)


def read(path):
    """Return a notebook."""
    return nbformat.read(path, as_version=4)


def notebooks():
    """Return all chapters and reference pages: {file name: notebook}."""
    paths = [*(ROOT / "chapters").glob("*.ipynb"), *(ROOT / "reference").glob("*.ipynb")]
    return {path.name: read(path) for path in sorted(paths)}


def headings_of(path):
    """Return the heading texts of a notebook or a Markdown file."""
    text = rules.markdown(read(path)) if path.suffix == ".ipynb" else path.read_text("utf-8")
    return [title for _, title in rules.headings(text)]


def test_contents_and_folders_agree():
    listed = [name for name in documents() if "/" in name]
    found = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for folder in ("chapters", "reference")
        for path in (ROOT / folder).iterdir()
        if path.suffix in (".ipynb", ".md")
    ]
    assert sorted(listed) == sorted(found)
    chapters = [name for name in listed if name.startswith("chapters/")]
    assert chapters == sorted(chapters), "the chapters stand in the order of their numbers"


def test_notebook_keeps_the_rules(notebook):
    book = read(notebook)
    nbformat.validate(book)
    wanted = rules.FOR_CHAPTERS if notebook.parent.name == "chapters" else rules.FOR_NOTEBOOKS
    problems = [f"{rule.__name__}: {problem}" for rule in wanted for problem in rule(book)]
    assert not problems, "\n".join([notebook.name, *problems])


def test_set_up_is_the_same_in_every_notebook():
    cells = {name: rules.cells(book, "set-up") for name, book in notebooks().items()}
    assert cells and [name for name, found in cells.items() if len(found) != 1] == []
    first, *others = [(name, (found[0].id, found[0].source)) for name, found in cells.items()]
    assert [name for name, cell in others if cell != first[1]] == [], f"unlike that of {first[0]}"


def test_figure_names_are_unique_in_the_book():
    names = [name for book in notebooks().values() for name in rules.figure_names(book)]
    assert names and rules.twice(names) == []


def test_neighbouring_chapters_link_to_each_other():
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    missing = [
        f"{one.name} has no link to {other.name}"
        for pair in pairwise(paths)
        for one, other in (pair, pair[::-1])
        if f"]({other.name}" not in rules.markdown(read(one))
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("name", [*AROUND, "data/README.md"])
def test_links_and_paths_of(name):
    """Of the texts that are not on the site; there, links are tested on the built pages."""
    text = (ROOT / name).read_text(encoding="utf-8")
    problems = rules.broken_links(text, ROOT / name, ROOT, headings_of)
    assert not (problems + rules.paths_in_code(text, ROOT)), problems


@pytest.mark.parametrize("name", ["README.md", *TEXTS])
def test_language_of(name):
    problems = rules.language((ROOT / name).read_text(encoding="utf-8"), name)
    assert not problems, "\n".join(problems)


def test_no_file_is_large():
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in sources()}
    large = {n: s for n, s in sizes.items() if s > LARGEST_FILE and not n.startswith("data/")}
    assert sizes and not large
