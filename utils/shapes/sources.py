"""Read what was given as data: which arrays are in it, of what shape, in what kind of container."""

import copy
import inspect
import operator
import os
import re
import types
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .explanation import Problem, counted
from .trial import Spec, attribute, is_a, is_shape

READS = "An LSTM reads 3: (samples, time steps, features)."
PAD = 'keras.utils.pad_sequences(x, dtype="float32", padding="post")'


class Edit(NamedTuple):
    """A line of code that may mend something; `when` is the question to which it is an answer."""

    code: str
    when: str = ""
    why: str = ""
    cost: int = 1


class Source(NamedTuple):
    """What was found in the data: shapes, values, labels beside it; or why it cannot be read."""

    kind: str  # array, table, list, file, shape, dataset, PyDataset, generator: for lines of code
    specs: object = None  # Spec, or a list or dict of them
    values: np.ndarray | None = None
    y: object = None  # labels beside it
    batched: bool = False  # it gives batches
    problem: Problem | None = None  # it cannot be read
    edits: tuple = ()  # what may mend that
    moments: bool = False  # its rows are known to be moments in time
    batch: object = None  # what a generator gave
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
    if x is None or isinstance(x, (str, bytes, Mapping)) or callable(attribute(x, "__next__")):
        source = _nothing(x, name)
    else:
        source = read_array(x, name)
    if source.kind == "nothing":
        raise TypeError(str(source.problem))
    problem = source.problem or axes_problem(source.specs.shape, name)
    if problem is None and 0 in source.specs.shape:
        problem = Problem(*empty(source.specs.shape, name))
    problem = problem or value_problem(source, name)[0]
    if problem:
        lines = " Or: ".join(edit.code.replace("x", name) for edit in source.edits)
        raise ValueError(f"{problem.what} {problem.advice or lines or problem.fix}")
    with np.errstate(over="ignore"):
        return np.array(source.values, np.float32)


def axes_problem(shape, name="x"):
    """Describe a shape that has not 3 axes, with the lines that are most often meant."""
    if len(shape) == 3:
        return None
    count = {0: "0 axes, a single number", 1: "1 axis"}.get(len(shape), f"{len(shape)} axes")
    advice = {
        0: f"For one sample of one time step write np.reshape({name}, (1, 1, 1)).",
        1: f"If it is one sequence, write {name}[np.newaxis, :, np.newaxis].",
        2: f"If each row is one sequence, write {name}[..., np.newaxis]; if each row is one "
        f"moment, {name}[np.newaxis].",
    }.get(len(shape), f"To merge the last axes, write np.reshape({name}, (*{name}.shape[:2], -1)).")
    return Problem(f"{name} has shape {shape}: {count}. {READS}", advice=advice)


def empty(shape, name="x"):
    """Say which axis has no size, and where that comes from."""
    return (
        f"{name} has shape {shape}: axis {shape.index(0)} has size 0. Every axis needs a size of 1 "
        "or more.",
        (),
        False,
        "Check the slice or filter that made it; a sequence shorter than the window gives 0 "
        "samples.",
    )


def read(x, inputs=1):
    """Read data of any kind.

    Parameters
    ----------
    x : object
        Array, table, list, dict, file of arrays, tensor, tf.data.Dataset, PyDataset, generator,
        a pair (x, y), or a shape.
    inputs : int
        How many the model has.

    Returns
    -------
    Source
        With a problem where nothing can be read.
    """
    if is_shape(x):
        return _read_shape(x)
    if isinstance(x, (str, bytes, os.PathLike)):
        return _read_path(x)
    if is_a(x, "TensorShape"):
        return _read_shape(tuple(x)) if x.rank is not None else _rankless("x")
    if attribute(x, "element_spec") is not None:
        return _read_batch("dataset", x.element_spec, inputs, x)
    if is_a(x, "PyDataset"):
        return _read_batch("PyDataset", x[0], inputs)
    if callable(attribute(x, "__next__")) and attribute(x, "shape") is None:
        return _read_generator(x, inputs)
    if inspect.isgeneratorfunction(x):
        what = f"x is the function {x.__name__}, and not yet the generator that it makes."
        return Source("nothing", problem=Problem(what), edits=(Edit("x = x()"),))
    if callable(attribute(x, "keys")) and attribute(x, "shape") is None:
        return _read_names(x, inputs)
    if isinstance(x, tuple) and len(x) in (2, 3) and inputs != len(x) and _are_arrays(x):
        source = read(x[0], inputs)
        note = (*source.notes, "x is a pair, read as (x, y).")
        return source._replace(y=x[1], notes=note, kind="pair")
    if isinstance(x, (list, tuple)) and x and (_are_arrays(x) or all(map(_is_open, x))):
        return _read_list(x, inputs)
    return read_array(x)


def read_array(x, name="x"):
    """Read an array, a nested list, a table, a tensor, or the spec of one."""
    if is_a(x, "RaggedTensor", "RaggedTensorSpec"):
        what = f"{name} is {type(x).__name__}: its sequences are of unequal length."
        return Source("array", problem=Problem(what), edits=(Edit(f"{name} = x.to_tensor()"),))
    if is_a(x, "KerasTensor", "TensorSpec", "SymbolicTensor"):
        if attribute(x, "shape") is None or attribute(attribute(x, "shape"), "rank") is None:
            if not is_shape(attribute(x, "shape")):
                return _rankless(name)
        dtype = attribute(x.dtype, "name") or str(x.dtype)
        if dtype == "string":
            return _no_numbers(np.empty(0, "U1"), name)
        return Source("array", Spec(tuple(x.shape), dtype))
    if callable(attribute(x, "to_numpy")) and attribute(x, "columns") is not None:
        return _read_table(x, name)
    kind = "list" if isinstance(x, (list, tuple)) else "other"
    if isinstance(x, np.ndarray) or is_a(x, "Tensor", "ArrayImpl", "EagerTensor"):
        kind = "table" if callable(attribute(x, "to_numpy")) else "array"
    if kind == "other" and attribute(x, "shape") == () and attribute(x, "dtype") == object:
        return _nothing(x, name)
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and odd objects refuse, each in its own way
        return _ragged(x, name) or _nothing(x, name, error)
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        return _nothing(x, name)
    if array.dtype.kind == "O":
        ragged = _ragged(array.tolist(), name)
        if ragged:
            return ragged
    if array.dtype.names or array.dtype.kind not in "biufc":
        return _no_numbers(array, name)
    dtype = array.dtype.name if array.dtype.itemsize <= 8 and array.dtype.kind != "c" else "float32"
    if kind == "list" and array.ndim:
        what = f"{name} is a list of numbers. A Keras layer or model takes arrays, and stops at it."
        fix = (Edit(f"{name} = np.array({name})"),)
        return Source(kind, Spec(array.shape, dtype), array, problem=Problem(what), edits=fix)
    return Source(kind, Spec(array.shape, dtype), x if np.ma.isMA(x) else array)


def value_problem(source, name="x"):
    """Find values that are no data: masked ones, NaN, imaginary parts. Return problem and edits."""
    values = source.values
    if values is None or not values.size or not all(np.shape(values)):
        return None, ()
    if np.ma.isMA(values) and np.ma.getmaskarray(values).any():
        count, fill = int(np.ma.getmaskarray(values).sum()), attribute(values, "fill_value")
        what = (
            f"{counted(count, 'value')} of {name} are masked. Keras does not know masked arrays, and "
            f"would read what lies under the mask, such as {np.ma.getdata(values)[values.mask][0]}."
        )
        why = f"and keras.layers.Masking(0.0) in front skips steps of zeros only. ({fill=})"
        why = "if no genuine step is all zeros, keras.layers.Masking(0.0) in front then skips them."
        return Problem(what, silent=True), (Edit(f"{name} = {name}.filled(0)", why=why),)
    if values.dtype.kind == "c":
        what = f"{name} has dtype {values.dtype}. Keras computes with real numbers and drops the rest."
        return Problem(what, silent=True), (Edit(f"{name} = {name}.real"),)
    if values.dtype.kind != "f":
        return None, ()
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(np.ma.getdata(values).astype(np.float32, copy=False))
    if not bad.any():
        return None, ()
    first = ", ".join(str(int(place)) for place in np.argwhere(bad)[0])
    what = (
        f"{name} holds NaN or infinite values in float32: {int(bad.sum())}, the first at "
        f"{name}[{first}]. An LSTM needs finite numbers: one NaN spoils every later time step."
    )
    advice = "Drop or fill them first (interpolation is often better than 0), or scale them down."
    fix = Edit(f"{name} = np.nan_to_num({name}, posinf=0, neginf=0)", why="or interpolate them.")
    return Problem(what, silent=True, advice=advice), (fix,) if np.isnan(values).any() else ()


def _read_shape(x):
    shape = tuple(None if size is None else operator.index(size) for size in x)
    if any(size is not None and size < 0 for size in shape):
        what = f"x has shape {shape}. A size is 0 or more, or None where it is open."
        return Source("nothing", problem=Problem(what, advice="Write None where -1 stands."))
    return Source("shape", Spec(shape))


def _read_path(x):
    path = os.fsdecode(x) if isinstance(x, (bytes, os.PathLike)) else x
    if path.endswith((".npy", ".npz")) and os.path.exists(path):
        what = f"x is the name of a file, {path}. Load it first."
        edits = (Edit(f"x = np.load({path!r})"),)
        return Source("nothing", problem=Problem(what), edits=edits)
    return _nothing(x, "x")


def _read_names(x, inputs):
    """Read a dict, an npz or an HDF5 file: arrays with names."""
    names = [str(name) for name in list(x.keys())]
    if not names:
        return Source("nothing", problem=Problem(f"x is {type(x).__name__} and holds no array."))
    inner = {name: read_array(x[name]) for name in names}
    shapes = ", ".join(
        f"{name} {one.specs.shape if isinstance(one.specs, Spec) else '(not an array)'}"
        for name, one in inner.items()
    )
    what = f"x is {type(x).__name__} with {counted(len(names), 'array')} by name: {shapes}."
    labels = [name for name in names if name.lower() in ("y", "label", "labels", "target")]
    edits = [
        Edit(f"x = x[{name!r}]", f"{name} is meant" if len(names) > 1 else "", cost=1 + (name in labels))
        for name in names
        if isinstance(inner[name].specs, Spec) or inner[name].edits
    ]
    if len({one.specs.shape[:-1] for one in inner.values() if isinstance(one.specs, Spec)}) == 1:
        when = "these are features side by side"
        edits.append(Edit("x = np.concatenate(list(x.values()), axis=-1)", when, "", 2))
    specs = {name: one.specs for name, one in inner.items()}
    whole = all(isinstance(spec, Spec) for spec in specs.values())
    problem = Problem(what, advice="Pass the one that is meant, such as x[name].")
    return Source("names", specs if whole else None, problem=problem, edits=tuple(edits))


def _read_list(x, inputs):
    """Read a list of arrays: several inputs, samples in a list, or inputs and labels."""
    parts = [_read_shape(part) if is_shape(part) else read_array(part) for part in x]
    bad = [part.problem for part in parts if part.problem]
    shapes = [part.specs.shape if part.specs else None for part in parts]
    what = f"x is a list of {counted(len(x), 'array')}: {', '.join(map(str, shapes[:4]))}."
    edits = []
    if len(set(shapes)) == 1:
        edits.append(Edit("x = np.stack(x)", "each array is one sample"))
    if len(x) == 2 and shapes[0] and shapes[1] and shapes[0][0] == shapes[1][0]:
        edits.append(Edit("x, y = x", "these are the inputs and their labels"))
    if len(shapes[0] or ()) >= 2 and len({(shape or ())[:-1] for shape in shapes}) == 1:
        edits.append(Edit("x = np.concatenate(x, axis=-1)", "these are features side by side", "", 2))
    if len({(shape or ())[1:] for shape in shapes}) == 1:
        edits.append(Edit("x = np.concatenate(x)", "each array is a batch of samples", "", 2))
    if len(x) == 1:
        edits = [Edit("x = x[0]")]
    elif len({(shape or ())[1:] for shape in shapes}) == 1 and len(set(shapes)) > 1:
        what = f"x holds sequences of unequal length: {', '.join(str(s[0]) for s in shapes[:6])}."
        edits.insert(0, Edit(f"x = {PAD}", why="keras.layers.Masking in front skips the padding."))
    problem = bad[0] if bad else Problem(what)
    return Source("arrays", [part.specs for part in parts], problem=problem, edits=tuple(edits))


def _read_batch(kind, batch, inputs, x=None):
    """Read one element of a dataset or generator: x, (x, y) or (x, y, weights)."""
    y, inner = None, batch
    if isinstance(batch, (tuple, list)) and len(batch) in (2, 3) and isinstance(batch, tuple):
        inner, y = batch[0], batch[1]
    elif isinstance(batch, tuple) and len(batch) == 1:
        inner = batch[0]
    if isinstance(inner, (dict, list, tuple)) and not is_shape(inner):
        source = read(list(inner) if isinstance(inner, tuple) else inner, max(inputs, len(inner)))
    else:
        source = read_array(inner)
    if source.kind == "rankless" and kind == "dataset":
        return _read_batch("PyDataset", next(iter(x)), inputs)._replace(kind=kind)
    spec, batched = source.specs, True
    if kind == "dataset" and isinstance(spec, Spec):
        batched = in_batches(x, spec.shape, attribute(y, "shape"))
    edits = source.edits if kind == "dataset" and "to_tensor" in str(source.edits) else ()
    edits = tuple(edit._replace(code=line(kind, "x.to_tensor()", y is not None)) for edit in edits)
    return source._replace(kind=kind, y=y, batched=batched, batch=batch, edits=edits)


def in_batches(dataset, shape, labels):
    """Tell whether the elements of a dataset are batches; None if that is not known."""
    while dataset is not None:
        name = type(dataset).__name__
        if "Batch" in name:
            return "Unbatch" not in name
        if "TensorSlice" in name:
            return False
        dataset = attribute(dataset, "_input_dataset") if "Flat" not in name else None
    open_labels = labels is None or tuple(labels[:1]) == (None,)
    return True if shape[:1] == (None,) and open_labels else None


def _read_generator(x, inputs):
    """Read the first batch of a twin of a generator that has not started; x loses nothing."""
    state = np.random.get_state()
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
        return Source("nothing", problem=Problem(what, advice=advice))
    finally:
        np.random.set_state(state)
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
    kinds = [np.asarray(x[column]).dtype.kind for column in columns]
    index = attribute(x, "index")
    timed = is_a(index, "DatetimeIndex", "PeriodIndex", "TimedeltaIndex") or bool({*kinds} & {*"mM"})
    good = [column for column, kind in zip(columns, kinds, strict=True) if kind in "biuf"]
    notes = ("The rows of x have times, so they are moments of one series.",) if timed else ()
    if len(good) == len(columns):
        values = np.asarray(x.to_numpy())
        spec = Spec(values.shape, values.dtype.name if values.dtype.kind in "biuf" else "float32")
        return Source("table", spec, values, moments=timed, notes=notes)
    odd = ", ".join(str(column) for column in columns if column not in good)
    what = f"These columns of {name} hold no plain numbers: {odd}."
    edits = (Edit(f"{name} = {name}[{good}]"),) if good else ()
    return Source("table", problem=Problem(what), edits=edits, moments=timed, notes=notes)


def line(kind, expression, labelled):
    """Write the line of code that changes x in this kind of container.

    `expression` holds x; np.newaxis and np functions become Keras's where tensors are mapped.
    """
    if kind in ("table", "list", "other"):
        array = "x.to_numpy()" if kind == "table" else "np.array(x)"
        return "x = " + re.sub(r"\bx\b", array, expression, count=1)
    if kind == "pair":
        first = re.sub(r"\bx\b", "x[0]", expression, count=1)
        return f"x = ({first}, *x[1:])"
    if kind not in ("dataset", "generator", "PyDataset"):
        return f"x = {expression}"
    names, result = ("x, y", f"({expression}, y)") if labelled else ("x", expression)
    if kind == "dataset":
        for function in ("reshape", "transpose", "squeeze"):
            result = result.replace(f"np.{function}", f"keras.ops.{function}")
        return f"x = x.map(lambda {names}: {result})"
    batches = "x" if kind == "generator" else "map(x.__getitem__, range(len(x)))"
    return f"x = ({result} for {names} in {batches})"


def _ragged(x, name):
    """Describe rows of unequal length; None if they are equal."""
    lengths = _lengths(x)
    if not lengths:
        return None
    shown = ", ".join(map(str, lengths[:6])) + (", ..." if len(lengths) > 6 else "")
    what = f"{name} holds sequences of unequal length: {shown}. {READS}"
    why = "zeros fill the ends; keras.layers.Masking in front of the LSTM skips them."
    edit = Edit(f"{name} = {PAD}", why=why)
    advice = f"Pad them: {PAD.replace('x,', name + ',')}; {why}"
    return Source("list", problem=Problem(what, advice=advice), edits=(edit,))


def _lengths(x):
    """Return the sorted lengths found at the first level where they differ, else []."""
    level = [x]
    for _ in range(8):  # a list can hold itself, so the depth needs an end
        rows = [item for item in level if isinstance(item, (list, tuple)) or np.ndim(item) > 0]
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1:
            return lengths if len(rows) == len(level) else []
        level = [item for row in rows for item in row]
    return []


def _no_numbers(array, name):
    """Describe an array that does not hold real numbers, and what may make numbers of it."""
    what = f"{name} has dtype {array.dtype}. Keras computes with real numbers (float32)."
    advice = "Turn letters into numbers first, one per letter."
    edits = []
    if array.dtype.names:
        good = [n for n in array.dtype.names if array.dtype[n].kind in "biuf"]
        what = f"{name} is a structured array with the fields {', '.join(array.dtype.names)}. {READS}"
        fields = ", ".join(f"x[{n!r}]" for n in good)
        edits = [Edit(f"{name} = np.stack([{fields}], axis=-1)")] if good else []
        advice = "Make one axis of its fields that hold numbers."
    elif array.dtype.kind == "O" and array.size and np.ndim(array.flat[0]):
        what = f"{name} is an array of {array.size} objects, each of them a list or an array."
        edits = [Edit(f"{name} = np.stack(list(x))")]
        advice = f"Join them into one array of numbers: np.stack(list({name}))."
    elif array.dtype.kind in "OUS" and array.size:
        edits = [Edit(f'{name} = x.astype("float32")')]
        if array.dtype.kind == "O":
            what += f" The first value is a {type(array.flat[0]).__name__}."
            advice = f'Keep the number columns only, then write {name}.astype("float32").'
    elif array.dtype.kind in "mM":
        advice = 'Drop the times, or count from the first: (x - x[0]) / np.timedelta64(1, "h").'
    return Source("array", problem=Problem(what, advice=advice), edits=tuple(edits))


def _nothing(x, name, error=None):
    """Say that there is no array of numbers."""
    reason = f" NumPy says: {str(error).split('. ')[0][:200]}." if error else ""
    if isinstance(x, (list, tuple)):
        reason = " It mixes single values and lists at one level, or is nested too deep."
    what = f"{name} is {type(x).__name__} and gives no array of numbers.{reason} An LSTM reads an array"
    what += " of 3 axes: (samples, time steps, features)."
    fix = "Pass an array, a list of lists or a table."
    if isinstance(x, (str, bytes)):
        fix = "Turn text into numbers first, one per letter."
    kind = "list" if isinstance(x, (list, tuple)) else "nothing"
    return Source(kind, problem=Problem(what, advice=fix))


def _rankless(name):
    what = f"{name} does not know how many axes it has. Pass an array, or its shape as a tuple."
    return Source("rankless", problem=Problem(what, advice="Pass an array, or its shape."))


def _are_arrays(parts):
    return all(attribute(part, "shape") is not None and np.ndim(part) > 0 for part in parts)


def _is_open(part):
    return is_shape(part) and None in part
