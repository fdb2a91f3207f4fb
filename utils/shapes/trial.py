"""Find out what Keras does with a shape: by trying, without numbers, and without a trace.

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

import numpy as np

from .explanation import LayerOutput

MOST_ELEMENTS = 2**60  # TensorFlow counts the elements of a shape in 63 bits
MOST_UNROLLED = 200  # an unrolled loop is written out step by step, which takes its time
# Layers that leave the number of time steps alone, and any number of them will do.
STEPWISE = (
    "InputLayer Masking Embedding Dense Dropout Activation Bidirectional LSTM GRU SimpleRNN RNN "
    "LayerNormalization BatchNormalization RepeatVector"
).split()


class Spec(NamedTuple):
    """The shape and the type of one array."""

    shape: tuple
    dtype: str = "float32"


class Trial(NamedTuple):
    """What Keras says to a shape: the shape that comes out, or the message of its error."""

    output_shape: tuple | None  # or a list or dict of tuples
    message: str | None = None
    layers: tuple = ()  # LayerOutput of each layer that took it
    place: int | None = None  # of the layer that refused, in a list of layers

    @property
    def raises(self):
        """True if Keras refuses the shape."""
        return self.message is not None


def attribute(thing, name):
    """Return an attribute, or None; Keras raises various errors for what is not there yet."""
    try:
        return getattr(thing, name)
    except Exception:
        return None


def is_a(thing, *names):
    """Tell whether a class of thing has one of these names; so nothing has to be imported."""
    return any(parent.__name__ in names for parent in type(thing).__mro__)


def is_shape(thing):
    """Tell whether this is a tuple of integers and None."""
    return isinstance(thing, tuple) and all(
        size is None or (isinstance(size, (int, np.integer)) and not isinstance(size, bool))
        for size in thing
    )


def is_layer(thing):
    """Tell whether thing is a Keras layer or model; False as long as Keras is not imported."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(thing, attribute(keras.layers, "Layer"))


def parts_of(layer):
    """List a layer and all layers inside it."""
    return list((attribute(layer, "_flatten_layers") or list)() or [layer])


def is_built(layer):
    """Tell whether the layer and everything inside it has its weights."""
    return all(attribute(part, "built") for part in parts_of(layer))


def recurrent_layers(model):
    """List the recurrent layers in a layer, a model or a list, in order."""
    models = model if isinstance(model, (list, tuple)) else [model]
    every = [part for one in models if is_layer(one) for part in parts_of(one)]
    return [part for part in every if is_a(part, "RNN", "ConvLSTM")]


def layers_of(model):
    """List the layers of a list or of a Sequential model, without its Input; None of others."""
    if isinstance(model, (list, tuple)):
        return [part for part in model if is_layer(part) and not is_a(part, "InputLayer")]
    return list(model.layers) if is_a(model, "Sequential") else None


def input_of(model):
    """Return the shape that a list, layer or model reads, with the batch size; None if unknown."""
    if isinstance(model, (list, tuple)):
        first = model[0] if model else None
        shape = attribute(first, "batch_shape" if is_a(first, "InputLayer") else "shape")
        return tuple(shape) if is_a(first, "InputLayer", "KerasTensor") else None
    shape = attribute(model, "input_shape")
    if shape is None and is_layer(model) and is_built(model):
        shape = (attribute(model, "get_build_config") or dict)()
        shape = (shape or {}).get("input_shape")
        shape = tuple(shape) if isinstance(shape, list) else shape
    return shape


def try_model(model, specs):
    """Give a layer, a model or a list of layers a shape instead of data.

    Parameters
    ----------
    model : keras.layers.Layer, or list of layers that may begin with keras.Input
        Stays as it is.
    specs : Spec, or list or dict of Spec
        What one batch looks like; None for an open size.

    Returns
    -------
    Trial or None
        None where nothing can be tried: a size is open that Keras needs, or `model` has no weights
        yet and cannot be copied.
    """
    if isinstance(model, (list, tuple)):
        return _try_list(model, specs)
    if is_a(model, "Sequential") and not is_built(model) and isinstance(specs, Spec):
        if any(attribute(part, "stateful") for part in parts_of(model)):
            # fit asks the model to build itself for batches of any size
            specs = specs._replace(shape=(None, *specs.shape[1:]))
        return _walk(model.layers, specs)
    trial = _try_layer(model, specs)
    if is_a(model, "Sequential") and isinstance(specs, Spec) and trial and not trial.raises:
        trial = trial._replace(layers=_outputs(model.layers, specs.shape))
    return trial


def try_loss(loss, label, output):
    """Compare labels with an output as `fit` does, both Specs without open sizes.

    Returns
    -------
    str or None
        The message of the error.
    """
    keras = sys.modules["keras"]
    y, prediction = (np.zeros(spec.shape, spec.dtype) for spec in (label, output))
    try:
        with warnings.catch_warnings(action="ignore"):
            keras.losses.get(loss)(y, prediction)
    except Exception as error:
        return first_sentence(error)
    return None


@contextlib.contextmanager
def same_random_numbers():
    """Put Python's random numbers and the names of layers back; new layers draw from both."""
    before = random.getstate()
    state = sys.modules.get("keras.src.backend.common.global_state")
    names = state and state.get_global_attribute("object_name_uids")
    kept = dict(names or {})
    try:
        yield
    finally:
        random.setstate(before)
        if names is not None:
            names.clear()
            names.update(kept)


def first_sentence(error):
    """Return what an error says, without colours, place and list of arguments."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^Exception encountered when calling .*\s*", "", text)
    text = re.sub(r"^\{\{function_node .*?\}\}", "", text.strip()).strip()
    text = re.sub(r" for '\{\{node .*' with", " with", text)  # TensorFlow's place
    text = re.sub(r'Tensor\("[^"]*", (shape=\(.*?\)), dtype=\w+\)| \[Op:.*', r"\1", text)
    return f"{type(error).__name__}: {text.split(chr(10))[0][:300]}"


def _try_list(parts, specs):
    """Try a list of layers as the Sequential model that they would make."""
    layers, expected = layers_of(parts), input_of(parts)
    if expected is None or not isinstance(specs, Spec):
        if any(attribute(part, "stateful") for one in layers for part in parts_of(one)):
            specs = specs._replace(shape=(None, *specs.shape[1:]))
        return _walk(layers, specs)
    trial = _walk(layers, Spec(expected))
    if trial is None or trial.raises:
        return trial
    keras = sys.modules["keras"]
    with same_random_numbers():
        try:
            copies = [type(layer).from_config(layer.get_config()) for layer in layers]
            model = keras.Sequential([keras.Input(batch_shape=expected), *copies])
        except Exception as error:
            return Trial(None, first_sentence(error))
        return try_model(model, specs)


def _walk(layers, spec):
    """Try layers one after another, each with the shape that comes out of the one before."""
    outputs = []
    for place, layer in enumerate(layers):
        trial = _try_layer(layer, spec)
        if trial is None:
            return None
        if trial.raises:
            return trial._replace(layers=tuple(outputs), place=place)
        outputs.append(LayerOutput(type(layer).__name__, trial.output_shape))
        if not is_shape(trial.output_shape) and place + 1 < len(layers):
            message = f"it returns {len(trial.output_shape)} arrays, and the next layer reads one"
            return Trial(None, message, tuple(outputs), place)
        spec = Spec(trial.output_shape) if is_shape(trial.output_shape) else None
    return Trial(outputs[-1].shape if outputs else spec.shape, None, tuple(outputs))


def _outputs(layers, shape):
    """List what each layer of a built model returns, as far as it can say so."""
    outputs = []
    for layer in layers:
        try:
            shape = layer.compute_output_shape(shape)
        except Exception:
            return ()
        outputs.append(LayerOutput(type(layer).__name__, shape))
    return tuple(outputs)


def _try_layer(layer, specs):
    """Try one layer or model."""
    every = flat(specs)
    if not all(_can_be_tried(layer, spec.shape) for spec in every):
        return None
    with same_random_numbers(), _same_losses(layer):
        try:
            built = is_built(layer)
            runner = layer if built else _copy(layer, every[0].shape)
        except Exception:  # a layer of one's own need not have a configuration
            return None
        quick = built and isinstance(specs, Spec) and _was_built_for(layer, specs.shape)
        return _run(runner.compute_output_spec if quick else runner, specs, quick)


def _was_built_for(model, shape):
    """Tell whether a model was built on exactly these sizes, so that its graph can answer."""
    wanted = attribute(model, "input_shape")
    if not is_a(model, "Functional", "Sequential") or not is_shape(wanted):
        return False
    if len(wanted) != len(shape) or 0 in shape or wanted[0] not in (None, shape[0]):
        return False
    pairs = list(zip(shape[1:], wanted[1:], strict=True))
    if all(None is not one == other for one, other in pairs):
        return True
    stepwise = all(type(part).__name__ in STEPWISE for part in attribute(model, "layers"))
    return stepwise and all(other in (None, one) for one, other in pairs)


def _run(function, specs, quick=False):
    """Run a function on shapes and types."""
    keras = sys.modules["keras"]
    errors = []

    class Attempt(keras.Operation):
        """Runs the function where Keras works out shapes, and keeps its error."""

        def call(self, tensors):
            try:
                return function(tensors)
            except Exception as error:
                errors.append(error)
                raise

    try:
        with warnings.catch_warnings(action="ignore"):  # they come where the data itself is run
            tensors = _map(lambda spec: keras.KerasTensor(spec.shape, spec.dtype), specs)
            attempt = function if quick else Attempt(name="attempt").compute_output_spec
            output = attempt(tensors)
    except Exception as error:
        return Trial(None, first_sentence(errors[0] if errors else error))
    return Trial(keras.tree.map_structure(lambda tensor: tuple(tensor.shape), output))


@contextlib.contextmanager
def _same_losses(layer):
    """Put back the losses that regularizers added in the last call; each call clears them."""
    before = [(part, list(attribute(part, "_losses") or [])) for part in parts_of(layer)]
    try:
        yield
    finally:
        for part, losses in before:
            if losses:
                part._losses[:] = losses


def _copy(layer, shape):
    """Copy a layer that has no weights yet."""
    copy = type(layer).from_config(layer.get_config())
    if any(attribute(part, "stateful") for part in parts_of(copy)):
        # Keras refuses to make states while it runs on shapes alone; what it says of the shape
        # itself comes out there.
        with contextlib.suppress(Exception):
            copy.build(shape)
    return copy


def _can_be_tried(layer, shape):
    """Tell whether a shape is complete and small enough to be tried."""
    if not is_layer(layer) or None in shape[2:]:
        return False
    if any(attribute(part, "unroll") for part in parts_of(layer)):
        steps = shape[1] if len(shape) > 1 else 0
        if steps is None or steps > MOST_UNROLLED:
            return False
    return math.prod(size for size in shape if size) < MOST_ELEMENTS


def _map(function, specs):
    """Apply a function to every Spec in a list or dict, or to the one."""
    if isinstance(specs, Spec):
        return function(specs)
    if isinstance(specs, dict):
        return {name: _map(function, part) for name, part in specs.items()}
    return type(specs)(_map(function, part) for part in specs)


def flat(specs):
    """List every Spec in a list or dict, or the one."""
    found = []
    _map(found.append, specs)
    return found
