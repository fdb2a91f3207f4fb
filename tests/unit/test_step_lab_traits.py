"""The Step lab on the Python side: its traits, its errors, its picture."""

import base64
import re

import numpy as np
import pytest
from traitlets import TraitError

from utils import lstm_numpy, plots
from utils.labs.step import StepLab
from utils.windows import ALPHABET, encode


def weights(units=4, features=1, classes=26, seed=0):
    """Return the five arrays of a small model with random weights."""
    rng = np.random.default_rng(seed)
    shapes = [(features, 4 * units), (units, 4 * units), (4 * units,), (units, classes), (classes,)]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def test_opens_at_the_first_step():
    lab = StepLab(weights=weights())
    assert (lab.word, lab.step, lab.unit, lab.time_steps, lab.units) == ("KLM", 0, 0, 3, 4)


def test_settings_may_come_together():
    lab = StepLab(weights(), word="ABCDEFGHIJ", step=9, unit=3)
    assert (lab.step, lab.unit, lab.time_steps) == (9, 3, 10)


def test_small_letters_become_capitals():
    assert StepLab(weights=weights(), word="klm").word == "KLM"


def test_a_shorter_word_moves_the_step_to_its_last():
    lab = StepLab(weights=weights(), word="ABCDE", step=4)
    lab.word = "AB"
    assert lab.step == 1
    lab.word = "ABCDE"
    assert lab.step == 1


def test_fewer_units_move_the_unit_to_the_last():
    lab = StepLab(weights=weights(4), unit=3)
    lab.weights = weights(2)
    assert (lab.units, lab.unit) == (2, 1)


def test_what_the_module_sends_is_taken_whole():
    lab = StepLab(weights=weights(), word="ABCDE", step=4)
    lab.set_state({"word": "XY", "step": 1})  # as `save(model, {word, step})` sends it
    assert (lab.word, lab.step) == ("XY", 1)
    lab.set_state({"word": "ABCDE", "step": 4, "unit": 2})
    assert (lab.word, lab.step, lab.unit) == ("ABCDE", 4, 2)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("word", "", "word has 0 letters; wanted 1 to 10 letters A to Z"),
        ("word", "ABCDEFGHIJK", "word has 11 letters"),
        ("word", "A B", "word holds ' '"),
        ("word", "<B>", "word holds '<'"),
        ("word", 7, "word"),
        ("step", 3, "step is 3; wanted 0 to 2, since KLM has 3 letters. Steps count from 0"),
        ("step", -1, "step"),
        ("step", 1.5, "step"),
        ("unit", 4, "unit is 4; wanted 0 to 3, since the layer has 4 units. Units count from 0"),
        ("unit", -1, "unit"),
        ("weights", weights(features=3), r"kernel has shape \(3, 16\), so the layer reads 3 feat"),
        ("weights", weights(classes=5), r"dense_bias has shape \(5,\); wanted \(26,\)"),
        ("weights", weights()[:4], "holds 4 arrays"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(name, value, message):
    lab = StepLab(weights=weights())
    before = getattr(lab, name)
    with pytest.raises(TraitError, match=message):
        setattr(lab, name, value)
    assert getattr(lab, name) is before
    with pytest.raises(TraitError, match=message):
        StepLab(**{"weights": weights(), name: value})


def test_weights_must_be_given():
    with pytest.raises(TraitError, match=r"weights is missing.*Pass weights=model.get_weights\(\)"):
        StepLab()


@pytest.mark.parametrize("step", [0, 2])
def test_the_picture_tells_the_numbers(step):
    lab = StepLab(weights=weights(), word="HEY", step=step, unit=2)
    figure, description = lab.picture()
    plots.plt.close(figure)
    run = lstm_numpy.lstm(encode("HEY").reshape(1, 3, 1) / 26, *weights()[:3])
    assert f"= {run.c[0, step, 2]:.2f}." in description
    logits = run.h[0] @ weights()[3] + weights()[4]
    for number, letter in enumerate("HEY"):
        answer = ALPHABET[logits[number].argmax()]
        assert f"step {number + 1} reads {letter} and answers {answer}" in description


@pytest.mark.parametrize("word", ["A", "KLM", "ABCDEFGHIJ"])
@pytest.mark.parametrize("arrays", [3, 5])
def test_every_word_has_a_small_picture(word, arrays):
    html = StepLab(weights=weights(8)[:arrays], word=word)._without_script()
    assert len(base64.b64decode(re.search(r'base64,([^"]+)', html)[1])) < 60_000
    assert ("and answers" in html) == (arrays == 5)
