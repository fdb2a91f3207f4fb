"""Find the array in what a reader has at hand: a dataset, a pair, a tensor, a table, a shape."""

from typing import NamedTuple

import numpy as np

from .data import Reading, is_shape, read_data, read_shape
from .explanation import Problem
from .faults import attribute, ragged_problem


class Source(NamedTuple):
    """The data that was found, the labels beside it, and what is to be said about the find."""

    reading: Reading
    y: object = None
    notes: tuple = ()
    batches: bool = False  # it comes in batches; the reading is one of them
    items: tuple | None = None  # shapes of the arrays in a list, or () for a list of numbers


def read_source(x, ndim=3):
    """Read data of any kind.

    Parameters
    ----------
    x : object
        Array, nested list, table, tensor, tf.data.Dataset, keras.utils.PyDataset, (x, y), or a
        shape.
    ndim : int or None
        How many axes a batch should have; tells whether a dataset gives batches.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        If there is no array in `x` (a string, a dict, a generator, None).
    ValueError
        If `x` is a tensor or dataset that does not know how many axes it has.
    """
    if is_shape(x):
        return Source(read_shape(x, "x"))
    if _is_pair(x):
        inner = read_source(x[0], ndim)
        return inner._replace(y=x[1], notes=(*inner.notes, "x is a pair, read as (x, y)."))
    if attribute(x, "element_spec") is not None:
        return _read_dataset(x, ndim)
    if _is_a(x, "PyDataset"):
        return _read_first_batch(x, ndim)
    if _is_a(x, "RaggedTensor"):
        return Source(_read_ragged(x, "x"))
    if _is_a(x, "KerasTensor", "TensorSpec"):
        note = f"x is {type(x).__name__}: a shape without numbers."
        return Source(_read_spec(x, "x"), notes=(note,))
    if attribute(x, "shape") is None and callable(attribute(x, "__next__")):
        raise TypeError(
            f"x is {type(x).__name__}, which can be read only once. Pass one batch of it: "
            "explain(next(x)) on a generator made anew."
        )
    items = None
    if isinstance(x, (list, tuple)):
        items = tuple(np.shape(item) for item in x if isinstance(item, np.ndarray))
    return Source(read_data(x, "x"), items=items)


def read_labels(y):
    """Read labels of any kind, as an array, a table or a shape."""
    if is_shape(y):
        return read_shape(y, "y")
    if _is_a(y, "RaggedTensor", "RaggedTensorSpec"):
        return _read_ragged(y, "y")
    if _is_a(y, "KerasTensor", "TensorSpec"):
        return _read_spec(y, "y")
    return read_data(y, "y")


def _read_dataset(x, ndim):
    """Read what a tf.data.Dataset says of its elements; none of them is made."""
    spec, y = x.element_spec, None
    if isinstance(spec, tuple) and len(spec) in (2, 3):
        spec, y = spec[:2]
    if _is_a(spec, "RaggedTensorSpec"):
        return Source(_read_ragged(spec, "x"), y, batches=True)
    if not _is_a(spec, "TensorSpec"):
        raise TypeError(
            f"x is a dataset whose elements are {type(spec).__name__}. explain reads elements x or "
            "(x, y) with one input. Pass one input: x.map(lambda inputs, y: inputs[name])."
        )
    notes = ("x is a dataset: its numbers were not looked at.",)
    reading = _read_spec(spec, "x")
    if ndim is not None and len(reading.shape) == ndim - 1:
        what = (
            f"The dataset gives one sample at a time, of shape {reading.shape}, and no batches. "
            "A model would take the time steps for samples."
        )
        problems = [Problem(what, "Write x.batch(32); then each element has one axis more.")]
        reading = reading._replace(problems=problems, rank_counts=False)
        return Source(reading, None, notes, batches=True)
    return Source(reading, y, notes, batches=True)


def _read_first_batch(x, ndim):
    """Read the first batch of a keras.utils.PyDataset."""
    batch = x[0]
    parts = batch if isinstance(batch, tuple) else (batch,)
    inner = read_source(parts[0], ndim)
    note = "x is a PyDataset: this is its first batch, x[0]."
    y = parts[1] if len(parts) > 1 else None
    return inner._replace(y=y, notes=(note,), batches=True)


def _read_spec(spec, name):
    """Read a shape and a type where there are no numbers."""
    try:
        shape = tuple(spec.shape)
    except Exception as error:
        raise ValueError(
            f"{name} does not know how many axes it has. Pass an array, or its shape as a tuple."
        ) from error
    reading = read_shape(shape, name)
    dtype = attribute(spec.dtype, "name") or str(spec.dtype)
    if dtype != "string":
        return reading._replace(dtype=dtype)
    what = f"{name} has dtype string. Keras computes with real numbers (float32)."
    problem = Problem(what, "Turn letters into numbers first, one per letter.")
    return reading._replace(problems=[problem, *reading.problems], dtype=None)


def _read_ragged(x, name):
    """Say of a ragged tensor how to make an array of it."""
    shape = tuple(attribute(x, "shape") or attribute(x, "_shape"))
    lengths = []
    if callable(attribute(x, "row_lengths")):
        lengths = sorted({int(length) for length in x.row_lengths()})
    problem = ragged_problem(name, lengths)
    fix = (
        f"Pad them with {name}.to_tensor(), and put keras.layers.Masking before the LSTM so that "
        "it skips the padding."
    )
    return Reading(shape, [problem._replace(fix=fix)], None, None, False)


def _is_pair(x):
    """Tell whether x is a tuple of two or three arrays, as fit and datasets use it."""
    if not isinstance(x, tuple) or len(x) not in (2, 3):
        return False
    return all(attribute(part, "shape") is not None and np.ndim(part) > 0 for part in x)


def _is_a(thing, *names):
    """Tell whether a class of thing has one of these names; so nothing has to be imported."""
    return any(parent.__name__ in names for parent in type(thing).__mro__)
