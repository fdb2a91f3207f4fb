"""Reset, read and write the state of every stateful layer of a model."""

import operator

import keras
import numpy as np

from utils.shapes import counted
from utils.state.layers import as_copy, built_batch_size, state_variables, stateful_layers


def reset_states(model, rows=None):
    """Set the state of every stateful layer to zeros, in all rows or in some.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A built model or layer with at least one stateful layer.
    rows : None, sequence of int, or sequence of bool of length B
        Which rows of the batch start anew: their numbers, or one True or False for each row, in a
        list, an array or a tensor. The other rows keep their state. None means all rows.

    Raises
    ------
    TypeError
        If `model` is not a Keras model or layer, or `rows` holds anything but integers or bools.
    ValueError
        As `stateful_layers`, or if `rows` names a row that the state does not have, has another
        number of bools than rows, or the layers of the model differ in their number of rows.

    Notes
    -----
    On TensorFlow and PyTorch every later call starts from the new state. On JAX only direct calls
    do, ``model(x)``: ``fit``, ``evaluate`` and ``predict`` do not hear of it.

    Examples
    --------
    >>> reset_states(model)  # doctest: +SKIP
    >>> reset_states(model, rows=[1])  # row 1 begins a new series  # doctest: +SKIP
    """
    layers = stateful_layers(model)
    if rows is None:
        for layer in layers:
            reset_layer(layer)
        return
    sizes = sorted({built_batch_size(layer) for layer in layers})
    if len(sizes) > 1:
        raise ValueError(
            f"rows is given, and the stateful layers have states of {sizes} rows, so a row of one "
            "is not a row of the other. Call reset_states(layer, rows=...) for each layer."
        )
    anew = _as_mask(rows, sizes[0])  # (B,)
    for variable in (v for layer in layers for v in state_variables(layer)):
        chosen = anew.reshape(-1, *[1] * (len(variable.shape) - 1))
        # Not a product with 0 and 1: a row that holds NaN would keep it.
        variable.assign(keras.ops.where(chosen, keras.ops.zeros_like(variable.value), variable))


def read_states(model):
    """Copy the state of every stateful layer.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A built model or layer with at least one stateful layer.

    Returns
    -------
    dict of str to list of np.ndarray
        For each layer its path, and copies of its states, each of shape (B, U): ``[h, c]`` for an
        LSTM, ``[h]`` for a GRU or SimpleRNN. Layers of one path get "#2", "#3" and so on.

    Raises
    ------
    TypeError, ValueError
        As `stateful_layers`.

    Examples
    --------
    >>> before = read_states(model)  # doctest: +SKIP
    >>> model.predict(x, batch_size=4)  # doctest: +SKIP
    >>> write_states(model, before)  # doctest: +SKIP
    """
    return {
        name: [as_copy(variable) for variable in variables]
        for name, variables in _named_variables(model).items()
    }


def write_states(model, states):
    """Set the state of every stateful layer; the inverse of `read_states`.

    Everything is checked first. If one entry is wrong, no state is changed.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A built model or layer with at least one stateful layer.
    states : dict of str to list of array_like
        As `read_states` returns it: the same names, each with arrays of shape (B, U).

    Raises
    ------
    TypeError
        If `states` is not a dict of lists, or `model` not a Keras model or layer.
    ValueError
        If the model has no stateful layer or is not built, a name is missing or unknown, a number
        of arrays or a shape differs, or a value is not a finite number in the type of the state.

    Notes
    -----
    On JAX only direct calls start from the new state, as with `reset_states`.

    Examples
    --------
    >>> write_states(model, read_states(model))  # doctest: +SKIP
    """
    variables = _named_variables(model)
    if not isinstance(states, dict):
        raise TypeError(
            f"states is {type(states).__name__}. It must be a dict of layer path to list of "
            "arrays. Start from read_states(model) and change its arrays."
        )
    if set(states) != set(variables):
        raise ValueError(
            f"states has the names {sorted(map(str, states))}. This model has "
            f"{sorted(variables)}. If the state comes from a model of the same structure, rename: "
            "dict(zip(read_states(model), states.values()))."
        )
    pairs = []
    for name, targets in variables.items():
        arrays = states[name]
        if not isinstance(arrays, (list, tuple)):
            raise TypeError(
                f"states[{name!r}] is {type(arrays).__name__}. It must be a list of "
                f"{counted(len(targets), 'array')}. Write [h, c] for an LSTM, [h] for a GRU or "
                "SimpleRNN."
            )
        if len(arrays) != len(targets):
            raise ValueError(
                f"states[{name!r}] has {counted(len(arrays), 'array')}. The layer has "
                f"{counted(len(targets), 'state')}. "
                "Write [h, c] for an LSTM, [h] for a GRU or SimpleRNN."
            )
        for place, (array, target) in enumerate(zip(arrays, targets, strict=True)):
            label = f"states[{name!r}][{place}]"
            pairs.append((target, as_state(array, tuple(target.shape), label, target.dtype)))
    for target, array in pairs:
        target.assign(array)


def reset_layer(layer):
    """Set the state of one layer to zeros."""
    if any(keras.tree.is_nested(state) for state in layer.states):
        # RNN over a list of cells keeps one list of states per cell; its own reset_state fails
        # on that in Keras 3.15 (AttributeError: no attribute 'assign').
        for variable in state_variables(layer):
            variable.assign(keras.ops.zeros_like(variable.value))
    else:
        layer.reset_state()


def _named_variables(model):
    """Map a unique name of each stateful layer to its state variables."""
    named = {}
    for layer in stateful_layers(model):
        name, count = layer.path, 1
        while name in named:  # a custom layer can hold two layers of one name
            count += 1
            name = f"{layer.path}#{count}"
        named[name] = state_variables(layer)
    return named


def _as_mask(rows, batch_size):
    """Return which rows are meant, as an array of bool of shape (B,)."""
    try:
        items = list(keras.ops.convert_to_numpy(rows) if keras.ops.is_tensor(rows) else rows)
        if items and all(isinstance(item, (bool, np.bool_)) for item in items):
            mask = np.array(items)
        else:
            if any(isinstance(item, (bool, np.bool_)) for item in items):
                raise TypeError
            mask, numbers = None, [operator.index(item) for item in items]
    except TypeError:
        raise TypeError(
            f"rows is {rows!r}. It must be a sequence of row numbers, or of one bool per row. "
            "Write for example rows=[0]."
        ) from None
    if mask is None:
        outside = [number for number in numbers if not 0 <= number < batch_size]
        if outside:
            raise ValueError(
                f"rows holds {outside[0]}. The state has {counted(batch_size, 'row')}, numbered "
                f"from 0 to {batch_size - 1}. Count rows of the batch, not samples."
            )
        mask = np.isin(np.arange(batch_size), numbers)
    if len(mask) != batch_size:
        raise ValueError(
            f"rows has {counted(len(mask), 'bool')}. The state has {counted(batch_size, 'row')}. "
            f"Give one bool for each row, or row numbers such as [0]."
        )
    return mask


def as_state(value, shape, label, dtype):
    """Check one state; return it as an array of the wanted shape and type."""
    try:
        array = as_copy(value) if keras.ops.is_tensor(value) else np.asarray(value)
        finite = bool(np.isfinite(array).all())
    except (TypeError, ValueError):
        raise ValueError(
            f"{label} is {type(value).__name__} and does not hold numbers. It must be an array of "
            f"shape {shape}. Write np.zeros({shape}) for an empty state."
        ) from None
    if array.shape != shape:
        raise ValueError(
            f"{label} has shape {array.shape}. It must have shape {shape}: one row per sequence of "
            "the batch. To give one row to all, write "
            f"np.repeat(row, {shape[0]}, axis=0) with row of shape {(1, *shape[1:])}."
        )
    if not finite:
        raise ValueError(
            f"{label} holds NaN or infinite values. A state must be finite, or every later step is "
            "NaN. Check the data and the loss of the model that it was read from."
        )
    cast = as_copy(keras.ops.cast(array, dtype))
    if not np.isfinite(cast).all():
        raise ValueError(
            f"{label} holds {np.abs(array).max():g}, which is infinite as {dtype}, the type of the "
            "state. Check where the value comes from: h of an LSTM lies between -1 and 1."
        )
    return cast
