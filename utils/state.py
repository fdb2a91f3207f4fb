"""Read, write, reset and record the state of Keras recurrent layers.

Keras 3 models have no ``reset_states``; the layers have ``reset_state``. The functions here
reach every recurrent layer of a model, also inside nested models and wrappers. Shapes are written
with N samples, B batch size, T time steps, F features and U units.
"""

import keras
import numpy as np

from utils.shapes import as_samples, counted

ISSUE = "https://github.com/keras-team/keras/issues/21183"


# Finding layers -----------------------------------------------------------------------------


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
    layers = _declared_stateful(model)
    unbuilt = [layer.name for layer in layers if layer.states is None]
    if unbuilt:
        raise ValueError(
            f"model has stateful layers that are not built: {', '.join(unbuilt)}. A state needs "
            "a batch size. Start the model with keras.Input(batch_shape=(B, T, F)), or call it "
            "once on a batch."
        )
    return layers


def _declared_stateful(model):
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


# Resetting, reading, writing ----------------------------------------------------------------


def reset_states(model):
    """Set the state of every stateful layer to zeros.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        A built model or layer with at least one stateful layer.

    Raises
    ------
    TypeError, ValueError
        As `stateful_layers`.

    Examples
    --------
    >>> reset_states(model)  # doctest: +SKIP
    """
    for layer in stateful_layers(model):
        _reset(layer)


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
        name: [_copy(variable) for variable in variables]
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
        If a name is missing or unknown, a number of arrays or a shape differs, or a value is
        not a finite number.

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
            pairs.append((target, _as_state(array, tuple(target.shape), label)))
    for target, array in pairs:
        target.assign(array)


def _state_variables(layer):
    """List the state variables of a layer; [h, c] for an LSTM."""
    return keras.tree.flatten(layer.states)


def _reset(layer):
    """Set the state of one layer to zeros."""
    if any(keras.tree.is_nested(state) for state in layer.states):
        # RNN over a list of cells keeps one list of states per cell; its own reset_state fails
        # on that in Keras 3.15 (AttributeError: no attribute 'assign').
        for variable in _state_variables(layer):
            variable.assign(keras.ops.zeros_like(variable.value))
    else:
        layer.reset_state()


def _copy(variable):
    """Copy a Keras variable or tensor to a NumPy array."""
    # np.asarray, then copy: np.array(variable) warns with NumPy 2, since the __array__ of Keras
    # does not know `copy`.
    return np.asarray(variable).copy()


def _named_variables(model):
    """Map a unique name of each stateful layer to its state variables."""
    named = {}
    for layer in stateful_layers(model):
        name, count = layer.path, 1
        while name in named:  # a custom layer can hold two layers of one name
            count += 1
            name = f"{layer.path}#{count}"
        named[name] = _state_variables(layer)
    return named


def _as_state(value, shape, label):
    """Check one state; return it as an array of the wanted shape."""
    try:
        array = np.asarray(value)
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
    return array


# Callbacks ----------------------------------------------------------------------------------


class ResetStates(keras.callbacks.Callback):
    """Reset the state where a new pass over the data begins.

    One callback serves ``fit`` (training and its validation), ``evaluate`` and ``predict``. Keras
    resets none of these by itself: epoch 2 would start from the state at the end of epoch 1, and
    validation from the state of training.

    Parameters
    ----------
    training : bool
        Reset at the start of every epoch of ``fit``.
    validation : bool
        Reset at the start of the validation inside ``fit``, and of ``evaluate``; Keras does not
        tell a callback which of the two it is.
    prediction : bool
        Reset at the start of ``predict``.

    Raises
    ------
    ValueError
        When ``fit``, ``evaluate`` or ``predict`` starts on a model with no stateful layer.

    Examples
    --------
    >>> model.fit(x, y, batch_size=4, shuffle=False,  # doctest: +SKIP
    ...           callbacks=[ResetStates()])
    """

    def __init__(self, *, training=True, validation=True, prediction=True):
        super().__init__()
        self.training = training
        self.validation = validation
        self.prediction = prediction

    def on_train_begin(self, logs=None):
        """Raise at once if the model has no state to reset."""
        _declared_stateful(self.model)

    def on_epoch_begin(self, epoch, logs=None):
        """Reset before an epoch of training."""
        self._reset_if(self.training)

    def on_test_begin(self, logs=None):
        """Reset before validation or ``evaluate``."""
        self._reset_if(self.validation)

    def on_predict_begin(self, logs=None):
        """Reset before ``predict``."""
        self._reset_if(self.prediction)

    def _reset_if(self, wanted):
        for layer in _declared_stateful(self.model):
            # A layer that Keras has not built yet will start at zeros anyway.
            if wanted and layer.states is not None:
                _reset(layer)


class StateRecorder(keras.callbacks.Callback):
    """Keep the state of one stateful layer after every batch.

    Records batches of ``fit`` (training and validation), ``evaluate`` and ``predict``, in the
    order in which they run.

    Parameters
    ----------
    layer : None or keras.layers.RNN
        The layer to record. None means the only stateful layer of the model.

    Raises
    ------
    ValueError
        When ``fit``, ``evaluate`` or ``predict`` starts and the model has no stateful layer,
        several while `layer` is None, not this one, or runs several batches per callback.

    Examples
    --------
    >>> recorder = StateRecorder()
    >>> model.predict(x, batch_size=4, callbacks=[recorder])  # doctest: +SKIP
    >>> recorder.h.shape  # (calls, B, U)  # doctest: +SKIP
    """

    def __init__(self, layer=None):
        super().__init__()
        if layer is not None and not isinstance(layer, keras.layers.RNN):
            raise TypeError(
                f"layer is {type(layer).__name__}. It must be one LSTM, GRU or SimpleRNN layer. "
                "Pick it from stateful_layers(model)."
            )
        self.layer = layer
        self._records = []
        self._recorded_layer = None

    def __len__(self):
        """Return the number of recorded batches."""
        return len(self._records)

    def __bool__(self):
        """Be true also when empty, or Keras would drop ``callbacks=recorder``."""
        return True

    @property
    def h(self):
        """Hidden state after each recorded batch, shape (calls, B, U)."""
        return self._stack(0)

    @property
    def c(self):
        """Cell state after each recorded batch, shape (calls, B, U)."""
        if self._records and len(self._records[0]) < 2:
            raise ValueError(
                f"c was asked of layer {self._recorded_layer.name!r}, which is "
                f"{type(self._recorded_layer).__name__}. Only an LSTM has a cell state. Use h."
            )
        return self._stack(1)

    def clear(self):
        """Forget all recorded batches."""
        self._records.clear()

    def _stack(self, place):
        if not self._records:
            raise ValueError(
                "Nothing is recorded yet. h and c need 1 batch or more. Run fit, evaluate or "
                "predict with callbacks=[recorder] first."
            )
        return np.stack([record[place] for record in self._records])

    def _begin(self):
        layers = _declared_stateful(self.model)
        names = ", ".join(layer.name for layer in layers)
        if self.layer is None and len(layers) > 1:
            raise ValueError(
                f"model {self.model.name!r} has {counted(len(layers), 'stateful layer')}: {names}. "
                "StateRecorder records 1. Pick it: StateRecorder(layer=stateful_layers(model)[0])."
            )
        layer = layers[0] if self.layer is None else self.layer
        if not any(layer is candidate for candidate in layers):
            raise ValueError(
                f"layer {layer.name!r} is no stateful layer of model {self.model.name!r}, which "
                f"has: {names}. Pick one from stateful_layers(model)."
            )
        if self._records and layer is not self._recorded_layer:
            raise ValueError(
                f"The recorder holds batches of layer {self._recorded_layer.name!r}, and would now "
                f"record {layer.name!r}. One recorder records 1 layer. Call clear() first, or use "
                "a second StateRecorder."
            )
        steps = getattr(self.model, "steps_per_execution", 1)
        if steps > 1:
            raise ValueError(
                f"The model was compiled with steps_per_execution={steps}, so Keras calls a "
                "callback once for several batches. StateRecorder needs every batch. Compile with "
                "steps_per_execution=1."
            )
        self._recorded_layer = layer

    def _record(self):
        self._records.append(
            [_copy(variable) for variable in _state_variables(self._recorded_layer)]
        )

    def on_train_begin(self, logs=None):
        """Find the layer."""
        self._begin()

    def on_test_begin(self, logs=None):
        """Find the layer."""
        self._begin()

    def on_predict_begin(self, logs=None):
        """Find the layer."""
        self._begin()

    def on_train_batch_end(self, batch, logs=None):
        """Record after a batch of training."""
        self._record()

    def on_test_batch_end(self, batch, logs=None):
        """Record after a batch of validation or ``evaluate``."""
        self._record()

    def on_predict_batch_end(self, batch, logs=None):
        """Record after a batch of ``predict``."""
        self._record()


# One call, step by step ---------------------------------------------------------------------


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
        If `layer` is not an LSTM layer.
    ValueError
        If the layer is not built, or `x` or `initial_state` does not fit it.

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
        hidden.append(_copy(h))  # (B, U)
        cell.append(_copy(c))
    return np.stack(hidden, axis=1), np.stack(cell, axis=1)  # (B, T, U)


def _check_fits(layer, x):
    """Check features and, for a stateful layer, batch size."""
    features = int(layer.cell.kernel.shape[0])
    if x.shape[2] != features:
        raise ValueError(
            f"x has shape {x.shape}: {counted(x.shape[2], 'feature')}. Layer {layer.name!r} was "
            f"built for {features}. See explain(x, layer) for the likely fix."
        )
    if layer.stateful and len(x) != _batch_size(layer):
        raise ValueError(
            f"x has {counted(len(x), 'sample')}. Layer {layer.name!r} is stateful with batch size "
            f"{_batch_size(layer)}. Pass one batch of {counted(_batch_size(layer), 'sample')}."
        )


def _first_state(layer, batch_size, initial_state):
    """Return h and c before the first time step."""
    if initial_state is None:
        if layer.stateful:
            return [keras.ops.convert_to_tensor(_copy(state)) for state in layer.states]
        return layer.get_initial_state(batch_size)
    if not isinstance(initial_state, (list, tuple)) or len(initial_state) != 2:
        raise ValueError(
            "initial_state is not a pair. An LSTM has two states. Write initial_state=[h, c], each "
            f"of shape ({batch_size}, {layer.units})."
        )
    return [
        keras.ops.convert_to_tensor(
            _as_state(state, (batch_size, layer.units), f"initial_state[{place}]"),
            dtype=layer.compute_dtype,
        )
        for place, state in enumerate(initial_state)
    ]


# Batches ------------------------------------------------------------------------------------


def _batch_size(layer):
    """Return the batch size of a built stateful layer."""
    return int(_state_variables(layer)[0].shape[0])


def check_batches(model, x, batch_size):
    """Raise before fit, evaluate or predict can run a wrong batch through a stateful model.

    Parameters
    ----------
    model : keras.Model
        Any model. One with no stateful layer always passes.
    x : array_like, or list or dict of arrays
        The inputs that will be passed to Keras; N is the size of the first axis.
    batch_size : int or None
        What will be passed to Keras. None is the 32 that Keras takes by itself.

    Raises
    ------
    TypeError
        If `model` is not a Keras model or layer, or `x` has no length.
    ValueError
        If `batch_size` is not the one the model was built with, or N is not a multiple of it.

    Notes
    -----
    In Keras 3.15 ``fit``, ``evaluate`` and ``predict`` run a last batch of exactly one row without
    an error: the row is broadcast over all rows of the state
    (https://github.com/keras-team/keras/issues/21183). Any other last batch stops with an
    InvalidArgumentError after the state has moved. Check the validation data too.

    Examples
    --------
    >>> check_batches(model, x, batch_size=4)  # doctest: +SKIP
    """
    layers = [layer for layer in recurrent_layers(model) if layer.stateful]
    if not layers:
        return
    given = 32 if batch_size is None else batch_size
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, (int, np.integer)) or given < 1:
        raise ValueError(
            f"batch_size is {given!r}. It must be an integer of 1 or more. Pass the B of "
            "keras.Input(batch_shape=(B, T, F))."
        )
    # A layer that is not built yet takes the size of the first batch that it sees.
    wanted = next((_batch_size(layer) for layer in layers if layer.states is not None), given)
    if given != wanted:
        default = " (None: the 32 of Keras)" if batch_size is None else ""
        raise ValueError(
            f"batch_size is {given}{default}. The model is stateful and was built with batch size "
            f"{wanted}: one row of state per row of the batch. Pass batch_size={wanted} to fit, "
            "evaluate and predict."
        )
    rows = _count_rows(x)
    rest = rows % wanted
    if rest == 0 and rows > 0:
        return
    raise ValueError(_remainder_message(rows, wanted))


def _count_rows(x):
    """Return the number of samples of one array, or of several inputs."""
    parts = keras.tree.flatten(x) if isinstance(x, (list, tuple, dict)) else [x]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    if not shapes or not all(shapes):
        raise TypeError(
            f"x is {type(x).__name__}, and its number of samples cannot be read. check_batches "
            "reads an array, or a list or dict of arrays. Write np.asarray(x) first; for a "
            "tf.data.Dataset use batch(B, drop_remainder=True)."
        )
    counts = sorted({int(shape[0]) for shape in shapes})
    if len(counts) > 1:
        raise ValueError(
            f"x holds inputs of {counts} samples. All inputs need the same number. "
            "Cut them to the shortest."
        )
    return counts[0]


def _remainder_message(rows, batch_size):
    """Say what Keras would do with the last batch, and what to do instead."""
    rest = rows % batch_size
    if rows == 0:
        return f"x has 0 samples. The model needs a multiple of {batch_size}. Check how x was cut."
    missing = batch_size - rest
    left = counted(rest, "row")
    if rest == 1:
        danger = (
            "Keras would not stop: it would broadcast this row over all "
            f"{batch_size} rows of state and spoil them ({ISSUE})."
        )
    else:
        moved = ", after the batches before it have moved the state" if rows > batch_size else ""
        danger = f"Keras would stop in that batch{moved}."
    drop = f"Drop {left} (x[:{rows - rest}], and y), or pad" if rows > batch_size else "Pad"
    return (
        f"x has {counted(rows, 'sample')}. The model is stateful with batch size {batch_size}, and "
        f"the last batch would have {left}. The number of samples must be a multiple of "
        f"{batch_size}. {danger} {drop} {missing} more, for example "
        f"np.concatenate([x, np.repeat(x[-1:], {missing}, axis=0)]), and ignore the last "
        f"{missing} of the results."
    )
