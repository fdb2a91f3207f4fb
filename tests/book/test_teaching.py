"""The page for teachers says of every chapter what the chapter itself says."""

import re
import symtable
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import rules
import yaml
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
        needs = re.search(r"\*\*You need:\*\* (.+?)(?: Helpful:| The chapter before|\n)", text)[1]
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
    builds_on = {int(row[0]): set(numbers(row[5])) for row in table}
    first, last = map(int, re.search(r"Chapters (\d+) to (\d+) stand alone", PAGE).groups())
    alone = set(range(first, last + 1))
    assert all(builds_on[number] <= alone for number in alone)
    pattern = r"Chapters (\d+) to (\d+) need none of chapters (\d+) to (\d+)"
    first, last, low, high = map(int, re.search(pattern, PAGE).groups())
    left_out = set(range(low, high + 1))
    assert not any(builds_on[number] & left_out for number in range(first, last + 1))


def test_the_minutes_of_a_plan_add_up():
    lesson = [int(row[0]) for row in rows("One lesson: what do the two reshape lines do?")]
    half_day = [int(row[0]) for row in rows("A half day: from windows to state")]
    assert f"{sum(lesson[:-1])} minutes, or {sum(lesson)} with the last row." in PAGE
    assert f"{sum(half_day)} minutes with two breaks." in PAGE


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


def test_the_labs_have_the_controls_that_are_named():
    table = rows("Which lab for which misconception")
    shown = {name for notebook in CHAPTERS.values() for name in labs_of(notebook)}
    assert {name for _, do, _ in table for name in re.findall(r"(\w+) lab", do)} == shown
    for _, do, _ in table:
        lab = re.search(r"(\w+) lab", do)[1].lower()
        source = (ROOT / "utils" / "labs" / f"{lab}.js").read_text(encoding="utf-8")
        words = source.partition("const TEXT = {")[2].partition("\n};")[0]
        names = re.findall(r"(?<!\*)\*([^*]+)\*", do)
        assert names, do
        for name in names:
            assert re.search(rf'"{name}\b', words), f"{name!r} is no control of the {lab} lab"


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


def test_the_links_for_a_hub_and_the_files_of_a_release_are_those_of_this_repository():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    (link,) = re.findall(r"^https://HUB/hub/user-redirect/git-pull\?\S+$", PAGE, re.MULTILINE)
    query = parse_qs(urlsplit(link).query, strict_parsing=True)
    assert (query["repo"], query["branch"]) == ([settings["url"]], [settings["branch"]])
    name = settings["url"].rpartition("/")[2]
    assert (ROOT / query["urlpath"][0].removeprefix(f"lab/tree/{name}/")).is_file()
    assert settings["url"] + "/releases" in rules.links(PAGE)
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    files = re.findall(r"`(lstm-shape-and-state[\w.-]+)`", PAGE)
    assert len(files) == 2 and all(f"_build/{name}\n" in workflow for name in files)


def global_names(source):
    """Return the global names that a cell sets, and those that it uses."""
    tables = [symtable.symtable(source, "cell", "exec")]
    set_here = {s.get_name() for s in tables[0].get_symbols() if s.is_assigned() or s.is_imported()}
    used = {s.get_name() for s in tables[0].get_symbols() if s.is_referenced()}
    while tables:
        children = tables.pop().get_children()
        for table in children:
            used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        tables += children
    return set_here, used


@pytest.mark.parametrize("number", CHAPTERS)
def test_a_chapter_runs_without_its_solutions_and_tests(number):
    removed = re.findall(r"remove_cell_tags=(\w+)", PAGE)
    assert removed == ["solution", "test"]
    known, gone, missing = set(), set(), []
    for cell in CHAPTERS[number].cells:
        if cell.cell_type != "code":
            continue
        set_here, used = global_names(cell.source)
        if set(removed) & set(rules.tags(cell)):
            gone |= set_here
        else:
            known |= set_here
            missing += [f"{cell.id}: {name}" for name in (used & gone) - known]
    assert known and not missing
