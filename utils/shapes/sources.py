"""Read what was given as data: which arrays are in it, of what shape, in what kind of container."""

import copy
import inspect
import re
import types
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .explanation import Problem, counted, problem
from .trial import Spec, attribute, is_a, is_shape

# How x is changed in each kind of container: {new} is an expression of x, {names} a batch's parts.
LINES = {
    "table": "x = {new}",
    "pair": "x = ({new}, *x[1:])",
    "dataset": "x = x.map(lambda {names}: {new})",
    "generator": "x = ({new} for {names} in x)",
    "PyDataset": "x = ({new} for {names} in map(x.__getitem__, range(len(x))))",
}
WITHIN = {"table": "x.to_numpy()", "list": "np.array(x)", "other": "np.array(x)", "pair": "x[0]"}


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

    def line(self, expression):
        """Write the line of code that changes x in this kind of container."""
        names = ", ".join(("x", "y", "weights")[: self.parts])
        if self.kind in ("dataset", "generator", "PyDataset"):
            new = f"({names.replace('x', expression, 1)})" if self.parts > 1 else expression
        else:
            new = re.sub(r"\bx\b", WITHIN.get(self.kind, "x"), expression, count=1)
        if self.kind == "dataset":
            new = re.sub(r"np\.(reshape|transpose|squeeze)", r"keras.ops.\1", new)
        return LINES.get(self.kind, "x = {new}").format(new=new, names=names)


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
        raise ValueError(f"{fault.what} {fault.advice}")
    return np.array(source.values, np.float32)


def axes_problem(shape, name="x"):
    """Describe a shape that has not 3 axes, or an empty one; say what is most often meant."""
    facts = {"name": name, "shape": shape, "count": axes(shape)}
    if 0 in shape:
        return problem("empty", axis=shape.index(0), **facts)
    return problem(f"axes-{min(len(shape), 4)}", **facts) if len(shape) != 3 else None


def axes(shape):
    """Count the axes of a shape in words."""
    return "1 axis" if len(shape) == 1 else f"{len(shape)} axes"


def read(x, inputs=1):
    """Read data of any kind for a model of so many inputs."""
    x = tuple(x) if is_a(x, "TensorShape") and x.rank is not None else x
    shape, moving = attribute(x, "shape"), callable(attribute(x, "__next__"))
    if is_shape(x):
        return Source("shape", Spec(tuple(None if size is None else int(size) for size in x)))
    if str(x if isinstance(x, str) else attribute(x, "suffix")).endswith((".npy", ".npz")):
        return _bad("nothing", "file", path=str(x))
    if inspect.isgeneratorfunction(x):
        return _bad("nothing", "function", path=x.__name__)
    if callable(attribute(x, "cardinality")) and int(x.cardinality()) == 0:
        return _bad("dataset", "no-batches")
    if attribute(x, "element_spec") is not None:
        return _read_batch("dataset", x.element_spec, x)
    if is_a(x, "PyDataset"):
        return _read_batch("PyDataset", x[0])
    if moving and shape is None:
        try:
            return _read_batch("generator", next(_twin(x)))
        except Exception:
            return _bad("nothing", "generator", type=type(x).__name__)
    if callable(attribute(x, "keys")) and shape is None:
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
        dtype = str(attribute(dtype, "name") or dtype)
        if dtype == "string":
            return _bad("array", "letters", name=name, dtype=dtype)
        return Source("array", Spec(tuple(shape), dtype))
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
        key = {"O": "objects", "c": "complex", "m": "dates", "M": "dates"}
        key, first = key.get(array.dtype.kind, "letters"), array.flat[0] if array.size else None
        facts = {"name": name, "dtype": array.dtype, "first": type(first).__name__}
        return _ragged(array.tolist(), name) or _bad("array", key, **facts)
    spec = Spec(array.shape, array.dtype.name if array.dtype.itemsize <= 8 else "float32")
    fault = problem("list", name=name) if kind == "list" else None
    return Source(kind, spec, x if np.ma.isMA(x) else array, fault)


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


def _bad(kind, key, specs=None, moments=False, **facts):
    """Return a source that cannot be read as it is."""
    return Source(kind, specs, problem=problem(key, **facts), moments=moments)


def _read_several(x, parts):
    """Read a dict, an npz or HDF5 file, or a list: inputs, samples, or inputs and labels."""
    named = not isinstance(x, (list, tuple))
    specs = {name: read_array(part, f"x[{name!r}]").specs for name, part in parts.items()}
    shapes = [spec.shape if spec else () for spec in specs.values()]
    alike = not named and len({shape[1:] for shape in shapes}) == 1
    texts = [f"{name} {shape}".strip() for name, shape in zip(parts, shapes, strict=True)][:6]
    texts = texts if named else [text.partition(" ")[2] for text in texts]
    facts = {"name": "x", "type": type(x).__name__, "count": counted(len(shapes), "array")}
    facts |= {"lengths": ", ".join(str(shape[0]) for shape in shapes[:6] if shape)}
    facts |= {"shapes": ", ".join(texts), "names": list(parts) if named else []}
    specs = None if None in specs.values() else specs if named else list(specs.values())
    key = "ragged" if alike and len({*shapes}) > 1 else "several"
    return _bad("several", key, specs, **facts)


def _read_batch(kind, batch, dataset=None):
    """Read one element of a dataset or generator: x, (x, y) or (x, y, weights)."""
    parts = len(batch) if isinstance(batch, tuple) and len(batch) in (2, 3) else 1
    inner, y = batch[:2] if parts > 1 else (batch, None)
    inner = inner[0] if isinstance(inner, tuple) and len(inner) == 1 else inner
    if isinstance(inner, (dict, list, tuple)) and not is_shape(inner):
        source = _read_several(inner, inner if isinstance(inner, dict) else dict(enumerate(inner)))
    else:
        source = read_array(inner)
    if source.kind == "rankless" and dataset is not None:
        return _read_batch("PyDataset", next(iter(dataset)))._replace(kind=kind)
    pipe = dataset is not None and isinstance(source.specs, Spec)
    more = _pipeline(dataset, source.specs.shape, attribute(y, "shape")) if pipe else {}
    return source._replace(kind=kind, y=y, batch=batch, parts=parts, **more)


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
                size, rows = (min(size, rows), rows) if rows > 0 else (size, None)
                rest = rows % size if rows and not bool(dataset._drop_remainder) else 0
                found |= {"size": size, "rows": rows, "rest": rest}
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
    texts = [", ".join(str(c) for c in columns if frame is False or c not in good)]
    fields = ", ".join(f"{name}[{column!r}]" for column in good)
    facts = {"name": name, "columns": texts[0], "good": good, "fields": fields}
    return _bad("table", "table" if frame else "structured", moments=timed, **facts)


def _ragged(rows, name):
    """Describe rows of unequal length; None if they are equal, or no rows."""
    rows = rows if isinstance(rows, (list, tuple)) else []
    if not all(isinstance(row, (list, tuple)) or attribute(row, "shape") for row in rows):
        return None
    lengths = sorted({len(row) for row in rows})
    facts = {"name": name, "lengths": ", ".join(map(str, lengths[:6]))}
    return _bad("list", "ragged", **facts) if len(lengths) > 1 else None


def _nothing(x, name, reason=""):
    """Say that there is no array of numbers."""
    key = "text" if isinstance(x, (str, bytes)) else "nothing"
    kind = "list" if isinstance(x, (list, tuple)) else "nothing"
    return _bad(kind, key, name=name, type=type(x).__name__, reason=reason)
