"""Name the axes of a shape, say what the loop does with them, and repair their number."""

import numpy as np

from .explanation import Axis, Problem, counted

SAMPLES = ("N", "samples", "sequences; each has a state of its own")
TIME_STEPS = ("T", "time steps", "runs of the loop, in this order")
POSITIONS = ("P", "positions", "read together at each time step")
FEATURES = ("F", "features", "numbers read at each time step")


def name_axes(shape, wanted=3):
    """Name the axes of a shape, if it has as many as are wanted.

    Parameters
    ----------
    shape : tuple of int and None
        The shape of the data.
    wanted : int or None
        How many axes are read: 2 in front of an Embedding, 3 by an LSTM, 4 and more by layers
        that read pictures at each time step. With None they are named like those of an LSTM.

    Returns
    -------
    tuple of Axis
    """
    if wanted is None and len(shape) != 3:
        return tuple(Axis("?", "unnamed", size, "no loop reads it") for size in shape)
    wanted = wanted or 3
    if len(shape) != wanted or wanted < 2:
        meaning = f"an LSTM reads 3 axes, not {len(shape)}"
        if wanted != 3 or len(shape) == 3:
            meaning = f"{wanted} axes are read here"
        return tuple(Axis("?", "unnamed", size, meaning) for size in shape)
    between = [POSITIONS] * (wanted - 3)
    names = [SAMPLES, TIME_STEPS, *between, FEATURES][:wanted]
    return tuple(
        Axis(letter, name, size, meaning)
        for (letter, name, meaning), size in zip(names, shape, strict=True)
    )


def describe_loop(shape, wanted=3):
    """Say how often the loop runs and what it reads."""
    if wanted == 2 and len(shape) == 2:
        return (
            f"The first layer turns each of the {shape[1]} time steps into a vector of features; "
            "the loop runs once for each."
        )
    if len(shape) != (wanted or 3):
        return f"The loop cannot run: x does not have {wanted or 3} axes."
    steps, inside = shape[1], shape[2:]
    what = f"an array of shape {inside}"
    if len(inside) == 1:
        what = "a vector " + (
            "of one number per feature" if inside[0] is None else f"of length {inside[0]}"
        )
    if steps is None:
        return f"The loop runs once per time step; each time it reads {what}."
    if steps == 1:
        return f"The loop runs once; it reads {what}."
    return f"The loop runs {steps} times; each time it reads {what}."


def one_step_notes(shape, stateful):
    """Note what a single time step means."""
    if len(shape) != 3 or shape[1] != 1:
        return []
    if stateful:
        return [
            "With 1 time step per call, all memory is in the state that goes from call to call. "
            "Reset it where a new sequence starts."
        ]
    notes = [
        "With 1 time step and zero initial state the recurrent weights have nothing to read: "
        "they multiply zeros, and no gradient reaches them."
    ]
    n, _, f = shape
    if f is not None and f > 1:
        notes.append(
            f"The layer reads the {f} features all at once, in no order. If they are {f} moments "
            f"of one series, shape ({n}, {f}, 1) lets the loop read them one after another."
        )
    return notes


def axes_problem(shape, name, wanted=3, expected=None, code=None):
    """Describe a shape that does not have the wanted number of axes.

    Parameters
    ----------
    shape : tuple of int and None
        The shape of the data.
    name, code : str
        What to call the data, and what to write for it in a line of code.
    wanted : int
        The number of axes.
    expected : tuple or None
        The shape that the layer expects, as far as it is known.

    Returns
    -------
    Problem
    """
    code = code or name
    count = {0: "0 axes, a single number", 1: "1 axis"}.get(len(shape), f"{len(shape)} axes")
    if wanted == 3:
        reads = "An LSTM reads 3: (samples, time steps, features)."
        fix = _table_fix(shape, code, expected) if len(shape) == 2 else _axes_fix(shape, code)
        return Problem(f"{name} has shape {shape}: {count}. {reads}", fix)
    names = ", ".join(axis.name for axis in name_axes((None,) * wanted, wanted))
    fix = "Bring the data into that order; look up a few numbers that you know afterwards."
    if len(shape) == wanted + 1 and shape[-1] == 1:
        fix = f"Drop the last axis: {code}[..., 0]."
    if len(shape) == wanted - 1:
        fix = f"If there is one feature per position, add its axis: {code}[..., np.newaxis]."
    return Problem(f"{name} has shape {shape}: {count}. This layer reads {wanted}: ({names}).", fix)


def _table_fix(shape, code, expected):
    """Suggest how to get from 2 axes to 3; what a layer expects rules some ways out."""
    rows, columns = shape
    steps, features = expected[1:] if len(expected or ()) == 3 else (None, None)
    ways = []
    if features in (None, 1):
        ways.append(
            f"If each row is one sequence of {counted(columns, 'step')}, write "
            f"{code}[..., np.newaxis] -> ({rows}, {columns}, 1)."
        )
    if features in (None, columns):
        ways.append(
            f"If each row is one moment with {counted(columns, 'feature')}, write "
            f"{code}[np.newaxis] -> (1, {rows}, {columns}), or cut windows of shape (samples, "
            f"length, {columns}): keras.utils.timeseries_dataset_from_array({code}, None, length)."
        )
    if features == 1 < (columns or 0) and steps != columns:
        ways.append(
            f"If each row is one moment with {counted(columns, 'feature')}, the layer has to read "
            f"{columns}: build it with Input(({steps}, {columns})), and cut windows of shape "
            f"(samples, length, {columns}): sliding_window_view, or timeseries_dataset_from_array."
        )
    if None not in (steps, features) and features > 1 and columns == steps * features:
        ways.append(
            f"If each row is one sample with the {features} features of the first time step in "
            f"front, write {code}.reshape(-1, {steps}, {features}) -> ({rows}, {steps}, "
            f"{features})."
        )
    if ways:
        return " ".join(ways)
    return (
        f"The layer reads {features} features at each time step, and no axis here has that size. "
        "Look at how x was made: an axis was dropped, or the model is for other data."
    )


def _axes_fix(shape, name):
    """Suggest how to get from another number of axes to 3."""
    if len(shape) == 0:
        return f"For one sample of one time step write np.reshape({name}, (1, 1, 1))."
    if len(shape) == 1:
        (size,) = shape
        return (
            f"If it is one sequence of {counted(size, 'step')}, write "
            f"{name}[np.newaxis, :, np.newaxis] -> (1, {size}, 1). To get many samples cut it "
            f"into windows, X = np.lib.stride_tricks.sliding_window_view({name}, length), and add "
            "the last axis: X[..., np.newaxis]."
        )
    rest = shape[2:]
    merged = None if None in rest else int(np.prod(rest, dtype=object))
    sizes = (shape[0], shape[1], merged)
    fix = "If the axes from 2 on are all features of one time step, merge them"
    if sizes.count(None) < 2:  # reshape finds one open size
        code = ", ".join("-1" if size is None else str(size) for size in sizes)
        fix += f": {name}.reshape({code}) -> ({shape[0]}, {shape[1]}, {merged})"
    fix += "."
    if 1 in shape:
        last = len(shape) - 1 - shape[::-1].index(1)
        smaller = shape[:last] + shape[last + 1 :]
        fix += f" If axis {last} is one too many: np.squeeze({name}, axis={last}) -> {smaller}."
    return fix
