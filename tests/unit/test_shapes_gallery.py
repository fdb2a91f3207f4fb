"""`explain` covers the shape errors of reference/error_messages.ipynb, and says what mends them."""

import keras
import numpy as np
import pytest

from utils.shapes import explain

layers = keras.layers
zeros = np.zeros


def words_in(text, *words):
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


def sequential(shape, *parts, loss=None):
    model = keras.Sequential([keras.Input(shape), *parts])
    if loss:
        model.compile(loss=loss)
    return model


def functional(shape):
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.LSTM(4)(inputs))


def used(layer, shape):
    layer(zeros(shape))
    return layer


# What is wrong: data, what reads it, words of the answer. Keras raises for each of them.
DATA = {
    "two axes": (zeros((25, 3)), layers.LSTM(4), ["2 axes", "x[..., np.newaxis]", "(1, 25, 3)"]),
    "one axis": (zeros(25), layers.LSTM(4), ["1 axis", "sliding_window_view"]),
    "two axes, neither fits": (
        zeros((25, 5)),
        sequential((5, 3), layers.LSTM(4)),
        ["reads 3 features", "no axis here has that size"],
    ),
    "two axes, columns are features": (
        zeros((25, 3)),
        sequential((5, 3), layers.LSTM(4)),
        ["x[np.newaxis] -> (1, 25, 3)", "timeseries_dataset_from_array(x, None, length)"],
    ),
    "two axes, flattened": (
        zeros((25, 15)),
        sequential((5, 3), layers.LSTM(4)),
        ["x.reshape(-1, 5, 3) -> (25, 5, 3)"],
    ),
    "four axes": (zeros((2, 5, 3, 2)), layers.LSTM(4), ["4 axes", "x.reshape(2, 5, 6)"]),
    "exchanged": (
        zeros((25, 1, 3)),
        sequential((3, 1), layers.LSTM(4), layers.Dense(1)),
        ["look exchanged", "np.transpose(x, (0, 2, 1))"],
    ),
    "exchanged, functional": (zeros((25, 1, 3)), functional((3, 1)), ["look exchanged"]),
    "features": (
        zeros((2, 3, 2)),
        used(layers.LSTM(4), (2, 3, 1)),
        ["expects (None, None, 1)", "one row per feature", "Input((None, 2))"],
    ),
    "time steps": (zeros((25, 6, 1)), functional((3, 1)), ["Input((None, 1))", "windows of 3"]),
    "nested list": (
        [[[0.1], [0.2], [0.3]]],
        functional((3, 1)),
        ["list of numbers", "np.array(x)"],
    ),
    "unequal list": ([[0.1, 0.2], [0.3]], functional((3, 1)), ["unequal length: 1, 2", "Masking"]),
    "unequal arrays": (
        np.array([zeros((2, 1)), zeros((3, 1))], dtype=object),
        functional((3, 1)),
        ["unequal length: 2, 3"],
    ),
    "objects": (np.full((2, 3, 1), 1.5, object), functional((3, 1)), ["dtype object", "float32"]),
    "text": (np.full((2, 3, 1), "A"), functional((3, 1)), ["dtype <U1", "one per letter"]),
    "no samples": (zeros((0, 3, 1)), functional((3, 1)), ["size 0", "shorter than the window"]),
    "pictures": (zeros((2, 3, 8)), layers.ConvLSTM1D(2, 2), ["reads 4", "x[..., np.newaxis]"]),
}


@pytest.mark.parametrize("case", DATA)
def test_data_that_stops_keras(case):
    x, reader, words = DATA[case]
    explanation = explain(x, reader)
    words_in(str(explanation).replace("\n  ", " "), *words)
    assert explanation.raises and explanation.output_shape is None
    with pytest.raises(Exception):  # noqa: B017 - the message is the notebook's to hold
        reader.predict(x, verbose=0) if hasattr(reader, "predict") else reader(x)


INPUT = keras.Input((3, 1))
MODELS = {
    "second LSTM": (
        [INPUT, layers.LSTM(4), layers.LSTM(4)],
        ["Layer 2, LSTM, receives shape (None, 4)", "Give the LSTM before it return_sequences"],
    ),
    "TimeDistributed": (
        [INPUT, layers.LSTM(4), layers.TimeDistributed(layers.Dense(1))],
        ["Layer 2, TimeDistributed", "Give the LSTM before it return_sequences=True"],
    ),
    "samples in Input": (
        [keras.Input((25, 3, 1)), layers.LSTM(4)],
        ["4 axes", "Input((3, 1)) instead of Input((25, 3, 1))"],
    ),
    "open features": (
        [keras.Input((3, None)), layers.LSTM(4)],
        ["number of features open", "Input((3, F))"],
    ),
    "state returned": (
        [INPUT, layers.LSTM(4, return_state=True), layers.Dense(1)],
        ["Layer 1, LSTM, returns 3 arrays", "return_state=True"],
    ),
    "Embedding": (
        [INPUT, layers.Embedding(5, 4), layers.LSTM(4)],
        ["Layer 2, LSTM, receives shape (None, 3, 1, 4)", "Input((T,))"],
    ),
    "stateful without batch size": (
        [INPUT, layers.LSTM(4, stateful=True)],
        ["batch size must be static", "keras.Input(batch_shape=(B, 3, 1))"],
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_layers_that_make_no_model(case):
    parts, words = MODELS[case]
    explanation = explain((25, 3, 1), parts)
    assert len(explanation.problems) == 1 and explanation.raises
    words_in(str(explanation.problems[0]), *words)
    with pytest.raises(Exception):  # noqa: B017
        keras.Sequential(parts)


def test_a_table_in_front_of_a_model_of_one_feature():
    any_length = sequential((None, 1), layers.LSTM(4))
    problem = explain(zeros((25, 3)), any_length).problems[0]
    assert problem.silent  # Keras adds the axis, and reads features as time steps
    words_in(problem.fix, "(25, 3, 1)", "one moment with 3 features", "Input((None, 3))")
    # As many columns as time steps: they are time steps.
    assert (
        "moment" not in explain(zeros((25, 3)), sequential((3, 1), layers.LSTM(4))).problems[0].fix
    )


def test_the_fix_of_a_stack_works():
    parts = [INPUT, layers.LSTM(4, return_sequences=True), layers.LSTM(4), layers.Dense(2)]
    explanation = explain((25, 3, 1), parts)
    assert explanation.ok and explanation.output_shape == (25, 2)
    assert explanation.layers == (
        ("LSTM", (25, 3, 4)),
        ("LSTM", (25, 4)),
        ("Dense", (25, 2)),
    )
    words_in(str(explanation), "Layer by layer: LSTM (25, 3, 4); LSTM (25, 4); Dense (25, 2).")
    # A list that is possible is compared with the data, like a model.
    words_in(str(explain((25, 3, 2), parts).problems[0]), "Select 1 of them")


SILENT = {
    "2 axes, Input ends in 1": (zeros((25, 5)), sequential((5, 1), layers.LSTM(4)), "adds the"),
    "fourth axis": (zeros((2, 5, 3, 1)), sequential((5, 3), layers.LSTM(4)), "drops a fourth"),
    "other T": (zeros((25, 6, 1)), sequential((3, 1), layers.LSTM(4)), "Input((None, 1))"),
    "codes with an axis": (
        zeros((2, 3, 1), int),
        sequential((3,), layers.Embedding(5, 4), layers.LSTM(4)),
        "x[..., 0]",
    ),
    "NaN": (np.full((2, 3, 1), np.nan), functional((3, 1)), "NaN or infinite"),
    "list of arrays": ([zeros((3, 1))] * 4, sequential((3, 1), layers.LSTM(4)), "np.stack(x)"),
    "complex": (zeros((2, 3, 1), complex), functional((3, 1)), "real numbers"),
}


@pytest.mark.parametrize("case", SILENT)
@pytest.mark.filterwarnings("ignore")
def test_what_passes_without_an_error(case):
    x, model, words = SILENT[case]
    explanation = explain(x, model)
    assert not explanation.ok and not explanation.raises
    assert explanation.output_shape is None
    words_in(str(explanation).replace("\n  ", " "), "Silent problem: ", words)
    model.predict(x, verbose=0)


def test_keras_reads_the_first_of_a_list_of_arrays_only():
    one = zeros((3, 1), "float32")
    with pytest.warns(UserWarning, match="structure of `inputs`"):
        assert sequential((3, 1), layers.LSTM(4))([one] * 4).shape == (3, 4)
    for reader, x in ((functional((3, 1)), one), (layers.LSTM(4), one)):
        assert explain([x] * 4, reader).raises
        with pytest.raises(ValueError):
            reader([x] * 4)


# Labels -------------------------------------------------------------------------------------

X = zeros((25, 3, 1))


def classifier(loss, units=5, every_step=False, activation="softmax"):
    lstm = layers.LSTM(4, return_sequences=every_step)
    return sequential((3, 1), lstm, layers.Dense(units, activation), loss=loss)


LABELS = {
    "count": (classifier("mse"), zeros((24, 5)), ["25 samples and y has 24", "L - T + 1"], False),
    "integers": (
        classifier("categorical_crossentropy"),
        zeros(25, int),
        ["sparse_categorical_crossentropy", "keras.utils.to_categorical(y, 5)"],
        False,
    ),
    "one-hot": (
        classifier("sparse_categorical_crossentropy"),
        zeros((25, 5)),
        ["one-hot", 'loss="categorical_crossentropy"', "y.argmax(axis=-1)"],
        False,
    ),
    "one label, answers for every step": (
        classifier("sparse_categorical_crossentropy", every_step=True),
        zeros(25, int),
        ["an answer for every time step", "Leave return_sequences=True out"],
        False,
    ),
    "label for every step, one answer": (
        classifier("mse", 1, activation=None),
        zeros((25, 3, 1)),
        ["stretches", "y[:, -1]"],
        True,
    ),
    "one label stretched over every step": (
        classifier("mse", 1, every_step=True, activation=None),
        zeros((25, 1)),
        ["stretches", "Leave return_sequences=True out"],
        True,
    ),
    "other width": (
        classifier("mse", 3, activation=None),
        zeros((25, 2)),
        ["last layer have 2 units"],
        False,
    ),
    "class too high": (
        classifier("sparse_categorical_crossentropy"),
        np.full(25, 5),
        ["values from 5 to 5", "0 to 4"],
        False,
    ),
    "one class": (
        classifier("categorical_crossentropy", 1),
        zeros((25, 1)),
        ["1 class", 'Dense(1, "sigmoid")'],
        True,
    ),
    "binary": (
        classifier("binary_crossentropy", 1, activation="sigmoid"),
        np.full((25, 1), 7),
        ["means 0 and 1"],
        True,
    ),
    "text": (classifier("mse"), np.full(25, "A"), ["y has dtype <U1"], False),
}


@pytest.mark.parametrize("case", LABELS)
@pytest.mark.filterwarnings("ignore")
def test_labels_that_do_not_match(case):
    model, y, words, silent = LABELS[case]
    explanation = explain(X, model, y)
    assert len(explanation.problems) == 1, explanation
    words_in(str(explanation.problems[0]), *words)
    assert explanation.problems[0].silent is silent

    def fit():
        model.evaluate(X, y, verbose=0)

    if silent:
        fit()
    else:
        with pytest.raises(Exception):  # noqa: B017
            fit()


@pytest.mark.parametrize(
    ("loss", "units", "y"),
    [
        ("mse", 1, zeros(25)),
        ("mse", 1, zeros((25, 1))),
        ("categorical_crossentropy", 5, np.eye(5)[zeros(25, int)]),
        ("sparse_categorical_crossentropy", 5, zeros((25, 1), int)),
        (keras.losses.SparseCategoricalCrossentropy(), 5, np.arange(25) % 5),
        ("binary_crossentropy", 1, np.arange(25) % 2),
    ],
)
def test_labels_that_match(loss, units, y):
    explanation = explain(X, classifier(loss, units, activation="sigmoid"), y)
    assert explanation.ok and explanation.notes == ()
    assert explanation.output_shape == (25, units)


def test_without_a_loss_labels_are_compared_with_nothing():
    model = functional((3, 1))
    words_in(explain(X, model, zeros((25, 1))).notes[0], "(25, 1)", "(25, 4)", "compile")
    assert explain(X, model, zeros((25, 4))).ok
    assert not explain(X, model, zeros((24, 4))).ok
    assert explain(X, None, zeros(25)).ok


def test_a_single_label():
    words_in(str(explain(X, classifier("mse"), 5).problems[0]), "y is a single number")


def test_labels_are_given_once():
    with pytest.raises(ValueError, match="y is given twice"):
        explain((X, zeros(25)), None, zeros(25))
