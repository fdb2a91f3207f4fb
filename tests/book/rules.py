"""The rules of CONTRIBUTING.md for chapters, as functions.

Each rule takes a notebook (or a text) and returns a list of problems, each a sentence that names
the cell. An empty list means that the rule is kept. A new rule goes into one of the two lists at
the end, and into `BAD` of `test_rules.py`, which shows each rule a small bad example;
`test_chapters.py` applies them to the notebooks.
"""

import ast
import re
from urllib.parse import unquote

BEFORE = ["What you will be able to do", "Before you start"]
AFTER = ["Summary", "Exercises", "Check yourself", "Next"]
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
SET_UP_TITLE = "# @title Set-up: the same in every chapter"

# What stands on the left may not stand in prose; on the right, what to write instead.
FORBIDDEN = {
    r"simply|just|of course|obviously|basically|needless to say|as we all know": "nothing: filler",
    r"powerful|amazing|awesome|incredibl[ey]|magical(?:ly)?|game.chang\w+": "what it does: hype",
    r"let's dive|dive in(?:to)?|deep dive": "what follows",
    r"timesteps?|time-steps?|sequence lengths?|look-?backs?": "time steps",
    r"neurons?|hidden sizes?": "units",
    r"mini-?batch(?:es)?(?: sizes?)?": "batch, batch size",
    r"observations?": "samples",
    r"channels?": "features",
    r"output states?": "hidden state",
    r"memory cells?": "cell state",
    r"TODO|FIXME|XXX|TBD|lorem ipsum": "the finished text",
}
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\ufe0f]")


# Reading a notebook


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def kind(cell):
    """Return what a cell is: markdown, set-up, test, solution, figure, or code."""
    if cell.cell_type != "code":
        return cell.cell_type
    for tag in ("set-up", "test", "solution"):
        if tag in tags(cell):
            return tag
    return "figure" if draws(cell.source) else "code"


def cells(notebook, *kinds):
    """Return the cells of the given kinds."""
    return [cell for cell in notebook.cells if kind(cell) in kinds]


def outside_fences(text):
    """Return the lines of a Markdown text without its fenced code blocks."""
    kept, fence = [], None
    for line in text.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and fence is None:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = None
        elif fence is None:
            kept.append(line)
    return kept


def headings(text):
    """Return the headings of a Markdown text as pairs (level, words)."""
    found = (re.match(r"(#{1,6})\s+(.+?)\s*#*$", line) for line in outside_fences(text))
    return [(len(match[1]), match[2]) for match in found if match]


def markdown(notebook):
    """Return all Markdown of a notebook as one text."""
    return "\n\n".join(cell.source for cell in cells(notebook, "markdown"))


def sections(notebook):
    """Return the cells under each `##` heading: {heading: [cells]}; what is before it: ''."""
    found, current = {"": []}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = [title for level, title in headings(cell.source) if level == 2]
            current = titles[-1] if titles else current
        found.setdefault(current, []).append(cell)
    return found


def slug(heading):
    """Return the anchor that GitHub, JupyterLab and MyST give a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower().replace("`", ""))
    return words.replace(" ", "-")


def prose(text):
    """Return a Markdown text without code, formulas, addresses, HTML tags and quotations."""
    text = "\n".join(line for line in outside_fences(text) if not line.lstrip().startswith(">"))
    for pattern in (
        r"<!--.*?-->",
        r"(`+)(?!`).+?(?<!`)\1(?!`)",  # code
        r"\$\$.*?\$\$|\$(?!\s)[^$]+?(?<!\s)\$",  # formulas
        r"(?<=\])\([^)]*\)|<?https?://[^\s>)]+>?",  # addresses
        r"</?[a-zA-Z][^>]*>",  # HTML
        r'"[^"\n]*"|“[^”\n]*”',  # quotations, such as error messages
        r"^:::.*$|^\s*:[\w-]+:.*$",  # lines of directives, in pages other than chapters
    ):
        text = re.sub(pattern, " _ ", text, flags=re.DOTALL | re.MULTILINE)
    return text


# Structure


def skeleton(notebook):
    """The headings of a chapter, in their order, and the set-up cell in its place."""
    found = headings(markdown(notebook))
    problems = []
    first = notebook.cells[0]
    if not (first.cell_type == "markdown" and first.source.startswith("# ")):
        problems.append("the first cell does not begin with the title, `# ...`")
    if [level for level, _ in found].count(1) != 1:
        problems.append("there is not exactly one title, `# ...`")
    seconds = [title for level, title in found if level == 2]
    middle = [title for title in seconds if title not in BEFORE + AFTER]
    if seconds != BEFORE + middle + AFTER:
        problems.append(f"the `##` headings are {seconds}, wanted {BEFORE} + yours + {AFTER}")
    if len(middle) < 3:
        problems.append(f"{len(middle)} sections of its own, wanted at least 3")
    if len(seconds) != len(set(seconds)):
        problems.append("two `##` headings are the same")
    before = sections(notebook).get(BEFORE[1], [])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not (code and kind(code[0]) == "set-up" and code[0] in before):
        problems.append(f"the first code cell is not the set-up cell under {BEFORE[1]!r}")
    text = "\n".join(cell.source for cell in before if cell.cell_type == "markdown")
    for part in ("**You need:**", "**To read:**", "**To run:**"):
        if part not in text:
            problems.append(f"{BEFORE[1]!r} does not say {part}")
    return problems


def metadata(notebook):
    """Metadata of the notebook and of each kind of cell: the table's, and nothing else."""
    problems = []
    if notebook.metadata != NOTEBOOK_METADATA:
        problems.append(f"metadata of the notebook: {dict(notebook.metadata)}")
    for cell in notebook.cells:
        problems += [f"{cell.get('id')}: {problem}" for problem in cell_metadata(cell)]
    return problems


def cell_metadata(cell):
    """Compare one cell's metadata and first line with the table in CONTRIBUTING.md."""
    problems = []
    found = {key: dict(cell.metadata)[key] for key in sorted(cell.metadata)}
    mystnb = dict(found.pop("mystnb", {}))
    figure = {key: mystnb.pop(key) for key in ("figure", "image") if key in mystnb}
    wanted, prompts, title = {}, {}, None
    what = kind(cell)
    if what == "set-up":
        wanted, title = FOLDED | {"tags": ["hide-input", "set-up"]}, re.escape(SET_UP_TITLE)
    elif what == "test":
        wanted, title = FOLDED | {"tags": ["remove-cell", "test"]}, r"# @title Checks: \S.*"
    elif what == "solution":
        wanted = FOLDED | {"tags": ["hide-cell", "solution"]}
        wanted["jupyter"] = {"outputs_hidden": True, "source_hidden": True}
        title = r"# @title Solution \d+\b.*"
        number = re.match(r"# @title Solution (\d+)", cell.source)
        for verb in ("show", "hide"):
            text = f"{verb.title()} solution {number[1] if number else '?'}"
            prompts[f"code_prompt_{verb}"] = text
    elif what == "figure" and tags(cell):  # a figure whose code teaches is not folded
        wanted, title = FOLDED | {"tags": ["hide-input"]}, r"# @title Figure: \S.*"
    elif what == "code" and "hide-input" in tags(cell):  # what readers need not write
        wanted = FOLDED | {"tags": ["hide-input"]}
        title = r"# @title (?!Figure|Checks|Solution)\S.*"
    if {**found, "tags": sorted(found.get("tags", []))} != {"tags": [], **wanted}:
        problems.append(f"metadata {found}, wanted for a {what} cell {wanted}")
    if mystnb != prompts:
        problems.append(f"mystnb {mystnb}, wanted {prompts}")
    if figure and not draws(cell.source):
        problems.append("figure metadata on a cell that draws nothing")
    first = cell.source.partition("\n")[0]
    if title and not re.fullmatch(title, first):
        problems.append(f"first line {first!r}, wanted for a {what} cell {title!r}")
    if not title and first.startswith("# @title"):
        problems.append(f"`# @title` on a {what} cell")
    return problems


def ids(notebook):
    """Ids of cells: readable, unique, and after the kind of cell."""
    problems, seen = [], set()
    for cell in notebook.cells:
        name = cell.get("id", "")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            problems.append(f"{name!r} is not made of a-z, 0-9 and hyphens")
        if re.fullmatch(r"[0-9a-f]{8}|[0-9a-f-]{32,36}", name):
            problems.append(f"{name!r} looks random: give the cell a name")
        if name in seen:
            problems.append(f"{name!r} is used twice")
        seen.add(name)
        start = {"set-up": "set-up", "test": "test-", "solution": "solution-"}.get(kind(cell), "")
        if not name.startswith(start):
            problems.append(f"{name!r} belongs to a {kind(cell)} cell: begin it with {start!r}")
    return problems


def stripped(notebook):
    """No outputs and no execution counts are stored."""
    return [
        f"{cell.id}: outputs or an execution count are left: run `make format`"
        for cell in notebook.cells
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count is not None)
    ]


# Hidden tests


def assertions(source):
    """Return the real assertions in a piece of Python, as syntax trees.

    Left out: an `assert` that cannot fail, whatever the code above it did.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and not hollow(node.test):
            found.append(node)
        elif isinstance(node, ast.Call) and "testing.assert_" in ast.unparse(node.func):
            found.append(node)
    return found


def hollow(test):
    """Say whether the condition of an `assert` has the same value whatever happens."""
    if isinstance(test, ast.Tuple):  # assert (condition, "message") is always true
        return True
    if isinstance(test, ast.BoolOp):
        parts = [hollow(value) for value in test.values]
        return all(parts) if isinstance(test.op, ast.And) else any(parts)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        if ast.dump(test.left) == ast.dump(test.comparators[0]):
            return True
    return not any(isinstance(node, ast.Name) for node in ast.walk(test))


def hollow_tests(notebook):
    """Test cells without an assertion, or with one that cannot fail."""
    problems = []
    for cell in cells(notebook, "test"):
        if not assertions(cell.source):
            problems.append(f"{cell.id}: a test cell that asserts nothing")
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Assert) and hollow(node.test):
                problems.append(f"{cell.id}: `{ast.unparse(node)}` cannot fail")
    return problems


def few_assertions(notebook):
    """Fewer real assertions in the test cells than ten."""
    count = sum(len(assertions(cell.source)) for cell in cells(notebook, "test"))
    return [] if count >= 10 else [f"{count} assertions, wanted at least 10 in the test cells"]


def untested_sections(notebook):
    """Sections of a chapter that have code and no test cell."""
    return [
        f"section {title!r} has code and no test cell"
        for title, inside in sections(notebook).items()
        if title not in ["", *BEFORE, "Summary", "Check yourself", "Next"]
        and any(cell.cell_type == "code" for cell in inside)
        and not any(kind(cell) == "test" for cell in inside)
    ]


def raised_exceptions(notebook):
    """Cells that may raise: errors are caught and printed instead."""
    return [
        f"{cell.id}: the tag raises-exception stops *Run all*; catch the error and print it"
        for cell in notebook.cells
        if "raises-exception" in tags(cell)
    ]


# Figures


def draws(source):
    """Say whether code draws a figure."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    names = {ast.unparse(call.func) for call in calls}
    return bool(names & {"plt.show", "plt.figure", "plt.subplots", "plt.subplot_mosaic"})


def figures(notebook):
    """Figures without a name, a caption, or a text for readers who cannot see them."""
    problems, names = [], []
    for cell in notebook.cells:
        if cell.cell_type != "code" or kind(cell) == "test" or not draws(cell.source):
            continue
        mystnb = cell.metadata.get("mystnb", {})
        figure, image = mystnb.get("figure", {}), mystnb.get("image", {})
        caption, alt = figure.get("caption", ""), image.get("alt", "")
        names.append(figure.get("name", ""))
        for wrong, problem in (
            (set(figure) != {"caption", "name"}, "mystnb.figure wants caption and name, no more"),
            (set(image) != {"alt"}, "mystnb.image wants alt, no more"),
            (len(caption) < 20 or not caption.endswith("."), "the caption is not a sentence"),
            (len(alt) < 60, f"alternative text of {len(alt)} letters: say what can be seen"),
            (alt == caption, "the alternative text repeats the caption"),
            (not re.fullmatch(r"fig-[a-z0-9-]+", names[-1]), f"name {names[-1]!r}, not fig-..."),
            ("plt.show()" not in cell.source, "does not end with plt.show()"),
        ):
            if wrong:
                problems.append(f"{cell.id}: {problem}")
    problems += [f"figure name {name!r} is used twice" for name in twice(names)]
    return problems


def figure_names(notebook):
    """Return the names of all figures."""
    found = (cell.metadata.get("mystnb", {}).get("figure", {}) for cell in notebook.cells)
    return [figure["name"] for figure in found if "name" in figure]


def twice(names):
    """Return what stands more than once in a list."""
    return sorted({name for name in names if names.count(name) > 1})


# Exercises and self-check


def exercises(notebook):
    """Three to five exercises, each asks to predict and has its folded solution below it."""
    inside = sections(notebook).get("Exercises", [])
    problems, numbers, solved = [], [], []
    for place, cell in enumerate(inside):
        if cell.cell_type == "markdown":
            parts = re.split(r"\*\*Exercise (\d+)\.\*\*", cell.source)
            here = [int(number) for number in parts[1::2]]
            numbers += here
            if len(here) > 1:
                problems.append(f"{cell.id}: two exercises in one cell")
            for number, text in zip(parts[1::2], parts[2::2], strict=True):
                if "predict" not in text.lower():
                    problems.append(f"exercise {number} does not ask to predict something")
                following = inside[place + 1] if place + 1 < len(inside) else None
                if following is None or solution_number(following) != int(number):
                    problems.append(f"exercise {number}: the next cell is not its solution")
        elif kind(cell) == "solution":
            solved.append(solution_number(cell))
    if numbers != list(range(1, len(numbers) + 1)) or not 3 <= len(numbers) <= 5:
        problems.append(f"exercises {numbers}, wanted 3 to 5, numbered from 1: **Exercise 1.**")
    if set(solved) != set(numbers):
        problems.append(f"solutions {solved} for exercises {numbers}")
    outside = [cell.id for cell in cells(notebook, "solution") if cell not in inside]
    return problems + [f"{name}: a solution outside the section Exercises" for name in outside]


def solution_number(cell):
    """Return the number of a solution cell, or None."""
    match = re.match(r"# @title Solution (\d+)\b", cell.source)
    return int(match[1]) if match and kind(cell) == "solution" else None


def self_check(notebook):
    """Three to five questions, each with options that say why they are right or wrong."""
    inside = sections(notebook).get("Check yourself", [])
    text = "\n\n".join(cell.source for cell in inside if cell.cell_type == "markdown")
    parts = re.split(r"^\*\*(\d+)\. .+\*\*\s*$", text, flags=re.MULTILINE)
    numbers = [int(number) for number in parts[1::2]]
    problems = []
    if numbers != list(range(1, len(numbers) + 1)) or not 3 <= len(numbers) <= 5:
        problems.append(f"questions {numbers}, wanted 3 to 5, numbered from 1: **1. ...?**")
    for number, question in zip(numbers, parts[2::2], strict=True):
        options = re.findall(r"<details>(.*?)</details>", question, flags=re.DOTALL)
        if len(options) < 2:
            problems.append(f"question {number}: fewer than two <details>")
        right = 0
        for option in options:
            match = re.fullmatch(
                r"\n<summary>(.+?)</summary>\n\n(Right|No)\. (\S.*)\n\n", option, flags=re.DOTALL
            )
            if match is None:
                problems.append(
                    f"question {number}: an option is not <summary>, an empty line, "
                    f"'Right.' or 'No.' with the reason, an empty line: {option.strip()[:60]!r}"
                )
            right += bool(match and match[2] == "Right")
        if right != 1:
            problems.append(f"question {number}: {right} options are right, wanted 1")
    return problems


# Text


def directives(notebook):
    """MyST syntax, which Colab, VS Code and GitHub show as it stands."""
    patterns = {
        r"^\s*(`{3,}|~{3,}|:{3,})\s*\{": "a directive",
        r"^\s*:{3,}": "a colon fence",
        r"\{[a-z][\w:-]*\}`": "a role",
        r"^\([\w-]+\)=\s*$": "a target",
    }
    return [
        f"{cell.id}: {what}, {match[0].strip()!r}: chapters are plain Markdown"
        for cell in cells(notebook, "markdown")
        for pattern, what in patterns.items()
        if (match := re.search(pattern, cell.source, flags=re.MULTILINE))
    ]


def language(text, where):
    """Words that the book does not use, exclamation marks and emoji."""
    plain = prose(text)
    problems = []
    for pattern, instead in FORBIDDEN.items():
        flags = 0 if "TODO" in pattern else re.IGNORECASE
        for match in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", plain, flags=flags):
            problems.append(
                f"{where}: {match[0]!r} in {around(plain, match)!r}; write {instead} "
                "(in quotation marks or as code it may stay)"
            )
    for match in re.finditer(r"\w!(?=[\s)*_]|$)", plain):
        problems.append(f"{where}: exclamation mark in {around(plain, match)!r}")
    for match in EMOJI.finditer(text):
        problems.append(f"{where}: emoji or symbol {match[0]!r}")
    return problems


def around(text, match):
    """Return a match with the words around it, on one line."""
    return " ".join(text[max(0, match.start() - 30) : match.end() + 30].split())


def notebook_language(notebook):
    """The language rules for prose, captions and alternative texts."""
    problems = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            problems += language(cell.source, cell.id)
            continue
        mystnb = cell.metadata.get("mystnb", {})
        problems += language(mystnb.get("figure", {}).get("caption", ""), f"{cell.id} (caption)")
        problems += language(mystnb.get("image", {}).get("alt", ""), f"{cell.id} (alt)")
        if re.search(r"\b(TODO|FIXME|XXX|TBD)\b", cell.source):
            problems.append(f"{cell.id}: unfinished: TODO, FIXME, XXX or TBD")
    return problems


def links(text):
    """Return the targets of all links and images in a Markdown text."""
    plain = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "_", "\n".join(outside_fences(text)))
    found = re.findall(r"\]\(\s*<?([^)\s>]+)", plain)
    return found + re.findall(r"^\[[^\]^]+\]:\s*<?(\S+?)>?\s*$", plain, flags=re.MULTILINE)


def broken_links(text, file, root, read_headings):
    """Links to files or headings that do not exist.

    Parameters
    ----------
    text : str
        Markdown.
    file : Path
        Where it stands: targets are relative to its folder.
    root : Path
        The repository; a target outside it is broken for everyone else.
    read_headings : callable
        Path of a document -> list of its heading texts.
    """
    problems = []
    for target in links(text):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, fragment = unquote(target).partition("#")
        path = (file.parent / name).resolve() if name else file.resolve()
        if not path.exists() or not path.is_relative_to(root):
            problems.append(f"{file.name}: link to {target!r}: no such file")
        elif fragment and fragment not in map(slug, read_headings(path)):
            problems.append(f"{file.name}: link to {target!r}: no such heading")
    return problems


def paths_in_code(text, root):
    """Paths given as code, such as `utils/plots.py`, that do not exist in the repository."""
    spans = re.findall(r"`([\w.-]+/[\w./-]*)`", "\n".join(outside_fences(text)))
    folders = {path.name for path in root.iterdir() if path.is_dir()} - {"_build", ".venv"}
    return [
        f"`{span}` does not exist"
        for span in spans
        if span.split("/")[0] in folders and not (root / span).exists()
    ]


FOR_NOTEBOOKS = [metadata, ids, stripped, hollow_tests, raised_exceptions, figures, directives]
FOR_NOTEBOOKS += [notebook_language]
FOR_CHAPTERS = [*FOR_NOTEBOOKS, skeleton, untested_sections, few_assertions, exercises, self_check]
