"""The result of `explain`: axes, what will run, problems with their fixes; printed in two ways."""

import html
import re
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 80  # columns of the printed explanation
LABELS = ("Note", "Problem", "Silent problem", "Fix", "Layer by layer")

# What is set as code in HTML: a setting with =, or a word with brackets close behind it.
_ROUND = r"\((?:[^()]|\([^()]*\))*\)"  # brackets may hold brackets once more
_SQUARE = r"\[[^\[\]]*\]"
_SETTING = rf'[\w.]+=(?:{_ROUND}|"[^"]*"|\w+)'
_CALL = rf"[\w.]*\w(?:(?:{_ROUND}|{_SQUARE})[.\w]*)+(?<!\.)"
_CODE = re.compile(f"{_SETTING}|{_CALL}")


class Axis(NamedTuple):
    """One axis of the data."""

    letter: str
    name: str
    size: int | None
    meaning: str


class Problem(NamedTuple):
    """Something that does not fit, and the likely fix.

    Where `silent` is True Keras raises no error: it runs, and what it computes is not what was
    meant.
    """

    what: str
    fix: str
    silent: bool = False

    def __str__(self):
        """Return what is wrong and the fix, as one text."""
        return f"{self.what} {self.fix}"


class LayerOutput(NamedTuple):
    """A layer and the shape that it returns for the data."""

    name: str
    shape: tuple


@dataclass(frozen=True)
class Explanation:
    """What `explain` found. Print it, or show it as the last value of a cell.

    Attributes
    ----------
    shape : tuple
        The shape of the data; None for an open size.
    axes : tuple of Axis
        What each axis is taken for: letter, name, size, meaning.
    runs : str
        What the loop does with the data.
    problems : tuple of Problem
        What does not fit, with its fix.
    notes : tuple of str
        What is worth knowing and does no harm.
    output_shape : tuple or None
        What the layer or model returns; None if it is not known or if there are problems.
    layers : tuple of LayerOutput
        What each layer of a Sequential model or a list returns, as far as the data gets.
    """

    shape: tuple
    axes: tuple
    runs: str
    problems: tuple = ()
    notes: tuple = ()
    output_shape: tuple | None = None
    layers: tuple = ()

    @property
    def ok(self):
        """True if nothing was found that does not fit."""
        return not self.problems

    @property
    def raises(self):
        """True if Keras stops with an error; False if it runs, be it with silent problems."""
        return any(not problem.silent for problem in self.problems)

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
        items = "".join(f"<li>{_with_label(sentence)}</li>" for sentence in self._sentences())
        return (
            f'<div class="shape-explanation"><table><caption>shape {_escape(self.shape)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List everything that is said below the table."""
        sentences = [self.runs]
        if len(self.layers) > 1:
            steps = "; ".join(f"{name} {shape}" for name, shape in self.layers)
            sentences.append(f"Layer by layer: {steps}.")
        if self.output_shape is not None:
            sentences.append(f"What comes out has shape {self.output_shape}.")
        sentences += [f"Note: {note}" for note in self.notes]
        for problem in self.problems:
            label = "Silent problem" if problem.silent else "Problem"
            sentences += [f"{label}: {problem.what}", f"Fix: {problem.fix}"]
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
    whole = r"\((?:[^()]|\([^()]*\)){1,50}\)|\[[^\[\]]{1,50}\]"
    kept = re.sub(whole, lambda match: match[0].replace(" ", "\0"), sentence)
    lines = textwrap.wrap(kept, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _with_label(sentence):
    """Return a sentence as HTML, with the word before its colon in bold if it is a label."""
    label, colon, rest = sentence.partition(": ")
    if colon and label in LABELS:
        return f"<strong>{label}:</strong> {_with_code(rest)}"
    return _with_code(sentence)


def _with_code(sentence):
    """Return a sentence as HTML, with its pieces of code set as code."""
    pieces, end = [], 0
    for match in _CODE.finditer(sentence):
        pieces += [_escape(sentence[end : match.start()]), f"<code>{_escape(match[0])}</code>"]
        end = match.end()
    return "".join([*pieces, _escape(sentence[end:])])


def _escape(value):
    """Make a value safe to put into HTML."""
    return html.escape(str(value))
