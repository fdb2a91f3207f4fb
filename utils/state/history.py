"""The states inside one call: h and c after every time step."""

import keras
import numpy as np

from utils.shapes import as_samples, counted
from utils.state.backend import require_state
from utils.state.layers import as_copy, built_batch_size
from utils.state.values import as_state


def state_history(layer, x, initial_state=None):
    """Compute h and c after every time step of one call, with Keras's own cell.

    The stored state of the layer is read, never changed. No dropout and no mask is applied.

    Parameters
    ----------
    layer : keras.layers.LSTM
        A built layer, stateful or not.
    x : array_like
        Shape (B, T, F).
    initial_state : None or pair of array_like
        ``[h, c]``, each of shape (B, U). None means the stored state of a stateful layer, and
        zeros for any other.

    Returns
    -------
    h, c : np.ndarray
        Each of shape (B, T, U). h is what the layer returns with ``return_sequences=True``.

    Raises
    ------
    TypeError
        If `layer` is not an LSTM layer, or `x` not an array.
    ValueError
        If the layer is not built, or `x` or `initial_state` does not fit it.
    RuntimeError
        If the stored state is asked for on a back end where ``fit`` and ``predict`` do not store
        it (JAX in Keras 3.15). Give `initial_state` there.

    Examples
    --------
    >>> h, c = state_history(layer, x)  # doctest: +SKIP
    """
    if not isinstance(layer, keras.layers.LSTM):
        raise TypeError(
            f"layer is {type(layer).__name__}. state_history reads one LSTM layer, which has h and "
            "c. Pick it from recurrent_layers(model)."
        )
    x = as_samples(x)  # (B, T, F)
    if not layer.built:
        raise ValueError(
            f"layer {layer.name!r} is not built, so it has no weights. state_history needs a built "
            "layer. Call it once: layer(x)."
        )
    _check_fits(layer, x)
    h, c = _first_state(layer, len(x), initial_state)
    order = range(x.shape[1])
    hidden, cell = [], []
    for t in reversed(order) if layer.go_backwards else order:
        # Calling the cell goes around the layer, so no stored state is assigned.
        _, (h, c) = layer.cell(keras.ops.convert_to_tensor(x[:, t, :]), [h, c], training=False)
        hidden.append(as_copy(h))  # (B, U)
        cell.append(as_copy(c))
    return np.stack(hidden, axis=1), np.stack(cell, axis=1)  # (B, T, U)


def _check_fits(layer, x):
    """Check features and, for a stateful layer, batch size."""
    features = int(layer.cell.kernel.shape[0])
    if x.shape[2] != features:
        raise ValueError(
            f"x has shape {x.shape}: {counted(x.shape[2], 'feature')}. Layer {layer.name!r} was "
            f"built for {features}. See explain(x, layer) for the likely fix."
        )
    if not layer.stateful:
        return
    wanted = built_batch_size(layer)
    if len(x) != wanted:
        raise ValueError(
            f"x has {counted(len(x), 'sample')}. Layer {layer.name!r} is stateful with batch size "
            f"{wanted}. Pass one batch of {counted(wanted, 'sample')}."
        )


def _first_state(layer, batch_size, initial_state):
    """Return h and c before the first time step."""
    if initial_state is None:
        if layer.stateful:
            require_state([layer], "predict")
            return [keras.ops.convert_to_tensor(as_copy(state)) for state in layer.states]
        return layer.get_initial_state(batch_size)
    if not isinstance(initial_state, (list, tuple)) or len(initial_state) != 2:
        raise ValueError(
            "initial_state is not a pair. An LSTM has two states. Write initial_state=[h, c], each "
            f"of shape ({batch_size}, {layer.units})."
        )
    return [
        keras.ops.convert_to_tensor(
            as_state(
                state, (batch_size, layer.units), f"initial_state[{place}]", layer.compute_dtype
            )
        )
        for place, state in enumerate(initial_state)
    ]
