"""The result of `explain`: axes, what will run, problems with their fixes; printed in two ways."""

import html
import re
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

WIDTH = 80  # columns of the printed sentences; lines of code are left as they are
LABELS = ("Note", "Problem", "Silent problem", "Fix", "Layer by layer")

# What is set as code in HTML: a setting with =, or a word with brackets close behind it.
_ROUND = r"\((?:[^()]|\([^()]*\))*\)"  # brackets may hold brackets once more
_SETTING = rf'[\w.]+=(?:{_ROUND}|"[^"]*"|\w+)'
_CALL = rf"[\w.]*\w(?:(?:{_ROUND}|\[[^\[\]]*\])[.\w]*)+(?<!\.)"
_CODE = re.compile(f"{_SETTING}|{_CALL}")


class Axis(NamedTuple):
    """One axis of the data."""

    letter: str
    name: str
    size: int | None
    meaning: str


class Fix(NamedTuple):
    """Lines of code that were executed and tried: after them, the data passes through the model.

    They change the names `x`, `y` and `model`. Where `when` is given the fix is the answer to a
    question: it is right if that is true of the data.
    """

    code: str
    when: str = ""
    why: str = ""
    shape: tuple | None = None  # of x, after the code

    @property
    def introduction(self):
        """Return the words in front of the code."""
        why = f" {self.why}" if self.why else ""
        return f"Fix, if {self.when}:{why}" if self.when else f"Fix:{why}"

    @property
    def lines(self):
        """Return the lines of code, with the new shape of x behind the last that changes it."""
        lines = self.code.split("\n")
        for place in reversed(range(len(lines)) if self.shape else ()):
            if lines[place].startswith("x"):
                lines[place] += f"  # x: {self.shape}"
                break
        return "\n".join(lines)


class Problem(NamedTuple):
    """Something that does not fit, and what mends it.

    Where `silent` is True Keras raises no error: it runs, and what it computes is not what was
    meant. `fixes` were tried; `advice` stands where none was found.
    """

    what: str
    fixes: tuple = ()
    silent: bool = False
    advice: str = ""

    @property
    def fix(self):
        """Return the fixes, or else the advice, as one text."""
        texts = [f"{fix.introduction[3:].lstrip(':, ')} {fix.lines}" for fix in self.fixes]
        return "\n".join(text[0].upper() + text[1:] if " " in text else text for text in texts) or (
            self.advice or "No change of one or two lines was found that makes Keras run."
        )

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
    shape : tuple, or list or dict of tuples
        The shape of the data; None for an open size. Several for several inputs.
    axes : tuple of Axis
        What each axis is taken for: letter, name, size, meaning.
    runs : str
        What the loop does with the data.
    problems : tuple of Problem
        What does not fit, with its fixes.
    notes : tuple of str
        What is worth knowing and does no harm.
    output_shape : tuple or None
        What the layer or model returns; None if it is not known or if there are problems.
    layers : tuple of LayerOutput
        What each layer of a Sequential model or a list returns, as far as the data gets.
    tried : bool
        True if Keras was asked. Where it could not be, `notes` says why.
    """

    shape: tuple
    axes: tuple
    runs: str
    problems: tuple = ()
    notes: tuple = ()
    output_shape: tuple | None = None
    layers: tuple = ()
    tried: bool = False

    @property
    def ok(self):
        """True if Keras was asked, took the data, and nothing else was found that does not fit."""
        return self.tried and not self.problems

    @property
    def raises(self):
        """True if Keras stops with an error; False if it runs, be it with silent problems."""
        return any(not problem.silent for problem in self.problems)

    def __str__(self):
        """Return a small table, the sentences, and the fixes as lines to copy."""
        rows = [("axis", "letter", "name", "size", "meaning")]
        rows += [
            (str(place), axis.letter, axis.name, str(axis.size), axis.meaning)
            for place, axis in enumerate(self.axes)
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = _wrap(f"shape {self.shape}") if self.shape or self.tried else []
        for axis, letter, name, size, meaning in rows if self.axes else ():
            cells = [axis.ljust(widths[0]), letter.ljust(widths[1]), name.ljust(widths[2])]
            lines.append("  ".join([*cells, size.rjust(widths[3]), meaning]).rstrip())
        for sentence, code in self._sentences():
            lines += _wrap(sentence)
            lines += [f"    {line}" for line in code.splitlines()]
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
        items = ""
        for sentence, code in self._sentences():
            block = f"<pre><code>{_escape(code)}</code></pre>" if code else ""
            items += f"<li>{_with_label(sentence)}{block}</li>"
        return (
            f'<div class="shape-explanation"><table><caption>shape {_escape(self.shape)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List everything that is said below the table, each with its lines of code."""
        sentences = [(self.runs, "")] if self.runs else []
        if len(self.layers) > 1:
            steps = "; ".join(f"{name} {shape}" for name, shape in self.layers)
            sentences.append((f"Layer by layer: {steps}.", ""))
        if self.output_shape is not None:
            sentences.append((f"What comes out has shape {self.output_shape}.", ""))
        sentences += [(f"Note: {note}", "") for note in self.notes]
        for problem in self.problems:
            label = "Silent problem" if problem.silent else "Problem"
            sentences.append((f"{label}: {problem.what}", ""))
            sentences += [(fix.introduction, fix.lines) for fix in problem.fixes]
            if not problem.fixes:
                sentences.append((f"Fix: {problem.fix}", ""))
        return sentences


def counted(number, noun):
    """Return a number with its noun, in the plural unless the number is 1.

    Parameters
    ----------
    number : int or None
        How many; None is said as *any number of*.
    noun : str
        In the singular; the plural gets an s.

    Returns
    -------
    str
        For example "1 row" or "3 rows".

    Examples
    --------
    >>> counted(1, "time step"), counted(3, "time step")
    ('1 time step', '3 time steps')
    """
    if number is None:
        return f"any number of {noun}s"
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
