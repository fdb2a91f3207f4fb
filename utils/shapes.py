"""Say what the axes of an array mean to a Keras LSTM, and what to do where they do not fit.

Only NumPy is needed. Keras objects are read through their attributes (``input_shape``, ``units``
and so on), so that a page that explains shapes does not have to load TensorFlow.
"""

import html
import operator
import re
import textwrap
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

WIDTH = 80  # columns of the printed explanation
ISSUE = "keras issue 21183"


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


def as_samples(x, name="x"):
    """Return x as float32 samples, or say why an LSTM cannot read it.

    Parameters
    ----------
    x : array_like of numbers
        Shape (N, T, F), no axis of size 0, all values finite.
    name : str
        What to call `x` in an error message.

    Returns
    -------
    np.ndarray
        float32 copy of shape (N, T, F).

    Raises
    ------
    TypeError
        If `x` is no array, list or table at all (None, a string, a dict, a symbolic tensor).
    ValueError
        If its rows are of unequal length, it is not numeric, has not 3 axes, an empty axis, or
        values that are NaN or infinite in float32.

    Examples
    --------
    >>> as_samples([[[0.0], [0.1], [0.2]]]).shape
    (1, 3, 1)
    """
    reading = _read(x, name)
    if reading.problems:
        error = TypeError if reading.wrong_kind else ValueError
        raise error(" ".join(reading.problems[0]))
    return reading.array


def explain(x, layer=None):
    """Explain what each axis of x is to an LSTM, and what does not fit.

    Parameters
    ----------
    x : array_like, or tuple of int and None
        The data. A tuple of integers (None for an open size) is read as a shape.
    layer : None, Keras layer, Keras model, keras.Input, or tuple
        What is to read `x`. A tuple is the expected input shape, (T, F) or (B, T, F).

    Returns
    -------
    Explanation
        Bad data raises nothing; it is listed in ``problems``. ``output_shape`` is what the first
        recurrent layer returns; None if it is not known or if there are problems.

    Examples
    --------
    >>> explain((25, 3, 1)).runs
    'The loop runs 3 times; each time it reads a vector of length 1.'
    >>> explain((25, 3)).ok
    False
    """
    reading = _read_shape(x, "x") if _is_shape(x) else _read(x, "x")
    shape, problems, notes = reading.shape, list(reading.problems), []
    reader = _reader(layer, problems, notes)
    makes_features = len(reader.expected or ()) == 2
    if makes_features:
        # An Embedding reads (samples, time steps) and makes the third axis itself.
        wanted_by_lstm = _axes_problem(shape, "x") if len(shape) != 3 else None
        problems = [problem for problem in problems if problem != wanted_by_lstm]
        problems += _compare_two_axes(shape, reader.expected)
    elif len(shape) == 3 and reader.expected:
        problems += _compare(shape, reader, notes)
    elif reader.is_model and reader.expected:
        _note_silent_rank(shape, reader.expected, notes)
    batch_size = reader.expected[0] if reader.expected else None
    if reader.stateful is not False and batch_size and shape and (shape[0] or 0) % batch_size:
        problems.append(_remainder_problem(shape[0], batch_size, reader.stateful))
    output_shape = None
    if len(shape) == 3 and not makes_features:
        _note_one_step(shape, reader, notes)
    if reader.units and not problems:
        steps = shape[1:2] if reader.return_sequences else ()
        output_shape = (shape[0], *steps, reader.units)
    axes = _axes(shape, makes_features)
    runs = _runs(shape, makes_features)
    return Explanation(shape, axes, runs, tuple(problems), tuple(notes), output_shape)


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


# Reading the data ---------------------------------------------------------------------------


class _Reading(NamedTuple):
    """The data as an array, its shape, and what is wrong with it."""

    shape: tuple
    problems: list
    array: np.ndarray | None = None
    wrong_kind: bool = False


def _read(x, name):
    """Read data of any kind; collect problems instead of raising."""
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and symbolic tensors refuse, each in its own way
        return _read_refused(x, name, error)
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        if _attribute(x, "shape") is not None:
            return _read_refused(x, name, None)
        return _wrong_kind(x, name)
    shape = array.shape
    if array.dtype.kind not in "biuf":
        return _Reading(shape, [_dtype_problem(array, name), *_shape_problems(shape, name)])
    problems = _shape_problems(shape, name)
    with np.errstate(over="ignore", invalid="ignore"):
        array = array.astype(np.float32)  # a copy, so the caller's data cannot change
    bad = ~np.isfinite(array)
    if bad.any():
        first = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
        problems.append(
            Problem(
                f"{name} holds NaN or infinite values in float32: {int(bad.sum())}, the "
                f"first at {name}[{first}]. An LSTM needs finite numbers: one NaN spoils every "
                "later time step.",
                "Drop or fill them first (np.nan_to_num, or interpolation), and scale very large "
                "numbers down.",
            )
        )
    return _Reading(shape, problems, array)


def _read_refused(x, name, error):
    """Say why NumPy could not make an array of numbers out of x."""
    lengths = _unequal_lengths(x)
    if lengths:
        return _Reading((len(x),), [_ragged_problem(name, lengths)])
    shape = _attribute(x, "shape")
    if _is_shape(shape):
        what = f"{name} is {type(x).__name__} of shape {shape} and holds no numbers yet."
        fix = f"Pass the data itself; to check the shape alone write explain({name}.shape)."
        return _Reading(tuple(shape), [Problem(what, fix)], wrong_kind=True)
    return _wrong_kind(x, name, error)


def _wrong_kind(x, name, error=None):
    """Say that x is no array, list or table."""
    fix = "Pass an array, a list of lists or a table."
    if isinstance(x, (str, bytes)):
        fix = "Turn text into numbers first: sliding_windows(encode(text), length)."
    reason = f" NumPy says: {str(error).split('. ')[0][:200]}." if error else ""
    if _is_row(x):
        reason = " It mixes single values and lists at one level, or is nested too deep."
    what = (
        f"{name} is {type(x).__name__} and gives no array of numbers.{reason} "
        "An LSTM reads an array of 3 axes: (samples, time steps, features)."
    )
    return _Reading((), [Problem(what, fix)], wrong_kind=not _is_row(x))


def _read_shape(x, name):
    """Read a tuple of sizes."""
    shape = tuple(None if size is None else operator.index(size) for size in x)
    problems = _shape_problems(shape, name)
    if any(size is not None and size < 0 for size in shape):
        what = f"{name} has shape {shape}. A size is 0 or more, or None where it is open."
        problems.insert(0, Problem(what, "-1 has a meaning in reshape only; write None."))
    return _Reading(shape, problems)


def _is_shape(x):
    """Tell whether x is a tuple of integers and None."""
    return isinstance(x, tuple) and all(
        size is None
        or (isinstance(size, (int, np.integer)) and not isinstance(size, (bool, np.bool_)))
        for size in x
    )


def _is_row(item):
    """Tell whether item is a list, a tuple or an array with at least 1 axis."""
    return isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _unequal_lengths(x):
    """Return the sorted lengths found at the first level where they differ, else []."""
    level = [x]
    for _ in range(8):  # a list can hold itself, so the depth needs an end
        rows = [item for item in level if _is_row(item)]
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1:
            return lengths
        level = [item for row in rows for item in row]
    return []


def _ragged_problem(name, lengths):
    """Describe rows of unequal length."""
    shown = ", ".join(map(str, lengths[:6])) + (", ..." if len(lengths) > 6 else "")
    return Problem(
        f"{name} holds sequences of unequal length: {shown}. An LSTM reads one array of 3 axes: "
        "(samples, time steps, features), so every sequence needs the same number of time steps.",
        f'Pad them with keras.utils.pad_sequences({name}, dtype="float32", padding="post"), '
        "add the features axis if it is missing (X[..., np.newaxis]), and put "
        "keras.layers.Masking before the LSTM so that it skips the padding.",
    )


def _dtype_problem(array, name):
    """Describe an array that does not hold real numbers."""
    if array.dtype.kind == "O":
        lengths = _unequal_lengths(array.tolist())
        if lengths:
            return _ragged_problem(name, lengths)
        if array.size and _is_row(array.flat[0]):
            what = f"{name} is an array of {array.size} objects, each of them a list or an array."
            return Problem(what, f"Join them into one array of numbers: np.stack(list({name})).")
    what = f"{name} has dtype {array.dtype}. An LSTM reads real numbers (float32)."
    if array.dtype.kind in "US":
        fix = "Turn letters into numbers first, for example with encode(text)."
    elif array.dtype.kind == "O" and array.size:
        first = array.flat[0]
        fix = (
            f"The first value is a {type(first).__name__}. Keep the number columns only, then "
            f'write {name}.astype("float32").'
        )
    else:
        fix = f'Turn it into numbers first; then write {name}.astype("float32").'
    return Problem(what, fix)


def _shape_problems(shape, name):
    """List what is wrong with a shape on its own: the number of axes, an empty axis."""
    problems = [] if len(shape) == 3 else [_axes_problem(shape, name)]
    if 0 in shape:
        what = f"{name} has shape {shape}: axis {shape.index(0)} has size 0. "
        fix = (
            "Check the slice or filter that made it; a sequence shorter than the window gives "
            "0 samples."
        )
        problems.append(Problem(what + "Every axis needs a size of 1 or more.", fix))
    return problems


def _axes_problem(shape, name):
    """Describe a shape that does not have 3 axes."""
    count = {0: "0 axes, a single number", 1: "1 axis"}.get(len(shape), f"{len(shape)} axes")
    return Problem(
        f"{name} has shape {shape}: {count}. An LSTM reads 3: (samples, time steps, features).",
        _axes_fix(shape, name),
    )


def _axes_fix(shape, name):
    """Suggest how to get from another number of axes to 3."""
    if len(shape) == 0:
        return f"For one sample of one time step write np.reshape({name}, (1, 1, 1))."
    if len(shape) == 1:
        (size,) = shape
        return (
            f"If it is one sequence of {counted(size, 'step')}, write "
            f"{name}[np.newaxis, :, np.newaxis] -> (1, {size}, 1), or cut it with "
            f"sliding_windows({name}, length) and add the last axis to the windows: "
            "X[..., np.newaxis]."
        )
    if len(shape) == 2:
        rows, columns = shape
        return (
            f"If each row is one sequence of {counted(columns, 'step')}, write "
            f"{name}[..., np.newaxis] -> ({rows}, {columns}, 1). If each row is one moment with "
            f"{counted(columns, 'feature')}, write {name}[np.newaxis] -> (1, {rows}, {columns}), "
            f"or cut windows with sliding_windows({name}, length) -> (samples, length, {columns})."
        )
    rest = shape[2:]
    merged = None if None in rest else int(np.prod(rest, dtype=object))
    fix = (
        f"If the axes from 2 on are all features of one time step, merge them: {name}.reshape("
        f"{shape[0]}, {shape[1]}, {'-1' if merged is None else merged}) -> "
        f"({shape[0]}, {shape[1]}, {merged})."
    )
    if 1 in shape:
        last = len(shape) - 1 - shape[::-1].index(1)
        smaller = shape[:last] + shape[last + 1 :]
        fix += f" If axis {last} is one too many: np.squeeze({name}, axis={last}) -> {smaller}."
    return fix


# Reading the layer --------------------------------------------------------------------------


@dataclass
class _Reader:
    """What is known about the layer or model that is to read the data."""

    expected: tuple | None = None  # (B, T, F), None where open
    is_model: bool = False
    any_length: bool = False  # a layer on its own does not mind another T
    units: int | None = None
    return_sequences: bool = False
    stateful: bool | None = None


def _reader(layer, problems, notes):
    """Find out what a layer, model, keras.Input or tuple expects; add what does not fit."""
    if layer is None:
        return _Reader()
    if isinstance(layer, (tuple, list)):
        expected = tuple(layer)
        if not _is_shape(expected):
            problems.append(_unknown_layer(layer))
            return _Reader()
        if len(expected) == 2:
            expected = (None, *expected)
        return _Reader(expected=_check_expected(expected, problems))
    recurrent = _recurrent_layers(layer)
    shape = _attribute(layer, "shape")
    if not recurrent and _is_shape(shape):  # keras.Input(...)
        return _Reader(expected=_check_expected(shape, problems))
    if not recurrent:
        problems.append(_unknown_layer(layer))
        return _Reader()
    return _read_recurrent(layer, recurrent, problems, notes)


def _read_recurrent(layer, recurrent, problems, notes):
    """Describe a recurrent layer, or a model that holds one."""
    first = recurrent[0]
    is_model = layer is not first
    reader = _Reader(is_model=is_model, stateful=any(_attribute(r, "stateful") for r in recurrent))
    built = _built_shape(first)
    expected = _attribute(layer, "input_shape") if is_model else built
    if is_model and expected is None:
        expected, reader.any_length = built, True  # a subclassed model has no fixed Input
    if not is_model:
        reader.any_length = True
    if not _is_shape(expected):
        if expected is not None:
            notes.append("The model has several inputs; pass the layer that reads x instead.")
        expected = None
    if expected is not None:
        keep_rank = is_model and len(expected) == 2 and len(built or ()) == 3
        expected = expected if keep_rank else _check_expected(expected, problems)
    reader.expected = expected
    if is_model and len(expected or ()) == len(built or ()) == 3 and built[1:] != expected[1:]:
        notes.append(
            f"Layers in front change the shape: the recurrent layer reads {built}, so the "
            "loop is not over the axes of x."
        )
        return reader
    forward = _attribute(first, "forward_layer") or first
    units = _attribute(forward, "units") or _attribute(_attribute(forward, "cell"), "units")
    twice = forward is not first and _attribute(first, "merge_mode") == "concat"
    reader.units = units * (2 if twice else 1) if isinstance(units, int) else None
    reader.return_sequences = bool(_attribute(first, "return_sequences"))
    return reader


def _recurrent_layers(layer):
    """List the recurrent layers of a layer or model, known by their `return_sequences`."""
    if _attribute(layer, "return_sequences") is not None:
        return [layer]
    inside = _attribute(layer, "layers")
    if isinstance(inside, (list, tuple)):
        return [recurrent for part in inside for recurrent in _recurrent_layers(part)]
    wrapped = _attribute(layer, "layer")
    return _recurrent_layers(wrapped) if wrapped is not None else []


def _built_shape(layer):
    """Return the (B, T, F) a recurrent layer was built with, or None."""
    try:
        return tuple(layer.get_build_config()["input_shape"])
    except Exception:  # not built yet, or not a Keras layer: nothing is known
        return None


def _check_expected(expected, problems):
    """Return an expected input shape of 3 axes; report any other and return None."""
    if len(expected) == 3:
        return tuple(expected)
    if len(expected) == 4:
        inside = tuple(expected[1:])
        fix = (
            f"Input(shape=...) leaves the number of samples out: Input({inside[1:]}) instead of "
            f"Input({inside}). A fixed batch size goes into Input(batch_shape={inside})."
        )
    else:
        fix = "Write keras.Input((T, F)), for example keras.Input((3, 1))."
    what = f"layer expects shape {tuple(expected)}: {len(expected)} axes with the batch size. "
    problems.append(Problem(what + "An LSTM reads 3: (samples, time steps, features).", fix))
    return None


def _unknown_layer(layer):
    """Say that layer is nothing that reads sequences."""
    return Problem(
        f"layer is {type(layer).__name__} and has no recurrent layer in it. explain reads a Keras "
        "recurrent layer, a model that holds one, keras.Input(...), or a tuple (T, F).",
        "Pass one of these, or leave layer out.",
    )


def _attribute(thing, name):
    """Return an attribute, or None; Keras raises various errors for what is not there yet."""
    try:
        return getattr(thing, name)
    except Exception:
        return None


# Comparing ----------------------------------------------------------------------------------


def _compare(shape, reader, notes):
    """List where a 3-axis shape differs from what the reader expects."""
    _, steps, features = reader.expected
    _, t, f = shape
    problems = []
    wrong_f = None not in (f, features) and f != features
    wrong_t = None not in (t, steps) and t != steps
    if wrong_f and t == features and (steps in (f, None) or reader.any_length):
        problems.append(_swapped_problem(shape, reader.expected))
    else:
        if wrong_f:
            target = "None" if steps is None else steps
            problems.append(
                _mismatch(
                    shape,
                    reader.expected,
                    f"The kernel has one row per feature, so {counted(f, 'feature')} would need "
                    f"other weights. Select {features} of them, or build the model with "
                    f"Input(({target}, {f})).",
                )
            )
        if wrong_t and reader.any_length:
            notes.append(
                f"The layer was built with {counted(steps, 'time step')}; it reads any number, "
                "with the same weights."
            )
        elif wrong_t:
            problems.append(
                _mismatch(
                    shape,
                    reader.expected,
                    f"An LSTM reads any number of time steps if the Input leaves it open: "
                    f"Input((None, {features})). Or cut windows of {steps}. A functional model "
                    "raises here; a Sequential one may run without a word.",
                )
            )
    return problems


def _compare_two_axes(shape, expected):
    """List where a shape differs from the (samples, time steps) that an Embedding reads."""
    if len(shape) == 3 and shape[2] == 1:
        return [_mismatch(shape, expected, "Drop the features axis: x[..., 0].")]
    if len(shape) != 2:
        return [_mismatch(shape, expected, "Pass one integer code per time step, 2 axes.")]
    if None not in (shape[1], expected[1]) and shape[1] != expected[1]:
        return [_mismatch(shape, expected, "Pad to that length, or use Input((None,)).")]
    return []


def _note_silent_rank(shape, expected, notes):
    """Note where Keras adds or drops an axis without a message."""
    if len(shape) == 2 and expected[2] == 1:
        notes.append(
            "A Keras 3 model whose Input ends in 1 feature adds the missing axis to 2-axis data "
            "by itself, with no message; a layer called on its own raises. Write it yourself."
        )
    if len(shape) == 4 and shape[3] == 1:
        notes.append(
            "A Keras 3 model drops a fourth axis of size 1 by itself, with no message; a layer "
            "called on its own raises. Drop it yourself."
        )


def _mismatch(shape, expected, fix):
    """Say what was given and what was expected."""
    return Problem(f"x has shape {shape}. The layer expects {tuple(expected)}.", fix)


def _swapped_problem(shape, expected):
    """Describe data whose time steps and features look exchanged."""
    n, t, f = shape
    problem = _mismatch(
        shape,
        expected,
        "Time steps and features look exchanged. If the data has features before time steps, write "
        f"np.transpose(x, (0, 2, 1)) -> ({n}, {f}, {t}). ",
    )
    if 1 in (t, f):
        more = (
            "Here one of the two axes has size 1, so a reshape gives the same numbers. When both "
            "are longer than 1, reshape scrambles time steps and features with no error."
        )
    else:
        more = f"Do not write x.reshape({n}, {f}, {t}): it scrambles the data with no error."
    return Problem(problem.what, problem.fix + more)


def _remainder_problem(n, batch_size, stateful):
    """Describe samples that do not fill the last batch of a stateful layer."""
    rest = n % batch_size
    why = "The layer is stateful with" if stateful else "The expected shape fixes the"
    danger = (
        "fit, predict and evaluate would stop in that batch."
        if rest > 1
        else "fit, predict and evaluate would broadcast that single row over all rows of state "
        f"without an error ({ISSUE})."
    )
    rows = counted(rest, "row")
    fix = f"pad {batch_size - rest} more."
    if n > batch_size:
        fix = f"drop {rows}, x[:{n - rest}], or " + fix
    return Problem(
        f"x has {counted(n, 'sample')}. {why} batch size {batch_size}, and the last batch would "
        f"have {rows}. It needs a multiple of {batch_size}. "
        + (danger if stateful else f"If the layer is stateful: {danger}"),
        fix[0].upper() + fix[1:] + " Or build the model with another batch size.",
    )


# Words --------------------------------------------------------------------------------------


def _axes(shape, makes_features=False):
    """Name the axes; with makes_features, two axes are samples and time steps."""
    if len(shape) == 3 or (makes_features and len(shape) == 2):
        return tuple(
            Axis(letter, name, size, meaning)
            for (letter, name, meaning), size in zip(LSTM_AXES, shape, strict=False)
        )
    meaning = f"an LSTM reads 3 axes, not {len(shape)}"
    return tuple(Axis("?", "unnamed", size, meaning) for size in shape)


def _runs(shape, makes_features=False):
    """Say how often the loop runs and what it reads."""
    if len(shape) == 2 and makes_features:
        return (
            f"The first layer turns each of the {shape[1]} time steps into a vector of features; "
            "the loop runs once for each."
        )
    if len(shape) != 3:
        return "The loop cannot run: x does not have 3 axes."
    _, t, f = shape
    vector = "of one number per feature" if f is None else f"of length {f}"
    if t is None:
        return f"The loop runs once per time step; each time it reads a vector {vector}."
    if t == 1:
        return f"The loop runs once; it reads a vector {vector}."
    return f"The loop runs {t} times; each time it reads a vector {vector}."


def _note_one_step(shape, reader, notes):
    """Note what a single time step means."""
    _, t, f = shape
    if t != 1:
        return
    if reader.stateful:
        notes.append(
            "With 1 time step per call, all memory is in the state that goes from call to call. "
            "Reset it where a new sequence starts."
        )
        return
    notes.append(
        "With 1 time step and zero initial state the recurrent weights have nothing to read: "
        "they multiply zeros, and no gradient reaches them."
    )
    if f is not None and f > 1:
        notes.append(
            f"The layer reads the {f} features all at once, in no order. If they are {f} moments "
            f"of one series, shape ({shape[0]}, {f}, 1) lets the loop read them one after another."
        )


def _wrap(sentence):
    """Break a sentence into lines; the following lines are indented."""
    # A shape or a call that is broken over two lines is hard to read and to copy.
    kept = re.sub(r"\((?:[^()]|\([^()]*\)){1,50}\)", lambda m: m[0].replace(" ", "\0"), sentence)
    lines = textwrap.wrap(kept, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _escape(value):
    """Make a value safe to put into HTML."""
    return html.escape(str(value))
