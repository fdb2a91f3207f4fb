"""The notebooks, as sources: what CONTRIBUTING.md promises of each. Nothing is built here."""

import subprocess
import sys
from itertools import pairwise

import nbformat
import pytest
import rules
from book_files import ROOT, documents, sources

MINIMUM_PER_CHAPTER, MINIMUM_IN_ALL = 10, 60
LARGEST_FILE = 1_000_000  # bytes; data/ may hold more
PAGES = [f"{name}.md" for name in ["README", *documents()] if (ROOT / f"{name}.md").is_file()]


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


def check(problems):
    """Fail with one line for each problem."""
    assert not problems, "\n" + "\n".join(problems)


def test_contents_and_folder_agree():
    listed = [name for name in documents() if "/" in name]
    folders = [ROOT / "chapters", ROOT / "reference"]
    found = [
        f"{folder.name}/{path.stem}"
        for folder in folders
        for path in folder.iterdir()
        if path.suffix in (".ipynb", ".md")
    ]
    assert sorted(listed) == sorted(found)
    chapters = [name for name in listed if name.startswith("chapters/")]
    assert chapters == sorted(chapters), "the chapters stand in the order of their numbers"
    assert len(documents()) == len(set(documents()))


def test_every_document_in_the_contents_exists():
    for name in documents():
        files = [ROOT / f"{name}{suffix}" for suffix in (".md", ".ipynb")]
        assert sum(file.is_file() for file in files) == 1, name


def test_notebook_is_valid(notebook):
    nbformat.validate(read(notebook))
    assert (read(notebook).nbformat, read(notebook).nbformat_minor) == (4, 5)


RULES = (
    rules.metadata,
    rules.ids,
    rules.stripped,
    rules.hollow_tests,
    rules.raised_exceptions,
    rules.figures,
    rules.directives,
    rules.notebook_language,
)
RULES_FOR_CHAPTERS = (rules.skeleton, rules.untested_sections, rules.exercises, rules.self_check)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_notebook_keeps(rule, notebook):
    check(rule(read(notebook)))


@pytest.mark.parametrize("rule", RULES_FOR_CHAPTERS, ids=lambda rule: rule.__name__)
def test_chapter_keeps(rule, chapter):
    check(rule(read(chapter)))


def test_chapter_has_enough_assertions(chapter):
    assert rules.number_of_assertions(read(chapter)) >= MINIMUM_PER_CHAPTER


def test_book_has_enough_assertions():
    counts = {name: rules.number_of_assertions(book) for name, book in notebooks().items()}
    assert sum(counts.values()) >= MINIMUM_IN_ALL, counts


def test_set_up_is_the_same_in_every_notebook():
    cells = {name: rules.cells(book, "set-up") for name, book in notebooks().items()}
    assert cells and all(len(found) == 1 for found in cells.values())
    different = {(found[0].id, found[0].source) for found in cells.values()}
    assert len(different) == 1, "the set-up cells differ"


def test_figure_names_are_unique_in_the_book():
    names = [name for book in notebooks().values() for name in rules.figure_names(book)]
    assert names and rules.twice(names) == []


def test_links_of_notebook(notebook):
    text = rules.markdown(read(notebook))
    check(rules.broken_links(text, notebook, ROOT, headings_of))


def test_neighbouring_chapters_link_to_each_other():
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    missing = [
        f"{one.name} has no link to {other.name}"
        for pair in pairwise(paths)
        for one, other in (pair, pair[::-1])
        if f"]({other.name}" not in rules.markdown(read(one))
    ]
    assert len(paths) > 1
    check(missing)


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_and_paths_of(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    problems = rules.broken_links(text, ROOT / name, ROOT, headings_of)
    check(problems + rules.paths_in_code(text, ROOT))


@pytest.mark.parametrize("name", PAGES)
def test_language_of(name):
    check(rules.language((ROOT / name).read_text(encoding="utf-8"), name))


def test_spelling():
    texts = [p for p in sources() if p.suffix in (".ipynb", ".md", ".py", ".yml", ".toml", ".css")]
    command = [sys.executable, "-m", "codespell_lib", *map(str, texts)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert texts and run.returncode == 0, f"\n{run.stdout}{run.stderr}"


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_code_style(arguments):
    command = [sys.executable, "-m", "ruff", *arguments, "--quiet", "."]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, f"\n{run.stdout}{run.stderr}"


def test_no_file_is_large():
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in sources()}
    large = {n: s for n, s in sizes.items() if s > LARGEST_FILE and not n.startswith("data/")}
    assert sizes and not large
