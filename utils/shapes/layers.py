"""Find out what a layer, a model, a keras.Input or a tuple expects to read."""

from dataclasses import dataclass

from utils.shapes.data import attribute, is_shape
from utils.shapes.explanation import Problem


@dataclass
class _Reader:
    """What is known about the layer or model that is to read the data."""

    expected: tuple | None = None  # (B, T, F), None where open
    is_model: bool = False
    any_length: bool = False  # a layer on its own does not mind another T
    units: int | None = None
    return_sequences: bool = False
    stateful: bool | None = None


def describe_reader(layer, problems, notes):
    """Find out what a layer, model, keras.Input or tuple expects; add what does not fit."""
    if layer is None:
        return _Reader()
    if isinstance(layer, (tuple, list)):
        expected = tuple(layer)
        if not is_shape(expected):
            problems.append(_unknown_layer(layer))
            return _Reader()
        if len(expected) == 2:
            expected = (None, *expected)
        return _Reader(expected=_check_expected(expected, problems))
    recurrent = _recurrent_layers(layer)
    shape = attribute(layer, "shape")
    if not recurrent and is_shape(shape):  # keras.Input(...)
        return _Reader(expected=_check_expected(shape, problems))
    if not recurrent:
        problems.append(_unknown_layer(layer))
        return _Reader()
    return _read_recurrent(layer, recurrent, problems, notes)


def _read_recurrent(layer, recurrent, problems, notes):
    """Describe a recurrent layer, or a model that holds one."""
    first = recurrent[0]
    is_model = layer is not first
    reader = _Reader(is_model=is_model, stateful=any(attribute(r, "stateful") for r in recurrent))
    built = _built_shape(first)
    expected = attribute(layer, "input_shape") if is_model else built
    if is_model and expected is None:
        expected, reader.any_length = built, True  # a subclassed model has no fixed Input
    if not is_model:
        reader.any_length = True
    if not is_shape(expected):
        if expected is not None:
            notes.append("The model has several inputs; pass the layer that reads x instead.")
        expected = None
    if expected is not None:
        keep_rank = is_model and len(expected) == 2 and len(built or ()) == 3
        expected = expected if keep_rank else _check_expected(expected, problems)
    reader.expected = expected
    if is_model and len(expected or ()) == len(built or ()) == 3 and built[1:] != expected[1:]:
        notes.append(
            f"Layers in front change the shape: the recurrent layer reads {built}, so the "
            "loop is not over the axes of x."
        )
        return reader
    forward = attribute(first, "forward_layer") or first
    units = attribute(forward, "units") or attribute(attribute(forward, "cell"), "units")
    twice = forward is not first and attribute(first, "merge_mode") == "concat"
    reader.units = units * (2 if twice else 1) if isinstance(units, int) else None
    reader.return_sequences = bool(attribute(first, "return_sequences"))
    return reader


def _recurrent_layers(layer):
    """List the recurrent layers of a layer or model, known by their `return_sequences`."""
    if attribute(layer, "return_sequences") is not None:
        return [layer]
    inside = attribute(layer, "layers")
    if isinstance(inside, (list, tuple)):
        return [recurrent for part in inside for recurrent in _recurrent_layers(part)]
    wrapped = attribute(layer, "layer")
    return _recurrent_layers(wrapped) if wrapped is not None else []


def _built_shape(layer):
    """Return the (B, T, F) a recurrent layer was built with, or None."""
    try:
        return tuple(layer.get_build_config()["input_shape"])
    except Exception:  # not built yet, or not a Keras layer: nothing is known
        return None


def _check_expected(expected, problems):
    """Return an expected input shape of 3 axes; report any other and return None."""
    if len(expected) == 3:
        return tuple(expected)
    if len(expected) == 4:
        inside = tuple(expected[1:])
        fix = (
            f"Input(shape=...) leaves the number of samples out: Input({inside[1:]}) instead of "
            f"Input({inside}). A fixed batch size goes into Input(batch_shape={inside})."
        )
    else:
        fix = "Write keras.Input((T, F)), for example keras.Input((3, 1))."
    what = f"layer expects shape {tuple(expected)}: {len(expected)} axes with the batch size. "
    problems.append(Problem(what + "An LSTM reads 3: (samples, time steps, features).", fix))
    return None


def _unknown_layer(layer):
    """Say that layer is nothing that reads sequences."""
    return Problem(
        f"layer is {type(layer).__name__} and has no recurrent layer in it. explain reads a Keras "
        "recurrent layer, a model that holds one, keras.Input(...), or a tuple (T, F).",
        "Pass one of these, or leave layer out.",
    )
