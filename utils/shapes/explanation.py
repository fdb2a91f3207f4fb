"""The result of `explain`: axes, what will run, problems with their fixes; printed in two ways."""

import html
import re
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

# What is set as code in HTML: a setting with =, or a word with brackets close behind it.
_ROUND = r"\((?:[^()]|\([^()]*\))*\)"  # brackets may hold brackets once more
_CODE = re.compile(
    rf'[\w.]+=(?:{_ROUND}|"[^"]*"|\w+)|[\w.]*\w(?:(?:{_ROUND}|\[[^\[\]]*\])[.\w]*)+(?<!\.)'
)


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
    def words(self):
        """Return what is said in front of the code."""
        return f"Fix, if {self.when}: {self.why}".rstrip() if self.when else f"Fix: {self.why}"

    @property
    def lines(self):
        """Return the lines of code, with the new shape of x behind the last that changes it."""
        if self.shape is None:
            return self.code
        return re.sub(r"(?s)(.*^x[^\n]*)", rf"\1  # x: {self.shape}", self.code, flags=re.M)


class Problem(NamedTuple):
    """Something that does not fit, and what mends it.

    Where `silent` is True Keras raises no error: it runs, and what it computes is not what was
    meant. `fixes` were tried; `advice` stands where none was found.
    """

    what: str
    advice: str = ""
    silent: bool = False
    fixes: tuple = ()

    @property
    def fix(self):
        """Return the fixes, or else the advice, as one text."""
        texts = [f"{fix.words[3:].lstrip(':, ')}\n{fix.lines}".strip() for fix in self.fixes]
        none = "No change of one or two lines was found that makes Keras run."
        return "\n".join(texts) or self.advice or none

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
        rows = [("axis", "letter", "name", "size", "meaning")] if self.axes else []
        rows += [(str(place), *map(str, axis)) for place, axis in enumerate(self.axes)]
        widths = [max(len(row[column]) for row in rows) for column in range(4) if rows]
        lines = _wrap(f"shape {self.shape}") if self.shape or self.tried else []
        for row in rows:
            *cells, size = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
            lines.append("  ".join([*cells, size.strip().rjust(widths[3]), row[4]]).rstrip())
        for sentence, code in self._sentences():
            lines += [*_wrap(sentence), *(f"    {line}" for line in code.splitlines())]
        return "\n".join(lines)

    def _repr_html_(self):
        """Return the same as a table with a caption and header cells, and a list."""
        head = "".join(f'<th scope="col">{h}</th>' for h in ("axis", "name", "size", "meaning"))
        body = items = ""
        for place, axis in enumerate(self.axes):
            css = f' class="axis-{axis.name.split()[0]}"' if axis.letter in "NTF" else ""
            name = f"{axis.name} ({axis.letter})" if css else axis.name
            cells = "".join(f"<td>{_escape(cell)}</td>" for cell in (name, *axis[2:]))
            body += f'<tr{css}><th scope="row">{place}</th>{cells}</tr>'
        for sentence, code in self._sentences():
            block = f"<pre><code>{_escape(code)}</code></pre>" if code else ""
            items += f"<li>{_with_code(sentence)}{block}</li>"
        return (
            f'<div class="shape-explanation"><table><caption>shape {_escape(self.shape)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List everything that is said below the table, each with its lines of code."""
        sentences = [self.runs] if self.runs else []
        if len(self.layers) > 1:
            steps = "; ".join(f"{name} {shape}" for name, shape in self.layers)
            sentences.append(f"Layer by layer: {steps}.")
        if self.output_shape is not None:
            sentences.append(f"What comes out has shape {self.output_shape}.")
        pairs = [(one, "") for one in [*sentences, *(f"Note: {note}" for note in self.notes)]]
        for problem in self.problems:
            pairs.append((f"{'Silent p' if problem.silent else 'P'}roblem: {problem.what}", ""))
            fixes = [(fix.words, fix.lines) for fix in problem.fixes]
            pairs += fixes or [(f"Fix: {problem.fix}", "")]
        return pairs


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
    """Break a sentence into lines of 80, but no shape or call; the following are indented."""
    whole = r"\((?:[^()]|\([^()]*\)){1,50}\)|\[[^\[\]]{1,50}\]"
    kept = re.sub(whole, lambda match: match[0].replace(" ", "\0"), sentence)
    lines = textwrap.wrap(kept, 80, subsequent_indent="  ", break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _with_code(sentence):
    """Return a sentence as HTML: its label in bold, its pieces of code set as code."""
    label, colon, rest = sentence.partition(": ")
    bold = bool(re.match("Note|Problem|Silent|Fix|Layer", label)) and colon
    text, start = rest if bold else sentence, 0
    pieces = [f"<strong>{_escape(label)}:</strong> "] if bold else []
    for match in _CODE.finditer(text):
        pieces += [_escape(text[start : match.start()]), f"<code>{_escape(match[0])}</code>"]
        start = match.end()
    return "".join([*pieces, _escape(text[start:])])


def _escape(value):
    return html.escape(str(value))
