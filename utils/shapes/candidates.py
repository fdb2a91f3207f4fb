"""Lines of code that may mend what does not fit. Nothing here is sure: each line gets tried."""

import functools
import inspect
import math
import sys

import numpy as np

from .explanation import WORDS, Fix, counted
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
)

WHY = WORDS["why"]
WINDOWS = "np.lib.stride_tricks.sliding_window_view(x, {T}, axis=0)"
FLATTEN = "keras.layers.TimeDistributed(keras.layers.Flatten())"
RESHAPE = "keras.layers.Reshape((-1, 1))"
PAD = '{name} = keras.utils.pad_sequences({name}, dtype="float32", padding="post")'

# Lines for a kind of fault: the code, the question that it answers, what it does, and its cost.
LINES = {
    "file": [("x = np.load({path!r})",)],
    "function": [("x = x()",)],
    "list": [("{name} = np.array({name})",)],
    "letters": [('{name} = {name}.astype("float32")',)],
    "objects": [('{name} = {name}.astype("float32")',), ("{name} = np.stack(list({name}))",)],
    "complex": [("{name} = {name}.real",)],
    "table": [("{name} = {name}[{good}]",)],
    "structured": [("{name} = np.stack([{fields}], axis=-1)",)],
    "ragged-tensor": [("{name} = {name}.to_tensor()", "", WHY["padded"])],
    "ragged": [(PAD, "", WHY["padded"])],
    "masked": [("{name} = {name}.filled(0)", "", WHY["filled"])],
    "not-finite": [
        ("{name} = np.nan_to_num({name}, posinf=0, neginf=0)", "", WHY["zeroed"]),
    ],
    "twice": [("y = None",)],
    "one-at-a-time": [("x = x.batch(32)",)],
    "codes": [("x = x - x.min()",)],
    "label-rows": [
        ("{longer} = {longer}[:{few}]", "the first {few} of {longer} belong to the others"),
        ("{longer} = {longer}[-{few}:]", "the last {few} of {longer} belong to the others"),
    ],
    "several": [
        ("x = np.stack(x)", "each array is one sample"),
        ("x, y = x", "these are the inputs and their labels"),
        ("x = [x[1], x[0]]", "the two inputs were exchanged", "", 2),
        ("x = np.concatenate(x, axis=-1)", "the arrays hold features of the same samples", "", 2),
        ("x = np.concatenate(x)", "each array is a batch of samples", "", 2),
        ("x = list(x.values())", "its order is that of the inputs", "", 3),
    ],
}

# Expressions of x by the number of its axes: the question that each answers, and its cost.
EXPRESSIONS = {
    0: [("np.reshape(x, (1, 1, 1))", "", 1)],
    1: [
        ("x[np.newaxis, :, np.newaxis]", "x is one sequence, a number at each time step", 1),
        ("x[np.newaxis]", "x is one sample", 2),
        ("x[:, np.newaxis]", "each number is one sample", 2),
        (WINDOWS + "[..., np.newaxis]", "each sample is a window of {T} steps", 2),
    ],
    2: [
        ("x[..., np.newaxis]", "each row is one sequence of {F} time steps", 1),
        ("x[np.newaxis]", "each row is one moment in time with {F} features", 1),
        ("x[:, np.newaxis]", "each row is one sample and there is no time", 3),
        (WINDOWS + ".transpose(0, 2, 1)", "rows are moments and samples are windows of them", 2),
        ("np.reshape(x, (-1, {T}, {features}))", "each row is one sample laid flat", 1),
    ],
    3: [
        ("x[np.newaxis]", "x is one sample", 1),
        ("x[..., np.newaxis]", "there is one number at each place", 1),
        ("np.transpose(x, (0, 2, 1{more}))", "time steps come after features", 1),
        ("np.transpose(x, (1, 0, 2{more}))", "time steps come first", 2),
    ],
    4: [
        ("np.transpose(x, (0, 1{more}, 2))", "channels come before the picture", 2),
        ("np.reshape(x, (-1, {steps}, {rest}))", "all further axes are features", 2),
    ],
}


def candidates(case):
    """List lines that may mend the problem of a case."""
    source, key, facts = case.source, case.problem.key, case.problem.facts
    if key == "ragged-tensor" and source.kind == "dataset":
        return [Fix(source.line("x.to_tensor()"), "", WHY["padded"])]
    rows = LINES.get(key, []) + LINES["several"] * (source.kind == "several" != key)
    fixes = [Fix(*(p.format(**facts) if isinstance(p, str) else p for p in row)) for row in rows]
    for name in facts.get("names", ()) if source.kind == "several" else ():
        label = name.lower() in ("y", "label", "labels", "target", "targets")
        fixes.append(Fix(f"x = x[{name!r}]", f"{name} is meant", "", 1 + label))
    if key == "refused":
        fixes += _refused(case)
    elif key in ("label-shape", "label-stretched"):
        fixes += _labels(case)
    elif key in ("remainder", "remainder-of-one"):
        fixes += _remainder(case)
    elif key == "single-label" and source.kind in ("generator", "PyDataset"):
        fixes.append(_one_sample(source))
    elif key == "codes-high" and facts["low"] >= 0:
        fixes.append(Fix(rebuilt(case.model, {facts["layer"]: {"input_dim": facts["size"]}})))
    elif key == "mask":
        code = rebuilt(case.model, {facts["layer"]: {"mask_value": facts["value"]}})
        fixes.append(Fix(code, "", WHY["mask"].format(**facts)))
    return [fix for fix in fixes if fix.code]


def _refused(case):
    """Lines that change x, for its kind of container, or that build the model anew."""
    source, shape, batch = case.source, case.shape, case.batch
    fixes = [*_data(source, case.reader), *_models(shape, case.model, case.trial.place)]
    if batch and source.kind == "dataset" and (source.size or batch) < batch:  # maybe all there is
        fixes = [fix for fix in fixes if "drop_remainder" not in fix.code]
    if batch and not case.whole and source.kind in ("array", "shape", "list", "other"):
        fixes.append(Fix(source.line(f"x[:{batch}]"), "", "pass one batch at a time"))
    return fixes


def _data(source, reader):
    shape, kind, fixes = source.specs.shape, source.kind, []
    wanted = input_of(reader) if is_shape(input_of(reader)) else None
    steps, features = wanted[1:3] if wanted and len(wanted) > 2 else (None, None)
    mapped, window = kind in ("dataset", "generator", "PyDataset"), steps or 10
    if kind == "dataset" and not source.batched:
        fixes.append(Fix("x = x.batch(32)"))
    elif kind == "dataset" and wanted and wanted[0] and shape[:1] != wanted[:1]:
        fixes.append(Fix(f"x = x.unbatch().batch({wanted[0]}, drop_remainder=True)"))
    elif mapped and kind != "dataset":
        fixes.append(_one_sample(source))
    if kind == "dataset" and source.batched and len(shape) == 2 and len(wanted or ()) == 3:
        last = ".map(lambda x, y: (x, y[-1]))" if source.parts == 2 else ""
        code = f"x = x.unbatch().batch({window}, drop_remainder=True){last}.batch(16)"
        when = f"each row is one moment in time, and a sample is a piece of {window} rows"
        fixes.append(Fix(code, when, "", 2))
    sizes = [7 if size is None else size for size in shape]
    more = "".join(f", {axis}" for axis in range(3, len(shape)))
    words = {"F": shape[-1:] and shape[-1], "T": steps if shape[1:] else window, "more": more}
    words |= {"features": features, "steps": (*shape, 1, 1)[1], "rest": math.prod(sizes[2:])}
    table = [
        row for count in ((3, 4) if len(shape) > 3 else (len(shape),)) for row in EXPRESSIONS[count]
    ]
    for axis in [axis for axis, size in enumerate(shape) if size == 1 and len(shape) > 2]:
        last = axis == len(shape) - 1
        table.append(("x[..., 0]" if last else f"np.squeeze(x, axis={axis})", "", 1))
    for expression, when, cost in table:
        code = expression.format(**words)
        whole = "sliding" in code or code.startswith("x[np.newaxis")
        rows = "laid flat" in when and words["F"] != (steps or 0) * (features or 0)
        if rows or mapped and whole or source.moments and "one sequence of" in when:
            continue
        try:
            after = eval(code, {"np": np, "x": np.broadcast_to(np.float32(0), sizes)}).shape
        except Exception:
            continue
        if _may_read(after, wanted, reader):
            fixes.append(Fix(source.line(code), when.format(**words), "", cost))
    return fixes


def _one_sample(source):
    """Return the line that makes batches of a generator's single samples."""
    code = source.line("x[np.newaxis]")
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


def _models(shape, model, place):
    """List lines that build the model anew; `place` is that of the layer that refuses."""
    layers, wanted, fixes = layers_of(model), input_of(model), []
    stateful = bool(recurrent_layers(model, stateful=True))
    if is_layer(model) and layers is None and not is_a(model, "Functional"):
        new = is_built(model) and not is_a(model, "Model") and not stateful
        return [Fix(f"model = {_write(model, {}, 'model')}", "", WHY["new-layer"], 2)] * new
    if is_shape(wanted) and not place or stateful and wanted is None:
        batch = (wanted or (None,))[0] or (batch_size(shape[0]) if stateful else None)
        same = wanted is not None and len(wanted) == len(shape)
        open_steps = [(None, *shape[2:])] if same and wanted[1:2] != shape[1:2] else []
        why = WHY["kernel"] if same and wanted[2:] != shape[2:] else ""
        for cost, size in enumerate([*open_steps, shape[1:]], 2):
            fixes.append(_with_input(model, (batch, *size), cost, why))
    if fixes and not place:  # it is the Input that refuses
        return fixes
    near = layers or parts_of(model)
    near = near if place is None else near[max(place - 1, 0) : place + 1]
    for layer in recurrent_layers(near):
        fixes += _changed(model, layer, return_sequences=True)
        fixes += _changed(model, layer, return_state=False)
    lower = [one for one in recurrent_layers(layers or [])[:-1] if one.return_sequences is False]
    settings = {layer.name: {"return_sequences": True} for layer in lower}
    fixes.append(Fix(rebuilt(model, settings) * (len(lower) > 1), "", WHY["lower"], 3))
    for layer in near if layers else ():
        name, new = type(layer).__name__, []
        if name in ("Flatten", "Embedding") or "Pooling" in name:
            new = [((), f"leave {name} out")]
        if recurrent_layers(layer):
            new = [((FLATTEN, layer), WHY["flat"]), ((RESHAPE, layer), WHY["steps"])]
        for instead, why in new:
            fixes.append(Fix(rebuilt(model, {}, None, {layers.index(layer): instead}), "", why, 4))
    return fixes


def _with_input(model, batch_shape, cost=2, why=""):
    """Return a line that gives a model another Input."""
    why = f"build the model with {_input(batch_shape)}{why}"
    return Fix(rebuilt(model, {}, batch_shape), "", why, cost)


def _changed(model, layer, when="", **settings):
    """Return a line that gives a layer another value of a setting, if it has another."""
    (name, value), *_ = settings.items()
    if attribute(layer, name) in (None, value):
        return []
    why = f"give {type(layer).__name__} {layer.name!r} {name}={value}"
    return [Fix(rebuilt(model, {layer.name: settings}), when, why, 2)]


def _labels(case):
    """List lines that bring labels and output together, by their shapes in one batch."""
    target, shape, kind = (case.problem.facts[name] for name in ("target", "out", "kind"))
    model, fixes, equal = case.model, [], len(target) == len(shape)
    layers = layers_of(model) or attribute(model, "layers") or [None]
    if len(target) == 3 and len(shape) == 2:
        fixes.append(Fix("y = y[:, -1]", "only the label of the last time step counts", "", 2))
    steps = "y holds a label for every time step" * (equal and target[1:] == case.shape[1:2])
    for layer in recurrent_layers(model)[-1:] if steps or not equal else ():
        every = bool(steps) or len(target) > len(shape)
        fixes += _changed(model, layer, steps, return_sequences=every)
        if not equal and attribute(layers[-1], "units"):
            units = target[-1] if len(target) > 1 else 1
            both = {layer.name: {"return_sequences": every}, layers[-1].name: {"units": units}}
            why = WHY["both"].format(name=layer.name, every=every, units=units)
            fixes.append(Fix(rebuilt(model, both), "", why, 3))
    for layer in parts_of(model) if len(target) > 1 else ():
        fixes += _changed(model, layer, n=target[1])  # RepeatVector has it
    units, linear = target[-1] if equal else 1, {"activation": "linear"} if kind == "same" else {}
    when = "each label is a number" if units == 1 else ""
    fixes += _changed(model, layers[-1], when, units=units, **linear)
    if equal and len(shape) == 3 and target[1] < shape[1] and layers_of(model):
        last = {
            len(layers) - 1: (layers[-1], f"keras.layers.Cropping1D(({shape[1] - target[1]}, 0))")
        }
        when = f"the labels belong to the last {target[1]} time steps"
        fixes.append(Fix(rebuilt(model, {}, None, last), when, "", 3))
    numbers = "the labels are numbers of classes"
    classes = target in (shape[:-1], (*shape[:-1], 1)), target == shape
    for loss, when, fits in zip(
        ("sparse_", ""), (numbers, "the labels are one-hot"), classes, strict=True
    ):
        code = f"model.compile(loss='{loss}categorical_crossentropy')"
        fixes.append(Fix(code if fits and attribute(model, "compiled") else "", when, "", 2))
    code = f"y = keras.utils.to_categorical(y, {shape[-1]})" if kind == "categorical" else ""
    return [*fixes, Fix(code, numbers, "", 2)]


def _remainder(case):
    """List lines that drop what is left over, or choose another batch size."""
    source, kind, batch = case.source, case.source.kind, case.batch
    rows, rest = case.problem.facts["rows"], case.problem.facts["left"]
    keep = rows - rest
    code = source.line(f"x[:{keep}]") + f"\ny = y[:{keep}]" * (case.y is not None)
    code = f"x = tuple(part[:{keep}] for part in x)" if kind == "pair" else code
    if kind == "dataset":
        code = f"x = x.unbatch().batch({batch}, drop_remainder=True)"
    why = f"drop {counted(rest, 'row')}, for whole batches of {batch}"
    fixes = [Fix(code, "", why)] if keep or kind == "dataset" else []
    return [*fixes, _with_input(case.model, (batch_size(rows), *case.wanted[1:]))]


def batch_size(samples):
    """Choose a batch size that divides the samples, 32 at most."""
    return max((size for size in range(1, 33) if samples and samples % size == 0), default=1)


def _input(shape):
    """Write the Input of a model that reads this shape, its first size being the batch size."""
    fixed = shape[0] is not None
    return f"keras.Input(batch_shape={tuple(shape)})" if fixed else f"keras.Input({shape[1:]})"


def rebuilt(model, changes, batch_shape=None, instead=None):
    """Write a line that builds the model anew, with some settings of layers changed by name."""
    if is_a(model, "KerasTensor") or is_shape(model):
        return f"model = {_input(batch_shape)}" if batch_shape else ""
    layers, loss = layers_of(model), attribute(model, "loss")
    end = f"\nmodel.compile(loss={loss!r})" if isinstance(loss, str) else ""
    if layers is None and is_a(model, "Functional"):
        form = "[{}]" if isinstance(attribute(model, "input"), list) else "{}"
        new = form.format(_input(batch_shape)) if batch_shape else ""
        settings = [f"input_tensors={new}"] if new else []
        if changes:
            both = f"layer.get_config() | {changes!r}.get(layer.name, {{}})"
            settings.append(f"clone_function=lambda layer: layer.from_config({both})")
        return f"model = keras.models.clone_model(model, {', '.join(settings)})" + end
    if layers is None:
        return ""
    shape = batch_shape or input_of(model)
    lines = [_input(shape)] if is_shape(shape) else []
    first = isinstance(model, (list, tuple)) and is_a(model[0], "KerasTensor")
    name = "model" if isinstance(model, (list, tuple)) else "model.layers"
    for place, layer in enumerate(layers):
        for part in (instead or {}).get(place, (layer,)):
            text = isinstance(part, str)
            lines.append(part if text else _write(part, changes, f"{name}[{place + first}]"))
    return "model = keras.Sequential([\n" + "".join(f"    {part},\n" for part in lines) + "])" + end


def _write(layer, changes, place):
    """Write a layer as code that makes a new one like it."""
    kind, change = type(layer), changes.get(layer.name, {})
    config, parameters = (
        {**layer.get_config(), **change},
        inspect.signature(kind.__init__).parameters,
    )
    copied = f"{place}.from_config({place}.get_config(){change and f' | {change!r}' or ''})"
    inner = attribute(layer, "forward_layer") or attribute(layer, "layer")
    needed = [n for n, one in parameters.items() if one.default is one.empty and n in config]
    if attribute(sys.modules["keras"].layers, kind.__name__) is not kind:
        return copied
    try:
        values = [inner if name == "layer" else config[name] for name in needed]
        defaults = _defaults.__wrapped__ if inner else _defaults  # no layer is kept
        plain = defaults(kind, tuple(needed), tuple(values))
    except Exception:
        return copied
    written = [repr(config[name]) for name in needed]
    if inner and needed[:1] == ["layer"]:
        written[0] = _write(inner, changes, f"{place}.layer")
    for name in parameters:
        skipped = name in (*needed, "name", "backward_layer") or name not in config
        if not skipped and config[name] != plain.get(name):
            if not isinstance(config[name], (int, float, str, tuple, type(None))):
                return copied
            written.append(f"{name}={config[name]!r}")
    return f"keras.layers.{kind.__name__}({', '.join(written)})"


@functools.lru_cache(64)
def _defaults(kind, names, values):
    """Return the configuration of a layer that was told no more than it has to be."""
    made = (type(v).from_config(v.get_config()) if is_layer(v) else v for v in values)
    return kind(**dict(zip(names, made, strict=True))).get_config()
