"""Find out what a layer, a model, a list of layers, a keras.Input or a tuple expects to read."""

from dataclasses import dataclass, field

from .data import is_shape
from .explanation import Problem
from .faults import attribute
from .trial import is_keras_layer


@dataclass
class Reader:
    """What is known about the layer or model that is to read the data."""

    expected: tuple | None = None  # (B, T, F), None where open
    ndim: int | None = 3  # how many axes it reads; None if that is not known
    is_model: bool = False
    has_loop: bool = True
    codes: int | None = None  # how many an Embedding in front knows; it reads two axes
    any_length: bool = False  # a layer on its own does not mind another T
    stateful: bool | None = None
    layers: tuple = ()  # of a Sequential model or a list
    can_be_tried: bool = False
    several_inputs: bool = False
    changed_in_front: bool = False  # the recurrent layer does not read x as it is
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def reads_codes(self):
        """True if it begins with an Embedding."""
        return self.codes is not None


def describe_reader(layer):
    """Find out what a layer, model, list of layers, keras.Input or tuple expects.

    Returns
    -------
    Reader

    Raises
    ------
    TypeError
        If `layer` is nothing that reads data.
    """
    if layer is None:
        return Reader()
    if isinstance(layer, (tuple, list)) and is_shape(tuple(layer)):
        expected = tuple(layer)
        reader = Reader()
        reader.expected = _check_expected((None,) * (len(expected) == 2) + expected, reader)
        return reader
    if isinstance(layer, (tuple, list)):
        return _read_list(layer)
    if is_input(layer):
        reader = Reader()
        reader.expected = _check_expected(tuple(layer.shape), reader)
        return reader
    if isinstance(layer, type):
        raise TypeError(f"layer is the class {layer.__name__}. Make a layer of it first, with ().")
    if not is_keras_layer(layer) and not recurrent_layers(layer):
        raise TypeError(
            f"layer is {type(layer).__name__}. explain reads a Keras layer or model, a list of "
            "layers, keras.Input(...), or a tuple (T, F). Pass one of these, or leave layer out."
        )
    return _read_layer(layer)


def recurrent_layers(layer):
    """List the recurrent layers that read x in a layer or model, in order.

    They are known by their `return_sequences`. What TimeDistributed holds reads one part of x at
    a time, so it does not count.
    """
    if attribute(layer, "return_sequences") is not None:
        return [layer]
    if type(layer).__name__ == "TimeDistributed":
        return []
    inside = attribute(layer, "layers")
    if isinstance(inside, (list, tuple)):
        return [recurrent for part in inside for recurrent in recurrent_layers(part)]
    wrapped = attribute(layer, "layer")
    return recurrent_layers(wrapped) if wrapped is not None else []


def is_input(thing):
    """Tell whether this is a keras.Input(...)."""
    return type(thing).__name__ == "KerasTensor" and is_shape(attribute(thing, "shape"))


def _read_layer(layer):
    """Describe a layer or model."""
    recurrent = recurrent_layers(layer)
    inside = attribute(layer, "layers")
    reader = Reader(is_model=isinstance(inside, list), has_loop=bool(recurrent))
    reader.can_be_tried = is_keras_layer(layer)
    reader.stateful = any(attribute(part, "stateful") for part in recurrent)
    if not recurrent and not reader.is_model:  # a Dense, say: it reads any number of axes
        reader.ndim = None
        return reader
    first = recurrent[0] if recurrent else layer
    built = _built_shape(first)
    expected = attribute(layer, "input_shape") if reader.is_model else built
    if expected is None:
        expected = built
        reader.any_length = True  # a model of one's own has no fixed Input
    if not reader.is_model:
        reader.any_length = True
    if type(layer).__name__ == "Sequential":
        reader.layers = tuple(inside)
    reader.codes = _codes(layer)
    if expected is not None and not is_shape(expected):
        reader.notes.append("The model has several inputs; pass the layer that reads x instead.")
        reader.can_be_tried, reader.several_inputs = False, True
        return reader
    reader.expected = tuple(expected) if expected is not None else None
    reader.ndim = len(expected) if expected is not None else _wanted_axes(layer)
    same_rank = len(expected or ()) == len(built or ())
    if reader.is_model and built and same_rank and built[1:] != tuple(expected[1:]):
        reader.changed_in_front = True
        reader.notes.append(
            f"Layers in front change the shape: the recurrent layer reads {built}, so the "
            "loop is not over the axes of x."
        )
    return reader


def _read_list(parts):
    """Describe a list of layers that might become a Sequential model."""
    parts = list(parts)
    expected = tuple(parts.pop(0).shape) if parts and is_input(parts[0]) else None
    wrong = [part for part in parts if not is_keras_layer(part)]
    if wrong or not parts:
        given = f"holds {type(wrong[0]).__name__}" if wrong else "has no layer in it"
        raise TypeError(
            f"layer is a list that {given}. explain reads a list of Keras layers, which may begin "
            "with keras.Input(...)."
        )
    recurrent = [inner for part in parts for inner in recurrent_layers(part)]
    reader = Reader(expected, is_model=True, has_loop=bool(recurrent), layers=tuple(parts))
    reader.stateful = any(attribute(part, "stateful") for part in recurrent)
    reader.any_length = expected is None
    reader.can_be_tried = True
    reader.codes = _codes(parts[0])
    reader.ndim = _wanted_axes(_front(parts))
    if expected is not None and reader.ndim == 3:
        reader.expected = _check_expected(expected, reader)
    return reader


def _codes(layer):
    """Return how many codes the Embedding in front knows, also of a nested model, or None."""
    inside = [part for part in attribute(layer, "layers") or [] if not _is_input_layer(part)]
    if inside:
        return _codes(inside[0])
    return attribute(layer, "input_dim") if type(layer).__name__ == "Embedding" else None


def _front(parts):
    """Return the first layer that minds how many axes it reads."""
    minding = [part for part in parts if type(part).__name__ not in ("InputLayer", "Masking")]
    return minding[0] if minding else parts[0]


def _is_input_layer(layer):
    """Tell whether this is the layer that Keras makes of an Input."""
    return type(layer).__name__ == "InputLayer"


def _wanted_axes(layer):
    """Return how many axes a layer reads, or None if it does not say."""
    if type(layer).__name__ == "Embedding":
        return 2
    spec = attribute(layer, "input_spec")
    spec = spec[0] if isinstance(spec, (list, tuple)) and spec else spec
    ndim = attribute(spec, "ndim")
    if ndim is not None:
        return ndim
    inside = attribute(layer, "layers")
    if isinstance(inside, list) and inside:
        return _wanted_axes(_front(inside))
    return 3 if recurrent_layers(layer) else None


def _built_shape(layer):
    """Return the (B, T, F) a recurrent layer was built with, or None."""
    try:
        return tuple(layer.get_build_config()["input_shape"])
    except Exception:  # not built yet, or not a Keras layer: nothing is known
        return None


def _check_expected(expected, reader):
    """Return an expected input shape of 3 axes; report any other and return None."""
    what = f"layer expects shape {expected}: {len(expected)} axes with the batch size. "
    if len(expected) == 3 and expected[2] is None:
        reader.problems.append(
            Problem(
                f"layer expects shape {expected}, which leaves the number of features open. The "
                "weights need it: the kernel has one row per feature.",
                f"Write it: Input(({expected[1]}, F)). Only time steps and samples may be None.",
            )
        )
    if len(expected) == 3:
        return expected
    if len(expected) == 4:
        inside = expected[1:]
        fix = (
            f"Input(shape=...) leaves the number of samples out: Input({inside[1:]}) instead of "
            f"Input({inside}). A fixed batch size goes into Input(batch_shape={inside})."
        )
    else:
        fix = "Write keras.Input((T, F)), for example keras.Input((3, 1))."
    what += "An LSTM reads 3: (samples, time steps, features)."
    reader.problems.append(Problem(what, fix))
    return None
