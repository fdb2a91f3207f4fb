"""How long a chapter takes to read: computed from its words and its open lines of code.

`python -m tools.reading` writes the minutes into every chapter and into the teaching page, and
prints how much of each chapter is code. Two hundred words a minute is the usual figure for careful
reading of prose; code is read about three times as slowly, at twenty lines a minute. Counted is
what is read: up to and including the summary. Exercises and self-checks are work.
"""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parents[1]
WORDS_A_MINUTE, LINES_A_MINUTE = 200, 20
FOLDED = {"hide-input", "hide-cell", "remove-cell", "remove-input"}
LINE = 90  # characters: how prose is counted when it is compared with code
STATED = re.compile(r"(\*\*To read:\*\* )\d+( minutes)")


class Size(NamedTuple):
    """What a chapter holds."""

    minutes: int  # to read it, up to and including the summary
    code_share: float  # open lines of code among all its lines, of the whole chapter
    longest: tuple[str, int]  # the open cell with the most lines, and how many


def size_of(path):
    """Return the Size of a chapter."""
    words = lines_read = lines = prose = 0
    longest = ("", 0)
    reading = True
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            reading &= not re.search(r"^## Exercises", cell.source, re.M)
            text = visible(cell.source)
            words += len(text.split()) * reading
            prose += sum(len(textwrap.wrap(line, LINE)) for line in text.splitlines())
        elif cell.cell_type == "code" and not FOLDED & set(cell.metadata.get("tags", [])):
            here = sum(bool(line.strip()) for line in cell.source.splitlines())
            lines += here
            lines_read += here * reading
            longest = max(longest, (cell.id, here), key=lambda known: known[1])
    minutes = -(-(words * LINES_A_MINUTE + lines_read * WORDS_A_MINUTE) // 4000)
    return Size(minutes, lines / (lines + prose), longest)


def visible(markdown):
    """Return Markdown without what nobody reads: tags, and the targets of links."""
    return re.sub(r"<[^>]+>|(?<=\])\([^)\s]*\)", "", markdown)


def main():
    """Write the minutes, and print the sizes."""
    minutes = {}
    for path in sorted(ROOT.glob("chapters/*.ipynb")):
        size = size_of(path)
        minutes[path.name] = size.minutes
        text = path.read_text(encoding="utf-8")
        path.write_text(STATED.sub(rf"\g<1>{size.minutes}\g<2>", text), encoding="utf-8")
        cell, lines = size.longest
        print(f"{path.stem}: {size.minutes} min, {size.code_share:.0%} code, {cell}: {lines} lines")
    page = ROOT / "reference" / "teaching.md"
    text = page.read_text(encoding="utf-8")
    for name, value in minutes.items():
        row = re.compile(rf"(\| \[[^\n|]*\]\(\.\./chapters/{re.escape(name)}\) \| )\d+( \|)")
        text = row.sub(rf"\g<1>{value}\g<2>", text)
    total = f"That makes {sum(minutes.values())} minutes of reading."
    page.write_text(re.sub(r"That makes \d+ minutes of reading\.", total, text), encoding="utf-8")


if __name__ == "__main__":
    main()
