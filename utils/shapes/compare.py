"""Compare data with what is to read it, and put the findings into words."""

from utils.shapes.data import axes_problem, is_shape, read_data, read_shape
from utils.shapes.explanation import LSTM_AXES, Axis, Explanation, Problem, counted
from utils.shapes.layers import describe_reader

ISSUE = "keras issue 21183"


def explain(x, layer=None):
    """Explain what each axis of x is to an LSTM, and what does not fit.

    Parameters
    ----------
    x : array_like, or tuple of int and None
        The data. A tuple of integers (None for an open size) is read as a shape.
    layer : None, Keras layer, Keras model, keras.Input, or tuple
        What is to read `x`. A tuple is the expected input shape, (T, F) or (B, T, F).

    Returns
    -------
    Explanation
        Bad data raises nothing; it is listed in ``problems``. ``output_shape`` is what the first
        recurrent layer returns; None if it is not known or if there are problems.

    Examples
    --------
    >>> explain((25, 3, 1)).runs
    'The loop runs 3 times; each time it reads a vector of length 1.'
    >>> explain((25, 3)).ok
    False
    """
    reading = read_shape(x, "x") if is_shape(x) else read_data(x, "x")
    shape, problems, notes = reading.shape, list(reading.problems), []
    reader = describe_reader(layer, problems, notes)
    makes_features = len(reader.expected or ()) == 2
    if makes_features:
        # An Embedding reads (samples, time steps) and makes the third axis itself.
        wanted_by_lstm = axes_problem(shape, "x") if len(shape) != 3 else None
        problems = [problem for problem in problems if problem != wanted_by_lstm]
        problems += _compare_two_axes(shape, reader.expected)
    elif len(shape) == 3 and reader.expected:
        problems += _compare(shape, reader, notes)
    elif reader.is_model and reader.expected:
        _note_silent_rank(shape, reader.expected, notes)
    batch_size = reader.expected[0] if reader.expected else None
    if reader.stateful is not False and batch_size and shape and (shape[0] or 0) % batch_size:
        problems.append(_remainder_problem(shape[0], batch_size, reader.stateful))
    output_shape = None
    if len(shape) == 3 and not makes_features:
        _note_one_step(shape, reader, notes)
    if reader.units and not problems:
        steps = shape[1:2] if reader.return_sequences else ()
        output_shape = (shape[0], *steps, reader.units)
    axes = _axes(shape, makes_features)
    runs = _runs(shape, makes_features)
    return Explanation(shape, axes, runs, tuple(problems), tuple(notes), output_shape)


def _compare(shape, reader, notes):
    """List where a 3-axis shape differs from what the reader expects."""
    _, steps, features = reader.expected
    _, t, f = shape
    problems = []
    wrong_f = None not in (f, features) and f != features
    wrong_t = None not in (t, steps) and t != steps
    if wrong_f and t == features and (steps in (f, None) or reader.any_length):
        problems.append(_swapped_problem(shape, reader.expected))
    else:
        if wrong_f:
            target = "None" if steps is None else steps
            problems.append(
                _mismatch(
                    shape,
                    reader.expected,
                    f"The kernel has one row per feature, so {counted(f, 'feature')} would need "
                    f"other weights. Select {features} of them, or build the model with "
                    f"Input(({target}, {f})).",
                )
            )
        if wrong_t and reader.any_length:
            notes.append(
                f"The layer was built with {counted(steps, 'time step')}; it reads any number, "
                "with the same weights."
            )
        elif wrong_t:
            problems.append(
                _mismatch(
                    shape,
                    reader.expected,
                    f"An LSTM reads any number of time steps if the Input leaves it open: "
                    f"Input((None, {features})). Or cut windows of {steps}. A functional model "
                    "raises here; a Sequential one may run without a word.",
                )
            )
    return problems


def _compare_two_axes(shape, expected):
    """List where a shape differs from the (samples, time steps) that an Embedding reads."""
    if len(shape) == 3 and shape[2] == 1:
        return [_mismatch(shape, expected, "Drop the features axis: x[..., 0].")]
    if len(shape) != 2:
        return [_mismatch(shape, expected, "Pass one integer code per time step, 2 axes.")]
    if None not in (shape[1], expected[1]) and shape[1] != expected[1]:
        return [_mismatch(shape, expected, "Pad to that length, or use Input((None,)).")]
    return []


def _note_silent_rank(shape, expected, notes):
    """Note where Keras adds or drops an axis without a message."""
    if len(shape) == 2 and expected[2] == 1:
        notes.append(
            "A Keras 3 model whose Input ends in 1 feature adds the missing axis to 2-axis data "
            "by itself, with no message; a layer called on its own raises. Write it yourself."
        )
    if len(shape) == 4 and shape[3] == 1:
        notes.append(
            "A Keras 3 model drops a fourth axis of size 1 by itself, with no message; a layer "
            "called on its own raises. Drop it yourself."
        )


def _mismatch(shape, expected, fix):
    """Say what was given and what was expected."""
    return Problem(f"x has shape {shape}. The layer expects {tuple(expected)}.", fix)


def _swapped_problem(shape, expected):
    """Describe data whose time steps and features look exchanged."""
    n, t, f = shape
    problem = _mismatch(
        shape,
        expected,
        "Time steps and features look exchanged. If the data has features before time steps, write "
        f"np.transpose(x, (0, 2, 1)) -> ({n}, {f}, {t}). ",
    )
    if 1 in (t, f):
        more = (
            "Here one of the two axes has size 1, so a reshape gives the same numbers. When both "
            "are longer than 1, reshape scrambles time steps and features with no error."
        )
    else:
        more = f"Do not write x.reshape({n}, {f}, {t}): it scrambles the data with no error."
    return Problem(problem.what, problem.fix + more)


def _remainder_problem(n, batch_size, stateful):
    """Describe samples that do not fill the last batch of a stateful layer."""
    rest = n % batch_size
    why = "The layer is stateful with" if stateful else "The expected shape fixes the"
    danger = (
        "fit, predict and evaluate would stop in that batch."
        if rest > 1
        else "fit, predict and evaluate would broadcast that single row over all rows of state "
        f"without an error ({ISSUE})."
    )
    rows = counted(rest, "row")
    fix = f"pad {batch_size - rest} more."
    if n > batch_size:
        fix = f"drop {rows}, x[:{n - rest}], or " + fix
    return Problem(
        f"x has {counted(n, 'sample')}. {why} batch size {batch_size}, and the last batch would "
        f"have {rows}. It needs a multiple of {batch_size}. "
        + (danger if stateful else f"If the layer is stateful: {danger}"),
        fix[0].upper() + fix[1:] + " Or build the model with another batch size.",
    )


def _axes(shape, makes_features=False):
    """Name the axes; with makes_features, two axes are samples and time steps."""
    if len(shape) == 3 or (makes_features and len(shape) == 2):
        return tuple(
            Axis(letter, name, size, meaning)
            for (letter, name, meaning), size in zip(LSTM_AXES, shape, strict=False)
        )
    meaning = f"an LSTM reads 3 axes, not {len(shape)}"
    return tuple(Axis("?", "unnamed", size, meaning) for size in shape)


def _runs(shape, makes_features=False):
    """Say how often the loop runs and what it reads."""
    if len(shape) == 2 and makes_features:
        return (
            f"The first layer turns each of the {shape[1]} time steps into a vector of features; "
            "the loop runs once for each."
        )
    if len(shape) != 3:
        return "The loop cannot run: x does not have 3 axes."
    _, t, f = shape
    vector = "of one number per feature" if f is None else f"of length {f}"
    if t is None:
        return f"The loop runs once per time step; each time it reads a vector {vector}."
    if t == 1:
        return f"The loop runs once; it reads a vector {vector}."
    return f"The loop runs {t} times; each time it reads a vector {vector}."


def _note_one_step(shape, reader, notes):
    """Note what a single time step means."""
    _, t, f = shape
    if t != 1:
        return
    if reader.stateful:
        notes.append(
            "With 1 time step per call, all memory is in the state that goes from call to call. "
            "Reset it where a new sequence starts."
        )
        return
    notes.append(
        "With 1 time step and zero initial state the recurrent weights have nothing to read: "
        "they multiply zeros, and no gradient reaches them."
    )
    if f is not None and f > 1:
        notes.append(
            f"The layer reads the {f} features all at once, in no order. If they are {f} moments "
            f"of one series, shape ({shape[0]}, {f}, 1) lets the loop read them one after another."
        )
