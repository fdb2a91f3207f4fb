"""Lines of code that may mend what does not fit. Nothing here is sure: each line gets tried."""

import inspect
import math
import sys

import numpy as np

from .sources import Edit, line
from .trial import (
    attribute, input_of, is_a, is_built, is_layer, is_shape, layers_of, parts_of, recurrent_layers,
    same_random_numbers,
)


def axis_edits(shape, wanted, moments=False):
    """List expressions that add, drop, move, merge or split axes; see `Edit`.

    Parameters
    ----------
    shape : tuple
        Of the data.
    wanted : tuple or None
        What the model reads, as far as it is known.
    moments : bool
        True if the rows are known to be moments in time.
    """
    rank, found = len(shape), []
    steps = wanted[1] if wanted and len(wanted) > 2 else None

    def offer(expression, when="", cost=1, why=""):
        found.append(Edit(expression, when, why, cost))

    if rank == 0:
        offer("np.reshape(x, (1, 1, 1))")
    if rank == 1:
        offer("x[np.newaxis, :, np.newaxis]", "x is one sequence, a number at each time step")
        offer("x[np.newaxis]", "x is one sample", 2)
        offer("x[:, np.newaxis]", "each number is one sample", 2)
        windows(shape, steps or min(10, shape[0] or 0), offer, "[..., np.newaxis]")
    if rank == 2:
        rows = f"each row is one moment in time with {shape[1]} features"
        if not moments:
            offer("x[..., np.newaxis]", f"each row is one sequence of {shape[1]} time steps")
        offer("x[np.newaxis]", rows)
        offer("x[:, np.newaxis]", "each row is one sample that has no time", 3)
        if steps:
            windows(shape, steps, offer, ".transpose(0, 2, 1)", rows)
        if steps and wanted[2] and shape[1] == steps * wanted[2]:
            offer(f"np.reshape(x, (-1, {steps}, {wanted[2]}))", "each row is one sample laid flat")
    if rank > 2:
        offer("x[np.newaxis]", "x is one sample")
        offer("x[..., np.newaxis]", "there is one number at each place")
        for axis in [axis for axis in range(rank) if shape[axis] == 1]:
            offer("x[..., 0]" if axis == rank - 1 else f"np.squeeze(x, axis={axis})")
        order = list(range(rank))
        offer(f"np.transpose(x, {(0, 2, 1, *order[3:])})", "time steps stand behind features")
        offer(f"np.transpose(x, {(1, 0, *order[2:])})", "time steps stand in front of samples", 2)
        if rank > 3:
            offer(f"np.transpose(x, {(0, 1, *order[3:], 2)})", "features stand behind time steps", 2)
            merged = math.prod(size or 1 for size in shape[2:])
            offer(f"np.reshape(x, (-1, {shape[1]}, {merged}))", "all of that are features", 2)
        if steps and shape[1] and shape[1] > steps:
            offer(f"x[:, -{steps}:]", f"the last {steps} time steps are enough", 3)
    return found


def windows(shape, steps, offer, behind, rows=""):
    """Offer windows over the rows."""
    if shape[0] and steps and 0 < steps <= shape[0]:
        start = f"np.lib.stride_tricks.sliding_window_view(x, {steps}, axis=0)"
        offer(start + behind, rows + " and a sample is a window of them" if rows else
              "a sample is a window of it", 2)


def data_edits(source, reader):
    """List lines that change x into a shape that the model may read, for its kind of container."""
    shape, labelled = source.specs.shape, source.y is not None
    wanted, found = input_shape(reader), []
    mapped = source.kind in ("dataset", "generator", "PyDataset")
    if source.kind == "dataset" and not source.batched:
        found.append(Edit("x = x.batch(32)"))
    elif source.kind == "dataset" and wanted and wanted[0] and shape[:1] != wanted[:1]:
        found.append(Edit(f"x = x.unbatch().batch({wanted[0]}, drop_remainder=True)"))
    elif source.kind in ("generator", "PyDataset"):
        code = line(source.kind, "x[np.newaxis]", labelled).replace(", y) for", ", np.array([y])) for")
        found.append(Edit(code, "each of its elements is one sample"))
    array = np.broadcast_to(np.float32(0), [7 if size is None else size for size in shape])
    for edit in axis_edits(shape, wanted, source.moments):
        try:
            after = eval(edit.code, {"np": np, "x": array}).shape
        except Exception:
            continue
        whole = "sliding" in edit.code or edit.code.startswith("x[np.newaxis")
        if may_read(after, wanted, reader) and not (mapped and whole):
            found.append(edit._replace(code=line(source.kind, edit.code, labelled)))
    if source.kind == "dataset" and source.batched and len(shape) == 2 and wanted:
        steps, rest = wanted[1] or 10, ".map(lambda x, y: (x, y[-1]))" if labelled else ""
        code = f"x = x.unbatch().batch({steps}, drop_remainder=True){rest}.batch(16)"
        when = f"each row is one moment in time, and a sample is a piece of {steps} rows"
        found.append(Edit(code, when, "", 2))
    return found


def may_read(shape, wanted, reader):
    """Tell whether a model may read this shape, by the sizes that are known."""
    if wanted is None:
        layers = layers_of(reader) or [reader]
        ndim = attribute(attribute(layers[0], "input_spec"), "ndim") if layers else None
        return ndim in (None, len(shape))
    pairs = list(zip(shape, wanted, strict=False))
    free = 1 if isinstance(reader, list) or is_a(reader, "Model") else 2  # a layer reads any T
    return len(shape) == len(wanted) and all(
        size == other or other is None for size, other in pairs[free:]
    )


def input_shape(model):
    """Return the shape of the one input, or None."""
    shape = tuple(model.shape) if is_a(model, "KerasTensor") else input_of(model)
    if shape is None and is_shape(model):
        shape = (None,) * (len(model) == 2) + tuple(model)
    return shape if is_shape(shape) else None


def model_edits(shape, model, place=None):
    """List lines that build the model anew: another Input, another setting of a layer.

    `place` is that of the layer that refuses, in a list of layers.
    """
    wanted, found = input_shape(model), []
    layers = layers_of(model)
    if is_layer(model) and layers is None and not is_a(model, "Functional"):
        if is_built(model) and not is_a(model, "Model"):
            code = f"model = {write(model, {})}"
            found.append(Edit(code, "", "make a new layer; the weights of this one do not fit", 2))
        return found
    stateful = any(attribute(layer, "stateful") for layer in recurrent_layers(model))
    if not place and (wanted is not None or stateful) or stateful and wanted is None:
        batch = (wanted or (None,))[0] or (batch_size(shape[0]) if stateful else None)
        same = wanted is not None and len(wanted) == len(shape)
        sizes = [shape[1:]]
        if len(shape) > 2 and same and wanted[1] != shape[1]:
            sizes.insert(0, (None, *shape[2:]))
        for cost, size in enumerate(sizes, 2):
            why = f"build the model with {write_input((batch, *size))}"
            if same and wanted[2:] != shape[2:]:
                why += ", because the kernel has one row per feature"
            found.append(Edit(rebuilt(model, {}, (batch, *size)), "", why, cost))
    near = layers[max(place - 1, 0) : place + 1] if place is not None and layers else layers
    for layer in recurrent_layers(near if near is not None else model):
        for setting in ("return_sequences", "return_state"):
            now = attribute(layer, setting)
            if now == (setting == "return_state"):
                found.append(toggled(model, layer, setting))
    lower = [one for one in recurrent_layers(layers or [])[:-1] if one.return_sequences is False]
    if len(lower) > 1:
        settings = {layer.name: {"return_sequences": True} for layer in lower}
        why = "give every recurrent layer but the last return_sequences=True"
        found.append(Edit(rebuilt(model, settings), "", why, 3))
    for layer in near or []:
        at = layers.index(layer)
        if is_a(layer, "Flatten", "Embedding") or "Pooling" in type(layer).__name__:
            why = f"leave {type(layer).__name__} out"
            found.append(Edit(rebuilt(model, {}, drop=at), "", why, 3))
        if recurrent_layers(layer):
            for new, why in (
                ("keras.layers.TimeDistributed(keras.layers.Flatten())", "flatten each time step"),
                ("keras.layers.Reshape((-1, 1))", "turn the numbers into time steps"),
            ):
                found.append(Edit(rebuilt(model, {}, insert=(at, new)), "", why, 4))
    return [edit for edit in found if edit.code]


def toggled(model, layer, setting):
    """Return a line that turns a setting of a layer round."""
    value = not attribute(layer, setting)
    why = f"give {type(layer).__name__} {layer.name!r} {setting}={value}"
    return Edit(rebuilt(model, {layer.name: {setting: value}}), "", why, 2)


def label_edits(label, output, model, kind):
    """List lines that bring labels and output together; label and output are Specs."""
    target, shape, found = label.shape, output.shape, []
    if len(target) == 3 and len(shape) == 2:
        found.append(Edit("y = y[:, -1]", "only the label of the last time step counts", "", 2))
    if len(target) != len(shape):
        found += [toggled(model, one, "return_sequences") for one in recurrent_layers(model)[-1:]]
    layers = parts_of(model)
    for layer in layers if len(target) > 1 else ():
        if is_a(layer, "RepeatVector"):
            why = f"let the model answer {target[1]} steps: RepeatVector({target[1]})"
            found.append(Edit(rebuilt(model, {layer.name: {"n": target[1]}}), "", why, 2))
    last = (layers_of(model) or attribute(model, "layers") or [None])[-1]
    if attribute(last, "units"):
        units = target[-1] if len(target) == len(shape) else 1
        settings = {"units": units, **({"activation": "linear"} if kind == "same" else {})}
        why = f"end with {type(last).__name__}({units}), one unit per number of a label"
        when = "each label is a number" if units == 1 else ""
        found.append(Edit(rebuilt(model, {last.name: settings}), when, why, 2))
    for loss, when in (
        ("sparse_categorical_crossentropy", "the labels are numbers of classes"),
        ("categorical_crossentropy", "the labels are one-hot"),
    ):
        found.append(Edit(f"model.compile(loss={loss!r})", when, "", 2))
    if kind == "categorical":
        code = f"y = keras.utils.to_categorical(y, {shape[-1]})"
        found.append(Edit(code, "the labels are numbers of classes", "", 2))
    return [edit for edit in found if edit.code]


def batch_size(samples):
    """Choose a batch size that divides the samples, 32 at most."""
    return max((size for size in range(1, 33) if samples and samples % size == 0), default=1)


def write_input(shape):
    """Write the Input of a model that reads this shape, its first size being the batch size."""
    if shape[0] is not None:
        return f"keras.Input(batch_shape={tuple(shape)})"
    return f"keras.Input({tuple(shape[1:])})"


def rebuilt(model, changes, batch_shape=None, drop=None, insert=None):
    """Write a line that builds the model anew, with some settings of layers changed by name."""
    if is_a(model, "KerasTensor") or is_shape(model):
        return f"model = {write_input(batch_shape)}" if batch_shape else ""
    if is_layer(model) and not is_a(model, "Functional", "Sequential"):
        return ""
    end = ""
    if attribute(model, "compiled"):
        end = f"\nmodel.compile(loss={attribute(model, 'loss')!r})"
    layers = layers_of(model)
    if layers is None:
        return clone(model, changes, batch_shape) + end
    shape = batch_shape or input_shape(model)
    lines = [write_input(shape)] if shape else []
    for place, layer in enumerate(layers):
        if insert and insert[0] == place:
            lines.append(insert[1])
        if drop != place:
            at = f"model[{place}]" if isinstance(model, (list, tuple)) else f"model.layers[{place}]"
            lines.append(write(layer, changes, at))
    body = "".join(f"    {part},\n" for part in lines)
    return f"model = keras.Sequential([\n{body}])" + end


def clone(model, changes, batch_shape):
    """Write a line that clones a functional model with changes."""
    settings = []
    if batch_shape:
        settings.append(f"input_tensors={write_input(batch_shape)}")
    if changes:
        both = f"{{**layer.get_config(), **{changes!r}.get(layer.name, {{}})}}"
        settings.append(f"clone_function=lambda layer: layer.from_config({both})")
    return f"model = keras.models.clone_model(model, {', '.join(settings)})"


def write(layer, changes, place=None):
    """Write a layer as code that makes a new one like it."""
    keras, kind = sys.modules["keras"], type(layer)
    change = changes.get(attribute(layer, "name"), {})
    config = f"{{**{place}.get_config(), **{change!r}}}" if change else f"{place}.get_config()"
    copy = f"type({place}).from_config({config})"
    if attribute(keras.layers, kind.__name__) is not kind:
        return copy
    config = {**layer.get_config(), **change}
    parts = {}
    for name in ("layer", "cell"):
        part = attribute(layer, "forward_layer") or attribute(layer, name)
        if name in config and is_layer(part):
            parts[name] = part
    with same_random_numbers():
        needed, given = [], []
        parameters = inspect.signature(kind.__init__).parameters
        required = [
            name for name, one in parameters.items()
            if one.default is one.empty and name in config and name not in ("self", "kwargs")
        ]
        try:
            plain = kind(**{
                name: type(parts[name]).from_config(parts[name].get_config())
                if name in parts else config[name] for name in required
            }).get_config()
        except Exception:
            return copy
    for name in required:
        part = parts.get(name)
        needed.append(write(part, changes, f"{place}.{name}") if part else repr(config[name]))
    for name in parameters:
        value = config.get(name)
        if name in (*required, "name", "backward_layer") or name not in config:
            continue
        if value == plain.get(name):
            continue
        if not isinstance(value, (int, float, str, tuple, type(None))):
            return copy
        given.append(f"{name}={value!r}")
    return f"keras.layers.{kind.__name__}({', '.join([*needed, *given])})"
