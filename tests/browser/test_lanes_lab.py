"""The Lanes lab by mouse and by keyboard, and its numbers against NumPy and Keras."""

import functools

import numpy as np
import pytest
from lab_tools import drawn, focus, press, random_weights

from utils.labs.lanes import LanesLab

pytestmark = pytest.mark.browser

ORDER = "one after another"
SETTINGS = {
    "first view": {},
    "lanes, a rest left out": {"length": 29, "batch_size": 2, "time_steps": 3},
    "one row left": {"cut": ORDER, "length": 23, "batch_size": 4},
    "two rows dropped": {"cut": ORDER, "length": 24, "batch_size": 4, "remainder": "drop"},
    "overlapping, B = T": {"cut": "overlapping", "length": 18, "batch_size": 4},
    "shuffled": {"shuffle": True, "shuffle_seed": 5, "length": 40, "time_steps": 2},
    "no call": {"batch_size": 6, "time_steps": 8},
}
READ = """() => {
    const text = (root, query) => [...root.querySelectorAll(query)].map(e => e.innerText.trim());
    const all = query => [...document.querySelectorAll(query)];
    const at = (kind, k, row) => document.querySelector(`[data-key="${kind}-${k}-${row}"]`);
    const first = piece => Number(piece.innerText.split('–')[0]);
    const calls = all('.lanes-head').map((head, k) =>
        all(`[data-key^="piece-${k}-"]`).map((_, row) => first(at('piece', k, row))));
    return {
        calls,  // for each call the first element of each row
        wires: calls.map((rows, k) => rows.map((_, row) => at('wire', k, row).innerText)),
        facts: Object.fromEntries(all('.lanes-facts [data-fact]').map(f =>
            [f.dataset.fact, f.querySelector('b').textContent])),
        ribbon: all('.lanes-ribbon [data-key]').map(p =>
            [Number(p.dataset.key.slice(7)), p.dataset.lane]),
        message: document.querySelector('.lab-message').textContent,
        ends: text(document, '.lanes-end'),
        code: document.querySelector('.lab-code code').textContent,
    };
}"""
# In each row of the table h and c, all digits: after the calls, and without a break.
NUMBERS = """() => [...document.querySelectorAll('.lab-table tbody tr')].map(row =>
    [...row.querySelectorAll('td')].map(cell => Number(cell.title)))"""


def read(page):
    """Return what the lab shows."""
    drawn(page)
    return page.evaluate(READ)


def end_states(page, units):
    """Return h and c of each row, after the calls and without a break: (B, 2, 2, U)."""
    page.locator('[data-key="tab-numbers"]').click()
    drawn(page)
    numbers = np.array(page.evaluate(NUMBERS))
    return numbers.reshape(-1, 2, 2, units)


def change(page, **values):
    """Move sliders as a hand does."""
    for key, value in values.items():
        page.locator(f'[data-key="{key}"]').fill(str(value))
    drawn(page)


@functools.cache
def model(batch_size, units):
    """Return a stateful Keras model; any number of time steps."""
    import keras

    inputs = keras.Input(batch_shape=(batch_size, None, 1))
    built = keras.Sequential([inputs, keras.layers.LSTM(units, stateful=True)])
    built.set_weights(given(units))
    return built


def given(units):
    """Return random weights, small enough that float32 does not stray from float64."""
    return random_weights(units, scale=1.5 / np.sqrt(units))[:3]


def states(built):
    """Return h and c of a Keras model, (B, 2, U)."""
    return np.stack([np.asarray(state) for state in built.layers[0].states], axis=1)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_shows_what_python_computes(show_labs, name):
    lab = LanesLab(weights=random_weights(5, seed=len(name))[:3], **SETTINGS[name])
    shown = read(show_labs(lab))
    samples, calls, right = lab.samples(), lab.calls(), lab.arrows()
    for k, call in enumerate(calls):
        assert shown["calls"][k] == samples[call, 0].tolist()
        if k:
            jumps = samples[call, 0] - samples[calls[k - 1], -1] - 1
            signs = ["✓" if not jump else f"✗ {jump:+d}".replace("-", "−") for jump in jumps]
            assert shown["wires"][k] == signs
            assert [sign == "✓" for sign in signs] == right[k - 1].tolist()
    if right.size:
        assert shown["facts"]["wires"].endswith(f"{right.sum()} / {right.size}")
    if lab.cut != "overlapping":
        readers = {
            int(samples[s, 0]): {
                row for call in calls for row in range(len(call)) if call[row] == s
            }
            for s in range(len(samples))
        }
        for first, lane in shown["ribbon"]:
            rows = readers.get(first, set())
            assert lane == ("none" if not rows else "several" if len(rows) > 1 else str(*rows))
    if not calls:
        assert "difference" not in shown["facts"] and shown["ends"] == []
        return
    assert len(shown["ends"]) == lab.batch_size  # the states: against Keras, below
    assert all(end == "= same" for end in shown["ends"]) == right.all()


@pytest.mark.parametrize(
    ("units", "settings"),
    [
        (5, {"length": 28, "cut": ORDER}),  # one row left: broadcast
        (5, {"length": 32, "cut": ORDER}),  # two rows left: Keras stops
        (32, {"length": 55, "batch_size": 4, "shuffle": True, "time_steps": 8}),
    ],
)
def test_the_states_are_those_of_keras(show_labs, units, settings):
    import tensorflow as tf

    lab = LanesLab(weights=given(units), **settings)
    page = show_labs(lab)
    shown = read(page)
    B, T = lab.batch_size, lab.time_steps
    samples, calls = lab.samples(), lab.calls()
    N = len(samples)
    order = np.concatenate(calls) if lab.shuffle else np.arange(N)  # no remainder when shuffled
    values = np.sin(np.arange(lab.length))
    stateful = model(B, units)
    stateful.layers[0].reset_states()
    X = values[samples[order], np.newaxis]
    if N % B in (0, 1):
        answers = stateful.predict(X, batch_size=B, verbose=0)
        assert len(answers) == len(calls) * B
        broadcast = f"predict returns {len(answers)} rows for {N} samples."
        assert (broadcast in shown["message"]) == (N % B == 1) == (len(answers) != N)
        assert shown["facts"]["keras"] == "nothing"
    else:
        assert "Keras stops there" in shown["message"]
        assert shown["facts"]["keras"] == tf.errors.InvalidArgumentError.__name__
        with pytest.raises(tf.errors.InvalidArgumentError):
            stateful.predict(X, batch_size=B, verbose=0)
    after = states(stateful)  # (B, 2, U)
    found = end_states(page, units)
    np.testing.assert_allclose(found[:, 0], after, atol=1e-5)
    whole = model(1, units)
    for row in range(B):
        whole.layers[0].reset_states()
        end = samples[calls[-1][row], -1] + 1
        whole(values[np.newaxis, max(0, end - len(calls) * T) : end, np.newaxis])
        np.testing.assert_allclose(found[row, 1], states(whole)[0], atol=1e-5)
        difference = np.abs(found[row, 0] - found[row, 1]).max()
        assert shown["ends"][row] == ("= same" if not difference else f"≠ by {difference:.3f}")


@pytest.mark.parametrize("name", ["first view", "two rows dropped", "shuffled"])
def test_the_code_lines_run_in_keras(show_labs, name):
    import keras

    lab = LanesLab(**SETTINGS[name])
    code = read(show_labs(lab))["code"]
    here = {"np": np, "keras": keras, "y": np.zeros((len(lab.samples()), 8))}
    code = code.replace("model.fit", "y = y[: len(X)]\nmodel.compile('sgd', 'mse')\nmodel.fit")
    exec(code, here)
    expected = lab.samples()[: len(here["X"])]
    np.testing.assert_array_equal(here["X"], np.sin(expected)[..., np.newaxis])
    assert len(here["X"]) == len(np.concatenate(lab.calls())) and str(here["X"].shape) in code
    assert keras.ops.shape(here["model"].layers[0].states[0]) == (lab.batch_size, 8)


def test_what_to_try_first_by_mouse(show_labs):
    page = show_labs(LanesLab(selected=0))
    whole = {"keras": "nothing", "wires": "✓ 3 / 3", "difference": "✓ 0.000", "left": "0"}
    assert read(page)["facts"] == whole
    page.get_by_text(ORDER, exact=True).click()
    page.get_by_text("0 / 3").wait_for()
    shown = read(page)
    assert shown["wires"] == [["0"] * 3, ["✗ +8"] * 3]
    assert shown["facts"]["difference"].startswith("✗ 0.2")
    assert "Keras raises no error and no warning" in shown["message"]
    change(page, length=28)
    shown = read(page)
    assert "reads it in all 3 rows of state, without a message" in shown["message"]
    assert shown["calls"][2] == [24] * 3 and shown["wires"][2] == ["✗ +8", "✗ +4", "✓"]
    page.locator("[data-key='piece-2-1']").click()
    drawn(page)
    assert "Call 2 has no other row, and reads them in every row." in read(page)["message"]
    page.locator("[data-key='remainder-drop']").click()
    page.mouse.move(2, 2)
    shown = read(page)
    assert shown["facts"]["left"] == "4" and shown["wires"] == [["0"] * 3, ["✗ +8"] * 3]


def test_the_handle_on_the_ribbon_is_dragged(show_labs):
    page = show_labs(LanesLab())
    ribbon = page.locator(".lanes-ribbon .lanes-piece").first.bounding_box()
    handle = page.locator('[data-key="time_steps"]').bounding_box()
    element = ribbon["width"] / 4
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(ribbon["x"] + 4 * element, y)  # it stands above the first cut
    page.mouse.down()
    page.mouse.move(ribbon["x"] + 6.1 * element, y, steps=5)
    page.mouse.up()
    assert "T = 6" in read(page)["code"]
    first = page.locator(".lanes-ribbon .lanes-piece").first
    assert first.inner_text().startswith("0–5")
    page.wait_for_function("!document.getAnimations().length")  # the pieces have arrived
    again = page.locator('[data-key="time_steps"]').bounding_box()
    cut = first.bounding_box()["x"] + first.bounding_box()["width"]
    thumb = again["x"] + 14 + 5 / 7 * (again["width"] - 28)
    assert abs(thumb - cut) < 3  # it has stayed above the cut


def test_everything_by_keyboard(show_labs):
    page = show_labs(LanesLab(selected=0))
    press(page, "Tab", "Tab", "Tab", "Tab")  # question, tour, the picture that scrolls
    assert focus(page) == "time_steps"
    press(page, "ArrowRight", "ArrowLeft", "ArrowLeft")
    assert "T = 3 " in read(page)["code"]
    press(page, "Tab")
    assert focus(page) == "ribbon-0"
    press(page, "ArrowRight", "ArrowRight")
    assert focus(page) == "ribbon-6" and "Elements 6–8 are sample" in read(page)["message"]
    press(page, "Tab")  # among the rows, that of the selected piece
    assert focus(page) == "piece-0-1"
    press(page, "ArrowDown", "ArrowRight", "ArrowUp")
    assert focus(page) == "wire-1-1"
    assert read(page)["message"] == "Row 1 ended on element 8 and goes on with 9: right."
    press(page, "End")
    assert focus(page) == "end-1" and "without a break" in read(page)["message"]
    press(page, "Home")
    assert focus(page) == "wire-0-1" and "from zeros" in read(page)["message"]
    press(page, "Tab", "ArrowDown")
    assert focus(page) == f"cut-{ORDER}" and "0 / " in read(page)["facts"]["wires"]
    press(page, "Tab", "Tab", "ArrowRight")
    assert focus(page) == "length" and "np.arange(25)" in read(page)["code"]
    press(page, "Tab", "ArrowRight")
    assert focus(page) == "batch_size" and len(read(page)["calls"][0]) == 4
    press(page, "Tab", "ArrowRight")
    assert focus(page) == "remainder-drop"
    press(page, "Tab", "Space")
    assert focus(page) == "shuffle" and "fit may draw" in read(page)["message"]
    press(page, "Tab", "Enter")
    assert focus(page) == "again"
    assert page.locator("[data-grid]").count() == 2
    assert page.locator("[data-grid] [tabindex='0']").count() == 2  # one stop for each
