"""What stands open in a chapter is what a reader would write, and its minutes are computed."""

import re

import nbformat

from tools.reading import FOLDED, size_of

PRIVATE = re.compile(r"keras\.src|\b\w+\._(?!_)[a-z]\w*|np\.array\(\w*layer\(")


def open_cells(path):
    """Return the code cells of a notebook that a reader sees unfolded."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        cell
        for cell in cells
        if cell.cell_type == "code" and not FOLDED & set(cell.metadata.get("tags", []))
    ]


def test_open_cells_are_short(notebook):
    cell, lines = size_of(notebook).longest
    assert lines <= 25, f"{notebook.name}, cell {cell}: {lines} open lines, 25 at most"


def test_open_cells_use_public_names(notebook):
    found = [(c.id, found) for c in open_cells(notebook) for found in PRIVATE.findall(c.source)]
    assert found == [], f"{notebook.name}: names that readers should not copy"


def test_a_chapter_is_read_in_the_minutes_that_it_states(chapter):
    size = size_of(chapter)
    stated = f"**To read:** {size.minutes} minutes"
    text = chapter.read_text(encoding="utf-8")
    assert stated in text, f"{chapter.name}: {stated}; `python -m tools.reading` writes it"
    assert size.minutes <= 25, f"{chapter.name}: {size.minutes} minutes are too many; cut or split"


def test_a_chapter_is_more_text_than_code(chapter):
    share = size_of(chapter).code_share
    assert share <= 0.45, f"{chapter.name}: {share:.0%} of its lines are open code, 45 % at most"
