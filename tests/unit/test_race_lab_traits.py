"""The Race lab in Python: its traits, its errors, its picture. No browser."""

import json

import pytest
from traitlets import TraitError

from utils import plots
from utils.labs.race import RaceLab

READ_ONLY = ("loss_steps", "loss_features", "accuracy_steps", "accuracy_features")


def test_the_start_is_the_run_of_the_chapter():
    lab = RaceLab()
    found = (lab.seed, lab.window, lab.units, lab.learning_rate, lab.epochs, lab.running)
    assert found == (0, 3, 32, 0.001, 500, False)
    assert lab.layouts == ((3, 1), (1, 3))
    assert lab.epoch == 0 and lab.results == []
    assert [getattr(lab, name) for name in READ_ONLY] == [None] * 4


@pytest.mark.parametrize("window", [2, 6])
def test_the_layouts_follow_the_window(window):
    lab = RaceLab()
    lab.window = window
    assert lab.layouts == ((window, 1), (1, window))


def test_the_weights_are_those_of_the_chapter():
    # LSTM and Dense: 4352 + 858 and 4608 + 858; the chapter derives the 4224.
    assert RaceLab().count_weights() == ((5210, 0), (5466, 4224))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("seed", -1, "seed"),
        ("seed", 100, "seed"),
        ("seed", 1.5, "seed"),
        ("window", 1, "window"),
        ("window", 7, "window"),
        ("units", 3, "units"),
        ("units", 33, "units"),
        ("learning_rate", 0.1, r"learning_rate.*0\.0005"),
        ("learning_rate", "fast", "learning_rate"),
        ("epochs", 0, "epochs"),
        ("epochs", 1010, "epochs"),
        ("epochs", 33, r"epochs is 33; wanted a multiple of 10.*Write epochs=30"),
        ("running", "yes", "running"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(name, value, message):
    lab = RaceLab()
    before = getattr(lab, name)
    with pytest.raises(TraitError, match=message):
        setattr(lab, name, value)
    assert getattr(lab, name) == before
    with pytest.raises(TraitError, match=message):
        RaceLab(**{name: value})


@pytest.mark.parametrize("name", [*READ_ONLY, "epoch", "results"])
def test_results_can_only_be_read(name):
    with pytest.raises(TraitError, match=name):
        setattr(RaceLab(), name, [] if name == "results" else 1)


def test_results_arrive_from_the_page():
    lab = RaceLab()
    seen = []
    lab.observe(seen.append, "results")
    run = {"seed": 0, "accuracy_steps": 1.0, "accuracy_features": 0.87}
    lab.set_state({"epoch": 500, "accuracy_steps": 1, "results": [run], "running": False})
    assert (lab.epoch, lab.accuracy_steps, lab.results) == (500, 1.0, [run])
    assert len(seen) == 1


def test_a_saved_state_opens_as_the_same_lab():
    lab = RaceLab(seed=9, window=4, units=12, learning_rate=0.01, epochs=60)
    saved = json.loads(json.dumps(lab.get_state()))
    again = RaceLab()
    again.set_state({name: saved[name] for name in again.keys if not name.startswith("_")})
    for name in ("seed", "window", "units", "learning_rate", "epochs", "results"):
        assert getattr(again, name) == getattr(lab, name)


@pytest.mark.parametrize("window", [2, 3, 6])
def test_the_picture_tells_what_no_gradient_reaches(window):
    lab = RaceLab(window=window)
    figure, description = lab.picture()
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes]
    plots.plt.close(figure)
    (total, none), (other, idle) = lab.count_weights()
    assert none == 0 and f"no gradient for {idle} of {other} weights" in titles[1]
    assert f"{window}×1: {window} steps; no gradient for 0 of {total}" in titles[0]
    assert f"{idle} of its {other} weights do" in description
    assert len(lab._without_script()) < 80_000
