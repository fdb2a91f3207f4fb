"""The labs' own LSTM in JavaScript, function by function, against NumPy and Keras."""

import functools

import numpy as np
import pytest
from lab_tools import call, random_weights, to_json

from utils import lstm_numpy
from utils.labs.lab import Lab, Weights, shuffled_order

pytestmark = pytest.mark.browser

SHAPES = [(1, 1, 1), (3, 1, 4), (1, 3, 4), (6, 2, 8), (26, 3, 32)]  # T, F, U


class Weighted(Lab, module="shape"):
    """A lab with weights."""

    weights = Weights()


@functools.cache
def keras_outputs(T, F, U):
    """Return all hidden states, the last cell state and the probabilities that Keras computes."""
    import keras

    inputs = keras.Input((T, F))
    h, _, c = keras.layers.LSTM(U, return_sequences=True, return_state=True)(inputs)
    answer = keras.layers.Dense(26, activation="softmax")(h[:, -1])
    model = keras.Model(inputs, [h, c, answer])
    model.set_weights(random_weights(U, F))
    return [keras.ops.convert_to_numpy(out)[0] for out in model(steps(T, F)[None])]


def steps(T, F):
    """Return the inputs of one sample, (T, F)."""
    return np.random.default_rng(T * F).normal(size=(T, F)).astype("float32")


RUN = """(() => {
    const weights = m.readWeights(a[0]);
    const run = m.lstmRun(weights, a[1]);
    const last = run[run.length - 1];
    const all = key => run.map(step => [...step[key]]);
    const gates = Object.fromEntries([...'ifgohc'].map(key => [key, all(key)]));
    return { ...gates, answer: [...m.classify(weights, last.h)] };
})()"""


@pytest.mark.parametrize(("T", "F", "U"), SHAPES)
def test_the_forward_pass_is_that_of_keras_and_numpy(core, T, F, U):
    weights = random_weights(U, F)
    found = call(core, "lstm", RUN, to_json(weights, Weighted), steps(T, F).tolist())
    h, c, answer = keras_outputs(T, F, U)
    np.testing.assert_allclose(found["h"], h, atol=1e-5)
    np.testing.assert_allclose(found["c"][-1], c, atol=1e-5)
    np.testing.assert_allclose(found["answer"], answer, atol=1e-5)
    run = lstm_numpy.lstm(steps(T, F)[None], *weights[:3])
    for name in "ifgohc":
        np.testing.assert_allclose(found[name], getattr(run, name)[0], atol=1e-5)


def test_a_run_in_two_parts_goes_on_from_the_state(core):
    weights = to_json(random_weights(5), Weighted)
    halves = """(() => {
        const weights = m.readWeights(a[0]);
        const first = m.lstmRun(weights, a[1].slice(0, 4));
        const second = m.lstmRun(weights, a[1].slice(4), first[3]);
        const whole = m.lstmRun(weights, a[1]);
        return [[...second[2].c], [...whole[6].c]];
    })()"""
    second, whole = call(core, "lstm", halves, weights, steps(7, 1).tolist())
    assert second == whole


def test_no_time_step_no_result(core):
    weights = to_json(random_weights(2), Weighted)
    assert call(core, "lstm", "m.lstmRun(m.readWeights(a[0]), []).length", weights) == 0


@pytest.mark.parametrize(
    ("logits", "wanted"),
    [([0, 0], [0.5, 0.5]), ([1000, 0], [1, 0]), ([-1000, -1000], [0.5, 0.5]), ([3], [1])],
)
def test_softmax_cannot_overflow(core, logits, wanted):
    np.testing.assert_allclose(call(core, "lstm", "m.softmax(a[0])", logits), wanted, atol=1e-12)


@pytest.mark.parametrize(("x", "wanted"), [(-1000, 0), (0, 0.5), (1000, 1)])
def test_sigmoid_at_its_ends(core, x, wanted):
    assert call(core, "lstm", "m.sigmoid(a[0])", x) == wanted


def test_argmax_takes_the_first_of_equals(core):
    assert call(core, "lstm", "m.argmax(a[0])", [1, 3, 3, 2]) == 1


@pytest.mark.parametrize(
    ("value", "digits", "wanted"),
    [(0.126, 2, "0.13"), (-0.001, 2, "0.00"), (-0.006, 2, "-0.01"), (1, 0, "1")],
)
def test_short_numbers(core, value, digits, wanted):
    assert call(core, "page", "m.short(a[0], a[1])", value, digits) == wanted


@pytest.mark.parametrize(
    ("typed", "kept", "strange", "surplus"),
    [("abc", "ABC", 0, 0), ("", "", 0, 0), ("A1é B", "AB", 3, 0), ("ABCDEF", "ABCD", 0, 2)],
)
def test_letters_are_kept_and_the_rest_is_counted(core, typed, kept, strange, surplus):
    found = call(core, "page", "m.readLetters(a[0], 4)", typed)
    assert found == {"kept": kept, "strange": strange, "surplus": surplus}


@pytest.mark.parametrize("seed", [0, 7, 2**31 - 1])
def test_python_and_the_page_draw_the_same_order(core, seed):
    for count in (0, 1, 26):
        order = call(core, "random", "m.shuffledOrder(a[0], a[1])", count, seed)
        assert order == shuffled_order(count, seed).tolist()
        assert sorted(order) == list(range(count))
