"""The Lanes lab by mouse and by keyboard, and its numbers against NumPy and Keras."""

import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from lab_tools import drawn, focus, press, random_weights

from utils.labs.lanes import LanesLab

pytestmark = pytest.mark.browser

ORDER = "one after another"
SETTINGS = {
    "first view": {},
    "lanes, a rest left out": {"length": 29, "batch_size": 2, "time_steps": 3},
    "in order, one row": {"cut": ORDER, "batch_size": 1},
    "one row left": {"cut": ORDER, "length": 23, "batch_size": 4},
    "two rows left": {"cut": ORDER, "length": 24, "batch_size": 4},
    "two rows dropped": {"cut": ORDER, "length": 24, "batch_size": 4, "remainder": "drop"},
    "overlapping, B = T": {"cut": "overlapping", "length": 18, "batch_size": 4},
    "shuffled": {"shuffle": True, "shuffle_seed": 5, "length": 40, "time_steps": 2},
    "shuffled, one row left": {"shuffle": True, "cut": "overlapping", "length": 19},
    "shuffled, one row dropped": {
        **{"shuffle": True, "cut": ORDER, "length": 28},
        **{"remainder": "drop", "shuffle_seed": 4},
    },
    "no call": {"batch_size": 6, "time_steps": 8},
    "only a part of a call": {"cut": ORDER, "length": 12, "time_steps": 6},
}
READ = """() => {
    const text = (root, query) => [...root.querySelectorAll(query)].map(e => e.textContent);
    const facts = [...document.querySelectorAll('.lanes-fact')];
    const rows = [...document.querySelectorAll('.lanes-calls tbody tr')];
    return {
        facts: Object.fromEntries(facts.map(f =>
            [f.dataset.fact, f.querySelector('b').textContent])),
        strip: [...document.querySelectorAll('[data-kind=strip]')].map(c => c.dataset.lane),
        signs: rows.map(row => text(row, '[data-kind=arrow]')),
        cells: rows.map(row => text(row, '[data-kind=cell]').map(Number)),
        remarks: document.querySelector('.lanes-remarks').textContent,
        ends: text(document, '[data-kind=end]').map(Number),
        // two lines: h after the calls, h without a break; a mouse over a line reads its numbers
        h: [...document.querySelectorAll('.lanes-maps')].map(map =>
            [...map.querySelectorAll('.lab-heat-row')].flatMap(line => {
                const { left, top, width } = line.getBoundingClientRect();
                const colours = line.style.background.match(/--(minus|plus)/g);
                return colours.map((colour, u) => {
                    const clientX = left + width * (u + 0.5) / colours.length;
                    line.dispatchEvent(new PointerEvent('pointermove', { clientX, clientY: top }));
                    const value = Number(line.title);
                    const agrees = value === 0 || (colour === '--minus') === (value < 0);
                    return agrees ? value : NaN;
                });
            })),
        code: document.querySelector('code').textContent,
    };
}"""


def read(page):
    """Return what the lab shows."""
    drawn(page)
    return page.evaluate(READ)


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


def check_code(code, lab):
    """Run the code lines without Keras; X must hold the elements in the order of the lab."""
    found = {}
    fit = SimpleNamespace(fit=lambda X, y, **options: found.update(X=X, options=options))
    keras = SimpleNamespace(
        Input=lambda batch_shape: found.update(batch_shape=batch_shape),
        layers=SimpleNamespace(LSTM=lambda units, stateful: found.update(units=units)),
        Sequential=lambda layers: fit,
    )
    exec(code, {"np": np, "keras": keras, "y": None})
    expected = lab.samples()
    if lab.remainder == "drop":
        expected = expected[: len(expected) // lab.batch_size * lab.batch_size]
    np.testing.assert_array_equal(found["X"], np.sin(expected)[..., np.newaxis])
    assert str(found["X"].shape) in code
    assert found["batch_shape"] == (lab.batch_size, lab.time_steps, 1) and found["units"] == 5
    assert found["options"].pop("batch_size") == lab.batch_size
    assert found["options"] == ({} if lab.shuffle else {"shuffle": False})


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_shows_what_python_computes(show_labs, name):
    lab = LanesLab(weights=random_weights(5, seed=len(name))[:3], **SETTINGS[name])
    shown = read(show_labs(lab))
    check_code(shown["code"], lab)
    samples, calls = lab.samples(), lab.calls()
    for row, cells in enumerate(shown["cells"]):
        wanted = [int(n) for call in calls for n in samples[call[row]]]
        assert cells[: len(wanted)] == wanted
    right = lab.arrows()
    for k in range(len(right)):
        assert ["✓" in row[k + 1] for row in shown["signs"]] == right[k].tolist()
    read_by = [set() for _ in range(lab.length)]
    for call in calls:
        for row, sample in enumerate(call):
            for n in samples[sample]:
                read_by[n].add(row)
    one = [str(*rows) if len(rows) == 1 else "several" if rows else "none" for rows in read_by]
    assert shown["strip"] == one
    assert int(shown["facts"]["left"].split()[-1]) == one.count("none")
    if right.size:
        assert shown["facts"]["arrows"].endswith(f"{right.sum()} / {right.size}")
    if not calls:
        assert "difference" not in shown["facts"] and shown["ends"] == []
        return
    after, whole = lab.end_states()
    np.testing.assert_allclose(shown["ends"], np.abs(after - whole).max(axis=(1, 2)), atol=1e-5)
    both = np.concatenate([after[:, 0], whole[:, 0]], axis=1)
    np.testing.assert_allclose(shown["h"], both, atol=1e-5)
    assert float(shown["facts"]["difference"].split()[-1]) == max(shown["ends"])
    assert (max(shown["ends"]) == 0) == right.all()


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
        assert (broadcast in shown["remarks"]) == (N % B == 1) == (len(answers) != N)
    else:
        assert "Keras stops there with an InvalidArgumentError" in shown["remarks"]
        with pytest.raises(tf.errors.InvalidArgumentError):
            stateful.predict(X, batch_size=B, verbose=0)
    after = states(stateful)  # (B, 2, U)
    np.testing.assert_allclose(np.array(shown["h"])[:, :units], after[:, 0], atol=1e-5)
    whole = model(1, units)
    for row in range(B):
        whole.layers[0].reset_states()
        end = samples[calls[-1][row], -1] + 1
        whole(values[np.newaxis, max(0, end - len(calls) * T) : end, np.newaxis])
        difference = after[row] - states(whole)[0]
        assert shown["ends"][row] == pytest.approx(np.abs(difference).max(), abs=1e-5)
        page.locator(f"[data-kind=end][data-row='{row}']").click()
        sentence = page.locator(".lanes-end").inner_text()
        if "gives the same state" not in sentence:
            name, unit, *numbers = re.search(
                r"in ([hc]) of unit (\d+): (\S+) after the calls, (\S+) without", sentence
            ).groups()
            place = ("hc".index(name), int(unit))
            expected = [after[row][place], states(whole)[0][place]]
            np.testing.assert_allclose([float(n) for n in numbers], expected, atol=1e-5)


def test_the_code_lines_run_in_keras(show_labs):
    import keras

    code = read(show_labs(LanesLab()))["code"]
    code = code.replace("model.fit", "model.compile('sgd', 'mse')\nmodel.fit")
    here = {"np": np, "keras": keras, "y": np.zeros((6, 8))}
    exec(code, here)
    assert keras.ops.shape(here["model"].layers[0].states[0]) == (3, 8)


def test_what_to_try_first_by_mouse(show_labs):
    page = show_labs(LanesLab())
    assert read(page)["facts"] == {"arrows": "✓ 3 / 3", "left": "✓ 0", "difference": "✓ 0.000000"}
    page.get_by_text(ORDER, exact=True).click()
    page.get_by_text("0 / 3").wait_for()
    shown = read(page)
    assert [row[1] for row in shown["signs"]] == ["✗ wants 4", "✗ wants 8", "✗ wants 12"]
    assert shown["facts"]["difference"].startswith("✗ 0.2")
    change(page, length=28)
    shown = read(page)
    assert "The last call has 1 row, and Keras 3.15 goes on without a message." in shown["remarks"]
    assert "predict returns 9 rows for 7 samples." in shown["remarks"]
    assert [cells[-4:] for cells in shown["cells"]] == [[24, 25, 26, 27]] * 3
    page.locator("[data-key='cell-2-1-3']").click()
    assert "This is a copy of the only row" in page.locator(".lab-detail").first.inner_text()
    page.get_by_text("The last call would have 1 of 3 rows").wait_for()
    page.get_by_text("drop it", exact=True).click()
    page.get_by_text("0 of 3 arrows are right. 4 elements left out.").wait_for(state="attached")
    shown = read(page)
    assert shown["facts"]["left"] == "4" and shown["remarks"] == ""


def test_shuffling_by_mouse(show_labs):
    page = show_labs(LanesLab(cut=ORDER, length=28, remainder="drop"))
    another = page.get_by_role("button", name="Another order")
    assert not another.is_visible()
    in_order = read(page)["cells"]
    page.get_by_role("switch").click()
    orders = []
    for _ in range(3):
        shown = read(page)
        orders.append(shown["cells"])
        assert sorted(sum(orders[-1], [])) == sorted(sum(in_order, []))
        # What is dropped is dropped before shuffling.
        assert shown["strip"][-4:] == ["none"] * 4 and "none" not in shown["strip"][:-4]
        another.click()
    assert in_order != orders[0] != orders[1] != orders[2]
    assert "Keras gives no message" in shown["remarks"]
    assert "shuffle=True is the default" in shown["code"]
    page.get_by_role("switch").click()
    assert read(page)["cells"] == in_order and not another.is_visible()


def test_the_remarks_are_true_and_spoken(show_labs):
    page = show_labs(LanesLab())

    def spoken(part):
        page.locator(".lab-spoken", has_text=part).wait_for(state="attached")
        return page.locator(".lab-spoken").text_content()

    page.get_by_text(ORDER, exact=True).click()
    change(page, length=28)
    assert "0 of 6" not in spoken("It broadcasts the row")
    change(page, length=12, time_steps=6)  # a single call, and it stops
    remarks = read(page)["remarks"]
    assert remarks.endswith("Keras stops there with an InvalidArgumentError.")
    assert spoken("Keras stops") == remarks  # no number where no call ran
    change(page, time_steps=2, length=24, batch_size=5)
    assert "InvalidArgumentError. The calls before it have moved the state." in spoken("have moved")
    page.get_by_text("overlapping windows", exact=True).click()
    change(page, time_steps=1, batch_size=3, length=13)
    remarks = read(page)["remarks"]  # windows of one step do not overlap; one row is left
    assert "broadcasts the row" in remarks and "come back" not in remarks
    change(page, time_steps=2, length=14)  # thirteen windows, the last of them copied
    assert "26 reads of 14 elements" in read(page)["remarks"]


def test_pointing_anywhere_shows_the_element_everywhere(show_labs):
    page = show_labs(LanesLab(cut="overlapping", length=16))
    detail = page.locator(".lab-detail").first
    page.locator("[data-key='strip-5']").hover()
    assert "Element 5 has the value -0.958924. It stands at X[2, 3, 0]" in detail.inner_text()
    assert "also stands at X[3, 2, 0], X[4, 1, 0], X[5, 0, 0]." in detail.inner_text()
    assert page.locator(".same").count() == 1 + 4  # in the sequence and in four windows
    page.locator("[data-key='cell-1-2-0']").hover()  # call 1, row 2, time step 0
    said = detail.inner_text()
    assert "X[5, 0, 0]: sample 5, time step 0, feature 0. Call 1 reads it in row 2." in said
    assert "from its state after element 5. It should go on with 6, but gets 5." in said
    assert page.locator(".lanes-calls .selected").get_attribute("data-key") == "cell-1-2-0"
    assert page.locator(".lanes-from").get_attribute("data-key") == "cell-0-2-3"
    page.locator("[data-key='cell-1-0--1']").click()  # an arrow
    assert detail.inner_text().startswith("Row 0 starts call 1 from its state after element 3.")
    assert page.locator("[data-kind=strip].selected").get_attribute("data-element") == "3"
    page.locator("[data-key='cell-0-1--1']").click()
    assert detail.inner_text().startswith("Row 1 starts call 0 from zeros.")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"selected": 12}, "goes on with 12: right."),
        ({"length": 26, "selected": 25}, "It is left out: no call reads it."),
        ({"selected": 59}, "Element 23 has"),  # beyond the end: the last
        ({"cut": ORDER, "length": 32, "selected": 24}, "Call 2 does not run: Keras stops there."),
    ],
)
def test_what_is_said_of_an_element(show_labs, settings, words):
    page = show_labs(LanesLab(**settings))
    assert words in page.locator(".lab-detail").first.inner_text()


def test_everything_by_keyboard(show_labs):
    page = show_labs(LanesLab())
    press(page, "Tab", "ArrowDown")
    assert focus(page) == f"cut-{ORDER}" and "0 / 3" in read(page)["facts"]["arrows"]
    press(page, "Tab", *["ArrowRight"] * 4)
    assert focus(page) == "length" and len(read(page)["strip"]) == 28
    press(page, "Tab", "ArrowRight")
    assert focus(page) == "batch_size" and len(read(page)["cells"]) == 4
    press(page, "Tab", "ArrowLeft")
    assert focus(page) == "time_steps" and "B, T = 4, 3" in read(page)["code"]
    press(page, "Tab", "Space")
    assert focus(page) == "shuffle" and "Keras gives no message" in read(page)["remarks"]
    press(page, "Tab", "Enter")
    assert focus(page) == "another"
    press(page, "Tab", "ArrowDown")
    assert focus(page) == "remainder-drop" and "X[: len(X) // B * B]" in read(page)["code"]
    press(page, "Tab", "ArrowRight", "ArrowRight", "Home", "ArrowLeft", "ArrowRight")
    assert focus(page) == "strip-1"
    assert "Element 1 has" in page.locator(".lab-detail").first.inner_text()
    press(page, "Tab", "Tab")  # the table scrolls; then one cell of it
    assert page.evaluate("document.activeElement.dataset.element") == "1"
    press(page, "Home", *["ArrowUp"] * 4, "ArrowRight", "ArrowDown")
    assert focus(page) == "cell-0-1-0"
    assert "Call 0 reads it in row 1." in page.locator(".lab-detail").first.inner_text()
    press(page, "End")
    assert focus(page) == "cell-1-1-2" and page.locator(".lanes-calls .selected").count() == 1
    press(page, "Tab", "Tab", "ArrowDown", "ArrowDown")
    assert focus(page) == "end-2"
    assert page.locator(".lanes-end").inner_text().startswith("Row 2 ends on element")
    assert page.locator("[role=grid] [tabindex='0']").count() == 3  # one for each grid
