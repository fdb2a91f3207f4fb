"""What the labs compute, without a lab: their LSTM and their training, against NumPy and Keras."""

import functools

import numpy as np
import pytest
from lab_tools import call, random_weights, to_json

from utils import lstm_numpy
from utils.labs.lab import Lab, Weights, shuffled_order
from utils.labs.race import RaceLab
from utils.windows import ALPHABET, encode, sliding_windows

pytestmark = pytest.mark.browser

SHAPES = [(1, 1, 1), (3, 1, 4), (1, 3, 4), (6, 2, 8), (26, 3, 32)]  # T, F, U


class Weighted(Lab, module="shape"):
    """A lab with weights."""

    weights = Weights()


def steps(T, F):
    """Return the inputs of one sample, (T, F)."""
    return np.random.default_rng(T * F).normal(size=(T, F)).astype("float32")


# lstm.js --------------------------------------------------------------------------

RUN_LSTM = """(() => {
    const weights = m.readWeights(a[0]);
    const run = m.lstmRun(weights, a[1]);
    const all = key => run.map(step => [...step[key]]);
    const gates = Object.fromEntries([...'ifgohc'].map(key => [key, all(key)]));
    const half = m.lstmRun(weights, a[1].slice(1), run[0]);  // goes on from a state
    const again = half.length ? [...half[half.length - 1].c] : null;
    return { ...gates, again, answer: [...m.classify(weights, run[run.length - 1].h)] };
})()"""


@pytest.mark.parametrize(("T", "F", "U"), SHAPES)
def test_the_forward_pass_is_that_of_keras_and_numpy(core, T, F, U):
    import keras

    weights = random_weights(U, F)
    inputs = keras.Input((T, F))
    h, _, c = keras.layers.LSTM(U, return_sequences=True, return_state=True)(inputs)
    answer = keras.layers.Dense(26, activation="softmax")(h[:, -1])
    model = keras.Model(inputs, [h, c, answer])
    model.set_weights(weights)
    h, c, answer = (keras.ops.convert_to_numpy(out)[0] for out in model(steps(T, F)[None]))
    found = call(core, "lstm", RUN_LSTM, to_json(weights, Weighted), steps(T, F).tolist())
    np.testing.assert_allclose(found["h"], h, atol=1e-5)
    np.testing.assert_allclose(found["c"][-1], c, atol=1e-5)
    np.testing.assert_allclose(found["answer"], answer, atol=1e-5)
    run = lstm_numpy.lstm(steps(T, F)[None], *weights[:3])
    for name in "ifgohc":
        np.testing.assert_allclose(found[name], getattr(run, name)[0], atol=1e-5)
    assert found["again"] == (None if T == 1 else found["c"][-1])


# train.js: the gradient -------------------------------------------------------------------------

LAYOUTS = [(3, 1), (1, 3), (6, 1), (2, 3), (1, 1)]  # T, F
PARTS = ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")
GRADIENT = """(() => {
    const [flat, F, U, T, x, target] = a;
    const weights = m.startWeights(0, F, U);
    weights.all.set(flat);
    const trainer = m.makeTrainer(weights, T);
    m.backPropagate(trainer, Float64Array.from(x), 0, target);
    const gradient = [...trainer.gradient.all];
    m.predict(trainer, Float64Array.from([9, 9, ...x]), 2);  // a sample that does not stand first
    return [gradient, [...trainer.answer]];
})()"""


def cut(flat, F, U, C=26):
    """Return the five arrays that stand one after the other in `flat`."""
    shapes = [(F, 4 * U), (U, 4 * U), (4 * U,), (U, C), (C,)]
    pieces = np.split(np.asarray(flat), np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


@functools.cache
def keras_model(F, U):
    """Return a model that takes any number of time steps."""
    from utils.training import classifier

    return classifier(None, F, U, 26)


@pytest.mark.parametrize("U", [1, 4, pytest.param(32, marks=pytest.mark.nightly)])
@pytest.mark.parametrize(("T", "F"), LAYOUTS)
def test_the_gradients_are_those_of_tensorflow(core, T, F, U):
    import keras
    import tensorflow as tf

    weights = random_weights(U, F, seed=T)
    x = np.random.default_rng(U).normal(size=(T, F)).astype("float32")
    model = keras_model(F, U)
    model.set_weights(weights)
    with tf.GradientTape() as tape:
        answer = model(x[None])
        losses = keras.losses.sparse_categorical_crossentropy(np.array([7]), answer)
    wanted = [part.numpy() for part in tape.gradient(losses, model.trainable_variables)]
    flat = np.concatenate([part.ravel() for part in weights]).tolist()
    found, said = call(core, "train", GRADIENT, flat, F, U, T, x.ravel().tolist(), 7)
    np.testing.assert_allclose(said, answer.numpy()[0], atol=1e-5)
    found = cut(found, F, U)
    for name, ours, theirs in zip(PARTS, found, wanted, strict=True):
        assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max(), name
    if T == 1:  # exactly zero, in both
        assert not found[1].any() and not wanted[1].any()
        assert not found[0][:, U : 2 * U].any() and not found[2][U : 2 * U].any()
    else:
        assert found[1].all()


# train.js: the start ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_python_and_the_page_draw_the_same_order(core, seed):
    for count in (0, 1, 26):
        order = call(core, "random", "m.shuffledOrder(a[0], a[1])", count, seed)
        assert order == shuffled_order(count, seed).tolist()
        assert sorted(order) == list(range(count))


@pytest.mark.parametrize(("F", "U"), [(1, 4), (6, 32)])
def test_the_weights_start_as_in_keras(core, F, U):
    flat = call(core, "train", "[...m.startWeights(a[0], a[1], a[2]).all]", 3, F, U)
    kernel, recurrent, bias, dense, dense_bias = cut(flat, F, U)
    np.testing.assert_array_equal(np.float32(flat), flat)
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(U), atol=1e-6)
    assert bias.tolist() == [0] * U + [1] * U + [0] * 2 * U
    assert not dense_bias.any()
    for matrix in (kernel, dense):
        limit = np.sqrt(6 / sum(matrix.shape))
        assert 0.7 * limit < np.abs(matrix).max() <= limit
        assert abs(matrix.mean()) < 4 * limit / np.sqrt(3 * matrix.size)
    assert [w.shape for w in keras_model(F, U).get_weights()] == [w.shape for w in cut(flat, F, U)]


# train.js: the training -------------------------------------------------------------------------

RUN = """(() => {
    const [settings, epochs] = a;
    const race = m.makeRace(settings);
    const orders = [];
    while (race.epoch < epochs) if (m.trainOnce(race)) orders.push([...race.order]);
    return {
        orders,
        start: race.trainers.map(({ start }) => [...start.all]),
        end: race.trainers.map(({ weights }) => [...weights.all]),
        now: race.now,
        unreached: [0, 1].map((side) => m.unreached(race, side)),
    };
})()"""


def settings(seed=0, window=3, units=32, rate=0.001):
    """Return the settings of a race as train.js takes them."""
    return {"seed": seed, "window": window, "units": units, "learningRate": rate}


@functools.cache
def trained_by_keras(core, window, side, units, rate, epochs):
    """Train from the page's start, in the page's order; return its run, Keras's weights, loss."""
    import keras

    run = call(core, "train", RUN, settings(2, window, units, rate), epochs)
    T, F = [(window, 1), (1, window)][side]
    X, y = sliding_windows(encode(ALPHABET), window)
    X = (X / 26).astype("float32").reshape(-1, T, F)
    model = keras_model(F, units)
    model.set_weights(cut(run["start"][side], F, units))
    adam = keras.optimizers.Adam(rate)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    order = np.concatenate(run["orders"])
    model.fit(X[order], y[order], batch_size=1, shuffle=False, verbose=0)
    measured = model.evaluate(X, y, batch_size=len(X), verbose=0)
    return run, model.get_weights(), measured


@pytest.mark.parametrize("side", [0, 1], ids=["steps", "features"])
def test_training_follows_keras(core, side):
    epochs, window = 5, 4
    F = [1, window][side]
    run, wanted, (loss, accuracy) = trained_by_keras(core, window, side, 16, 0.005, epochs)
    found = cut(run["end"][side], F, 16)
    moved = cut(np.abs(np.subtract(run["end"][side], run["start"][side])), F, 16)
    for name, ours, theirs, distance in zip(PARTS, found, wanted, moved, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4, err_msg=name)  # 110 updates in float32
        if (name, side) == ("recurrent_kernel", 1):  # no gradient reaches it: not by one bit
            assert distance.max() == 0
        else:
            assert distance.max() > 0.05
    total, idle = RaceLab(window=window, units=16).count_weights()[side]
    assert run["unreached"][side]["all"] == np.sum(np.equal(run["start"][side], run["end"][side]))
    assert (run["unreached"][side]["all"], len(run["end"][side])) == (idle, total)
    assert run["now"][side]["loss"] == pytest.approx(loss, rel=1e-4)
    assert run["now"][side]["right"] / len(run["orders"][0]) == pytest.approx(accuracy)
    assert all(sorted(order) == list(range(26 - window)) for order in run["orders"])
    assert len({tuple(order) for order in run["orders"]}) == epochs
