"""Lines of code that may mend what does not fit. Nothing here is sure: each line gets tried."""

import inspect
import math
import sys

import numpy as np

from .explanation import WORDS, Fix
from .sources import line
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


def data_fixes(source, reader):
    """List lines that change x into a shape that the model may read, for its kind of container."""
    shape, parts, kind, fixes = source.specs.shape, source.parts, source.kind, []
    wanted = input_of(reader) if is_shape(input_of(reader)) else None
    steps, features = wanted[1:3] if wanted and len(wanted) > 2 else (None, None)
    mapped = kind in ("dataset", "generator", "PyDataset")
    if kind == "dataset" and not source.batched:
        fixes.append(Fix("x = x.batch(32)"))
    elif kind == "dataset" and wanted and wanted[0] and shape[:1] != wanted[:1]:
        fixes.append(Fix(f"x = x.unbatch().batch({wanted[0]}, drop_remainder=True)"))
    elif mapped and kind != "dataset":
        fixes.append(one_sample(source))
    if kind == "dataset" and source.batched and len(shape) == 2 and len(wanted or ()) == 3:
        last = ".map(lambda x, y: (x, y[-1]))" if parts == 2 else ""
        code = f"x = x.unbatch().batch({steps or 10}, drop_remainder=True){last}.batch(16)"
        when = f"each row is one moment in time, and a sample is a piece of {steps or 10} rows"
        fixes.append(Fix(code, when, "", 2))
    sizes = [7 if size is None else size for size in shape]
    more = "".join(f", {axis}" for axis in range(3, len(shape)))
    words = {"F": shape[-1:] and shape[-1], "T": steps, "window": steps or 10, "more": more}
    words |= {"features": features, "steps": (*shape, 1, 1)[1], "rest": math.prod(sizes[2:])}
    near = (3, 4) if len(shape) > 3 else (len(shape),)
    table = [row for count in near for row in WORDS["axes"][str(count)]]
    for axis in [axis for axis, size in enumerate(shape) if size == 1 and len(shape) > 2]:
        last = axis == len(shape) - 1
        table.append(["x[..., 0]" if last else f"np.squeeze(x, axis={axis})", "", 1])
    for expression, when, cost in table:
        code = expression.format(**words)
        whole = "sliding" in code or code.startswith("x[np.newaxis")
        if mapped and whole or source.moments and "one sequence of" in when:
            continue
        try:
            x = np.broadcast_to(np.float32(0), sizes)
            after = eval(code, {"np": np, "x": x}).shape
        except Exception:
            continue
        if _may_read(after, wanted, reader):
            fixes.append(Fix(line(kind, code, parts), when.format(**words), "", cost))
    return fixes


def one_sample(source):
    """Return the line that makes batches of a generator's single samples."""
    code = line(source.kind, "x[np.newaxis]", source.parts)
    code = code.replace("], y", "], np.array([y])").replace(", weights)", ", np.array([weights]))")
    return Fix(code, "each of its elements is one sample")


def _may_read(shape, wanted, reader):
    """Tell whether a model may read this shape, by the sizes that are known."""
    if wanted is None:
        first = (layers_of(reader) or [reader])[0]
        return attribute(attribute(first, "input_spec"), "ndim") in (None, len(shape))
    free = 1 if isinstance(reader, list) or is_a(reader, "Model") else 2  # a layer reads any T
    pairs = list(zip(shape, wanted, strict=False))[free:]
    return len(shape) == len(wanted) and all(size == other or not other for size, other in pairs)


def model_fixes(shape, model, place=None):
    """List lines that build the model anew; `place` is that of the layer that refuses."""
    layers, wanted, fixes = layers_of(model), input_of(model), []
    stateful = bool(recurrent_layers(model, stateful=True))
    if is_layer(model) and layers is None and not is_a(model, "Functional"):
        why = "make a new layer; the weights of this one do not fit"
        new = is_built(model) and not is_a(model, "Model") and not stateful
        return [Fix(f"model = {_write(model, {}, 'model')}", "", why, 2)] if new else []
    if is_shape(wanted) and not place or stateful and wanted is None:
        batch = (wanted or (None,))[0] or (batch_size(shape[0]) if stateful else None)
        same = wanted is not None and len(wanted) == len(shape)
        open_steps = [(None, *shape[2:])] if same and wanted[1:2] != shape[1:2] else []
        kernel = same and wanted[2:] != shape[2:]
        for cost, size in enumerate([*open_steps, shape[1:]], 2):
            why = ", because the kernel has one row per feature" if kernel else ""
            fixes.append(with_input(model, (batch, *size), cost, why))
    near = layers or parts_of(model)
    near = near if place is None else near[max(place - 1, 0) : place + 1]
    fixes += [toggled(model, layer, "return_sequences", True) for layer in recurrent_layers(near)]
    fixes += [toggled(model, layer, "return_state", False) for layer in recurrent_layers(near)]
    lower = [one for one in recurrent_layers(layers or [])[:-1] if one.return_sequences is False]
    if len(lower) > 1:
        settings = {layer.name: {"return_sequences": True} for layer in lower}
        why = "give every recurrent layer but the last return_sequences=True"
        fixes.append(Fix(rebuilt(model, settings), "", why, 3))
    for at, layer in enumerate(layers or []):
        name = type(layer).__name__
        if layer in near and (name in ("Flatten", "Embedding") or "Pooling" in name):
            fixes.append(Fix(rebuilt(model, {}, None, at, ()), "", f"leave {name} out", 3))
        if layer in near and recurrent_layers(layer):
            flatten = "keras.layers.TimeDistributed(keras.layers.Flatten())"
            turn, why = "keras.layers.Reshape((-1, 1))", "turn the numbers into time steps"
            code = rebuilt(model, {}, None, at, (flatten, layer))
            fixes.append(Fix(code, "", "flatten what stands at each time step", 4))
            fixes.append(Fix(rebuilt(model, {}, None, at, (turn, layer)), "", why, 4))
    return fixes


def with_input(model, batch_shape, cost=2, why=""):
    """Return a line that gives a model another Input."""
    why = f"build the model with {_write_input(batch_shape)}{why}"
    return Fix(rebuilt(model, {}, batch_shape), "", why, cost)


def toggled(model, layer, setting, value):
    """Return a line that gives a layer another value of a setting, if it has another."""
    why = f"give {type(layer).__name__} {layer.name!r} {setting}={value}"
    other = attribute(layer, setting) == (not value)
    return Fix(rebuilt(model, {layer.name: {setting: value}}) if other else "", "", why, 2)


def label_fixes(target, shape, model, kind):
    """List lines that bring labels and output together, given their shapes."""
    fixes, layers = [], layers_of(model) or attribute(model, "layers") or [None]
    if len(target) == 3 and len(shape) == 2:
        fixes.append(Fix("y = y[:, -1]", "only the label of the last time step counts", "", 2))
    if len(target) != len(shape):
        every = len(target) > len(shape)
        last = recurrent_layers(model)[-1:]
        fixes += [toggled(model, layer, "return_sequences", every) for layer in last]
    for layer in parts_of(model) if len(target) > 1 else ():
        if is_a(layer, "RepeatVector"):
            why = f"let the model answer {target[1]} steps: RepeatVector({target[1]})"
            fixes.append(Fix(rebuilt(model, {layer.name: {"n": target[1]}}), "", why, 2))
    if attribute(layers[-1], "units"):
        units = target[-1] if len(target) == len(shape) else 1
        settings = {"units": units} | ({"activation": "linear"} if kind == "same" else {})
        why = f"end with {type(layers[-1]).__name__}({units}), one unit per number of a label"
        when = "each label is a number" if units == 1 else ""
        fixes.append(Fix(rebuilt(model, {layers[-1].name: settings}), when, why, 2))
    if len(target) == len(shape) == 3 and target[1] < shape[1] and layers_of(model):
        code = f"keras.layers.Cropping1D(({shape[1] - target[1]}, 0))"
        code = rebuilt(model, {}, None, len(layers) - 1, (layers[-1], code))
        fixes.append(Fix(code, f"the labels belong to the last {target[1]} time steps", "", 3))
    numbers = "the labels are numbers of classes"
    for loss, when in (("sparse_", numbers), ("", "the labels are one-hot")):
        code = f"model.compile(loss='{loss}categorical_crossentropy')"
        fixes.append(Fix(code if attribute(model, "compiled") else "", when, "", 2))
    if kind == "categorical":
        fixes.append(Fix(f"y = keras.utils.to_categorical(y, {shape[-1]})", numbers, "", 2))
    return fixes


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
    layers, loss = layers_of(model), attribute(model, "loss")
    end = f"\nmodel.compile(loss={loss!r})" if isinstance(loss, str) else ""
    if layers is None and is_a(model, "Functional"):
        settings = [f"input_tensors={_write_input(batch_shape)}"] if batch_shape else []
        if changes:
            both = f"{{**layer.get_config(), **{changes!r}.get(layer.name, {{}})}}"
            settings.append(f"clone_function=lambda layer: layer.from_config({both})")
        return f"model = keras.models.clone_model(model, {', '.join(settings)})" + end
    if layers is None:
        return ""
    shape = batch_shape or input_of(model)
    lines = [_write_input(shape)] if is_shape(shape) else []
    first = isinstance(model, (list, tuple)) and is_a(model[0], "KerasTensor")
    name = "model" if isinstance(model, (list, tuple)) else "model.layers"
    for place, layer in enumerate(layers):
        for part in instead if place == at else (layer,):
            text = isinstance(part, str)
            lines.append(part if text else _write(part, changes, f"{name}[{place + first}]"))
    return "model = keras.Sequential([\n" + "".join(f"    {part},\n" for part in lines) + "])" + end


def _write(layer, changes, place):
    """Write a layer as code that makes a new one like it."""
    kind, change = type(layer), changes.get(layer.name, {})
    config = {**layer.get_config(), **change}
    copied = f"type({place}).from_config({{**{place}.get_config(), **{change!r}}})"
    if attribute(sys.modules["keras"].layers, kind.__name__) is not kind:
        return copied
    inner = attribute(layer, "forward_layer") or attribute(layer, "layer")
    parameters = inspect.signature(kind.__init__).parameters
    needed = [n for n, one in parameters.items() if one.default is one.empty and n in config]
    with same_random_numbers():
        try:
            new = {"layer": type(inner).from_config(inner.get_config())} if inner else {}
            plain = kind(**{name: {**config, **new}[name] for name in needed}).get_config()
        except Exception:
            return copied
    new = {"layer": _write(inner, changes, f"{place}.layer")} if inner else {}
    written = [new.get(name) or repr(config[name]) for name in needed]
    for name in parameters:
        skipped = name in (*needed, "name", "backward_layer") or name not in config
        if not skipped and config[name] != plain.get(name):
            if not isinstance(config[name], (int, float, str, tuple, type(None))):
                return copied
            written.append(f"{name}={config[name]!r}")
    return f"keras.layers.{kind.__name__}({', '.join(written)})"
