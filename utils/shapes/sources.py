"""Read what was given as data: which arrays are in it, of what shape, in what kind of container."""

import copy
import inspect
import re
import types
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .explanation import Fix, Problem, counted, problem
from .trial import Spec, attribute, is_a, is_shape

BEFORE = {"table": "x.to_numpy()", "list": "np.array(x)", "other": "np.array(x)", "pair": "x[0]"}


class Source(NamedTuple):
    """What was found in the data; `problem` says why it cannot be read, and what may mend that."""

    kind: str  # array, shape, table, list, pair, dataset, PyDataset, generator ...
    specs: object = None  # Spec, or a list or dict of them
    values: np.ndarray | None = None
    problem: Problem | None = None
    moments: bool = False  # its rows are known to be moments in time
    y: object = None  # labels beside it
    batch: object = None  # what a generator or PyDataset gave
    parts: int = 1  # of a batch: x, labels, weights
    batched: bool | None = True  # whether the elements of a dataset are batches
    size: int | None = None  # of the first batch of a dataset
    rows: int | None = None  # how many it has in all
    rest: int = 0  # how many are left for a last batch that is not full
    shuffled: bool = False


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
    fault = source.problem if source.values is None else None
    fault = fault or axes_problem(source.specs.shape, name) or value_problem(source, name)
    if fault:
        raise ValueError(f"{fault.what} {fault.advice or fault.fix}")
    return np.array(source.values, np.float32)


def axes_problem(shape, name="x"):
    """Describe a shape that has not 3 axes, or an empty one; say what is most often meant."""
    key, axis = f"axes-{min(len(shape), 4)}", shape.index(0) if 0 in shape else None
    if len(shape) == 3 and axis is None:
        return None
    key = key if axis is None else "empty"
    return problem(key, name=name, shape=shape, axis=axis, count=axes(shape))


def axes(shape):
    """Count the axes of a shape in words."""
    return "1 axis" if len(shape) == 1 else f"{len(shape)} axes"


def read(x, inputs=1):
    """Read data of any kind for a model of so many inputs."""
    if is_a(x, "TensorShape") and x.rank is not None:
        x = tuple(x)
    if is_shape(x):
        return Source("shape", Spec(tuple(None if size is None else int(size) for size in x)))
    if str(x if isinstance(x, str) else attribute(x, "suffix")).endswith((".npy", ".npz")):
        return _bad("nothing", "file", path=str(x))
    if callable(attribute(x, "cardinality")) and int(x.cardinality()) == 0:
        return _bad("dataset", "no-batches")
    if attribute(x, "element_spec") is not None:
        return _read_batch("dataset", x.element_spec, inputs, x)
    if is_a(x, "PyDataset"):
        return _read_batch("PyDataset", x[0], inputs)
    if callable(attribute(x, "__next__")) and attribute(x, "shape") is None:
        try:
            return _read_batch("generator", next(_twin(x)), inputs)
        except Exception:
            return _bad("nothing", "generator", type=type(x).__name__)
    if inspect.isgeneratorfunction(x):
        return _bad("nothing", "function", path=x.__name__)
    if callable(attribute(x, "keys")) and attribute(x, "shape") is None:
        return _read_several(x, {str(name): x[name] for name in x.keys()})  # noqa: SIM118
    several = isinstance(x, (list, tuple)) and len(x) > 0
    arrays = several and all(attribute(p, "shape") is not None and np.ndim(p) > 0 for p in x)
    if arrays and isinstance(x, tuple) and len(x) in (2, 3) and inputs != len(x):
        return read(x[0], inputs)._replace(y=x[1], kind="pair")
    if arrays or several and isinstance(x, list) and all(is_shape(p) and None in p for p in x):
        return _read_several(x, dict(enumerate(x)))
    return read_array(x)


def read_array(x, name="x"):
    """Read an array, a nested list, a table, a tensor, the spec of one, or a shape."""
    if is_shape(x) and name != "x":
        return Source("shape", Spec(x))
    if is_a(x, "RaggedTensor", "RaggedTensorSpec"):
        return _bad("array", "ragged-tensor", name=name, type=type(x).__name__)
    if is_a(x, "KerasTensor", "TensorSpec", "TensorShape"):
        shape, dtype = attribute(x, "shape"), attribute(x, "dtype")
        if not is_shape(shape) and attribute(shape, "rank") is None:
            return _bad("rankless", "rankless", name=name)
        spec = Spec(tuple(shape), str(attribute(dtype, "name") or dtype))
        text = spec.dtype == "string"
        return _no_numbers(np.empty(0, "U1"), name) if text else Source("array", spec)
    frame = callable(attribute(x, "to_numpy")) and attribute(x, "columns") is not None
    if frame or attribute(attribute(x, "dtype"), "names"):
        return _read_table(x, frame, name)
    kind = "list" if isinstance(x, (list, tuple)) else "other"
    kind = "array" if isinstance(x, np.ndarray) or is_a(x, "Tensor", "ArrayImpl") else kind
    try:
        array = np.asarray(x)
    except Exception as error:  # ragged lists and odd objects refuse, each in its own way
        return _ragged(x, name) or _nothing(x, name, f" NumPy says: {str(error)[:200]}.")
    if array.ndim == 0 and array.dtype.kind in "OUSV":
        return _nothing(x, name)
    if array.dtype.kind not in "biuf":
        return _ragged(array.tolist(), name) or _no_numbers(array, name)
    spec = Spec(array.shape, array.dtype.name if array.dtype.itemsize <= 8 else "float32")
    source = Source(kind, spec, x if np.ma.isMA(x) else array)
    return source._replace(problem=problem("list", name=name)) if kind == "list" else source


def value_problem(source, name="x"):
    """Find values that are no data: masked ones, NaN."""
    values = source.values
    if values is None or values.dtype.kind != "f" and not np.ma.isMA(values):
        return None
    masked, data = np.ma.getmaskarray(values), np.ma.getdata(values)
    if masked.any():
        count = counted(int(masked.sum()), "value")
        return problem("masked", name=name, count=count, under=data[masked][0])
    with np.errstate(over="ignore", invalid="ignore"):
        bad = ~np.isfinite(data.astype(np.float32, copy=False))
    if not bad.any():
        return None
    first = ", ".join(str(int(place)) for place in np.argwhere(bad)[0])
    return problem("not-finite", name=name, count=int(bad.sum()), first=first)


def line(kind, expression, parts=1):
    """Write the line of code that changes x in this kind of container."""
    names = ", ".join(("x", "y", "weights")[:parts])
    result = f"({names.replace('x', expression, 1)})" if parts > 1 else expression
    if kind == "dataset":
        result = re.sub(r"np\.(reshape|transpose|squeeze)", r"keras.ops.\1", result)
        return f"x = x.map(lambda {names}: {result})"
    if kind in ("generator", "PyDataset"):
        batches = "x" if kind == "generator" else "map(x.__getitem__, range(len(x)))"
        return f"x = ({result} for {names} in {batches})"
    expression = re.sub(r"\bx\b", BEFORE.get(kind, "x"), expression, count=1)
    return f"x = ({expression}, *x[1:])" if kind == "pair" else f"x = {expression}"


def _bad(kind, key, *fixes, specs=None, moments=False, **facts):
    """Return a source that cannot be read as it is."""
    return Source(kind, specs, problem=problem(key, *fixes, **facts), moments=moments)


def _read_several(x, parts):
    """Read a dict, an npz or HDF5 file, or a list: inputs, samples, or inputs and labels."""
    named, fixes = not isinstance(x, (list, tuple)), []
    inner = {name: read_array(part, f"x[{name!r}]") for name, part in parts.items()}
    specs = {name: one.specs for name, one in inner.items()}
    shapes = [spec.shape if spec else () for spec in specs.values()]
    samples = len({shape[1:] for shape in shapes}) == 1 and not named
    equal = samples and len(set(shapes)) == 1
    for name, one in inner.items() if named else ():
        label = name.lower() in ("y", "label", "labels", "target", "targets")
        if one.specs or one.problem.fixes:
            fixes.append(Fix(f"x = x[{name!r}]", f"{name} is meant", "", 1 + label))
    if equal:
        fixes.append(Fix("x = np.stack(x)", "each array is one sample"))
    if not named and len(x) == 2:
        fixes.append(Fix("x, y = x", "these are the inputs and their labels"))
        fixes.append(Fix("x = [x[1], x[0]]", "the two inputs were exchanged", "", 2))
    whole = "list(x.values())" if named else "x"
    if len(shapes) > 1 and len({shape[:-1] for shape in shapes}) == 1 < len(shapes[0]):
        code = f"x = np.concatenate({whole}, axis=-1)"
        fixes.append(Fix(code, "these are features side by side", "", 2))
    if samples:
        fixes.append(Fix("x = np.concatenate(x)", "each array is a batch of samples", "", 2))
    fixes += [Fix(f"x = {whole}", "its order is that of the inputs", "", 3)] if named else []
    lengths = ", ".join(str(shape[0]) for shape in shapes[:6] if shape)
    pairs = list(zip(specs, shapes, strict=True))[:6]
    texts = ", ".join(f"{name} {shape}" if named else str(shape) for name, shape in pairs)
    facts = {"name": "x", "lengths": lengths, "shapes": texts, "type": type(x).__name__}
    facts["count"] = counted(len(shapes), "array")
    specs = None if None in specs.values() else specs if named else list(specs.values())
    key = "ragged" if samples and not equal else "several"
    return _bad("several", key, *fixes, specs=specs or None, **facts)


def _read_batch(kind, batch, inputs, x=None):
    """Read one element of a dataset or generator: x, (x, y) or (x, y, weights)."""
    parts = len(batch) if isinstance(batch, tuple) and len(batch) in (2, 3) else 1
    inner, y = batch[:2] if parts > 1 else (batch, None)
    inner = inner[0] if isinstance(inner, tuple) and len(inner) == 1 else inner
    fixes, pipe = (), {}
    if isinstance(inner, (dict, list, tuple)) and not is_shape(inner):
        source = _read_several(inner, inner if isinstance(inner, dict) else dict(enumerate(inner)))
    else:
        source = read_array(inner)
        if source.kind == "rankless" and x is not None:
            return _read_batch("PyDataset", next(iter(x)), inputs)._replace(kind=kind)
        if is_a(inner, "RaggedTensor", "RaggedTensorSpec"):
            why = source.problem.fixes[0].why
            fixes = (Fix(line(kind, "x.to_tensor()", parts), why=why),)
        if x is not None and source.specs:
            pipe = _pipeline(x, source.specs.shape, attribute(y, "shape"))
    fault = source.problem and source.problem._replace(fixes=fixes)
    return source._replace(kind=kind, y=y, batch=batch, parts=parts, problem=fault, **pipe)


def _pipeline(dataset, shape, labels):
    """Tell what a dataset says of itself: in batches or not, their size, the rest, shuffled."""
    found = {"batched": None, "shuffled": False}
    while dataset is not None:
        name, below = type(dataset).__name__, attribute(dataset, "_input_dataset")
        found["shuffled"] |= "Shuffle" in name
        if found["batched"] is None and ("Batch" in name or "TensorSlice" in name):
            found["batched"] = "Batch" in name and "Unbatch" not in name
            if found["batched"] and attribute(dataset, "_batch_size") is not None:
                size, rows = int(dataset._batch_size), int(below.cardinality())
                rest = rows % size if rows > 0 and not bool(dataset._drop_remainder) else 0
                found |= {"size": min(size, rows) if rows > 0 else size, "rest": rest}
                found["rows"] = rows if rows > 0 else None  # below 0: not known
        dataset = None if "Flat" in name else below
    if found["batched"] is None:
        first = shape[:1] == (None,) and (labels is None or tuple(labels[:1]) == (None,))
        found["batched"] = first or None
    return found


def _twin(value):
    """Return what can be read in place of a variable of a generator; raises where nothing can."""
    if inspect.isgenerator(value):
        if inspect.getgeneratorstate(value) != inspect.GEN_CREATED:
            raise ValueError("it has started already")
        code, frame = value.gi_code, value.gi_frame
        own = {name: _twin(one) for name, one in frame.f_locals.items()}
        around = {n: _twin(one) for n, one in frame.f_globals.items() if n in code.co_names}
        cells = tuple(types.CellType(own[name]) for name in code.co_freevars)
        function = types.FunctionType(code, frame.f_globals | around, closure=cells)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        function.__kwdefaults__ = {name: own[name] for name in names[code.co_argcount :]}
        return function(*[own[name] for name in names[: code.co_argcount]])
    moves = callable(attribute(value, "__next__")) or is_a(value, "Generator", "RandomState")
    return copy.deepcopy(value) if moves else value


def _read_table(x, frame, name):
    """Read a table of pandas or polars, or a structured array; its index is no feature."""
    columns = list(x.columns if frame else x.dtype.names)
    kinds = {column: np.asarray(x[column]).dtype.kind for column in columns}
    timed = is_a(attribute(x, "index"), "DatetimeIndex", "PeriodIndex", "TimedeltaIndex")
    timed = timed or bool({*kinds.values()} & {*"mM"})
    good = [column for column in columns if kinds[column] in "biuf"]
    if frame and len(good) == len(columns):
        values = np.asarray(x.to_numpy())
        values = values.astype("float32") if values.dtype.kind == "O" else values
        return Source("table", Spec(values.shape, values.dtype.name), values, moments=timed)
    fields = ", ".join(f"{name}[{column!r}]" for column in good)
    code = f"{name} = {name}[{good}]" if frame else f"{name} = np.stack([{fields}], axis=-1)"
    facts = {"name": name, "code": code, "columns": ", ".join(map(str, columns))}
    facts["others"] = ", ".join(str(column) for column in columns if column not in good)
    return _bad("table", "table" if frame else "structured", moments=timed, **facts)


def _ragged(rows, name):
    """Describe rows of unequal length; None if they are equal, or no rows."""
    rows = rows if isinstance(rows, (list, tuple)) else []
    if not all(isinstance(row, (list, tuple)) or attribute(row, "shape") for row in rows):
        return None
    lengths = sorted({len(row) for row in rows})
    shown = ", ".join(map(str, lengths[:6]))
    return _bad("list", "ragged", name=name, lengths=shown) if len(lengths) > 1 else None


def _no_numbers(array, name):
    """Describe an array that does not hold real numbers."""
    kind, first = array.dtype.kind, type(array.flat[0]).__name__ if array.size else "nothing"
    key = {"O": "objects", "c": "complex", "m": "dates", "M": "dates"}.get(kind, "letters")
    return _bad("array", key, name=name, dtype=array.dtype, first=first)


def _nothing(x, name, reason=""):
    """Say that there is no array of numbers."""
    key = "text" if isinstance(x, (str, bytes)) else "nothing"
    kind = "list" if isinstance(x, (list, tuple)) else "nothing"
    return _bad(kind, key, name=name, type=type(x).__name__, reason=reason)
