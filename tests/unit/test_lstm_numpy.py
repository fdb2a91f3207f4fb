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


@given(st.floats(-500, 500))
def test_sigmoid_is_symmetric(x):
    assert sigmoid(x) + sigmoid(-x) == pytest.approx(1)


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


@pytest.mark.parametrize(("z", "units"), [(np.zeros((2, 9)), 2), (np.zeros(()), 1), ([], 0)])
def test_split_gates_refuses(z, units):
    with pytest.raises(ValueError) as caught:
        split_gates(z, units)
    message = str(caught.value)
    assert f"shape {np.shape(z)}" in message
    assert "4 * units" in message
    assert "z.shape[-1] // 4" in message


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


def test_every_gate_equals_the_split_computation_of_the_keras_cell():
    """With implementation=1 the Keras cell cuts its weights per gate; read each gate from it."""
    import keras

    units, x_t = 4, inputs_of(3, 2)
    h, c = inputs_of(3, units, seed=2), inputs_of(3, units, seed=3)
    seen = []

    def spy(name):
        def activation(z):
            value = getattr(keras.activations, name)(z)
            seen.append((name, np.asarray(value)))
            return value

        return activation

    cell = keras.layers.LSTMCell(
        units, activation=spy("tanh"), recurrent_activation=spy("sigmoid"), implementation=1
    )
    cell.build(x_t.shape)
    cell.set_weights(weights_of(2, units))
    new_h, (_, new_c) = cell(x_t, [h, c])

    step = lstm_step(x_t, h, c, *cell.get_weights())

    # _compute_carry_and_output evaluates i, f, candidate, o; then h needs tanh(c).
    assert [name for name, _ in seen] == ["sigmoid", "sigmoid", "tanh", "sigmoid", "tanh"]
    for letter, (_, value) in zip("ifgo", seen, strict=False):
        np.testing.assert_allclose(getattr(step, letter), value, atol=1e-6, err_msg=letter)
    np.testing.assert_allclose(step.h, np.asarray(new_h), atol=1e-6)
    np.testing.assert_allclose(step.c, np.asarray(new_c), atol=1e-6)


# Properties ---------------------------------------------------------------------------------

sizes = st.tuples(st.integers(1, 4), st.integers(2, 6), st.integers(1, 3), st.integers(1, 4))


@given(sizes, st.integers(0, 999), st.randoms(use_true_random=False))
def test_permuting_the_batch_permutes_the_result(shape, seed, random):
    batch_size, steps, features, units = shape
    x = inputs_of(batch_size, steps, features, seed=seed)
    weights = weights_of(features, units, seed)
    order = list(range(batch_size))
    random.shuffle(order)
    for all_rows, permuted in zip(lstm(x, *weights), lstm(x[order], *weights), strict=True):
        np.testing.assert_allclose(all_rows[order], permuted, atol=1e-6)


@given(sizes, st.integers(0, 999), st.data())
def test_two_halves_with_the_state_carried_over_equal_the_whole(shape, seed, data):
    batch_size, steps, features, units = shape
    cut = data.draw(st.integers(1, steps - 1))
    x = inputs_of(batch_size, steps, features, seed=seed)
    weights = weights_of(features, units, seed)
    whole = lstm(x, *weights)
    first = lstm(x[:, :cut], *weights)
    second = lstm(x[:, cut:], *weights, initial_state=[first.h[:, -1], first.c[:, -1]])
    for one, two, all_steps in zip(first, second, whole, strict=True):
        np.testing.assert_allclose(np.concatenate([one, two], axis=1), all_steps, atol=1e-6)


def test_lstm_is_the_step_repeated_and_the_equations_hold():
    x, weights = inputs_of(2, 3, 2), weights_of(2, 4)
    run = lstm(x, *weights)
    h = c = np.zeros((2, 4), "float32")
    for t in range(3):
        step = lstm_step(x[:, t], h, c, *weights)
        h, c = step.h, step.c
        for whole, one in zip(run, step, strict=True):
            np.testing.assert_array_equal(whole[:, t], one)
    np.testing.assert_allclose(run.h, run.o * np.tanh(run.c), atol=1e-7)
    np.testing.assert_allclose(run.c[:, 0], run.i[:, 0] * run.g[:, 0], atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_modified_and_the_result_is_a_copy_of_the_same_dtype(dtype):
    x, weights = inputs_of(2, 3, 1, dtype=dtype), weights_of(1, 2, dtype=dtype)
    state = [inputs_of(2, 2, seed=seed, dtype=dtype) for seed in (2, 3)]
    arrays = [x, *weights, *state]
    before = [array.copy() for array in arrays]
    run = lstm(x, *weights, initial_state=state)
    for field in run:
        assert field.dtype == dtype
        field[:] = 99
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


# Bad input ----------------------------------------------------------------------------------

X = inputs_of(2, 3, 1)
KERNEL, RECURRENT, BIAS = weights_of(1, 5)
MANY = weights_of(3, 5)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ([X[..., 0], KERNEL, RECURRENT, BIAS], ValueError, ["(2, 3)", "(B, T, F)", "np.newaxis"]),
        ([X[:, :0], KERNEL, RECURRENT, BIAS], ValueError, ["(2, 0, 1)", "no axis of size 0"]),
        ([X, *MANY], ValueError, ["(3, 20)", "x has shape (2, 3, 1)", "with F=1", "F=3"]),
        ([X, RECURRENT, KERNEL, BIAS], ValueError, ["(5, 20)", "(F, 4U)", "swapped"]),
        (
            [X, KERNEL[:, :15], RECURRENT[:, :15], np.zeros((2, 15))],
            ValueError,
            ["(1, 15)", "(F, 4U)", "GRU"],
        ),
        ([X, KERNEL[:, :5], RECURRENT[:, :5], BIAS[:5]], ValueError, ["(1, 5)", "SimpleRNN"]),
        ([X, KERNEL, RECURRENT], ValueError, ["bias is missing", "(4U,)", "np.zeros"]),
        ([X, KERNEL, RECURRENT, BIAS[:5]], ValueError, ["bias (5,)", "(4U,)", "(20,)"]),
        (
            [np.ones((2, 3, 8)), np.ones((8, 32)), np.ones((8, 32)), np.zeros(16)],
            ValueError,
            ["Pass the bias of the same layer, of shape (32,)"],
        ),
        ([X, KERNEL[0], RECURRENT, BIAS], ValueError, ["(20,)", "(F, 4U)", "get_weights"]),
        ([X, KERNEL, RECURRENT[0], BIAS], ValueError, ["(20,)", "(U, 4U)", "get_weights"]),
        ([X, "kernel", RECURRENT, BIAS], TypeError, ["kernel is str", "real numbers", "Pass"]),
        ([[[1], [2, 3]], KERNEL, RECURRENT, BIAS], TypeError, ["x is list", "real numbers"]),
        (
            [X, KERNEL, RECURRENT, BIAS, np.zeros((2, 5))],
            ValueError,
            ["initial_state[0]", "(5,)", "(2, 5)", "np.zeros"],
        ),
        ([X, KERNEL, RECURRENT, BIAS, 3], ValueError, ["not a pair", "[h, c]", "(2, 5)"]),
        (
            [X, KERNEL, RECURRENT, BIAS, [np.zeros((2, 5)), np.zeros((1, 5))]],
            ValueError,
            ["initial_state[1]", "(1, 5)", "(2, 5)"],
        ),
    ],
)
def test_lstm_refuses(arguments, error, words):
    with pytest.raises(error) as caught:
        lstm(*arguments)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_lstm_step_refuses_a_wrong_rank_and_a_wrong_state():
    zeros = np.zeros((2, 5))
    with pytest.raises(ValueError, match=r"x_t has shape \(2, 3, 1\).*\(B, F\).*x\[:, t, :\]"):
        lstm_step(X, zeros, zeros, KERNEL, RECURRENT, BIAS)
    with pytest.raises(ValueError, match=r"c has shape \(5,\).*shape \(2, 5\).*np.zeros"):
        lstm_step(X[:, 0], zeros, zeros[0], KERNEL, RECURRENT, BIAS)
