"""The study of long memory: its own cells are Keras's, and so is its training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments import long_memory


@pytest.fixture(autouse=True)
def two_seeds(monkeypatch):
    """Two seeds instead of ten."""
    monkeypatch.setattr(long_memory, "SEEDS", 2)


def keras_model(cell, weights, seed):
    """Return the Keras model with the weights of one seed; it answers at every step."""
    model = keras.Sequential(
        [
            keras.Input((None, 2)),
            getattr(keras.layers, cell)(3, return_sequences=True),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.set_weights([weight[seed] for weight in weights])
    return model


@pytest.mark.parametrize("cell", long_memory.CELLS)
def test_each_cell_answers_as_keras_does(cell):
    weights = [w.numpy() for w in long_memory.start_weights(cell, 3, 3)]
    x = long_memory.sequences(1, (6,), delay=6)[0][0]  # (B, T, 2)
    scores = long_memory.read(cell, list(map(tf.constant, weights)), tf.constant(x))
    answers = tf.nn.softmax(scores).numpy()  # (T, S, B, 2)
    for seed in range(2):
        wanted = keras_model(cell, weights, seed).predict(x, verbose=0)
        assert np.abs(answers[:, seed].swapaxes(0, 1) - wanted).max() < 1e-5


def test_biases_go_to_the_gate_that_keeps():
    lstm, gru = long_memory.forget_bias(3), long_memory.update_bias(3)
    assert lstm((8,)).numpy().tolist() == [0, 0, 3, 3, 0, 0, 0, 0]
    assert gru((2, 6)).numpy().tolist() == [[3, 3, 0, 0, 0, 0], [0] * 6]
    zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
    layer = keras.layers.GRU(1, bias_initializer=gru, **zeros)
    kept = layer(np.zeros((1, 1, 1)), initial_state=np.ones((1, 1)))
    assert float(kept[0, 0]) == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)


@pytest.mark.parametrize("every_step", [False, True])
def test_training_is_that_of_fit(every_step):
    x, y, asked = long_memory.sequences(3, (6,), every_step=every_step, delay=6)
    start = long_memory.start_weights("LSTM", 3, 1)
    zeros = [tf.zeros_like(weight) for weight in start]
    progress = long_memory.Progress(start, zeros, zeros, tf.constant(0.0))
    ours = long_memory.train("LSTM", progress, *map(tf.constant, (x, y, asked))).weights
    model = keras_model("LSTM", [w.numpy() for w in start], 1)
    model.compile(keras.optimizers.Adam(long_memory.RATE), "sparse_categorical_crossentropy")
    steps = x.shape[2]
    labels = np.repeat(y.reshape(-1, 1), steps, axis=1)
    weights = np.repeat(asked, long_memory.BATCH, axis=0) * steps  # Keras divides by all steps
    model.fit(
        x.reshape(-1, steps, 2), labels, sample_weight=weights, batch_size=long_memory.BATCH,
        shuffle=False, verbose=0,
    )  # fmt: skip
    for mine, theirs in zip(ours, model.get_weights(), strict=True):
        assert np.abs(mine[1].numpy() - theirs).max() < 1e-3


def test_a_curriculum_moves_the_cue():
    x, y, asked = long_memory.sequences(4, (2, 6), delay=6)
    cues = x[..., 1].argmax(axis=-1)  # (updates, B)
    assert cues.tolist() == [[8] * 32] * 2 + [[4] * 32] * 2
    assert (asked.argmax(axis=1) == 10).all() and (asked.sum(axis=1) == 1).all()
    values = np.take_along_axis(x[..., 0], cues[..., None], axis=-1)[..., 0]
    assert ((values > 0) == y).all()
