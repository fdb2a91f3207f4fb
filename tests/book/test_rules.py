"""A new chapter keeps every rule of `rules.py`; each rule notices a small change for the worse."""

import nbformat
import pytest
import rules

from tools import new_chapter

NAME = "99_my_subject"


@pytest.fixture
def path(tmp_path):
    """A new chapter, in a folder of its own."""
    return new_chapter.write_chapter(NAME, tmp_path)


def chapter(path):
    """Return the new chapter as if it were written: no TODO, and assertions enough."""
    text = path.read_text(encoding="utf-8").replace("TODO", "Text")
    notebook = nbformat.reads(text, as_version=4)
    cell(notebook, "test-first").source += "\nassert first.any()" * 4
    return notebook


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def test_a_new_chapter_keeps_every_rule_but_that_for_text_left_to_write(path):
    new = nbformat.read(path, as_version=4)
    problems = [problem for rule in rules.FOR_CHAPTERS for problem in rule(new)]
    # Ten assertions are wanted. The template has fewer, so that nobody keeps hollow ones.
    assert problems and all("TODO" in text or "assertions" in text for text in problems)
    assert [problem for rule in rules.FOR_CHAPTERS for problem in rule(chapter(path))] == []
    for part in new.cells:
        places = part.source + str(part.metadata.get("mystnb", {}))
        whole = ("set-up", "exercises", "check")  # the last two have TODO below
        assert "TODO" in places or part.id.startswith("test-") or part.id in whole, part.id


@pytest.mark.nightly
def test_it_runs_and_builds_without_a_warning(path, tmp_path):
    from book_files import build
    from test_build import write_book

    (tmp_path / "book").mkdir()
    write_book(tmp_path / "book", NAME, nbformat.read(path, as_version=4))
    code, log = build(tmp_path / "book")
    assert code == 0, log


def test_a_number_that_is_taken_and_a_name_without_one_are_refused(path, monkeypatch):
    for name in (NAME, "99_another_subject"):
        with pytest.raises(SystemExit, match="99_my_subject.ipynb is there already"):
            new_chapter.write_chapter(name, path.parent)
    for arguments in ([], ["my_subject"], ["14_My_Subject"], ["14 my subject"]):
        monkeypatch.setattr("sys.argv", ["new_chapter", *arguments])
        with pytest.raises(SystemExit, match="make chapter CHAPTER=18_my_subject"):
            new_chapter.main()


# The rule, the cell to change, what to change it to (or a change as a function, or a pair: what to
# replace by what), and a part of the message
BAD = [
    (rules.skeleton, "title", "A chapter", "title"),
    (rules.skeleton, "summary", "## In short", "headings"),
    (rules.skeleton, "second-text", "### Section two", "at least 3"),
    (rules.skeleton, "before", "## Before you start", "To read"),
    (rules.skeleton, "set-up", lambda cell: cell.metadata.tags.remove("set-up"), "set-up"),
    (rules.metadata, "first", lambda cell: cell.metadata.update(editable=True), "editable"),
    (rules.metadata, "test-first", "assert first == 1", "first line"),
    (rules.metadata, "solution-2", lambda cell: cell.metadata.pop("mystnb"), "mystnb"),
    (rules.ids, "first", lambda cell: cell.update(id="a1b2c3d4"), "random"),
    (rules.ids, "first", lambda cell: cell.update(id="second"), "twice"),
    (rules.ids, "test-first", lambda cell: cell.update(id="check-first"), "begin it with"),
    (rules.stripped, "first", lambda cell: cell.update(execution_count=3), "make format"),
    (rules.hollow_tests, "test-first", "print(first)", "asserts nothing"),
    (rules.hollow_tests, "test-first", 'assert (first == 1, "message")', "cannot fail"),
    (rules.hollow_tests, "test-first", "assert first == 1 or True", "cannot fail"),
    (rules.hollow_tests, "test-first", "assert first == first", "cannot fail"),
    (rules.untested_sections, "test-second", lambda cell: cell.metadata.clear(), "has code and no"),
    (
        *(rules.raised_exceptions, "first"),
        *(lambda cell: cell.metadata.update(tags=["raises-exception"]), "catch"),
    ),
    (rules.few_assertions, "test-first", "assert first == 1", "assertions, wanted at least 10"),
    (rules.figures, "first", "fig, ax = plt.subplots()\nplt.show()", "alternative text of 0"),
    (rules.exercises, "exercise-2", "**Exercise 2.** Compute it.", "predict"),
    (rules.exercises, "exercise-3", "Predict nothing.", "wanted 3 to 5"),
    (rules.exercises, "solution-2", "# @title Solution 1", "not its solution"),
    (rules.self_check, "check", "## Check yourself", "wanted 3 to 5"),
    (rules.self_check, "check", ("Right. ", "No. "), "0 options are right"),
    (rules.self_check, "check", ("No. ", "Wrong. "), "'No.'"),
    (rules.self_check, "check", ("</summary>\n\n", "</summary>\n"), "an empty line"),
    (rules.directives, "second-text", "## Section two\n\n```{note}\nx\n```", "directive"),
    (rules.directives, "second-text", "## Section two\n\nSee {ref}`x`.", "role"),
    (rules.notebook_language, "first-text", "## Section one\n\nIt is just so.", "just"),
    (rules.notebook_language, "first", "x = 1  # TODO", "unfinished"),
]


def test_a_broken_chapter_is_noticed(path):
    for rule, name, change, message in BAD:
        bad = chapter(path)
        part = cell(bad, name)
        if callable(change):
            change(part)
        else:
            part.source = part.source.replace(*change) if isinstance(change, tuple) else change
        assert message in "\n".join(rule(bad)), (rule.__name__, name, message)
    assert {rule for rule, *_ in BAD} == set(rules.FOR_CHAPTERS)


BAD_TEXTS = """Simply run it.|It is **just** one number.|This is, of course, true.|\
A powerful layer.|Three timesteps.|Three time-steps.|The sequence length is 3.|One mini-batch.|\
It works!|It works! Then it stops.|Done \U0001f389|TODO write this""".split("|")
GOOD_TEXTS = """The layer reads three time steps of one feature.|Adjust the batch size. Justice.|\
The option `timesteps` is old: `simply` code.|It said "Expected 3 timesteps!" and stopped.|\
> Simply a quotation!|```\nTODO: just code!\n```|See [it](https://a.org/just-timesteps).|\
There are $n!$ orders, $$n! = 1 \\cdot 2$$ and a != b.|![A picture](x.svg)""".split("|")


def test_language():
    for text in BAD_TEXTS:
        problems = rules.language(text, "cell-a")
        assert problems and all(problem.startswith("cell-a: ") for problem in problems), text
    for text in GOOD_TEXTS:
        assert rules.language(text, "cell-a") == [], text


def test_links_are_checked(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "b.ipynb").write_text("x")
    (tmp_path.parent / "outside.md").write_text("x")
    source = """[a](b.ipynb) [b](b.ipynb#one-heading) [c](https://example.org/x) `[no](link)`
[d](missing.ipynb) [e](b.ipynb#no-heading) [f](#nowhere) ![g](missing.svg) [h](../../outside.md)

[i]: missing.md
"""
    file = tmp_path / "chapters" / "a.ipynb"
    file.write_text("x")
    problems = rules.broken_links(source, file, tmp_path, lambda path: ["One `heading`"])
    named = [target for target in "abcdefghi" if f"[{target}]" in source]
    assert len(named) == 9 and len(problems) == 6
    for target in ("missing.ipynb", "#no-heading", "#nowhere", "missing.svg", "outside", ".md"):
        assert target in "\n".join(problems)
    (tmp_path / "utils").mkdir()
    problems = rules.paths_in_code("`utils/none.py` `a/b` `utils/`", tmp_path)
    assert problems == ["`utils/none.py` does not exist"]
