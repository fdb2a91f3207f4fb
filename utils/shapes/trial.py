"""Try a shape on a Keras layer without numbers, and without changing the layer.

Keras can run a layer on a shape alone, as it does while a functional model is built. Here that
happens away from the layer: nothing is computed, stored states stay as they are, the graph of the
model gets no new nodes. A layer without weights is copied first, because Keras would build it.
"""

import contextlib
import math
import random
import re
import sys
import warnings
from typing import NamedTuple

from .faults import attribute

MOST_ELEMENTS = 2**60  # TensorFlow counts the elements of a shape in 63 bits
MOST_UNROLLED = 200  # an unrolled loop is written out step by step, which takes its time


class Trial(NamedTuple):
    """What Keras says to a shape: the shape that comes out, or the message of its error."""

    output_shape: tuple | None
    message: str | None = None

    @property
    def raises(self):
        """True if Keras refuses the shape."""
        return self.message is not None


def is_keras_layer(thing):
    """Tell whether thing is a Keras layer or model; False as long as Keras is not imported."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(thing, keras.layers.Layer)


def try_layer(layer, shape, dtype="float32"):
    """Call a layer or model with a shape instead of data.

    Parameters
    ----------
    layer : keras.layers.Layer
        Stays as it is.
    shape : tuple of int and None
        The shape of one batch.
    dtype : str
        The type of its numbers.

    Returns
    -------
    Trial or None
        None where it cannot be tried: a size is open that Keras needs, or `layer` has no weights
        yet and cannot be copied.
    """
    if not _can_be_tried(layer, shape):
        return None
    with same_random_numbers(), _same_losses(layer):
        try:
            runner = layer if _is_built(layer) else _copy(layer, shape)
        except Exception:  # a layer of one's own need not have a configuration
            return None
        return _run(runner, (shape, dtype))


def try_layers(layers, shape, dtype="float32"):
    """Call layers one after another, each with the shape that comes out of the one before.

    Returns
    -------
    list of Trial or None
        One per layer, up to the first that is refused or cannot be tried.
    """
    trials = []
    for layer in layers:
        trials.append(try_layer(layer, shape, dtype))
        if trials[-1] is None or trials[-1].raises or not is_one_shape(trials[-1].output_shape):
            break
        shape, dtype = trials[-1].output_shape, "float32"
    return trials


def try_loss(loss, y, output):
    """Compare labels with an output as `fit` does; y is (shape, dtype), output is a shape."""
    keras = sys.modules["keras"]
    with same_random_numbers():
        judge = keras.Sequential(
            [keras.Input(output[1:], name="output"), keras.layers.Identity(name="same")],
            name="judge",
        )
        judge.compile(loss=loss)

        def compare(labels, predictions):
            return judge.compute_loss(y=labels, y_pred=predictions)

        return _run(compare, y, (output, "float32"))


@contextlib.contextmanager
def same_random_numbers():
    """Put Python's random numbers back; Keras draws the seeds of new weights from them."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


@contextlib.contextmanager
def _same_losses(layer):
    """Put back the losses that regularizers added in the last call; each call clears them."""
    before = [(part, list(attribute(part, "_losses") or [])) for part in _parts(layer)]
    try:
        yield
    finally:
        for part, losses in before:
            if losses:
                part._losses[:] = losses


def _copy(layer, shape):
    """Copy a layer that has no weights yet."""
    copy = type(layer).from_config(layer.get_config())
    if any(attribute(part, "stateful") for part in _parts(copy)):
        # Keras refuses to make states while it runs on shapes alone; what it says of the shape
        # itself comes out there.
        with contextlib.suppress(Exception):
            copy.build(shape)
    return copy


def _run(function, *specs):
    """Run a function on shapes and types."""
    keras = sys.modules["keras"]
    errors = []

    class Attempt(keras.Operation):
        """Runs the function where Keras works out shapes, and keeps its error."""

        def call(self, *tensors):
            try:
                return function(*tensors)
            except Exception as error:
                errors.append(error)
                raise

    try:
        with warnings.catch_warnings(action="ignore"):  # they come where the data itself is run
            tensors = [keras.KerasTensor(shape, dtype) for shape, dtype in specs]
            output = Attempt(name="attempt").compute_output_spec(*tensors)
    except Exception as error:
        return Trial(None, first_sentence(errors[0] if errors else error))
    return Trial(keras.tree.map_structure(lambda tensor: tuple(tensor.shape), output))


def first_sentence(error):
    """Return what an error says, without colours, place and list of arguments."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^Exception encountered when calling .*\s*", "", text)
    text = re.sub(r" for '\{\{node .*' with", " with", text.strip())  # TensorFlow's place
    text = text.split("\n")[0]
    return f"{type(error).__name__}: {text[:300]}"


def _can_be_tried(layer, shape):
    """Tell whether a shape is complete and small enough to be tried."""
    if not is_keras_layer(layer) or None in shape[2:]:
        return False
    if any(attribute(part, "unroll") for part in _parts(layer)):
        steps = shape[1] if len(shape) > 1 else 0
        if steps is None or steps > MOST_UNROLLED:
            return False
    return math.prod(size for size in shape if size) < MOST_ELEMENTS


def _is_built(layer):
    """Tell whether the layer and everything inside it has its weights."""
    return all(attribute(part, "built") for part in _parts(layer))


def _parts(layer):
    """List a layer and all layers inside it."""
    return list(attribute(layer, "_flatten_layers")() or [layer])


def is_one_shape(shape):
    """Tell whether this is the shape of one tensor and not a list of several."""
    return isinstance(shape, tuple) and not any(isinstance(size, (tuple, list)) for size in shape)
