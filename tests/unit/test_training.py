"""The trainer for many seeds is held to Keras: same initial weights, same batches, same updates.

500 updates are compared, with Adam's usual rate of 0.001; some weight moves by more than 0.1. The
two do not agree bit by bit: XLA adds up in another order than TensorFlow's kernels, so each update
rounds differently in the last of the 7 digits of a float32, and the differences add up along the
training. The largest seen is 2e-6; ten times that is allowed, for other processors.
"""

import random
import sys

import keras
import numpy as np
import pytest

from utils.state import ResetStates
from utils.training import classifier, predict_seeds, progress, train_seeds, trainer
from utils.training.models import LONGEST_UNROLLED

TOLERANCE = 2e-5
UPDATES, SAMPLES, CLASSES, UNITS = 500, 12, 5, 6
SEEDS = range(trainer.SEEDS_PER_CALL + 2)  # two groups, of which the last is filled up
SEED = SEEDS[-1]
FILLING = -1.0  # what stands in the skipped time steps
LENGTHS = np.array([1, 2, 3, 4] * 3)
LONG = LONGEST_UNROLLED + 3

# (time steps, features, batch size, other arguments)
CASES = {
    "one sample per update": (3, 1, 1, {}),
    "one time step": (1, 3, 4, {}),
    "all samples per update": (4, 2, None, {}),
    "the last batch is short": (3, 1, 5, {}),
    "more time steps than are unrolled": (LONG, 1, 4, {}),
    "lengths": (4, 1, 4, {"lengths": LENGTHS}),
    "lengths, more time steps than are unrolled": (LONG, 1, 4, {"lengths": LENGTHS + LONG - 4}),
    "stateful": (1, 1, 1, {"shuffle": False, "stateful": True}),
    "stateful, several steps and samples": (2, 1, 3, {"shuffle": False, "stateful": True}),
    "dense": (3, 1, 4, {"network": "dense"}),
}
QUICK = {"one time step", "lengths", "dense"}  # each is compiled twice; the others run at night


def small_task(time_steps, features, lengths=None):
    """Return random samples with random classes; skipped time steps hold `FILLING`."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(SAMPLES, time_steps, features)).astype("float32")
    for sample, length in enumerate([] if lengths is None else lengths):
        X[sample, : time_steps - length] = FILLING
    return X, rng.integers(0, CLASSES, SAMPLES)


def keras_model(X, batch_size, lengths=None, stateful=False, network="LSTM", **_):
    """Return the same model as a user of Keras would write it, compiled."""
    first = keras.Input(batch_shape=(batch_size if stateful else None, *X.shape[1:]))
    masking = [] if lengths is None else [keras.layers.Masking(FILLING)]
    if network == "dense":
        layers = [keras.layers.Flatten(), keras.layers.Dense(UNITS, activation="relu")]
    else:
        layers = [keras.layers.LSTM(UNITS, stateful=stateful)]
    last = keras.layers.Dense(CLASSES, activation="softmax")
    model = keras.Sequential([first, *masking, *layers, last])
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def assert_equal(ours, theirs, tolerance=TOLERANCE):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


def assert_records_equal(run, record, seed, model, X, y):
    probabilities = keras.ops.convert_to_numpy(model(X))
    loss = keras.losses.sparse_categorical_crossentropy(y, probabilities)
    assert run.loss[record, seed] == pytest.approx(np.mean(loss), abs=TOLERANCE)
    assert run.accuracy[record, seed] == (probabilities.argmax(axis=-1) == y).mean()
    return probabilities


@pytest.mark.parametrize(
    "case",
    [case if case in QUICK else pytest.param(case, marks=pytest.mark.nightly) for case in CASES],
)
def test_500_updates_are_those_of_keras(case, monkeypatch):
    time_steps, features, batch_size, options = CASES[case]
    X, y = small_task(time_steps, features, options.get("lengths"))
    size = batch_size or SAMPLES
    per_epoch = -(-SAMPLES // size)
    epochs = UPDATES // per_epoch
    runs = {}
    for by_xla, threshold in ((True, 0), (False, 10**9)):
        monkeypatch.setattr(trainer, "WITHOUT_XLA", threshold)
        runs[by_xla] = train_seeds(
            *(X, y, UNITS, SEEDS, epochs),
            classes=CLASSES,
            batch_size=batch_size,
            records=1,
            **options,
        )
    run = runs[True]
    keras.utils.set_random_seed(SEED)
    model = keras_model(X, size, **options)
    assert_equal(run.start[-1], model.get_weights(), tolerance=0)
    order = np.random.default_rng(SEED)
    for _ in range(epochs):
        if options.get("stateful"):
            model.layers[0].reset_state()
        places = order.permutation(SAMPLES) if options.get("shuffle", True) else np.arange(SAMPLES)
        for start in range(0, SAMPLES, size):
            batch = places[start : start + size]
            model.train_on_batch(X[batch], y[batch])
    assert_equal(run.end[-1], model.get_weights())
    assert_equal(runs[False].end[-1], model.get_weights())
    largest = max(np.abs(a - b).max() for a, b in zip(run.start[-1], run.end[-1], strict=True))
    assert largest > 0.1, "the weights hardly moved: the comparison says nothing"
    if not options.get("stateful"):  # whose records are held to `evaluate` below
        assert_records_equal(run, -1, -1, model, X, y)


def test_xla_compiles_long_trainings_only(monkeypatch):
    asked = []
    compiled = trainer.compiled

    def listen(network, by_xla, *shapes):
        asked.append(by_xla)
        return compiled(network, by_xla, *shapes)

    monkeypatch.setattr(trainer, "compiled", listen)
    monkeypatch.setattr(trainer, "WITHOUT_XLA", 9)
    X, y = small_task(3, 1)
    arguments = {"classes": CLASSES, "batch_size": 4, "records": 1}  # 3 updates of 3 steps
    for epochs in (1, 2):
        train_seeds(X, y, UNITS, [1], epochs, **arguments)
    assert asked == [False, True]


@pytest.mark.parametrize(("stateful", "size"), [(True, 3), (False, 5)])
def test_a_run_is_that_of_fit(stateful, size):
    """Stateful with a reset before each epoch; otherwise with a last batch that is short."""
    X, y = small_task(2, 1)
    options = {"shuffle": False, "stateful": stateful}
    run = train_seeds(
        X, y, UNITS, SEEDS, 30, classes=CLASSES, batch_size=size, records=1, **options
    )
    model = keras_model(X, size, **options)
    model.set_weights(run.start[-1])
    callbacks = [ResetStates()] if stateful else []
    quiet = {"batch_size": size, "verbose": 0, "callbacks": callbacks}
    model.fit(X, y, epochs=30, shuffle=False, **quiet)
    assert_equal(run.end[-1], model.get_weights())
    loss, accuracy = model.evaluate(X, y, **quiet)
    assert run.loss[-1, -1] == pytest.approx(loss, abs=TOLERANCE)
    assert run.accuracy[-1, -1] == pytest.approx(accuracy)


@pytest.mark.parametrize("network", ["LSTM", "dense"])
def test_weights_go_back_into_keras(network):
    X, y = small_task(3, 2)
    run = train_seeds(X, y, UNITS, [7, 8], 20, classes=CLASSES, network=network, records=4)
    assert list(run.epochs) == [0, 5, 10, 15, 20]
    assert run.loss.shape == run.accuracy.shape == (5, 2)
    said = predict_seeds(run.end, X, network=network)
    assert said.shape == (2, SAMPLES, CLASSES)
    for column, seed in enumerate([7, 8]):
        keras.utils.set_random_seed(seed)
        model = classifier(3, 2, UNITS, CLASSES, network)
        assert_equal(run.start[column], model.get_weights(), tolerance=0)
        for record, weights in ((0, run.start), (-1, run.end)):
            model.set_weights(weights[column])
            probabilities = assert_records_equal(run, record, column, model, X, y)
        np.testing.assert_allclose(said[column], probabilities, atol=1e-6)


def test_predictions_skip_what_a_mask_skips():
    X, _ = small_task(4, 1, LENGTHS)
    model = keras_model(X, None, lengths=LENGTHS)
    said = predict_seeds([model.get_weights()], X, lengths=LENGTHS)
    np.testing.assert_allclose(said[0], model(X), atol=1e-6)
    assert np.abs(predict_seeds([model.get_weights()], X) - said).max() > 1e-3


def test_seeds_are_shared_out_evenly():
    for count in range(1, 25):
        groups = trainer._groups(count)
        assert {len(group) for group in groups} == {len(groups[0])}
        assert len(groups[0]) <= trainer.SEEDS_PER_CALL
        assert [member for group in groups for member in group][:count] == list(range(count))


def test_a_run_in_several_calls_is_the_same_run(monkeypatch):
    X, y = small_task(3, 1)
    arguments = {"classes": CLASSES, "batch_size": 4, "records": 1}
    at_once = train_seeds(X, y, UNITS, [1, 2], 25, **arguments)
    monkeypatch.setattr(trainer, "UPDATES_PER_CALL", 30)  # ten epochs: 10, 10, 5
    in_parts = train_seeds(X, y, UNITS, [1, 2], 25, **arguments)
    for ours, theirs in zip(in_parts.end, at_once.end, strict=True):
        assert_equal(ours, theirs, tolerance=1e-6)


def test_one_seed_does_not_depend_on_the_others():
    X, y = small_task(3, 1)
    together = train_seeds(X, y, 4, [5, 6, 9], 10, classes=5, batch_size=4, records=1)
    alone = train_seeds(X, y, 4, [6], 10, classes=5, batch_size=4, records=1)
    assert_equal(together.end[1], alone.end[0], tolerance=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((12, 3))}, "2 axes"),
        ({"y": np.zeros(11, int)}, r"y has shape \(11,\); wanted \(12,\)"),
        ({"y": np.full(12, 5)}, "y runs from 5 to 5; wanted 0 to 4"),
        ({"y": np.arange(12) / 26}, "y has dtype float64 and holds what is no class; wanted"),
        ({"y": np.full(12, "A")}, "holds what is no class; wanted integers 0 to 4"),
        ({"epochs": 0}, "epochs is 0. It must be an integer of 1 or more"),
        ({"units": -4}, "units is -4. It must be an integer of 1 or more"),
        ({"classes": 0}, "classes is 0. It must be an integer of 1 or more"),
        ({"learning_rate": -0.01}, "learning_rate is -0.01; wanted a positive, finite number"),
        ({"learning_rate": np.nan}, "learning_rate is nan; wanted a positive"),
        ({"seeds": []}, "seeds is empty; wanted at least one"),
        ({"batch_size": 0}, "batch_size is 0. It must be an integer of 1 or more"),
        ({"records": 3}, "records is 3; wanted a number that divides 10"),
        ({"lengths": [4] * 12}, r"runs from 4 to 4; wanted \(12,\) and 1 to 3"),
        ({"lengths": [1] * 11}, r"lengths has shape \(11,\)"),
        ({"stateful": True}, "wanted shuffle=False"),
        (
            {"stateful": True, "shuffle": False, "batch_size": 5},
            "batch_size is 5; wanted a number that divides 12",
        ),
        ({"stateful": True, "shuffle": False, "network": "dense"}, "it has no state"),
        ({"network": "dense", "lengths": [1] * 12}, "wanted no lengths"),
        ({"network": "GRU"}, "network is 'GRU'; wanted one of LSTM, dense"),
    ],
)
def test_bad_input_is_named(change, message):
    X, y = small_task(3, 1)
    arguments = {"X": X, "y": y, "units": 4, "seeds": [0], "epochs": 10, "classes": 5} | change
    with pytest.raises(ValueError, match=message):
        train_seeds(**arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("units", 4.0),
        ("epochs", 2.5),
        ("classes", "5"),
        ("batch_size", 4.5),
        ("records", True),
        ("learning_rate", "0.1"),
        ("learning_rate", None),
    ],
)
def test_a_number_of_the_wrong_kind_is_named(name, value):
    X, y = small_task(3, 1)
    arguments = {"units": 4, "seeds": [0], "epochs": 10, "classes": 5} | {name: value}
    with pytest.raises(TypeError, match=f"{name} is {value!r}.*Write for example {name}="):
        train_seeds(X, y, **arguments)


def test_models_and_predictions_name_bad_input():
    with pytest.raises(ValueError, match="network is 'GRU'"):
        classifier(3, 1, 4, 5, "GRU")
    with pytest.raises(ValueError, match="network is 'GRU'"):
        predict_seeds([], np.zeros((2, 3, 1)), network="GRU")
    with pytest.raises(ValueError, match="2 axes"):
        predict_seeds([], np.zeros((2, 3)))
    lstm = [classifier(3, 1, 4, 5).get_weights()]
    with pytest.raises(ValueError, match="weights holds 5 arrays for a seed; wanted 4"):
        predict_seeds(lstm, np.zeros((2, 3, 1)), network="dense")
    for lengths in ([3], [0, 3], [3, 4], []):
        with pytest.raises(ValueError, match=r"lengths has shape .*; wanted \(2,\) and 1 to 3"):
            predict_seeds(lstm, np.zeros((2, 3, 1)), lengths=lengths)


def test_seeds_are_integers_of_any_kind():
    X, y = small_task(3, 1)
    one = train_seeds(X, y, 4, range(7, 9), 2, classes=5, records=1)
    other = train_seeds(X, y, 4, np.arange(7, 9), 2, classes=5, records=1)
    trainer.initial_weights.cache_clear()
    third = train_seeds(X, y, 4, np.arange(7, 9), 2, classes=5, records=1)
    for ours in (other, third):
        assert_equal(ours.end[1], one.end[1], tolerance=0)
    for seeds in (20, [0.5], ["1"]):
        with pytest.raises(TypeError, match="wanted integers, one training run for each"):
            train_seeds(X, y, 4, seeds, 2, classes=5, records=1)


def test_a_training_leaves_the_random_numbers_of_python_alone():
    X, y = small_task(3, 1)
    trainer.initial_weights.cache_clear()
    random.seed(3)
    before = random.getstate()
    train_seeds(X, y, 4, [5], 2, classes=5, records=1)
    assert random.getstate() == before


@pytest.mark.parametrize("watched", [False, True])
def test_the_bar_shows_when_someone_looks_on(monkeypatch, capsys, watched):
    monkeypatch.setattr(progress, "is_watched", lambda: watched)
    with progress.progress_bar(2, "epochs", "20 seeds") as bar:
        bar.delay = 0
        bar.update(1)
        bar.refresh()
    shown = capsys.readouterr().err
    assert [word in shown for word in ("20 seeds", "1/2", "epochs")] == 3 * [watched]


@pytest.mark.parametrize(
    ("variables", "terminal", "watched"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"JPY_SESSION_NAME": "chapter.ipynb"}, False, True),
        ({"COLAB_RELEASE_TAG": "x"}, False, True),
    ],
)
def test_someone_looks_on_in_a_terminal_or_a_live_notebook(
    monkeypatch, variables, terminal, watched
):
    for name in ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert progress.is_watched() is watched
