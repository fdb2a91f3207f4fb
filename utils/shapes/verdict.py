"""Judge data, model and labels; search for lines of code that bring them together."""

import itertools
import re
import sys
import warnings
from typing import NamedTuple

import numpy as np

from .candidates import (
    batch_size,
    data_fixes,
    label_fixes,
    model_fixes,
    one_sample,
    rebuilt,
    with_input,
)
from .explanation import WORDS, Axis, Explanation, Fix, Problem, counted, problem
from .sources import Source, axes, axes_problem, line, read, read_array, value_problem
from .trial import (
    Spec,
    Trial,
    attribute,
    flat,
    input_of,
    is_a,
    is_layer,
    is_shape,
    layers_of,
    parts_of,
    recurrent_layers,
    same_random_numbers,
    try_loss,
    try_model,
)

NOTES = WORDS["notes"]
NAMES = {
    "N": ("samples", "sequences; each has a state of its own"),
    "T": ("time steps", "runs of the loop, in this order"),
    "P": ("positions", "read together at each time step"),
    "F": ("features", "numbers read at each time step"),
}
QUIET = ("Masking", "Dropout", "BatchNormalization", "LayerNormalization", "Activation")
BATCHES = ("dataset", "PyDataset", "generator")


class Verdict(NamedTuple):
    """What was found; `stage` grows with how far the data came, 9 if nothing is wrong."""

    stage: int
    source: Source
    problem: Problem | None = None
    trial: Trial | None = None
    notes: tuple = ()


def explain(x, model=None, y=None):
    """Explain what each axis of x is to an LSTM, what will run, and what mends what does not fit.

    Everything is tried on shapes or on copies: data, weights, states and random numbers of the
    caller stay as they are. A fix was executed, and Keras took what came of it.

    Parameters
    ----------
    x : array_like, table, tensor, dict, list or file of arrays, dataset, generator, pair, or tuple
        The data, of shape (N, T, F); a tuple of int and None is read as a shape. A dataset or
        PyDataset gives one batch at most; a generator that has not started loses none.
    model : None, Keras layer or model, list of layers, keras.Input, or tuple
        What is to read `x`. A list may begin with keras.Input(...). A keras.Input or a shape,
        (T, F) or (B, T, F), stands for an LSTM behind it, None for an LSTM.
    y : None, array_like, or tuple of int
        Labels for `fit`; compared with what comes out, and with the loss of a compiled model.

    Returns
    -------
    Explanation
        Bad data raises nothing; it is among its problems.

    Examples
    --------
    >>> explain((25, 3, 1)).runs
    'The loop runs 3 times; each time it reads a vector of length 1.'
    >>> explain((25, 3)).ok
    False
    """
    try:
        with same_random_numbers():
            verdict = judge(x, model, y)
            fault = verdict.problem
            if fault is not None:
                tried = "keras" in sys.modules and _search(x, model, y, verdict)
                fault = fault._replace(fixes=tuple(tried or ()))
    except Exception as error:  # data can raise whatever it is asked
        fault = Problem(f"x cannot be read: {type(error).__name__}: {str(error)[:200]}")
        verdict = Verdict(0, Source("nothing"), fault)
    trial, specs, named, runs = verdict.trial, verdict.source.specs, (), ""
    shape = [one.shape for one in specs] if isinstance(specs, list) else ()
    if isinstance(specs, Spec):
        shape, (named, runs) = specs.shape, _describe(specs.shape, _reader(model), trial)
    elif isinstance(specs, dict):
        shape = {name: one.shape for name, one in specs.items()}
    output, layers = (trial.output_shape, trial.layers) if trial else (None, ())
    rest = (None if fault else output, layers, trial is not None)
    return Explanation(shape, named, runs, (fault,) if fault else (), verdict.notes, *rest)


def _reader(model):
    """Return the layer, model or list that is tried: for an Input or a shape, an LSTM behind it."""
    keras = sys.modules.get("keras")
    if attribute(keras, "layers") is None:
        return None
    model = tuple(model) if isinstance(model, list) and model and is_shape(tuple(model)) else model
    if model is None or is_a(model, "KerasTensor") or is_shape(model) and len(model) > 0:
        with same_random_numbers():
            shape = None if model is None else input_of(model)
            front = [] if shape is None else [keras.Input(batch_shape=shape, name="x")]
            return [*front, keras.layers.LSTM(1, name="lstm")]
    if isinstance(model, (list, tuple)):
        layers = model[1:] if model and is_a(model[0], "KerasTensor") else model
        return list(model) if layers and all(map(is_layer, layers)) else None
    return model if is_layer(model) else None


def judge(x, model, y=None, deep=True, source=None):
    """Try the data on the model and the labels on what comes out; stop at the first fault.

    With `deep` False the values of x are left alone, and only shapes are judged. `source` is what
    was read of x before.
    """
    reader = _reader(model)
    inputs = input_of(reader) if reader is not None else None
    count = 1 if inputs is None or is_shape(inputs) else len(inputs)
    source, trial = source or read(x, count), None
    notes, labels = [NOTES["moments"]] * source.moments, source.y if y is None else y
    specs, kind, single = source.specs, source.kind, isinstance(source.specs, Spec)
    spec, shape = specs, specs.shape if single else ()
    named = reader if isinstance(model, list) else model  # what a line of code calls model

    def found(stage, fault=None):
        return Verdict(stage, source, fault, trial, tuple(notes))

    if reader is None and "keras" in sys.modules:
        return found(0, problem("model", type=type(model).__name__))
    if y is not None and source.y is not None:
        return found(0, problem("twice"))
    if specs is None or source.problem and single:
        return found(0, source.problem)
    if reader is None:
        notes.append(NOTES["no-keras"])
        fault = source.problem or axes_problem(shape)
        return found(0 if fault else 9, fault)
    given = len(flat(specs))
    if given < count:
        names = ", ".join(f"x{place + 1}" for place in range(count))
        facts = {"given": counted(given, "array"), "inputs": inputs, "names": names}
        return found(0, problem("inputs", count=count, **facts))
    if shape[:1] == (0,):
        return found(1, axes_problem(shape))
    batch = _fixed_batch(reader)
    whole = isinstance(reader, list) or is_a(reader, "Model")
    size = batch if whole else None  # of the batches that the loss compares
    if shape and size and kind not in BATCHES:
        spec = specs.rows(size)
    if shape[:1] == (None,) and kind == "dataset":
        size = source.size
        spec = specs.rows(size) if batch else spec
    trial = try_model(reader, spec)
    if trial is None:
        notes.append(NOTES["not-tried"])
        return found(9)
    if not single:
        alone = count == 1 and isinstance(specs, list)
        rows = {one.shape[:1] for one in flat(specs)}
        if alone and labels is not None:
            label = read_array(labels, "y").specs
            rows |= {label.shape[:1]} if label else set()
        if len(rows) > 1:
            trial = Trial(None, problem("numbers-of-samples").what)
        if trial.message or alone and kind not in BATCHES:
            says = f" Keras says: {trial.message}" if trial.message and count > 1 else ""
            what = source.problem.what + says
            return found(0, source.problem._replace(what=what, silent=not trial.message))
        return _labels(labels, model, source, trial, found, size)
    if trial.message:
        fixes = [*data_fixes(source, reader), *model_fixes(shape, named, trial.place)]
        if batch and kind == "dataset" and (size or batch) < batch:  # maybe all there is
            fixes = [fix for fix in fixes if "drop_remainder" not in fix.code]
        if batch and not whole and kind in ("array", "shape", "list", "other"):
            fixes.append(Fix(line(kind, f"x[:{batch}]"), "", "pass one batch at a time"))
        return found(2, _refusal(shape, reader, trial, source, fixes))
    known = len(inputs) if is_shape(inputs) else 3
    if kind == "dataset" and (source.batched is False or not source.batched and len(shape) < known):
        return found(2, problem("one-at-a-time", shape=shape))
    if 0 in shape:
        return found(2, axes_problem(shape)._replace(silent=True))
    notes += _notes(source, reader, inputs, batch if whole else None)
    silent = None
    if batch and whole:
        rows, rest = shape[0], (shape[0] or 0) % batch
        if kind in BATCHES:
            rows, rest = source.rows, source.rest
        silent = _remainder(source, rows, rest, batch, y, named, inputs) if rest else None
        if silent and not silent.silent:
            return found(3, silent)
        layers = tuple(one._replace(shape=_rows(one.shape, shape[0])) for one in trial.layers)
        trial = trial._replace(output_shape=_rows(trial.output_shape, shape[0]), layers=layers)
    if whole and recurrent_layers(reader, stateful=True):
        jax = sys.modules["keras"].backend.backend() == "jax"
        silent = silent or (
            problem("jax" if jax else "shuffled") if jax or source.shuffled else None
        )
    verdict = _labels(labels, model, source, trial, found, size)
    if silent:  # what stops comes first
        stops = verdict.problem and not verdict.problem.silent
        return found(3, verdict.problem) if stops else found(4, silent)
    if verdict.problem or not deep:
        return verdict
    fault = value_problem(source) or _codes(source, reader, named)
    return found(6, fault) if fault else verdict


def _rows(shape, rows):
    return (rows, *shape[1:]) if is_shape(shape) and shape else shape


def _fixed_batch(reader):
    """Return the batch size of a stateful model or layer, or None."""
    stateful, shape = recurrent_layers(reader, stateful=True), input_of(reader)
    if not stateful or is_shape(shape) and shape and shape[0]:
        return shape[0] if stateful else None
    states = [attribute(part, "states") for part in stateful]
    return next((int(one[0].shape[0]) for one in states if one), None)


def _refusal(shape, reader, trial, source, fixes):
    """Say why Keras refuses a shape."""
    wanted, place = input_of(reader), trial.place
    facts = {"shape": shape, "wanted": wanted, "says": trial.message, "count": axes(shape)}
    if source.kind == "dataset" and source.batched is False:
        key = "refused-samples"
    elif "batch size must be static" in trial.message:
        key = "refused-static"
    elif place is not None and trial.layers:
        key, facts["layer"] = "refused-layer", type(layers_of(reader)[place]).__name__
        facts |= {"place": place + 1, "received": trial.layers[-1].shape}
    elif not is_shape(wanted):
        ndim = attribute(attribute((recurrent_layers(reader) or [0])[0], "input_spec"), "ndim")
        key, facts["reads"] = "refused-unknown", f"The layer reads {ndim} axes." if ndim else ""
    else:
        key = "refused-sizes" if len(wanted) == len(shape) else "refused-axes"
        facts["number"] = len(wanted)
    return problem(key, *fixes, **facts)


def _remainder(source, rows, rest, batch, y, named, inputs):
    """Describe a last batch that is too small, and ways to drop it or to choose another size."""
    keep, kind, fixes, why = rows - rest, source.kind, [], f"drop {counted(rest, 'row')}"
    code = line(kind, f"x[:{keep}]") + (f"\ny = y[:{keep}]" if y is not None else "")
    code = f"x = tuple(part[:{keep}] for part in x)" if kind == "pair" else code
    if kind == "dataset":
        code = f"x = x.unbatch().batch({batch}, drop_remainder=True)"
    if keep or kind == "dataset":
        fixes.append(Fix(code, "", f"{why}, for whole batches of {batch}"))
    fixes.append(with_input(named, (batch_size(rows), *inputs[1:])))
    key = "remainder-of-one" if rest == 1 < rows else "remainder"
    facts = {"samples": counted(rows, "sample"), "rest": counted(rest, "row"), "batch": batch}
    return problem(key, *fixes, **facts)


def _notes(source, reader, wanted, batch):
    """Note what runs, and may mean something else than is meant."""
    shape, notes = source.specs.shape, []
    whole = is_a(reader, "Model") or isinstance(reader, list)
    if wanted and len(wanted) != len(shape):
        verb = "adds the missing axis" if len(wanted) > len(shape) else "drops the last axis"
        notes.append(NOTES["axis"].format(count=axes(shape), wanted=wanted, verb=verb))
    elif wanted and len(shape) > 2 and wanted[1] and shape[1] and wanted[1] != shape[1] and whole:
        new = (None, *shape[2:])
        new = f"batch_shape={(batch, *new)}" if batch else str(new)
        built = counted(wanted[1], "time step")
        notes.append(NOTES["steps"].format(built=built, given=shape[1], new=new))
    if batch and source.kind not in BATCHES and shape[0] != batch:
        notes.append(NOTES["batch"].format(batch=batch))
    if len(shape) == 3 and shape[1] == 1 and recurrent_layers(reader):
        stateful = recurrent_layers(reader, stateful=True)
        notes.append(NOTES["stateful" if stateful else "one"])
        if not stateful and shape[2] and shape[2] > 1:
            notes.append(NOTES["features"].format(N=shape[0], F=shape[2]))
    return notes


def _codes(source, reader, named):
    """Find values that an Embedding or a Masking in front reads in another sense than is meant."""
    front = [part for part in parts_of(reader) if is_a(part, "Embedding", "Masking")]
    if source.values is None or not front:
        return None
    values, layer, codes = np.ma.getdata(source.values), front[0], is_a(front[0], "Embedding")
    low, high, known = values.min(), values.max(), attribute(front[0], "input_dim")
    facts = {"low": low, "high": high, "last": (known or 0) - 1, "size": int(high) + 1}
    if codes and high >= known:
        code = rebuilt(named, {layer.name: {"input_dim": facts["size"]}})
        return problem("codes-high", Fix(code), **facts)
    if codes and (low < 0 or (values % 1).any()):
        return problem("codes-low" if low < 0 else "codes-cut", **facts)
    masked = values == (0 if codes else layer.mask_value)
    masked = masked.all(axis=-1) if masked.ndim == 3 else masked
    if masked.ndim != 2 or codes and not layer.mask_zero:
        return None
    before = np.logical_or.accumulate(~masked, axis=1)
    after = np.logical_or.accumulate(~masked[:, ::-1], axis=1)[:, ::-1]
    inside = int((masked & before & after).sum())
    value = float(np.floor(low)) - 1
    why = f"and pad with {value:g}, which is no value of x"
    code = "" if codes else rebuilt(named, {layer.name: {"mask_value": value}})
    fault = problem("mask", Fix(code, "", why), count=counted(inside, "time step"))
    return fault if inside else None


def _labels(labels, model, source, trial, found, size):
    """Compare labels with what comes out, and with the loss."""
    if labels is None:
        return found(9)
    loss, outputs = attribute(model, "loss") if is_layer(model) else None, trial.output_shape
    if is_shape(outputs):
        return found(*_label(labels, outputs, loss, model, source, size))
    several = (outputs, labels, loss)
    outputs, each, loss = (list(one.values()) if isinstance(one, dict) else one for one in several)
    if not isinstance(each, (list, tuple)) or len(each) != len(outputs):
        return found(5, problem("outputs", count=len(outputs)))
    losses = loss if isinstance(loss, (list, tuple)) else [loss] * len(outputs)
    for place, (label, output, one) in enumerate(zip(each, outputs, losses, strict=False)):
        stage, fault = _label(label, output, one, model, source, size)
        if fault:
            what = f"Output {place + 1}: {fault.what}"
            return found(stage, fault._replace(what=what, fixes=()))
    return found(9)


def _label(labels, output, loss, model, source, size):
    """Return stage and problem where labels do not fit what comes out; 9 and None if they fit."""
    label = read_array(labels, "y")
    if label.problem:
        return 5, label.problem
    y, single = label.specs.shape, isinstance(source.specs, Spec)
    if not y:
        one = [one_sample(source)] if source.kind in ("generator", "PyDataset") else []
        return 5, problem("single-label", *one)
    count = source.specs.shape[0] if single else output[0]
    if None not in (count, y[0]) and count != y[0]:
        facts = {"samples": counted(count, "sample"), "labels": y[0], "few": min(count, y[0])}
        fault = problem("label-rows", longer="x" if count > y[0] else "y", **facts)
        x_fixed = count > y[0] and source.kind not in ("array", "shape")
        return 4, fault._replace(fixes=()) if x_fixed or not facts["few"] else fault
    batch = size or min(output[0] or y[0] or 2, 32)  # what fit takes, unless it is told otherwise
    shape = (batch, *(1 if known is None else known for known in y[1:]))
    pairs = zip((batch, *output[1:]), (*shape, *[1] * len(output)), strict=False)
    out = tuple((other or 1) if known is None else known for known, other in pairs)
    same = shape == out or (*shape, 1) == out or shape == (*out, 1)
    classes = shape in (out[:-1], (*out[:-1], 1))
    message, kind = None, "same"
    if loss is not None:
        message, kind = try_loss(loss, Spec(shape, label.specs.dtype), Spec(out)), _kind(loss)
    if message is None and {"sparse": classes, "": True}.get(kind, same or classes and not loss):
        fault = _label_values(label, out, kind)
        return (6, fault) if fault else (9, None)
    steps = ""
    if len(out) == len(shape) == 3 and out[1] != shape[1]:
        steps = f"The model answers {counted(out[1], 'step')}, the labels have {shape[1]}. "
    elif len(out) != len(shape) and 3 in (len(out), len(shape)):
        ways = ("one answer per sample", "an answer for every time step")
        first, second = ways if len(out) == 2 else ways[::-1]
        steps = f"The model gives {first}, the labels {second}. "
    says = "The loss stretches one over the other, and compares what does not belong together."
    says = says if loss else "No loss was given, and none fits."
    says = f"The loss stops: {message}" if message else says
    fixes = label_fixes(shape, out, model, kind)
    fault = problem("label-shape", *fixes, labels=y, output=output, steps=steps, says=says)
    return 5, fault._replace(silent=bool(loss) and not message)


def _label_values(label, output, kind):
    """Find labels whose shape fits and whose values do not."""
    units, values = output[-1], label.values
    if kind == "categorical" and units == 1:
        return problem("one-class")
    if values is None or not values.size:
        return None
    facts = {"low": values.min(), "high": values.max()}
    if kind == "sparse" and (facts["low"] < 0 or facts["high"] >= units):
        return problem("classes", units=counted(units, "unit"), last=units - 1, **facts)
    if kind == "binary" and (facts["low"] < 0 or facts["high"] > 1):
        return problem("binary", **facts)
    return value_problem(label, "y")


def _kind(loss):
    """Tell which labels a loss wants: sparse, else the same as the output; "" if not known."""
    loss = sys.modules["keras"].losses.get(loss)
    known = loss if attribute(loss, "__name__") else type(loss)
    name = known.__name__.lower().replace("_", "")
    kinds = [kind for kind in ("sparse", "categorical", "binary") if name.startswith(kind)]
    return kinds[0] if kinds else "same" if str(known.__module__).startswith("keras") else ""


def _search(x, model, y, verdict, most=40):
    """Look for the fewest lines of code after which nothing is wrong; return them as fixes."""
    level, tries, source = [(verdict, ())], 0, verdict.source
    for _ in range(3):
        passed, further = [], []
        for at, path in level:
            for fix in sorted(at.problem.fixes, key=lambda one: one.cost):
                steps = (*path, fix)
                dear = passed and _cost(steps) > _cost(passed[0][0]) + bool(fix.when)
                models = _joined(steps, "code").count("model = ")
                if not fix.code or dear or tries == most or models > 1:
                    continue
                tries += 1
                new = _run(steps, x, model, y, source, verdict.stage in (0, 6))
                if new and new.problem is None and new.trial is not None:
                    passed.append((steps, new))
                elif new and _progress(new) > _progress(at):
                    further.append((new, steps))
        if passed or not further:
            break
        level = further
    fixes, before = [], source.specs
    open_shape = source.kind == "shape" and None in before.shape  # its sizes were made up
    passed.sort(key=lambda one: _cost(one[0]))
    for steps, new in passed[:4]:
        when, code, after = _joined(steps, "when"), _joined(steps, "code", "\n"), new.source.specs
        more = _cost(steps) - _cost(passed[0][0])
        if more == 0 or more == 1 and when and fixes[0].when:
            known = isinstance(after, Spec) and after != before and "x = " in code
            shape = after.shape if known and not open_shape else None
            fixes.append(Fix(code, when, _joined(steps, "why", "; "), shape=shape))
    return fixes


def _run(steps, x, model, y, source, deep):
    """Execute lines of code on a stand-in for x and judge what comes of it; None if they fail."""
    keras, code = sys.modules["keras"], _joined(steps, "code", "\n")
    if source.kind in ("generator", "PyDataset"):
        x = iter([source.batch]) if source.kind == "generator" else [source.batch]
    elif not deep and source.kind in ("array", "shape") and isinstance(source.specs, Spec):
        sizes = tuple(7 if size is None else size for size in source.specs.shape)
        x = np.broadcast_to(np.zeros((), source.specs.dtype), sizes)
    names = {"np": np, "keras": keras, "x": x, "y": y, "model": model}
    with same_random_numbers(), warnings.catch_warnings(action="ignore"):
        try:
            if re.search(r"^model\.compile", code, re.M) and "model = " not in code:
                names["model"] = keras.models.clone_model(model)  # the caller's stays as it is
            exec(code, names)
            kept = source if names["x"] is x else None
            return judge(names["x"], names["model"], names["y"], deep, kept)
        except Exception:
            return None


def _cost(steps):
    return sum(fix.cost for fix in steps)


def _joined(steps, name, between=" and "):
    return between.join(text for text in (getattr(fix, name) for fix in steps) if text)


def _progress(verdict):
    return verdict.stage, (verdict.trial and verdict.trial.place) or 0


def _describe(shape, reader, trial):
    """Name the axes, and say how often the loop runs and what it reads."""
    loops = recurrent_layers(reader) if reader is not None else [None]
    if not loops:
        unnamed = tuple(Axis("?", "unnamed", size, "no loop reads it") for size in shape)
        return unnamed, "No recurrent layer reads x itself: no loop runs over it."
    passed, wanted = trial is not None and not trial.message, input_of(reader)
    count = attribute(attribute(loops[0], "input_spec"), "ndim") or 3
    count = len(wanted) if is_shape(wanted) else count
    count = len(shape) if passed and len(shape) > 2 else count
    named = tuple(Axis("?", "unnamed", size, f"{count} axes are read here") for size in shape)
    if len(shape) == count > 1:
        letters = ["N", "T", *"P" * (count - 3), "F"][:count]
        named = tuple(
            Axis(one, NAMES[one][0], size, NAMES[one][1])
            for one, size in zip(letters, shape, strict=True)
        )
    layers, built = layers_of(reader) if reader is not None else None, input_of(loops[0])
    front = list(itertools.takewhile(lambda part: not recurrent_layers(part), layers or []))
    own = layers is None and is_a(reader, "Model") and is_shape(built) and built[2:] != shape[2:]
    if own or any(not is_a(part, *QUIET) for part in front):
        return named, "The loop runs over what the layers in front make of x." if passed else ""
    if len(shape) < 3 or len(shape) != count:
        return named, "The loop runs, because Keras adds an axis by itself." if passed else ""
    what = f"an array of shape {shape[2:]}" if len(shape) > 3 else f"a vector of length {shape[2]}"
    what = what if shape[2] else "a vector of one number per feature"
    times = {None: "once per time step; each time", 1: "once;"}
    often = times.get(shape[1], f"{shape[1]} times; each time")
    would = "would run" if trial is not None and trial.message else "runs"
    return named, f"The loop {would} {often} it reads {what}."
