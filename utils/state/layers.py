"""Find the recurrent layers of a model, and those of them that keep their state."""

import keras
import numpy as np


def recurrent_layers(model):
    """List every recurrent layer of a model, in order, each once.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A model, or a single layer. Nested models, wrappers such as Bidirectional and custom
        layers are searched too.

    Returns
    -------
    list of keras.layers.RNN
        LSTM, GRU, SimpleRNN and any other RNN layer. For Bidirectional the forward layer, then
        the backward layer. Empty if there is none.

    Raises
    ------
    TypeError
        If `model` is not a Keras model or layer.

    Examples
    --------
    >>> recurrent_layers(keras.layers.LSTM(4, name="memory"))
    [<LSTM name=memory, built=False>]
    """
    if not isinstance(model, keras.layers.Layer):
        raise TypeError(
            f"model is {type(model).__name__}. It must be a Keras model or layer. "
            "Pass the model itself, for example reset_states(model)."
        )
    found, seen = [], set()

    def visit(layer):
        if id(layer) in seen:
            return
        seen.add(id(layer))
        if isinstance(layer, keras.layers.RNN):
            found.append(layer)
        # model.layers stops at nested models and wrappers, and a wrapper has no public list of
        # what it holds. This private method does it for every layer, lists and dicts of layers
        # included. Asked for one level at a time, because its own recursion reverses the order.
        for part in layer._flatten_layers(include_self=False, recursive=False):
            visit(part)

    visit(model)
    return found


def stateful_layers(model):
    """List the recurrent layers that keep their state between calls.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A built model or layer.

    Returns
    -------
    list of keras.layers.RNN
        At least one layer; each has ``states``.

    Raises
    ------
    TypeError
        If `model` is not a Keras model or layer.
    ValueError
        If no recurrent layer is stateful, or one is not built yet and so has no state.

    Examples
    --------
    >>> layer = keras.layers.LSTM(4, stateful=True, name="memory")
    >>> layer.build((1, 3, 1))
    >>> stateful_layers(layer)
    [<LSTM name=memory, built=True>]
    """
    layers = declared_stateful(model)
    unbuilt = [layer.name for layer in layers if layer.states is None]
    if unbuilt:
        raise ValueError(
            f"model has stateful layers that are not built: {', '.join(unbuilt)}. A state needs "
            "a batch size. Start the model with keras.Input(batch_shape=(B, T, F)), or call it "
            "once on a batch."
        )
    return layers


def declared_stateful(model):
    """List the layers with stateful=True, built or not; raise if there is none."""
    recurrent = recurrent_layers(model)
    layers = [layer for layer in recurrent if layer.stateful]
    if layers:
        return layers
    if not recurrent:
        raise ValueError(
            f"model {model.name!r} has no recurrent layer, so it has no state. "
            "Pass a model with an LSTM, GRU or SimpleRNN that has stateful=True."
        )
    names = ", ".join(layer.name for layer in recurrent)
    raise ValueError(
        f"model {model.name!r} has no stateful layer. Found with stateful=False: {names}. They "
        "start every call at zeros, so there is nothing to reset, read or record. To keep the "
        "state between calls, build the layer with stateful=True and start the model with "
        "keras.Input(batch_shape=(B, T, F))."
    )


def state_variables(layer):
    """List the state variables of a layer; [h, c] for an LSTM."""
    return keras.tree.flatten(layer.states)


def built_batch_size(layer):
    """Return the batch size of a built stateful layer."""
    return int(state_variables(layer)[0].shape[0])


def as_copy(variable):
    """Copy a Keras variable or tensor to a NumPy array."""
    if not isinstance(variable, keras.Variable):
        variable = keras.ops.convert_to_numpy(variable)
    # np.asarray, then copy: np.array(variable) and convert_to_numpy(variable) warn with NumPy 2,
    # since the __array__ of Keras does not know `copy`.
    return np.asarray(variable).copy()
