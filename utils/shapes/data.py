"""Read an array, a list or a table as samples, and name what an LSTM cannot read in it."""

import operator
from typing import NamedTuple

import numpy as np

from .axes import axes_problem
from .explanation import Problem
from .faults import (
    attribute,
    dtype_problem,
    empty_problems,
    is_row,
    ragged_problem,
    unequal_lengths,
    value_problems,
)


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
    problems = [*reading.problems, *rank_problems(reading, name)]
    if problems:
        raise ValueError(str(problems[0]))
    return reading.array


class Reading(NamedTuple):
    """The data as an array, its shape and type, and what is wrong with it."""

    shape: tuple
    problems: list
    array: np.ndarray | None = None  # float32; None if only the shape is known
    dtype: str | None = "float32"  # as it was given; None if Keras has no such type
    rank_counts: bool = True  # False where the shape is not that of an array
    code: str = ""  # what to write for the data in a line of code, if it is not its name


def read_data(x, name):
    """Read an array, a list or a table; collect problems instead of raising."""
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and symbolic tensors refuse, each in its own way
        return _read_refused(x, name, error)
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        return _read_refused(x, name, None)
    shape, kind = array.shape, array.dtype.kind
    if kind not in "biuf":
        problem = dtype_problem(array, x, name)
        is_array = "unequal length" not in problem.what
        problems = [problem, *empty_problems(shape, name)]
        dtype = str(array.dtype) if kind == "c" else None
        return Reading(shape, problems, dtype=dtype, rank_counts=is_array, code=_code(x, name))
    problems, dtype = empty_problems(shape, name), str(array.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        array = array.astype(np.float32)  # a copy, so the caller's data cannot change
    problems += value_problems(array, name)
    return Reading(shape, problems, array, dtype, code=_code(x, name))


def rank_problems(reading, name, ndim=3, expected=None):
    """List what is wrong with the number of axes.

    Parameters
    ----------
    reading : Reading
        The data.
    name : str
        What to call it.
    ndim : int or None
        How many axes it should have; None if any number will do.
    expected : tuple or None
        The shape that the layer expects, as far as it is known.
    """
    if ndim is None or not reading.rank_counts or len(reading.shape) == ndim:
        return []
    return [axes_problem(reading.shape, name, ndim, expected, reading.code or name)]


def _code(x, name):
    """Return what stands for x in code: a table cannot be indexed like an array."""
    return f"{name}.to_numpy()" if callable(attribute(x, "to_numpy")) else name


def _read_refused(x, name, error):
    """Say why NumPy could not make an array of numbers out of x."""
    lengths = unequal_lengths(x)
    if lengths:
        return Reading((len(x),), [ragged_problem(name, lengths)], None, None, False)
    reason = f" NumPy says: {str(error).split('. ')[0][:200]}." if error else ""
    if is_row(x):
        reason = " It mixes single values and lists at one level, or is nested too deep."
    what = (
        f"{name} is {type(x).__name__} and gives no array of numbers.{reason} "
        "An LSTM reads an array of 3 axes: (samples, time steps, features)."
    )
    fix = "Pass an array, a list of lists or a table."
    if isinstance(x, (str, bytes)):
        fix = "Turn text into numbers first, one per letter."
    if is_row(x):
        return Reading((), [Problem(what, fix)], None, None, False)
    raise TypeError(f"{what} {fix}") from error


def read_shape(x, name):
    """Read a tuple of sizes."""
    shape = tuple(None if size is None else operator.index(size) for size in x)
    problems = empty_problems(shape, name)
    if any(size is not None and size < 0 for size in shape):
        what = f"{name} has shape {shape}. A size is 0 or more, or None where it is open."
        problems.insert(0, Problem(what, "-1 has a meaning in reshape only; write None."))
    return Reading(shape, problems)


def is_shape(x):
    """Tell whether x is a tuple of integers and None."""
    return isinstance(x, tuple) and all(
        size is None
        or (isinstance(size, (int, np.integer)) and not isinstance(size, (bool, np.bool_)))
        for size in x
    )
