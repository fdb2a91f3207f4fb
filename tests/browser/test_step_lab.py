"""The Step lab by mouse and by keyboard; its numbers against NumPy and Keras."""

import functools
import re

import numpy as np
import pytest
from lab_tools import BOOK, drawn, focus, press, random_weights, stored

from utils import lstm_numpy
from utils.labs.step import StepLab
from utils.windows import ALPHABET, encode

pytestmark = pytest.mark.browser

# All numbers of the open tab, by their links, and the places that each lights up.
TABLES = """() => Object.fromEntries([...document.querySelectorAll('td[data-link]')]
    .map(cell => [cell.dataset.link, +cell.title]))"""
STAGE = """() => Object.fromEntries([...document.querySelectorAll('.step-tile')]
    .map(tile => [tile.dataset.link, tile.querySelector('b').textContent]))"""
# The maps under the steps, back from colours to parts of the strongest: c, then h, of each step.
MAPS = """() => [...document.querySelectorAll('.step-map')].map(map => {
    const { width, height } = map;
    const data = map.getContext('2d').getImageData(0, 0, width, height).data;
    const colour = name => {
        const hex = parseInt(getComputedStyle(map).getPropertyValue(name).trim().slice(1), 16);
        return [hex >> 16, (hex >> 8) & 255, hex & 255];
    };
    const [minus, zero, plus] = ['--minus', '--zero', '--plus'].map(colour);
    const part = at => [minus, plus].map(end => (data[at] - zero[0]) / (end[0] - zero[0]))
        .concat([minus, plus].map(end => (data[at + 2] - zero[2]) / (end[2] - zero[2])));
    return [0, 1].map(row => Array.from({ length: width }, (_, column) => {
        const [m, p, m2, p2] = part(4 * (row * width + column));
        return Math.abs(m - m2) < Math.abs(p - p2) ? -m : p;
    }));
})"""


def expected(word, weights):
    """Return every number of the lab, by name, time step and unit, from NumPy."""
    kernel, recurrent_kernel, bias = (array.astype(float) for array in weights[:3])
    x = encode(word).reshape(1, -1, 1) / 26
    run = lstm_numpy.lstm(x, kernel, recurrent_kernel, bias)
    units = len(recurrent_kernel)
    numbers = {}
    for t in range(len(word)):
        zeros = np.zeros(units)
        old_h, old_c = (run.h[0, t - 1], run.c[0, t - 1]) if t else (zeros, zeros)
        W, R = x[0, t, 0] * kernel[0], old_h @ recurrent_kernel  # each (4U,)
        i, f, g, c = (getattr(run, name)[0, t] for name in "ifgc")
        one = {name: getattr(run, name)[0, t] for name in "chifgo"}
        one |= {"c0": old_c, "h0": old_h, "tanh": np.tanh(c), "fc": f * old_c, "ig": i * g}
        one["x"] = np.full(units, x[0, t, 0])
        for kind, values in {"W": W, "R": R, "b": bias, "z": W + R + bias}.items():
            one |= {f"{kind}{g}": v for g, v in lstm_numpy.split_gates(values, units).items()}
        numbers[t] = one
    logits = run.h[0] @ weights[3].astype(float) + weights[4]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return numbers, powers / powers.sum(axis=1, keepdims=True)


@functools.cache
def keras_model(units):
    """Return a model that gives every h, the last c, and the answer after each step."""
    import keras

    inputs = keras.Input((None, 1))
    every, _, c = keras.layers.LSTM(units, return_sequences=True, return_state=True)(inputs)
    answers = keras.layers.Dense(26, activation="softmax")(every)
    model = keras.Model(inputs, [every, c, answers])
    model.set_weights(random_weights(units))
    return model


def go_to(page, key):
    """Press a control, tab or step, and wait until the lab has drawn."""
    page.locator(f'[data-key="{key}"]').click()
    drawn(page)


def step_of(page):
    """Return the step that the lab shows, from 1; scrubber, row of steps and stage agree."""
    drawn(page)
    step = int(page.locator('[data-key="step"]').input_value()) + 1
    boxes = page.locator(".step-box").all()
    here = [n for n, box in enumerate(boxes, 1) if box.get_attribute("aria-current") == "true"]
    assert here == [step]
    assert page.locator(".step-title").inner_text().startswith(f"step {step}\n")
    return step


@pytest.mark.parametrize(("word", "U"), [("A", 1), ("STATE", 8)])
def test_every_number_is_that_of_numpy_and_keras(show_labs, word, U):
    weights = random_weights(U)
    page = show_labs(StepLab(weights, word=word, unit=U - 1))
    wanted, probabilities = expected(word, weights)
    x = (encode(word).reshape(1, -1, 1) / 26).astype("float32")
    every, c, answers = (np.array(output)[0] for output in keras_model(U)(x))
    unit = U - 1
    for t in range(len(word)):
        go_to(page, f"at-{t}")
        go_to(page, "tab-numbers")
        found = page.evaluate(TABLES)
        names = ["c0", "h0", "c", "h", *"ifgo"]
        shown = {f"{name}-{u}" for name in names for u in range(U)}
        shown |= {f"{kind}{gate}-{unit}" for kind in "WRbz" for gate in "ifgo"}
        assert set(found) == shown
        for key, value in found.items():
            name, u = key.split("-")
            assert value == pytest.approx(wanted[t][name][int(u)], abs=1e-5), (t, key)
        assert [found[f"h-{u}"] for u in range(U)] == pytest.approx(every[t], abs=1e-5)
        if t == len(word) - 1:
            assert [found[f"c-{u}"] for u in range(U)] == pytest.approx(c, abs=1e-5)
        tiles = page.evaluate(STAGE)
        assert {key.split("-")[1] for key in tiles} == {str(unit)} and len(tiles) == 12
        for key, written in tiles.items():
            value = wanted[t][key.split("-")[0]][unit]
            assert re.fullmatch(r"-?\d+\.\d{3}", written), written
            assert float(written) == pytest.approx(value, abs=0.0005 + 1e-5)
        go_to(page, "tab-answers")
        found = page.evaluate(TABLES)
        ours = [found[f"p-{k}"] for k in range(26)]
        assert ours == pytest.approx(answers[t], abs=1e-5)
        assert ours == pytest.approx(probabilities[t], abs=1e-5)
        best = f"{ALPHABET[answers[t].argmax()]} {answers[t].max() * 100:.0f}%"
        assert page.locator(".step-box").nth(t).inner_text().split("\n")[-1].startswith(best)
        bars = page.locator(".step-answer span").all_inner_texts()
        assert bars[0].replace("\n", " ").strip() == best and len(bars) == 3
    maps = page.evaluate(MAPS)
    reach = max(1, *(np.abs(wanted[t]["c"]).max() for t in wanted))
    for t, (shown_c, shown_h) in enumerate(maps):
        np.testing.assert_allclose(shown_c, wanted[t]["c"] / reach, atol=0.02)
        np.testing.assert_allclose(shown_h, wanted[t]["h"], atol=0.02)


def test_each_number_is_spelled_out_and_shows_what_it_is_made_of(show_labs):
    weights = random_weights(4)
    page = show_labs(StepLab(weights, word="KLMN", step=2, unit=1))
    one = expected("KLMN", weights)[0][2]
    message = page.locator(".lab-message")
    made_of = {
        "c": {"f", "c0", "fc", "i", "g", "ig"},
        "h": {"o", "tanh"},
        "fc": {"f", "c0"},
        "ig": {"i", "g"},
        "tanh": {"c"},
        **{gate: {"x", "h0"} for gate in "ifgo"},
    }
    for name in ("x", "c0", "h0", "fc", "ig", "tanh", *"ifgoch"):
        page.locator(f'[data-key="tile-{name}"]').focus()
        drawn(page)
        sentence = message.inner_text()
        numbers = re.findall(r"= (-?\d+\.\d{3})", sentence)
        assert float(numbers[-1]) == pytest.approx(one[name][1], abs=0.0005 + 1e-5), sentence
        assert "{" not in sentence and "unit" in sentence
        parts = page.locator(".step-tile.ingredient").all()
        keys = {part.get_attribute("data-key").removeprefix("tile-") for part in parts}
        assert keys == made_of.get(name, set())
    page.locator('[data-key="tile-f"]').hover()  # tile and term of the formula light up together
    drawn(page)
    assert page.locator('[data-lit][data-link="f-1"]').count() == 2
    page.locator(".step-formula [data-link='tanh-1']").hover()
    drawn(page)
    assert page.locator('.step-tile[data-lit][data-key="tile-tanh"]').count() == 1
    go_to(page, "tab-numbers")
    for kind in "WRbz":
        page.locator(f'td[data-link="{kind}g-1"]').hover()
        drawn(page)
        end = re.search(r"= (-?\d+\.\d{3})$", message.inner_text())[1]
        assert float(end) == pytest.approx(one[f"{kind}g"][1], abs=0.0005 + 1e-5)
    page.get_by_label("All digits").check()
    page.locator('td[data-link="zg-1"]').hover()
    drawn(page)
    end = re.search(r"= (-?\d+\.\d{8})$", message.inner_text())[1]
    assert float(end) == pytest.approx(one["zg"][1], abs=1e-5)


def test_the_code_on_the_screen_gives_the_numbers_on_the_screen(show_labs):
    import keras

    weights = random_weights(4)
    for used in (weights, weights[:3]):  # without a Dense layer, too
        page = show_labs(StepLab(weights=used, word="KLMN", step=2))
        go_to(page, "tab-code")
        code = page.locator("code").inner_text()
        here = {"np": np, "keras": keras, "encode": encode, "weights": used}
        exec(code, here)
        go_to(page, "tab-numbers")
        shown = page.evaluate(TABLES)
        for name in "hc":
            wanted = [shown[f"{name}-{u}"] for u in range(4)]
            np.testing.assert_allclose(here[name][0], wanted, atol=1e-5)
        same = eval(re.search(r"the same as (.*)", code)[1], here)  # as the comment says
        mine = here["answer"] if len(used) == 5 else here["h"]
        np.testing.assert_allclose(mine, same, atol=1e-6)
    assert page.locator(".step-answer").count() == 0


def test_walking_by_mouse_on_a_phone(show_labs):
    page = show_labs(StepLab(random_weights(4), word="ABCDEFGH", trained_to=5), width=390)
    for step in (2, 8, 3, 1):
        page.locator('[data-key="step"]').evaluate(
            """(slider, step) => {
                slider.value = step;
                slider.dispatchEvent(new Event('input', { bubbles: true }));
            }""",
            step - 1,
        )
        assert step_of(page) == step
        place = page.locator('.step-box[aria-current="true"]').bounding_box()
        assert 0 <= place["x"] and place["x"] + place["width"] <= 390  # in sight on a phone
        assert f"for t in range({step}):" in page.locator("code").text_content()
    assert page.evaluate("scrollY") == 0  # the page itself stays where it was
    page.locator(".step-map").nth(2).click(position={"x": 30, "y": 4})  # step 3, a unit
    assert step_of(page) == 3
    unit = page.locator('[data-key="unit"]').input_value()
    assert f"unit {int(unit) + 1} of 4" in page.locator(".step-title").inner_text()


@pytest.mark.parametrize("width", [1400, 1000, 700, 390, 320])
def test_numbers_and_words_stay_inside_their_boxes(show_labs, width):
    """Nothing of the stage covers another thing, and no text is wider than its box."""
    full = random_weights(12)
    full[0] *= 0
    full[1] *= 0
    full[2] = np.repeat([9, 9, -9, 9], 12)  # every gate open, the candidate −1: c falls to −10
    lab = StepLab(full, word="ZZZZZZZZZZ", step=9, trained_to=5)
    page = show_labs(lab, width=width)
    drawn(page)
    cut = """() => [...document.querySelectorAll('.step-tile, .step-box, .step-answer span')]
        .filter(one => one.scrollWidth > one.clientWidth + 1)
        .map(one => one.innerText)"""
    assert page.evaluate(cut) == []
    assert page.locator('[data-key="tile-c"] b').inner_text() == "-9.993"
    overlap = """() => {
        const all = [...document.querySelectorAll(
            '.step-tile, .step-sign, .step-answer, .step-title, .step-formula')];
        const box = one => one.getBoundingClientRect();
        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
            && a.top < b.bottom - 1 && b.top < a.bottom - 1;
        const found = [];
        all.forEach((a, n) => all.slice(n + 1).forEach(b => {
            if (meet(box(a), box(b))) found.push([a.innerText, b.innerText]);
        }));
        return found;
    }"""
    assert page.evaluate(overlap) == []
    outside = """() => [...document.querySelectorAll('.step-stage > *')].filter(one => {
        const { left, right } = one.getBoundingClientRect();
        return left < 0 || right > innerWidth;
    }).length"""
    assert page.evaluate(outside) == 0


def test_the_band_marks_the_steps_beyond_training_and_answers_go_wrong_there(show_labs):
    page = show_labs(BOOK["StepLab"](word="MNOPQRSTUV"))
    band = page.locator(".step-beyond")
    assert band.inner_text() == "longer than anything it was trained on: at most 5 letters"
    left = band.bounding_box()["x"]
    boxes = page.locator(".step-box").all()
    assert boxes[4].bounding_box()["x"] < left <= boxes[5].bounding_box()["x"] + 1
    signs = [box.inner_text()[-1] for box in boxes]
    assert signs == ["%", *"✓✓✓✓", *"✗✗✗✗✗"]
    for lab in (BOOK["StepLab"](word="MNOPQ"), StepLab(random_weights(4), word="ABCDEFGHIJ")):
        assert show_labs(lab).locator(".step-beyond").count() == 0  # not longer; not known


def test_backwards_shows_what_was_there_before(show_labs):
    """Only x is as before: the lab's question, and the tiles, whatever three decimals tell."""
    weights = stored("up_and_down", "weights")
    for word, step, unit in (("BCDEF", 2, 8), ("KLM", 1, 7)):
        page = show_labs(BOOK["StepLab"](word=word, step=step, unit=unit))
        before, after = (expected(one, weights)[0][step] for one in (word, word[::-1]))
        go_to(page, "backwards")
        assert page.locator('[data-key="word"]').input_value() == word[::-1]
        assert step_of(page) == step + 1
        for tile in page.locator(".step-tile").all():
            name = tile.get_attribute("data-key").removeprefix("tile-")
            old, new = f"{before[name][unit]:.3f}", f"{after[name][unit]:.3f}"
            note = "" if name == "x" else f"was {old}" if old != new else "≈ as before"
            assert tile.locator("b + small").all_inner_texts() == [note] * bool(note)
            assert word != "BCDEF" or "≈" not in note


def test_everything_by_keyboard(show_labs):
    page = show_labs(StepLab(random_weights(4)))
    page.locator('[data-key="skip"]').press("Enter")
    page.locator('[data-key="word"]').focus()
    page.keyboard.type("hello")
    drawn(page)
    assert page.locator(".step-box").count() == 5  # small letters are read too
    page.locator('[data-key="step"]').focus()
    press(page, "ArrowRight", "ArrowRight")
    assert step_of(page) == 3
    press(page, "End")
    assert step_of(page) == 5
    page.locator(".step-scroll").focus()
    press(page, "Tab")
    assert focus(page) == "at-4"
    press(page, "ArrowLeft", "ArrowLeft", "Home", "ArrowRight", "Enter")
    assert step_of(page) == 2 and focus(page) == "at-1"
    press(page, "Tab")
    assert focus(page) == "tile-c0"
    press(page, "ArrowRight", "ArrowRight")
    assert focus(page) == "tile-c"
    assert page.locator(".lab-message").inner_text().startswith("c of unit 1 after step 2 =")
    press(page, "Home", "ArrowDown", "ArrowDown", "End")
    assert focus(page) == "tile-h"
    press(page, "Tab")
    assert focus(page) == "play"
    page.locator('[data-key="unit"]').press("ArrowRight")
    drawn(page)
    assert "unit 2 of 4" in page.locator(".step-title").inner_text()
    for grid in page.locator("[data-grid]:visible").all():
        assert grid.locator('[tabindex="0"]').count() == 1


def test_play_walks_to_the_end_and_rests_out_of_sight(show_labs):
    page = show_labs(StepLab(random_weights(2), word="ABC"))
    play = page.locator('[data-key="play"]')
    flowing = "document.getAnimations().filter(one => one.playState === 'running').length"
    play.click()
    page.get_by_text("Step 3 of 3").first.wait_for()
    assert page.evaluate(flowing) > 10  # numbers flow, wave after wave
    page.get_by_text("▶ Play").wait_for()  # the end
    page.emulate_media(reduced_motion="reduce")
    play.click()
    page.get_by_text("Step 1 of 3").first.wait_for()  # from the start again
    assert page.evaluate(flowing) == 0
    page.evaluate("document.body.style.paddingBottom = '9000px'; scrollTo(0, 8000)")
    page.get_by_text("▶ Play").wait_for(state="attached")
