"""Judge data, model and labels; search for lines of code that bring them together."""

import sys
import warnings
from typing import NamedTuple

import numpy as np

from .candidates import Edit, batch_size, data_edits, label_edits, model_edits, rebuilt, write_input
from .explanation import Axis, Explanation, Fix, Problem, counted
from .sources import Source, axes_problem, empty, line, read, value_problem
from .trial import (
    Spec, Trial, flat, attribute, input_of, is_a, is_built, is_layer, is_shape, layers_of, parts_of,
    recurrent_layers, same_random_numbers, try_loss, try_model,
)

ISSUE = "keras issue 21183"
NAMES = {
    "N": ("samples", "sequences; each has a state of its own"),
    "T": ("time steps", "runs of the loop, in this order"),
    "P": ("positions", "read together at each time step"),
    "F": ("features", "numbers read at each time step"),
}


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
        of a generator that has not started, a twin is read, so that it loses none.
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
        verdict = judge(x, model, y)
        problem = verdict.problem
        if problem is not None and "keras" in sys.modules:
            problem = problem._replace(fixes=search(x, model, y, verdict))
    except Exception as error:  # data can raise whatever it is asked
        what = f"x cannot be looked at: {type(error).__name__}: {str(error)[:200]}"
        verdict, problem = Verdict(0, Source("nothing")), Problem(what)
    source, trial = verdict.source, verdict.trial
    shape = source.specs.shape if isinstance(source.specs, Spec) else _shapes(source.specs)
    axes, runs = describe(shape, reader_of(model), trial) if is_shape(shape) else ((), "")
    passed = trial is not None and not trial.raises
    return Explanation(
        shape=shape,
        axes=axes,
        runs=runs,
        problems=(problem,) if problem else (),
        notes=tuple(verdict.notes),
        output_shape=trial.output_shape if passed and problem is None else None,
        layers=trial.layers if trial else (),
        tried=trial is not None,
    )


def reader_of(model):
    """Return the layer, model or list that is tried: for an Input or a shape, an LSTM behind it."""
    keras = sys.modules.get("keras")
    if keras is None or attribute(keras, "layers") is None:
        return None
    shape = None
    if is_a(model, "KerasTensor"):
        shape = tuple(model.shape)
    elif model is not None and is_shape(tuple(model) if isinstance(model, list) else model):
        shape = (None,) * (len(model) == 2) + tuple(model)
    if model is None or shape is not None:
        with same_random_numbers():
            first = [] if shape is None else [keras.Input(batch_shape=shape, name="x")]
            return [*first, keras.layers.LSTM(1, name="lstm")]
    if isinstance(model, (list, tuple)):
        first = model[:1] if is_a(model[0] if model else None, "KerasTensor") else ()
        return list(model) if len(model) > len(first) and all(
            map(is_layer, model[len(first):])) else None
    return model if is_layer(model) else None


def judge(x, model, y=None, deep=True):
    """Try the data on the model and the labels on what comes out; stop at the first fault.

    With `deep` False the values of x are left alone, and only shapes are judged.
    """
    reader = reader_of(model)
    inputs = input_of(reader) if reader is not None else None
    count = 1 if inputs is None or is_shape(inputs) else len(inputs)
    source = read(x, count)
    notes = list(source.notes)
    labels = source.y if y is None else y

    def found(stage, what, edits=(), silent=False, advice="", trial=None):
        problem = what if isinstance(what, Problem) else Problem(what, (), silent, advice)
        return Verdict(stage, source, problem, tuple(edits), trial, tuple(notes))

    if reader is None and "keras" in sys.modules:
        what = (
            f"model is {type(model).__name__}. explain reads a Keras layer or model, a list of "
            "layers, keras.Input(...), or a tuple (T, F)."
        )
        return found(0, what, advice="Pass one of these, or leave model out.")
    if y is not None and source.y is not None and source.kind != "arrays":
        return found(0, "y is given twice: x holds labels already.", [Edit("y = None")])
    if source.specs is None:
        return found(0, source.problem, source.edits)
    if reader is None:
        notes.append("Keras is not loaded, so nothing was tried. Import keras, and ask again.")
        problem = source.problem or axes_problem(source.specs.shape)
        return found(0, problem) if problem else Verdict(9, source, notes=tuple(notes))
    single = isinstance(source.specs, Spec)
    if single and count > 1:
        what = (
            f"The model has {count} inputs, of shapes {inputs}, and x is one array. It wants a "
            f"list of {count} arrays."
        )
        wanted = ", ".join(f"x{place + 1}" for place in range(count))
        return found(0, what, advice=f"Pass them all: x = [{wanted}].")
    if source.problem and single:
        return found(0, source.problem, source.edits)
    shape = source.specs.shape if single else None
    if single and shape[:1] == (0,):
        return found(1, Problem(*empty(shape)))
    batch = fixed_batch(reader)
    spec = source.specs
    is_model = isinstance(reader, list) or is_a(reader, "Model")
    in_batches = source.batched and source.kind in ("dataset", "PyDataset", "generator")
    if single and shape and batch and is_model and not in_batches:
        spec = spec._replace(shape=(batch, *shape[1:]))
    trial = try_model(reader, spec)
    if trial is None:
        notes.append(
            "Nothing was tried: a size is open or too large, or the model has no weights yet and "
            "cannot be copied. In the last case call it once on data that fits, and ask again."
        )
        return Verdict(9, source, notes=tuple(notes))
    if not single and len({one.shape[:1] for one in flat(spec)}) > 1:
        trial = Trial(None, "the arrays have different numbers of samples")
    if not single and (trial.raises or count == 1 and not isinstance(spec, dict)):
        return found(0, source.problem._replace(silent=not trial.raises), source.edits, trial=trial)
    if trial.raises:
        edits = [*data_edits(source, reader), *model_edits(shape, changed(model, reader), trial.place)]
        return found(2, refusal(shape, reader, trial, source), edits, trial=trial)
    if not single:
        return _labels(labels, model, trial, source, notes, found)
    if source.kind == "dataset" and source.batched is None:
        wanted = input_of(reader)
        known = wanted if is_shape(wanted) else (0, 0, 0)
        source = source._replace(batched=len(shape) >= len(known))
    if 0 in shape:
        return found(2, Problem(*empty(shape))._replace(silent=True), trial=trial)
    if source.kind == "dataset" and not source.batched:
        what = (
            f"The dataset gives one sample at a time, of shape {shape}, and no batches: Keras runs, "
            "and takes the time steps for samples."
        )
        return found(2, what, [Edit("x = x.batch(32)")], True, trial=trial)
    notes += silent_notes(source, reader, model, batch if is_model else None)
    if batch and is_model:
        fault = remainder(x, source, batch, labels, y)
        if fault:
            size = (batch_size(shape[0]), *(input_of(reader) or ())[1:])
            why = f"build the model with {write_input(size)}"
            edits = [*fault[1], Edit(rebuilt(changed(model, reader), {}, size), "", why, 2)]
            return found(3, fault[0], edits, trial=trial)
        rows = shape[0] if shape else None
        trial = trial._replace(
            output_shape=_with_rows(trial.output_shape, rows),
            layers=tuple(one._replace(shape=_with_rows(one.shape, rows)) for one in trial.layers),
        )
    fault = state_fault(x, source, reader) if is_model else None
    if fault:
        return found(4, fault, silent=True, trial=trial)
    verdict = _labels(labels, model, trial, source, notes, found)
    if verdict.problem or not deep:
        return verdict
    problem, edits = value_problem(source)
    if problem is None:
        problem, edits = code_problem(source, reader, model)
    return found(6, problem, edits, trial=trial) if problem else verdict


def changed(model, reader):
    """Return what a line of code calls model: the list itself, the Input, or the model."""
    return reader if isinstance(model, list) or is_layer(model) else model


def fixed_batch(reader):
    """Return the batch size of a stateful model or layer, or None."""
    if not any(attribute(part, "stateful") for part in recurrent_layers(reader)):
        return None
    shape = input_of(reader)
    if is_shape(shape) and shape and shape[0]:
        return shape[0]
    states = [attribute(part, "states") for part in recurrent_layers(reader)]
    return next((int(one[0].shape[0]) for one in states if one), None)


def refusal(shape, reader, trial, source):
    """Say why Keras refuses a shape."""
    wanted = input_of(reader)
    says = f"Keras says: {trial.message.rstrip('. ')}."
    if source.kind == "dataset" and not source.batched:
        return f"The dataset gives one sample at a time, of shape {shape}. {says}"
    if trial.place is not None and (trial.place or trial.layers):
        layers = [part for part in reader if not is_a(part, "KerasTensor")] if isinstance(
            reader, list) else reader.layers
        seen = trial.layers[-1].shape if trial.layers else wanted or shape
        name = type(layers[trial.place]).__name__
        if "batch size" not in trial.message:
            return f"Layer {trial.place + 1}, {name}, receives shape {seen}. {says}"
    if "batch size" in trial.message and "static" in trial.message:
        return (
            "A stateful layer keeps one state for each row of a batch, so it wants a fixed batch "
            f"size, keras.Input(batch_shape=...); fit does not give it one. {says}"
        )
    count = f"{counted(len(shape), 'axis').replace('axiss', 'axes')}"
    if wanted is None or is_shape(wanted) and len(wanted) != len(shape):
        reads = f"The model reads {len(wanted)}: {wanted}." if wanted else ""
        if wanted is None and recurrent_layers(reader):
            reads = "An LSTM reads 3: (samples, time steps, features)."
        return f"x has shape {shape}: {count}. {reads} {says}"
    return f"x has shape {shape}. The model expects {wanted}. {says}"


def remainder(x, source, batch, labels, y):
    """Judge the number of samples against a fixed batch size; return problem and edits."""
    samples = source.specs.shape[0] if source.specs.shape else None
    again = f"batch({batch}, drop_remainder=True)"
    if source.kind == "dataset":
        samples, rest = rows_of(x, samples)
        if samples is None or not rest:
            return None
        edits = [Edit(f"x = x.unbatch().{again}")]
        if rest is True:
            what = f"The last batch of the dataset may have fewer than {batch} samples."
            return None
    elif source.kind in ("generator", "PyDataset"):
        return None
    else:
        rest = samples % batch if samples else 0
        keep = samples - rest if samples else 0
        lines = line(source.kind, f"x[:{keep}]", False)
        if source.kind == "pair":
            lines = f"x = tuple(part[:{keep}] for part in x)"
        elif y is not None:
            lines += f"\ny = y[:{keep}]"
        why = f"drop {counted(rest, 'row')}, for whole batches of {batch}"
        edits = [Edit(lines, why=why)] if keep else []
    if not rest:
        return None
    danger = "Keras stops there."
    if rest == 1:
        danger = (
            f"Once a full batch has run, that row is broadcast over all rows of state without an "
            f"error ({ISSUE})."
        )
    what = (
        f"x has {counted(samples, 'sample')}. The model is stateful with batch size {batch}, and "
        f"the last batch would have {counted(rest, 'row')}. {danger}"
    )
    return Problem(what, silent=rest == 1 and samples > 1), edits


def rows_of(dataset, leading):
    """Count the rows of a dataset and of its last batch, as far as it says so without running."""
    if leading is not None:
        return None, 0
    while dataset is not None and attribute(dataset, "_batch_size") is None:
        dataset = attribute(dataset, "_input_dataset")
    if dataset is None or attribute(dataset, "_drop_remainder") is None:
        return None, 0
    rows, size = int(dataset._input_dataset.cardinality()), int(dataset._batch_size)
    return (rows, rows % size) if rows >= 0 and not bool(dataset._drop_remainder) else (None, 0)


def state_fault(x, source, reader):
    """Say where state is lost without an error: by the back end, or by shuffling."""
    if not any(attribute(part, "stateful") for part in recurrent_layers(reader)):
        return None
    if sys.modules["keras"].backend.backend() == "jax":
        return (
            "On the JAX back end fit, predict and evaluate do not carry the state of a stateful "
            "layer from batch to batch; nothing says so."
        )
    while source.kind == "dataset" and x is not None:
        if "Shuffle" in type(x).__name__:
            return (
                "The dataset is shuffled, and the model is stateful: row i of a batch no longer "
                "goes on where row i of the batch before it ended."
            )
        x = attribute(x, "_input_dataset")
    return None


def silent_notes(source, reader, model, batch):
    """Note what runs, and may mean something else than is meant."""
    shape, wanted, notes = source.specs.shape, input_of(reader), []
    stateful = any(attribute(part, "stateful") for part in recurrent_layers(reader))
    if wanted and len(wanted) != len(shape):
        verb = "adds the missing axis" if len(wanted) > len(shape) else "drops the last axis"
        notes.append(
            f"x has {len(shape)} axes and the model reads {wanted}. Keras {verb} by itself, with "
            "no message. Write it yourself, so that nobody takes features for time steps."
        )
    elif wanted and len(shape) > 2 and None not in (wanted[1], shape[1]) and wanted[1] != shape[1]:
        if is_a(reader, "Model") or isinstance(reader, list):
            notes.append(
                f"The model was built for {counted(wanted[1], 'time step')} and runs {shape[1]} "
                "without a word. To say that any number will do: "
                f"keras.Input({_input(batch, shape)})."
            )
    if batch and source.kind not in ("dataset", "generator", "PyDataset") and shape[0] != batch:
        notes.append(
            f"Pass batch_size={batch} to fit, predict and evaluate, which take 32 otherwise, and "
            "shuffle=False to fit."
        )
    if len(shape) == 3 and shape[1] == 1 and recurrent_layers(reader)[:1]:
        if stateful:
            notes.append(
                "With 1 time step per call, all memory is in the state that goes from call to "
                "call. Reset it where a new sequence starts."
            )
        else:
            notes.append(
                "With 1 time step and zero initial state the recurrent weights have nothing to "
                "read: they multiply zeros, and no gradient reaches them."
            )
            if shape[2] and shape[2] > 1:
                notes.append(
                    f"The layer reads the {shape[2]} features all at once, in no order. Are they "
                    f"{shape[2]} moments of one series? Then x = np.transpose(x, (0, 2, 1)) lets "
                    f"the loop read them one after another: ({shape[0]}, {shape[2]}, 1)."
                )
    return notes


def _input(batch, shape):
    inside = f"None, {', '.join(map(str, shape[2:]))}"
    return f"batch_shape=({batch}, {inside})" if batch else f"({inside})"


def code_problem(source, reader, model):
    """Find values that an Embedding or a Masking in front reads in another sense than is meant."""
    values, layers = source.values, parts_of(reader) if is_layer(reader) else list(reader)
    front = [part for part in layers if is_a(part, "Embedding", "Masking")]
    if values is None or not front or not np.size(values):
        return None, ()
    values, layer = np.ma.getdata(values), front[0]
    if is_a(layer, "Embedding"):
        low, high, codes = values.min(), values.max(), layer.input_dim
        what = f"x holds values from {low:g} to {high:g}. The Embedding knows the codes 0 to "
        what += f"{codes - 1}."
        if high >= codes:
            edit = Edit(rebuilt(model, {layer.name: {"input_dim": int(high) + 1}}))
            return Problem(what, advice=f"Write Embedding({int(high) + 1}, ...)."), [edit]
        if low < 0:
            return Problem(what, (), True, "Number the codes from 0."), [Edit("x = x - x.min()")]
        if (values % 1).any():
            what += " It cuts other numbers off to whole ones, without an error."
            return Problem(what, (), True, "Pass the integer codes, not scaled."), ()
        masked = values == 0 if attribute(layer, "mask_zero") else values != values
    else:
        masked = (values == layer.mask_value).all(axis=-1) if values.ndim == 3 else None
    if masked is None or masked.ndim != 2:
        return None, ()
    data = ~masked
    before = np.logical_or.accumulate(data, axis=1)
    after = np.logical_or.accumulate(data[:, ::-1], axis=1)[:, ::-1]
    inside = int((masked & before & after).sum())
    if not inside:
        return None, ()
    what = (
        f"The mask skips {counted(inside, 'time step')} in the midst of sequences, where no padding "
        "is: zeros that are data are skipped too."
    )
    if is_a(layer, "Embedding"):
        return Problem(what, (), True, "Number the codes from 1, and keep 0 for padding."), ()
    value = float(np.floor(values.min())) - 1
    why = f"and pad with {value:g}, which is no value of x"
    edit = Edit(rebuilt(model, {layer.name: {"mask_value": value}}), "", why, 2)
    return Problem(what, (), True, "Choose a mask_value that is no value of x."), [edit]


def _labels(labels, model, trial, source, notes, found):
    """Compare labels with what comes out, and with the loss."""
    good = Verdict(9, source, None, (), trial, tuple(notes))
    if labels is None:
        return good
    outputs = trial.output_shape
    loss = attribute(model, "loss") if is_layer(model) else None
    if not is_shape(outputs):
        keras = sys.modules["keras"]
        flat = [one for one in (outputs.values() if isinstance(outputs, dict) else outputs)]
        if not isinstance(labels, (list, tuple, dict)) or is_shape(labels) or len(labels) != len(flat):
            what = f"The model has {len(flat)} outputs, and y is not a list of {len(flat)} arrays."
            return found(5, what, advice=f"Pass a list of {len(flat)} arrays.", trial=trial)
        each = list(labels.values() if isinstance(labels, dict) else labels)
        losses = loss if isinstance(loss, (list, tuple)) else [loss] * len(flat)
        if isinstance(loss, dict):
            losses = list(loss.values())
        for place, (label, out, one) in enumerate(zip(each, flat, losses, strict=False)):
            fault = label_fault(label, out, one, model, source)
            if fault:
                return found(5, f"Output {place + 1}: {fault[0].what}", trial=trial)
        return good
    fault = label_fault(labels, outputs, loss, model, source)
    if fault is None:
        return good
    if isinstance(fault, str):
        return good._replace(notes=(*notes, fault))
    problem, edits, stage = fault
    return found(stage, problem, edits, trial=trial)


def label_fault(labels, output, loss, model, source):
    """Return what is wrong with labels: a note, or problem, edits and stage; None if they fit."""
    from .sources import read_array, _read_shape
    label = _read_shape(labels) if is_shape(labels) else read_array(labels, "y")
    if label.problem:
        return label.problem, label.edits, 5
    y, rows = label.specs.shape, output[0]
    if not y:
        return Problem("y is a single number. Each sample needs its label.",
                       advice="Pass an array with one label per sample."), (), 5
    count = source.specs.shape[0] if isinstance(source.specs, Spec) else rows
    if None not in (count, y[0]) and count != y[0] and not (source.kind == "dataset" and not source.batched):
        what = (
            f"x has {counted(count, 'sample')} and y has {y[0]}. Each sample needs its label. Windows "
            "of T steps over L values are L - T + 1, one fewer if the label is the value after."
        )
        n = min(count, y[0])
        long = "x" if count > n else "y"
        edits = [
            Edit(f"{long} = {long}[:{n}]", f"the first {n} of {long} belong to the others"),
            Edit(f"{long} = {long}[-{n}:]", f"the last {n} of {long} belong to the others"),
        ]
        return Problem(what), edits if source.kind in ("array", "shape") else (), 4
    batch = min(rows or y[0] or 2, 32)
    out = (batch, *(one if one is not None else other for one, other in
                    zip(output[1:], (*y[1:], *output[len(y):]), strict=False)))
    out = tuple(1 if one is None else one for one in out)
    shape = (batch, *(1 if size is None else size for size in y[1:]))
    kind = kind_of(loss) if loss is not None else "same"
    same = shape == out or (*shape, 1) == out or shape == (*out, 1)
    classes = shape in (out[:-1], (*out[:-1], 1))
    if loss is None:
        if same or classes:
            return None if same else f"y has shape {y} and what comes out {output}: classes by number."
        message, fits = None, False
    else:
        message = try_loss(loss, Spec(shape, label.specs.dtype), Spec(out))
        fits = {"sparse": classes, "": True}.get(kind, same)
    if message is None and fits:
        problem = label_values(label, out, kind)
        return (problem, (), 6) if problem else None
    what = f"y has shape {y}; what comes out has shape {output}. "
    if len(out) == 3 and len(shape) == 3 and out[1] != shape[1]:
        what += f"The model answers {counted(out[1], 'step')}, the labels have {shape[1]}. "
    elif len(out) == 2 and len(shape) == 3:
        what += "The model gives one answer per sample, the labels one per time step. "
    elif len(out) == 3 and len(shape) < 3:
        what += "The model gives an answer for every time step, the labels one per sample. "
    what += f"The loss stops: {message}" if message else (
        "No loss was given, and none fits." if loss is None else
        "The loss stretches one over the other, and compares what does not belong together.")
    edits = label_edits(Spec(shape, label.specs.dtype), Spec(out), model, kind)
    return Problem(what, silent=not message), edits, 5


def label_values(label, output, kind):
    """Find labels whose shape fits and whose values do not."""
    classes, values = output[-1], label.values
    if kind == "categorical" and classes == 1:
        what = "The loss compares 1 class only: its softmax is always 1, and nothing is learnt."
        return Problem(what, (), True, 'Use "binary_crossentropy" with Dense(1, "sigmoid").')
    if values is None or not values.size:
        return None
    problem = value_problem(label, "y")[0]
    if problem:
        return problem
    low, high = values.min(), values.max()
    what = f"y holds values from {low:g} to {high:g}. "
    if kind == "sparse" and (low < 0 or high >= classes):
        what += f"With {counted(classes, 'unit')} the classes are numbered 0 to {classes - 1}."
        return Problem(what, advice="Number the classes from 0, or give the last layer more units.")
    if kind == "binary" and (low < 0 or high > 1):
        what += "binary_crossentropy means 0 and 1."
        return Problem(what, (), True, 'Use another loss ("mse"), or turn y into 0 and 1.')
    return None


def kind_of(loss):
    """Tell which labels a loss wants: sparse, or the same as the output; others are not known."""
    loss = sys.modules["keras"].losses.get(loss)
    name = (attribute(loss, "__name__") or type(loss).__name__).lower().replace("_", "")
    for kind in ("sparse", "categorical", "binary"):
        if name.startswith(kind):
            return kind
    known = loss if attribute(loss, "__name__") else type(loss)
    return "same" if str(attribute(known, "__module__")).startswith("keras") else ""


def _with_rows(shape, rows):
    return (rows, *shape[1:]) if is_shape(shape) and shape else shape


def _shapes(specs):
    if isinstance(specs, Spec):
        return specs.shape
    if isinstance(specs, dict):
        return {name: _shapes(one) for name, one in specs.items()}
    return [_shapes(one) for one in specs] if isinstance(specs, (list, tuple)) else ()


class StandIn:
    """Stands for a PyDataset of one batch."""

    def __init__(self, batch):
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


def stand_in(x, source, deep):
    """Return what lines of code may work on: of the same kind, without moving or copying x."""
    if source.kind == "generator":
        return (batch for batch in [source.batch])
    if source.kind == "PyDataset":
        return StandIn(source.batch)
    if not deep and source.kind in ("array", "shape") and isinstance(source.specs, Spec):
        sizes = tuple(7 if size is None else size for size in source.specs.shape)
        return np.broadcast_to(np.zeros((), source.specs.dtype), sizes)
    return x


def search(x, model, y, verdict, most=40):
    """Look for the fewest lines of code after which nothing is wrong; return them as fixes."""
    deep, level, tries = verdict.stage in (0, 6), [(verdict, ())], 0
    for _ in range(3):
        passed, further = [], []
        for at, path in level:
            for edit in sorted(at.edits, key=lambda one: one.cost):
                steps = (*path, edit)
                if passed and cost(steps) > cost(passed[0][0]) + bool(edit.when) or tries == most:
                    continue
                tries += 1
                new = run(steps, stand_in(x, verdict.source, deep), model, y, deep)
                if new is None:
                    continue
                if new.problem is None and new.trial is not None:
                    passed.append((steps, new))
                elif _progress(new) > _progress(at):
                    further.append((new, steps))
        if passed or not further:
            break
        level = further
    return chosen(passed, verdict)


def run(steps, x, model, y, deep):
    """Execute lines of code on a stand-in and judge what comes of it; None if they fail."""
    code = "\n".join(step.code for step in steps)
    keras = sys.modules["keras"]
    names = {"np": np, "keras": keras, "x": x, "y": y, "model": model}
    with same_random_numbers(), warnings.catch_warnings(action="ignore"):
        try:
            if code.startswith("model.compile"):  # not the caller's
                names["model"] = keras.models.clone_model(model)
            exec(code, names)
            return judge(names["x"], names["model"], names["y"], deep)
        except Exception:
            return None


def cost(steps):
    """Return how much lines of code change."""
    return sum(edit.cost for edit in steps)


def chosen(passed, verdict):
    """Choose the fixes that change least, and with them the other answers to their question."""
    fixes, before = [], verdict.source.specs
    passed = sorted(passed, key=lambda one: cost(one[0]))
    for steps, new in passed[:4]:
        when = " and ".join(edit.when for edit in steps if edit.when)
        more = cost(steps) - cost(passed[0][0])
        if more > 1 or more and not (when and fixes[0].when):
            continue
        code, after = "\n".join(edit.code for edit in steps), new.source.specs
        why = "; ".join(edit.why for edit in steps if edit.why)
        known = isinstance(after, Spec) and after != before and "x =" in code
        if isinstance(before, Spec) and verdict.source.kind == "shape" and None in before.shape:
            known = False  # the code ran on sizes that were made up
        fixes.append(Fix(code, when, why, after.shape if known else None))
    return tuple(fixes)


def _progress(verdict):
    return verdict.stage, (verdict.trial and verdict.trial.place) or 0


def name_axes(shape, wanted=3):
    """Name the axes of a shape, if it has as many as are wanted."""
    if len(shape) != wanted or wanted < 2:
        return tuple(Axis("?", "unnamed", size, f"{wanted} axes are read here") for size in shape)
    letters = ["N", "T", *"P" * (wanted - 3), "F"][:wanted]
    return tuple(Axis(one, NAMES[one][0], size, NAMES[one][1])
                 for one, size in zip(letters, shape, strict=True))


def describe(shape, reader, trial):
    """Name the axes, and say how often the loop runs and what it reads."""
    loops = recurrent_layers(reader) if reader is not None else [None]
    if not loops:
        unnamed = tuple(Axis("?", "unnamed", size, "no loop reads it") for size in shape)
        return unnamed, "No recurrent layer reads x itself: no loop runs over it."
    passed = trial is not None and not trial.raises
    wanted = input_of(reader) if reader is not None else None
    first = loops[0]
    wanted = len(wanted) if is_shape(wanted) else attribute(attribute(
        first, "input_spec"), "ndim") or 3
    if passed:
        wanted = len(shape) if len(shape) > 2 else wanted
    axes = name_axes(shape, wanted)
    built = input_of(first) if first is not None else None
    layers = layers_of(reader) if reader is not None else None
    front = []
    for part in layers or []:
        if recurrent_layers(part):
            break
        front.append(part)
    reads = is_shape(built) and len(built) == len(shape) and built[2:] == shape[2:]
    own = not reads and layers is None and is_a(reader, "Model") and built is not None
    quiet = ("Masking", "Dropout", "BatchNormalization", "LayerNormalization", "Activation")
    if own or any(not is_a(part, *quiet) for part in front):
        if len(front) == 1 and is_a(front[0], "Embedding") and len(shape) == 2:
            return axes, (
                f"The first layer turns each of the {shape[1]} time steps into a vector of "
                "features; the loop runs once for each."
            )
        return axes, "The loop runs over what the layers in front make of x." if passed else ""
    if len(shape) != 3 and len(shape) != wanted:
        return axes, ""
    if len(shape) < 3:
        return axes, "The loop runs, because Keras adds an axis by itself." if passed else ""
    steps, inside = shape[1], shape[2:]
    what = f"an array of shape {inside}"
    if len(inside) == 1:
        what = "a vector " + (
            "of one number per feature" if inside[0] is None else f"of length {inside[0]}"
        )
    would = "would run" if trial is not None and trial.raises else "runs"
    if steps is None:
        return axes, f"The loop {would} once per time step; each time it reads {what}."
    if steps == 1:
        return axes, f"The loop {would} once; it reads {what}."
    return axes, f"The loop {would} {steps} times; each time it reads {what}."
