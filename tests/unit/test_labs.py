"""What all labs share on the Python side, and the Shape lab's traits."""

import base64
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from traitlets import TraitError

from utils import labs, plots
from utils.labs.lab import FOLDER, Lab, Weights, collect_files, read_module, without_comments
from utils.labs.shape import ShapeLab
from utils.windows import sliding_windows

LABS = [getattr(labs, name) for name in labs.__all__]
UNITS, CLASSES = 3, 26


def weights(units=UNITS, features=1, classes=CLASSES, seed=0):
    """Return the five arrays of a small model with random weights."""
    rng = np.random.default_rng(seed)
    shapes = [(features, 4 * units), (units, 4 * units), (4 * units,), (units, classes), (classes,)]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


class Weighted(Lab, module="shape"):
    """A lab with weights."""

    weights = Weights()


# --- the text of a module


def test_a_module_imports_nothing_and_holds_each_shared_file_once():
    for path in FOLDER.glob("*.js"):
        if path.stem == "mount":
            continue
        text = read_module(path.stem)
        assert not re.search(r"^import\b", text, re.M), path
        assert text.count("export function make(") + text.count("\nfunction make(") <= 1
    shape = read_module("shape")
    assert shape.count("function make(") == 1
    assert re.findall(r"^export .*", shape, re.M) == ["export default { render };"]


def test_no_two_joined_files_use_the_same_name():
    for path in FOLDER.glob("*.js"):
        text = "\n".join(collect_files(path.stem).values())
        found = r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)"
        names = re.findall(found, text, re.M)
        assert sorted(set(names)) == sorted(names), path


def test_comments_are_not_sent():
    texts = [read_module(path.stem) for path in FOLDER.glob("*.js")]
    for text in [*texts, *(lab._css for lab in LABS)]:
        assert not re.search(r"^[ \t]*(//|/\*)", text, re.M), text[:200]
    assert all("\n.lab {" in f"\n{lab._css}" for lab in LABS)


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


def test_text_never_becomes_html():
    for path in FOLDER.glob("*.js"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source
        )


def test_the_colours_of_the_axes_are_those_of_the_book():
    lab = (FOLDER / "lab.css").read_text(encoding="utf-8")
    book = (FOLDER.parents[1] / "_static" / "book.css").read_text(encoding="utf-8")
    found = {
        name: re.findall(rf"--{name}: (#\w+)", lab)
        for name in ("samples", "time-steps", "features")
    }
    on_screen, on_paper = book.split("@media print", 1)
    assert found == {name: re.findall(rf"--{name}: (#\w+)", on_screen) for name in found}
    light = [colors[0] for colors in found.values()]
    assert light == re.findall(r"--(?:samples|time-steps|features): (#\w+)", on_paper)
    assert light == [plots.SAMPLES, plots.TIME_STEPS, plots.FEATURES]


# --- weights


def test_weights_reach_javascript_bit_for_bit():
    given = weights()
    lab = Weighted(weights=given)
    sent = lab.get_state()["weights"]
    assert json.loads(json.dumps(sent)) == sent
    for name, array in zip(sent, given, strict=True):
        assert sent[name]["shape"] == list(array.shape)
        assert base64.b64decode(sent[name]["data"]) == array.astype("<f4").tobytes()


def test_weights_come_back_from_a_saved_notebook():
    lab, other = Weighted(weights=weights()), Weighted(weights=weights(seed=1))
    other.set_state({"weights": lab.get_state()["weights"]})
    for name, array in lab.weights.items():
        np.testing.assert_array_equal(other.weights[name], array)


def test_an_lstm_without_dense_will_do():
    assert list(Weighted(weights=weights()[:3]).weights) == ["kernel", "recurrent_kernel", "bias"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (weights()[:4], "holds 4 arrays"),
        ([*weights()[:2], np.zeros(11), *weights()[3:]], r"bias has shape \(11,\); wanted \(12,\)"),
        ([*weights()[:3], np.zeros((4, 26)), np.zeros(26)], "dense_kernel has shape"),
        ([np.full((1, 12), np.nan), *weights()[1:]], "kernel holds NaN"),
        ("weights.h5", "wanted the list of 3 or 5 arrays"),
        ([1, 2, 3], "weights is list; wanted the list of 3 or 5 arrays"),
        (7, "wanted the list of 3 or 5 arrays"),
    ],
)
def test_wrong_weights_are_refused(wrong, message):
    with pytest.raises(TraitError, match=message):
        Weighted(weights=wrong)


# --- every lab


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.__name__)
def test_the_picture_is_small_and_described(lab):
    given = {"weights": weights(8)} if "weights" in lab.class_trait_names() else {}
    html = lab(**given)._without_script()
    assert html.startswith("<noscript>") and "</noscript><p class='lab-asleep'>" in html
    assert len(re.search(r'alt="([^"]+)"', html)[1].split()) > 15
    assert len(base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])) < 60_000


def test_labs_need_no_deep_learning_library():
    code = "import utils.labs, sys; print([n for n in ('keras', 'tensorflow') if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=FOLDER.parents[1]
    )
    assert run.stdout.strip() == "[]", run.stderr


def test_the_words_of_a_lab_can_be_replaced():
    lab = ShapeLab(words={"title": "Formenlabor"})
    assert lab.get_state()["words"] == {"title": "Formenlabor"}


def test_without_widgets_the_output_says_what_to_do():
    data, _ = ShapeLab()._repr_mimebundle_()
    assert data["text/plain"] == "ShapeLab: run this cell to use the lab."
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_lab_opens_when_it_is_shown():
    lab = ShapeLab()
    lab.window = 4
    assert lab.comm is None  # nothing of it reaches the page
    data, _ = lab._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.comm.comm_id
    number = lab.comm.comm_id
    lab._repr_mimebundle_()
    assert lab.comm.comm_id == number  # shown twice, opened once


def test_a_saved_state_opens_as_the_same_lab():
    lab = ShapeLab(text="HELLO", window=2, time_steps=1, stride=2)
    saved = json.loads(json.dumps(lab.get_state()))
    again = ShapeLab()
    again.set_state({name: saved[name] for name in ("text", "window", "time_steps", "stride")})
    assert (again.text, again.window, again.time_steps, again.stride) == ("HELLO", 2, 1, 2)


# --- the Shape lab


@pytest.mark.parametrize("old", range(1, 9))
@pytest.mark.parametrize("new", range(1, 9))
def test_a_new_window_always_gets_a_layout_that_fits(old, new):
    for steps in (n for n in range(1, old + 1) if old % n == 0):
        lab = ShapeLab(window=old, time_steps=steps)
        lab.window = new
        assert new % lab.time_steps == 0
        assert lab.time_steps == new or steps != old
        assert lab.time_steps * lab.features == new


def test_a_layout_can_be_set_from_the_start():
    lab = ShapeLab(window=6, time_steps=2)
    assert (lab.window, lab.time_steps, lab.features) == (6, 2, 3)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("window", 0, "window"),
        ("window", 9, "window"),
        ("window", 2.5, "window"),
        ("window", True, "window.*expected an int, not the bool"),
        ("stride", True, "stride.*expected an int, not the bool"),
        ("stride", 5, "stride"),
        ("time_steps", 2, r"time_steps is 2; wanted a divisor of the window of 3: \[1, 3\]"),
        ("text", "", "text has 0 letters; wanted 1 to 40"),
        ("text", "abc", "text holds 'a'; wanted 1 to 40 letters A to Z"),
        ("text", "A<b>", "text holds '<'"),
        ("text", "A" * 41, "text has 41 letters"),
        ("sample", -1, "sample"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(name, value, message):
    lab = ShapeLab()
    before = getattr(lab, name)
    with pytest.raises(TraitError, match=message):
        setattr(lab, name, value)
    assert getattr(lab, name) == before
    with pytest.raises(TraitError, match=message):
        ShapeLab(**{name: value})


def test_the_picture_of_the_shape_lab_tells_its_numbers():
    lab = ShapeLab(text="ABCDEF", window=2, time_steps=1)
    figure, description = lab.picture()
    plots.plt.close(figure)
    assert sliding_windows(np.arange(6), 2)[0].shape == (4, 2)
    assert "0 1; 1 2; 2 3; 3 4" in description and "(4, 1, 2)" in description


@pytest.mark.parametrize("text", ["A", "AB", "ABC"])
def test_a_text_too_short_for_a_window_still_has_a_picture(text):
    figure, description = ShapeLab(text=text).picture()
    plots.plt.close(figure)
    assert text in description
