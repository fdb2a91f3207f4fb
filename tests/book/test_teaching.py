"""The page for teachers says of every chapter what the chapter itself says."""

import functools
import re
import symtable
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import rules
import yaml
from book_files import ROOT, documents

PATH = ROOT / "reference" / "teaching.md"
PAGE = PATH.read_text(encoding="utf-8")
CHAPTERS = {
    int(name.partition("/")[2][:2]): nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    for name in documents()
    if name.startswith("chapters/")
}


def parts(level):
    """Return what stands under each heading of a level: {heading: text}."""
    pieces = re.split(rf"^{'#' * level} (.+)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def rows(text):
    """Return the rows of the first table in a text, without its head, as lists of cells."""
    table = re.search(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)[0]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def numbers(text):
    """Return the whole numbers in a text."""
    return [int(number) for number in re.findall(r"\d+", text)]


def exercises_in(text):
    """Return the exercises named in a text, as pairs (chapter, number); `2.1 to 2.5` is five."""
    found = []
    for chapter, first, _, last in re.findall(r"\b(\d+)\.(\d)(?: to (\d+)\.(\d))?\b", text):
        for number in range(int(first), int(last or first) + 1):
            found.append((int(chapter), number))
    return found


@functools.cache
def exercises_of_the_book():
    """Return all exercises of all chapters, as pairs (chapter, number)."""
    return [
        (chapter, int(number))
        for chapter, notebook in CHAPTERS.items()
        for number in re.findall(r"\*\*Exercise (\d+)\.\*\*", rules.markdown(notebook))
    ]


def labs_of(notebook):
    """Return the names of the labs that a chapter shows, in order."""
    sources = [cell.source for cell in rules.cells(notebook, "code", "figure")]
    found = [name for source in sources for name in re.findall(r"\b([A-Z][a-z]+)Lab\(", source)]
    return list(dict.fromkeys(found))


def headings_of(path):
    """Return the heading texts of a notebook or a Markdown file."""
    if path.suffix == ".md":
        return [title for _, title in rules.headings(path.read_text(encoding="utf-8"))]
    text = rules.markdown(nbformat.read(path, as_version=4))
    return [title for _, title in rules.headings(text)]


def test_links_lead_somewhere():
    assert rules.links(PAGE)
    problems = rules.broken_links(PAGE, PATH, ROOT, headings_of)
    assert not problems, "\n".join(problems)


def test_the_chapters_are_as_their_own_lines_say():
    found = {int(row[0]): row[1:] for row in rows(parts(2)["The chapters, in order"])}
    wanted = {}
    for number, notebook in CHAPTERS.items():
        (name,) = [name for name in documents() if name.startswith(f"chapters/{number:02}_")]
        text = rules.markdown(notebook)
        title = rules.headings(text)[0][1]
        to_read, to_run = re.search(
            r"\*\*To read:\*\* (\d+) minutes\. \*\*To run:\*\* (.+?)\.", text
        ).groups()
        needs = re.search(r"\*\*You need:\*\* (.+?)(?: Helpful:| The chapter before|\n)", text)[1]
        needed = {int(link.partition("_")[0]) for link in rules.links(needs)}
        exercises = [exercise for exercise in exercises_of_the_book() if exercise[0] == number]
        wanted[number] = [
            f"[{title}](../{name}.ipynb)",
            to_read,
            to_run,
            str(len(exercises)),
            ", ".join(map(str, sorted(needed))),
            ", ".join(labs_of(notebook)),
        ]
    assert found == wanted


def test_the_sentences_below_the_table_follow_from_it():
    text = parts(2)["The chapters, in order"]
    table = rows(text)
    minutes = sum(numbers(row[2])[0] for row in table)
    assert f"That makes {minutes} minutes of reading." in text
    builds_on = {int(row[0]): set(numbers(row[5])) for row in table}
    assert "Chapters 1 to 4 stand alone" in text
    assert all(builds_on[number] <= {1, 2, 3, 4} for number in (1, 2, 3, 4))
    assert "Chapters 8 to 13 need none of chapters 5 to 7" in text
    assert not any(builds_on[number] & {5, 6, 7} for number in range(8, 14))


def test_the_minutes_of_a_plan_add_up():
    lesson = [
        int(row[0]) for row in rows(parts(3)["One lesson: what do the two reshape lines do?"])
    ]
    half_day = [int(row[0]) for row in rows(parts(3)["A half day: from windows to state"])]
    assert f"{sum(lesson[:-1])} minutes, or {sum(lesson)} with the last row." in PAGE
    assert f"{sum(half_day)} minutes with two breaks." in PAGE


def test_the_course_reads_every_chapter_once():
    minutes = {int(row[0]): numbers(row[2])[0] for row in rows(parts(2)["The chapters, in order"])}
    weeks = rows(parts(3)["A course of eight weeks"])
    assert [int(week[0]) for week in weeks] == list(range(1, 9))
    assert [number for week in weeks for number in numbers(week[1])] == list(CHAPTERS)
    for _, chapters, stated, session in weeks:
        assert int(stated) == sum(minutes[number] for number in numbers(chapters))
        read = set(numbers(chapters))
        assert {chapter for chapter, _ in exercises_in(session)} <= read
        shown = {lab for number in read for lab in labs_of(CHAPTERS[number])}
        assert set(re.findall(r"(\w+) lab", session)) <= shown


def test_exercises_of_the_plans_exist():
    named = exercises_in(parts(2)["Three plans"])
    assert len(named) > 40
    assert set(named) <= set(exercises_of_the_book())


def test_every_exercise_serves_one_goal():
    table = rows(parts(2)["Which exercises for which goal"])
    named = [exercise for row in table for exercise in exercises_in(row[1])]
    assert sorted(named) == exercises_of_the_book()


def test_the_labs_have_the_controls_that_are_named():
    table = rows(parts(2)["Which lab for which misconception"])
    assert {name for _, do, _ in table for name in re.findall(r"(\w+) lab", do)} == {
        name for notebook in CHAPTERS.values() for name in labs_of(notebook)
    }
    for _, do, _ in table:
        lab = re.search(r"(\w+) lab", do)[1].lower()
        source = (ROOT / "utils" / "labs" / f"{lab}.js").read_text(encoding="utf-8")
        words = source.partition("const TEXT = {")[2].partition("\n};")[0]
        names = re.findall(r"(?<!\*)\*([^*]+)\*", do)
        assert names, do
        for name in names:
            assert re.search(rf'"{name}\b', words), f"{name!r} is no control of the {lab} lab"


def test_the_wrong_answers_are_in_the_self_checks():
    table = rows(parts(2)["What students get wrong"])
    assert [numbers(row[0])[0] for row in table] == list(CHAPTERS)
    for where, answer, section in table:
        chapter, question = numbers(where.partition("]")[0])
        inside = rules.sections(CHAPTERS[chapter])["Check yourself"]
        text = "\n\n".join(cell.source for cell in inside if cell.cell_type == "markdown")
        asked = re.split(r"^\*\*\d+\. ", text, flags=re.MULTILINE)[question]
        wrong = re.findall(r"<summary>(.+?)</summary>\n\nNo\.", asked)
        assert answer.strip('"') in wrong, where
        (link,) = rules.links(section)
        assert link.startswith(f"../chapters/{chapter:02}_")


def test_the_link_for_a_hub_opens_a_notebook_of_this_repository():
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    (link,) = re.findall(r"^https://HUB/hub/user-redirect/git-pull\?\S+$", PAGE, re.MULTILINE)
    query = parse_qs(urlsplit(link).query, strict_parsing=True)
    assert query["repo"] == [settings["url"]]
    assert query["branch"] == [settings["branch"]]
    name = settings["url"].rpartition("/")[2]
    opened = query["urlpath"][0].removeprefix(f"lab/tree/{name}/")
    assert (ROOT / opened).is_file()
    assert settings["url"] + "/releases" in rules.links(PAGE)


def test_files_of_a_release_have_the_names_that_are_given():
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    files = re.findall(r"`(lstm-shape-and-state[\w.-]+)`", PAGE)
    assert len(files) == 2
    for name in files:
        assert f"_build/{name}\n" in workflow


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
