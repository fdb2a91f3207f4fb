"""The result of `explain`: axes, what will run, problems with their fixes; printed in two ways."""

import html
import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


class Axis(NamedTuple):
    """One axis of the data."""

    letter: str
    name: str
    size: int | None
    meaning: str


class LayerOutput(NamedTuple):
    """A layer and the shape that it returns for the data."""

    name: str
    shape: tuple


class Fix(NamedTuple):
    """Lines of code that change the names `x`, `y` and `model`.

    The fixes of a Problem were executed, and Keras took what came of it. Where `when` is given, the
    fix answers a question: it is right if that is true of the data. `shape` is that of x after it.
    """

    code: str
    when: str = ""
    why: str = ""
    cost: int = 1
    shape: tuple | None = None

    @property
    def label(self):
        """Return what is said in front: the question, if there is one."""
        return f"Fix, if {self.when}:" if self.when else "Fix:"

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
        none = "No change of one or two lines was found that makes Keras run."
        texts = [f"{fix.label[3:].lstrip(':, ')} {fix.why}".strip() for fix in self.fixes]
        texts = [f"{text}\n{fix.lines}" for text, fix in zip(texts, self.fixes, strict=True)]
        return "\n".join(map(str.strip, texts)) or self.advice or none

    def __str__(self):
        """Return what is wrong and the fix, as one text."""
        return f"{self.what} {self.fix}"


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
        a, b, c, d = [max(map(len, column)) for column in zip(*rows, strict=True)][:4] or [0] * 4
        lines = _wrap(f"shape {self.shape}") if self.shape or self.tried else []
        for place, letter, name, size, meaning in rows:
            lines.append(f"{place:<{a}}  {letter:<{b}}  {name:<{c}}  {size:>{d}}  {meaning}")
        for label, sentence, code in self._sentences():
            lines += _wrap(f"{label} {sentence}".strip())
            lines += [f"    {line}" for line in code.splitlines()]
        return "\n".join(lines)

    def _repr_html_(self):
        """Return the same as a table with a caption and header cells, and a list."""
        head = "".join(f'<th scope="col">{h}</th>' for h in ("axis", "name", "size", "meaning"))
        body = items = ""
        for place, (letter, name, *rest) in enumerate(self.axes):
            css = f' class="axis-{name.split()[0]}"' if letter in "NTF" else ""
            cells = (f"{name} ({letter})" if css else name, *rest)
            cells = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            body += f'<tr{css}><th scope="row">{place}</th>{cells}</tr>'
        for label, *texts in self._sentences():
            label, sentence, code = map(html.escape, (label, *texts))
            bold = f"<strong>{label}</strong> " if label else ""
            items += f"<li>{bold}{sentence}{code and f'<pre><code>{code}</code></pre>'}</li>"
        return (
            f'<div class="shape-explanation"><table><caption>shape {html.escape(str(self.shape))}'
            f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List what is said below the table: a label, a sentence, lines of code."""
        sentences = [("", self.runs, "")] if self.runs else []
        if len(self.layers) > 1:
            steps = "; ".join(f"{name} {shape}" for name, shape in self.layers)
            sentences.append(("Layer by layer:", f"{steps}.", ""))
        if self.output_shape is not None:
            sentences.append(("", f"What comes out has shape {self.output_shape}.", ""))
        sentences += [("Note:", note, "") for note in self.notes]
        for problem in self.problems:
            sentences.append(
                ("Silent problem:" if problem.silent else "Problem:", problem.what, "")
            )
            fixes = [(fix.label, fix.why, fix.lines) for fix in problem.fixes]
            sentences += fixes or [("Fix:", problem.fix, "")]
        return sentences


def problem(key, *fixes, **facts):
    """Make a problem of the words under a key, filled with facts; its fixes are untried."""
    words, lines = WORDS[key], []
    for row in words.get("fixes", ()):
        lines.append(
            Fix(*(part.format(**facts) if isinstance(part, str) else part for part in row))
        )
    what, advice = (words.get(name, "").format(**facts) for name in ("what", "advice"))
    return Problem(what, advice, words.get("silent", False), (*lines, *fixes))


def counted(number, noun):
    """Write a number with its noun, which takes an "s" for any number but 1.

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
