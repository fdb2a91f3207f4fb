"""The labs in Python: their modules, weights, traits, errors, pictures. The page: tests/browser."""

import base64
import itertools
import json
import re

import numpy as np
import pytest
from traitlets import TraitError

from utils import labs, lstm_numpy, plots
from utils.labs import LanesLab, RaceLab, ShapeLab, StepLab
from utils.labs.lab import FOLDER, Lab, Weights, collect_files, read_module, without_comments
from utils.labs.lanes import CUTS
from utils.windows import ALPHABET, encode, lanes

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
    if name in ("StepLab", "Weighted"):
        settings = {"weights": weights()} | settings
    return lab(**settings)


# The text of a module ---------------------------------------------------------------------------


def test_a_module_is_one_text_of_files_that_do_not_meet():
    for path in FOLDER.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        # What a reader types is text and never HTML.
        assert not re.search(r"(inn|out)erHTML|insertAdjacentHTML|document\.write|eval\(", source)
        if path.stem == "mount":
            continue
        text = read_module(path.stem)
        assert not re.search(r"^import\b", text, re.M), path
        joined = "\n".join(collect_files(path.stem).values())
        found = r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)"
        names = re.findall(found, joined, re.M)
        assert sorted(set(names)) == sorted(names), f"{path.name}: two files use a name"
        assert not re.search(r"^[ \t]*(//|/\*)", text, re.M), f"{path.name}: comments are not sent"
    assert re.findall(r"^export .*", read_module("shape"), re.M) == ["export default { render };"]


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


def test_the_colours_of_the_axes_are_those_of_the_book():
    lab = (FOLDER / "lab.css").read_text(encoding="utf-8")
    book = (FOLDER.parents[1] / "_static" / "book.css").read_text(encoding="utf-8")
    axes = ("samples", "time-steps", "features")
    found = {name: re.findall(rf"--{name}: (#\w+)", lab) for name in axes}
    on_screen, on_paper = book.split("@media print", 1)
    assert found == {name: re.findall(rf"--{name}: (#\w+)", on_screen) for name in found}
    light = [colors[0] for colors in found.values()]
    assert light == re.findall(r"--(?:samples|time-steps|features): (#\w+)", on_paper)
    assert light == [plots.SAMPLES, plots.TIME_STEPS, plots.FEATURES]


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

BAD = [
    ("Weighted", "weights", weights()[:4], "holds 4 arrays"),
    ("Weighted", "weights", [*weights()[:2], np.zeros(11)], r"bias has shape \(11,\); wanted"),
    ("Weighted", "weights", [*weights()[:3], np.zeros((5, 26)), np.zeros(26)], "dense_kernel has"),
    ("Weighted", "weights", [np.full((1, 16), np.nan), *weights()[1:]], "kernel holds NaN"),
    ("Weighted", "weights", "weights.h5", "wanted the list of 3 or 5 arrays"),
    ("Weighted", "weights", [1, 2, 3], "weights is list; wanted the list of 3 or 5 arrays"),
    ("Weighted", "weights", 7, "wanted the list of 3 or 5 arrays"),
    ("ShapeLab", "window", 0, "window"),
    ("ShapeLab", "window", 9, "window"),
    ("ShapeLab", "window", 2.5, "window"),
    ("ShapeLab", "stride", 5, "stride"),
    ("ShapeLab", "stride", True, "stride.*expected an int, not the bool"),
    ("ShapeLab", "time_steps", 2, r"time_steps is 2; wanted a divisor of the window of 3: \[1, 3"),
    ("ShapeLab", "text", "", "text has 0 letters; wanted 1 to 40"),
    ("ShapeLab", "text", "abc", "text holds 'a'; wanted 1 to 40 letters A to Z"),
    ("ShapeLab", "text", "A<b>", "text holds '<'"),
    ("ShapeLab", "text", "A" * 41, "text has 41 letters"),
    ("ShapeLab", "sample", -1, "sample"),
    ("StepLab", "word", "", "word has 0 letters; wanted 1 to 10 letters A to Z"),
    ("StepLab", "word", "A B", "word holds ' '"),
    ("StepLab", "word", 7, "word"),
    ("StepLab", "step", 3, "step is 3; wanted 0 to 2, since KLM has 3 letters. Steps count from"),
    ("StepLab", "step", -1, "step"),
    ("StepLab", "unit", 4, "unit is 4; wanted 0 to 3, since the layer has 4 units. Units count"),
    ("StepLab", "weights", weights(features=3), r"kernel has shape \(3, 16\), so the layer reads"),
    ("StepLab", "weights", weights(classes=5), r"dense_bias has shape \(5,\); wanted \(26,\)"),
    ("RaceLab", "seed", 100, "seed"),
    ("RaceLab", "seed", 1.5, "seed"),
    ("RaceLab", "window", 7, "window"),
    ("RaceLab", "units", 33, "units"),
    ("RaceLab", "learning_rate", 0.1, r"learning_rate.*0\.0005"),
    ("RaceLab", "epochs", 33, r"epochs is 33; wanted a multiple of 10.*Write epochs=30"),
    ("RaceLab", "epochs", 1010, "epochs"),
    ("RaceLab", "running", "yes", "running"),
    *(("RaceLab", name, 1, name) for name in ("loss_steps", "accuracy_features", "epoch")),
    ("RaceLab", "results", [], "results"),  # what comes from the page can only be read
    ("LanesLab", "length", 61, "length"),
    ("LanesLab", "length", 24.5, "length"),
    ("LanesLab", "batch_size", 7, "batch_size"),
    ("LanesLab", "time_steps", 9, "time_steps"),
    ("LanesLab", "cut", "windows", r"cut.*'lanes'.*'one after another'.*'overlapping'"),
    ("LanesLab", "shuffle", "yes", "shuffle"),
    ("LanesLab", "shuffle_seed", -1, "shuffle_seed"),
    ("LanesLab", "remainder", "pad", "remainder.*'run'.*'drop'"),
    ("LanesLab", "selected", 60, "selected"),
    ("LanesLab", "weights", weights(features=2)[:3], "weights are for 2 features; wanted 1.*Pass"),
]


@pytest.mark.parametrize(("name", "trait", "value", "message"), BAD)
def test_bad_settings_are_refused_and_change_nothing(name, trait, value, message):
    lab = make(name)
    before = getattr(lab, trait)
    with pytest.raises(TraitError, match=message):
        setattr(lab, trait, value)
    assert getattr(lab, trait) is before or getattr(lab, trait) == before
    if (name, trait) not in {("RaceLab", "epoch"), ("RaceLab", "results")} and value != 1:
        with pytest.raises(TraitError, match=message):
            make(name, **{trait: value})


SAVED = [
    ("ShapeLab", {"text": "HELLO", "window": 2, "time_steps": 1, "stride": 2}),
    ("StepLab", {"word": "ABCDEFGHIJ", "step": 9, "unit": 3}),
    ("RaceLab", {"seed": 9, "window": 4, "units": 12, "learning_rate": 0.01, "epochs": 60}),
    ("LanesLab", {"length": 31, "batch_size": 2, "time_steps": 5, "cut": "overlapping"}),
    ("LanesLab", {"shuffle": True, "shuffle_seed": 3, "remainder": "drop", "selected": 9}),
]


@pytest.mark.parametrize(("name", "settings"), SAVED)
def test_settings_may_come_together_and_a_saved_state_opens_as_the_same_lab(name, settings):
    lab = make(name, words={"title": "Labor"}, **settings)
    saved = json.loads(json.dumps(lab.get_state()))
    again = make(name)
    again.set_state({trait: saved[trait] for trait in [*settings, "words"]})
    assert {trait: getattr(again, trait) for trait in settings} == settings
    assert again.words == {"title": "Labor"}


def test_a_lab_opens_when_it_is_shown_and_says_what_to_do_without_widgets():
    lab = ShapeLab()
    lab.window = 4
    assert lab.comm is None  # nothing of it reaches the page
    data, _ = lab._repr_mimebundle_()
    assert data["text/plain"] == "ShapeLab: run this cell to use the lab."
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.comm.comm_id
    number = lab.comm.comm_id
    lab._repr_mimebundle_()
    assert lab.comm.comm_id == number  # shown twice, opened once


def test_the_shape_lab_always_has_a_layout_that_fits():
    for old, new in itertools.product(range(1, 9), repeat=2):
        for steps in (n for n in range(1, old + 1) if old % n == 0):
            lab = ShapeLab(window=old, time_steps=steps)
            lab.window = new
            assert lab.time_steps * lab.features == new
            assert lab.time_steps == new or steps != old


def test_the_step_lab_moves_to_what_is_there():
    lab = StepLab(weights=weights(), word="abcde", step=4, unit=3)
    assert (lab.word, lab.time_steps, lab.units) == ("ABCDE", 5, 4)
    lab.word = "AB"
    assert lab.step == 1
    lab.weights = weights(2)
    assert (lab.units, lab.unit) == (2, 1)
    lab.set_state({"word": "ABCDE", "step": 4})  # as the module sends it
    assert (lab.word, lab.step) == ("ABCDE", 4)
    with pytest.raises(TraitError, match=r"weights is missing.*Pass weights=model.get_weights\("):
        StepLab()


def test_the_race_lab_starts_as_the_chapter_and_hears_the_page():
    lab = RaceLab()
    found = (lab.seed, lab.window, lab.units, lab.learning_rate, lab.epochs, lab.running)
    assert found == (0, 3, 32, 0.001, 500, False) and lab.layouts == ((3, 1), (1, 3))
    # LSTM and Dense: 4352 + 858 and 4608 + 858; the chapter derives the 4224.
    assert lab.count_weights() == ((5210, 0), (5466, 4224))
    lab.window = 6
    assert lab.layouts == ((6, 1), (1, 6))
    seen = []
    lab.observe(seen.append, "results")
    result = {"seed": 0, "accuracy_steps": 1.0, "accuracy_features": 0.87}
    lab.set_state({"epoch": 500, "accuracy_steps": 1, "results": [result], "running": False})
    assert (lab.epoch, lab.accuracy_steps, lab.results, len(seen)) == (500, 1.0, [result], 1)


# The cuts of the Lanes lab ------------------------------------------------------------------------

EVERY_SETTING = list(itertools.product(range(12, 61, 3), range(1, 7), range(1, 9)))  # L, B, T


def every_lab(**settings):
    """Yield one lab in every setting of length, batch size and time steps."""
    lab = LanesLab(weights=weights(1)[:3], **settings)
    for length, batch_size, time_steps in EVERY_SETTING:
        lab.length, lab.batch_size, lab.time_steps = length, batch_size, time_steps
        yield lab


def test_lanes_are_those_of_utils_windows_and_continue():
    for lab in every_lab():
        calls = lab.length // (lab.batch_size * lab.time_steps)
        assert lab.arrows().shape == (max(0, calls - 1), lab.batch_size)
        assert lab.arrows().all()
        if not calls:
            assert lab.samples().shape == (0, lab.time_steps)
            continue
        X, dropped = lanes(np.arange(lab.length), lab.time_steps, lab.batch_size)
        np.testing.assert_array_equal(lab.samples(), X)
        assert lab.length - X.size == dropped


def test_other_cuts_continue_only_by_chance():
    for lab in every_lab(cut="one after another", remainder="drop"):
        windows = np.arange(lab.length)[: lab.length // lab.time_steps * lab.time_steps]
        np.testing.assert_array_equal(lab.samples(), windows.reshape(-1, lab.time_steps))
        assert (lab.arrows() == (lab.batch_size == 1)).all()
    for lab in every_lab(cut="overlapping", remainder="drop"):
        windows = np.lib.stride_tricks.sliding_window_view(np.arange(lab.length), lab.time_steps)
        np.testing.assert_array_equal(lab.samples(), windows)
        assert (lab.arrows() == (lab.batch_size == lab.time_steps)).all()


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
    ("length", "remainder", "last"),
    [
        (28, "run", [6, 6, 6]),  # one row left: broadcast
        (28, "drop", [3, 4, 5]),
        (32, "run", [3, 4, 5]),  # two rows left: Keras stops
        (24, "run", [3, 4, 5]),  # none left
    ],
)
def test_the_last_call(length, remainder, last):
    lab = LanesLab(cut="one after another", length=length, remainder=remainder)
    assert lab.calls()[-1].tolist() == last


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_row_ends_in_the_right_state_exactly_if_its_arrows_are_right(cut, shuffle):
    lab = LanesLab(weights=weights(5)[:3], cut=cut, shuffle=shuffle)
    for lab.length, lab.batch_size, lab.time_steps in EVERY_SETTING[::37]:
        calls, whole = lab.end_states()
        difference = np.abs(calls - whole).max(axis=(1, 2))
        np.testing.assert_array_equal(difference < 1e-6, lab.arrows().all(axis=0))


def test_the_default_weights_are_drawn_as_keras_draws_them():
    import keras

    own = LanesLab().weights
    layer = keras.layers.LSTM(8)
    layer.build((None, None, 1))
    shapes = [weight.shape for weight in layer.get_weights()]
    assert [weight.shape for weight in own.values()] == shapes
    np.testing.assert_array_equal(own["bias"], layer.get_weights()[2])
    recurrent = own["recurrent_kernel"]
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(8), atol=1e-5)
    assert np.abs(own["kernel"]).max() <= np.sqrt(6 / 33)
    np.testing.assert_array_equal(LanesLab().weights["kernel"], own["kernel"])


# Pictures ----------------------------------------------------------------------------------------

PICTURES = [
    ("ShapeLab", {"text": "ABCDEF", "window": 2, "time_steps": 1}, ["0 1; 1 2; 2 3", "(4, 1, 2)"]),
    ("ShapeLab", {"text": "AB"}, ["AB"]),  # too short for a window
    ("StepLab", {"word": "A", "weights": weights(8)[:3]}, ["A"]),
    ("StepLab", {"word": "ABCDEFGHIJ", "weights": weights(8)}, ["and answers"]),
    ("RaceLab", {"window": 6}, ["of its"]),
    ("LanesLab", {}, ["call 1: 4 to 7, 12 to 15, 20 to 23", "3 of 3 arrows are right", "0.000000"]),
    ("LanesLab", {"cut": "one after another"}, ["0 of 3 arrows are right", "call 1: 12 to 15, 16"]),
    ("LanesLab", {"length": 60, "cut": "overlapping", "shuffle": True}, ["and 16 calls more"]),
    ("LanesLab", {"batch_size": 6, "time_steps": 8}, ["does not fill one call"]),
]


@pytest.mark.parametrize(("name", "settings", "words"), PICTURES)
def test_the_picture_is_small_and_tells_what_it_shows(name, settings, words):
    html = make(name, **settings)._without_script()
    assert html.startswith("<noscript>") and "</noscript><p class='lab-asleep'>" in html
    assert len(re.search(r'alt="([^"]+)"', html)[1].split()) > 15
    assert [word for word in words if word not in html] == []
    assert len(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])) < 60_000


def test_the_pictures_tell_the_numbers():
    figure, description = make("StepLab", word="HEY", step=2, unit=2).picture()
    plots.plt.close(figure)
    run = lstm_numpy.lstm(encode("HEY").reshape(1, 3, 1) / 26, *weights()[:3])
    assert f"= {run.c[0, 2, 2]:.2f}." in description
    logits = run.h[0] @ weights()[3] + weights()[4]
    for number, letter in enumerate("HEY"):
        answer = ALPHABET[logits[number].argmax()]
        assert f"step {number + 1} reads {letter} and answers {answer}" in description
    lab = RaceLab(window=2)
    figure, description = lab.picture()
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in figure.axes]
    plots.plt.close(figure)
    (total, none), (other, idle) = lab.count_weights()
    assert none == 0 and f"no gradient for {idle} of {other} weights" in titles[1]
    assert f"2×1: 2 steps; no gradient for 0 of {total}" in titles[0]
    assert f"{idle} of its {other} weights do" in description
