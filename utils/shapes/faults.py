"""Name what makes data unreadable: unequal lengths, other types than numbers, NaN, empty axes."""

import numpy as np

from .explanation import Problem


def attribute(thing, name):
    """Return an attribute, or None; Keras raises various errors for what is not there yet."""
    try:
        return getattr(thing, name)
    except Exception:
        return None


def is_row(item):
    """Tell whether item is a list, a tuple or an array with at least 1 axis."""
    return isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def unequal_lengths(x):
    """Return the sorted lengths found at the first level where they differ, else []."""
    level = [x]
    for _ in range(8):  # a list can hold itself, so the depth needs an end
        rows = [item for item in level if is_row(item)]
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1:
            return lengths
        level = [item for row in rows for item in row]
    return []


def ragged_problem(name, lengths):
    """Describe rows of unequal length."""
    shown = ", ".join(map(str, lengths[:6])) + (", ..." if len(lengths) > 6 else "")
    shown = f": {shown}" if lengths else ""
    return Problem(
        f"{name} holds sequences of unequal length{shown}. An LSTM reads one array of 3 axes: "
        "(samples, time steps, features), so every sequence needs the same number of time steps.",
        f'Pad them with keras.utils.pad_sequences({name}, dtype="float32", padding="post"), '
        "add the features axis if it is missing (X[..., np.newaxis]), and put "
        "keras.layers.Masking before the LSTM so that it skips the padding.",
    )


def dtype_problem(array, x, name):
    """Describe an array that does not hold real numbers."""
    if array.dtype.kind == "O":
        lengths = unequal_lengths(array.tolist())
        if lengths:
            return ragged_problem(name, lengths)
        if array.size and is_row(array.flat[0]):
            what = f"{name} is an array of {array.size} objects, each of them a list or an array."
            return Problem(what, f"Join them into one array of numbers: np.stack(list({name})).")
    what = f"{name} has dtype {array.dtype}. Keras computes with real numbers (float32)."
    if array.dtype.kind in "US":
        fix = "Turn letters into numbers first, one per letter."
    elif array.dtype.kind == "O" and array.size:
        fix = _object_fix(array, x, name)
    else:
        fix = f'Turn it into numbers first; then write {name}.astype("float32").'
    return Problem(what, fix)


def _object_fix(array, x, name):
    """Name the columns of a table that hold no numbers, or the first value of an array."""
    columns = attribute(x, "columns")
    dtypes = attribute(x, "dtypes")
    if columns is not None and dtypes is not None:
        kinds = [attribute(dtype, "kind") for dtype in dtypes]
        pairs = zip(columns, kinds, strict=False)
        odd = ", ".join(str(column) for column, kind in pairs if kind not in tuple("biuf"))
        if not odd:  # numbers all of them, in a type of pandas' own
            return f'Write {name}.to_numpy("float32").'
        return (
            f"These columns hold no plain numbers: {odd}. Drop them or turn them into numbers; "
            f'then write {name}.to_numpy("float32").'
        )
    return (
        f"The first value is a {type(array.flat[0]).__name__}. Keep the number columns only, then "
        f'write {name}.astype("float32").'
    )


def empty_problems(shape, name):
    """List an axis of size 0."""
    if 0 not in shape:
        return []
    what = f"{name} has shape {shape}: axis {shape.index(0)} has size 0. "
    fix = (
        "Check the slice or filter that made it; a sequence shorter than the window gives 0 "
        "samples."
    )
    return [Problem(what + "Every axis needs a size of 1 or more.", fix)]


def value_problems(array, name):
    """List values that are no finite numbers."""
    bad = ~np.isfinite(array)
    if not bad.any():
        return []
    first = ", ".join(str(int(place)) for place in np.argwhere(bad)[0])
    what = (
        f"{name} holds NaN or infinite values in float32: {int(bad.sum())}, the first at "
        f"{name}[{first}]. An LSTM needs finite numbers: one NaN spoils every later time step."
    )
    fix = (
        "Drop or fill them first (np.nan_to_num, or interpolation), and scale very large numbers "
        "down."
    )
    return [Problem(what, fix, silent=True)]
