"""Weights that move between the layouts of Keras and PyTorch.

The formulas of PyTorch's documentation are written out here once more, for one sample and with
column vectors, as they stand there. Nothing of `utils` takes part in them. Where PyTorch is
installed, the layers of PyTorch themselves take part too.
"""

import keras
import numpy as np
import pytest

from utils.pytorch_layout import (
    gru_from_pytorch,
    gru_to_pytorch,
    lstm_from_pytorch,
    lstm_to_pytorch,
)

B, T, F, U = 3, 5, 2, 4
BLOCKS = {"LSTM": 4, "GRU": 3}
TO = {"LSTM": lstm_to_pytorch, "GRU": gru_to_pytorch}
FROM = {"LSTM": lstm_from_pytorch, "GRU": gru_from_pytorch}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(B, T, F)).astype("float32")

both_layers = pytest.mark.parametrize("name", ["LSTM", "GRU"])


def random_weights(*shapes):
    return [RANDOM.normal(0, 0.6, shape).astype("float32") for shape in shapes]


def pytorch_weights(name):
    rows = BLOCKS[name] * U
    return random_weights((rows, F), (rows, U), (rows,), (rows,))


def keras_layer(name, **options):
    layer = getattr(keras.layers, name)(U, return_sequences=True, return_state=True, **options)
    layer.build((B, T, F))
    layer.set_weights(random_weights(*(w.shape for w in layer.get_weights())))
    return layer


# What PyTorch documents ---------------------------------------------------------------------


def logistic(z):
    return 1 / (1 + np.exp(-z))


def documented_lstm(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """Every h and the last c of `torch.nn.LSTM`, for x of shape (T, F)."""
    W_ii, W_if, W_ig, W_io = np.split(weight_ih, 4)
    W_hi, W_hf, W_hg, W_ho = np.split(weight_hh, 4)
    b_ii, b_if, b_ig, b_io = np.split(bias_ih, 4)
    b_hi, b_hf, b_hg, b_ho = np.split(bias_hh, 4)
    h, c, every = np.zeros(U), np.zeros(U), []
    for x_t in x:
        i = logistic(W_ii @ x_t + b_ii + W_hi @ h + b_hi)
        f = logistic(W_if @ x_t + b_if + W_hf @ h + b_hf)
        g = np.tanh(W_ig @ x_t + b_ig + W_hg @ h + b_hg)
        o = logistic(W_io @ x_t + b_io + W_ho @ h + b_ho)
        c = f * c + i * g
        h = o * np.tanh(c)
        every.append(h)
    return np.array(every), c


def documented_gru(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """Every h, and the last, of `torch.nn.GRU`, for x of shape (T, F)."""
    W_ir, W_iz, W_in = np.split(weight_ih, 3)
    W_hr, W_hz, W_hn = np.split(weight_hh, 3)
    b_ir, b_iz, b_in = np.split(bias_ih, 3)
    b_hr, b_hz, b_hn = np.split(bias_hh, 3)
    h, every = np.zeros(U), []
    for x_t in x:
        r = logistic(W_ir @ x_t + b_ir + W_hr @ h + b_hr)
        z = logistic(W_iz @ x_t + b_iz + W_hz @ h + b_hz)
        n = np.tanh(W_in @ x_t + b_in + r * (W_hn @ h + b_hn))
        h = (1 - z) * n + z * h
        every.append(h)
    return np.array(every), h


DOCUMENTED = {"LSTM": documented_lstm, "GRU": documented_gru}


def documented(name, weights):
    """Every h (B, T, U) and the last state (B, U), sample by sample."""
    runs = [DOCUMENTED[name](x.astype("float64"), *weights) for x in X]
    return tuple(np.stack(parts) for parts in zip(*runs, strict=True))


# The same numbers in both -------------------------------------------------------------------


@both_layers
def test_weights_of_keras_compute_the_same_in_pytorchs_formulas(name):
    layer = keras_layer(name)
    weights = TO[name](*layer.get_weights())
    rows = BLOCKS[name] * U
    assert [w.shape for w in weights] == [(rows, F), (rows, U), (rows,), (rows,)]
    every, last = documented(name, weights)
    found, *states = layer(X)
    np.testing.assert_allclose(found, every, atol=1e-5)
    np.testing.assert_allclose(states[-1], last, atol=1e-5)


@both_layers
def test_weights_of_pytorch_compute_the_same_in_keras(name):
    weights = pytorch_weights(name)
    layer = keras_layer(name)
    layer.set_weights(FROM[name](*weights))
    every, last = documented(name, weights)
    found, *states = layer(X)
    np.testing.assert_allclose(found, every, atol=1e-5)
    np.testing.assert_allclose(states[-1], last, atol=1e-5)


@both_layers
def test_the_comparison_would_notice_another_order_of_blocks(name):
    layer = keras_layer(name)
    weights = TO[name](*layer.get_weights())
    every, _ = documented(name, [np.roll(w, U, axis=0) for w in weights])
    assert np.abs(layer(X)[0] - every).max() > 1e-2


@both_layers
def test_a_layer_of_pytorch_computes_the_same(name):
    torch = pytest.importorskip("torch")
    layer = keras_layer(name)
    twin = getattr(torch.nn, name)(F, U, batch_first=True)
    tensors = map(torch.tensor, TO[name](*layer.get_weights()))
    twin.load_state_dict(dict(zip(twin.state_dict(), tensors, strict=True)))
    with torch.no_grad():
        every, state = twin(torch.tensor(X))
    last = state[-1] if name == "LSTM" else state  # c, or h: (1, B, U)
    found, *states = layer(X)
    np.testing.assert_allclose(found, every.numpy(), atol=1e-5)
    np.testing.assert_allclose(states[-1], last[0].numpy(), atol=1e-5)


@both_layers
def test_pytorch_has_the_parameters_that_the_functions_name(name):
    torch = pytest.importorskip("torch")
    state_dict = getattr(torch.nn, name)(F, U).state_dict()
    assert list(state_dict) == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert [tuple(w.shape) for w in state_dict.values()] == [w.shape for w in pytorch_weights(name)]


# There and back -----------------------------------------------------------------------------


@both_layers
@pytest.mark.parametrize("use_bias", [True, False])
def test_from_keras_to_pytorch_and_back_is_exact(name, use_bias):
    weights = keras_layer(name, use_bias=use_bias).get_weights()
    moved = TO[name](*weights)
    assert (moved.bias_ih is None) == (not use_bias) == (moved.bias_hh is None)
    back = FROM[name](*moved)
    assert len(back) == len(weights)
    for one, two in zip(weights, back, strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


def test_from_pytorch_to_keras_and_back_adds_the_biases_of_an_lstm():
    weight_ih, weight_hh, bias_ih, bias_hh = pytorch_weights("LSTM")
    back = lstm_to_pytorch(*lstm_from_pytorch(weight_ih, weight_hh, bias_ih, bias_hh))
    np.testing.assert_array_equal(back.weight_ih, weight_ih)
    np.testing.assert_array_equal(back.weight_hh, weight_hh)
    np.testing.assert_array_equal(back.bias_ih, bias_ih + bias_hh)
    assert not back.bias_hh.any()


def test_from_pytorch_to_keras_and_back_is_exact_for_a_gru():
    weights = pytorch_weights("GRU")
    for one, two in zip(weights, gru_to_pytorch(*gru_from_pytorch(*weights)), strict=True):
        np.testing.assert_array_equal(one, two)


@both_layers
def test_results_are_copies(name):
    for move, weights in [(FROM, pytorch_weights(name)), (TO, keras_layer(name).get_weights())]:
        kept = [w.copy() for w in weights]
        for array in move[name](*weights):
            array[:] = 99
        for one, two in zip(weights, kept, strict=True):
            np.testing.assert_array_equal(one, two)


# What is refused ----------------------------------------------------------------------------


@both_layers
def test_weights_of_the_other_layer_are_refused(name):
    other = {"LSTM": "GRU", "GRU": "LSTM"}[name]
    with pytest.raises(ValueError, match=rf"A Keras {name} has \(F, {BLOCKS[name]}U\)"):
        TO[name](*keras_layer(other).get_weights())
    with pytest.raises(ValueError, match=rf"A PyTorch {name} has \({BLOCKS[name]}U, F\)"):
        FROM[name](*pytorch_weights(other))


@both_layers
def test_weights_in_the_wrong_layout_are_refused(name):
    with pytest.raises(ValueError, match="kernel has shape"):
        TO[name](*pytorch_weights(name)[:3])
    with pytest.raises(ValueError, match="weight_ih has shape"):
        FROM[name](*keras_layer(name).get_weights())
    with pytest.raises(ValueError, match="kernel has shape"):
        TO[name](np.zeros(3), np.zeros(3))


@both_layers
def test_a_bias_of_the_wrong_size_is_refused(name):
    kernel, recurrent_kernel, bias = keras_layer(name).get_weights()
    with pytest.raises(ValueError, match="bias has shape .* Pass the bias of the same layer"):
        TO[name](kernel, recurrent_kernel, bias[..., :-1])
    weight_ih, weight_hh, bias_ih, bias_hh = pytorch_weights(name)
    with pytest.raises(ValueError, match="bias_hh has shape"):
        FROM[name](weight_ih, weight_hh, bias_ih, bias_hh[:-1])
    with pytest.raises(ValueError, match="bias_hh is missing"):
        FROM[name](weight_ih, weight_hh, bias_ih)
    with pytest.raises(ValueError, match="bias_ih is missing"):
        FROM[name](weight_ih, weight_hh, None, bias_hh)


def test_a_gru_with_the_reset_before_the_product_is_refused():
    layer = keras_layer("GRU", reset_after=False)
    assert layer.get_weights()[2].shape == (3 * U,)
    with pytest.raises(ValueError, match="reset_after=False.*cannot be moved"):
        gru_to_pytorch(*layer.get_weights())
