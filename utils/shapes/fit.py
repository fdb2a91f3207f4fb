"""Compare a shape with the shape that is expected, and samples with a fixed batch size."""

import math

from .explanation import Problem, counted
from .trial import try_layer

ISSUE = "keras issue 21183"


def fit_problems(shape, reader, notes):
    """List where a shape differs from what the reader expects; the rank is checked elsewhere."""
    if reader.ndim == 2 and reader.reads_codes:
        return _compare_codes(shape, reader)
    if len(shape) == 3 == len(reader.expected or ()):
        return _compare_sequences(shape, reader, notes)
    if reader.expected is None or len(shape) != len(reader.expected):
        return []
    pairs = list(zip(shape, reader.expected, strict=True))[1:]
    if all(None in pair or pair[0] == pair[1] for pair in pairs):
        return []
    return [_mismatch(shape, reader.expected, "Bring the data into that shape.")]


def _compare_sequences(shape, reader, notes):
    """List where (N, T, F) differs from what is expected."""
    _, steps, features = reader.expected
    _, t, f = shape
    expected = (None, None, features) if reader.any_length else reader.expected
    problems = []
    wrong_f = None not in (f, features) and f != features
    wrong_t = None not in (t, steps) and t != steps
    if wrong_f and t == features and (steps in (f, None) or reader.any_length):
        return [_swapped_problem(shape, expected)]
    if wrong_f:
        target = expected[1]
        fix = (
            f"The kernel has one row per feature, so {counted(f, 'feature')} would need other "
            f"weights. Select {features} of them, or build the model with Input(({target}, {f}))."
        )
        problems.append(_mismatch(shape, expected, fix))
    if wrong_t and reader.any_length:
        notes.append(
            f"The layer was built with {counted(steps, 'time step')}; it reads any number, "
            "with the same weights."
        )
    elif wrong_t:
        fix = (
            f"An LSTM reads any number of time steps if the Input leaves it open: Input((None, "
            f"{features})). Or cut windows of {steps}."
        )
        problems.append(_mismatch(shape, expected, fix))
    return problems


def _compare_codes(shape, reader):
    """List where a shape differs from the (samples, time steps) that an Embedding reads."""
    expected = reader.expected or (None, None)
    if len(shape) == 3 and shape[2] == 1:
        return [_mismatch(shape, expected, "Drop the features axis: x[..., 0].")]
    if len(shape) != 2:
        return [_mismatch(shape, expected, "Pass one integer code per time step, 2 axes.")]
    if None not in (shape[1], expected[1]) and shape[1] != expected[1]:
        return [_mismatch(shape, expected, "Pad to that length, or use Input((None,)).")]
    return []


def code_problems(array, reader):
    """List values that an Embedding in front cannot look up, or looks up by mistake."""
    if array is None or not array.size or not reader.reads_codes:
        return []
    low, high = array.min(), array.max()
    if not math.isfinite(low + high):  # another problem says so
        return []
    what = f"x holds values from {low:g} to {high:g}. The Embedding knows the codes 0 to "
    what += f"{reader.codes - 1}."
    if high >= reader.codes:
        fix = f"Number the codes from 0, or write Embedding({int(high) + 1}, ...)."
        return [Problem(what, fix)]
    if low < 0:
        return [Problem(what, "Number the codes from 0: a negative code has no meaning.", True)]
    if (array % 1).any():
        what += " It cuts other numbers off to whole ones, without an error."
        return [Problem(what, "Pass the integer codes themselves, not scaled.", True)]
    return []


def rank_notes(shape, reader):
    """Note where Keras adds or drops an axis without a message."""
    if not reader.is_model or len(reader.expected or ()) != 3:
        return []
    if len(shape) == 2 and reader.expected[2] == 1:
        return [
            "A Keras 3 model whose Input ends in 1 feature adds the missing axis to 2-axis data "
            "by itself, with no message; a layer called on its own raises. Write it yourself."
        ]
    if len(shape) == 4 and shape[3] == 1:
        return [
            "A Keras 3 model drops a fourth axis of size 1 by itself, with no message; a layer "
            "called on its own raises. Drop it yourself."
        ]
    return []


def list_problems(source, layer, reader):
    """Say that Keras does not read a list as an array."""
    if source.items is None or not reader.can_be_tried or source.reading.dtype is None:
        return []
    if not source.items:
        what = "x is a list of numbers. A Keras layer or model takes arrays, and stops at lists."
        return [Problem(what, "Make an array of it: x = np.array(x).")]
    what = (
        f"x is a list of {counted(len(source.items), 'array')}. Keras takes each item of a list "
        "for another input; a Sequential model may read the first and drop the rest."
    )
    first = None
    if type(layer).__name__ == "Sequential":
        first = try_layer(layer, source.items[0])
    silent = first is not None and not first.raises
    return [Problem(what, "Make one array of them: x = np.stack(x).", silent)]


def batch_problems(shape, reader, batches):
    """List what is wrong with the number of samples where the batch size is fixed."""
    batch_size = reader.expected[0] if reader.expected else None
    if reader.stateful is False or not batch_size or not shape or not shape[0]:
        return []
    samples = shape[0]
    if batches and samples != batch_size:
        what = (
            f"The batches have {counted(samples, 'sample')}. The layer is stateful with batch "
            f"size {batch_size}, and takes no other."
        )
        fix = f"Write .batch({batch_size}, drop_remainder=True), or build the model anew."
        return [Problem(what, fix, silent=samples == 1 and reader.is_model)]
    if samples % batch_size == 0:
        return []
    return [_remainder_problem(samples, batch_size, reader)]


def batch_notes(shape, reader, batches):
    """Note how a stateful model wants its data passed."""
    batch_size = reader.expected[0] if reader.expected and reader.stateful else None
    if not batch_size or not shape or shape[0] == batch_size:
        return []
    if batches and shape[0] is None:
        return [
            f"The dataset does not say how large its batches are. The layer is stateful: write "
            f".batch({batch_size}, drop_remainder=True), so that every batch has {batch_size}."
        ]
    if reader.is_model and not batches:
        return [
            f"Pass batch_size={batch_size} to fit, predict and evaluate, which take 32 otherwise, "
            "and shuffle=False to fit."
        ]
    return []


def _mismatch(shape, expected, fix):
    """Say what was given and what was expected."""
    return Problem(f"x has shape {shape}. The layer expects {tuple(expected)}.", fix)


def _swapped_problem(shape, expected):
    """Describe data whose time steps and features look exchanged."""
    n, t, f = shape
    fix = (
        "Time steps and features look exchanged. If the data has features before time steps, write "
        f"np.transpose(x, (0, 2, 1)) -> ({n}, {f}, {t}). "
    )
    if 1 in (t, f):
        fix += (
            "Here one of the two axes has size 1, so a reshape gives the same numbers. When both "
            "are longer than 1, reshape scrambles time steps and features with no error."
        )
    else:
        fix += f"Do not write x.reshape({n}, {f}, {t}): it scrambles the data with no error."
    return _mismatch(shape, expected, fix)


def _remainder_problem(n, batch_size, reader):
    """Describe samples that do not fill the last batch of a stateful layer."""
    rest = n % batch_size
    why = "The layer is stateful with" if reader.stateful else "The expected shape fixes the"
    danger = "fit, predict and evaluate would stop in that batch."
    if rest == 1:
        danger = (
            "fit, predict and evaluate would broadcast that single row over all rows of state "
            f"without an error ({ISSUE})."
        )
    if rest == 1 and n < batch_size:
        danger = (
            "A model that has run another batch would broadcast that single row over all rows of "
            f"state without an error ({ISSUE}); a new model stops."
        )
    rows = counted(rest, "row")
    fix = f"pad {batch_size - rest} more."
    if n > batch_size:
        fix = f"drop {rows}, x[:{n - rest}], or " + fix
    what = (
        f"x has {counted(n, 'sample')}. {why} batch size {batch_size}, and the last batch would "
        f"have {rows}. It needs a multiple of {batch_size}. "
    )
    what += danger if reader.stateful else f"If the layer is stateful: {danger}"
    fix = fix[0].upper() + fix[1:] + " Or build the model with another batch size."
    return Problem(what, fix, silent=rest == 1 and (reader.is_model or not reader.stateful))
