"""Lines of code that may mend what does not fit. Nothing here is sure: each line gets tried."""

import inspect
import math
import sys

import numpy as np

from .sources import Edit, line
from .trial import (
    attribute,
    input_of,
    is_a,
    is_built,
    is_layer,
    is_shape,
    layers_of,
    parts_of,
    recurrent_layers,
    same_random_numbers,
)


def axis_edits(shape, wanted, moments):
    """List expressions that add, drop, move, merge or split axes of x, each with its question."""
    rank, edits = len(shape), []
    steps = wanted[1] if wanted and len(wanted) > 2 else None
    if rank == 0:
        return [Edit("np.reshape(x, (1, 1, 1))")]
    slide = f"np.lib.stride_tricks.sliding_window_view(x, {steps or 10}, axis=0)"
    if rank == 1:
        edits = [
            Edit("x[np.newaxis, :, np.newaxis]", "x is one sequence, a number at each time step"),
            Edit("x[np.newaxis]", "x is one sample", "", 2),
            Edit("x[:, np.newaxis]", "each number is one sample", "", 2),
            Edit(f"{slide}[..., np.newaxis]", "a sample is a window of it", "", 2),
        ]
    elif rank == 2:
        rows = f"each row is one moment in time with {shape[1]} features"
        edits = [
            Edit("x[np.newaxis]", rows),
            Edit("x[:, np.newaxis]", "each row is one sample that has no time", "", 3),
        ]
        if not moments:
            when = f"each row is one sequence of {shape[1]} time steps"
            edits.insert(0, Edit("x[..., np.newaxis]", when))
        if steps:
            when = f"{rows} and a sample is a window of them"
            edits.append(Edit(f"{slide}.transpose(0, 2, 1)", when, "", 2))
            flat = f"np.reshape(x, (-1, {steps}, {wanted[2]}))"
            edits.append(Edit(flat, "each row is one sample laid flat"))
    else:
        order = range(rank)
        edits = [
            Edit("x[np.newaxis]", "x is one sample"),
            Edit("x[..., np.newaxis]", "there is one number at each place"),
            Edit(f"np.transpose(x, {(0, 2, 1, *order[3:])})", "time steps stand behind features"),
            Edit(f"np.transpose(x, {(1, 0, *order[2:])})", "time steps stand first", "", 2),
        ]
        for axis in order:
            drop = "x[..., 0]" if axis == rank - 1 else f"np.squeeze(x, axis={axis})"
            edits += [Edit(drop)] if shape[axis] == 1 else []
        if rank > 3:
            last = (0, 1, *order[3:], 2)
            merged = f"(-1, {shape[1]}, {math.prod(size or 1 for size in shape[2:])})"
            edits.append(Edit(f"np.transpose(x, {last})", "channels stand first", "", 2))
            edits.append(Edit(f"np.reshape(x, {merged})", "all of that are features", "", 2))
    return edits


def data_edits(source, reader):
    """List lines that change x into a shape that the model may read, for its kind of container."""
    shape, parts, kind = source.specs.shape, source.parts, source.kind
    wanted, edits = input_of(reader), []
    wanted = wanted if is_shape(wanted) else None
    mapped = kind in ("dataset", "generator", "PyDataset")
    array = np.broadcast_to(np.float32(0), [7 if size is None else size for size in shape])
    if kind == "dataset" and not source.batched:
        edits.append(Edit("x = x.batch(32)"))
    elif kind == "dataset" and wanted and wanted[0] and shape[:1] != wanted[:1]:
        edits.append(Edit(f"x = x.unbatch().batch({wanted[0]}, drop_remainder=True)"))
    elif kind in ("generator", "PyDataset"):
        edits += one_sample(source)
    if kind == "dataset" and source.batched and len(shape) == 2 and len(wanted or ()) == 3:
        steps, last = wanted[1] or 10, ".map(lambda x, y: (x, y[-1]))" if parts == 2 else ""
        code = f"x = x.unbatch().batch({steps}, drop_remainder=True){last}.batch(16)"
        when = f"each row is one moment in time, and a sample is a piece of {steps} rows"
        edits.append(Edit(code, when, "", 2))
    for edit in axis_edits(shape, wanted, source.moments):
        try:
            after = eval(edit.code, {"np": np, "x": array}).shape
        except Exception:
            continue
        whole = "sliding" in edit.code or edit.code.startswith("x[np.newaxis")
        if _may_read(after, wanted, reader) and not (mapped and whole):
            edits.append(edit._replace(code=line(kind, edit.code, parts)))
    return edits


def one_sample(source):
    """Return the line that makes batches of a generator's single samples."""
    code = line(source.kind, "x[np.newaxis]", source.parts)
    code = code.replace("], y", "], np.array([y])").replace(", weights)", ", np.array([weights]))")
    return [Edit(code, "each of its elements is one sample")]


def _may_read(shape, wanted, reader):
    """Tell whether a model may read this shape, by the sizes that are known."""
    if wanted is None:
        first = (layers_of(reader) or [reader])[0]
        return attribute(attribute(first, "input_spec"), "ndim") in (None, len(shape))
    free = 1 if isinstance(reader, list) or is_a(reader, "Model") else 2  # a layer reads any T
    pairs = list(zip(shape, wanted, strict=False))[free:]
    return len(shape) == len(wanted) and all(size == other or not other for size, other in pairs)


def model_edits(shape, model, place=None):
    """List lines that build the model anew; `place` is that of the layer that refuses."""
    layers, wanted, edits = layers_of(model), input_of(model), []
    stateful = any(attribute(layer, "stateful") for layer in recurrent_layers(model))
    if is_layer(model) and layers is None and not is_a(model, "Functional"):
        why = "make a new layer; the weights of this one do not fit"
        new = is_built(model) and not is_a(model, "Model") and not stateful
        return [Edit(f"model = {_write(model, {}, 'model')}", "", why, 2)] if new else []
    if is_shape(wanted) and not place or stateful and wanted is None:
        batch = (wanted or (None,))[0] or (batch_size(shape[0]) if stateful else None)
        same = wanted is not None and len(wanted) == len(shape)
        open_steps = [(None, *shape[2:])] if same and wanted[1:2] != shape[1:2] else []
        for cost, size in enumerate([*open_steps, shape[1:]], 2):
            other = same and wanted[2:] != shape[2:]
            why = ", because the kernel has one row per feature" if other else ""
            edits.append(with_input(model, (batch, *size), cost, why))
    near = layers if place is None else (layers or [])[max(place - 1, 0) : place + 1]
    for layer in recurrent_layers(near if near is not None else model):
        for setting in ("return_sequences", "return_state"):
            if attribute(layer, setting) == (setting == "return_state"):
                edits.append(_toggled(model, layer, setting))
    lower = [one for one in recurrent_layers(layers or [])[:-1] if one.return_sequences is False]
    if len(lower) > 1:
        settings = {layer.name: {"return_sequences": True} for layer in lower}
        why = "give every recurrent layer but the last return_sequences=True"
        edits.append(Edit(rebuilt(model, settings), "", why, 3))
    for layer in near or []:
        at = layers.index(layer)
        if is_a(layer, "Flatten", "Embedding") or "Pooling" in type(layer).__name__:
            why = f"leave {type(layer).__name__} out"
            edits.append(Edit(rebuilt(model, {}, None, at, ()), "", why, 3))
        if recurrent_layers(layer):
            flatten = "keras.layers.TimeDistributed(keras.layers.Flatten())"
            why = "flatten what stands at each time step"
            edits.append(Edit(rebuilt(model, {}, None, at, (flatten, layer)), "", why, 4))
            turn, why = "keras.layers.Reshape((-1, 1))", "turn the numbers into time steps"
            edits.append(Edit(rebuilt(model, {}, None, at, (turn, layer)), "", why, 4))
    return [edit for edit in edits if edit.code]


def with_input(model, batch_shape, cost=2, why=""):
    """Return a line that gives a model another Input."""
    why = f"build the model with {_write_input(batch_shape)}{why}"
    return Edit(rebuilt(model, {}, batch_shape), "", why, cost)


def _toggled(model, layer, setting):
    """Return a line that turns a setting of a layer round."""
    value = not attribute(layer, setting)
    why = f"give {type(layer).__name__} {layer.name!r} {setting}={value}"
    return Edit(rebuilt(model, {layer.name: {setting: value}}), "", why, 2)


def label_edits(target, shape, model, kind):
    """List lines that bring labels and output together, given their shapes."""
    edits = []
    if len(target) == 3 and len(shape) == 2:
        edits.append(Edit("y = y[:, -1]", "only the label of the last time step counts", "", 2))
    if len(target) != len(shape):
        edits += [_toggled(model, one, "return_sequences") for one in recurrent_layers(model)[-1:]]
    for layer in parts_of(model) if len(target) > 1 else ():
        if is_a(layer, "RepeatVector"):
            why = f"let the model answer {target[1]} steps: RepeatVector({target[1]})"
            edits.append(Edit(rebuilt(model, {layer.name: {"n": target[1]}}), "", why, 2))
    last = (layers_of(model) or attribute(model, "layers") or [None])[-1]
    if attribute(last, "units"):
        units = target[-1] if len(target) == len(shape) else 1
        settings = {"units": units} | ({"activation": "linear"} if kind == "same" else {})
        why = f"end with {type(last).__name__}({units}), one unit per number of a label"
        when = "each label is a number" if units == 1 else ""
        edits.append(Edit(rebuilt(model, {last.name: settings}), when, why, 2))
    if len(target) == len(shape) == 3 and target[1] < shape[1] and layers_of(model):
        code = f"keras.layers.Cropping1D(({shape[1] - target[1]}, 0))"
        code = rebuilt(model, {}, None, len(layers_of(model)) - 1, (last, code))
        edits.append(Edit(code, f"the labels belong to the last {target[1]} time steps", "", 3))
    numbers, compiled = "the labels are numbers of classes", attribute(model, "compiled")
    for loss, when in (("sparse_", numbers), ("", "the labels are one-hot")):
        code = f"model.compile(loss='{loss}categorical_crossentropy')"
        edits += [Edit(code, when, "", 2)] if compiled else []
    if kind == "categorical":
        edits.append(Edit(f"y = keras.utils.to_categorical(y, {shape[-1]})", numbers, "", 2))
    return [edit for edit in edits if edit.code]


def batch_size(samples):
    """Choose a batch size that divides the samples, 32 at most."""
    return max((size for size in range(1, 33) if samples and samples % size == 0), default=1)


def _write_input(shape):
    """Write the Input of a model that reads this shape, its first size being the batch size."""
    fixed = shape[0] is not None
    return f"keras.Input(batch_shape={tuple(shape)})" if fixed else f"keras.Input({shape[1:]})"


def rebuilt(model, changes, batch_shape=None, at=None, instead=()):
    """Write a line that builds the model anew, with some settings of layers changed by name."""
    if is_a(model, "KerasTensor") or is_shape(model):
        return f"model = {_write_input(batch_shape)}" if batch_shape else ""
    layers = layers_of(model)
    if layers is None and not is_a(model, "Functional"):
        return ""
    loss = attribute(model, "loss")
    end = f"\nmodel.compile(loss={loss!r})" if isinstance(loss, str) else ""
    if layers is None:
        settings = [f"input_tensors={_write_input(batch_shape)}"] if batch_shape else []
        if changes:
            both = f"{{**layer.get_config(), **{changes!r}.get(layer.name, {{}})}}"
            settings.append(f"clone_function=lambda layer: layer.from_config({both})")
        return f"model = keras.models.clone_model(model, {', '.join(settings)})" + end
    shape = batch_shape or input_of(model)
    lines = [_write_input(shape)] if is_shape(shape) else []
    for place, layer in enumerate(layers):
        where = f"model[{place}]" if isinstance(model, (list, tuple)) else f"model.layers[{place}]"
        if isinstance(model, (list, tuple)) and is_a(model[0], "KerasTensor"):
            where = f"model[{place + 1}]"
        for part in instead if place == at else (layer,):
            lines.append(part if isinstance(part, str) else _write(part, changes, where))
    return "model = keras.Sequential([\n" + "".join(f"    {part},\n" for part in lines) + "])" + end


def _write(layer, changes, place):
    """Write a layer as code that makes a new one like it."""
    kind, change = type(layer), changes.get(attribute(layer, "name"), {})
    config = f"{{**{place}.get_config(), **{change!r}}}" if change else f"{place}.get_config()"
    copied = f"type({place}).from_config({config})"
    if attribute(sys.modules["keras"].layers, kind.__name__) is not kind:
        return copied
    config, inner = {**layer.get_config(), **change}, {}
    for name in ("layer", "cell"):
        part = attribute(layer, "forward_layer") or attribute(layer, name)
        if name in config and is_layer(part):
            inner[name] = part
    parameters = inspect.signature(kind.__init__).parameters
    needed = [
        name for name, one in parameters.items() if one.default is one.empty and name in config
    ]
    with same_random_numbers():
        try:
            plain = kind(
                **{
                    name: type(inner[name]).from_config(inner[name].get_config())
                    if name in inner
                    else config[name]
                    for name in needed
                }
            ).get_config()
        except Exception:
            return copied
    written = [
        _write(inner[name], changes, f"{place}.{name}") if name in inner else repr(config[name])
        for name in needed
    ]
    for name in parameters:
        skipped = name in (*needed, "name", "backward_layer") or name not in config
        if skipped or config[name] == plain.get(name):
            continue
        if not isinstance(config[name], (int, float, str, tuple, type(None))):
            return copied
        written.append(f"{name}={config[name]!r}")
    return f"keras.layers.{kind.__name__}({', '.join(written)})"
