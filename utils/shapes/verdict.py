"""Judge data, model and labels; search for lines of code that bring them together."""

import re
import sys
import warnings
from typing import NamedTuple

import numpy as np

from .candidates import (
    batch_size,
    data_edits,
    label_edits,
    model_edits,
    one_sample,
    rebuilt,
    with_input,
)
from .explanation import Axis, Explanation, Fix, Problem, counted
from .sources import READS, Edit, Source, axes, axes_problem, line, read, read_array, value_problem
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

NAMES = {
    "N": ("samples", "sequences; each has a state of its own"),
    "T": ("time steps", "runs of the loop, in this order"),
    "P": ("positions", "read together at each time step"),
    "F": ("features", "numbers read at each time step"),
}
QUIET = ("Masking", "Dropout", "BatchNormalization", "LayerNormalization", "Activation")
NOT_TRIED = (
    "Nothing was tried: a size is open or too large, or the model has no weights yet and cannot be "
    "copied. In the last case call it once on data that fits, and ask again."
)


class Verdict(NamedTuple):
    """What was found; `stage` grows with how far the data came, 9 if nothing is wrong."""

    stage: int
    source: Source
    problem: Problem | None = None
    edits: tuple = ()
    trial: Trial | None = None
    notes: tuple = ()


def explain(x, model=None, y=None):
    """Explain what each axis of x is to an LSTM, what will run, and what mends what does not fit.

    Everything is tried on shapes or on copies: data, weights, states and random numbers of the
    caller stay as they are. A fix was executed, and Keras took what came of it.

    Parameters
    ----------
    x : array_like, dataset, pair, or tuple of int and None
        The data: an array, nested list, table, tensor, dict or list of arrays, npz or HDF5 file,
        tf.data.Dataset, keras.utils.PyDataset, generator, or a pair (x, y). A tuple of integers
        (None for an open size) is read as a shape. A dataset or PyDataset gives one batch at most;
        of a generator that has not started a twin is read, so that it loses none.
    model : None, Keras layer or model, list of layers, keras.Input, or tuple
        What is to read `x`. A list, which may begin with keras.Input(...), stands for a Sequential
        model. A keras.Input or a tuple, (T, F) or (B, T, F), stands for an LSTM behind it, None
        for an LSTM.
    y : None, array_like, or tuple of int
        Labels for `fit`; compared with what comes out, and with the loss of a compiled model.

    Returns
    -------
    Explanation
        Bad data raises nothing; it is listed in ``problems``.

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
            problem = verdict.problem
            if problem is not None and "keras" in sys.modules:
                problem = problem._replace(fixes=_search(x, model, y, verdict))
    except Exception as error:  # data can raise whatever it is asked
        problem = Problem(f"x cannot be read: {type(error).__name__}: {str(error)[:200]}")
        verdict = Verdict(0, Source("nothing"), problem)
    trial, specs = verdict.trial, verdict.source.specs
    shape = specs.shape if isinstance(specs, Spec) else ()
    named, runs = _describe(shape, _reader(model), trial) if isinstance(specs, Spec) else ((), "")
    if isinstance(specs, dict):
        shape = {name: one.shape for name, one in specs.items()}
    elif isinstance(specs, list):
        shape = [one.shape for one in specs]
    answered = trial is not None and not trial.raises and problem is None
    return Explanation(
        shape=shape,
        axes=named,
        runs=runs,
        problems=(problem,) if problem else (),
        notes=tuple(verdict.notes),
        output_shape=trial.output_shape if answered else None,
        layers=trial.layers if trial else (),
        tried=trial is not None,
    )


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


def judge(x, model, y=None, deep=True):
    """Try the data on the model and the labels on what comes out; stop at the first fault.

    With `deep` False the values of x are left alone, and only shapes are judged.
    """
    reader = _reader(model)
    inputs = input_of(reader) if reader is not None else None
    count = len(inputs) if inputs is not None and not is_shape(inputs) else 1
    source, trial = read(x, count), None
    notes, labels = list(source.notes), source.y if y is None else y
    specs = spec = source.specs
    single = isinstance(specs, Spec)
    shape = specs.shape if single else None
    named = reader if isinstance(model, list) else model  # what a line of code calls model

    def found(stage, problem, *edits):
        problem = Problem(problem) if isinstance(problem, str) else problem
        return Verdict(stage, source, problem, edits, trial, tuple(notes))

    if reader is None and "keras" in sys.modules:
        what = f"model is {type(model).__name__}. explain reads a Keras layer or model, a list of "
        what += "layers, keras.Input(...), or a tuple (T, F)."
        return found(0, Problem(what, "Pass one of these, or leave model out."))
    if y is not None and source.y is not None:
        return found(0, "y is given twice: x holds labels already.", Edit("y = None"))
    if specs is None or source.problem and single:
        return found(0, source.problem, *source.edits)
    if reader is None:
        notes.append("Keras is not loaded, so nothing was tried. Import keras, and ask again.")
        problem = source.problem or axes_problem(shape)
        return found(0 if problem else 9, problem)
    if single and count > 1:
        what = f"The model has {count} inputs, of shapes {inputs}, and x is one array."
        names = ", ".join(f"x{place + 1}" for place in range(count))
        return found(0, Problem(what, f"Pass a list of {count} arrays: x = [{names}]."))
    if single and shape[:1] == (0,):
        return found(1, axes_problem(shape))
    batch = _fixed_batch(reader)
    is_model = isinstance(reader, list) or is_a(reader, "Model")
    in_batches = source.kind in ("dataset", "PyDataset", "generator")
    if single and shape and batch and is_model and not in_batches:
        spec = spec._replace(shape=(batch, *shape[1:]))
    size = batch if is_model else None  # of the batches that the loss compares
    if single and source.kind == "dataset" and shape[:1] == (None,):
        size = _size_of_batches(x)
        spec = spec._replace(shape=(size, *shape[1:])) if batch else spec
    trial = try_model(reader, spec)
    if trial is None:
        notes.append(NOT_TRIED)
        return found(9, None)
    if not single:
        if len({one.shape[:1] for one in flat(specs)}) > 1:
            trial = Trial(None, "the arrays have different numbers of samples.")
        alone = count == 1 and not isinstance(specs, dict)
        if trial.raises or alone and not in_batches:
            silent = not trial.raises
            says = f" Keras says: {trial.message}" if trial.raises and count > 1 else ""
            what = source.problem.what + says
            return found(0, source.problem._replace(what=what, silent=silent), *source.edits)
        return _labels(labels, model, source, trial, found, size)
    if trial.raises:
        edits = [*data_edits(source, reader), *model_edits(shape, named, trial.place)]
        if batch and source.kind == "dataset" and (size or batch) < batch:  # maybe all there is
            edits = [edit for edit in edits if "drop_remainder" not in edit.code]
        if batch and not is_model and source.kind in ("array", "shape", "list", "other"):
            edits.append(Edit(line(source.kind, f"x[:{batch}]"), "", "pass one batch at a time"))
        return found(2, _refusal(shape, reader, trial, source), *edits)
    known = inputs if is_shape(inputs) else (0, 0, 0)
    if source.kind == "dataset" and not source.batched:
        if source.batched is False or len(shape) < len(known):
            what = f"The dataset gives one sample at a time, of shape {shape}, and no batches: "
            what += "Keras runs, and takes the time steps for samples."
            return found(2, Problem(what, silent=True), Edit("x = x.batch(32)"))
    if 0 in shape:
        return found(2, axes_problem(shape)._replace(silent=True))
    notes += _notes(source, reader, inputs, batch if is_model else None)
    if batch and is_model:
        rows, rest = _last_batch(x, shape, batch, source)
        if rest:
            new = (batch_size(rows), *inputs[1:]) if is_shape(inputs) else None
            edits = [_cut(source, rows, rest, batch, y), with_input(named, new)] if new else []
            return found(3, _remainder(rows, rest, batch), *(one for one in edits if one))
        layers = tuple(one._replace(shape=_rows(one.shape, shape[0])) for one in trial.layers)
        trial = trial._replace(output_shape=_rows(trial.output_shape, shape[0]), layers=layers)
    lost = _state_lost(x, source, reader) if is_model else None
    if lost:
        return found(4, Problem(*lost, silent=True))
    verdict = _labels(labels, model, source, trial, found, size)
    if verdict.problem or not deep:
        return verdict
    problem, edits = value_problem(source)
    if problem is None:
        problem, edits = _codes(source, reader, named)
    return found(6, problem, *edits) if problem else verdict


def _rows(shape, rows):
    return (rows, *shape[1:]) if is_shape(shape) and shape else shape


def _fixed_batch(reader):
    """Return the batch size of a stateful model or layer, or None."""
    stateful = [part for part in recurrent_layers(reader) if attribute(part, "stateful")]
    shape = input_of(reader)
    if not stateful or is_shape(shape) and shape and shape[0]:
        return shape[0] if stateful else None
    states = [attribute(part, "states") for part in stateful]
    return next((int(one[0].shape[0]) for one in states if one), None)


def _size_of_batches(dataset):
    """Return the size of the first batch of a dataset."""
    while attribute(dataset, "_input_dataset") is not None:
        if attribute(dataset, "_batch_size") is not None:
            size, rows = int(dataset._batch_size), int(dataset._input_dataset.cardinality())
            return min(size, rows) if rows > 0 else size  # it says how many, or a negative number
        dataset = dataset._input_dataset
    return None


def _refusal(shape, reader, trial, source):
    """Say why Keras refuses a shape."""
    wanted, says = input_of(reader), f"Keras says: {trial.message}"
    if source.kind == "dataset" and source.batched is False:
        return f"The dataset gives one sample at a time, of shape {shape}. {says}"
    if "batch size must be static" in trial.message:
        what = (
            "A stateful layer keeps one state for each row of a batch, so it wants a fixed batch "
        )
        return f"{what}size, keras.Input(batch_shape=...); fit does not give it one. {says}"
    if trial.place is not None and trial.layers:
        name = type(layers_of(reader)[trial.place]).__name__
        return f"Layer {trial.place + 1}, {name}, receives shape {trial.layers[-1].shape}. {says}"
    if not is_shape(wanted):
        ndim = attribute(attribute((recurrent_layers(reader) or [0])[0], "input_spec"), "ndim")
        reads = READS if ndim == 3 else f"The layer reads {ndim} axes." if ndim else ""
        return f"x has shape {shape}: {axes(shape)}. {reads} {says}"
    if len(wanted) != len(shape):
        return (
            f"x has shape {shape}: {axes(shape)}. The model reads {len(wanted)}: {wanted}. {says}"
        )
    return f"x has shape {shape}. The model expects {wanted}. {says}"


def _last_batch(x, shape, batch, source):
    """Return the number of samples and how many of them the last batch has too few."""
    if source.kind in ("generator", "PyDataset") or source.kind == "dataset" and shape[0]:
        return None, 0
    if source.kind != "dataset":
        return shape[0], (shape[0] or 0) % batch
    while x is not None and attribute(x, "_batch_size") is None:
        x = attribute(x, "_input_dataset")
    if x is None or attribute(x, "_drop_remainder") is None or bool(x._drop_remainder):
        return None, 0
    rows = int(x._input_dataset.cardinality())  # known without a run, or negative
    return (rows, rows % int(x._batch_size)) if rows > 0 else (None, 0)


def _cut(source, rows, rest, batch, y):
    """Return the line that drops the samples of the last batch; None if there is no other."""
    why = f"drop {counted(rest, 'row')}, for whole batches of {batch}"
    if source.kind == "dataset":
        return Edit(f"x = x.unbatch().batch({batch}, drop_remainder=True)", "", why)
    keep = rows - rest
    code = line(source.kind, f"x[:{keep}]") + (f"\ny = y[:{keep}]" if y is not None else "")
    code = f"x = tuple(part[:{keep}] for part in x)" if source.kind == "pair" else code
    return Edit(code, "", why) if keep else None


def _remainder(rows, rest, batch):
    danger = "Keras stops there."
    if rest == 1:
        danger = (
            "Once a full batch has run, that row is broadcast over all rows of state without an "
        )
        danger += "error (keras issue 21183)."
    what = (
        f"x has {counted(rows, 'sample')}. The model is stateful with batch size {batch}, and the "
    )
    what += f"last batch would have {counted(rest, 'row')}. {danger}"
    return Problem(what, silent=rest == 1 < rows)


def _state_lost(x, source, reader):
    """Say where state is lost without an error: by the back end, or by shuffling."""
    if not any(attribute(part, "stateful") for part in recurrent_layers(reader)):
        return None
    if sys.modules["keras"].backend.backend() == "jax":
        what = "On the JAX back end fit, predict and evaluate do not carry the state of a stateful "
        advice = "Hold the state yourself (return_state, initial_state), or use another back end."
        return f"{what}layer from batch to batch; nothing says so.", advice
    while source.kind == "dataset" and x is not None:
        if "Shuffle" in type(x).__name__:
            what = "The dataset is shuffled, and the model is stateful: row i of a batch no longer "
            return f"{what}goes on where row i of the batch before it ended.", "Leave .shuffle out."
        x = attribute(x, "_input_dataset")
    return None


def _notes(source, reader, wanted, batch):
    """Note what runs, and may mean something else than is meant."""
    shape, notes, is_model = (
        source.specs.shape,
        [],
        is_a(reader, "Model") or isinstance(reader, list),
    )
    if wanted and len(wanted) != len(shape):
        verb = "adds the missing axis" if len(wanted) > len(shape) else "drops the last axis"
        notes.append(
            f"x has {axes(shape)} and the model reads {wanted}. Keras {verb} by itself, with no "
            "message. Write it yourself, so that nobody takes features for time steps."
        )
    elif wanted and len(shape) > 2 and wanted[1] not in (None, shape[1]) and shape[1] and is_model:
        inside = f"None, {', '.join(map(str, shape[2:]))}"
        new = f"batch_shape=({batch}, {inside})" if batch else f"({inside})"
        notes.append(
            f"The model was built for {counted(wanted[1], 'time step')} and runs {shape[1]} "
            f"without a word. To say that any number will do: keras.Input({new})."
        )
    if batch and source.kind not in ("dataset", "generator", "PyDataset") and shape[0] != batch:
        notes.append(
            f"Pass batch_size={batch} to fit, predict and evaluate, which take 32 otherwise, and "
            "shuffle=False to fit."
        )
    if len(shape) != 3 or shape[1] != 1 or not recurrent_layers(reader):
        return notes
    if any(attribute(part, "stateful") for part in recurrent_layers(reader)):
        what = "With 1 time step per call, all memory is in the state that goes from call to call. "
        return [*notes, f"{what}Reset it where a new sequence starts."]
    what = "With 1 time step and zero initial state the recurrent weights have nothing to read: "
    notes.append(f"{what}they multiply zeros, and no gradient reaches them.")
    if shape[2] and shape[2] > 1:
        notes.append(
            f"The layer reads the {shape[2]} features all at once, in no order. Are they "
            f"{shape[2]} moments of one series? Then x = np.transpose(x, (0, 2, 1)) lets the loop "
            f"read them one after another: ({shape[0]}, {shape[2]}, 1)."
        )
    return notes


def _codes(source, reader, named):
    """Find values that an Embedding or a Masking in front reads in another sense than is meant."""
    front = [part for part in parts_of(reader) if is_a(part, "Embedding", "Masking")]
    if source.values is None or not front or not np.size(source.values):
        return None, ()
    values, layer, codes = np.ma.getdata(source.values), front[0], is_a(front[0], "Embedding")
    low, high = values.min(), values.max()
    if codes:
        what = f"x holds values from {low:g} to {high:g}. The Embedding knows the codes 0 to "
        what += f"{layer.input_dim - 1}."
        if high >= layer.input_dim:
            size = int(high) + 1
            why = f"write Embedding({size}, ...)"
            edit = Edit(rebuilt(named, {layer.name: {"input_dim": size}}), "", why)
            return Problem(what, f"Number the codes from 0, or {why}."), [edit]
        if low < 0:
            edit = Edit(f"x = x - {int(low)}" if low == int(low) else "x = x - x.min()")
            return Problem(what, "Number the codes from 0.", True), [edit]
        if (values % 1).any():
            what += " It cuts other numbers off to whole ones, without an error."
            return Problem(what, "Pass the integer codes themselves, not scaled.", True), ()
    masked = values == 0 if codes else values == layer.mask_value
    masked = masked.all(axis=-1) if masked.ndim == 3 else masked
    if masked.ndim != 2 or codes and not layer.mask_zero:
        return None, ()
    before = np.logical_or.accumulate(~masked, axis=1)
    after = np.logical_or.accumulate(~masked[:, ::-1], axis=1)[:, ::-1]
    inside = int((masked & before & after).sum())
    if not inside:
        return None, ()
    what = f"The mask skips {counted(inside, 'time step')} in the midst of sequences, where no "
    what += "padding is: values that are data are skipped too."
    if codes:
        return Problem(what, "Number the codes from 1, and keep 0 for padding.", True), ()
    value = float(np.floor(low)) - 1
    why = f"and pad with {value:g}, which is no value of x"
    edit = Edit(rebuilt(named, {layer.name: {"mask_value": value}}), "", why)
    return Problem(what, "Choose a mask_value that is no value of x.", True), [edit]


def _labels(labels, model, source, trial, found, size):
    """Compare labels with what comes out, and with the loss."""
    if labels is None:
        return found(9, None)
    loss, outputs = attribute(model, "loss") if is_layer(model) else None, trial.output_shape
    several = not is_shape(outputs)
    if several:
        outputs = list(outputs.values() if isinstance(outputs, dict) else outputs)
        each = labels.values() if isinstance(labels, dict) else labels
        if not isinstance(labels, (list, tuple, dict)) or len(labels) != len(outputs):
            what = (
                f"The model has {len(outputs)} outputs. Pass a list of {len(outputs)} arrays as y."
            )
            return found(5, what)
        losses = list(loss.values()) if isinstance(loss, dict) else loss
        losses = losses if isinstance(losses, (list, tuple)) else [losses] * len(outputs)
    else:
        outputs, each, losses = [outputs], [labels], [loss]
    for place, (label, output, one) in enumerate(zip(each, outputs, losses, strict=False)):
        fault = _label(label, output, one, model, source, size)
        if fault is not None:
            stage, problem, *edits = fault
            what = f"Output {place + 1}: {problem.what}" if several else problem.what
            return found(stage, problem._replace(what=what), *([] if several else edits))
    return found(9, None)


def _label(labels, output, loss, model, source, size):
    """Return stage, problem and edits where labels do not fit what comes out; None if they fit."""
    label = read_array(labels, "y")
    if label.problem:
        return 5, label.problem, *label.edits
    y, rows = label.specs.shape, output[0]
    count = source.specs.shape[0] if isinstance(source.specs, Spec) else rows
    if not y:
        what = "y is a single number."
        edits = one_sample(source) if source.kind in ("generator", "PyDataset") else []
        return 5, Problem(what, "Pass an array with one label per sample."), *edits
    if None not in (count, y[0]) and count != y[0]:
        what = f"x has {counted(count, 'sample')} and y has {y[0]}. Each sample needs its label. "
        what += (
            "Windows of T steps over L values are L - T + 1, one fewer if the label is the next."
        )
        few, name = min(count, y[0]), "x" if count > y[0] else "y"
        if name == "x" and source.kind not in ("array", "shape") or not few:
            return 4, Problem(what)
        first = Edit(f"{name} = {name}[:{few}]", f"the first {few} of {name} belong to the others")
        last = Edit(f"{name} = {name}[-{few}:]", f"the last {few} of {name} belong to the others")
        return 4, Problem(what), first, last
    batch = size or min(rows or y[0] or 2, 32)  # what fit takes, unless it is told otherwise
    out = [batch, *output[1:]]
    for place, size in enumerate(out):  # an open size is that of the labels
        out[place] = (y[place] if place < len(y) else None) or 1 if size is None else size
    out, shape = tuple(out), (batch, *(1 if size is None else size for size in y[1:]))
    same = shape == out or (*shape, 1) == out or shape == (*out, 1)
    classes = shape in (out[:-1], (*out[:-1], 1))
    message, kind = None, "same"
    if loss is not None:
        message, kind = try_loss(loss, Spec(shape, label.specs.dtype), Spec(out)), _kind(loss)
    if message is None and {"sparse": classes, "": True}.get(kind, same or classes and not loss):
        problem = _label_values(label, out, kind)
        return (6, problem) if problem else None
    what = f"y has shape {y}; what comes out has shape {output}. "
    if len(out) == len(shape) == 3 and out[1] != shape[1]:
        what += f"The model answers {counted(out[1], 'step')}, the labels have {shape[1]}. "
    elif len(out) == 2 and len(shape) == 3:
        what += "The model gives one answer per sample, the labels one per time step. "
    elif len(out) == 3 and len(shape) < 3:
        what += "The model gives an answer for every time step, the labels one per sample. "
    stretched = "The loss stretches one over the other, and compares what does not belong together."
    stretched = stretched if loss else "No loss was given, and none fits."
    what += f"The loss stops: {message}" if message else stretched
    problem = Problem(what, silent=bool(loss) and not message)
    return 5, problem, *label_edits(shape, out, model, kind)


def _label_values(label, output, kind):
    """Find labels whose shape fits and whose values do not."""
    units, values = output[-1], label.values
    if kind == "categorical" and units == 1:
        what = "The loss compares 1 class only: its softmax is always 1, and nothing is learnt."
        return Problem(what, 'Use "binary_crossentropy" with Dense(1, "sigmoid").', True)
    if values is None or not values.size:
        return None
    low, high = values.min(), values.max()
    what = f"y holds values from {low:g} to {high:g}. "
    if kind == "sparse" and (low < 0 or high >= units):
        what += f"With {counted(units, 'unit')} the classes are numbered 0 to {units - 1}."
        return Problem(what, "Number the classes from 0, or give the last layer more units.")
    if kind == "binary" and (low < 0 or high > 1):
        what += "binary_crossentropy means 0 and 1."
        return Problem(what, 'Use another loss ("mse"), or turn y into 0 and 1.', True)
    return value_problem(label, "y")[0]


def _kind(loss):
    """Tell which labels a loss wants: sparse, else the same as the output; "" if not known."""
    loss = sys.modules["keras"].losses.get(loss)
    known = loss if attribute(loss, "__name__") else type(loss)
    name = known.__name__.lower().replace("_", "")
    for kind in ("sparse", "categorical", "binary"):
        if name.startswith(kind):
            return kind
    return "same" if str(known.__module__).startswith("keras") else ""


class _OneBatch:
    """Stands for a PyDataset of one batch."""

    def __init__(self, batch):
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


_OneBatch.__name__ = "PyDataset"


def _stand_in(x, source, deep):
    """Return what lines of code may work on: of the same kind, without moving or copying x."""
    if source.kind in ("generator", "PyDataset"):
        one = source.kind == "PyDataset"
        return _OneBatch(source.batch) if one else (batch for batch in iter([source.batch]))
    if not deep and source.kind in ("array", "shape") and isinstance(source.specs, Spec):
        sizes = tuple(7 if size is None else size for size in source.specs.shape)
        return np.broadcast_to(np.zeros((), source.specs.dtype), sizes)
    return x


def _search(x, model, y, verdict, most=40):
    """Look for the fewest lines of code after which nothing is wrong; return them as fixes."""
    deep, level, tries = verdict.stage in (0, 6), [(verdict, ())], 0
    for _ in range(3):
        passed, further = [], []
        for at, path in level:
            for edit in sorted(at.edits, key=lambda one: one.cost):
                steps = (*path, edit)
                if _joined(steps, "code").count("model = ") > 1:
                    continue
                if passed and _cost(steps) > _cost(passed[0][0]) + bool(edit.when) or tries == most:
                    continue
                tries += 1
                new = _run(steps, _stand_in(x, verdict.source, deep), model, y, deep)
                if new and new.problem is None and new.trial is not None:
                    passed.append((steps, new))
                elif new and _progress(new) > _progress(at):
                    further.append((new, steps))
        if passed or not further:
            break
        level = further
    fixes, before = [], verdict.source.specs
    passed.sort(key=lambda one: _cost(one[0]))
    for steps, new in passed[:4]:
        when, code, after = _joined(steps, "when"), _joined(steps, "code", "\n"), new.source.specs
        more = _cost(steps) - _cost(passed[0][0])
        if more > 1 or more and not (when and fixes[0].when):
            continue
        known = isinstance(after, Spec) and after != before and "x = " in code
        if isinstance(before, Spec) and verdict.source.kind == "shape" and None in before.shape:
            known = False  # the code ran on sizes that were made up
        why = _joined(steps, "why", "; ")
        fixes.append(Fix(code, when, why, after.shape if known else None))
    return tuple(fixes)


def _run(steps, x, model, y, deep):
    """Execute lines of code on a stand-in and judge what comes of it; None if they fail."""
    keras, code = sys.modules["keras"], _joined(steps, "code", "\n")
    names = {"np": np, "keras": keras, "x": x, "y": y, "model": model}
    with same_random_numbers(), warnings.catch_warnings(action="ignore"):
        try:
            if (
                re.search(r"^model\.compile", code, re.M) and "model = " not in code
            ):  # not the caller's
                names["model"] = keras.models.clone_model(model)
            exec(code, names)
            return judge(names["x"], names["model"], names["y"], deep)
        except Exception:
            return None


def _cost(steps):
    return sum(edit.cost for edit in steps)


def _joined(steps, name, between=" and "):
    return between.join(text for text in (getattr(edit, name) for edit in steps) if text)


def _progress(verdict):
    return verdict.stage, (verdict.trial and verdict.trial.place) or 0


def _describe(shape, reader, trial):
    """Name the axes, and say how often the loop runs and what it reads."""
    loops = recurrent_layers(reader) if reader is not None else [None]
    if not loops:
        unnamed = tuple(Axis("?", "unnamed", size, "no loop reads it") for size in shape)
        return unnamed, "No recurrent layer reads x itself: no loop runs over it."
    passed, wanted = trial is not None and not trial.raises, input_of(reader)
    count = attribute(attribute(loops[0], "input_spec"), "ndim") or 3
    count = len(wanted) if is_shape(wanted) else count
    count = len(shape) if passed and len(shape) > 2 else count
    named = tuple(Axis("?", "unnamed", size, f"{count} axes are read here") for size in shape)
    if len(shape) == count > 1:
        letters = ["N", "T", *"P" * (count - 3), "F"][:count]
        pairs = zip(letters, shape, strict=True)
        named = tuple(Axis(one, NAMES[one][0], size, NAMES[one][1]) for one, size in pairs)
    layers, front = layers_of(reader) if reader is not None else None, []
    for part in layers or []:
        if recurrent_layers(part):
            break
        front.append(part)
    built = input_of(loops[0])
    own = layers is None and is_a(reader, "Model") and is_shape(built) and built[2:] != shape[2:]
    if own or any(not is_a(part, *QUIET) for part in front):
        if len(front) == 1 and is_a(front[0], "Embedding") and len(shape) == 2:
            what = f"The first layer turns each of the {shape[1]} time steps into a vector of "
            return named, f"{what}features; the loop runs once for each."
        return named, "The loop runs over what the layers in front make of x." if passed else ""
    if len(shape) < 3 or len(shape) != count:
        return named, "The loop runs, because Keras adds an axis by itself." if passed else ""
    what = (
        "a vector of one number per feature"
        if shape[2] is None
        else f"a vector of length {shape[2]}"
    )
    what = f"an array of shape {shape[2:]}" if len(shape) > 3 else what
    times = {None: "once per time step; each time", 1: "once;"}
    often = times.get(shape[1], f"{shape[1]} times; each time")
    would = "would run" if trial is not None and trial.raises else "runs"
    return named, f"The loop {would} {often} it reads {what}."
