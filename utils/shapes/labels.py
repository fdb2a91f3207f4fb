"""Compare labels with the samples, with what comes out, and with the loss."""

from .data import is_shape
from .explanation import Problem, counted
from .faults import attribute
from .sources import read_labels
from .trial import is_keras_layer, try_loss


def compare_labels(y, shape, output, model, problems, notes):
    """Add to problems and notes what is to be said about labels.

    Parameters
    ----------
    y : array_like, tuple of int, or spec of a dataset
        The labels.
    shape : tuple
        Of the data.
    output : tuple or None
        The shape that comes out, if it is known.
    model : object
        What reads the data. Its loss is asked if it is compiled.
    problems, notes : list
        Are added to.
    """
    labels = read_labels(y)
    problems += labels.problems
    if labels.dtype is None:
        return
    if not labels.shape:
        fix = "Pass an array with one label per sample."
        problems.append(Problem("y is a single number. Each sample needs its label.", fix))
        return
    n, m = shape[0] if shape else None, labels.shape[0]
    if None not in (n, m) and n != m:
        what = f"x has {counted(n, 'sample')} and y has {m}. Each sample needs its label."
        fix = (
            "Cut both from the same rows. With windows of T steps a series of L values gives "
            "L - T + 1 windows, one fewer if the label is the value after the window."
        )
        problems.append(Problem(what, fix))
        return
    if not is_shape(output) or None in output[1:] or None in labels.shape[1:]:
        return
    loss = attribute(model, "loss") if is_keras_layer(model) else None
    if loss is None and labels.shape[1:] != output[1:]:
        notes.append(
            f"y has shape {labels.shape}; what comes out has shape {output}. Whether they fit is "
            "for the loss to say: compile the model first."
        )
    elif loss is None:
        notes.append(f"y and what comes out have the same shape: {output}.")
    elif isinstance(loss, (list, tuple, dict)):
        notes.append("The model has several losses; y was not compared with them.")
    else:
        problems += _compare_with_loss(labels, output, loss)


def _compare_with_loss(labels, output, loss):
    """List where labels do not fit the output under this loss."""
    kind = _kind_of(loss)
    shape = (output[0], *labels.shape[1:])
    trial = try_loss(loss, (shape, labels.dtype), output)
    if kind == "sparse":
        fits = shape in (output[:-1], (*output[:-1], 1))
    else:
        fits = shape == output or (*shape, 1) == output or shape == (*output, 1)
    if fits and not trial.raises:
        return _value_problems(labels, output, kind)
    what = f"y has shape {labels.shape}; what comes out has shape {output}. "
    if trial.raises:
        what += f"The loss stops: {trial.message}"
        what += "" if what.endswith(".") else "."
    else:
        what += "The loss stretches one over the other, and compares what does not belong together."
    return [Problem(what, _label_fix(shape, output, kind, loss), silent=not trial.raises)]


def _label_fix(shape, output, kind, loss):
    """Suggest how labels and output come together."""
    classes = output[-1]
    if kind == "sparse" and shape == output:
        return 'y looks one-hot. Use loss="categorical_crossentropy", or pass y.argmax(axis=-1).'
    if kind == "categorical" and shape in (output[:-1], (*output[:-1], 1)):
        return (
            'y holds one number per label. Use loss="sparse_categorical_crossentropy", or pass '
            f"keras.utils.to_categorical(y, {classes})."
        )
    if len(output) == 2 and len(shape) == 3:
        return (
            "y has a label for every time step, and the model gives one answer per sample. Give "
            "the last recurrent layer return_sequences=True, or keep the last label: y[:, -1]."
        )
    if len(output) == 3 and len(shape) < 3:
        return (
            "The model gives an answer for every time step, and y has one label per sample. Leave "
            "return_sequences=True out of the last recurrent layer."
        )
    if len(shape) == len(output):
        return f"Let the last layer have {shape[-1]} units, or pass {classes} values per label."
    return f"Bring y into shape {output if kind != 'sparse' else output[:-1]}."


def _value_problems(labels, output, kind):
    """List labels whose shape fits and whose values do not."""
    classes, values = output[-1], labels.array
    if kind == "categorical" and classes == 1:
        what = "The loss compares 1 class only: its softmax is always 1, and nothing is learnt."
        return [Problem(what, 'Use loss="binary_crossentropy" with Dense(1, "sigmoid").', True)]
    if values is None or not values.size:
        return []
    low, high = values.min(), values.max()
    if kind == "sparse" and (low < 0 or high >= classes):
        what = (
            f"y holds values from {low:g} to {high:g}. With {counted(classes, 'unit')} in the last "
            f"layer the classes are numbered 0 to {classes - 1}."
        )
        return [Problem(what, "Number the classes from 0, or give the last layer more units.")]
    if kind == "binary" and (low < 0 or high > 1):
        what = f"y holds values from {low:g} to {high:g}. binary_crossentropy means 0 and 1."
        return [Problem(what, 'Use another loss ("mse"), or turn y into 0 and 1.', silent=True)]
    return []


def _kind_of(loss):
    """Tell which labels a loss wants: sparse, categorical, binary, or the same as the output."""
    name = loss if isinstance(loss, str) else attribute(loss, "__name__") or type(loss).__name__
    name = name.lower().replace("_", "")
    for kind in ("sparse", "categorical", "binary"):
        if name.startswith(kind):
            return kind
    return {"scce": "sparse", "cce": "categorical", "bce": "binary"}.get(name, "same")
