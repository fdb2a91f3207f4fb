"""The guards of utils.state, on the back end that runs: here TensorFlow; in `make backends` all."""

import json
import random
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from utils.state import (
    ResetStates,
    StateRecorder,
    backend,
    check_batches,
    ordered_batches,
    read_states,
    state_history,
)

ROOT = Path(__file__).resolve().parents[2]
BACKEND = keras.backend.backend()
STATE_IS_LOST = BACKEND == "jax"
X, Y = np.ones((4, 1, 1), "float32"), np.ones((4, 3), "float32")


def stateful(kind=layers.LSTM):
    model = keras.Sequential([keras.Input(batch_shape=(2, 1, 1)), kind(3, stateful=True)])
    model.compile(optimizer="sgd", loss="mse")
    return model


def run(method, callback, kind=layers.LSTM):
    model = stateful(kind)
    data = (X,) if method == "predict" else (X, Y)
    return getattr(model, method)(*data, batch_size=2, verbose=0, callbacks=[callback])


def stops(call, *words):
    with pytest.raises(RuntimeError) as caught:
        call()
    for word in ("back end is", "KERAS_BACKEND=tensorflow", "initial_state", *words):
        assert word in str(caught.value), word


@pytest.mark.parametrize("callback", [ResetStates, StateRecorder])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_callbacks_stop_where_the_state_is_lost(method, callback):
    if STATE_IS_LOST:
        stops(lambda: run(method, callback()), "is jax", "loses the state")
    elif BACKEND == "torch" and method == "fit":
        stops(lambda: run(method, callback()), "is torch", "fit of a stateful LSTM stops")
    else:
        run(method, callback())


def test_what_pytorch_trains_is_let_through():
    if not STATE_IS_LOST:
        run("fit", ResetStates(), layers.SimpleRNN)


def test_check_batches_stops_where_all_is_lost():
    if STATE_IS_LOST:
        stops(lambda: check_batches(stateful(), X, 2), "loses the state")
    else:
        check_batches(stateful(), X, 2)
    check_batches(keras.Sequential([keras.Input((1, 1)), layers.LSTM(3)]), X, 2)


def test_state_history_stops_where_the_stored_state_is_old():
    layer = stateful().layers[0]
    zeros = np.zeros((2, 3))
    h, _ = state_history(layer, X[:2], initial_state=[zeros, zeros])
    if STATE_IS_LOST:
        stops(lambda: state_history(layer, X[:2]), "loses the state")
    else:
        np.testing.assert_array_equal(state_history(layer, X[:2])[0], h)


@pytest.mark.parametrize("found", ["lost", "refused"])
def test_what_the_trial_finds_is_what_is_said(monkeypatch, found):
    only = {"lost": ("fit", "predict"), "refused": ("fit",)}[found]
    monkeypatch.setattr(backend, "trouble", lambda method, kind: found if method in only else None)
    stops(lambda: run("fit", ResetStates()), BACKEND, "loses" if found == "lost" else "stops")
    if found == "lost":
        for method in ("evaluate", "predict"):
            stops(lambda method=method: run(method, StateRecorder()), "no reset is heard")
        stops(lambda: check_batches(stateful(), X, 2), "loses the state")
        stops(lambda: ordered_batches(stateful(), X), "loses the state")
        stops(lambda: state_history(stateful().layers[0], X[:2]), "loses the state")
    else:
        check_batches(stateful(), X, 2)
        run("predict", ResetStates())


def test_what_the_guards_say_is_what_happens():
    """The trial against the real thing, from a state that is not zero."""
    model = stateful()
    model.predict(X, batch_size=2, verbose=0)
    moved = any(array.any() for array in read_states(model)[model.layers[0].path])
    assert (backend.trouble("predict", layers.LSTM) is None) == moved
    try:
        stateful().fit(X, Y, batch_size=2, verbose=0)
        refused = False
    except RuntimeError:
        refused = True
    assert (backend.trouble("fit", layers.LSTM) == "refused") == refused


def test_the_trial_draws_no_random_number():
    def draw():
        kernel = keras.ops.convert_to_numpy(keras.random.uniform((3,)))
        return [*kernel, random.random(), np.random.rand()]

    keras.utils.set_random_seed(1)
    wanted = draw()
    backend.trouble.cache_clear()
    keras.utils.set_random_seed(1)
    backend.trouble("predict", layers.LSTM)
    backend.trouble("fit", layers.GRU)
    assert draw() == wanted


@pytest.mark.parametrize(("reach", "moves"), [(1, False), (2, True)])
def test_the_pieces_of_chapter_12_are_trained_as_far_as_they_reach(reach, moves):
    """Its open cell, run as it stands: the mark lies in the second of three pieces."""
    chapter = ROOT / "chapters" / "12_state_you_hold_yourself.ipynb"
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    names = {"keras": keras}
    exec("".join(next(cell["source"] for cell in cells if cell["id"] == "cut")), names)
    model = names["InPieces"](names["step_model"](), length=4, reach=reach)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    x = np.ones((8, 12, 2), "float32")
    x[..., 1] = np.arange(12) == 4
    before = model.get_weights()[0]
    model.fit(x, np.arange(8) % 2, batch_size=4, verbose=0)
    value_row, mark_row = np.abs(model.get_weights()[0] - before).max(axis=1)
    assert value_row > 0 and (mark_row > 0) == moves
