"""From text or a series to windows, or to lanes for a stateful model, with NumPy only.

Shapes are written with N samples, T time steps, F features, B batch size, and L for the length of
a sequence.
"""

import datetime
import operator
from collections.abc import Generator, Iterator, Mapping, Set
from typing import NamedTuple

import numpy as np

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def encode(text, alphabet=ALPHABET):
    """Turn each letter into its position in the alphabet.

    Parameters
    ----------
    text : str
        One letter or more, all of them in `alphabet`.
    alphabet : str
        The letters that have a code. No letter twice.

    Returns
    -------
    np.ndarray
        int64 array of shape (L,).

    Raises
    ------
    TypeError
        If `text` or `alphabet` is not a string.
    ValueError
        If `text` is empty or holds a letter that `alphabet` does not, or `alphabet` is empty or
        holds a letter twice.

    Examples
    --------
    >>> encode("ACE")
    array([0, 2, 4])
    """
    positions = _positions(alphabet)
    if not isinstance(text, str):
        raise TypeError(
            f"text is {type(text).__name__}. encode reads a string. "
            'Join a list of letters first: "".join(letters).'
        )
    if not text:
        raise ValueError("text is empty. encode reads 1 letter or more. Pass a text such as 'ABC'.")
    for place, letter in enumerate(text):
        if letter not in positions:
            fix = "Remove it, or add it to alphabet."
            if letter.upper() in positions:
                fix = "Write text.upper()."
            elif letter.lower() in positions:
                fix = "Write text.lower()."
            raise ValueError(
                f"text holds {letter!r} at position {place}. "
                f"encode knows the {len(alphabet)} letters {alphabet!r}. {fix}"
            )
    return np.array([positions[letter] for letter in text], dtype=np.int64)


def decode(codes, alphabet=ALPHABET):
    """Turn codes back into text; the inverse of `encode`.

    Parameters
    ----------
    codes : array_like of int
        Shape (L,). Each code is a position in `alphabet`.
    alphabet : str
        The letters that have a code. No letter twice.

    Returns
    -------
    str
        L letters. No codes give an empty text.

    Raises
    ------
    TypeError
        If `alphabet` is not a string.
    ValueError
        If `codes` does not have 1 axis, holds anything but integers, or leaves the alphabet, or
        `alphabet` is empty or holds a letter twice.

    Examples
    --------
    >>> decode([0, 2, 4])
    'ACE'
    """
    _positions(alphabet)
    codes = _as_array(codes, "codes")
    if codes.ndim != 1:
        raise ValueError(
            f"codes has shape {codes.shape}: {codes.ndim} axes. decode reads 1: (L,). "
            "Decode one row at a time, or write np.ravel(codes)."
        )
    if codes.size == 0:
        return ""
    if codes.dtype.kind not in "iu":
        raise ValueError(
            f"codes has dtype {codes.dtype}. decode reads integers. If they are scaled numbers, "
            "undo the scaling and round: np.rint(codes * scale).astype(int)."
        )
    # A negative code would count from the end of the alphabet without an error.
    outside = np.flatnonzero((codes < 0) | (codes >= len(alphabet)))
    if outside.size:
        place = outside[0]
        raise ValueError(
            f"codes holds {codes[place]} at position {place}. decode reads 0 to "
            f"{len(alphabet) - 1}. Pass the alphabet that the text was encoded with."
        )
    return "".join(alphabet[code] for code in codes)


def sliding_windows(sequence, length, horizon=1, stride=1):
    """Cut a sequence into windows, each with the value that follows it.

    Parameters
    ----------
    sequence : array_like of numbers
        Shape (L,) for one value per time step, or (L, F).
    length : int
        T, the number of time steps in a window.
    horizon : int
        How many positions after the last element of the window the target lies. 1 is the next.
    stride : int
        How many positions the next window starts after this one.

    Returns
    -------
    X : np.ndarray
        Shape (N, T) or (N, T, F), with N = (L - T - horizon) // stride + 1.
    y : np.ndarray
        Shape (N,) or (N, F).

    Raises
    ------
    TypeError
        If `length`, `horizon` or `stride` is not an integer, or `sequence` is None, a dict, a set,
        a generator or a dataset.
    ValueError
        If one of them is below 1, or `sequence` is too short, ragged, not numeric, not finite,
        or has 0 or more than 2 axes.

    Notes
    -----
    The windows come from `numpy.lib.stride_tricks.sliding_window_view`. That gives views, in
    which windows share their elements; this function returns copies.

    Examples
    --------
    >>> X, y = sliding_windows([0, 1, 2, 3, 4], length=3)
    >>> X.tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """
    sequence = _as_sequence(sequence, "sliding_windows")  # (L,) or (L, F)
    length = positive_integer(length, "length")
    horizon = positive_integer(horizon, "horizon")
    stride = positive_integer(stride, "stride")
    first_target = length - 1 + horizon
    if len(sequence) <= first_target:
        raise ValueError(
            f"sequence has length {len(sequence)}. length={length} and horizon={horizon} need "
            f"{length + horizon} or more. Pass a longer sequence or a smaller length."
        )
    windows = np.lib.stride_tricks.sliding_window_view(sequence, length, axis=0)
    # The new axis comes last; time steps belong right after samples.
    windows = np.moveaxis(windows, -1, 1)  # (N, T) or (N, F, T) -> (N, T, F)
    y = sequence[first_target::stride].copy()  # (N,) or (N, F)
    X = windows[::stride][: len(y)].copy()  # the last windows have no target
    return X, y


class Lanes(NamedTuple):
    """What `lanes` returns.

    Attributes
    ----------
    X : np.ndarray
        Shape (K * B, T) or (K * B, T, F): K batches of B samples.
    dropped : int
        How many positions at the end of the sequence found no place in `X`.
    """

    X: np.ndarray
    dropped: int


def lanes(sequence, length, batch_size):
    """Cut a sequence into B lanes side by side, and the lanes into batches for a stateful model.

    Lane i is the i-th of B equal parts of the sequence. Batch k holds, in row i, the steps k * T
    to (k + 1) * T of lane i. So row i of every batch continues row i of the batch before, and the
    samples fit ``fit(X, ..., batch_size=B, shuffle=False)`` with no remainder.

    Parameters
    ----------
    sequence : array_like of numbers
        Shape (L,) for one value per time step, or (L, F).
    length : int
        T, the number of time steps in a sample.
    batch_size : int
        B, the number of lanes.

    Returns
    -------
    X : np.ndarray
        Shape (K * B, T) or (K * B, T, F), with K = L // (B * T): sample k * B + i is row i of
        batch k. A copy.
    dropped : int
        L - K * B * T: how many positions at the end of the sequence found no place in X.

    Raises
    ------
    TypeError
        If `length` or `batch_size` is not an integer, or `sequence` is None, a dict, a set, a
        generator or a dataset.
    ValueError
        If one of them is below 1, or `sequence` is shorter than B * T, ragged, not numeric, not
        finite, or has 0 or more than 2 axes.

    Notes
    -----
    Targets are cut the same way. To predict the next value, cut ``sequence[:-1]`` for the inputs
    and ``sequence[1:]`` for the targets.

    Examples
    --------
    >>> X, dropped = lanes(range(14), length=3, batch_size=2)
    >>> X.tolist()  # lane 0 is 0 to 5, lane 1 is 6 to 11
    [[0, 1, 2], [6, 7, 8], [3, 4, 5], [9, 10, 11]]
    >>> dropped
    2
    """
    sequence = _as_sequence(sequence, "lanes")  # (L,) or (L, F)
    length = positive_integer(length, "length")
    batch_size = positive_integer(batch_size, "batch_size")
    batches, dropped = divmod(len(sequence), batch_size * length)
    if batches == 0:
        raise ValueError(
            f"sequence has length {len(sequence)}. batch_size={batch_size} and length={length} "
            f"need {batch_size * length} or more: {length} for each of {batch_size} lanes. Pass a "
            "longer sequence, a smaller batch_size or a smaller length."
        )
    features = sequence.shape[1:]  # () or (F,)
    used = sequence[: len(sequence) - dropped]
    X = used.reshape(batch_size, batches, length, *features)  # (B, K, T[, F]): each row a lane
    X = X.swapaxes(0, 1)  # (K, B, T[, F]): batch by batch
    return Lanes(X.reshape(batches * batch_size, length, *features).copy(), dropped)


def _positions(alphabet):
    """Map each letter of a checked alphabet to its position."""
    if not isinstance(alphabet, str):
        raise TypeError(
            f"alphabet is {type(alphabet).__name__}. It must be a string. "
            'Join the letters: "".join(letters).'
        )
    if not alphabet or len(set(alphabet)) != len(alphabet):
        fix = 'Write "".join(sorted(set(alphabet))).' if alphabet else "Pass 'ABC', for example."
        raise ValueError(
            f"alphabet is {alphabet!r}. It must hold 1 letter or more, none of them twice. {fix}"
        )
    return {letter: position for position, letter in enumerate(alphabet)}


def positive_integer(value, name):
    """Return `value` as an int of at least 1.

    Parameters
    ----------
    value : object
    name : str
        What the error calls it.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        If it is no integer; True and False are none.
    ValueError
        If it is below 1.
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"{name} is {value!r} ({type(value).__name__}). It must be an integer of 1 or more. "
            f"Write for example {name}=1."
        ) from None
    if number < 1:
        raise ValueError(
            f"{name} is {number}. It must be an integer of 1 or more. Write for example {name}=1."
        )
    return number


def _as_array(values, name):
    """Convert to an array; say what is wrong with a list of unequal rows."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} holds rows of unequal length. It must be an array with rows of one length. "
            "Treat each row on its own, and join the results with np.concatenate."
        ) from None


def _no_array(values):
    """Return what kind of thing is no array, and the line that makes it one; None for arrays."""
    if values is None:
        return (
            "None",
            "See which function gave it: x.sort() and rng.shuffle(x) change x, return None.",
        )
    if isinstance(values, Mapping):
        names = list(values)
        if not names:
            return "an empty dict", "Pass the numbers themselves."
        one = f"sequence[{names[0]!r}]"
        fix = f"For one of its {len(names)} series write {one}; for all of them as features, "
        return "a dict", fix + "np.column_stack(list(sequence.values()))."
    if isinstance(values, Set):
        return "a set, which has no order", "Write np.array(sorted(sequence)), or keep a list."
    if hasattr(values, "as_numpy_iterator"):
        read = "list(sequence.as_numpy_iterator())"
        if isinstance(getattr(values, "element_spec", None), tuple):
            read = "[parts[0] for parts in sequence.as_numpy_iterator()]"
        fix = f"Write np.array({read}); np.concatenate instead if it is batched."
        return "a dataset (tf.data)", fix
    if any(kind.__name__ == "PyDataset" for kind in type(values).__mro__):
        fix = "Write np.concatenate([sequence[i][0] for i in range(len(sequence))])."
        return "a dataset (PyDataset)", fix
    if isinstance(values, Iterator):
        kind = "a generator" if isinstance(values, Generator) else "an iterator"
        return kind, "It is read once, so keep what it gives: write np.array(list(sequence))."
    return None


def _dates(values):
    """Return where dates stand among the values, and how to leave them out; None if nowhere."""
    if hasattr(values, "columns"):  # a table: pandas, polars
        columns = {name: np.asarray(values[name]) for name in values.columns}
        dates = [name for name, column in columns.items() if _dates(column)]
        numbers = [name for name, column in columns.items() if column.dtype.kind in "biuf"]
        fix = f"Write sequence[{numbers}]."
        return (f"is a table with dates in column {dates[0]!r}", fix) if dates else None
    array = _as_array(values, "sequence")
    if array.dtype.kind in "Mm":
        fix = (
            "Sort by the dates, and pass the values that belong to them. For the time that passed, "
        )
        fix += "in seconds: np.diff(np.asarray(sequence)) / np.timedelta64(1, 's')."
        return f"holds dates (dtype {array.dtype})", fix
    if array.dtype.kind == "O" and array.size and isinstance(array.flat[0], datetime.date):
        kind = type(array.flat[0]).__name__
        return f"holds dates ({kind})", "Pass the values that belong to them."
    return None


def _as_sequence(sequence, reader):
    """Check a sequence for the function `reader`; return an array of shape (L,) or (L, F)."""
    if found := _no_array(sequence):
        kind, fix = found
        raise TypeError(
            f"sequence is {kind}. {reader} reads an array of numbers, (L,) or (L, F). {fix}"
        )
    if dates := _dates(sequence):
        kind, fix = dates
        raise ValueError(f"sequence {kind}. {reader} reads numbers, in order of time. {fix}")
    sequence = _as_array(sequence, "sequence")
    if sequence.dtype.kind not in "biuf":
        raise ValueError(
            f"sequence has dtype {sequence.dtype}. {reader} reads numbers. "
            "Encode text with encode(text); convert a table with .astype('float32')."
        )
    if sequence.ndim not in (1, 2):
        hint = {
            0: "Put the number in a list.",
            3: "It may hold windows already; then it needs no second cut.",
        }.get(sequence.ndim, "Merge the axes after the first: sequence.reshape(len(sequence), -1).")
        raise ValueError(
            f"sequence has shape {sequence.shape}: {sequence.ndim} axes. "
            f"{reader} reads (L,) or (L, F). {hint}"
        )
    if sequence.ndim == 2 and sequence.shape[1] == 0:
        raise ValueError(
            f"sequence has shape {sequence.shape}: 0 features. {reader} reads (L, F) with "
            "F of 1 or more. Check which columns were selected."
        )
    finite = np.isfinite(sequence)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"sequence holds {(~finite).sum()} values that are NaN or infinite, the first at index "
            f"{first}. {reader} reads finite numbers. Fill or drop them before cutting."
        )
    return sequence
