import re
import warnings

import keras
import numpy as np
import pytest
from keras import layers

from utils.state import (
    ResetStates,
    StateRecorder,
    check_batches,
    ordered_batches,
    read_states,
    recurrent_layers,
    reset_states,
    state_history,
    stateful_layers,
    write_states,
)

B, T, F, U = 4, 3, 2, 5


def inputs_of(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


X = inputs_of(B, T, F)


def sequential(*parts, batch_size=B, shape=(T, F), compiled=False):
    model = keras.Sequential([keras.Input(batch_shape=(batch_size, *shape)), *parts])
    if compiled:
        # Eager runs need no tracing, which is what takes the time with models this small.
        model.compile(loss="mse", optimizer="sgd", run_eagerly=True)
    return model


def in_graph(model):
    """Compile as a reader would, with a traced graph."""
    model.compile(loss="mse", optimizer="sgd")
    return model


class Pair(layers.Layer):
    """A custom layer that keeps its layers in a list and in a dict, two of them of one name."""

    def __init__(self):
        super().__init__()
        self.parts = [layers.LSTM(U, stateful=True, name="same")]
        self.named = {"second": layers.LSTM(U, stateful=True, name="same")}

    def build(self, shape):
        self.parts[0].build(shape)
        self.named["second"].build(shape)
        self.built = True

    def compute_output_shape(self, shape):
        return (shape[0], U)

    def call(self, x):
        return self.parts[0](x) + self.named["second"](x)


def many_layers():
    """A model with a state in every place that is easy to overlook."""
    inner = keras.Sequential(
        [
            keras.Input(batch_shape=(B, T, 2 * U)),
            layers.SimpleRNN(U, stateful=True, return_sequences=True, name="inner_rnn"),
            layers.GRU(U, stateful=True, return_sequences=True, name="inner_gru"),
        ],
        name="inner",
    )
    return sequential(
        layers.Bidirectional(layers.LSTM(U, stateful=True, return_sequences=True), name="both"),
        inner,
        layers.LSTM(U, return_sequences=True, name="stateless"),
        Pair(),
        layers.Dense(1),
        compiled=True,
    )


MAKERS = {
    "LSTM": lambda: sequential(layers.LSTM(U, stateful=True), compiled=True),
    "GRU": lambda: sequential(layers.GRU(U, stateful=True), compiled=True),
    "SimpleRNN": lambda: sequential(layers.SimpleRNN(U, stateful=True), compiled=True),
    "Bidirectional": lambda: sequential(
        layers.Bidirectional(layers.LSTM(U, stateful=True)), compiled=True
    ),
    "TimeDistributed": lambda: sequential(
        layers.TimeDistributed(layers.LSTM(U, stateful=True)), shape=(2, T, F), compiled=True
    ),
    "list of cells": lambda: sequential(
        layers.RNN([layers.LSTMCell(U), layers.GRUCell(U)], stateful=True), compiled=True
    ),
    "ConvLSTM": lambda: sequential(
        layers.ConvLSTM1D(2, 3, stateful=True), shape=(T, 6, 1), compiled=True
    ),
    "many": many_layers,
}


def flat(states):
    return np.concatenate([array.ravel() for arrays in states.values() for array in arrays])


def run(model, seed=0):
    shape = (B, *model.input_shape[1:])
    return np.asarray(model(inputs_of(*shape, seed=seed)))


def words_in(text, *words):
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


# Finding layers -----------------------------------------------------------------------------


def test_recurrent_layers_come_in_order_from_everywhere():
    """This also holds the private Keras method that recurrent_layers relies on."""
    model = many_layers()
    assert recurrent_layers(model) == [
        model.get_layer("both").forward_layer,
        model.get_layer("both").backward_layer,
        *model.get_layer("inner").layers,
        model.get_layer("stateless"),
        model.layers[3].parts[0],
        model.layers[3].named["second"],
    ]
    assert len(stateful_layers(model)) == 6


@pytest.mark.parametrize("maker", MAKERS)
def test_every_layer_with_a_state_is_found(maker):
    found = recurrent_layers(MAKERS[maker]())
    assert found
    assert len({id(layer) for layer in found}) == len(found)


def test_a_shared_layer_is_listed_once():
    shared = layers.LSTM(U, stateful=True)
    first = keras.Input(batch_shape=(B, T, F))
    second = keras.Input(batch_shape=(B, T, F))
    model = keras.Model([first, second], [shared(first), shared(second)])
    assert recurrent_layers(model) == [shared]


def test_a_subclassed_model_and_a_bare_layer():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.memory = layers.LSTM(U, stateful=True)

        def call(self, x):
            return self.memory(x)

    model = Own()
    assert recurrent_layers(model) == [model.memory]
    assert recurrent_layers(model.memory) == [model.memory]
    assert recurrent_layers(layers.Dense(1)) == []
    assert recurrent_layers(keras.Sequential()) == []


def test_recurrent_layers_refuses_what_is_no_model():
    with pytest.raises(TypeError) as caught:
        recurrent_layers("model")
    words_in(str(caught.value), "model is str", "Keras model or layer", "Pass the model")


@pytest.mark.parametrize("function", [stateful_layers, reset_states, read_states])
def test_no_stateful_layer_is_said_with_the_fix(function):
    with pytest.raises(ValueError) as caught:
        function(sequential(layers.LSTM(U, name="alpha"), layers.Dense(1)))
    words_in(str(caught.value), "no stateful layer", "alpha", "stateful=True", "batch_shape=(B")
    with pytest.raises(ValueError) as caught:
        function(sequential(layers.Dense(1)))
    words_in(str(caught.value), "no recurrent layer", "LSTM, GRU or SimpleRNN", "stateful=True")
    with pytest.raises(ValueError) as caught:
        function(keras.Sequential([layers.LSTM(U, stateful=True, name="alpha")]))
    words_in(str(caught.value), "not built: alpha", "batch size", "batch_shape=(B, T, F)")


# Resetting, reading, writing ----------------------------------------------------------------


@pytest.mark.parametrize("maker", MAKERS)
def test_reset_write_and_read(maker):
    """Outputs from a state depend on that state alone, and a round trip is exact."""
    model = MAKERS[maker]()
    first = run(model, seed=1)
    after_first = read_states(model)
    assert np.abs(flat(after_first)).max() > 0
    second = run(model, seed=2)
    assert (flat(read_states(model)) != flat(after_first)).any()

    write_states(model, after_first)
    for name, arrays in read_states(model).items():
        for array, old in zip(arrays, after_first[name], strict=True):
            np.testing.assert_array_equal(array, old)
    np.testing.assert_array_equal(run(model, seed=2), second)

    assert reset_states(model) is None
    assert (flat(read_states(model)) == 0).all()
    np.testing.assert_array_equal(run(model, seed=1), first)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_reset_of_some_rows_leaves_the_others(maker):
    model = MAKERS[maker]()
    run(model)
    before = read_states(model)
    assert reset_states(model, rows=[0, 2]) is None
    for name, arrays in read_states(model).items():
        for array, old in zip(arrays, before[name], strict=True):
            assert (array[[0, 2]] == 0).all()
            np.testing.assert_array_equal(array[[1, 3]], old[[1, 3]])
            assert np.abs(old).max() > 0


@pytest.mark.parametrize("maker", ["LSTM", "GRU", "SimpleRNN"])
def test_a_row_that_was_reset_starts_anew_and_the_others_go_on(maker):
    model, continued, fresh = (MAKERS[maker]() for _ in range(3))
    continued.set_weights(model.get_weights())
    fresh.set_weights(model.get_weights())
    run(model, seed=1)
    run(continued, seed=1)
    reset_states(model, rows=[1])
    second = run(model, seed=2)
    np.testing.assert_allclose(second[[0, 2, 3]], run(continued, seed=2)[[0, 2, 3]], atol=1e-6)
    np.testing.assert_allclose(second[1], run(fresh, seed=2)[1], atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([], []),
        ([False] * 4, []),
        ([3], [3]),
        ((0, 0), [0]),
        (range(4), [0, 1, 2, 3]),
        (np.array([1, 2]), [1, 2]),
        ([True, False, False, True], [0, 3]),
        (np.array([False, True, False, False]), [1]),
    ],
)
def test_rows_can_be_numbers_or_bools(rows, wanted):
    model = MAKERS["LSTM"]()
    run(model)
    reset_states(model, rows=rows)
    ((h, c),) = read_states(model).values()
    for state in (h, c):
        assert [row for row in range(B) if (state[row] == 0).all()] == wanted


def test_a_row_of_nan_is_cured_and_does_not_spread():
    model = MAKERS["LSTM"]()
    broken = X.copy()
    broken[1] = np.nan
    model(broken)
    reset_states(model, rows=[1])
    ((h, c),) = read_states(model).values()
    assert np.isfinite(h).all() and np.isfinite(c).all()
    assert (h[1] == 0).all() and (h[0] != 0).all()


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        ([4], ValueError, ["rows holds 4", "4 rows", "0 to 3", "not samples"]),
        ([-1], ValueError, ["rows holds -1", "0 to 3"]),
        ([True, False], ValueError, ["2 bools", "4 rows", "[0]"]),
        ([0.0], TypeError, ["rows is [0.0]", "row numbers", "rows=[0]"]),
        ([True, 1], TypeError, ["rows is [True, 1]", "one bool per row"]),
        (1, TypeError, ["rows is 1.", "sequence"]),
        (["0"], TypeError, ["rows is ['0']"]),
    ],
)
def test_reset_of_rows_refuses_before_it_changes_anything(rows, error, words):
    model = MAKERS["LSTM"]()
    run(model)
    before = flat(read_states(model))
    with pytest.raises(error) as caught:
        reset_states(model, rows=rows)
    words_in(str(caught.value), *words)
    np.testing.assert_array_equal(flat(read_states(model)), before)


def test_rows_need_layers_of_one_batch_size():
    first, second = layers.LSTM(U, stateful=True), layers.LSTM(U, stateful=True)
    one, two = keras.Input(batch_shape=(2, T, F)), keras.Input(batch_shape=(3, T, F))
    model = keras.Model([one, two], [first(one), second(two)])
    reset_states(model)
    with pytest.raises(ValueError) as caught:
        reset_states(model, rows=[0])
    words_in(str(caught.value), "[2, 3] rows", "for each layer")


def test_reset_reaches_both_directions_and_nested_models():
    model = many_layers()
    run(model)
    for layer in stateful_layers(model):
        assert all(np.abs(np.asarray(variable)).max() > 0 for variable in layer.states), layer.name
    reset_states(model)
    for layer in stateful_layers(model):
        assert all((np.asarray(variable) == 0).all() for variable in layer.states), layer.name


def test_states_equal_an_explicit_initial_state():
    """Two stateful calls are one stateless call that was handed the state of the first."""
    model = MAKERS["LSTM"]()
    stateless = layers.LSTM(U, return_state=True)
    stateless.build((B, T, F))
    stateless.set_weights(model.layers[0].get_weights())
    run(model, seed=1)
    ((h, c),) = read_states(model).values()
    _, expected_h, expected_c = stateless(inputs_of(B, T, F, seed=1))
    np.testing.assert_allclose(h, expected_h, atol=1e-6)
    np.testing.assert_allclose(c, expected_c, atol=1e-6)
    output, *_ = stateless(inputs_of(B, T, F, seed=2), initial_state=[h, c])
    np.testing.assert_allclose(run(model, seed=2), output, atol=1e-6)
    # A written state acts like initial_state.
    write_states(model, {next(iter(read_states(model))): [h, c]})
    np.testing.assert_allclose(run(model, seed=2), output, atol=1e-6)


def test_read_states_has_one_entry_per_layer_with_unique_names():
    model = many_layers()
    states = read_states(model)
    assert len(states) == 6
    paths = [layer.path for layer in stateful_layers(model)]
    assert list(states)[:-1] == paths[:-1]
    assert paths[-1] == paths[-2]  # both are named "same"
    assert list(states)[-1] == f"{paths[-1]}#2"
    assert [len(arrays) for arrays in states.values()] == [2, 2, 1, 1, 2, 2]
    assert all(array.shape == (B, U) for arrays in states.values() for array in arrays)


def test_read_states_gives_copies_and_no_warning():
    model = MAKERS["LSTM"]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ((h, c),) = read_states(model).values()
    h[:] = 99
    c[:] = 99
    assert (flat(read_states(model)) == 0).all()
    run(model)
    assert (h == 99).all()


def test_write_states_does_not_keep_the_callers_arrays():
    model = MAKERS["LSTM"]()
    states = read_states(model)
    write_states(model, states)
    for arrays in states.values():
        arrays[0][:] = 99
    assert (flat(read_states(model)) == 0).all()


ZEROS = np.zeros((B, U))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda s, n: [ZEROS], TypeError, ["states is list", "dict", "read_states"]),
        (lambda s, n: {}, ValueError, ["names []", "This model has", "dict(zip("]),
        (lambda s, n: {"other": s[n]} | s, ValueError, ["other", "This model has"]),
        (lambda s, n: s | {n: ZEROS}, TypeError, ["is ndarray", "list of 2", "[h, c]"]),
        (lambda s, n: s | {n: [ZEROS]}, ValueError, ["has 1 array.", "2 states", "[h, c]"]),
        (
            lambda s, n: s | {n: [ZEROS, ZEROS[:1]]},
            ValueError,
            ["[1] has shape (1, 5)", "(4, 5)", "np.repeat(row, 4, axis=0)"],
        ),
        (lambda s, n: s | {n: [ZEROS, ZEROS + np.nan]}, ValueError, ["[1]", "NaN", "finite"]),
        (lambda s, n: s | {n: [ZEROS, "x"]}, ValueError, ["[1] is str", "(4, 5)", "np.zeros"]),
        (lambda s, n: s | {n: [ZEROS, [[1], [2, 3]]]}, ValueError, ["[1] is list", "(4, 5)"]),
    ],
)
def test_write_states_refuses_before_it_changes_anything(change, error, words):
    model = sequential(
        layers.LSTM(U, stateful=True, return_sequences=True, name="first"),
        layers.LSTM(U, stateful=True, name="last"),
        compiled=True,
    )
    run(model)
    before = read_states(model)
    last = list(before)[-1]  # the wrong entry comes last, after good ones
    zeros = {name: [ZEROS, ZEROS] for name in before}
    with pytest.raises(error) as caught:
        write_states(model, change(zeros, last))
    words_in(str(caught.value), *words)
    np.testing.assert_array_equal(flat(read_states(model)), flat(before))


def test_the_renaming_that_the_message_suggests_works():
    model, twin = MAKERS["LSTM"](), MAKERS["LSTM"]()
    run(model)
    states = read_states(model)
    assert set(states) != set(read_states(twin))
    write_states(twin, dict(zip(read_states(twin), states.values(), strict=True)))
    np.testing.assert_array_equal(flat(read_states(twin)), flat(states))


# ResetStates --------------------------------------------------------------------------------


class Spy(keras.callbacks.Callback):
    """Notes whether the state is zero just before each epoch, test and prediction runs."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def look(self, where):
        self.seen.append((where, bool((flat(read_states(self.model)) == 0).all())))

    def on_epoch_begin(self, epoch, logs=None):
        self.look("epoch")

    def on_test_begin(self, logs=None):
        self.look("test")

    def on_predict_begin(self, logs=None):
        self.look("predict")


def spy_on(model, *resetters):
    """Run fit with validation, evaluate and predict; return what the spy saw."""
    spy = Spy()
    x = inputs_of(B, *model.input_shape[1:])
    y = np.zeros((B, *model.output_shape[1:]))
    options = {"batch_size": B, "verbose": 0, "callbacks": [*resetters, spy]}
    model.fit(x, y, epochs=2, validation_data=(x, y), validation_batch_size=B, **options)
    model.evaluate(x, y, **options)
    model.predict(x, **options)
    return spy.seen


def test_without_the_callback_nothing_is_reset_after_the_first_batch():
    assert [zero for _, zero in spy_on(MAKERS["LSTM"]())] == [True] + [False] * 5


@pytest.mark.parametrize("maker", ["LSTM", "LSTM in a graph", "many", "list of cells"])
def test_one_callback_resets_epochs_validation_evaluate_and_predict(maker):
    model = MAKERS[maker.removesuffix(" in a graph")]()
    seen = spy_on(in_graph(model) if maker.endswith("graph") else model, ResetStates())
    assert [where for where, _ in seen] == ["epoch", "test", "epoch", "test", "test", "predict"]
    assert all(zero for _, zero in seen)


@pytest.mark.parametrize(
    ("option", "where"), [("training", "epoch"), ("validation", "test"), ("prediction", "predict")]
)
def test_each_kind_of_reset_can_be_switched_off(option, where):
    seen = spy_on(MAKERS["LSTM"](), ResetStates(**{option: False}))
    # The very first epoch starts at zeros in any case.
    assert [zero for place, zero in seen[1:] if place == where].count(True) == 0
    assert all(zero for place, zero in seen if place != where)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        ResetStates(False)


def test_training_with_the_callback_equals_resetting_by_hand():
    weights = MAKERS["LSTM"]().get_weights()
    x, y = inputs_of(2 * B, T, F), inputs_of(2 * B, U, seed=1)
    options = {"batch_size": B, "shuffle": False, "verbose": 0}
    by_hand, by_callback = MAKERS["LSTM"](), MAKERS["LSTM"]()
    by_hand.set_weights(weights)
    by_callback.set_weights(weights)
    for _ in range(3):
        reset_states(by_hand)
        by_hand.fit(x, y, **options)
    by_callback.fit(x, y, epochs=3, callbacks=[ResetStates()], **options)
    for one, other in zip(by_hand.get_weights(), by_callback.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_model_that_keras_builds_on_the_first_batch_is_served():
    model = keras.Sequential([layers.LSTM(U, stateful=True)])
    model.compile(loss="mse")
    model.predict(X, batch_size=B, verbose=0, callbacks=[ResetStates()])
    assert np.abs(flat(read_states(model))).max() > 0


@pytest.mark.parametrize("callback", [ResetStates, StateRecorder])
def test_callbacks_refuse_a_model_with_no_state(callback):
    model = sequential(layers.LSTM(U, name="alpha"), compiled=True)
    options = {"batch_size": B, "verbose": 0, "callbacks": [callback()]}
    y = np.zeros((B, U))
    for start in (
        lambda: model.fit(X, y, **options),
        lambda: model.evaluate(X, y, **options),
        lambda: model.predict(X, **options),
    ):
        with pytest.raises(ValueError) as caught:
            start()
        words_in(str(caught.value), "no stateful layer", "alpha", "stateful=True")


# StateRecorder ------------------------------------------------------------------------------


def test_recorder_keeps_the_state_after_every_batch():
    model, recorder = in_graph(MAKERS["LSTM"]()), StateRecorder()
    x = inputs_of(3 * B, T, F)
    model.predict(x, batch_size=B, verbose=0, callbacks=[recorder])
    assert len(recorder) == 3
    assert recorder.h.shape == recorder.c.shape == (3, B, U)

    stateless = layers.LSTM(U, return_state=True)
    stateless.build((B, T, F))
    stateless.set_weights(model.layers[0].get_weights())
    initial_state = None
    for call in range(3):
        batch = x[call * B : (call + 1) * B]
        _, *initial_state = stateless(batch, initial_state=initial_state)
        np.testing.assert_allclose(recorder.h[call], initial_state[0], atol=1e-6)
        np.testing.assert_allclose(recorder.c[call], initial_state[1], atol=1e-6)

    recorder.h[:] = 99  # a copy
    assert (recorder.h != 99).all()
    recorder.clear()
    assert len(recorder) == 0


def test_recorder_records_fit_validation_and_evaluate():
    model, recorder = MAKERS["LSTM"](), StateRecorder()
    x, y = inputs_of(2 * B, T, F), np.zeros((2 * B, U))
    options = {"batch_size": B, "verbose": 0, "callbacks": [recorder]}
    model.fit(x, y, epochs=2, validation_data=(x, y), **options)
    assert len(recorder) == 8
    model.evaluate(x, y, **options)
    assert len(recorder) == 10
    ((h, _),) = read_states(model).values()
    np.testing.assert_array_equal(recorder.h[-1], h)


def test_an_empty_recorder_alone_is_not_dropped_by_keras():
    model, recorder = MAKERS["LSTM"](), StateRecorder()
    model.predict(X, batch_size=B, verbose=0, callbacks=recorder)
    assert len(recorder) == 1


def test_recorder_of_one_layer_among_several():
    model = many_layers()
    gru = model.get_layer("inner").get_layer("inner_gru")
    recorder = StateRecorder(layer=gru)
    model.predict(X, batch_size=B, verbose=0, callbacks=[recorder])
    np.testing.assert_array_equal(recorder.h[0], np.asarray(gru.states[0]))
    with pytest.raises(ValueError) as caught:
        recorder.c  # noqa: B018
    words_in(str(caught.value), "inner_gru", "GRU", "Only an LSTM", "Use h")


def predict(model, recorder):
    model.predict(X, batch_size=B, verbose=0, callbacks=[recorder])


def test_recorder_refuses():
    with pytest.raises(TypeError, match="layer is str.*one LSTM.*stateful_layers"):
        StateRecorder(layer="lstm")
    with pytest.raises(ValueError, match="Nothing is recorded.*1 batch or more.*callbacks="):
        StateRecorder().h  # noqa: B018
    with pytest.raises(ValueError, match="Nothing is recorded"):
        StateRecorder().c  # noqa: B018
    with pytest.raises(ValueError) as caught:
        predict(many_layers(), StateRecorder())
    words_in(str(caught.value), "6 stateful layers", "inner_gru", "inner_rnn", "layer=stateful")
    foreign = MAKERS["LSTM"]()
    with pytest.raises(ValueError) as caught:
        predict(MAKERS["GRU"](), StateRecorder(layer=foreign.layers[0]))
    words_in(str(caught.value), foreign.layers[0].name, "no stateful layer of", "gru", "Pick")
    used = StateRecorder()
    predict(MAKERS["LSTM"](), used)
    with pytest.raises(ValueError, match="holds batches of layer.*1 layer.*clear"):
        predict(MAKERS["GRU"](), used)
    several = MAKERS["LSTM"]()
    several.compile(loss="mse", steps_per_execution=2)
    with pytest.raises(ValueError, match="steps_per_execution=2.*every batch.*=1"):
        predict(several, StateRecorder())


# state_history ------------------------------------------------------------------------------


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("options", [{}, {"use_bias": False}, {"go_backwards": True}])
def test_history_equals_the_layer(stateful, options):
    layer = layers.LSTM(U, stateful=stateful, return_sequences=True, return_state=True, **options)
    layer(inputs_of(B, T, F, seed=5))  # builds it; a stateful one now holds a state
    layer.set_weights([inputs_of(*w.shape, seed=6) for w in layer.get_weights()])
    before = read_states(layer) if stateful else None
    x = inputs_of(B, 7, F)

    h, c = state_history(layer, x)

    if stateful:
        np.testing.assert_array_equal(flat(read_states(layer)), flat(before))
    outputs, last_h, last_c = layer(x)
    assert h.shape == c.shape == (B, 7, U)
    np.testing.assert_allclose(h, outputs, atol=1e-6)
    np.testing.assert_allclose(h[:, -1], last_h, atol=1e-6)
    np.testing.assert_allclose(c[:, -1], last_c, atol=1e-6)


@pytest.mark.parametrize("stateful", [False, True])
def test_history_from_an_initial_state(stateful):
    layer = layers.LSTM(U, stateful=stateful, return_sequences=True)
    layer(X)
    initial_state = [inputs_of(B, U, seed=1), inputs_of(B, U, seed=2)]
    h, _ = state_history(layer, X, initial_state=initial_state)
    np.testing.assert_allclose(h, layer(X, initial_state=initial_state), atol=1e-6)


def test_history_equals_the_numpy_lstm_step_by_step():
    from utils.lstm_numpy import lstm

    layer = layers.LSTM(U)
    layer(X)
    h, c = state_history(layer, X)
    run_in_numpy = lstm(X, *layer.get_weights())
    np.testing.assert_allclose(h, run_in_numpy.h, atol=1e-6)
    np.testing.assert_allclose(c, run_in_numpy.c, atol=1e-6)


def test_history_ignores_dropout():
    layer = layers.LSTM(U, dropout=0.5, recurrent_dropout=0.5, return_sequences=True)
    layer(X)
    np.testing.assert_allclose(state_history(layer, X)[0], layer(X, training=False), atol=1e-6)


def test_history_refuses():
    layer = layers.LSTM(U, name="alpha")
    with pytest.raises(ValueError, match="'alpha' is not built.*built.*Call it once"):
        state_history(layer, X)
    layer(X)
    with pytest.raises(TypeError, match="layer is GRU.*one LSTM layer"):
        state_history(layers.GRU(U), X)
    with pytest.raises(TypeError, match="layer is Sequential.*recurrent_layers"):
        state_history(MAKERS["LSTM"](), X)
    with pytest.raises(TypeError, match="layer is Bidirectional"):
        state_history(layers.Bidirectional(layers.LSTM(U)), X)
    with pytest.raises(ValueError, match="2 axes. An LSTM reads 3"):
        state_history(layer, X[0])
    with pytest.raises(ValueError, match="1 feature.*built for 2.*explain"):
        state_history(layer, X[..., :1])
    with pytest.raises(ValueError, match=r"not a pair.*initial_state=\[h, c\].*\(4, 5\)"):
        state_history(layer, X, initial_state=np.zeros((B, U)))
    with pytest.raises(ValueError, match=re.escape("initial_state[1] has shape (1, 5)")):
        state_history(layer, X, initial_state=[np.zeros((B, U)), np.zeros((1, U))])
    memory = MAKERS["LSTM"]().layers[0]
    with pytest.raises(ValueError, match="3 samples.*batch size 4.*one batch of 4"):
        state_history(memory, X[:3])


# check_batches ------------------------------------------------------------------------------


def test_check_batches_lets_good_batches_pass():
    for maker in MAKERS.values():
        model = maker()
        assert check_batches(model, np.zeros((3 * B, *model.input_shape[1:])), B) is None
    assert check_batches(sequential(layers.LSTM(U)), X[:3], 7) is None
    assert check_batches(sequential(layers.Dense(1)), X[:3], None) is None
    assert check_batches(MAKERS["LSTM"](), [X, X], B) is None
    assert check_batches(MAKERS["LSTM"](), {"x": X}, np.int64(B)) is None
    unbuilt = keras.Sequential([layers.LSTM(U, stateful=True)])
    assert check_batches(unbuilt, np.zeros((6, T, F)), 3) is None


@pytest.mark.parametrize(
    ("rows", "batch_size", "words"),
    [
        (5, 4, ["5 samples", "batch size 4", "1 row", "broadcast", "21183", "x[:4]", "pad 3"]),
        (6, 4, ["6 samples", "2 rows", "multiple of 4", "stop", "moved the state", "x[:4]"]),
        (1, 4, ["has 1 sample.", "1 row", "broadcast", "a new model would stop", "Pad 3"]),
        (3, 4, ["3 samples", "3 rows", "stop", "Pad 1"]),
        (0, 4, ["0 samples", "multiple of 4", "how x was cut"]),
        (8, 8, ["batch_size is 8", "batch size 4", "batch_size=4"]),
        (8, 1, ["batch_size is 1", "batch size 4", "batch_size=4"]),
        (8, None, ["batch_size is 32 (None", "batch size 4", "batch_size=4"]),
        (8, 4.0, ["batch_size is 4.0", "integer of 1 or more", "batch_shape"]),
        (8, True, ["batch_size is True", "integer"]),
        (8, 0, ["batch_size is 0", "integer of 1 or more"]),
    ],
)
def test_check_batches_refuses(rows, batch_size, words):
    model = MAKERS["LSTM"]()
    with pytest.raises(ValueError) as caught:
        check_batches(model, np.zeros((rows, T, F)), batch_size)
    words_in(str(caught.value), *words)
    assert (flat(read_states(model)) == 0).all()


def test_check_batches_refuses_what_has_no_rows():
    with pytest.raises(TypeError, match="x is list.*cannot be read.*np.asarray"):
        check_batches(MAKERS["LSTM"](), [1, 2, 3], B)
    with pytest.raises(TypeError, match="x is NoneType.*array"):
        check_batches(MAKERS["LSTM"](), None, B)
    with pytest.raises(ValueError, match=r"\[2, 4\] samples.*same number.*Cut"):
        check_batches(MAKERS["LSTM"](), [X, X[:2]], B)


def test_check_batches_pads_as_it_says():
    model, x = MAKERS["LSTM"](), inputs_of(5, T, F)
    with pytest.raises(ValueError) as caught:
        check_batches(model, x, B)
    code = re.search(r"np\.concatenate\(.*?\)\]\)", str(caught.value))[0]
    padded = eval(code, {"np": np, "x": x})
    assert check_batches(model, padded, B) is None
    stateless = sequential(layers.LSTM(U), batch_size=None)
    stateless.set_weights(model.get_weights())
    first_batch = model.predict(padded, batch_size=B, verbose=0)[:B]
    np.testing.assert_allclose(first_batch, stateless.predict(x[:B], verbose=0), atol=1e-6)


# ordered_batches ----------------------------------------------------------------------------


def everything_in(model):
    """All weights, all states and the optimizer, as one array."""
    own = [np.asarray(variable).ravel() for variable in model.optimizer.variables]
    return np.concatenate(
        [*(w.ravel() for w in model.get_weights()), flat(read_states(model)), *own]
    )


def in_use():
    """A compiled model that has been trained a little: weights, state and optimizer have moved."""
    model = in_graph(MAKERS["LSTM"]())
    model.fit(inputs_of(2 * B, T, F), np.zeros((2 * B, U)), batch_size=B, verbose=0)
    return model


def test_ordered_batches_give_all_rows_in_order():
    model = MAKERS["LSTM"]()
    x, y = np.arange(3 * B * T * F).reshape(3 * B, T, F), np.arange(3.0 * B)
    batches = list(ordered_batches(model, x, y, y + 1))
    assert len(batches) == 3
    for place, part in enumerate((x, y, y + 1)):
        joined = np.concatenate([batch[place] for batch in batches])
        np.testing.assert_array_equal(joined, part)
    assert batches[0][1].dtype == "float32" and batches[0][0].dtype == x.dtype
    assert batches[0][0].shape == (B, T, F)
    assert ordered_batches(model, x).element_spec[0].shape == (B, T, F)  # B is known


def test_ordered_batches_train_and_predict_as_arrays_do():
    x, y = inputs_of(3 * B, T, F), inputs_of(3 * B, U, seed=1)
    weight = np.arange(3.0 * B)
    by_arrays, by_batches = in_graph(MAKERS["LSTM"]()), in_graph(MAKERS["LSTM"]())
    by_batches.set_weights(by_arrays.get_weights())
    options = {"shuffle": False, "verbose": 0, "epochs": 2, "callbacks": [ResetStates()]}
    one = by_arrays.fit(x, y, batch_size=B, sample_weight=weight, validation_data=(x, y), **options)
    validation = ordered_batches(by_batches, x, y)
    batches = ordered_batches(by_batches, x, y, weight)
    other = by_batches.fit(batches, validation_data=validation, **options)
    for key, values in one.history.items():
        np.testing.assert_allclose(values, other.history[key], rtol=1e-5)
    for a, b in zip(by_arrays.get_weights(), by_batches.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    reset_states(by_arrays)
    reset_states(by_batches)
    np.testing.assert_allclose(
        by_arrays.predict(x, batch_size=B, verbose=0),
        by_batches.predict(ordered_batches(by_batches, x), verbose=0),
        atol=1e-6,
    )
    reset_states(by_arrays)
    reset_states(by_batches)
    np.testing.assert_allclose(
        by_arrays.evaluate(x, y, batch_size=B, verbose=0),
        by_batches.evaluate(validation, verbose=0),
        rtol=1e-5,
    )


def test_the_shuffle_of_fit_cannot_touch_ordered_batches():
    model = in_graph(MAKERS["LSTM"]())
    model.optimizer.learning_rate = 0.0
    x = inputs_of(4 * B, T, F)
    ends = []
    for shuffle in (False, True):
        reset_states(model)
        batches = ordered_batches(model, x, np.zeros((4 * B, U)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras says that it ignores shuffle=True
            model.fit(batches, shuffle=shuffle, verbose=0)
        ends.append(flat(read_states(model)))
    np.testing.assert_array_equal(*ends)


def test_ordered_batches_take_several_inputs():
    first, second = (keras.Input(batch_shape=(B, T, F), name=name) for name in "ab")
    merged = layers.LSTM(U, stateful=True)(layers.Add()([first, second]))
    model = in_graph(keras.Model({"a": first, "b": second}, merged))
    listed = in_graph(keras.Model([first, second], merged))
    x = inputs_of(2 * B, T, F)
    named = model.predict(ordered_batches(model, {"a": x, "b": x}), verbose=0)
    reset_states(model)
    in_list = listed.predict(ordered_batches(listed, [x, x]), verbose=0)
    assert named.shape == (2 * B, U)
    np.testing.assert_allclose(named, in_list, atol=1e-6)


METHODS = {
    "fit": lambda model, x: model.fit(
        ordered_batches(model, x, np.zeros((len(x), U))), shuffle=False, verbose=0
    ),
    "evaluate": lambda model, x: model.evaluate(
        ordered_batches(model, x, np.zeros((len(x), U))), verbose=0
    ),
    "predict": lambda model, x: model.predict(ordered_batches(model, x), verbose=0),
    "validation": lambda model, x: model.fit(
        ordered_batches(model, X, np.zeros((B, U))),
        validation_data=ordered_batches(model, x, np.zeros((len(x), U))),
        shuffle=False,
        verbose=0,
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [1, 3, 5, 6])
def test_ordered_batches_stop_before_any_weight_or_state_is_touched(method, rows):
    model = in_use()
    before = everything_in(model)
    assert np.abs(flat(read_states(model))).max() > 0
    with pytest.raises(ValueError) as caught:
        METHODS[method](model, inputs_of(rows, T, F))
    words_in(str(caught.value), "multiple of 4", counted_rows(rows))
    np.testing.assert_array_equal(everything_in(model), before)


def counted_rows(rows):
    return "1 sample." if rows == 1 else f"{rows} samples."


@pytest.mark.parametrize("rows", [5, 6])
def test_without_them_weights_and_state_are_touched(rows):
    """What the test above guards against: Keras trains on the first batch, at the least."""
    model = in_use()
    before = everything_in(model)
    try:
        model.fit(inputs_of(rows, T, F), np.zeros((rows, U)), batch_size=B, verbose=0)
        stopped = False
    except Exception:  # in the last batch, after the one before it
        stopped = True
    assert stopped == (rows == 6)
    assert (everything_in(model) != before).any()


def test_a_callback_is_not_told_the_number_of_rows():
    """Why the guard is no callback. If this fails, it could be one."""
    told = []

    class Listener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            told.append((dict(self.params), logs))

        def on_train_batch_begin(self, batch, logs=None):
            told.append((batch, dict(logs)))

    heard = []
    for rows in (5, 8):
        told.clear()
        x, y = inputs_of(rows, T, F), np.zeros((rows, U))
        model = in_graph(MAKERS["LSTM"]())
        model.fit(x, y, batch_size=B, verbose=0, callbacks=[Listener()])
        heard.append(list(told))
    assert heard[0] == heard[1]
    assert set(heard[0][0][0]) == {"verbose", "epochs", "steps"}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X, X[:2]), ValueError, ["y has 2 rows", "x has 4", "Cut x and y"]),
        ((X, X, X[:1]), ValueError, ["sample_weight has 1 row", "x has 4", "Cut x and sample"]),
        ((X, None, X), ValueError, ["sample_weight is given", "y is None", "Pass y"]),
        ((None,), TypeError, ["x is NoneType", "np.asarray(x)"]),
        ((X, [0, 1, 2, 3]), TypeError, ["y is list", "np.asarray(y)"]),
    ],
)
def test_ordered_batches_refuse(arguments, error, words):
    with pytest.raises(error) as caught:
        ordered_batches(MAKERS["LSTM"](), *arguments)
    words_in(str(caught.value), *words)


def test_ordered_batches_refuse_a_model_without_rows_of_state():
    with pytest.raises(ValueError, match="no stateful layer"):
        ordered_batches(sequential(layers.LSTM(U)), X)
    with pytest.raises(ValueError, match="not built"):
        ordered_batches(keras.Sequential([layers.LSTM(U, stateful=True)]), X)


def test_the_danger_that_check_batches_guards_against_is_real():
    """Keras issue 21183. If this fails, Keras is cured: soften the words in utils/state.py."""
    rows = in_graph(MAKERS["LSTM"]()).predict(inputs_of(5, T, F), batch_size=B, verbose=0)
    assert len(rows) == 8
    with pytest.raises(Exception, match="Add"):
        in_graph(MAKERS["LSTM"]()).predict(inputs_of(6, T, F), batch_size=B, verbose=0)


def test_keras_still_cannot_reset_a_list_of_cells():
    """utils.state zeroes these states itself. If this fails, that branch can go."""
    layer = layers.RNN([layers.LSTMCell(U), layers.GRUCell(U)], stateful=True)
    layer(X)
    with pytest.raises(AttributeError, match="assign"):
        layer.reset_state()
    reset_states(layer)
    assert (flat(read_states(layer)) == 0).all()
