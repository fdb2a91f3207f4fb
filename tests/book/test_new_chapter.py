"""A new chapter keeps every rule from its first minute; what is left to write says TODO."""

import nbformat
import pytest
import rules

from tools import new_chapter

NAME = "99_my_subject"


@pytest.fixture
def path(tmp_path):
    """A new chapter, in a folder of its own."""
    return new_chapter.write_chapter(NAME, tmp_path)


def test_it_keeps_every_rule_but_that_for_text_left_to_write(path):
    text = path.read_text(encoding="utf-8")
    new = nbformat.reads(text, as_version=4)
    problems = [problem for rule in rules.FOR_CHAPTERS for problem in rule(new)]
    # Ten assertions are wanted. The template has fewer, so that nobody keeps hollow ones.
    assert problems and all("TODO" in text or "assertions" in text for text in problems)
    written = nbformat.reads(text.replace("TODO", "Text"), as_version=4)
    problems = [problem for rule in rules.FOR_CHAPTERS for problem in rule(written)]
    assert len(problems) == 1 and "assertions, wanted at least" in problems[0]
    for cell in new.cells:
        places = cell.source + str(cell.metadata.get("mystnb", {}))
        whole = ("set-up", "exercises", "check")  # the last two have TODO below
        assert "TODO" in places or cell.id.startswith("test-") or cell.id in whole, cell.id


@pytest.mark.nightly
def test_it_runs_and_builds_without_a_warning(path, tmp_path):
    from book_files import build
    from test_build import write_book

    (tmp_path / "book").mkdir()
    write_book(tmp_path / "book", NAME, nbformat.read(path, as_version=4))
    code, log = build(tmp_path / "book")
    assert code == 0, log


def test_a_number_or_a_name_that_is_taken_is_refused(path):
    before = path.read_bytes()
    for name in (NAME, "99_another_subject"):
        with pytest.raises(SystemExit, match="99_my_subject.ipynb is there already"):
            new_chapter.write_chapter(name, path.parent)
    assert path.read_bytes() == before


@pytest.mark.parametrize("arguments", [[], ["my_subject"], ["14_My_Subject"], ["14 my subject"]])
def test_a_name_without_number_and_subject_is_refused(arguments, monkeypatch):
    monkeypatch.setattr("sys.argv", ["new_chapter", *arguments])
    with pytest.raises(SystemExit, match="make chapter CHAPTER=14_my_subject"):
        new_chapter.main()
