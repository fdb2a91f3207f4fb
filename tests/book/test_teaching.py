"""The page for teachers says of every chapter what the chapter itself says."""

import ast
import re

import nbformat
import pytest
import rules
from book_files import ROOT, documents

PAGE = (ROOT / "reference" / "teaching.md").read_text(encoding="utf-8")
NAMES = {int(n[9:11]): n for n in documents() if n.startswith("chapters/")}
CHAPTERS = {number: nbformat.read(ROOT / f"{n}.ipynb", as_version=4) for number, n in NAMES.items()}
EXERCISES = [
    (chapter, int(number))
    for chapter, notebook in CHAPTERS.items()
    for number in re.findall(r"\*\*Exercise (\d+)\.\*\*", rules.markdown(notebook))
]


def rows(heading):
    """Return the rows of the first table under a heading, without its head, as lists of cells."""
    text = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
    table = re.search(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def numbers(text):
    """Return the whole numbers in a text."""
    return [int(number) for number in re.findall(r"\d+", text)]


def exercises_in(text):
    """Return the exercises named in a text, as pairs (chapter, number); `2.1 to 2.5` is five."""
    found = re.findall(r"\b(\d+)\.(\d)(?: to (\d+)\.(\d))?\b", text)
    return [
        (int(chapter), number)
        for chapter, first, _, last in found
        for number in range(int(first), int(last or first) + 1)
    ]


def labs_of(notebook):
    """Return the names of the labs that a chapter shows, in order."""
    sources = [cell.source for cell in rules.cells(notebook, "code", "figure")]
    found = [name for source in sources for name in re.findall(r"\b([A-Z][a-z]+)Lab\(", source)]
    return list(dict.fromkeys(found))


def test_the_chapters_are_as_their_own_lines_say():
    wanted = {}
    for number, notebook in CHAPTERS.items():
        text = rules.markdown(notebook)
        to_read, to_run = re.search(
            r"\*\*To read:\*\* (\d+) minutes\. \*\*To run:\*\* (.+?)\.", text
        ).groups()
        needs = re.search(r"\*\*You need:\*\* (.+?)(?: Helpful:| The previous chapter|\n)", text)[1]
        needed = {int(link.partition("_")[0]) for link in rules.links(needs)}
        wanted[number] = [
            f"[{rules.headings(text)[0][1]}](../{NAMES[number]}.ipynb)",
            to_read,
            to_run,
            str(sum(chapter == number for chapter, _ in EXERCISES)),
            ", ".join(map(str, sorted(needed))),
            ", ".join(labs_of(notebook)),
        ]
    table = rows("The chapters, in order")
    assert {int(row[0]): row[1:] for row in table} == wanted
    minutes = sum(int(row[2]) for row in table)
    assert f"That makes {minutes} minutes of reading." in PAGE


def test_the_course_reads_every_chapter_once():
    minutes = {int(row[0]): int(row[2]) for row in rows("The chapters, in order")}
    (heading,) = re.findall(r"^### (A course of .+)$", PAGE, re.M)
    weeks = rows(heading)
    assert [int(week[0]) for week in weeks] == list(range(1, len(weeks) + 1))
    assert [number for week in weeks for number in numbers(week[1])] == list(CHAPTERS)
    for _, chapters, stated, session in weeks:
        read = set(numbers(chapters))
        assert int(stated) == sum(minutes[number] for number in read)
        assert {chapter for chapter, _ in exercises_in(session)} <= read
        shown = {lab for number in read for lab in labs_of(CHAPTERS[number])}
        assert set(re.findall(r"(\w+) lab", session)) <= shown


def test_exercises_exist_and_every_one_serves_one_goal():
    plans = re.search(r"^## Three plans\n(.*?)(?=^## )", PAGE, re.M | re.S)[1]
    assert exercises_in(plans) and set(exercises_in(plans)) <= set(EXERCISES)
    table = rows("Which exercises for which goal")
    assert sorted(exercise for row in table for exercise in exercises_in(row[1])) == EXERCISES


def test_the_wrong_answers_are_in_the_self_checks():
    table = rows("What students get wrong")
    assert [numbers(row[0])[0] for row in table] == list(CHAPTERS)
    for where, answer, section in table:
        chapter, question = numbers(where.partition("]")[0])
        inside = rules.sections(CHAPTERS[chapter])["Check yourself"]
        text = "\n\n".join(cell.source for cell in inside if cell.cell_type == "markdown")
        asked = re.split(r"^\*\*\d+\. ", text, flags=re.MULTILINE)[question]
        assert answer.strip('"') in re.findall(r"<summary>(.+?)</summary>\n\nNo\.", asked), where
        assert rules.links(section)[0].startswith(f"../chapters/{chapter:02}_")


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_runs_without_its_solutions_and_tests(number):
    """No cell that stays reads a name that only cells with these tags set."""
    removed = re.findall(r"remove_cell_tags=(\w+)", PAGE)
    assert removed == ["solution", "test"]
    known, gone, missing = set(), set(), []
    for cell in CHAPTERS[number].cells:
        if cell.cell_type != "code":
            continue
        nodes = list(ast.walk(ast.parse(cell.source)))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        set_here = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        for node in nodes:  # functions, errors that are caught, imports, parameters
            if isinstance(node, ast.FunctionDef | ast.ExceptHandler | ast.alias | ast.arg):
                found = [getattr(node, key, None) for key in ("asname", "name", "arg")]
                set_here |= {next(filter(None, found), None)}
        if set(removed) & set(rules.tags(cell)):
            gone |= set_here - known
        else:
            used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
            known |= set_here
            missing += [f"{cell.id}: {name}" for name in (used & gone) - known]
    assert known and not missing
