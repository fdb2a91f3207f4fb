"""Each rule of `rules.py` finds a small bad example, and lets a good one pass."""

import copy

import nbformat
import pytest
import rules
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
ALT = "Three boxes in a row. An arrow leads from each to the next one; the last points to h."
OPTIONS = (
    "<details>\n<summary>a</summary>\n\nRight. Because of this.\n\n</details>\n"
    "<details>\n<summary>b</summary>\n\nNo. Because of that.\n\n</details>\n"
)


def text(name, source):
    return new_markdown_cell(source, id=name)


def code(name, source, **metadata):
    return new_code_cell(source, id=name, metadata=copy.deepcopy(metadata))


def hidden_test(name, source):
    source = f"# @title Checks: {name}\n{source}"
    return code(name, source, **FOLDED, tags=["remove-cell", "test"])


def figure(name="figure-boxes", caption="The loop, drawn as boxes.", alt=ALT, label="fig-boxes"):
    source = "# @title Figure: boxes\nplt.subplots()\nplt.show()"
    mystnb = {"figure": {"caption": caption, "name": label}, "image": {"alt": alt}}
    return code(name, source, **FOLDED, tags=["hide-input"], mystnb=mystnb)


def solution(number):
    metadata = copy.deepcopy(FOLDED)
    metadata["jupyter"]["outputs_hidden"] = True
    prompts = {f"code_prompt_{v}": f"{v.title()} solution {number}" for v in ("show", "hide")}
    source = f"# @title Solution {number}\nprint({number})"
    tags = ["hide-cell", "solution"]
    return code(f"solution-{number}", source, **metadata, mystnb=prompts, tags=tags)


def chapter():
    """Return a small chapter that keeps every rule."""
    inside = [
        text("title", "# A chapter"),
        text("goals", "## What you will be able to do\n\n- count"),
        text("before", "## Before you start\n\n**You need:** x **To read:** 1 **To run:** 1"),
        code("set-up", rules.SET_UP_TITLE, **FOLDED, tags=["hide-input", "set-up"]),
    ]
    for name in ("one", "two", "three"):
        inside += [
            text(f"{name}-text", f"## Section {name}"),
            code(name, f"{name} = 1"),
            hidden_test(f"test-{name}", "\n".join(f"assert {name} < {n}" for n in (2, 3, 4))),
        ]
    inside += [figure(), text("summary", "## Summary"), text("exercises", "## Exercises")]
    for number in (1, 2, 3):
        question = f"**Exercise {number}.** Predict the shape."
        inside += [text(f"exercise-{number}", question), solution(number)]
    inside.append(hidden_test("test-exercises", "assert one + two == 2"))
    questions = "\n".join(f"**{n}. Why?**\n\n{OPTIONS}" for n in (1, 2, 3))
    inside += [text("check", f"## Check yourself\n\n{questions}"), text("next", "## Next")]
    return new_notebook(cells=inside, metadata=rules.NOTEBOOK_METADATA)


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def test_a_good_chapter_passes():
    good = chapter()
    nbformat.validate(good)
    assert [problem for rule in rules.FOR_CHAPTERS for problem in rule(good)] == []


# (rule, cell to change, what to change it to or a change as a function, part of the message)
BAD = [
    (rules.skeleton, "title", "A chapter", "title"),
    (rules.skeleton, "summary", "## In short", "headings"),
    (rules.skeleton, "goals", "## Before you start", "headings"),
    (rules.skeleton, "two-text", "### Section two", "at least 3"),
    (rules.skeleton, "two-text", "## Section one", "the same"),
    (rules.skeleton, "before", "## Before you start", "To read"),
    (rules.skeleton, "set-up", lambda cell: cell.metadata.tags.remove("set-up"), "set-up"),
    (rules.metadata, "one", lambda cell: cell.metadata.update(editable=True), "editable"),
    (rules.metadata, "one-text", lambda cell: cell.metadata.update(tags=["x"]), "x"),
    (rules.metadata, "test-one", lambda cell: cell.metadata.pop("cellView"), "test cell"),
    (rules.metadata, "test-one", "assert one == 1", "first line"),
    (rules.metadata, "set-up", "# @title Set-up", "first line"),
    (rules.metadata, "solution-2", "# @title Solution 3", "mystnb"),
    (rules.metadata, "solution-2", lambda cell: cell.metadata.pop("mystnb"), "mystnb"),
    (rules.metadata, "figure-boxes", "# @title Figure: boxes\n1", "wanted for a code cell"),
    (rules.metadata, "one", "# @title One", "@title"),
    (rules.ids, "one", lambda cell: cell.update(id="Cell_1"), "a-z"),
    (rules.ids, "one", lambda cell: cell.update(id="a1b2c3d4"), "random"),
    (rules.ids, "one", lambda cell: cell.update(id="two"), "twice"),
    (rules.ids, "test-one", lambda cell: cell.update(id="check-one"), "begin it with"),
    (rules.stripped, "one", lambda cell: cell.update(execution_count=3), "make format"),
    (rules.stripped, "one", lambda cell: cell.outputs.append({}), "make format"),
    (rules.hollow_tests, "test-one", "print(one)", "asserts nothing"),
    (rules.hollow_tests, "test-one", "assert True", "cannot fail"),
    (rules.hollow_tests, "test-one", "assert one == 1\nassert 1 == 1", "cannot fail"),
    (rules.hollow_tests, "test-one", 'assert (one == 1, "message")', "cannot fail"),
    (rules.hollow_tests, "test-one", "assert one == 1 or True", "cannot fail"),
    (rules.hollow_tests, "test-one", "assert one == one", "cannot fail"),
    (rules.untested_sections, "test-two", lambda cell: cell.metadata.clear(), "Section two"),
    (
        rules.raised_exceptions,
        "one",
        lambda c: c.metadata.update(tags=["raises-exception"]),
        "catch",
    ),
    (rules.few_assertions, "test-two", "assert two == 1", "8 assertions"),
    (rules.figures, "one", "fig, ax = plt.subplots()\nplt.show()", "alternative text of 0"),
    (rules.exercises, "exercise-2", "**Exercise 2.** Compute it.", "predict"),
    (rules.exercises, "exercise-2", "**Exercise 4.** Predict it.", "numbered from 1"),
    (rules.exercises, "exercise-3", "Predict nothing.", "wanted 3 to 5"),
    (rules.exercises, "solution-2", "# @title Solution 1", "not its solution"),
    (rules.exercises, "solution-3", lambda cell: cell.metadata.clear(), "not its solution"),
    (rules.self_check, "check", "## Check yourself", "wanted 3 to 5"),
    (rules.directives, "two-text", "## Section two\n\n```{note}\nx\n```", "directive"),
    (rules.directives, "two-text", "## Section two\n\n:::\nx\n:::", "colon"),
    (rules.directives, "two-text", "## Section two\n\nSee {ref}`x`.", "role"),
    (rules.directives, "two-text", "(here)=\n## Section two", "target"),
    (rules.notebook_language, "one-text", "## Section one\n\nIt is just so.", "just"),
    (rules.notebook_language, "one", "x = 1  # TODO", "unfinished"),
]


@pytest.mark.parametrize(
    ("rule", "name", "change", "message"),
    BAD,
    ids=[f"{rule.__name__}-{name}-{place}" for place, (rule, name, *_) in enumerate(BAD)],
)
def test_a_broken_chapter_is_noticed(rule, name, change, message):
    bad = chapter()
    if callable(change):
        change(cell(bad, name))
    else:
        cell(bad, name).source = change
    assert message in "\n".join(rule(bad))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caption": "x"}, "caption"),
        ({"alt": "A plot."}, "7 letters"),
        ({"alt": "The same. " * 9, "caption": "The same. " * 9}, "repeats"),
        ({"label": "boxes"}, "fig-"),
    ],
)
def test_a_poor_figure_is_noticed(change, message):
    assert message in "\n".join(rules.figures(new_notebook(cells=[figure(**change)])))


def test_two_figures_of_one_name_are_noticed():
    assert "twice" in "".join(rules.figures(new_notebook(cells=[figure(), figure("again")])))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Right. Because", "No. Because", "0 options are right"),
        ("No. Because", "Right. Because", "2 options are right"),
        ("No. Because", "Wrong. Because", "'No.'"),
        ("</summary>\n\n", "</summary>\n", "an empty line"),
        (OPTIONS, "<details>\n<summary>a</summary>\n\nRight. So.\n\n</details>", "two <details>"),
    ],
)
def test_a_poor_question_is_noticed(old, new, message):
    bad = chapter()
    check = cell(bad, "check")
    check.source = check.source.replace(old, new, 1)
    assert message in "\n".join(rules.self_check(bad))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("assert x == 1", 1),
        ("assert x == 1 and y.shape == (2, 3)\nassert not x", 2),
        ("for i in range(3):\n    assert f(i) == i", 1),
        ("np.testing.assert_allclose(a, b)", 1),
        ("numpy.testing.assert_array_equal(a, b)\nassert 'x' in message", 2),
        ("assert 1\nassert 'text'\nassert (a, b)\nassert 2 > 1", 0),
    ],
)
def test_real_assertions_are_counted(source, count):
    assert len(rules.assertions(source)) == count


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


def test_paths_given_as_code_are_checked(tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "plots.py").write_text("")
    problems = rules.paths_in_code("`utils/plots.py` `utils/none.py` `a/b` `utils/`", tmp_path)
    assert problems == ["`utils/none.py` does not exist"]


def test_headings_in_code_are_not_headings():
    assert rules.headings("# A\n```\n# no\n```\n## B `c`") == [(1, "A"), (2, "B `c`")]
    assert rules.slug("B `c`, and d?") == "b-c-and-d"
