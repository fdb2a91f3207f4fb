"""The Lanes lab by mouse and by keyboard, and its numbers against NumPy and Keras."""

import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from lab_tools import drawn, random_weights, scrolls_sideways, serious, small_targets

from utils.labs.lanes import LanesLab

pytestmark = pytest.mark.browser

ORDER = "one after another"
SETTINGS = {
    "first view": {},
    "lanes, a rest left out": {"length": 29, "batch_size": 2, "time_steps": 3},
    "in order": {"cut": ORDER},
    "in order, one row": {"cut": ORDER, "batch_size": 1},
    "one row left": {"cut": ORDER, "length": 23, "batch_size": 4},
    "two rows left": {"cut": ORDER, "length": 24, "batch_size": 4},
    "two rows dropped": {"cut": ORDER, "length": 24, "batch_size": 4, "remainder": "drop"},
    "overlapping": {"cut": "overlapping", "length": 15},
    "overlapping, B = T": {"cut": "overlapping", "length": 18, "batch_size": 4},
    "shuffled": {"shuffle": True, "shuffle_seed": 5, "length": 40, "time_steps": 2},
    "shuffled, one row left": {"shuffle": True, "cut": "overlapping", "length": 19},
    "shuffled, one row dropped": {
        "shuffle": True,
        "cut": ORDER,
        "length": 28,
        "remainder": "drop",
        "shuffle_seed": 4,
    },
    "no call": {"batch_size": 6, "time_steps": 8},
    "only a part of a call": {"cut": ORDER, "length": 12, "time_steps": 6},
    "nothing left": {"cut": ORDER, "length": 12, "time_steps": 6, "remainder": "drop"},
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
    return page.evaluate(READ)


def change(page, key, value):
    """Move a slider as a hand does."""
    page.evaluate(
        """([key, value]) => {
        const input = document.querySelector(`[data-key="${key}"]`);
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
    }""",
        [key, value],
    )
    drawn(page)


def given(units):
    """Return random weights, small enough that float32 does not stray from float64."""
    return random_weights(units, scale=1.5 / np.sqrt(units))[:3]


@functools.cache
def model(batch_size, units):
    """Return a stateful Keras model; any number of time steps."""
    import keras

    inputs = keras.Input(batch_shape=(batch_size, None, 1))
    built = keras.Sequential([inputs, keras.layers.LSTM(units, stateful=True)])
    built.set_weights(given(units))
    return built


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


# --- the numbers


@pytest.mark.parametrize("name", SETTINGS)
def test_the_page_shows_what_python_computes(show_labs, name):
    weights = random_weights(5, seed=len(name))[:3]
    lab = LanesLab(weights=weights, **SETTINGS[name])
    shown = read(show_labs(lab).page)
    check_code(shown["code"], lab)
    samples, calls = lab.samples(), lab.calls()
    run = len(calls) * lab.time_steps
    for row, cells in enumerate(shown["cells"]):
        assert cells[:run] == [int(n) for call in calls for n in samples[call[row]]]
    right = lab.arrows()
    for k in range(len(right)):
        signs = [row[k + 1] for row in shown["signs"]]
        assert ["✓" in sign for sign in signs] == right[k].tolist()
    read_by = [set() for _ in range(lab.length)]
    for call in calls:
        for row, sample in enumerate(call):
            for n in samples[sample]:
                read_by[n].add(row)
    one = [str(*rows) if len(rows) == 1 else "several" if rows else "none" for rows in read_by]
    assert shown["strip"] == one
    left = sum(not rows for rows in read_by)
    assert int(shown["facts"]["left"].split()[-1]) == left
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
        (5, {"length": 30}),
        (5, {"length": 28, "cut": ORDER}),  # one row left: broadcast
        (5, {"length": 32, "cut": ORDER}),  # two rows left: Keras stops
        (32, {"length": 60, "cut": "overlapping", "batch_size": 4, "time_steps": 8}),  # one left
        (32, {"length": 55, "batch_size": 4, "shuffle": True, "time_steps": 8}),
    ],
)
def test_the_states_are_those_of_keras(show_labs, units, settings):
    import tensorflow as tf

    lab = LanesLab(weights=given(units), **settings)
    page = show_labs(lab).page
    shown = read(page)
    B, T = lab.batch_size, lab.time_steps
    samples = lab.samples()
    N, calls = len(samples), lab.calls()
    order = np.arange(N)
    if lab.shuffle:
        order = np.concatenate(calls)  # no remainder in this setting
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
        start = max(0, end - len(calls) * T)
        whole(values[np.newaxis, start:end, np.newaxis])
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

    code = read(show_labs(LanesLab()).page)["code"].replace(
        "model.fit", "model.compile('sgd', 'mse')\nmodel.fit"
    )
    here = {"np": np, "keras": keras, "y": np.zeros((6, 8))}
    exec(code, here)
    assert np.asarray(here["model"].layers[0].states[0]).shape == (3, 8)


# --- by hand


def test_what_to_try_first_by_mouse(show_labs):
    page = show_labs(LanesLab()).page
    assert read(page)["facts"] == {"arrows": "✓ 3 / 3", "left": "✓ 0", "difference": "✓ 0.000000"}
    page.get_by_text("one after another", exact=True).click()
    page.get_by_text("0 / 3").wait_for()
    shown = read(page)
    assert [row[1] for row in shown["signs"]] == ["✗ wants 4", "✗ wants 8", "✗ wants 12"]
    assert shown["facts"]["difference"].startswith("✗ 0.2")
    change(page, "length", 28)
    shown = read(page)
    assert "The last call has 1 row, and Keras 3.15 goes on without a message." in shown["remarks"]
    assert "predict returns 9 rows for 7 samples." in shown["remarks"]
    assert [cells[-4:] for cells in shown["cells"]] == [[24, 25, 26, 27]] * 3
    page.get_by_text("The last call would have 1 of 3 rows").wait_for()
    page.get_by_text("drop it", exact=True).click()
    page.wait_for_function(
        "document.querySelectorAll('.lanes-calls colgroup, th[colspan]').length === 2"
    )
    shown = read(page)
    assert shown["facts"]["left"] == "4" and shown["remarks"] == ""
    page.get_by_text("0 of 3 arrows are right. 4 elements left out.").wait_for(state="attached")


def test_shuffling_by_mouse(show_labs):
    page = show_labs(LanesLab(length=60, time_steps=2)).page
    another = page.get_by_role("button", name="Another order")
    assert not another.is_visible()
    in_order = read(page)["cells"]
    page.get_by_role("switch").click()
    another.wait_for()
    drawn(page)
    once = read(page)
    another.click()
    drawn(page)
    again = read(page)
    assert sorted(sum(once["cells"], [])) == sorted(sum(in_order, []))
    assert in_order != once["cells"] != again["cells"]
    assert "Keras gives no message" in once["remarks"]
    assert "shuffle=True is the default" in once["code"]
    page.get_by_role("switch").click()
    drawn(page)
    assert read(page)["cells"] == in_order and not another.is_visible()


def test_what_is_dropped_is_dropped_before_shuffling(show_labs):
    settings = {"cut": ORDER, "length": 28, "shuffle": True, "remainder": "drop"}
    page = show_labs(LanesLab(**settings)).page
    for seed in range(3):
        shown = read(page)
        assert shown["strip"][-4:] == ["none"] * 4 and "none" not in shown["strip"][:-4]
        lab = LanesLab(**settings, shuffle_seed=seed)
        assert sorted(np.concatenate(lab.calls())) == [0, 1, 2, 3, 4, 5]
        page.get_by_role("button", name="Another order").click()
        drawn(page)


def test_the_remarks_are_true_and_spoken(show_labs):
    page = show_labs(LanesLab()).page

    def spoken(part):
        page.locator(".lab-spoken", has_text=part).wait_for(state="attached")
        return page.locator(".lab-spoken").text_content()

    page.get_by_text("one after another", exact=True).click()
    change(page, "length", 28)
    assert "0 of 6" not in spoken("It broadcasts the row")
    change(page, "length", 12)
    change(page, "time_steps", 6)  # a single call, and it stops
    remarks = read(page)["remarks"]
    assert remarks.endswith("Keras stops there with an InvalidArgumentError.")
    assert spoken("Keras stops") == remarks  # no number where no call ran
    change(page, "time_steps", 2)
    change(page, "length", 24)
    change(page, "batch_size", 5)
    assert "InvalidArgumentError. The calls before it have moved the state." in spoken("have moved")
    page.get_by_text("overlapping windows", exact=True).click()
    change(page, "time_steps", 1)
    change(page, "batch_size", 3)
    change(page, "length", 13)
    remarks = read(page)["remarks"]  # windows of one step do not overlap; one row is left
    assert "broadcasts the row" in remarks and "come back" not in remarks
    change(page, "time_steps", 2)
    change(page, "length", 14)  # thirteen windows, the last of them copied
    assert "26 reads of 14 elements" in read(page)["remarks"]


def test_pointing_anywhere_shows_the_element_everywhere(show_labs):
    page = show_labs(LanesLab(cut="overlapping", length=16)).page
    detail = page.locator(".lab-detail").first
    page.locator("[data-key='strip-5']").hover()
    assert "Element 5 has the value -0.958924. It stands at X[2, 3, 0]" in detail.inner_text()
    assert "also stands at X[3, 2, 0], X[4, 1, 0], X[5, 0, 0]." in detail.inner_text()
    assert page.locator(".same").count() == 1 + 4  # in the sequence and in four windows
    page.locator("[data-key='cell-1-2-0']").hover()  # call 1, row 2, time step 0
    assert (
        "X[5, 0, 0]: sample 5, time step 0, feature 0. Call 1 reads it in row 2."
        in detail.inner_text()
    )
    assert (
        "from its state after element 5. It should go on with 6, but gets 5." in detail.inner_text()
    )
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
        ({"selected": 1}, "starts call 0 from zeros."),
        ({"length": 26, "selected": 25}, "It is left out: no call reads it."),
        ({"selected": 59}, "Element 23 has"),  # beyond the end: the last
        ({"cut": ORDER, "length": 32, "selected": 24}, "Call 2 does not run: Keras stops there."),
        ({"batch_size": 6, "time_steps": 8}, "It is left out"),
    ],
)
def test_what_is_said_of_an_element(show_labs, settings, words):
    page = show_labs(LanesLab(**settings)).page
    assert words in page.locator(".lab-detail").first.inner_text()


def test_a_copy_and_the_end_of_the_sequence_are_named(show_labs):
    page = show_labs(LanesLab(cut=ORDER, length=28)).page
    page.locator("[data-key='cell-2-1-3']").click()
    detail = page.locator(".lab-detail").first.inner_text()
    assert "This is a copy of the only row of this call." in detail
    page = show_labs(LanesLab(cut="overlapping", shuffle=True, shuffle_seed=1, length=12)).page
    page.get_by_text("✗ at the end").first.click()
    detail = page.locator(".lab-detail").first.inner_text()
    assert "after element 11, the last of the sequence, but gets" in detail


def test_everything_by_keyboard(show_labs):
    page = show_labs(LanesLab()).page

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)
        drawn(page)

    def focus():
        return page.evaluate("document.activeElement.dataset.key")

    press("Tab", "ArrowDown")
    assert focus() == f"cut-{ORDER}" and "0 / 3" in read(page)["facts"]["arrows"]
    press("Tab", *["ArrowRight"] * 4)
    assert focus() == "length" and len(read(page)["strip"]) == 28
    press("Tab", "ArrowRight")
    assert focus() == "batch_size" and len(read(page)["cells"]) == 4
    press("Tab", "ArrowLeft")
    assert focus() == "time_steps" and "B, T = 4, 3" in read(page)["code"]
    press("Tab", "Space")
    assert focus() == "shuffle" and "Keras gives no message" in read(page)["remarks"]
    press("Tab", "Enter")
    assert focus() == "another"
    press("Tab", "ArrowDown")
    assert focus() == "remainder-drop" and "X[: len(X) // B * B]" in read(page)["code"]
    press("Tab", "ArrowRight", "ArrowRight", "Home", "ArrowLeft", "ArrowRight")
    assert focus() == "strip-1"
    assert "Element 1 has" in page.locator(".lab-detail").first.inner_text()
    press("Tab", "Tab")  # the table scrolls; then one cell of it
    assert page.evaluate("document.activeElement.dataset.element") == "1"
    press("Home", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight", "ArrowDown")
    assert focus() == "cell-0-1-0"
    detail = page.locator(".lab-detail").first.inner_text()
    assert "sample" in detail and "Call 0 reads it in row 1." in detail
    press("End")
    assert focus() == "cell-1-1-2" and page.locator(".lanes-calls .selected").count() == 1
    press("Tab", "Tab", "ArrowDown", "ArrowDown")
    assert focus() == "end-2"
    assert page.locator(".lanes-end").inner_text().startswith("Row 2 ends on element")
    assert page.locator("[role=grid] [tabindex='0']").count() == 3  # one for each grid


def test_two_labs_on_a_page_do_not_meet(show_labs):
    page = show_labs(LanesLab(), LanesLab(length=12)).page
    page.get_by_text("overlapping windows", exact=True).first.click()
    drawn(page)
    facts = page.locator("[data-fact=arrows]").all_inner_texts()
    assert "/ 18" in facts[0] and "no second call" in facts[1]
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_accessible_and_on_a_phone(show_labs, width, scheme):
    names = ["first view", "one row left", "two rows left", "no call", "shuffled, one row left"]
    six = LanesLab(length=60, batch_size=6, time_steps=8, shuffle=True)
    labs = [six, *(LanesLab(**SETTINGS[name]) for name in names)]
    page = show_labs(*labs, width=width, scheme=scheme).page
    assert serious(page) == []
    assert not scrolls_sideways(page)
    assert small_targets(page) == []


def test_from_disk(show_labs):
    page = show_labs(LanesLab(), disk=True).page
    page.get_by_text("overlapping windows", exact=True).click()
    page.get_by_text("0 / 18").wait_for()


def test_words_can_be_replaced(show_labs):
    words = {"title": "Bahnenlabor", "row": "Zeile {r}", "cuts": {"lanes": "Bahnen"}}
    page = show_labs(LanesLab(words=words)).page
    assert page.get_by_role("region", name="Bahnenlabor").is_visible()
    assert page.get_by_text("Zeile 2", exact=True).first.is_visible()
