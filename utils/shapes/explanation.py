"""The result of `explain`: axes, what will run, problems with their fixes; printed in two ways."""

import html
import re
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 80  # columns of the printed explanation


class Axis(NamedTuple):
    """One axis of the data."""

    letter: str
    name: str
    size: int | None
    meaning: str


class Problem(NamedTuple):
    """Something that does not fit, and the likely fix."""

    what: str
    fix: str


LSTM_AXES = (
    ("N", "samples", "sequences; each has a state of its own"),
    ("T", "time steps", "runs of the loop, in this order"),
    ("F", "features", "numbers read at each time step"),
)


@dataclass(frozen=True)
class Explanation:
    """What `explain` found. Print it, or show it as the last value of a cell."""

    shape: tuple
    axes: tuple
    runs: str
    problems: tuple = ()
    notes: tuple = ()
    output_shape: tuple | None = None

    @property
    def ok(self):
        """True if nothing was found that does not fit."""
        return not self.problems

    def __str__(self):
        """Return a small table and the sentences, 80 columns wide."""
        rows = [("axis", "letter", "name", "size", "meaning")]
        rows += [
            (str(place), axis.letter, axis.name, str(axis.size), axis.meaning)
            for place, axis in enumerate(self.axes)
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = _wrap(f"shape {self.shape}")
        for axis, letter, name, size, meaning in rows:
            cells = [axis.ljust(widths[0]), letter.ljust(widths[1]), name.ljust(widths[2])]
            lines.append("  ".join([*cells, size.rjust(widths[3]), meaning]).rstrip())
        for sentence in self._sentences():
            lines += _wrap(sentence)
        return "\n".join(lines)

    def _repr_html_(self):
        """Return the same as a table with a caption and header cells, and a list."""
        head = "".join(f'<th scope="col">{h}</th>' for h in ("axis", "name", "size", "meaning"))
        body = ""
        for place, axis in enumerate(self.axes):
            css = f' class="axis-{axis.name.split()[0]}"' if axis.letter in "NTF" else ""
            name = f"{axis.name} ({axis.letter})" if css else axis.name
            cells = "".join(f"<td>{_escape(cell)}</td>" for cell in (name, axis.size, axis.meaning))
            body += f'<tr{css}><th scope="row">{place}</th>{cells}</tr>'
        items = "".join(f"<li>{_escape(sentence)}</li>" for sentence in self._sentences())
        return (
            f'<div class="shape-explanation"><table><caption>shape {_escape(self.shape)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List everything that is said below the table."""
        sentences = [self.runs]
        if self.output_shape is not None:
            sentences.append(f"The recurrent layer returns shape {self.output_shape}.")
        sentences += [f"Note: {note}" for note in self.notes]
        for problem in self.problems:
            sentences += [f"Problem: {problem.what}", f"Fix: {problem.fix}"]
        return sentences


def counted(number, noun):
    """Write a number with its noun in the right form.

    Parameters
    ----------
    number : int or None
        How many.
    noun : str
        Its singular; the plural adds "s".

    Returns
    -------
    str
        For example "1 row" or "3 rows".

    Examples
    --------
    >>> counted(1, "time step"), counted(3, "time step")
    ('1 time step', '3 time steps')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _wrap(sentence):
    """Break a sentence into lines; the following lines are indented."""
    # A shape or a call that is broken over two lines is hard to read and to copy.
    kept = re.sub(r"\((?:[^()]|\([^()]*\)){1,50}\)", lambda m: m[0].replace(" ", "\0"), sentence)
    lines = textwrap.wrap(kept, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _escape(value):
    """Make a value safe to put into HTML."""
    return html.escape(str(value))
