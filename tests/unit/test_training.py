"""The trainer for many seeds is held to Keras: same initial weights, same batches, same updates."""

import keras
import numpy as np
import pytest

from utils.state import ResetStates
from utils.training import classifier, train_seeds

# Float32 rounding grows with the number of updates and differs between XLA and TensorFlow.
TOLERANCE = 2e-4


def small_task(time_steps, features, samples=12, classes=5):
    """Return random samples with random classes."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(samples, time_steps, features)).astype("float32")
    return X, rng.integers(0, classes, samples)


def keras_weights(start, X, y, classes, batches, learning_rate, mask_value=None):
    """Train the same model with Keras, batch by batch in the given order; return its weights."""
    layers = [keras.Input(X.shape[1:])]
    if mask_value is not None:
        layers.append(keras.layers.Masking(mask_value))
    layers += [
        keras.layers.LSTM(start[1].shape[0]),
        keras.layers.Dense(classes, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.set_weights(start)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy")
    for batch in batches:
        model.train_on_batch(X[batch], y[batch])
    return model.get_weights()


@pytest.mark.parametrize(("time_steps", "features"), [(3, 1), (1, 3), (4, 2)])
@pytest.mark.parametrize("batch_size", [12, 1])
def test_updates_equal_those_of_keras(time_steps, features, batch_size):
    X, y = small_task(time_steps, features)
    epochs, seed = (60, 4) if batch_size == 12 else (5, 4)
    run = train_seeds(
        X, y, 6, [1, seed], epochs, classes=5, batch_size=batch_size, learning_rate=0.01, records=5
    )
    order = np.random.default_rng(seed)
    batches = [
        batch for _ in range(epochs) for batch in order.permutation(len(X)).reshape(-1, batch_size)
    ]
    expected = keras_weights(run.start[1], X, y, 5, batches, 0.01)
    for ours, theirs in zip(run.end[1], expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    assert max(np.abs(a - b).max() for a, b in zip(run.start[1], run.end[1], strict=True)) > 0.01


def test_short_samples_are_trained_as_under_a_mask():
    X, y = small_task(4, 1)
    lengths = np.array([1, 2, 3, 4] * 3)
    for sample, length in enumerate(lengths):
        X[sample, : 4 - length] = -1.0
    run = train_seeds(X, y, 6, [0], 30, classes=5, learning_rate=0.01, lengths=lengths, records=1)
    expected = keras_weights(run.start[0], X, y, 5, [np.arange(12)] * 30, 0.01, mask_value=-1.0)
    for ours, theirs in zip(run.end[0], expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


@pytest.mark.parametrize(("batch_size", "time_steps"), [(1, 1), (3, 2)])
def test_a_carried_state_is_trained_as_by_a_stateful_layer(batch_size, time_steps):
    X, y = small_task(time_steps, 1)
    run = train_seeds(
        *(X, y, 6, [2, 3], 6),
        classes=5,
        batch_size=batch_size,
        learning_rate=0.01,
        shuffle=False,
        stateful=True,
        records=1,
    )
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, time_steps, 1)),
            keras.layers.LSTM(6, stateful=True),
            keras.layers.Dense(5, activation="softmax"),
        ]
    )
    model.set_weights(run.start[1])
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"batch_size": batch_size, "verbose": 0, "callbacks": [ResetStates()]}
    model.fit(X, y, epochs=6, shuffle=False, **options)
    for ours, theirs in zip(run.end[1], model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    loss, accuracy = model.evaluate(X, y, **options)
    assert run.loss[-1, 1] == pytest.approx(loss, rel=1e-4)
    assert run.accuracy[-1, 1] == pytest.approx(accuracy)


def test_start_and_records_are_those_of_the_keras_model():
    X, y = small_task(3, 2)
    run = train_seeds(X, y, 6, [7, 8], 20, classes=5, records=4)
    assert list(run.epochs) == [0, 5, 10, 15, 20]
    assert run.loss.shape == run.accuracy.shape == (5, 2)
    for column, seed in enumerate([7, 8]):
        keras.utils.set_random_seed(seed)
        model = classifier(3, 2, 6, 5)
        for ours, theirs in zip(run.start[column], model.get_weights(), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        for record, weights in ((0, run.start), (-1, run.end)):
            model.set_weights(weights[column])
            probabilities = model(X)
            loss = keras.losses.sparse_categorical_crossentropy(y, probabilities)
            np.testing.assert_allclose(run.loss[record, column], np.mean(loss), rtol=1e-5)
            hits = np.argmax(probabilities, axis=-1) == y
            assert run.accuracy[record, column] == pytest.approx(hits.mean())


def test_one_seed_does_not_depend_on_the_others():
    X, y = small_task(3, 1)
    together = train_seeds(X, y, 4, [5, 6, 9], 10, classes=5, batch_size=4, records=1)
    alone = train_seeds(X, y, 4, [6], 10, classes=5, batch_size=4, records=1)
    for ours, theirs in zip(together.end[1], alone.end[0], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(11, int)}, r"y has shape \(11,\); wanted \(12,\)"),
        ({"y": np.full(12, 5)}, "y runs from 5 to 5; wanted 0 to 4"),
        ({"batch_size": 5}, "batch_size is 5; wanted a number that divides 12"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"records": 3}, "records is 3; wanted a number that divides 10"),
        ({"stateful": True}, "wanted shuffle=False"),
        ({"lengths": [4] * 12}, "wanted .* 1 to 3"),
        ({"X": np.zeros((12, 3))}, "2 axes"),
    ],
)
def test_bad_input_is_named(change, message):
    X, y = small_task(3, 1)
    arguments = {"X": X, "y": y, "units": 4, "seeds": [0], "epochs": 10, "classes": 5} | change
    with pytest.raises(ValueError, match=message):
        train_seeds(**arguments)
