"""A new chapter keeps every rule from its first minute; what is left to write says TODO."""

import re
import subprocess
import sys

import nbformat
import pytest
import rules
import test_chapters
from book_files import ROOT, build
from test_build import write_book

from tools import new_chapter

NAME = "14_my_subject"
# What says that something is left to write: the only rule that the template may break.
LEFT_TO_WRITE = rules.notebook_language


@pytest.fixture
def path(tmp_path):
    """A new chapter, in a folder of its own."""
    return new_chapter.write_chapter(NAME, tmp_path)


@pytest.fixture
def new(path):
    """A new chapter, read as the rules read it."""
    return test_chapters.read(path)


@pytest.mark.parametrize(
    "rule",
    [*test_chapters.RULES, *test_chapters.RULES_FOR_CHAPTERS],
    ids=lambda rule: rule.__name__,
)
def test_it_keeps_every_rule_but_that_for_text_left_to_write(rule, new):
    problems = rule(new)
    if rule is LEFT_TO_WRITE:
        assert problems and all("TODO" in problem for problem in problems)
    else:
        assert problems == []


def test_it_keeps_that_rule_too_once_the_text_is_written(path):
    written = path.read_text(encoding="utf-8").replace("TODO", "Text")
    assert LEFT_TO_WRITE(nbformat.reads(written, as_version=4)) == []


def test_every_piece_left_to_write_says_so(new):
    kept = {"exercises": "## Exercises", "check": "## Check yourself"}  # these have TODO below
    for cell in new.cells:
        if rules.kind(cell) == "set-up":
            continue
        places = cell.source + str(cell.metadata.get("mystnb", {}))
        assert "TODO" in places or cell.id.startswith("test-"), cell.id
        assert cell.id not in kept or cell.source.startswith(kept[cell.id])


def test_the_list_of_what_is_left_counts_the_assertions_too(new):
    # Ten assertions are wanted. The template has fewer, so that nobody keeps hollow ones.
    assert 0 < rules.number_of_assertions(new) < test_chapters.MINIMUM_PER_CHAPTER


def test_its_set_up_cell_is_that_of_the_other_chapters(new):
    others = [rules.cells(book, "set-up")[0] for book in test_chapters.notebooks().values()]
    assert [dict(cell) for cell in rules.cells(new, "set-up")] == [dict(others[0])]


def test_its_code_has_the_style_of_the_book(path):
    for arguments in (["check"], ["format", "--check"]):
        settings = ["--config", str(ROOT / "chapters" / "ruff.toml"), "--quiet", str(path)]
        run = subprocess.run([sys.executable, "-m", "ruff", *arguments, *settings], cwd=ROOT)
        assert run.returncode == 0, arguments


def test_it_runs_and_builds_without_a_warning(new, tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    write_book(book, NAME, new)
    code, log = build(book)
    assert code == 0, log


def test_a_number_or_a_name_that_is_taken_is_refused(path):
    before = path.read_bytes()
    for name in (NAME, "14_another_subject"):
        with pytest.raises(SystemExit, match="14_my_subject.ipynb is there already"):
            new_chapter.write_chapter(name, path.parent)
    assert path.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["my_subject"], ["14_My_Subject"], ["14 my subject"]])
def test_a_name_without_number_and_subject_is_refused(arguments, monkeypatch):
    monkeypatch.setattr("sys.argv", ["new_chapter", *arguments])
    with pytest.raises(SystemExit, match="make chapter CHAPTER=14_my_subject"):
        new_chapter.main()


def test_make_hands_the_name_over():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^chapter: .*\n\t(.+)$", makefile, flags=re.MULTILINE)[1]
    assert recipe == "$(VENV)/python -m tools.new_chapter $(CHAPTER)"
