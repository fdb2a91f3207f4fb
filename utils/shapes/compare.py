"""Explain data to a reader: bring together what is read, what is wanted and what Keras says."""

from .axes import describe_loop, name_axes, one_step_notes
from .data import is_shape, rank_problems
from .explanation import Explanation
from .fit import batch_notes, batch_problems, code_problems, fit_problems, list_problems, rank_notes
from .labels import compare_labels
from .layers import describe_reader
from .sources import read_source
from .verdict import judge, try_reader


def explain(x, layer=None, y=None):
    """Explain what each axis of x is to an LSTM, what will run, and what does not fit.

    Parameters
    ----------
    x : array_like, dataset, pair, or tuple of int and None
        The data: an array, nested list, table, tensor, tf.data.Dataset, keras.utils.PyDataset or
        a pair (x, y). A tuple of integers (None for an open size) is read as a shape.
    layer : None, Keras layer or model, list of layers, keras.Input, or tuple
        What is to read `x`. It is not changed. A list, which may begin with keras.Input(...),
        stands for a Sequential model, also for one that Keras refuses to build. A tuple is the
        expected input shape, (T, F) or (B, T, F).
    y : None, array_like, or tuple of int
        Labels for `fit`; compared with what comes out, and with the loss of a compiled model.

    Returns
    -------
    Explanation
        Bad data raises nothing; it is listed in ``problems``.

    Raises
    ------
    TypeError
        If `x` holds no array at all (text, a dict, a generator), or `layer` reads no data.
    ValueError
        If labels are given twice, a tensor does not know how many axes it has, or `x` is a list
        for a model of several inputs.

    Examples
    --------
    >>> explain((25, 3, 1)).runs
    'The loop runs 3 times; each time it reads a vector of length 1.'
    >>> explain((25, 3)).ok
    False
    """
    reader = describe_reader(layer)
    if reader.several_inputs and isinstance(x, (list, tuple, dict)) and not is_shape(x):
        raise ValueError(
            "The model has several inputs. explain reads one at a time: pass one array, and the "
            "layer that reads it."
        )
    source = read_source(x, reader.ndim)
    if y is not None and source.y is not None:
        raise ValueError("y is given twice: x holds labels already. Leave y out.")
    labels = source.y if y is None else y
    shape = source.reading.shape
    attempt = try_reader(layer, reader, source.reading)
    problems, notes = _compare(source, layer, reader, attempt)
    axes, runs = _axes_and_loop(shape, reader, attempt)
    if any(not problem.silent for problem in problems):
        runs = runs.replace("The loop runs", "The loop would run")
    if labels is not None:
        compare_labels(labels, shape, attempt.output_shape, layer, problems, notes)
    return Explanation(
        shape=shape,
        axes=axes,
        runs=runs,
        problems=tuple(problems),
        notes=tuple(notes),
        output_shape=None if problems else attempt.output_shape,
        layers=attempt.layers,
    )


def _compare(source, layer, reader, attempt):
    """List the problems of the data with its reader, and what is to be noted."""
    shape = source.reading.shape
    problems, notes = list(source.reading.problems), [*source.notes, *reader.notes]
    if not reader.reads_codes:
        problems += rank_problems(source.reading, "x", reader.ndim, reader.expected)
    if attempt.impossible is None:
        problems += fit_problems(shape, reader, notes)
    problems = judge(problems, attempt, reader, shape)
    problems += code_problems(source.reading.array, reader)
    problems += list_problems(source, layer, reader)
    problems += batch_problems(shape, reader, source.batches)
    notes += attempt.notes
    if attempt.runs:
        notes += rank_notes(shape, reader)
    notes += batch_notes(shape, reader, source.batches)
    if reader.has_loop and reader.ndim == 3 and not reader.changed_in_front:
        notes += one_step_notes(shape, reader.stateful)
    return problems, notes


def _axes_and_loop(shape, reader, attempt):
    """Name the axes and describe the loop, as far as the reader has one."""
    if not reader.has_loop:
        return name_axes(shape, None), "No recurrent layer reads x itself: no loop runs over it."
    if attempt.runs and reader.changed_in_front:
        runs = "The loop runs over what the layers in front make of x."
        return name_axes(shape, reader.ndim), runs
    if attempt.runs and len(shape) != (reader.ndim or len(shape)):
        runs = "The loop runs, because Keras adds or drops an axis by itself."
        return name_axes(shape, reader.ndim), runs
    if reader.ndim == 2 and not reader.reads_codes and len(shape) == 2:
        axes = name_axes((shape[0], None, shape[1]))
        return (axes[0], axes[2]), "Layers in front make the time steps that the loop reads."
    return name_axes(shape, reader.ndim), describe_loop(shape, reader.ndim)
