"""Ask Keras about a shape, and say of each problem whether it raises or passes in silence."""

from .explanation import LayerOutput, Problem
from .stack import Attempt, ended, try_list, walk
from .trial import is_one_shape, try_layer

NOT_TRIED = (
    "Keras was not asked: a size is open or too large to try, or the layer has no weights yet and "
    "cannot be copied. In the last case call it once on data that fits, and explain again."
)


def try_reader(layer, reader, reading):
    """Try the shape of the data on a layer, a model or a list of layers.

    Returns
    -------
    Attempt
        Empty where nothing can be tried: no layer, no numbers, sizes that are open.
    """
    shape = reading.shape
    if not reader.can_be_tried or reading.dtype is None or reader.problems or not shape:
        return Attempt()
    batch = _one_batch(shape, reader)
    if isinstance(layer, (list, tuple)):
        attempt = try_list(reader, batch, reading.dtype)
    else:
        attempt = Attempt(try_layer(layer, batch, reading.dtype))
        if reader.layers and len(shape) == len(reader.expected or shape):
            attempt = attempt._replace(layers=walk(reader.layers, batch, reading.dtype)[0])
    if attempt.trial is None and attempt.impossible is None:
        return Attempt(notes=(NOT_TRIED,))
    if attempt.runs:
        attempt = attempt._replace(output_shape=attempt.trial.output_shape)
    if batch == shape:
        return attempt
    if shape[0] and shape[0] % batch[0]:
        return attempt._replace(layers=())  # the last batch is short: see batch_problems
    return _with_all_samples(attempt, shape[0])


def judge(problems, attempt, reader, shape):
    """Mark as silent what Keras runs all the same, and add what it refuses for other reasons."""
    trial = attempt.trial
    if trial is not None:
        problems = [one._replace(silent=one.silent or not trial.raises) for one in problems]
    problems = [*reader.problems, *problems]
    if attempt.impossible is not None:
        return [*problems, attempt.impossible]
    if trial is not None and trial.raises and all(one.silent for one in problems):
        what = f"Keras does not run shape {shape}: {ended(trial.message)}"
        fix = "Look at what the first layer reads: its Input, or the data that it was built with."
        if attempt.layers:
            name, seen = attempt.layers[-1]
            fix = f"It gets as far as {name}, which returns {seen}; look at the layer after it."
        problems.append(Problem(what, fix))
    return problems


def _one_batch(shape, reader):
    """Return the shape of one batch: a stateful layer takes one number of samples only."""
    batch_size = reader.expected[0] if reader.expected and reader.stateful else None
    return (batch_size, *shape[1:]) if batch_size and shape[0] != 0 else shape


def _with_all_samples(attempt, samples):
    """Put the number of all samples in the place of one batch of a stateful layer."""
    output = attempt.output_shape
    if is_one_shape(output):
        output = (samples, *output[1:])
    layers = tuple(
        LayerOutput(name, (samples, *shape[1:]) if is_one_shape(shape) else shape)
        for name, shape in attempt.layers
    )
    return attempt._replace(output_shape=output, layers=layers)
