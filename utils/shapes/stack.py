"""Try layers one after another: how far the data gets, and whether they make a model."""

import sys
from typing import NamedTuple

from .explanation import LayerOutput, Problem
from .layers import recurrent_layers
from .trial import Trial, same_random_numbers, try_layer, try_layers


class Attempt(NamedTuple):
    """What came of trying: Keras's word, the shapes on the way, why a list is no model."""

    trial: Trial | None = None
    output_shape: tuple | None = None
    layers: tuple = ()
    impossible: Problem | None = None
    notes: tuple = ()

    @property
    def runs(self):
        """True if Keras was asked and accepts the shape."""
        return self.trial is not None and not self.trial.raises


def try_list(reader, shape, dtype):
    """Try a list of layers: first whether they make a model, then the shape of the data."""
    if reader.expected is None:
        outputs, trials = walk(reader.layers, shape, dtype)
        if len(outputs) == len(reader.layers):
            return Attempt(trials[-1], layers=outputs)
        if trials[-1] is None:
            return Attempt(layers=outputs)
        if len(trials) == 1 and trials[0].raises:
            return Attempt(trials[0])
        return Attempt(None, None, outputs, _impossible(reader, outputs, trials[-1], shape))
    outputs, trials = walk(reader.layers, reader.expected, "float32")
    if len(outputs) < len(reader.layers):
        problem = trials[-1] and _impossible(reader, outputs, trials[-1], reader.expected)
        return Attempt(impossible=problem)
    model = _sequential_copy(reader)
    if model is None:
        return Attempt()
    return Attempt(try_layer(model, shape, dtype), layers=walk(model.layers, shape, dtype)[0])


def walk(layers, shape, dtype):
    """Go through layers; return what each gives, up to where it stops, and all trials."""
    trials = try_layers(layers, shape, dtype)
    passed = [trial for trial in trials if trial is not None and not trial.raises]
    outputs = [
        LayerOutput(type(layer).__name__, trial.output_shape)
        for layer, trial in zip(layers, passed, strict=False)
    ]
    return tuple(outputs), trials


def _sequential_copy(reader):
    """Build a Sequential model of copies of the layers; None if they cannot be copied."""
    keras = sys.modules["keras"]
    with same_random_numbers():
        try:
            copies = [type(layer).from_config(layer.get_config()) for layer in reader.layers]
            batch_input = keras.Input(batch_shape=reader.expected, name="input")
            return keras.Sequential([batch_input, *copies], name="copy")
        except Exception:
            return None


def _impossible(reader, outputs, trial, first_shape):
    """Say at which layer a list of layers is no model, and why."""
    place = len(outputs)
    if not trial.raises:  # it gave several outputs, which no next layer takes
        place -= 1
        what = (
            f"Layer {place + 1}, {outputs[place].name}, returns {len(trial.output_shape)} arrays. "
            "The next layer of a Sequential model reads one."
        )
        fix = "Leave return_state=True out, or build a functional model that names each output."
        return Problem(what, fix)
    layer = reader.layers[place]
    shape = outputs[-1].shape if outputs else first_shape
    what = (
        f"These layers make no model. Layer {place + 1}, {type(layer).__name__}, receives shape "
        f"{shape}: {ended(trial.message)}"
    )
    before = reader.layers[place - 1] if place else None
    if "batch size must be static" in trial.message:
        fix = f"Write keras.Input(batch_shape=(B, {', '.join(map(str, shape[1:]))}))."
    elif before is not None and len(shape) == 2 and recurrent_layers(before):
        inside = "layer inside the " if type(before).__name__ == "Bidirectional" else ""
        fix = f"Give the {inside}{type(before).__name__} before it return_sequences=True."
    elif before is not None and type(before).__name__ == "Embedding" and len(shape) == 4:
        fix = "An Embedding makes the features itself: write Input((T,)), and pass x of 2 axes."
    else:
        fix = "Change the layer before it, or put a Reshape between them."
    return Problem(what, fix)


def ended(sentence):
    """End a sentence with a full stop."""
    return sentence if sentence.endswith(".") else sentence + "."
