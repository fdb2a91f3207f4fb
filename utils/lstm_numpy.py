"""The LSTM of Keras in NumPy: one step, and the loop over time steps.

Shapes are written with B batch size, T time steps, F features and U units.

References
----------
Hochreiter and Schmidhuber (1997), "Long Short-Term Memory"; the forget gate is from Gers,
Schmidhuber and Cummins (2000), "Learning to Forget". The order of the gates, and the equations,
are those of ``keras.layers.LSTMCell`` with its default activations.
"""

from typing import NamedTuple

import numpy as np


class Step(NamedTuple):
    """One time step: the new state and the four gates, each of shape (B, U)."""

    h: np.ndarray  # hidden state, which is also the output
    c: np.ndarray  # cell state
    i: np.ndarray  # input gate
    f: np.ndarray  # forget gate
    g: np.ndarray  # candidate
    o: np.ndarray  # output gate


class Run(NamedTuple):
    """All time steps: the fields of `Step`, each of shape (B, T, U)."""

    h: np.ndarray
    c: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray


def sigmoid(x):
    """Squash numbers to the range 0 to 1, without overflow.

    Parameters
    ----------
    x : array_like
        Any shape.

    Returns
    -------
    np.ndarray
        The same shape; float32 stays float32, and integers become floats.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    x = np.asarray(x)
    x = x.astype(np.result_type(x, np.float32), copy=False)
    # exp of a number that is never positive cannot overflow.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def split_gates(z, units):
    """Cut the last axis into the four blocks, in the order of Keras: i, f, g, o.

    Parameters
    ----------
    z : array_like
        Shape (..., 4U): what the gates receive, or a kernel, or a bias.
    units : int
        U.

    Returns
    -------
    dict
        Keys "i" (input gate), "f" (forget gate), "g" (candidate), "o" (output gate); each
        value a copy of shape (..., U).

    Raises
    ------
    ValueError
        If the last axis does not have 4U elements.

    Examples
    --------
    >>> split_gates([1, 2, 3, 4], units=1)["f"]
    array([2])
    """
    z = np.asarray(z)
    if z.ndim == 0 or units < 1 or z.shape[-1] != 4 * units:
        raise ValueError(
            f"z has shape {z.shape} and units is {units}. The last axis must have 4 * units "
            "elements, one block for each of i, f, g, o. Pass units = z.shape[-1] // 4."
        )
    blocks = np.split(z, 4, axis=-1)  # (..., 4U) -> 4 x (..., U)
    return {gate: block.copy() for gate, block in zip("ifgo", blocks, strict=True)}


def lstm_step(x_t, h, c, kernel, recurrent_kernel, bias):
    """Run the LSTM for one time step.

    Parameters
    ----------
    x_t : array_like
        Shape (B, F): the input of this time step.
    h, c : array_like
        Shape (B, U): hidden state and cell state before the step.
    kernel : array_like
        Shape (F, 4U).
    recurrent_kernel : array_like
        Shape (U, 4U).
    bias : array_like
        Shape (4U,).

    Returns
    -------
    Step
        h, c (after the step) and i, f, g, o; each of shape (B, U).

    Raises
    ------
    ValueError
        If a shape does not fit the others.
    TypeError
        If an argument does not hold real numbers.

    Examples
    --------
    >>> zeros = np.zeros
    >>> lstm_step(zeros((2, 3)), zeros((2, 5)), zeros((2, 5)), zeros((3, 20)), zeros((5, 20)),
    ...           zeros(20)).h.shape
    (2, 5)
    """
    x_t, h, c, kernel, recurrent_kernel, bias = _as_floats(
        x_t=x_t, h=h, c=c, kernel=kernel, recurrent_kernel=recurrent_kernel, bias=bias
    )
    units = _check_weights(x_t, ("B", "F"), "x_t", kernel, recurrent_kernel, bias)
    for name, state in (("h", h), ("c", c)):
        _check_state(state, name, batch_size=len(x_t), units=units)

    z = x_t @ kernel + h @ recurrent_kernel + bias  # (B, F) and (B, U) -> (B, 4U)
    gates = split_gates(z, units)  # (B, 4U) -> 4 x (B, U)
    i = sigmoid(gates["i"])
    f = sigmoid(gates["f"])
    g = np.tanh(gates["g"])
    o = sigmoid(gates["o"])
    c = f * c + i * g
    h = o * np.tanh(c)
    return Step(h, c, i, f, g, o)


def lstm(x, kernel, recurrent_kernel, bias=None, initial_state=None):
    """Run the LSTM over all time steps.

    Parameters
    ----------
    x : array_like
        Shape (B, T, F).
    kernel : array_like
        Shape (F, 4U).
    recurrent_kernel : array_like
        Shape (U, 4U).
    bias : array_like
        Shape (4U,). It must be given; a layer with ``use_bias=False`` needs zeros here.
    initial_state : None or pair of array_like
        ``[h, c]``, each of shape (B, U). None means zeros.

    Returns
    -------
    Run
        h, c, i, f, g, o after each time step; each of shape (B, T, U). ``run.h[:, -1]`` is what
        a Keras layer returns, ``run.h`` what it returns with ``return_sequences=True``.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or `x` has an empty axis.
    TypeError
        If an argument does not hold real numbers.

    Notes
    -----
    Computed in float32 if `x` and the weights are float32, in float64 if one of them is float64;
    `initial_state` is converted to that.

    Examples
    --------
    With the weights of a Keras layer: ``lstm(x, *layer.get_weights())``.

    >>> lstm(np.ones((2, 3, 1)), np.ones((1, 8)), np.ones((2, 8)), np.zeros(8)).h.shape
    (2, 3, 2)
    """
    x, kernel, recurrent_kernel, bias = _as_floats(
        x=x, kernel=kernel, recurrent_kernel=recurrent_kernel, bias=bias
    )
    units = _check_weights(x, ("B", "T", "F"), "x", kernel, recurrent_kernel, bias)
    h, c = _first_state(initial_state, batch_size=len(x), units=units, dtype=x.dtype)

    steps = []
    for t in range(x.shape[1]):  # the loop over the time steps
        step = lstm_step(x[:, t, :], h, c, kernel, recurrent_kernel, bias)
        h, c = step.h, step.c  # the state goes on to the next time step
        steps.append(step)
    return Run(*(np.stack(values, axis=1) for values in zip(*steps, strict=True)))  # (B, T, U)


def _as_floats(**arrays):
    """Convert all arguments to one floating dtype, at least float32."""
    if arrays["bias"] is None:
        raise ValueError(
            "bias is missing. lstm needs kernel, recurrent_kernel and bias of shape (4U,). "
            "A layer with use_bias=False has none: pass np.zeros(kernel.shape[1])."
        )
    arrays = {name: _as_array(value, name) for name, value in arrays.items()}
    dtype = np.result_type(np.float32, *(array.dtype for array in arrays.values()))
    return [array.astype(dtype, copy=False) for array in arrays.values()]


def _as_array(value, name):
    """Convert one argument to an array of real numbers."""
    try:
        array = np.asarray(value)
        np.result_type(array.dtype, np.float32)
        numeric = array.dtype.kind not in "OUSMmc"
    except (TypeError, ValueError):
        numeric = False
    if not numeric:
        raise TypeError(
            f"{name} is {type(value).__name__} and does not hold an array of real numbers. "
            "Pass NumPy arrays, for example lstm(x, *layer.get_weights())."
        )
    return array


def _check_weights(x, letters, x_name, kernel, recurrent_kernel, bias):
    """Check that the weights fit x and each other; return U."""
    if x.ndim != len(letters) or 0 in x.shape:
        wanted = f"({', '.join(letters)})"
        fix = "np.newaxis adds an axis: x[..., np.newaxis] turns (B, T) into (B, T, 1)."
        if x_name == "x_t":
            fix = "For one time step of (B, T, F) data write x[:, t, :]; for all of them call lstm."
        raise ValueError(
            f"{x_name} has shape {x.shape}. It must have shape {wanted}, no axis of size 0. {fix}"
        )
    features = x.shape[-1]
    shapes = (
        f"kernel has shape {kernel.shape}, recurrent_kernel {recurrent_kernel.shape}, bias "
        f"{bias.shape}; {x_name} has shape {x.shape}. "
    )
    units = recurrent_kernel.shape[0] if recurrent_kernel.ndim == 2 else 0
    columns = 4 * units
    good = kernel.shape == (features, columns) and recurrent_kernel.shape == (units, columns)
    if units and good and bias.shape == (columns,):
        return units

    wanted = f"An LSTM has (F, 4U), (U, 4U) and (4U,) with F={features}. "
    fix = "Pass the weights of one LSTM layer: lstm(x, *layer.get_weights())."
    rows = kernel.shape[0] if kernel.ndim == 2 else 0
    if units and recurrent_kernel.shape == (units, 3 * units):
        fix = "3U columns are the weights of a GRU. " + fix
    elif units and recurrent_kernel.shape == (units, units):
        fix = "U columns are the weights of a SimpleRNN. " + fix
    elif (
        not good
        and rows
        and kernel.shape == (rows, 4 * rows)
        and recurrent_kernel.shape[:1] == (features,)
    ):
        fix = "kernel and recurrent_kernel look swapped. The order is kernel, recurrent_kernel."
    elif recurrent_kernel.shape == (units, columns) and kernel.shape == (rows, columns):
        if rows != features:
            fix = (
                f"These weights are for F={rows}. Pass {x_name} with F={rows}, or the weights of a "
                f"layer that was built with F={features}."
            )
        else:
            fix = f"Pass the bias of the same layer, of shape ({columns},)."
    raise ValueError(shapes + wanted + fix)


def _first_state(initial_state, batch_size, units, dtype):
    """Return h and c before the first time step, each (B, U)."""
    if initial_state is None:
        # The state of every row starts at zeros unless one is given.
        return np.zeros((batch_size, units), dtype), np.zeros((batch_size, units), dtype)
    try:
        h, c = initial_state
    except (TypeError, ValueError):
        raise ValueError(
            "initial_state is not a pair. An LSTM has two states: pass initial_state=[h, c], each "
            f"of shape ({batch_size}, {units})."
        ) from None
    states = []
    for name, value in (("initial_state[0]", h), ("initial_state[1]", c)):
        state = _as_array(value, name)
        _check_state(state, name, batch_size, units)
        # As in Keras, the state takes the dtype of the layer.
        states.append(state.astype(dtype))
    return states


def _check_state(state, name, batch_size, units):
    """Check that a state has one row per sequence and one column per unit."""
    if state.shape != (batch_size, units):
        raise ValueError(
            f"{name} has shape {state.shape}. It must have shape ({batch_size}, {units}): one row "
            f"per sequence, one column per unit. Start from np.zeros(({batch_size}, {units}))."
        )
