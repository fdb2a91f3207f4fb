"""Check the batches of a stateful model before they can do damage."""

import keras
import numpy as np

from utils.shapes import counted
from utils.state.backend import require_state
from utils.state.layers import built_batch_size, recurrent_layers, stateful_layers

ISSUE = "https://github.com/keras-team/keras/issues/21183"


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
        If `batch_size` is no integer of 1 or more or not the one the model was built with, if N
        is not a multiple of it, or if the arrays of `x` differ in N.
    RuntimeError
        On a back end that loses the state in ``fit``, ``evaluate`` and ``predict`` (JAX in Keras
        3.15). With PyTorch ``predict`` and ``evaluate`` are right and pass; ``fit`` of a stateful
        LSTM or GRU stops by itself.

    Notes
    -----
    With TensorFlow on a CPU, Keras 3.15, ``fit``, ``evaluate`` and ``predict`` run a last batch of
    exactly one row without an error once a full batch has run: the row is broadcast over all rows
    of the state (https://github.com/keras-team/keras/issues/21183). Any other last batch stops
    with an InvalidArgumentError after the state has moved. JAX and PyTorch stop in either case.
    Check the validation data too.

    Examples
    --------
    >>> check_batches(model, x, batch_size=4)  # doctest: +SKIP
    """
    layers = [layer for layer in recurrent_layers(model) if layer.stateful]
    if not layers:
        return
    require_state(layers, "predict")
    given = 32 if batch_size is None else batch_size
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, (int, np.integer)) or given < 1:
        raise ValueError(
            f"batch_size is {given!r}. It must be an integer of 1 or more. Pass the B of "
            "keras.Input(batch_shape=(B, T, F))."
        )
    # A layer that is not built yet takes the size of the first batch that it sees.
    wanted = next((built_batch_size(layer) for layer in layers if layer.states is not None), given)
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


def ordered_batches(model, x, y=None, sample_weight=None):
    """Check the data of a stateful model, and return them as batches that fit it, in order.

    What is checked is what runs: the batches have the batch size of the model, none is smaller,
    and nothing shuffles them, whatever ``batch_size`` and ``shuffle`` say.

    Parameters
    ----------
    model : keras.Model
        A built model with at least one stateful layer. It is read, never changed.
    x : array_like, or list, tuple or dict of arrays
        The inputs; N is the size of the first axis.
    y, sample_weight : None, or array_like, or list, tuple or dict of arrays
        Targets and sample weights, also of N rows. Without `y` the batches are for ``predict``.

    Returns
    -------
    tf.data.Dataset
        N / B batches of ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, for ``fit``,
        ``validation_data``, ``evaluate`` and ``predict``.

    Raises
    ------
    TypeError
        If `model` is not a Keras model or layer, or an argument has no length.
    ValueError
        If the model has no stateful layer or is not built, N is not a multiple of its batch size,
        `y` or `sample_weight` does not have N rows, or `sample_weight` comes without `y`.
    RuntimeError
        On a back end that loses the state, as `check_batches`.
    ImportError
        Where TensorFlow is not installed.

    Notes
    -----
    ``fit`` warns that it ignores ``shuffle=True``, its default, for such batches. Pass
    ``shuffle=False`` to say what you mean.

    Examples
    --------
    >>> batches = ordered_batches(model, x, y)  # doctest: +SKIP
    >>> model.fit(batches, shuffle=False, callbacks=[ResetStates()])  # doctest: +SKIP
    """
    batch_size = built_batch_size(stateful_layers(model)[0])
    check_batches(model, x, batch_size)
    try:
        import tensorflow as tf
    except ImportError:
        raise ImportError(
            "ordered_batches returns a tf.data.Dataset, and TensorFlow is not installed. Install "
            "it, or call check_batches and pass the arrays with batch_size and shuffle=False."
        ) from None
    if sample_weight is not None and y is None:
        raise ValueError(
            "sample_weight is given and y is None. Weights belong to targets. Pass y as well."
        )
    rows = _count_rows(x)
    parts = [x]
    for name, part in (("y", y), ("sample_weight", sample_weight)):
        if part is None:
            break
        if _count_rows(part, name) != rows:
            raise ValueError(
                f"{name} has {counted(_count_rows(part, name), 'row')} and x has {rows}. They need "
                f"one row for each sample. Cut x and {name} together."
            )
        parts.append(part)
    dataset = tf.data.Dataset.from_tensor_slices(tuple(_as_arrays(part) for part in parts))
    # Nothing is dropped, as just checked; the option only makes B a part of the known shape.
    return dataset.batch(batch_size, drop_remainder=True)


def _as_arrays(part):
    """Convert one array, or each of several; a list means several inputs, as in ``fit``."""
    if isinstance(part, dict):
        return {name: _as_arrays(value) for name, value in part.items()}
    if isinstance(part, (list, tuple)):
        return tuple(_as_arrays(value) for value in part)
    array = np.asarray(part)
    # As fit does with arrays: float64 becomes float32.
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" else array


def _count_rows(x, name="x"):
    """Return the number of samples of one array, or of several inputs."""
    parts = keras.tree.flatten(x) if isinstance(x, (list, tuple, dict)) else [x]
    shapes = [tuple(getattr(part, "shape", ())) for part in parts]
    if not shapes or not all(shapes):
        raise TypeError(
            f"{name} is {type(x).__name__}, and its number of samples cannot be read. It must be "
            f"an array, or a list or dict of arrays. Write np.asarray({name}) first; for a "
            "tf.data.Dataset use batch(B, drop_remainder=True)."
        )
    counts = sorted({int(shape[0]) for shape in shapes})
    if len(counts) > 1:
        raise ValueError(
            f"{name} holds arrays of {counts} samples. All of them need the same number. "
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
        if rows < batch_size:
            danger = (
                "A model that has run another batch would broadcast this row over all "
                f"{batch_size} rows of state and spoil them ({ISSUE}); a new model would stop."
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
