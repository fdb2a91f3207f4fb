"""Weights that move between the layouts of Keras and PyTorch.

The formulas of PyTorch's documentation are written out here once more, for one sample and with
column vectors, as they stand there. Nothing of `utils` takes part in them.
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
    # Blocks in another order would be noticed.
    other, _ = documented(name, [np.roll(w, U, axis=0) for w in weights])
    assert np.abs(found - other).max() > 1e-2


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


@both_layers
def test_from_pytorch_to_keras_and_back_is_exact_but_for_the_two_biases_of_an_lstm(name):
    weights = pytorch_weights(name)
    kept = [w.copy() for w in weights]
    moved = FROM[name](*weights)
    back = TO[name](*moved)
    if name == "LSTM":
        kept[2:] = [kept[2] + kept[3], 0 * kept[3]]
    for one, two in zip(kept, back, strict=True):
        np.testing.assert_array_equal(one, two)
    for array in (*moved, *back):  # copies: what was passed does not change
        array[:] = 99
    np.testing.assert_array_equal(weights[0], kept[0])


# What is refused ----------------------------------------------------------------------------


@both_layers
def test_other_shapes_are_refused(name):
    of_keras, of_pytorch = keras_layer(name).get_weights(), pytorch_weights(name)
    kernel, recurrent, bias = of_keras
    weight_ih, weight_hh, bias_ih, bias_hh = of_pytorch
    other = {"LSTM": "GRU", "GRU": "LSTM"}[name]
    rows = f"{BLOCKS[name]}U"
    for move, weights, message in [
        (TO, keras_layer(other).get_weights(), rf"A Keras {name} has \(F, {rows}\)"),
        (FROM, pytorch_weights(other), rf"A PyTorch {name} has \({rows}, F\)"),
        (TO, of_pytorch[:3], "kernel has shape"),
        (TO, [np.zeros(3), np.zeros(3)], "kernel has shape"),
        (FROM, of_keras, "weight_ih has shape"),
        (TO, [kernel, recurrent, bias[..., :-1]], "bias has shape .* Pass the bias of the same"),
        (FROM, [weight_ih, weight_hh, bias_ih, bias_hh[:-1]], "bias_hh has shape"),
        (FROM, [weight_ih, weight_hh, bias_ih], "bias_hh is missing"),
        (FROM, [weight_ih, weight_hh, None, bias_hh], "bias_ih is missing"),
    ]:
        with pytest.raises(ValueError, match=message):
            move[name](*weights)


def test_a_gru_with_the_reset_before_the_product_is_refused():
    layer = keras_layer("GRU", reset_after=False)
    assert layer.get_weights()[2].shape == (3 * U,)
    with pytest.raises(ValueError, match="reset_after=False.*cannot be moved"):
        gru_to_pytorch(*layer.get_weights())
