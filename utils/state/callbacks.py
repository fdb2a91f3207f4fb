"""Callbacks that reset or record the state while `fit`, `evaluate` and `predict` run."""

import keras
import numpy as np

from utils.shapes import counted
from utils.state.backend import require_state
from utils.state.layers import as_copy, declared_stateful, state_variables
from utils.state.values import reset_layer


class ResetStates(keras.callbacks.Callback):
    """Reset the state where a new pass over the data begins.

    One callback serves ``fit`` (training and its validation), ``evaluate`` and ``predict``. Keras
    resets none of these by itself: with TensorFlow epoch 2 would start from the state at the end of
    epoch 1, and validation from the state of training.

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
    RuntimeError
        When it starts on a back end that loses the state there (JAX in Keras 3.15: all three), or
        that refuses to train the layer (PyTorch: ``fit`` of an LSTM or GRU).

    Notes
    -----
    `validation=False` lets validation start from the state at the end of the epoch. That continues
    the series only if row i of the validation data continues row i of the training data.

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
        """Raise at once if the model has no state to reset, or the back end loses it."""
        require_state(declared_stateful(self.model), "fit")

    def on_epoch_begin(self, epoch, logs=None):
        """Reset before an epoch of training."""
        self._reset_if(self.training, "fit")

    def on_test_begin(self, logs=None):
        """Reset before validation or ``evaluate``."""
        self._reset_if(self.validation, "predict")

    def on_predict_begin(self, logs=None):
        """Reset before ``predict``."""
        self._reset_if(self.prediction, "predict")

    def _reset_if(self, wanted, method):
        layers = declared_stateful(self.model)
        require_state(layers, method)
        for layer in layers:
            # A layer that Keras has not built yet will start at zeros anyway.
            if wanted and layer.states is not None:
                reset_layer(layer)


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
    TypeError
        If `layer` is not a recurrent layer.
    ValueError
        When ``fit``, ``evaluate`` or ``predict`` starts and the model has no stateful layer,
        several while `layer` is None, not this one, one of several cells, or runs several batches
        per callback. When `h` or `c` is read and nothing is recorded, or the layer has no c.
    RuntimeError
        As `ResetStates`: on a back end where there is no state to record.

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

    def _begin(self, method):
        layers = declared_stateful(self.model)
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
        require_state([layer], method)
        if any(keras.tree.is_nested(state) for state in layer.states or ()):
            raise ValueError(
                f"layer {layer.name!r} has {counted(len(layer.states), 'cell')}, each with its own "
                "states. StateRecorder records 1 cell. Stack one layer for each cell instead, all "
                "but the last with return_sequences=True."
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
            [as_copy(variable) for variable in state_variables(self._recorded_layer)]
        )

    def on_train_begin(self, logs=None):
        """Find the layer."""
        self._begin("fit")

    def on_test_begin(self, logs=None):
        """Find the layer."""
        self._begin("predict")

    def on_predict_begin(self, logs=None):
        """Find the layer."""
        self._begin("predict")

    def on_train_batch_end(self, batch, logs=None):
        """Record after a batch of training."""
        self._record()

    def on_test_batch_end(self, batch, logs=None):
        """Record after a batch of validation or ``evaluate``."""
        self._record()

    def on_predict_batch_end(self, batch, logs=None):
        """Record after a batch of ``predict``."""
        self._record()
