import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.lstm_numpy import lstm, lstm_step, sigmoid, split_gates


def weights_of(features, units, seed=0, dtype="float32"):
    """Random weights with no zero among them, so that no term drops out of a comparison."""
    random = np.random.default_rng(seed)
    shapes = [(features, 4 * units), (units, 4 * units), (4 * units,)]
    return [random.normal(0, 0.5, shape).astype(dtype) for shape in shapes]


def inputs_of(*shape, seed=1, dtype="float32"):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


# sigmoid and split_gates --------------------------------------------------------------------


def test_sigmoid_is_stable_and_keeps_the_dtype():
    with np.errstate(over="raise", invalid="raise"):
        values = sigmoid(np.array([-1e4, -1.0, 0.0, 1.0, 1e4], dtype="float32"))
    np.testing.assert_allclose(values, [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1], atol=1e-7)
    assert values.dtype == np.float32
    assert sigmoid(-700.0) > 0  # the small side keeps its digits
    for kind in ("uint8", "bool", "int64"):
        assert sigmoid(np.ones(1, kind)) == pytest.approx(np.e / (1 + np.e))


def test_split_gates_has_the_order_of_keras_and_copies():
    z = np.arange(8.0).reshape(1, 8)
    gates = split_gates(z, 2)
    assert {gate: block.tolist() for gate, block in gates.items()} == {
        "i": [[0, 1]],
        "f": [[2, 3]],
        "g": [[4, 5]],
        "o": [[6, 7]],
    }
    gates["i"][:] = 99
    assert z[0, 0] == 0


# Against Keras ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("batch_size", "steps", "features", "units"),
    [(1, 1, 1, 1), (5, 3, 1, 4), (5, 1, 3, 4), (2, 20, 5, 3), (7, 4, 2, 16)],
)
@pytest.mark.parametrize("given_state", [False, True])
def test_lstm_equals_keras(batch_size, steps, features, units, given_state):
    import keras

    x = inputs_of(batch_size, steps, features)
    layer = keras.layers.LSTM(units, return_sequences=True, return_state=True)
    layer.build(x.shape)
    layer.set_weights(weights_of(features, units))
    state = None
    if given_state:
        state = [inputs_of(batch_size, units, seed=2), inputs_of(batch_size, units, seed=3)]

    run = lstm(x, *layer.get_weights(), initial_state=state)

    outputs, h, c = (np.asarray(value) for value in layer(x, initial_state=state))
    np.testing.assert_allclose(run.h, outputs, atol=1e-6)
    np.testing.assert_allclose(run.h[:, -1], h, atol=1e-6)
    np.testing.assert_allclose(run.c[:, -1], c, atol=1e-6)
    assert run.h.dtype == np.float32
    assert all(field.shape == (batch_size, steps, units) for field in run)
    # Each gate, as the layer's own kernels give it: i, f, candidate g, o
    before = np.concatenate(
        [np.zeros_like(run.h[:, :1]) if state is None else state[0][:, None], run.h[:, :-1]], axis=1
    )
    kernel, recurrent, bias = layer.get_weights()
    blocks = np.split(x @ kernel + before @ recurrent + bias, 4, axis=-1)
    for name, kind, block in zip(
        "ifgo", ["sigmoid", "sigmoid", "tanh", "sigmoid"], blocks, strict=True
    ):
        wanted = np.asarray(getattr(keras.activations, kind)(block))
        np.testing.assert_allclose(getattr(run, name), wanted, atol=1e-6, err_msg=name)


# Properties ---------------------------------------------------------------------------------

sizes = st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(1, 3), st.integers(1, 4))


@given(sizes, st.integers(0, 999), st.data())
def test_rows_do_not_meet_and_a_state_carried_over_continues(shape, seed, data):
    """The rows in another order, and two halves: the same numbers as the whole."""
    batch_size, steps, features, units = shape
    x, weights = inputs_of(*shape[:3], seed=seed), weights_of(features, units, seed)
    order, cut = data.draw(st.permutations(range(batch_size))), data.draw(st.integers(1, steps - 1))
    whole, permuted = lstm(x, *weights), lstm(x[order], *weights)
    first = lstm(x[:, :cut], *weights)
    second = lstm(x[:, cut:], *weights, initial_state=[first.h[:, -1], first.c[:, -1]])
    for all_steps, other, one, two in zip(whole, permuted, first, second, strict=True):
        np.testing.assert_allclose(all_steps[order], other, atol=1e-6)
        np.testing.assert_allclose(np.concatenate([one, two], axis=1), all_steps, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_the_step_repeated_modifies_nothing_and_returns_copies_of_the_same_dtype(dtype):
    x, weights = inputs_of(2, 3, 1, dtype=dtype), weights_of(1, 2, dtype=dtype)
    state = [inputs_of(2, 2, seed=seed, dtype=dtype) for seed in (2, 3)]
    before = [array.copy() for array in (x, *weights, *state)]
    run = lstm(x, *weights, initial_state=state)
    h, c = state
    for t in range(3):
        step = lstm_step(x[:, t], h, c, *weights)
        h, c = step.h, step.c
        for whole, one in zip(run, step, strict=True):
            np.testing.assert_array_equal(whole[:, t], one)
    for field in run:
        assert field.dtype == dtype
        field[:] = 99
    for array, old in zip((x, *weights, *state), before, strict=True):
        np.testing.assert_array_equal(array, old)


# Bad input ----------------------------------------------------------------------------------

X = inputs_of(2, 3, 1)
KERNEL, RECURRENT, BIAS = weights_of(1, 5)


BAD = [
    ([X[..., 0], KERNEL, RECURRENT, BIAS], ["(2, 3)", "(B, T, F)", "np.newaxis"]),
    ([X[:, :0], KERNEL, RECURRENT, BIAS], ["(2, 0, 1)", "no axis of size 0"]),
    ([X, *weights_of(3, 5)], ["(3, 20)", "x has shape (2, 3, 1)", "with F=1", "F=3"]),
    ([X, RECURRENT, KERNEL, BIAS], ["(5, 20)", "(F, 4U)", "swapped"]),
    ([X, KERNEL[:, :15], RECURRENT[:, :15], np.zeros((2, 15))], ["(1, 15)", "(F, 4U)", "GRU"]),
    ([X, KERNEL[:, :5], RECURRENT[:, :5], BIAS[:5]], ["(1, 5)", "SimpleRNN"]),
    ([X, KERNEL, RECURRENT], ["bias is missing", "(4U,)", "np.zeros"]),
    ([X, KERNEL, RECURRENT, BIAS[:5]], ["bias (5,)", "(4U,)", "(20,)", "bias of the same layer"]),
    ([X, KERNEL[0], RECURRENT, BIAS], ["(20,)", "(F, 4U)", "get_weights"]),
    ([X, KERNEL, RECURRENT[0], BIAS], ["(20,)", "(U, 4U)", "get_weights"]),
    ([X, "kernel", RECURRENT, BIAS], ["kernel is str", "real numbers", "Pass"]),
    ([[[1], [2, 3]], KERNEL, RECURRENT, BIAS], ["x is list", "real numbers"]),
    ([X, KERNEL, RECURRENT, BIAS, np.zeros((2, 5))], ["initial_state[0]", "(5,)", "(2, 5)"]),
    ([X, KERNEL, RECURRENT, BIAS, 3], ["not a pair", "[h, c]", "(2, 5)"]),
]


@pytest.mark.parametrize(("arguments", "words"), BAD)
def test_lstm_refuses(arguments, words):
    with pytest.raises(TypeError if "real numbers" in words else ValueError) as caught:
        lstm(*arguments)
    assert [word for word in words if word not in str(caught.value)] == [], caught.value


def test_a_step_and_a_split_refuse_other_shapes():
    zeros = np.zeros((2, 5))
    with pytest.raises(ValueError, match=r"x_t has shape \(2, 3, 1\).*\(B, F\).*x\[:, t, :\]"):
        lstm_step(X, zeros, zeros, KERNEL, RECURRENT, BIAS)
    with pytest.raises(ValueError, match=r"c has shape \(5,\).*shape \(2, 5\).*np.zeros"):
        lstm_step(X[:, 0], zeros, zeros[0], KERNEL, RECURRENT, BIAS)
    with pytest.raises(ValueError, match=r"shape \(2, 9\).*4 \* units.*z.shape\[-1\] // 4"):
        split_gates(np.zeros((2, 9)), 2)
