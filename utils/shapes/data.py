"""Read data of any kind as samples, and name what an LSTM cannot read in it."""

import operator
from typing import NamedTuple

import numpy as np

from utils.shapes.explanation import Problem, counted


def attribute(thing, name):
    """Return an attribute, or None; Keras raises various errors for what is not there yet."""
    try:
        return getattr(thing, name)
    except Exception:
        return None


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
    reading = read_data(x, name)
    if reading.problems:
        error = TypeError if reading.wrong_kind else ValueError
        raise error(" ".join(reading.problems[0]))
    return reading.array


class _Reading(NamedTuple):
    """The data as an array, its shape, and what is wrong with it."""

    shape: tuple
    problems: list
    array: np.ndarray | None = None
    wrong_kind: bool = False


def read_data(x, name):
    """Read data of any kind; collect problems instead of raising."""
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and symbolic tensors refuse, each in its own way
        return _read_refused(x, name, error)
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        if attribute(x, "shape") is not None:
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
    shape = attribute(x, "shape")
    if is_shape(shape):
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


def read_shape(x, name):
    """Read a tuple of sizes."""
    shape = tuple(None if size is None else operator.index(size) for size in x)
    problems = _shape_problems(shape, name)
    if any(size is not None and size < 0 for size in shape):
        what = f"{name} has shape {shape}. A size is 0 or more, or None where it is open."
        problems.insert(0, Problem(what, "-1 has a meaning in reshape only; write None."))
    return _Reading(shape, problems)


def is_shape(x):
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
    problems = [] if len(shape) == 3 else [axes_problem(shape, name)]
    if 0 in shape:
        what = f"{name} has shape {shape}: axis {shape.index(0)} has size 0. "
        fix = (
            "Check the slice or filter that made it; a sequence shorter than the window gives "
            "0 samples."
        )
        problems.append(Problem(what + "Every axis needs a size of 1 or more.", fix))
    return problems


def axes_problem(shape, name):
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
