"""Judge data, model and labels; search for lines of code that bring them together."""

import functools
import itertools
import sys
import warnings

import numpy as np

from .candidates import candidates
from .explanation import WORDS, Axis, Explanation, Fix, counted, problem
from .sources import axes, axes_problem, read, read_array, value_problem
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

BATCHES = ("dataset", "PyDataset", "generator")
AXES = WORDS["axes"]
QUIET = ("Masking", "Dropout", "BatchNormalization", "LayerNormalization", "Activation")


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
            case = Case(x, model, y)
            fault = case.problem
            if fault is not None:
                tried = "keras" in sys.modules and _search(x, model, y, case)
                fault = fault._replace(fixes=tuple(tried or ()))
            shape, named, runs = _describe(case)
    except Exception as error:  # data can raise whatever it is asked
        says = f"{type(error).__name__}: {str(error)[:200]}"
        return Explanation((), (), "", (problem("unreadable", says=says),))
    trial, faults = case.trial or Trial(None), (fault,) if fault else ()
    output = None if fault else trial.output_shape
    rest = (tuple(case.notes), output, trial.layers, case.trial is not None)
    return Explanation(shape, named, runs, faults, *rest)


class Case:
    """Data, a model and labels: read, tried, and judged by one check after another.

    `stage` grows with how far the data came. With `deep` False the values of x are left alone, and
    only shapes are judged. `source` is what was read of x before.
    """

    def __init__(self, x, model, y=None, deep=True, source=None):
        self.reader, self.y, self.deep = _reader(model), y, deep
        self.model = self.reader if isinstance(model, list) else model  # as a line of code calls it
        self.wanted = None if self.reader is None else input_of(self.reader)
        self.inputs = 1 if self.wanted is None or is_shape(self.wanted) else len(self.wanted)
        self.source = source or read(x, self.inputs)
        self.labels = self.source.y if y is None else y
        self.single = isinstance(self.source.specs, Spec)
        self.shape = self.source.specs.shape if self.single else ()
        self.whole = isinstance(self.reader, list) or is_a(self.reader, "Model")
        self.batch = _fixed_batch(self.reader)
        self.size = self.batch if self.whole else None  # of the batches that the loss compares
        if self.shape[:1] == (None,) and self.source.kind == "dataset":
            self.size = self.source.size
        self.stage, self.depth, self.problem, self.trial = len(CHECKS), 0, None, None
        self.notes = [WORDS["notes"]["moments"]] * self.source.moments
        for stage, check in enumerate(CHECKS):
            if stage and self.reader is None or stage > 1 and self.trial is None:
                break
            fault = check(self)
            if fault and not (self.problem and fault.silent):  # what stops comes first
                self.problem, self.stage = fault, stage
            if fault and not (stage > 2 and fault.silent):
                break


def _reader(model):
    """Return the layer, model or list that is tried: for an Input or a shape, an LSTM behind it."""
    keras = sys.modules.get("keras")
    if attribute(keras, "layers") is None:
        return None
    model = tuple(model) if isinstance(model, list) and model and is_shape(tuple(model)) else model
    if model is None or is_a(model, "KerasTensor") or is_shape(model) and len(model) > 0:
        shape = None if model is None else input_of(model)
        front = [] if shape is None else [keras.Input(batch_shape=shape, name="x")]
        return [*front, keras.layers.LSTM(1, name="lstm")]
    if isinstance(model, (list, tuple)):
        layers = model[1:] if model and is_a(model[0], "KerasTensor") else model
        return list(model) if layers and all(map(is_layer, layers)) else None
    return model if is_layer(model) else None


def _fixed_batch(reader):
    """Return the batch size of a stateful model or layer, or None."""
    stateful, shape = recurrent_layers(reader, stateful=True), input_of(reader)
    if not stateful or is_shape(shape) and shape and shape[0]:
        return shape[0] if stateful else None
    states = [attribute(part, "states") for part in stateful]
    return next((int(one[0].shape[0]) for one in states if one), None)


def _unread(case):
    """Find what cannot be tried at all."""
    source, specs, given = case.source, case.source.specs, len(flat(case.source.specs or []))
    if case.reader is None and "keras" in sys.modules:
        return problem("model", type=type(case.model).__name__)
    if case.y is not None and source.y is not None:
        return problem("twice")
    if specs is None or source.problem and case.single:
        return source.problem
    if case.reader is None:
        case.notes.append(WORDS["notes"]["no-keras"])
        return source.problem or axes_problem(case.shape)
    if given < case.inputs:
        names = ", ".join(f"x{place + 1}" for place in range(case.inputs))
        facts = {"given": counted(given, "array"), "inputs": case.wanted, "names": names}
        return problem("inputs", count=case.inputs, **facts)
    return axes_problem(case.shape) if case.shape[:1] == (0,) else None


def _refused(case):
    """Give the model one batch, and find out whether Keras takes it."""
    source, spec, shape, kind = case.source, case.source.specs, case.shape, case.source.kind
    keras = sys.modules["keras"]
    open_rows = kind == "dataset" and case.batch and shape[:1] == (None,)
    if open_rows or shape and case.size and kind not in BATCHES:
        spec = spec.rows(case.size)  # of one batch
    case.trial = trial = try_model(case.reader, spec)
    if trial is None:
        case.notes.append(WORDS["notes"]["not-tried"])
        return None
    if not case.single:
        return _several(case)
    if not trial.message and case.size and shape:
        rows = functools.partial(keras.tree.map_shape_structure, lambda one: (shape[0], *one[1:]))
        layers = tuple(one._replace(shape=rows(one.shape)) for one in trial.layers)
        case.trial = trial._replace(output_shape=rows(trial.output_shape), layers=layers)
    if not trial.message:
        return None
    case.depth = trial.place or 0
    words, wanted, place = WORDS["expects"], case.wanted, trial.place
    ndim = attribute(attribute((recurrent_layers(case.reader) or [0])[0], "input_spec"), "ndim")
    key = "model" if is_shape(wanted) else "layer" if ndim else "nothing"
    key = "place" if place is not None and trial.layers else key
    key = "static" if "batch size must be static" in trial.message else key
    key = "sample" if kind == "dataset" and source.batched is False else key
    facts = {"wanted": wanted, "ndim": ndim, "count": axes(shape), "place": (place or 0) + 1}
    if key == "place":
        facts |= {
            "layer": trial.layers[-1].shape,
            "name": type(layers_of(case.reader)[place]).__name__,
        }
    expects = words[key].format(**facts)
    return problem("refused", shape=shape, count=axes(shape), expects=expects, says=trial.message)


def _several(case):
    """Judge several arrays: a model may have one input, and they need equally many samples."""
    specs, fault, message = case.source.specs, case.source.problem, case.trial.message
    alone = case.inputs == 1 and isinstance(specs, list)
    rows = {one.shape[:1] for one in flat(specs)}
    if alone and case.labels is not None:
        label = read_array(case.labels, "y").specs
        rows |= {label.shape[:1]} if label else set()
    if len(rows) > 1:
        message = WORDS["numbers-of-samples"]["what"]
        case.trial = Trial(None, message)
    if message or alone and case.source.kind not in BATCHES:
        says = f" Keras says: {message}" if message and case.inputs > 1 else ""
        return fault._replace(what=fault.what + says, silent=not message)
    return None


def _meant(case):
    """Find data that Keras takes for something else; note what is harmless."""
    source, shape = case.source, case.shape
    if not case.single:
        return None
    known = len(case.wanted) if is_shape(case.wanted) else 3
    few = source.batched is False or not source.batched and len(shape) < known
    if source.kind == "dataset" and few:
        return problem("one-at-a-time", shape=shape)
    if 0 in shape:
        return problem("empty-silent", name="x", shape=shape, axis=shape.index(0))
    return _note(case)


def _note(case):
    """Note what runs, and may mean something else than is meant."""
    shape, wanted, batch = case.shape, case.wanted, case.batch if case.whole else None
    rank = len(wanted) if wanted else len(shape)
    inputs = (batch, None, *shape[2:]) if batch else (None, *shape[2:])
    steps = rank == len(shape) > 2 and wanted and wanted[1] and shape[1] and wanted[1] != shape[1]
    loops, stateful = (recurrent_layers(case.reader, stateful=only) for only in (False, True))
    one = len(shape) == 3 and shape[1] == 1 and loops
    found = {
        "axis-added": rank > len(shape),
        "axis-dropped": rank < len(shape),
        "steps": steps and case.whole,
        "batch": batch and case.source.kind not in BATCHES and shape[0] != batch,
        "stateful": one and stateful,
        "one": one and not stateful,
        "features": one and not stateful and shape[2] and shape[2] > 1,
    }
    facts = {"count": axes(shape), "wanted": wanted, "batch": batch, "N": shape[:1] and shape[0]}
    if found["steps"]:
        facts |= {"built": counted(wanted[1], "time step"), "given": shape[1]}
    facts |= {"new": f"batch_shape={inputs}" if batch else inputs, "F": shape[-1:] and shape[-1]}
    case.notes += [WORDS["notes"][key].format(**facts) for key, true in found.items() if true]


def _state(case):
    """Find what keeps a stateful model from carrying its state from batch to batch."""
    source, batch, rows = case.source, case.batch, case.shape[0] if case.shape else 0
    rest = rows % batch if rows and batch else 0
    if source.kind in BATCHES:
        rows, rest = source.rows, source.rest
    if not (case.single and case.whole and recurrent_layers(case.reader, stateful=True)):
        return None
    if rest and batch:
        facts = {"samples": counted(rows, "sample"), "rest": counted(rest, "row"), "batch": batch}
        key = "remainder-of-one" if rest == 1 < rows else "remainder"
        return problem(key, rows=rows, left=rest, **facts)
    jax = sys.modules["keras"].backend.backend() == "jax"
    return problem("jax" if jax else "shuffled") if jax or source.shuffled else None


def _unlabelled(case):
    """Compare labels with what comes out, and with the loss."""
    labels, outputs = case.labels, case.trial.output_shape
    loss = attribute(case.model, "loss") if is_layer(case.model) else None
    if labels is None:
        return None
    if is_shape(outputs):
        return _label(case, labels, outputs, loss)
    several = (outputs, labels, loss)
    outputs, each, loss = (list(one.values()) if isinstance(one, dict) else one for one in several)
    if not isinstance(each, (list, tuple)) or len(each) != len(outputs):
        return problem("outputs", count=len(outputs))
    losses = loss if isinstance(loss, (list, tuple)) else [loss] * len(outputs)
    for place, one in enumerate(zip(each, outputs, losses, strict=False)):
        fault = _label(case, *one)
        if fault:
            return fault._replace(what=f"Output {place + 1}: {fault.what}", key="outputs")
    return None


def _label(case, labels, output, loss):
    """Return what is wrong with the labels of one output, or None."""
    label, samples = read_array(labels, "y"), case.shape[0] if case.single else output[0]
    y, case.depth = label.specs.shape if label.specs else (), 1
    if label.problem or not y:
        return label.problem or problem("single-label")
    if None not in (samples, y[0]) and samples != y[0]:
        few, case.depth = min(samples, y[0]), 0
        longer = "x" if samples > y[0] else "y"
        fixed = not few or longer == "x" and case.source.kind not in ("array", "shape")
        facts = {"samples": counted(samples, "sample"), "labels": y[0], "few": few}
        fault = problem("label-rows", longer=longer, **facts)
        return fault._replace(key="outputs") if fixed else fault
    batch = case.size or min(output[0] or y[0] or 2, 32)  # what fit takes, unless told otherwise
    shape = (batch, *(1 if known is None else known for known in y[1:]))
    pairs = zip((batch, *output[1:]), (*shape, *[1] * len(output)), strict=False)
    out = tuple((other or 1) if known is None else known for known, other in pairs)
    same = shape == out or (*shape, 1) == out or shape == (*out, 1)
    classes = shape in (out[:-1], (*out[:-1], 1))
    kind = _kind(loss) if loss is not None else "same"
    message = loss and try_loss(loss, Spec(shape, label.specs.dtype), Spec(out))
    fits = {"sparse": classes, "": True}.get(kind, same or classes and not loss)
    if fits and not message:
        case.depth = 2
        return _label_values(label, out, kind)
    words, steps = WORDS["steps"], ""
    if len(out) == len(shape) == 3 and out[1] != shape[1]:
        steps = words["other"].format(out=counted(out[1], "step"), labels=shape[1])
    elif len(out) != len(shape) and 3 in (len(out), len(shape)):
        steps = words["one" if len(out) == 2 else "every"]
    says = f"The loss stops: {message}" if message else words["none"]
    facts = {"labels": y, "output": output, "steps": steps, "says": says}
    key = "label-stretched" if loss and not message else "label-shape"
    return problem(key, target=shape, out=out, kind=kind, **facts)


def _label_values(label, output, kind):
    """Find labels whose shape fits and whose values do not."""
    units, values = output[-1], label.values
    if kind == "categorical" and units == 1:
        return problem("one-class")
    if values is None or not values.size:
        return None
    low, high = values.min(), values.max()
    most = {"sparse": units - 1, "binary": 1}.get(kind, np.inf)
    if most < np.inf and not 0 <= low <= high <= most:
        key = "classes" if kind == "sparse" else "binary"
        return problem(key, low=low, high=high, units=counted(units, "unit"), last=units - 1)
    return value_problem(label, "y")


def _kind(loss):
    """Tell which labels a loss wants: sparse, else the same as the output; "" if not known."""
    loss = sys.modules["keras"].losses.get(loss)
    known = loss if attribute(loss, "__name__") else type(loss)
    name = known.__name__.lower().replace("_", "")
    kinds = [kind for kind in ("sparse", "categorical", "binary") if name.startswith(kind)]
    return kinds[0] if kinds else "same" if str(known.__module__).startswith("keras") else ""


def _values(case):
    """Find values that are no data, or that a layer in front reads in another sense."""
    front = [part for part in parts_of(case.reader) if is_a(part, "Embedding", "Masking")]
    fault = value_problem(case.source) if case.deep else None
    if fault or not front or not case.deep or case.source.values is None:
        return fault
    values, layer, codes = case.source.values, front[0], is_a(front[0], "Embedding")
    facts = {"low": values.min(), "high": values.max(), "layer": layer.name}
    if codes:
        facts |= {"last": layer.input_dim - 1, "size": int(facts["high"]) + 1}
        low = facts["low"] < 0 or (values % 1).any()
        if facts["high"] >= layer.input_dim or low:
            key = "codes-high" if facts["high"] >= layer.input_dim else "codes"
            return problem(key, **facts)
    masked = values == (0 if codes else layer.mask_value)
    masked = masked.all(axis=-1) if masked.ndim == 3 else masked
    if masked.ndim != 2 or codes and not layer.mask_zero:
        return None
    before = np.logical_or.accumulate(~masked, axis=1)
    after = np.logical_or.accumulate(~masked[:, ::-1], axis=1)[:, ::-1]
    inside = counted(int((masked & before & after).sum()), "time step")
    facts["value"] = float(np.floor(facts["low"])) - 1
    key = "mask-of-codes" if codes else "mask"
    return problem(key, count=inside, **facts) if (masked & before & after).any() else None


CHECKS = (_unread, _refused, _meant, _state, _unlabelled, _values)


def _search(x, model, y, case, most=40):
    """Look for the fewest lines of code after which nothing is wrong; return them as fixes."""
    level, passed, tries = [(Fix("", cost=0), case)], [], 0
    for _ in range(3):
        further = []
        for path, at in level:
            for step in sorted(candidates(at), key=lambda one: one.cost):
                fix = Fix(
                    f"{path.code}\n{step.code}".strip(),
                    " and ".join(filter(None, (path.when, step.when))),
                    "; ".join(filter(None, (path.why, step.why))),
                    path.cost + step.cost,
                )
                dear = passed and fix.cost > passed[0][0].cost + bool(step.when)
                if dear or tries == most or fix.code.count("model = ") > 1:
                    continue
                tries += 1
                new = _run(fix.code, x, model, y, case)
                if new and new.problem is None and new.trial is not None:
                    passed.append((fix, new))
                elif new and (new.stage, new.depth) > (at.stage, at.depth):
                    further.append((fix, new))
        level = further
        if passed:
            break
    passed.sort(key=lambda one: one[0].cost)
    fixes, before, open_shape = (
        [],
        case.source.specs,
        case.source.kind == "shape" and None in case.shape,
    )
    for fix, new in passed[:4]:
        more, after = fix.cost - passed[0][0].cost, new.source.specs
        if more == 0 or more == 1 and fix.when and fixes[0].when:
            known = isinstance(after, Spec) and after != before and "x = " in fix.code
            shown = known and not open_shape  # its sizes were made up
            fixes.append(fix._replace(shape=after.shape if shown else None))
    return fixes


def _run(code, x, model, y, case):
    """Execute lines of code on a stand-in for x and judge what comes of it; None if they fail."""
    keras, source, deep = sys.modules["keras"], case.source, case.stage in (0, len(CHECKS) - 1)
    if source.kind in ("generator", "PyDataset"):
        x = iter([source.batch]) if source.kind == "generator" else [source.batch]
    elif not deep and source.kind in ("array", "shape") and case.single:
        sizes = tuple(7 if size is None else size for size in case.shape)
        x = np.broadcast_to(np.zeros((), source.specs.dtype), sizes)
    names = {"np": np, "keras": keras, "x": x, "y": y, "model": model}
    with warnings.catch_warnings(action="ignore"):
        try:
            if "model.compile" in code and "model = " not in code:
                names["model"] = keras.models.clone_model(model)  # the caller's stays as it is
            exec(code, names)
            kept = source if names["x"] is x else None
            return Case(names["x"], names["model"], names["y"], deep, kept)
        except Exception:
            return None


def _describe(case):
    """Return the shape of the data, its axes, and how often the loop runs and what it reads."""
    specs, shape, reader, trial, words = (
        case.source.specs,
        case.shape,
        case.reader,
        case.trial,
        AXES,
    )
    if isinstance(specs, dict):
        return {name: one.shape for name, one in specs.items()}, (), ""
    if not case.single:
        return [one.shape for one in specs or ()] or (), (), ""
    loops = [None] if reader is None else recurrent_layers(reader)
    passed, count = trial is not None and not trial.message, 0
    if loops:
        count = attribute(attribute(loops[0], "input_spec"), "ndim") or 3
        count = len(case.wanted) if is_shape(case.wanted) else count
        count = len(shape) if passed and len(shape) > 2 else count
    fits = count == len(shape) > 1
    letters = ["N", "T", *"P" * (count - 3), "F"][:count] if fits else "?" * len(shape)
    unknown = ["unnamed", words["unknown" if loops else "no-loop"].format(count=count)]
    names = [words.get(letter, unknown) for letter in letters]
    named = tuple(
        Axis(a, n[0], size, n[1]) for a, n, size in zip(letters, names, shape, strict=True)
    )
    layers = (reader is not None and layers_of(reader)) or []
    front = itertools.takewhile(lambda part: not recurrent_layers(part), layers)
    built = input_of(loops[0]) if loops and is_a(reader, "Model") and not layers else None
    made = is_shape(built) and built[2:] != shape[2:] or any(not is_a(one, *QUIET) for one in front)
    if not loops or made or not fits or len(shape) < 3:
        key = "in-front" if made else "by-itself"
        return shape, named, words[key] * passed if loops else words["no-loop-runs"]
    what = f"an array of shape {shape[2:]}" if len(shape) > 3 else f"a vector of length {shape[2]}"
    what = what if shape[2] else "a vector of one number per feature"
    often = {None: "once per time step; each time", 1: "once;"}
    often = often.get(shape[1], f"{shape[1]} times; each time")
    would = "would run" if trial is not None and trial.message else "runs"
    return shape, named, f"The loop {would} {often} it reads {what}."
