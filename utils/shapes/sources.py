"""Read what was given as data: which arrays are in it, of what shape, in what kind of container."""

import copy
import inspect
import os
import re
import types
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .explanation import Problem, counted
from .trial import Spec, attribute, is_a, is_shape

READS = "An LSTM reads 3: (samples, time steps, features)."
PAD = '{0} = keras.utils.pad_sequences({0}, dtype="float32", padding="post")'
MASK = "zeros fill the ends; keras.layers.Masking in front of the LSTM skips them."
FILL = "zeros take their place; keras.layers.Masking in front skips steps that are all zeros."


class Edit(NamedTuple):
    """A line of code that may mend something; `when` is the question to which it is an answer."""

    code: str
    when: str = ""
    why: str = ""
    cost: int = 1


class Source(NamedTuple):
    """What was found in the data: shapes, values, labels beside it; or why it cannot be read."""

    kind: str  # array, table, list, pair, dataset, PyDataset, generator ...: for lines of code
    specs: object = None  # Spec, or a list or dict of them
    values: np.ndarray | None = None
    y: object = None  # labels beside it
    batched: bool | None = True  # whether the elements of a dataset are batches
    problem: Problem | None = None  # it cannot be read as it is
    edits: tuple = ()  # what may mend that
    moments: bool = False  # its rows are known to be moments in time
    batch: object = None  # what a generator or PyDataset gave
    parts: int = 1  # of a batch: x, labels, weights
    notes: tuple = ()


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
    odd = isinstance(x, (str, bytes, Mapping)) or callable(attribute(x, "__next__"))
    source = _nothing(x, name) if odd else read_array(x, name)
    if source.kind == "nothing":
        raise TypeError(str(source.problem))
    problem = source.problem if source.values is None else None
    problem = problem or axes_problem(source.specs.shape, name) or value_problem(source, name)[0]
    if problem:
        lines = " Or: ".join(edit.code for edit in source.edits)
        raise ValueError(f"{problem.what} {problem.advice or lines or problem.fix}")
    return np.array(source.values, np.float32)


def axes_problem(shape, name="x"):
    """Describe a shape that has not 3 axes, or an empty one; say what is most often meant."""
    if 0 in shape:
        what = (
            f"{name} has shape {shape}: axis {shape.index(0)} has size 0. Every axis needs a size "
        )
        advice = "Check the slice that made it; a sequence shorter than the window gives 0 samples."
        return Problem(f"{what}of 1 or more.", advice)
    if len(shape) == 3:
        return None
    ways = {
        0: f"For one sample of one time step write np.reshape({name}, (1, 1, 1)).",
        1: f"If it is one sequence, write {name}[np.newaxis, :, np.newaxis].",
        2: f"If each row is one sequence, write {name}[..., np.newaxis]; if each row is one "
        f"moment, {name}[np.newaxis].",
    }
    merge = f"To merge the last axes, write np.reshape({name}, (*{name}.shape[:2], -1))."
    return Problem(f"{name} has shape {shape}: {axes(shape)}. {READS}", ways.get(len(shape), merge))


def axes(shape):
    """Count the axes of a shape in words."""
    return {0: "0 axes, a single number", 1: "1 axis"}.get(len(shape), f"{len(shape)} axes")


def read(x, inputs=1):
    """Read data of any kind for a model of so many inputs; a Source with a problem if it cannot."""
    if is_a(x, "TensorShape") and x.rank is not None:
        x = tuple(x)
    if is_shape(x):
        if any(size is not None and size < 0 for size in x):
            what = f"x has shape {x}. A size is 0 or more, or None where it is open."
            return _bad("nothing", what, advice="Write None where -1 stands.")
        return Source("shape", Spec(tuple(None if size is None else int(size) for size in x)))
    if isinstance(x, (str, os.PathLike)) and re.search(r"\.np[yz]$", str(x)) and os.path.exists(x):
        return _bad("nothing", f"x is the name of a file, {x}.", Edit(f"x = np.load({str(x)!r})"))
    if attribute(x, "element_spec") is not None:
        return _read_batch("dataset", x.element_spec, inputs, x)
    if is_a(x, "PyDataset"):
        return _read_batch("PyDataset", x[0], inputs)
    if callable(attribute(x, "__next__")) and attribute(x, "shape") is None:
        return _read_generator(x, inputs)
    if inspect.isgeneratorfunction(x):
        what = f"x is the function {x.__name__}, and not yet the generator that it makes."
        return _bad("nothing", what, Edit("x = x()"))
    if callable(attribute(x, "keys")) and attribute(x, "shape") is None:
        return _read_names(x)
    arrays = (
        isinstance(x, (list, tuple))
        and len(x) > 0
        and all(attribute(part, "shape") is not None and np.ndim(part) > 0 for part in x)
    )
    if isinstance(x, tuple) and len(x) in (2, 3) and inputs != len(x) and arrays:
        source = read(x[0], inputs)
        return source._replace(y=x[1], notes=("x is a pair, read as (x, y).",), kind="pair")
    if arrays or isinstance(x, list) and x and all(is_shape(p) and None in p for p in x):
        return _read_list(x)
    return read_array(x)


def read_array(x, name="x"):
    """Read an array, a nested list, a table, a tensor, the spec of one, or a shape."""
    if is_shape(x) and name == "y":
        return Source("shape", Spec(x))
    if is_a(x, "RaggedTensor", "RaggedTensorSpec"):
        what = f"{name} is {type(x).__name__}: its sequences are of unequal length."
        return _bad("array", what, Edit(f"{name} = {name}.to_tensor()", why=MASK))
    if is_a(x, "KerasTensor", "TensorSpec", "TensorShape"):
        dtype, shape = (
            attribute(attribute(x, "dtype"), "name") or str(x.dtype),
            attribute(x, "shape"),
        )
        if not is_shape(shape) and attribute(shape, "rank") is None:
            what = f"{name} does not know how many axes it has."
            return _bad("rankless", what, advice="Pass an array, or its shape as a tuple.")
        spec = Source("array", Spec(tuple(shape), dtype))
        return spec if dtype != "string" else _no_numbers(np.empty(0, "U1"), name)
    if callable(attribute(x, "to_numpy")) and attribute(x, "columns") is not None:
        return _read_table(x, name)
    kind = "list" if isinstance(x, (list, tuple)) else "other"
    if isinstance(x, np.ndarray) or is_a(x, "Tensor", "ArrayImpl"):
        kind = "array"
    elif callable(attribute(x, "to_numpy")):
        kind = "table"
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and odd objects refuse, each in its own way
        return _ragged(x, name) or _nothing(x, name, error)
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        return _nothing(x, name)
    if array.dtype.names or array.dtype.kind not in "biufc":
        return _no_numbers(array, name)
    dtype = array.dtype.name if array.dtype.itemsize <= 8 and array.dtype.kind != "c" else "float32"
    source = Source(kind, Spec(array.shape, dtype), x if np.ma.isMA(x) else array)
    if kind != "list":
        return source
    problem = Problem(f"{name} is a list of numbers. A Keras layer or model takes arrays.")
    return source._replace(problem=problem, edits=(Edit(f"{name} = np.array({name})"),))


def value_problem(source, name="x"):
    """Find values that are no data: masked ones, NaN, imaginary parts; return problem and edits."""
    values = source.values
    if (
        values is None
        or not values.size
        or values.dtype.kind not in "fc"
        and not np.ma.isMA(values)
    ):
        return None, ()
    masked = np.ma.getmaskarray(values)
    if np.ma.isMA(values) and masked.any():
        under = np.ma.getdata(values)[masked][0]
        what = (
            f"{counted(int(masked.sum()), 'value')} of {name} are masked. Keras ignores the mask "
        )
        what += f"of NumPy, and would read what lies under it, such as {under}."
        return Problem(what, silent=True), (Edit(f"{name} = {name}.filled(0)", why=FILL),)
    if values.dtype.kind == "c":
        what = f"{name} has dtype {values.dtype}. Keras computes with real numbers, and drops more."
        return Problem(what, silent=True), (Edit(f"{name} = {name}.real"),)
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(np.ma.getdata(values).astype(np.float32, copy=False))
    if not bad.any():
        return None, ()
    first = ", ".join(str(int(place)) for place in np.argwhere(bad)[0])
    what = (
        f"{name} holds NaN or infinite values in float32: {int(bad.sum())}, the first at "
        f"{name}[{first}]. An LSTM needs finite numbers: one NaN spoils every later time step."
    )
    advice = "Drop or fill them first (np.nan_to_num, or interpolation), or scale them down."
    edit = Edit(f"{name} = np.nan_to_num({name}, posinf=0, neginf=0)", why=advice)
    return Problem(what, advice, silent=True), (edit,)


def line(kind, expression, parts=1):
    """Write the line of code that changes x in this kind of container."""
    before = {
        "table": "x.to_numpy()",
        "list": "np.array(x)",
        "other": "np.array(x)",
        "pair": "x[0]",
    }
    if kind in before:
        expression = re.sub(r"\bx\b", before[kind], expression, count=1)
        return f"x = ({expression}, *x[1:])" if kind == "pair" else f"x = {expression}"
    if kind not in ("dataset", "generator", "PyDataset"):
        return f"x = {expression}"
    names = ", ".join(("x", "y", "weights")[:parts])
    result = f"({names.replace('x', expression, 1)})" if parts > 1 else expression
    if kind == "dataset":
        result = re.sub(r"np\.(reshape|transpose|squeeze)", r"keras.ops.\1", result)
        return f"x = x.map(lambda {names}: {result})"
    batches = "x" if kind == "generator" else "map(x.__getitem__, range(len(x)))"
    return f"x = ({result} for {names} in {batches})"


def _bad(kind, what, *edits, advice="", **more):
    return Source(kind, problem=Problem(what, advice), edits=edits, **more)


def _read_names(x):
    """Read a dict, an npz or an HDF5 file: arrays with names."""
    inner = {str(name): read_array(x[name]) for name in x.keys()}  # noqa: SIM118 - files have keys
    specs = {name: one.specs for name, one in inner.items()}
    shapes = ", ".join(f"{name} {one.shape if one else ''}" for name, one in specs.items())
    what = f"x is {type(x).__name__} with {counted(len(inner), 'array')} by name: {shapes}."
    good = [name for name, one in inner.items() if one.specs or one.edits]
    edits = []
    for name in good:
        label = name.lower() in ("y", "label", "labels", "target", "targets")
        edits.append(Edit(f"x = x[{name!r}]", f"{name} is meant", "", 1 + label))
    if len({one.shape[:-1] for one in specs.values() if one}) == 1 and len(good) > 1:
        code = "x = np.concatenate(list(x.values()), axis=-1)"
        edits.append(Edit(code, "these are features side by side", "", 2))
    edits.append(Edit("x = list(x.values())", "its order is that of the inputs", "", 3))
    whole = specs if specs and None not in specs.values() else None
    return _bad("names", what, *edits, advice="Pass the one that is meant: x[name].", specs=whole)


def _read_list(x):
    """Read a list of arrays: several inputs, samples in a list, or inputs and labels."""
    parts = [read(part) if is_shape(part) else read_array(part) for part in x]
    shapes = [part.specs.shape if part.specs else () for part in parts]
    what = f"x is a list of {counted(len(x), 'array')}: {', '.join(map(str, shapes[:4]))}."
    equal, edits = len(set(shapes)) == 1, []
    if len({shape[1:] for shape in shapes}) == 1 and not equal:
        lengths = ", ".join(str(shape[0]) for shape in shapes[:6])
        what = f"x holds sequences of unequal length: {lengths}."
        edits.append(Edit(PAD.format("x"), why=MASK))
    if equal:
        edits.append(Edit("x = np.stack(x)", "each array is one sample"))
    if len(x) == 2 and shapes[0][:1] == shapes[1][:1]:
        edits.append(Edit("x, y = x", "these are the inputs and their labels"))
    if len(x) == 2:
        edits.append(Edit("x = [x[1], x[0]]", "the two inputs were exchanged", "", 2))
    if len({shape[:-1] for shape in shapes}) == 1 < len(shapes[0]):
        edits.append(
            Edit("x = np.concatenate(x, axis=-1)", "these are features side by side", "", 2)
        )
    if len({shape[1:] for shape in shapes}) == 1:
        edits.append(Edit("x = np.concatenate(x)", "each array is a batch of samples", "", 2))
    edits = [Edit("x = x[0]")] if len(x) == 1 else edits
    source = _bad("arrays", what, *edits, specs=[part.specs for part in parts])
    return source if None not in source.specs else source._replace(specs=None)


def _read_batch(kind, batch, inputs, x=None):
    """Read one element of a dataset or generator: x, (x, y) or (x, y, weights)."""
    parts = len(batch) if isinstance(batch, tuple) and len(batch) in (2, 3) else 1
    inner, y = (batch[0], batch[1]) if parts > 1 else (batch, None)
    inner = inner[0] if isinstance(inner, tuple) and len(inner) == 1 else inner
    if isinstance(inner, (dict, list, tuple)) and not is_shape(inner):
        named = isinstance(inner, dict)
        items = inner.items() if named else enumerate(inner)
        specs = {name: read_array(part).specs for name, part in items}
        source = Source(kind, specs if named else list(specs.values()))
        source = source._replace(
            problem=Problem(f"x gives {counted(len(specs), 'array')} a batch.")
        )
    else:
        source = read_array(inner)
    if source.kind == "rankless" and kind == "dataset":
        return _read_batch("PyDataset", next(iter(x)), inputs)._replace(kind=kind)
    batched = True
    if kind == "dataset" and isinstance(source.specs, Spec):
        batched = _in_batches(x, source.specs.shape, attribute(y, "shape"))
    edits = (Edit(line(kind, "x.to_tensor()", parts), why=MASK),) if source.edits else ()
    return source._replace(kind=kind, y=y, batched=batched, batch=batch, edits=edits, parts=parts)


def _in_batches(dataset, shape, labels):
    """Tell whether the elements of a dataset are batches; None if that is not known."""
    while dataset is not None:
        name = type(dataset).__name__
        if "Batch" in name or "TensorSlice" in name:
            return "Batch" in name and "Unbatch" not in name
        dataset = attribute(dataset, "_input_dataset") if "Flat" not in name else None
    return shape[:1] == (None,) and (labels is None or tuple(labels[:1]) == (None,)) or None


def _read_generator(x, inputs):
    """Read the first batch of a twin of a generator that has not started; x loses nothing."""
    try:
        batch = next(_twin(x))
    except Exception:
        what = (
            f"x is {type(x).__name__}, which can be read only once: to look into it is to take a "
            "batch from it. Nothing was read, and nothing was tried."
        )
        advice = (
            "Take a batch, ask about it, and put it back: batch = next(x); explain(batch, model); "
            "x = itertools.chain([batch], x)."
        )
        return _bad("nothing", what, advice=advice)
    return _read_batch("generator", batch, inputs)


def _twin(value):
    """Return what can be read in place of a variable of a generator; raises where nothing can."""
    if inspect.isgenerator(value):
        if inspect.getgeneratorstate(value) != inspect.GEN_CREATED:
            raise ValueError("it has started already")
        code, frame = value.gi_code, value.gi_frame
        own = {name: _twin(one) for name, one in frame.f_locals.items()}
        everywhere = dict(frame.f_globals)
        everywhere.update((n, _twin(everywhere[n])) for n in code.co_names if n in everywhere)
        cells = tuple(types.CellType(own[name]) for name in code.co_freevars)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        function = types.FunctionType(code, everywhere, closure=cells)
        function.__kwdefaults__ = {name: own[name] for name in names[code.co_argcount :]}
        return function(*[own[name] for name in names[: code.co_argcount]])
    moves = callable(attribute(value, "__next__")) or is_a(value, "Generator", "RandomState")
    return copy.deepcopy(value) if moves else value


def _read_table(x, name):
    """Read a table of pandas or polars; its index is no feature."""
    columns = list(x.columns)
    kinds = {column: np.asarray(x[column]).dtype.kind for column in columns}
    timed = is_a(attribute(x, "index"), "DatetimeIndex", "PeriodIndex", "TimedeltaIndex")
    timed = timed or bool({*kinds.values()} & {*"mM"})
    notes = ("The rows of x have times, so they are moments of one series.",) if timed else ()
    good = [column for column in columns if kinds[column] in "biuf"]
    if len(good) == len(columns):
        values = np.asarray(x.to_numpy())
        values = values.astype("float32") if values.dtype.kind == "O" else values
        spec = Spec(values.shape, values.dtype.name)
        return Source("table", spec, values, moments=timed, notes=notes)
    what = f"These columns of {name} hold no plain numbers: "
    what += f"{', '.join(str(column) for column in columns if column not in good)}."
    edits = [Edit(f"{name} = {name}[{good}]")] if good else []
    return _bad("table", what, *edits, moments=timed, notes=notes)


def _ragged(x, name):
    """Describe rows of unequal length; None if they are equal."""
    level = [x]
    for _ in range(8):  # a list can hold itself, so the depth needs an end
        rows = [item for item in level if isinstance(item, (list, tuple)) or np.ndim(item) > 0]
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1 and len(rows) == len(level):
            shown = ", ".join(map(str, lengths[:6])) + (", ..." if len(lengths) > 6 else "")
            what = f"{name} holds sequences of unequal length: {shown}. {READS}"
            pad = PAD.format(name)
            return _bad("list", what, Edit(pad, why=MASK), advice=f"Pad them: {pad}; {MASK}")
        level = [item for row in rows for item in row]
    return None


def _no_numbers(array, name):
    """Describe an array that does not hold real numbers, and what may make numbers of it."""
    kind, nested = array.dtype.kind, array.dtype.kind == "O" and array.size
    ragged = _ragged(array.tolist(), name) if kind == "O" else None
    if ragged:
        return ragged
    what = f"{name} has dtype {array.dtype}. Keras computes with real numbers (float32)."
    if array.dtype.names:
        good = [field for field in array.dtype.names if array.dtype[field].kind in "biuf"]
        what = (
            f"{name} is a structured array with the fields {', '.join(array.dtype.names)}. {READS}"
        )
        fields = ", ".join(f"{name}[{field!r}]" for field in good)
        edits = [Edit(f"{name} = np.stack([{fields}], axis=-1)")] if good else []
        return _bad("array", what, *edits, advice="Make one axis of its fields that hold numbers.")
    if nested and np.ndim(array.flat[0]):
        what = f"{name} is an array of {array.size} objects, each of them a list or an array."
        return _bad("array", what, Edit(f"{name} = np.stack(list({name}))"))
    advice = "Turn letters into numbers first, one per letter."
    if kind in "mM":
        advice = 'Drop the times, or count from the first: (x - x[0]) / np.timedelta64(1, "h").'
    if nested:
        what += f" The first value is a {type(array.flat[0]).__name__}."
        advice = f'Keep the number columns only, then write {name}.astype("float32").'
    edits = [Edit(f'{name} = {name}.astype("float32")')] if kind in "OUS" and array.size else []
    return _bad("array", what, *edits, advice=advice)


def _nothing(x, name, error=None):
    """Say that there is no array of numbers."""
    reason = f" NumPy says: {str(error).split('. ')[0][:200]}." if error else ""
    rows = isinstance(x, (list, tuple))
    if rows:
        reason = " It mixes single values and lists at one level, or is nested too deep."
    what = f"{name} is {type(x).__name__} and gives no array of numbers.{reason} An LSTM "
    text = "Turn text into numbers first, one per letter."
    advice = text if isinstance(x, (str, bytes)) else "Pass an array, a list of lists or a table."
    what += "reads an array of 3 axes: (samples, time steps, features)."
    return _bad("list" if rows else "nothing", what, advice=advice)
