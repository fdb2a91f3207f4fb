"""The labs in Python: their modules, weights, traits, errors, pictures. The page: tests/browser."""

import base64
import itertools
import json
import re

import numpy as np
import pytest
from traitlets import TraitError

from utils import labs
from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab
from utils.labs.lab import FOLDER, Lab, Weights, without_comments
from utils.labs.lanes import CUTS
from utils.windows import lanes

UNITS = 4


def weights(units=UNITS, features=1, classes=26, seed=0):
    """Return the five arrays of a small model with random weights."""
    rng = np.random.default_rng(seed)
    shapes = [(features, 4 * units), (units, 4 * units), (4 * units,), (units, classes), (classes,)]
    return [rng.normal(scale=0.7, size=shape).astype("float32") for shape in shapes]


class Weighted(Lab, module="shape"):
    """A lab with weights."""

    weights = Weights()


def make(name, **settings):
    """Return a lab; with weights, if it needs some."""
    lab = {"Weighted": Weighted}.get(name) or getattr(labs, name)
    if name in ("StepLab", "StateLab", "Weighted"):
        settings = {"weights": weights()} | settings
    return lab(**settings)


# The text of a module ---------------------------------------------------------------------------


def test_a_module_is_one_text_that_imports_nothing():
    for path in FOLDER.rglob("*.js"):
        if path.parent.name != "vendor":  # what a reader types is text and never HTML
            source = path.read_text(encoding="utf-8")
            assert not re.search(
                r"(inn|out)erHTML|insertAdjacentHTML|document\.write|eval\(", source
            )
    for name in labs.__all__:
        text = getattr(labs, name)._esm
        assert not re.search(r"^import\b", text, re.M), name
        (exported,) = re.findall(r"^export .*", text, re.M)
        assert exported.startswith("export default ")
        assert not re.search(r"^[ \t]*(//|/\*(?!\*\n \* @license))", text, re.M), name
        assert ("SPDX-License-Identifier: BSD-3-Clause" in text) == ("$lit$" in text)


def test_a_lab_takes_no_word_from_those_that_all_labs_share():
    shared = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
    for name in labs.__all__:
        assert shared.keys() & getattr(labs, name)._words.keys() <= {"keys", "tabs"}, name


KEPT = r"""
const address = "https://a.b"; // behind code
const words = 'it\'s /* none */';
const poem = `
    // indented
  /* ${address ? `// "nested` : { a: 1 }.a} */
export const none = "`";
`;
const half = 4 / 2, path = /["'`]\/\/[/`]/.test(address), odd = text.replace(/`/g, '"');
x = 1 /* between */ + 2;
/* before */ x = 3; /* after */
"""


def test_what_looks_like_a_comment_in_a_text_stays():
    gone = "  // a line, it's gone: `\n/**\n * two `lines\n */\nexport "
    sent = without_comments(KEPT + gone + "const end = 1;" + KEPT, "^export ")
    assert sent == KEPT + "const end = 1;" + KEPT
    css = 'a::after { content: "/* a */ // b"; }\n'
    assert without_comments(f"/* 1 / 2 */\n{css}  /* it's */\n{css}") == css + css


# Weights ----------------------------------------------------------------------------------------


def test_weights_reach_javascript_bit_for_bit_and_come_back():
    lab, other = Weighted(weights=weights()), Weighted(weights=weights(seed=1))
    sent = lab.get_state()["weights"]
    assert json.loads(json.dumps(sent)) == sent
    for name, array in zip(sent, weights(), strict=True):
        assert sent[name]["shape"] == list(array.shape)
        assert base64.b64decode(sent[name]["data"]) == array.astype("<f4").tobytes()
    other.set_state({"weights": sent})  # as from a saved notebook
    for name, array in lab.weights.items():
        np.testing.assert_array_equal(other.weights[name], array)
    assert list(Weighted(weights=weights()[:3]).weights) == ["kernel", "recurrent_kernel", "bias"]


# Traits -----------------------------------------------------------------------------------------

# What a lab has, what it is given, and words of the message. One row for each kind of refusal.
BAD = {
    "Weighted": [
        ("weights", weights()[:4], "holds 4 arrays"),
        ("weights", [*weights()[:2], np.zeros(11)], r"bias has shape \(11,\); wanted"),
        ("weights", [*weights()[:3], np.zeros((5, 26)), np.zeros(26)], "dense_kernel has"),
        ("weights", [np.full((1, 16), np.nan), *weights()[1:]], "kernel holds NaN"),
        ("weights", [1, 2, 3], "weights is list; wanted the list of 3 or 5 arrays"),
    ],
    "ShapeLab": [
        ("window", 9, "window"),
        ("stride", True, "stride.*expected an int, not the bool"),
        ("time_steps", 2, r"time_steps is 2; wanted a divisor of the window of 3: \[1, 3"),
        ("text", "", "text has 0 letters; wanted 1 to 40"),
        ("text", "A<b>", "text holds '<'"),
        ("sample", -1, "sample"),
    ],
    "StepLab": [
        ("word", "A B", "word holds ' '; wanted 1 to 10 letters A to Z"),
        ("step", 3, "step is 3; wanted 0 to 2, since KLM has 3 letters. Steps count from"),
        ("trained_to", -1, "trained_to"),
        ("unit", 4, "unit is 4; wanted 0 to 3, since the layer has 4 units. Units count"),
        ("weights", weights(features=3), r"kernel has shape \(3, 16\), so the layer reads"),
        ("weights", weights(classes=5), r"dense_bias has shape \(5,\); wanted \(26,\)"),
    ],
    "RaceLab": [
        ("seed", 1.5, "seed"),
        ("window", 7, "window"),
        ("learning_rate", 0.1, r"learning_rate.*0\.0005"),
        ("epochs", 33, r"epochs is 33; wanted a multiple of 10.*Write epochs=30"),
        ("running", "yes", "running"),
        ("results", [], "results"),  # what comes from the page can only be read
    ],
    "StateLab": [
        ("text", "abc", r"text holds 'a'.*text\.upper\(\)"),
        ("text", "A" * 27, "text has 27 letters.*1 to 26"),
        ("batch_size", 6, "batch_size is 6.*1 to 5"),
        ("passes", 3, "passes is 3.*1 to 2"),
        ("resets", [3, 1], "resets holds 1.*from 2 to 52.*starts from zeros"),
        ("resets", ["2"], "resets"),
        ("state", "x", "state is 'x'.*'h' or 'c'"),
        ("weights", weights()[:3], "weights has the shapes.*26 classes"),
        ("weights", weights(classes=10), "26 classes"),
        ("weights", weights(features=2), "1 feature"),
    ],
    "LanesLab": [
        ("length", 24.5, "length"),
        ("batch_size", 7, "batch_size"),
        ("time_steps", 9, "time_steps"),
        ("cut", "windows", r"cut.*'lanes'.*'one after another'.*'overlapping'"),
        ("shuffle_seed", -1, "shuffle_seed"),
        ("remainder", "pad", "remainder.*'run'.*'drop'"),
        ("weights", weights(features=2)[:3], "weights are for 2 features; wanted 1.*Pass"),
    ],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_settings_are_refused_and_change_nothing(name):
    lab = make(name)
    for trait, value, message in BAD[name]:
        before = getattr(lab, trait)
        with pytest.raises(TraitError, match=f"(?s){message}"):
            setattr(lab, trait, value)
        assert getattr(lab, trait) is before or getattr(lab, trait) == before
        if trait != "results":
            with pytest.raises(TraitError, match=f"(?s){message}"):
                make(name, **{trait: value})


@pytest.mark.parametrize("lab", [StepLab, StateLab])
def test_weights_are_needed(lab):
    with pytest.raises(TraitError, match=r"weights is missing.*get_weights\("):
        lab()


SAVED = {
    "ShapeLab": {"text": "HELLO", "window": 2, "time_steps": 1, "stride": 2},
    "StepLab": {"word": "ABCDEFGHIJ", "step": 9, "unit": 3, "trained_to": 5},
    "RaceLab": {"seed": 9, "window": 4, "units": 12, "learning_rate": 0.01, "epochs": 60},
    "StateLab": {"text": "HELLO", "batch_size": 2, "resets": [2], "state": "c"},
    "LanesLab": {"length": 31, "cut": "overlapping", "shuffle": True, "remainder": "drop"},
}


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_state_opens_as_the_same_lab(name):
    settings = SAVED[name]
    saved = json.loads(json.dumps(make(name, words={"title": "Labor"}, **settings).get_state()))
    again = make(name)
    again.set_state({trait: saved[trait] for trait in [*settings, "words"]})
    assert {trait: getattr(again, trait) for trait in settings} == settings
    assert again.words == {"title": "Labor"}


def test_a_lab_knows_how_it_started_and_tells_its_tour_without_scripts():
    lab = make("StateLab", resets=[3])
    lab.resets, lab.text = [5], "AB"
    assert (lab.start["resets"], lab.start["text"], lab.start["call"]) == ([3], "ABCDEFGHIJKL", 1)
    others = {
        "weights",
        "words",
        "site",
        "results",
        "saved",
        "_esm",
        "_css",
    }  # no settings, and heavy
    assert not others & {*lab.start, *RaceLab().start}
    again = make("StateLab")
    again.set_state({"start": lab.get_state()["start"]})  # from a saved notebook
    assert again.start == lab.start
    steps = labs.StateLab._words["tour_steps"]
    assert lab._without_script().count("<li>") == len(steps) >= 5
    lab.words = {"tour_steps": ["<b>Eins</b>"]}
    assert "<ol><li>&lt;b&gt;Eins&lt;/b&gt;</li></ol>" in lab._without_script()


def test_a_lab_opens_when_it_is_shown_and_says_what_to_do_without_widgets():
    lab = ShapeLab()
    lab.window = 4
    assert lab.comm is None  # nothing of it reaches the page
    data, _ = lab._repr_mimebundle_()
    assert data["text/plain"] == "ShapeLab: run this cell to use the lab."
    number = data["application/vnd.jupyter.widget-view+json"]["model_id"]
    lab._repr_mimebundle_()
    assert lab.comm.comm_id == number  # shown twice, opened once


def test_settings_follow_each_other():
    for old, new in itertools.product(range(1, 9), repeat=2):
        for steps in (n for n in range(1, old + 1) if old % n == 0):
            lab = ShapeLab(window=old, time_steps=steps)
            lab.window = new
            assert lab.time_steps * lab.features == new
            assert lab.time_steps == new or steps != old
    lab = StepLab(weights=weights(), word="abcde", step=4, unit=3)
    assert (lab.word, lab.time_steps, lab.units) == ("ABCDE", 5, 4)
    lab.word, lab.weights = "AB", weights(2)
    assert (lab.step, lab.units, lab.unit) == (1, 2, 1)
    assert make("StateLab", resets=[9, 3, 9]).resets == [3, 9]


def test_the_race_lab_starts_as_the_chapter_and_hears_the_page():
    lab = RaceLab()
    found = (lab.seed, lab.window, lab.units, lab.learning_rate, lab.epochs, lab.running)
    assert found == (0, 3, 32, 0.001, 500, False) and lab.layouts == ((3, 1), (1, 3))
    # LSTM and Dense: 4352 + 858 and 4608 + 858; the chapter derives the 4224.
    assert lab.count_weights() == ((5210, 0), (5466, 4224))
    seen = []
    lab.observe(seen.append, "results")
    result = {"seed": 0, "accuracy_steps": 1.0, "accuracy_features": 0.87}
    lab.set_state({"epoch": 500, "accuracy_steps": 1, "results": [result], "running": False})
    assert (lab.epoch, lab.accuracy_steps, lab.results, len(seen)) == (500, 1.0, [result], 1)


# What State lab and Lanes lab compute. Their numbers against Keras: tests/browser ---------------


def test_a_very_sure_network_answers_too():
    *lstm, kernel, bias = weights()
    sure = StateLab(weights=[*lstm, 0 * kernel, np.eye(26)[2] * 1000]).read()[3]
    assert (sure.argmax(axis=-1) == 2).all() and np.isfinite(sure).all()


EVERY_SETTING = list(itertools.product(range(12, 61, 3), range(1, 7), range(1, 9)))  # L, B, T


@pytest.mark.parametrize("cut", CUTS)
def test_samples_are_those_of_numpy_and_only_lanes_continue(cut):
    lab = LanesLab(weights=weights(1)[:3], cut=cut, remainder="drop")
    for lab.length, lab.batch_size, lab.time_steps in EVERY_SETTING:
        L, B, T = lab.length, lab.batch_size, lab.time_steps
        elements = np.arange(L)
        if cut == "overlapping":
            wanted, goes_on = np.lib.stride_tricks.sliding_window_view(elements, T), B == T
        elif cut == "one after another":
            wanted, goes_on = elements[: L // T * T].reshape(-1, T), B == 1
        else:
            wanted = lanes(elements, T, B).X if L >= B * T else np.empty((0, T))
            goes_on = True
        np.testing.assert_array_equal(lab.samples(), wanted)
        assert lab.arrows().shape == (max(0, len(wanted) // B - 1), B)
        assert (lab.arrows() == goes_on).all()


# Pictures ----------------------------------------------------------------------------------------

PICTURES = [
    ("ShapeLab", {"text": "ABCDEF", "window": 2, "time_steps": 1}, ["0 1; 1 2; 2 3", "(4, 1, 2)"]),
    ("ShapeLab", {"text": "AB"}, ["AB"]),  # too short for a window
    ("StepLab", {"word": "A", "weights": weights(8)[:3]}, ["A"]),
    ("StepLab", {"word": "ABCDEFGHIJ", "weights": weights(8)}, ["and answers"]),
    ("RaceLab", {"window": 2}, ["of its"]),
    ("StateLab", {"weights": weights(50)}, ["A stateful LSTM, 12 calls", "zeros at call 1."]),
    ("StateLab", {"stateful": False, "batch_size": 3, "state": "c"}, ["A stateless", "1, 2, 3, 4"]),
    ("StateLab", {"text": "A", "batch_size": 2}, ["An empty timeline"]),
    ("LanesLab", {}, ["call 1: 4 to 7, 12 to 15, 20 to 23", "3 of 3 arrows are right", "0.000000"]),
    ("LanesLab", {"length": 60, "cut": "overlapping", "shuffle": True}, ["and 16 calls more"]),
    ("LanesLab", {"batch_size": 6, "time_steps": 8}, ["does not fill one call"]),
]


@pytest.mark.parametrize(("name", "settings", "words"), PICTURES)
def test_the_picture_is_small_and_tells_what_it_shows(name, settings, words):
    html = make(name, **settings)._without_script()
    assert html.startswith("<noscript>") and "</noscript><p class='lab-asleep'>" in html
    assert len(re.search(r'alt="([^"]+)"', html)[1].split()) > 5
    assert [word for word in words if word not in html] == []
    assert len(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])) < 60_000
