"""The State lab in Python: its traits, its errors, its reading and its picture."""

import base64
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import traitlets

from utils import lstm_numpy
from utils.labs.state import StateLab
from utils.windows import ALPHABET, encode

ROOT = Path(__file__).parents[2]
rng = np.random.default_rng(0)
WEIGHTS = [rng.normal(size=shape) for shape in ((1, 16), (4, 16), (16,), (4, 26), (26,))]


def lab(**settings):
    return StateLab(weights=WEIGHTS, **settings)


def test_defaults():
    opened = lab()
    assert (opened.text, opened.batch_size, opened.passes) == (ALPHABET[:12], 1, 1)
    assert opened.stateful and not opened.shuffle and opened.resets == []
    assert (opened.call, opened.row, opened.state) == (1, 0, "h")
    assert opened.order.tolist() == list(range(12))


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("text", "", ["text has 0 letters", "1 to 26 letters A to Z"]),
        ("text", "abc", ["text holds 'a'", "text.upper()"]),
        ("text", "A" * 27, ["text has 27 letters", "1 to 26", "Pass 1 to 26 letters."]),
        ("batch_size", 6, ["batch_size is 6", "1 to 5"]),
        ("batch_size", 0, ["batch_size is 0", "1 to 5"]),
        ("passes", 3, ["passes is 3", "1 to 2"]),
        ("shuffle_seed", -1, ["shuffle_seed is -1", "0 to 2147483647"]),
        ("shuffle_seed", 2**31, ["shuffle_seed is 2147483648"]),
        ("call", 0, ["call is 0", "1 to 52"]),
        ("row", 5, ["row is 5", "0 to 4"]),
        ("resets", [3, 1], ["resets holds 1", "from 2 to 52", "starts from zeros"]),
        ("resets", [53], ["resets holds 53"]),
        ("resets", ["2"], ["resets"]),
        ("state", "x", ["state is 'x'", "'h' or 'c'"]),
        ("stateful", "yes", ["stateful"]),
        ("weights", WEIGHTS[:3], ["weights has the shapes", "26 classes"]),
        ("weights", [1, 2], ["weights is list", "3 or 5 arrays"]),
    ],
)
def test_bad_values_say_what_is_wanted_and_change_nothing(name, wrong, words):
    opened = lab()
    before = opened.weights if name == "weights" else getattr(opened, name)
    with pytest.raises(traitlets.TraitError) as caught:
        setattr(opened, name, wrong)
    assert all(word in str(caught.value) for word in words)
    assert getattr(opened, name) is before or getattr(opened, name) == before


def test_weights_are_needed_and_must_be_those_of_the_alphabet():
    with pytest.raises(traitlets.TraitError, match="weights is missing.*get_weights"):
        StateLab()
    two_features = [np.ones((2, 16)), *WEIGHTS[1:]]
    with pytest.raises(traitlets.TraitError, match="1 feature"):
        StateLab(weights=two_features)
    ten_classes = [*WEIGHTS[:3], np.ones((4, 10)), np.ones(10)]
    with pytest.raises(traitlets.TraitError, match="26 classes"):
        StateLab(weights=ten_classes)


def test_resets_are_sorted_and_each_comes_once():
    assert lab(resets=[9, 3, 9]).resets == [3, 9]


@pytest.mark.parametrize("count", [1, 2, 13, 26])
def test_a_shuffled_order_holds_every_place_once_and_follows_the_seed(count):
    orders = {
        tuple(lab(text=ALPHABET[:count], shuffle=True, shuffle_seed=seed).order)
        for seed in range(20)
    }
    assert all(sorted(order) == list(range(count)) for order in orders)
    assert len(orders) == {1: 1, 2: 2}.get(count, 20)


def test_reading_in_calls_is_one_long_run_until_a_reset():
    h, c = lab(resets=[8]).read()[1:3]
    x = (encode(ALPHABET[:12]) / 26).reshape(1, 12, 1).astype("float32")
    weights = lab().weights
    kernels = [weights[name] for name in ("kernel", "recurrent_kernel", "bias")]
    for part in (slice(0, 7), slice(7, 12)):
        run = lstm_numpy.lstm(x[:, part], *kernels)
        np.testing.assert_allclose(h[part, 0], run.h[0], atol=1e-6)
        np.testing.assert_allclose(c[part, 0], run.c[0], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({}, (12, 1)),
        (dict(batch_size=5, passes=2), (4, 5)),
        (dict(text="AB", batch_size=3), (0, 3)),
    ],
)
def test_shapes_of_a_reading(settings, shape):
    letters, h, c, probabilities = lab(**settings).read()
    assert letters.shape == shape and probabilities.shape == (*shape, 26)
    assert h.shape == c.shape == (*shape, 4)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


def test_a_very_sure_network_answers_too():
    *lstm, kernel, bias = WEIGHTS
    sure = StateLab(weights=[*lstm, 0 * kernel, np.eye(26)[2] * 1000])
    assert (sure.read()[3].argmax(axis=-1) == 2).all()
    assert np.isfinite(sure.read()[3]).all()


def test_rows_and_stateless_calls_do_not_meet():
    whole = lab(batch_size=4).read()[1]
    changed = lab(batch_size=4, text="ABQ" + ALPHABET[3:12]).read()[1]
    assert np.array_equal(whole[:, [0, 1, 3]], changed[:, [0, 1, 3]])
    assert (np.abs(whole[:, 2] - changed[:, 2]).max(axis=-1) > 0).all()
    stateless = lab(stateful=False).read()[1]
    alone = [lab(text=letter).read()[1][0] for letter in ALPHABET[:12]]
    assert np.array_equal(stateless, np.array(alone))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["A stateful LSTM, 12 calls", "reads ABCDEFGHIJKL", "zeros at call 1."]),
        (dict(stateful=False, batch_size=3, state="c"), ["A stateless", "ADGJ", "1, 2, 3, 4"]),
        (dict(text=ALPHABET, passes=2, resets=[27]), ["the first 26 calls", "zeros at call 1."]),
        (dict(text="A", batch_size=2), ["An empty timeline"]),
    ],
)
def test_the_picture_is_small_and_described(settings, words):
    rng = np.random.default_rng(0)
    shapes = (1, 200), (50, 200), (200,), (50, 26), (26,)
    opened = StateLab(weights=[rng.normal(size=shape) for shape in shapes], **settings)
    html = opened._without_script()
    description = re.search('alt="(.*?)"', html)[1]
    assert all(word in description for word in words)
    picture = base64.b64decode(re.search('base64,(.*?)"', html)[1])
    assert picture.startswith(b"<?xml") and len(picture) < 40_000


def test_a_saved_lab_opens_with_the_same_numbers():
    state = lab(resets=[4], batch_size=2).get_state()
    again = StateLab(weights=WEIGHTS)
    again.set_state({name: state[name] for name in ("weights", "resets", "batch_size")})
    assert again.resets == [4] and again.batch_size == 2
    assert np.array_equal(again.weights["kernel"], WEIGHTS[0].astype("float32"))


def test_a_lab_needs_no_deep_learning_library():
    code = (
        "import sys, numpy as np; from utils.labs.state import StateLab;"
        "lab = StateLab(weights=[np.ones(s) for s in ((1, 8), (2, 8), (8,), (2, 26), (26,))]);"
        "lab.read(); lab.picture();"
        "print([n for n in ('tensorflow', 'keras') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr
