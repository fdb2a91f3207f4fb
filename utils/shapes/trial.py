"""Find out what Keras does with a shape: by trying, without numbers, and without a trace.

Keras can run a layer on a shape alone, as it does while a functional model is built. Here that
happens away from the layer: nothing is computed, stored states stay as they are, the graph of the
model gets no new nodes. A layer without weights is copied first, because Keras would build it.
"""

import contextlib
import random
import re
import sys
import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .explanation import LayerOutput

# Layers that leave the number of time steps alone, and take any.
STEPWISE = (
    "InputLayer Masking Embedding Dense Dropout Activation Bidirectional LSTM GRU SimpleRNN RNN "
    "LayerNormalization BatchNormalization RepeatVector"
).split()


@dataclass(frozen=True)  # no tuple, so that keras.tree takes it for one leaf
class Spec:
    """The shape and the type of one array."""

    shape: tuple
    dtype: str = "float32"

    def rows(self, size):
        """Return the same with another number of samples."""
        return Spec((size, *self.shape[1:]), self.dtype)


class Trial(NamedTuple):
    """What Keras says to a shape: the shape that comes out, or the message of its error."""

    output_shape: tuple | None  # or a list or dict of tuples
    message: str | None = None
    layers: tuple = ()  # LayerOutput of each layer that took it
    place: int | None = None  # of the layer that refused, in a list of layers


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
        size is None or isinstance(size, (int, np.integer)) and not isinstance(size, bool)
        for size in thing
    )


def is_layer(thing):
    """Tell whether thing is a Keras layer or model; False as long as Keras is not imported."""
    layers = attribute(sys.modules.get("keras"), "layers")
    return isinstance(thing, attribute(layers, "Layer") or ())


def parts_of(model):
    """List every layer in a layer, a model or a list."""
    models = model if isinstance(model, (list, tuple)) else [model]
    return [part for one in models if is_layer(one) for part in one._flatten_layers()]


def is_built(layer):
    """Tell whether the layer and everything inside it has its weights."""
    return all(attribute(part, "built") for part in parts_of(layer))


def recurrent_layers(model, stateful=False):
    """List the recurrent layers in a layer, a model or a list, in order; or the stateful ones."""
    found = [part for part in parts_of(model) if is_a(part, "RNN", "ConvLSTM")]
    return [part for part in found if attribute(part, "stateful") or not stateful]


def layers_of(model):
    """List the layers of a list or of a Sequential model, without its Input; None of others."""
    if isinstance(model, (list, tuple)):
        return [part for part in model if is_layer(part) and not is_a(part, "InputLayer")]
    return list(model.layers) if is_a(model, "Sequential") else None


def input_of(model):
    """Return the shape that is read, with the batch size; a list for several; None if unknown."""
    if isinstance(model, (list, tuple)) and not is_shape(model):
        model = model[0] if model and is_a(model[0], "InputLayer", "KerasTensor") else None
    if is_shape(model):
        return (None,) * (len(model) == 2) + model
    if is_a(model, "KerasTensor"):
        return tuple(model.shape)
    shape = attribute(model, "batch_shape" if is_a(model, "InputLayer") else "input_shape")
    if shape is None and is_layer(model) and is_built(model):
        shape = (attribute(model, "get_build_config")() or {}).get("input_shape")
        shape = (None, *shape[1:]) if isinstance(shape, (list, tuple)) and shape else None
    return shape


def flat(specs):
    """List every Spec in a list or dict, or the one."""
    inner = specs.values() if isinstance(specs, dict) else specs
    return [specs] if isinstance(specs, Spec) else [spec for part in inner for spec in flat(part)]


def try_model(model, specs):
    """Give a layer, a model or a list of layers the shape of one batch instead of data.

    Return a Trial; None where nothing can be tried: a size is open that Keras needs, or the model
    has no weights yet and cannot be copied. A list may begin with keras.Input.
    """
    layers, single = layers_of(model), isinstance(specs, Spec)
    expected = input_of(model) if isinstance(model, list) else None
    if expected is not None:
        trial = _walk(layers, Spec(expected))
        if trial is None or trial.message:
            return trial
        keras = sys.modules["keras"]
        with same_random_numbers():
            copies = [type(layer).from_config(layer.get_config()) for layer in layers]
            model = keras.Sequential([keras.Input(batch_shape=expected), *copies])
    elif isinstance(model, list) or layers and single and not is_built(model):
        if single and recurrent_layers(model, stateful=True):
            specs = specs.rows(None)  # fit asks a model to build itself for batches of any size
        return _walk(layers, specs)
    trial = _try_layer(model, specs)
    if layers and single and trial and not trial.message:
        shape, outputs = specs.shape, []
        with contextlib.suppress(Exception):
            for layer in layers:
                shape = layer.compute_output_shape(shape)
                outputs.append(LayerOutput(type(layer).__name__, shape))
        trial = trial._replace(layers=tuple(outputs))
    return trial


def try_loss(loss, label, output):
    """Compare labels with an output as `fit` does, both Specs; return the message of an error."""
    try:
        with warnings.catch_warnings(action="ignore"):
            losses = sys.modules["keras"].losses
            function = losses.get(loss)
            if not isinstance(function, losses.Loss):  # compile wraps a function like this
                function = losses.MeanSquaredError.__bases__[0](function)
            function(*(np.zeros(spec.shape, spec.dtype) for spec in (label, output)))
    except Exception as error:
        return first_sentence(error)
    return None


@contextlib.contextmanager
def same_random_numbers():
    """Put random numbers and the names of layers back; new layers and generators draw from them."""
    before, numpy_before = random.getstate(), np.random.get_state()
    state = sys.modules.get("keras.src.backend.common.global_state")
    names = state.get_global_attribute("object_name_uids") if state else None
    kept = dict(names or {})
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)
        if names is not None:
            names.clear()
            names.update(kept)


def first_sentence(error):
    """Return what an error says, without colours, place and list of arguments."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"^Exception encountered when calling .*\s*", "", text).strip()
    text = re.sub(r"^\{\{function_node .*?\}\}\s*| \[Op:.*| for '\{\{node .*'(?= with)", "", text)
    text = re.sub(r'Tensor\("[^"]*", (shape=\(.*?\)), dtype=\w+\)', r"\1", text)
    return f"{type(error).__name__}: {text.split(chr(10))[0][:300].rstrip('. ')}."


def _walk(layers, spec):
    """Try layers one after another, each with the shape that comes out of the one before."""
    outputs = []
    for place, layer in enumerate(layers):
        trial = _try_layer(layer, spec)
        if trial is None:
            return None
        if not trial.message and not is_shape(trial.output_shape) and place + 1 < len(layers):
            many = f"it returns {len(trial.output_shape)} arrays, and the next layer reads one."
            trial = Trial(None, many)
        if trial.message:
            return trial._replace(layers=tuple(outputs), place=place)
        outputs.append(LayerOutput(type(layer).__name__, trial.output_shape))
        spec = Spec(trial.output_shape)
    return Trial(outputs[-1].shape, None, tuple(outputs))


def _try_layer(layer, specs):
    """Try one layer or model; where it has no weights yet, a copy of it."""
    if any(None in spec.shape[2:] for spec in flat(specs)):
        return None
    losses = [(part, list(attribute(part, "_losses") or [])) for part in parts_of(layer)]
    with same_random_numbers():
        try:
            if is_built(layer):
                quick = isinstance(specs, Spec) and _was_built_for(layer, specs.shape)
                return _run(layer.compute_output_spec if quick else layer, specs, quick)
            copy = type(layer).from_config(layer.get_config())
        except Exception:  # a layer of one's own need not have a configuration
            return None
        finally:
            for part, before in losses:  # of regularizers; each call clears them
                if before:
                    part._losses[:] = before
        if recurrent_layers(layer, stateful=True):
            with contextlib.suppress(Exception):  # Keras makes no states while it runs on shapes
                copy.build(flat(specs)[0].shape)
        return _run(copy, specs)


def _was_built_for(model, shape):
    """Tell whether a model was built on exactly these sizes, so that its graph can answer."""
    wanted = attribute(model, "input_shape")
    if not is_a(model, "Functional", "Sequential") or not is_shape(wanted) or 0 in shape:
        return False
    if len(wanted) != len(shape) or wanted[0] not in (None, shape[0]):
        return False
    if any(is_a(part, "Model") for part in model.layers):  # those do not check what they are given
        return False
    stepwise = all(type(part).__name__ in STEPWISE for part in model.layers)
    pairs = zip(shape[1:], wanted[1:], strict=True)
    return all(one == other or other is None and stepwise for one, other in pairs)


def _run(function, specs, quick=False):
    """Run a function on shapes and types."""
    keras, errors = sys.modules["keras"], []

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
            tensors = keras.tree.map_structure(
                lambda spec: keras.KerasTensor(spec.shape, spec.dtype), specs
            )
            output = (function if quick else Attempt(name="attempt").compute_output_spec)(tensors)
    except Exception as error:
        return Trial(None, first_sentence(errors[0] if errors else error))
    return Trial(keras.tree.map_structure(lambda tensor: tuple(tensor.shape), output))
