"""What `explain` predicts is what Keras does: random data on random layers, both tried."""

import random

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.shapes import explain

layers = keras.layers
U = 3
# A fixed draw keeps rare cases out of unrelated changes. To hunt: False, and more examples.
FIXED_DRAW = True


class Own(keras.Model):
    """A model of one's own: Keras cannot copy it, and it has no Input."""

    def __init__(self):
        super().__init__()
        self.lstm = layers.LSTM(U)
        self.answer = layers.Dense(2)

    def call(self, x):
        return self.answer(self.lstm(x))


def sequential(*parts, **options):
    return keras.Sequential([keras.Input(**options), *parts])


def functional(shape, *parts):
    x = inputs = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def used(machine, shape):
    """Return a layer that has its weights."""
    machine(np.zeros(shape, "float32"))
    return machine


# Each makes a new layer or model for T time steps of F features.
MACHINES = {
    "LSTM": lambda T, F: layers.LSTM(U),
    "GRU, every step": lambda T, F: layers.GRU(U, return_sequences=True),
    "SimpleRNN": lambda T, F: layers.SimpleRNN(U),
    "RNN of a cell": lambda T, F: layers.RNN(layers.LSTMCell(U)),
    "RNN of two cells": lambda T, F: layers.RNN([layers.GRUCell(U), layers.LSTMCell(2)]),
    "LSTM with weights": lambda T, F: used(layers.LSTM(U), (2, T, F)),
    "unrolled LSTM": lambda T, F: layers.LSTM(U, unroll=True),
    "LSTM that returns its state": lambda T, F: used(layers.LSTM(U, return_state=True), (2, T, F)),
    "Bidirectional": lambda T, F: layers.Bidirectional(layers.LSTM(U, return_sequences=True)),
    "Bidirectional with weights": lambda T, F: used(
        layers.Bidirectional(layers.GRU(U), merge_mode="sum"), (2, T, F)
    ),
    "TimeDistributed": lambda T, F: used(layers.TimeDistributed(layers.Dense(2)), (2, T, F)),
    "TimeDistributed LSTM": lambda T, F: layers.TimeDistributed(layers.LSTM(U)),
    "ConvLSTM1D": lambda T, F: layers.ConvLSTM1D(2, 2, padding="same"),
    "Dense": lambda T, F: used(layers.Dense(2), (2, T, F)),
    "Sequential": lambda T, F: sequential(layers.LSTM(U), layers.Dense(2), shape=(T, F)),
    "Sequential, any length": lambda T, F: sequential(layers.LSTM(U), shape=(None, F)),
    "Sequential without Input": lambda T, F: keras.Sequential([layers.LSTM(U), layers.Dense(2)]),
    "Sequential, called once": lambda T, F: used(keras.Sequential([layers.LSTM(U)]), (2, T, F)),
    "stack": lambda T, F: sequential(
        layers.Masking(),
        layers.LSTM(U, return_sequences=True, dropout=0.5),
        layers.Dropout(0.5),
        layers.LSTM(2),
        shape=(T, F),
    ),
    "Functional": lambda T, F: functional((T, F), layers.LSTM(U), layers.Dense(2)),
    "Functional, any length": lambda T, F: functional((None, F), layers.LSTM(U)),
    "nested": lambda T, F: sequential(
        sequential(layers.LSTM(U, return_sequences=True), shape=(T, F)),
        functional((None, U), layers.GRU(2)),
        shape=(T, F),
    ),
    "Conv1D in front": lambda T, F: sequential(
        layers.Conv1D(4, 2, padding="same"), layers.LSTM(U), shape=(T, F)
    ),
    "codes": lambda T, F: sequential(layers.Embedding(9, 4), layers.LSTM(U), shape=(T,)),
    "codes, no Input": lambda T, F: keras.Sequential([layers.Embedding(9, 4), layers.LSTM(U)]),
    "vector to sequence": lambda T, F: sequential(
        layers.RepeatVector(4), layers.LSTM(U, return_sequences=True), shape=(F,)
    ),
    "of one's own": lambda T, F: used(Own(), (2, T, F)),
    "fixed batch, stateless": lambda T, F: sequential(layers.LSTM(U), batch_shape=(2, T, F)),
}
NATURAL = {
    "TimeDistributed LSTM": (5, 2, 3, 2),
    "ConvLSTM1D": (5, 3, 4, 2),
    "codes": (5, 3),
    "codes, no Input": (5, 3),
    "vector to sequence": (5, 2),
}
small = st.integers(1, 4)


def what_keras_does(call):
    """Return the shape that comes out (a list of them where there are several), or the error."""
    try:
        return keras.tree.map_structure(lambda tensor: tuple(tensor.shape), call())
    except Exception as error:
        return error


@st.composite
def machine_and_shape(draw, name):
    """Draw T and F, and a shape that is often near to what the layer reads."""
    T, F = draw(small), draw(small)
    near = st.sampled_from(
        [(5, T, F), (5, F, T), (5, T), (5, F), (5, T, F, 1), (5, T, 1), (5, T + 1, F), (5,)]
    )
    other = st.lists(st.integers(0, 4), min_size=1, max_size=5).map(tuple)
    return MACHINES[name](T, F), draw(near | near | other)


@pytest.mark.parametrize("name", MACHINES)
def test_the_verdict_is_that_of_keras(name):
    @settings(max_examples=6, derandomize=FIXED_DRAW)
    @given(machine_and_shape(name))
    def check(drawn):
        machine, shape = drawn
        explanation = explain(shape, machine)
        real = what_keras_does(lambda: machine(np.zeros(shape, "float32")))
        context = f"{name}, {shape}: {real}\n{explanation}"
        assert explanation.raises == isinstance(real, Exception), context
        if explanation.ok and 0 not in shape:
            assert explanation.output_shape == real, context
        if explanation.ok and explanation.layers:
            assert explanation.layers[-1].shape == real, context

    check()


@pytest.mark.parametrize("name", MACHINES)
def test_data_that_fits_is_called_fine(name):
    explanation = explain(NATURAL.get(name, (5, 3, 2)), MACHINES[name](3, 2))
    assert explanation.ok, explanation


stacks = st.lists(
    st.sampled_from(
        [
            lambda: layers.LSTM(2),
            lambda: layers.LSTM(2, return_sequences=True),
            lambda: layers.LSTM(2, stateful=True),
            lambda: layers.GRU(2, return_state=True),
            lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
            lambda: layers.TimeDistributed(layers.Dense(2)),
            lambda: layers.Dense(2),
            lambda: layers.Embedding(9, 2),
            lambda: layers.RepeatVector(3),
            lambda: layers.Masking(),
            lambda: layers.Flatten(),
        ]
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=50, derandomize=FIXED_DRAW)
@given(stacks, st.sampled_from([(3, 1), (3,), (None, 2), (3, 1, 1)]), st.booleans())
def test_a_list_of_layers_is_a_model_exactly_where_keras_builds_it(makers, shape, with_input):
    parts = [make() for make in makers]
    x = np.zeros((4, *[size or 3 for size in shape]), "float32")
    explanation = explain(x, [keras.Input(shape), *parts] if with_input else parts)

    def build_and_call():
        model = keras.Sequential([keras.Input(shape)] if with_input else [])
        for part in parts:
            model.add(part)
        return model(x)

    real = what_keras_does(build_and_call)
    context = f"{parts}, {shape}: {real}\n{explanation}"
    assert explanation.raises == isinstance(real, Exception), context
    if explanation.ok:
        assert explanation.output_shape == real, context


@settings(max_examples=12, derandomize=FIXED_DRAW)
@given(st.integers(1, 9), st.integers(1, 4), st.booleans(), st.booleans())
def test_samples_against_a_fixed_batch_size(samples, batch_size, is_functional, codes):
    x = inputs = keras.Input(batch_shape=(batch_size, 2) if codes else (batch_size, 2, 1))
    if codes:
        x = layers.Embedding(3, 2)(x)
    outputs = layers.Dense(1)(layers.LSTM(2, stateful=True)(x))
    model = keras.Model(inputs, outputs)
    if not is_functional:
        model = keras.Sequential(model.layers)
    data = np.zeros((samples, *inputs.shape[1:]), "float32")
    explanation = explain(data, model)
    real = what_keras_does(lambda: model.predict(data, batch_size=batch_size, verbose=0))
    context = f"{samples} of {batch_size}: {real}\n{explanation}"
    if samples == 1 < batch_size:  # a new model stops, one that has run before does not
        assert not explanation.ok and isinstance(real, ValueError), context
        model.predict(np.zeros((batch_size, *data.shape[1:])), verbose=0)
        real = what_keras_does(lambda: model.predict(data, verbose=0))
    assert explanation.raises == isinstance(real, Exception), context
    if not explanation.raises:
        assert explanation.ok == (real == (samples, 1)), context  # silent: too many rows
    if explanation.ok:
        assert explanation.output_shape == real, context


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 6])
def test_a_stateful_layer_on_its_own_stops_at_another_batch_size(rows):
    layer = used(layers.LSTM(2, stateful=True), (4, 3, 1))
    assert explain((rows, 3, 1), layer).raises
    assert isinstance(what_keras_does(lambda: layer(np.zeros((rows % 4, 3, 1)))), ValueError)


# Named by hand: the text of a function holds its address, another one in every process.
LOSSES = {
    "mse": "mse",
    "mae": "mae",
    "binary_crossentropy": "binary_crossentropy",
    "categorical_crossentropy": "categorical_crossentropy",
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
    "Huber": keras.losses.Huber(),
    "smoothed categorical_crossentropy": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    "function": keras.losses.sparse_categorical_crossentropy,
}
label_shapes = st.sampled_from(
    [(6,), (6, 1), (6, 4), (6, 3), (6, 5), (6, 3, 1), (6, 3, 4), (6, 3, 1, 1), (5, 4)]
)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_labels_stop_fit_exactly_where_it_is_predicted(loss):
    @settings(max_examples=6, derandomize=FIXED_DRAW)
    @given(label_shapes, st.sampled_from([1, 4]), st.booleans(), st.sampled_from(["i4", "f4"]))
    def check(shape, units, every_step, dtype):
        model = sequential(
            layers.LSTM(2, return_sequences=every_step),
            layers.Dense(units, "sigmoid"),
            shape=(3, 1),
        )
        model.compile(loss=loss)
        x, y = np.zeros((6, 3, 1)), np.zeros(shape, dtype)
        explanation = explain(x, model, y)
        real = what_keras_does(lambda: np.array(model.evaluate(x, y, verbose=0)))
        context = f"{loss}, y {shape}, {units} units, {every_step}: {real}\n{explanation}"
        assert explanation.raises == isinstance(real, Exception), context

    check()


# Nothing moves ------------------------------------------------------------------------------


def everything(machine):
    """Return what can be seen of a layer: weights, states, graph, flags, random numbers."""
    parts = machine._flatten_layers()
    return {
        "variables": [np.array(variable) for variable in machine.variables],
        "states": [[np.array(s) for s in getattr(part, "states", None) or []] for part in parts],
        "built": [part.built for part in parts],
        "nodes": [len(part._inbound_nodes) + len(part._outbound_nodes) for part in parts],
        "losses": len(machine.losses),
        "specs": [str(part.input_spec) for part in parts],
        "python": random.getstate()[1],
        "numpy": np.random.get_state()[1].tolist(),
    }


def assert_same(before, after):
    assert before.keys() == after.keys()
    for name in before:
        same = str(before[name]) == str(after[name])
        if name in ("variables", "states"):
            flat = [keras.tree.flatten(one[name]) for one in (before, after)]
            same = len(flat[0]) == len(flat[1])
            same = same and all(map(np.array_equal, *flat))
        assert same, f"{name} changed"


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("shape", [(5, 3, 2), (5, 2, 3)])
def test_explain_changes_nothing(name, shape):
    machine = MACHINES[name](3, 2)
    before = everything(machine)
    explain(shape, machine)
    assert_same(before, everything(machine))


def test_explain_moves_no_state_and_draws_no_random_number():
    model = sequential(
        layers.LSTM(2, stateful=True, dropout=0.5, return_sequences=True),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
        layers.LSTM(2, stateful=True, activity_regularizer="l2"),
        batch_shape=(4, 3, 1),
    )
    model.compile(loss="mse", metrics=["mae"])
    x = np.random.default_rng(1).normal(size=(4, 3, 1)).astype("float32")
    model(x)
    assert abs(np.array(model.layers[0].states[0])).max() > 0
    before, metrics = everything(model), [metric.name for metric in model.metrics]
    for data in (x, x[:1], np.concatenate([x, x[:1]]), x[..., 0], np.nan * x):
        explain(data, model, np.zeros((len(data), 2)))
    assert_same(before, everything(model))
    assert [metric.name for metric in model.metrics] == metrics
    assert model.output_shape == (4, 2)  # would fail if the layers had a second node


def test_a_model_trains_the_same_after_it_was_explained():
    def weights(look):
        keras.utils.set_random_seed(1)
        first = keras.Sequential([layers.LSTM(2), layers.Dense(1)])
        if look:
            assert explain((4, 3, 1), first).ok
            assert explain((4, 3, 1), [layers.LSTM(2), layers.LSTM(2)]).raises
        first.compile(loss="mse")
        x = np.random.normal(size=(4, 3, 1))
        first.fit(x, np.ones((4, 1)), verbose=0)
        return first.get_weights()

    for one, other in zip(weights(False), weights(True), strict=True):
        np.testing.assert_array_equal(one, other)


def test_layers_in_a_list_stay_free():
    parts = [layers.LSTM(2, return_sequences=True), layers.LSTM(2)]
    assert explain((4, 3, 1), [keras.Input((3, 1)), *parts]).ok
    assert not any(part.built for part in parts)
    assert sequential(*parts, shape=(7, 5)).output_shape == (None, 2)
