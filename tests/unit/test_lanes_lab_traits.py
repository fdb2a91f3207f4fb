"""The Lanes lab's traits, its cuts, and the state at the end; tests/browser has the page."""

import base64
import itertools
import json
import re

import numpy as np
import pytest
from traitlets import TraitError

from utils import plots
from utils.labs.lanes import CUTS, LanesLab
from utils.windows import lanes

EVERY_SETTING = list(itertools.product(range(12, 61, 3), range(1, 7), range(1, 9)))  # L, B, T


def random_weights(units, features=1):
    """Return the three arrays of an LSTM with random weights."""
    rng = np.random.default_rng(units)
    shapes = [(features, 4 * units), (units, 4 * units), (4 * units,)]
    return [rng.normal(scale=0.7, size=shape) for shape in shapes]


def every_lab(**settings):
    """Yield one lab in every setting of length, batch size and time steps."""
    lab = LanesLab(weights=random_weights(1), **settings)
    for length, batch_size, time_steps in EVERY_SETTING:
        lab.length, lab.batch_size, lab.time_steps = length, batch_size, time_steps
        yield lab


# --- the cuts


def test_lanes_are_those_of_utils_windows():
    for lab in every_lab():
        if lab.length < lab.batch_size * lab.time_steps:
            assert lab.samples().shape == (0, lab.time_steps)
            continue
        X, dropped = lanes(np.arange(lab.length), lab.time_steps, lab.batch_size)
        np.testing.assert_array_equal(lab.samples(), X)
        assert lab.length - X.size == dropped


def test_every_row_of_every_call_continues_in_lanes():
    for lab in every_lab():
        calls = lab.length // (lab.batch_size * lab.time_steps)
        assert lab.arrows().shape == (max(0, calls - 1), lab.batch_size)
        assert lab.arrows().all()


def test_windows_one_after_another_continue_only_with_one_row():
    for lab in every_lab(cut="one after another", remainder="drop"):
        windows = np.arange(lab.length)[: lab.length // lab.time_steps * lab.time_steps]
        np.testing.assert_array_equal(lab.samples(), windows.reshape(-1, lab.time_steps))
        assert (lab.arrows() == (lab.batch_size == 1)).all()


def test_overlapping_windows_continue_only_where_b_is_t():
    for lab in every_lab(cut="overlapping", remainder="drop"):
        windows = np.lib.stride_tricks.sliding_window_view(np.arange(lab.length), lab.time_steps)
        np.testing.assert_array_equal(lab.samples(), windows)
        assert (lab.arrows() == (lab.batch_size == lab.time_steps)).all()


def test_overlapping_windows_are_those_of_keras():
    import keras

    lab = LanesLab(length=21, time_steps=5, cut="overlapping")
    windows = keras.utils.timeseries_dataset_from_array(np.arange(21), None, 5)
    np.testing.assert_array_equal(lab.samples(), np.concatenate([w.numpy() for w in windows]))


@pytest.mark.parametrize("cut", CUTS)
def test_shuffling_breaks_almost_every_arrow_but_loses_no_sample(cut):
    lab = LanesLab(length=60, time_steps=2, cut=cut, shuffle=True, remainder="drop")
    orders = set()
    for seed in range(20):
        lab.shuffle_seed = seed
        drawn = np.concatenate(lab.calls())
        orders.add(tuple(drawn))
        assert len(set(drawn)) == len(drawn) > len(lab.samples()) - 3
        assert lab.arrows().mean() < 0.3
    assert len(orders) == 20


@pytest.mark.parametrize(
    ("length", "batch_size", "remainder", "last"),
    [
        (28, 3, "run", [6, 6, 6]),  # one row left: broadcast
        (28, 3, "drop", [3, 4, 5]),
        (32, 3, "run", [3, 4, 5]),  # two rows left: Keras stops
        (24, 3, "run", [3, 4, 5]),  # none left
    ],
)
def test_the_last_call(length, batch_size, remainder, last):
    settings = {"length": length, "batch_size": batch_size, "remainder": remainder}
    lab = LanesLab(cut="one after another", **settings)
    assert lab.calls()[-1].tolist() == last


# --- the state


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_row_ends_in_the_right_state_exactly_if_its_arrows_are_right(cut, shuffle):
    lab = LanesLab(weights=random_weights(5), cut=cut, shuffle=shuffle)
    for length, batch_size, time_steps in EVERY_SETTING[::37]:
        lab.length, lab.batch_size, lab.time_steps = length, batch_size, time_steps
        calls, whole = lab.end_states()
        difference = np.abs(calls - whole).max(axis=(1, 2))
        np.testing.assert_array_equal(difference < 1e-6, lab.arrows().all(axis=0))


def test_the_default_weights_are_drawn_as_keras_draws_them():
    import keras

    weights = LanesLab().weights
    layer = keras.layers.LSTM(8)
    layer.build((None, None, 1))
    for ours, theirs in zip(weights.values(), layer.get_weights(), strict=True):
        assert ours.shape == theirs.shape
    np.testing.assert_array_equal(weights["bias"], layer.get_weights()[2])
    ours, theirs = weights["recurrent_kernel"], layer.get_weights()[1]
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-5)
    assert np.abs(weights["kernel"]).max() <= np.sqrt(6 / 33)
    np.testing.assert_array_equal(LanesLab().weights["kernel"], weights["kernel"])


# --- the traits


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("length", 11, "length"),
        ("length", 61, "length"),
        ("length", 24.5, "length"),
        ("batch_size", 0, "batch_size"),
        ("batch_size", 7, "batch_size"),
        ("time_steps", 9, "time_steps"),
        ("cut", "windows", r"cut.*'lanes'.*'one after another'.*'overlapping'"),
        ("shuffle", "yes", "shuffle"),
        ("shuffle_seed", -1, "shuffle_seed"),
        ("remainder", "pad", "remainder.*'run'.*'drop'"),
        ("selected", 60, "selected"),
        ("weights", random_weights(4, features=2), "weights are for 2 features; wanted 1.*Pass"),
        ("weights", random_weights(4)[:2], "weights holds 2 arrays"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(name, value, message):
    lab = LanesLab()
    before = getattr(lab, name)
    with pytest.raises(TraitError, match=message):
        setattr(lab, name, value)
    assert getattr(lab, name) is before
    with pytest.raises(TraitError, match=message):
        LanesLab(**{name: value})


def test_a_saved_state_opens_as_the_same_lab():
    settings = {"length": 31, "batch_size": 2, "time_steps": 5, "cut": "overlapping"}
    settings |= {"shuffle": True, "shuffle_seed": 3, "remainder": "drop", "selected": 9}
    lab = LanesLab(weights=random_weights(3), **settings)
    saved = json.loads(json.dumps(lab.get_state()))
    again = LanesLab()
    again.set_state({name: saved[name] for name in [*settings, "weights"]})
    assert {name: getattr(again, name) for name in settings} == settings
    np.testing.assert_array_equal(again.end_states(), lab.end_states())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["call 1: 4 to 7, 12 to 15, 20 to 23", "3 of 3 arrows are right", "0.000000"]),
        ({"cut": "one after another"}, ["0 of 3 arrows are right", "call 1: 12 to 15, 16 to 19"]),
        ({"length": 60, "cut": "overlapping", "shuffle": True}, ["and 16 calls more"]),
        ({"batch_size": 6, "time_steps": 8}, ["does not fill one call"]),
    ],
)
def test_the_picture_tells_what_it_shows(settings, words):
    figure, description = LanesLab(**settings).picture()
    plots.plt.close(figure)
    assert [word for word in words if word not in description] == []


def test_the_picture_of_the_first_view_is_small():
    source = re.search(r"base64,([^\"]+)", LanesLab()._without_script())[1]
    assert len(base64.b64decode(source)) < 40_000
