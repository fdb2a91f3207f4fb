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


def test_a_subclassed_model_a_bare_layer_and_a_shared_one():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.memory = layers.LSTM(U, stateful=True)

    model = Own()
    assert recurrent_layers(model) == recurrent_layers(model.memory) == [model.memory]
    first, second = keras.Input(batch_shape=(B, T, F)), keras.Input(batch_shape=(B, T, F))
    shared = keras.Model([first, second], [model.memory(first), model.memory(second)])
    assert recurrent_layers(shared) == [model.memory]
    assert recurrent_layers(layers.Dense(1)) == recurrent_layers(keras.Sequential()) == []


# Resetting, reading, writing --------


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
        (keras.ops.convert_to_tensor([1, 2]), [1, 2]),
        (keras.ops.convert_to_tensor([True, False, False, True]), [0, 3]),
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


def test_read_states_gives_copies_without_a_warning_and_write_states_takes_copies():
    model = MAKERS["LSTM"]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        states = read_states(model)
    write_states(model, states)
    for array in next(iter(states.values())):
        array[:] = 99
    assert (flat(read_states(model)) == 0).all()
    run(model)
    assert (flat(states) == 99).all()


ZEROS = np.zeros((B, U))


def test_the_renaming_that_the_message_suggests_works_also_with_tensors():
    model, twin = MAKERS["LSTM"](), MAKERS["LSTM"]()
    run(model)
    states = read_states(model)
    states = {name: [*map(keras.ops.convert_to_tensor, states[name])] for name in states}
    assert set(states) != set(read_states(twin))
    write_states(twin, dict(zip(read_states(twin), states.values(), strict=True)))
    np.testing.assert_array_equal(flat(read_states(twin)), flat(read_states(model)))


# ResetStates --------


def spy_on(model, *resetters):
    """Run fit with validation, evaluate and predict; say where the state is zero as they begin."""
    seen = []

    def look(where):
        return lambda *_: seen.append((where, not flat(read_states(model)).any()))

    places = {"on_epoch_begin": "epoch", "on_test_begin": "test", "on_predict_begin": "predict"}
    spy = keras.callbacks.LambdaCallback(**{name: look(where) for name, where in places.items()})
    x = inputs_of(B, *model.input_shape[1:])
    y = np.zeros((B, *model.output_shape[1:]))
    options = {"batch_size": B, "verbose": 0, "callbacks": [*resetters, spy]}
    model.fit(x, y, epochs=2, validation_data=(x, y), validation_batch_size=B, **options)
    model.evaluate(x, y, **options)
    model.predict(x, **options)
    return seen


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


def test_a_model_that_keras_builds_on_the_first_batch_is_served():
    model = keras.Sequential([layers.LSTM(U, stateful=True)])
    model.compile(loss="mse")
    model.predict(X, batch_size=B, verbose=0, callbacks=[ResetStates()])
    assert np.abs(flat(read_states(model))).max() > 0


@pytest.mark.parametrize("callback", [ResetStates, StateRecorder])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_callbacks_refuse_a_model_with_no_state(method, callback):
    model = sequential(layers.LSTM(U, name="alpha"), compiled=True)
    data = (X,) if method == "predict" else (X, np.zeros((B, U)))
    with pytest.raises(ValueError, match="no stateful layer.*alpha.*stateful=True"):
        getattr(model, method)(*data, batch_size=B, verbose=0, callbacks=[callback()])


# StateRecorder --------


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


def test_recorder_of_one_layer_among_several():
    model = many_layers()
    gru = model.get_layer("inner").get_layer("inner_gru")
    recorder = StateRecorder(layer=gru)
    predict(model, recorder)
    np.testing.assert_array_equal(recorder.h[0], gru.states[0])
    with pytest.raises(ValueError, match="inner_gru.*GRU.*Only an LSTM.*Use h"):
        recorder.c  # noqa: B018


def predict(model, recorder):
    # Alone and empty: a recorder that counts as False would be dropped by Keras.
    model.predict(X, batch_size=B, verbose=0, callbacks=recorder)
    return recorder


# state_history --------


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("given", [None, "a state"])
@pytest.mark.parametrize(
    "options", [{}, {"use_bias": False}, {"go_backwards": True}, {"recurrent_dropout": 0.5}]
)
def test_history_equals_the_layer(stateful, given, options):
    layer = layers.LSTM(U, stateful=stateful, return_sequences=True, return_state=True, **options)
    layer(inputs_of(B, T, F, seed=5))  # builds it; a stateful one now holds a state
    layer.set_weights([inputs_of(*w.shape, seed=6) for w in layer.get_weights()])
    before = read_states(layer) if stateful else None
    start = given and [inputs_of(B, U, seed=1), inputs_of(B, U, seed=2)]
    x = inputs_of(B, 7, F)

    h, c = state_history(layer, x, initial_state=start)

    if stateful:
        np.testing.assert_array_equal(flat(read_states(layer)), flat(before))
    outputs, last_h, last_c = layer(x, initial_state=start)
    assert h.shape == c.shape == (B, 7, U)
    np.testing.assert_allclose(h, outputs, atol=1e-6)
    np.testing.assert_allclose(h[:, -1], last_h, atol=1e-6)
    np.testing.assert_allclose(c[:, -1], last_c, atol=1e-6)


# check_batches and ordered_batches --------


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
        (5, 4, r"5 samples.*size 4.* 1 row\..*multiple of 4.*broadcast.*21183.*x\[:4\].* pad 3"),
        (6, 4, r"6 samples.* 2 rows.*multiple of 4.*stop.*moved the state.*x\[:4\]"),
        (1, 4, r"has 1 sample\..* 1 row\..*broadcast.*a new model would stop.*Pad 3"),
        (3, 4, "3 samples.* 3 rows.*stop.*Pad 1"),
        (0, 4, "0 samples.*multiple of 4.*how x was cut"),
        (8, 8, "batch_size is 8.*batch size 4.*batch_size=4"),
        (8, 1, "batch_size is 1.*batch size 4.*batch_size=4"),
        (8, None, r"batch_size is 32 \(None.*batch size 4.*batch_size=4"),
        (8, 4.0, "batch_size is 4.0.*integer of 1 or more.*batch_shape"),
        (8, True, "batch_size is True.*integer"),
        (8, 0, "batch_size is 0.*integer of 1 or more"),
    ],
)
def test_check_batches_refuses(rows, batch_size, words):
    x = np.zeros((rows, T, F))
    with pytest.raises(ValueError, match=words):
        check_batches(MAKERS["LSTM"](), x, batch_size)
    if rows % B or rows == 0:  # ordered_batches takes B from the model
        with pytest.raises(ValueError, match=words):
            ordered_batches(MAKERS["LSTM"](), x)


def test_check_batches_pads_as_it_says():
    model, x = MAKERS["LSTM"](), inputs_of(5, T, F)
    with pytest.raises(ValueError) as caught:
        check_batches(model, x, B)
    code = re.search(r"np\.concatenate\(.*?\)\]\)", str(caught.value))[0]
    padded = eval(code, {"np": np, "x": x})
    assert check_batches(model, padded, B) is None


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
    ((several,),) = [*ordered_batches(model, {"a": x, "b": [x, x]}).take(1)]
    np.testing.assert_array_equal(several["b"][1], x[:B])


def test_ordered_batches_train_and_predict_as_arrays_do():
    x, y, weight = inputs_of(3 * B, T, F), inputs_of(3 * B, U, seed=1), np.arange(3.0 * B)
    by_arrays, by_batches = in_graph(MAKERS["LSTM"]()), in_graph(MAKERS["LSTM"]())
    by_batches.set_weights(by_arrays.get_weights())
    options = {"shuffle": False, "verbose": 0, "epochs": 2, "callbacks": [ResetStates()]}
    one = by_arrays.fit(x, y, batch_size=B, sample_weight=weight, validation_data=(x, y), **options)
    batches = ordered_batches(by_batches, x, y, weight)
    with pytest.warns(UserWarning, match="shuffle"):  # which such batches ignore
        validation = ordered_batches(by_batches, x, y)
        other = by_batches.fit(batches, validation_data=validation, **options | {"shuffle": True})
    for key, values in one.history.items():
        np.testing.assert_allclose(values, other.history[key], rtol=1e-5)
    np.testing.assert_allclose(
        by_arrays.predict(x, batch_size=B, verbose=0),
        by_batches.predict(ordered_batches(by_batches, x), verbose=0),
        atol=1e-6,
    )


# What is refused, and with which words --------


def change(entry):
    """Write a state whose last entry is wrong, after good ones."""

    def write(model):
        *good, last = read_states(model)
        write_states(model, {name: [ZEROS, ZEROS] for name in good} | {last: entry})

    return write


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: write_states(m, [ZEROS]), "states is list.*dict.*read_states"),
        (lambda m: write_states(m, {}), r"names \[\].*This model has.*dict\(zip\("),
        (lambda m: write_states(m, read_states(m) | {"other": 0}), "other.*This model has"),
        (change(ZEROS), r"is ndarray.*list of 2.*\[h, c\]"),
        (change([ZEROS]), r"has 1 array\..*2 states.*\[h, c\]"),
        (change([ZEROS, ZEROS[:1]]), r"\[1\] has shape \(1, 5\).*\(4, 5\).*np.repeat\(row, 4"),
        (change([ZEROS, ZEROS + np.nan]), r"\[1\].*NaN.*finite"),
        (change([ZEROS, ZEROS - 1e300]), r"\[1\] holds 1e\+300.*infinite as float32"),
        (change([ZEROS, "x"]), r"\[1\] is str.*\(4, 5\).*np.zeros"),
        (change([ZEROS, [[1], [2, 3]]]), r"\[1\] is list.*\(4, 5\)"),
        (lambda m: reset_states(m, [4]), "rows holds 4.*4 rows.*0 to 3.*not samples"),
        (lambda m: reset_states(m, [-1]), "rows holds -1.*0 to 3"),
        (lambda m: reset_states(m, [True, False]), r"2 bools.*4 rows.*\[0\]"),
        (lambda m: reset_states(m, [0.0]), r"rows is \[0.0\].*row numbers.*rows=\[0\]"),
        (lambda m: reset_states(m, [True, 1]), r"rows is \[True, 1\].*one bool per row"),
        (lambda m: reset_states(m, 1), "rows is 1\\..*sequence"),
        (lambda m: reset_states(m, keras.ops.ones((1,))), "rows is .*row numbers"),
        (lambda m: reset_states(m, ["0"]), r"rows is \['0'\]"),
    ],
)
def test_a_refusal_changes_no_state(call, words):
    first = layers.LSTM(U, stateful=True, return_sequences=True)
    model = sequential(first, layers.LSTM(U, stateful=True))
    run(model)
    before = flat(read_states(model))
    with pytest.raises((TypeError, ValueError), match=words):
        call(model)
    np.testing.assert_array_equal(flat(read_states(model)), before)


def new(maker="LSTM"):
    return MAKERS[maker]()


def of_two_batch_sizes():
    first, second = layers.LSTM(U, stateful=True), layers.LSTM(U, stateful=True)
    one, two = keras.Input(batch_shape=(2, T, F)), keras.Input(batch_shape=(3, T, F))
    return keras.Model([one, two], [first(one), second(two)])


def in_steps_of_two():
    model = new()
    model.compile(loss="mse", steps_per_execution=2)
    return model


STATELESS = sequential(layers.LSTM(U, name="alpha"), layers.Dense(1))
UNBUILT = keras.Sequential([layers.LSTM(U, stateful=True, name="beta")])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: recurrent_layers("model"), "model is str.*Keras model or layer.*Pass the model"),
        (lambda: stateful_layers(STATELESS), r"no stateful.*alpha.*stateful=True.*batch_shape=\(B"),
        (lambda: reset_states(layers.Dense(1)), "no recurrent layer.*LSTM, GRU or SimpleRNN"),
        (lambda: read_states(UNBUILT), r"not built: beta.*batch size.*batch_shape=\(B, T, F\)"),
        (lambda: reset_states(of_two_batch_sizes(), [0]), r"\[2, 3\] rows.*for each layer"),
        (lambda: StateRecorder("lstm"), "layer is str.*one LSTM.*stateful_layers"),
        (lambda: StateRecorder().h, "Nothing is recorded.*1 batch or more.*callbacks="),
        (lambda: StateRecorder().c, "Nothing is recorded"),
        (lambda: predict(new("many"), StateRecorder()), "6 stateful layers.*inner_gru.*layer="),
        (
            lambda: predict(new("GRU"), StateRecorder(new().layers[0])),
            "'lstm.*no stateful layer of.*gru.*Pick",
        ),
        (lambda: predict(new("GRU"), predict(new(), StateRecorder())), "holds batches.*clear"),
        (lambda: predict(new("list of cells"), StateRecorder()), "2 cells.*1 cell.*one layer"),
        (lambda: predict(in_steps_of_two(), StateRecorder()), "execution=2.*every batch.*=1"),
        (lambda: state_history(UNBUILT.layers[0], X), "'beta' is not built.*Call it once"),
        (lambda: state_history(layers.GRU(U), X), "layer is GRU.*one LSTM layer"),
        (lambda: state_history(new(), X), "layer is Sequential.*recurrent_layers"),
        (lambda: state_history(new().layers[0], X[0]), "2 axes. An LSTM reads 3"),
        (lambda: state_history(new().layers[0], X[..., :1]), "1 feature.*built for 2.*explain"),
        (lambda: state_history(new().layers[0], X, ZEROS), r"not a pair.*=\[h, c\].*\(4, 5\)"),
        (
            lambda: state_history(new().layers[0], X, [ZEROS, ZEROS[:1]]),
            r"state\[1\] has shape \(1, 5\)",
        ),
        (lambda: state_history(new().layers[0], X[:3]), "3 samples.*size 4.*one batch of 4"),
        (lambda: check_batches(new(), [1, 2, 3], B), "x is list.*cannot be read.*np.asarray"),
        (lambda: check_batches(new(), None, B), "x is NoneType.*array"),
        (lambda: check_batches(new(), [X, X[:2]], B), r"\[2, 4\] samples.*same number.*Cut"),
        (lambda: ordered_batches(new(), X, X[:2]), "y has 2 rows.*x has 4.*Cut x and y"),
        (lambda: ordered_batches(new(), X, X, X[:1]), "sample_weight has 1 row.*x and sample"),
        (lambda: ordered_batches(new(), X, None, X), "weight is given.*y is None.*Pass y"),
        (lambda: ordered_batches(new(), X, [0, 1]), r"y is list.*np.asarray\(y\)"),
        (lambda: ordered_batches(STATELESS, X), "no stateful layer"),
        (lambda: ordered_batches(UNBUILT, X), "not built"),
    ],
)
def test_what_is_wrong_is_refused_with_the_fix(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()


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
