"""Start a chapter: `make chapter CHAPTER=14_my_subject`.

Writes a notebook that keeps every rule of the book and runs. What is left to write says TODO; the
tests find each of these places, and the chapter is not accepted before the last one is gone.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).parents[1]
CHAPTERS = ROOT / "chapters"
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
SECTION = """\
# What {name} shows; TODO: the code of the claim
{name} = np.arange(6).reshape(2, 3)
print({name}.shape)"""
FIGURE = """\
# @title Figure: TODO: what is drawn
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7.2, 3))
ax.plot(third[0], marker="o")
ax.set(xlabel="TODO", ylabel="TODO")
ax.set_title("TODO: the finding")
plt.show()"""


def main():
    """Write the chapter that the command line names; say what is left to do."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d\d(_[a-z0-9]+)+", sys.argv[1]):
        sys.exit("Name the chapter by its number and subject: make chapter CHAPTER=14_my_subject")
    path = write_chapter(sys.argv[1], CHAPTERS)
    places = sum(cell.source.count("TODO") for cell in nbformat.read(path, as_version=4).cells)
    print(f"{path.relative_to(ROOT)}: {places} places to write, marked TODO.")
    print("CONTRIBUTING.md, 'How to add a chapter', has the steps.")


def write_chapter(name, folder):
    """Write the notebook of a new chapter.

    Parameters
    ----------
    name : str
        Number and subject, such as "14_my_subject".
    folder : Path
        Where to write it.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    SystemExit
        If there is a chapter of this name or number.
    """
    taken = sorted(folder.glob(f"{name[:2]}_*.ipynb"))
    if taken:
        sys.exit(f"{taken[0].name} is there already: choose another number.")
    first = nbformat.read(min(CHAPTERS.glob("*.ipynb")), as_version=4)
    (set_up,) = [cell for cell in first.cells if "set-up" in cell.metadata.get("tags", [])]
    title = name[3:].replace("_", " ").capitalize()
    notebook = new_notebook(cells=cells(title, set_up), metadata=first.metadata)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def cells(title, set_up):
    """Return the cells of a chapter, in the order of the skeleton."""
    return [
        text("title", f"# {title}", "TODO: two or three sentences that give the answer away."),
        text("goals", "## What you will be able to do", "- TODO: compute, tell, choose, predict."),
        text(
            "before",
            "## Before you start",
            "- **You need:** TODO: link the chapters that this one builds on.\n"
            "- **To read:** TODO minutes. **To run:** less than a minute.",
        ),
        set_up,
        *section("first", "import numpy as np\n\n"),
        *section("second"),
        *section("third"),
        figure(),
        text("summary", "## Summary", "- TODO: what to keep, one sentence for each section."),
        *exercises(),
        text("check", "## Check yourself", CHECK_INTRODUCTION, *map(question, (1, 2, 3))),
        text("next", "## Next", "TODO: link what to read next, and say why."),
    ]


CHECK_INTRODUCTION = "Choose an answer. It opens and says whether it is right, and why."


def text(name, *paragraphs):
    """Return a cell of prose."""
    return new_markdown_cell("\n\n".join(paragraphs), id=name)


def test(name, about, source):
    """Return a hidden test."""
    metadata = FOLDED | {"tags": ["remove-cell", "test"]}
    source = f"# @title Checks: {about}\n{source}"
    return new_code_cell(source, id=f"test-{name}", metadata=metadata)


def section(name, imports=""):
    """Return the cells of one claim: the claim, the code, what to notice, the hidden test."""
    return [
        text(f"{name}-text", f"## TODO: the {name} section", "TODO: the claim."),
        new_code_cell(imports + SECTION.format(name=name), id=name),
        text(f"{name}-notice", "Notice TODO: what to see there."),
        test(name, "TODO: the claims", f"assert {name}.shape == (2, 3)"),
    ]


def figure():
    """Return a folded cell that draws a figure, with its caption and alternative text."""
    mystnb = {
        "figure": {
            "caption": "TODO: what the figure shows, as a sentence.",
            "name": "fig-new-chapter",
        },
        "image": {
            "alt": "TODO: all that can be seen in the figure, for a reader who cannot see it: "
            "axes, lines, and the finding.",
        },
    }
    metadata = FOLDED | {"tags": ["hide-input"], "mystnb": mystnb}
    return new_code_cell(FIGURE, id="figure-third", metadata=metadata)


def exercises():
    """Return three exercises, each with its folded solution, and their hidden test."""
    found = []
    for number in (1, 2, 3):
        task = f"**Exercise {number}.** TODO: the task. Predict the result."
        if number == 1:
            found.append(text("exercises", "## Exercises", EXERCISES_INTRODUCTION, task))
        else:
            found.append(text(f"exercise-{number}", task))
        metadata = {
            "cellView": "form",
            "jupyter": {"outputs_hidden": True, "source_hidden": True},
            "mystnb": {
                "code_prompt_hide": f"Hide solution {number}",
                "code_prompt_show": f"Show solution {number}",
            },
            "tags": ["hide-cell", "solution"],
        }
        source = f"# @title Solution {number}\nanswer_{number} = third.T  # TODO"
        found.append(
            new_code_cell(
                f"{source}\nprint(answer_{number}.shape)",
                id=f"solution-{number}",
                metadata=metadata,
            )
        )
    checks = "\n".join(f"assert answer_{number}.shape == (3, 2)" for number in (1, 2, 3))
    return [*found, test("exercises", "TODO: the solutions", checks)]


EXERCISES_INTRODUCTION = (
    "Predict each result first; running the whole notebook shows it. Then open the solution, or "
    "write your own cell."
)


def question(number):
    """Return one question of the self-check."""
    return "\n\n".join(
        [
            f"**{number}. TODO: the question?**",
            option("TODO: a tempting mistake", "No. TODO: why not."),
            option("TODO: the answer", "Right. TODO: why."),
        ]
    )


def option(answer, verdict):
    """Return an answer that opens."""
    return f"<details>\n<summary>{answer}</summary>\n\n{verdict}\n\n</details>"


if __name__ == "__main__":
    main()
