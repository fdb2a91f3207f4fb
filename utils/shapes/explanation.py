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

    def __str__(self):
        """Return the lines of code, with the new shape of x behind the last that changes it."""
        if self.shape is None:
            return self.code
        return re.sub(r"(?s)(.*^x[^\n]*)", rf"\1  # x: {self.shape}", self.code, flags=re.M)


class Problem(NamedTuple):
    """Something that does not fit, and what mends it.

    Where `silent` is True Keras raises no error: it runs, and what it computes is not what was
    meant. `fixes` were tried; `advice` is for where none was found. `key` names the kind of fault,
    and `facts` are what its sentences were made of.
    """

    what: str
    advice: str = ""
    silent: bool = False
    fixes: tuple = ()
    key: str = ""
    facts: dict = {}  # noqa: RUF012

    @property
    def fix(self):
        """Return the fixes, or else the advice, as one text."""
        texts = (f"{fix.when and f'if {fix.when}:'} {fix.why}\n{fix}" for fix in self.fixes)
        return "\n".join(re.sub(" *\n", "\n", text).strip() for text in texts) or self.advice

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
            lines += textwrap.indent(code, "    ").splitlines()
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
        for texts in self._sentences():
            label, sentence, code = map(html.escape, texts)
            bold = f"<strong>{label}</strong> " if label else ""
            items += f"<li>{bold}{sentence}{code and f'<pre><code>{code}</code></pre>'}</li>"
        return (
            f'<div class="shape-explanation"><table><caption>shape {html.escape(str(self.shape))}'
            f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<ul>{items}</ul></div>"
        )

    def _sentences(self):
        """List what is said below the table: a label, a sentence, lines of code."""
        steps = "; ".join(f"{name} {shape}" for name, shape in self.layers)
        out = f"The output has shape {self.output_shape}." if self.output_shape is not None else ""
        lines = [
            ("", self.runs),
            ("Layer by layer:", steps and len(self.layers) > 1 and f"{steps}."),
        ]
        lines += [("", out), *(("Note:", note) for note in self.notes)]
        found = [(label, text, "") for label, text in lines if text]
        for problem in self.problems:
            found.append(("Silent problem:" if problem.silent else "Problem:", problem.what, ""))
            labels = (f"Fix, if {fix.when}:" if fix.when else "Fix:" for fix in problem.fixes)
            fixes = zip(labels, problem.fixes, strict=True)
            found += [(label, fix.why, str(fix)) for label, fix in fixes]
            found += [] if problem.fixes else [("Fix:", problem.advice, "")]
        return found


def problem(key, **facts):
    """Make a problem of the words under a key, filled with facts."""
    words = WORDS[key]
    what, advice = (words.get(part, "").format(**facts) for part in ("what", "advice"))
    silent = words.get("silent", False)
    return Problem(what, advice or WORDS["none"]["advice"], silent, (), key, facts)


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
