"""The Step lab by mouse and by keyboard; its numbers against NumPy and Keras."""

import functools
import re

import numpy as np
import pytest
from lab_tools import ODD_TEXTS, drawn, focus, press, random_weights

from utils import lstm_numpy
from utils.labs.step import StepLab
from utils.windows import ALPHABET, encode

pytestmark = pytest.mark.browser

# Points at every number on the page, one after the other, and reads what the lab says about it.
READ = """() => {
    const found = {};
    for (const place of document.querySelectorAll('[data-number]')) {
        const over = { bubbles: true, pointerType: 'mouse' };
        place.dispatchEvent(new PointerEvent('pointerover', over));
        const detail = document.querySelector('.step-detail').textContent;
        const written = place.querySelector('.step-number') ?? place;
        const short = /^-?\\d+\\.\\d\\d$/.test(written.textContent) ? written.textContent : null;
        const seen = document.querySelectorAll('.selected').length;
        (found[place.dataset.number] ??= []).push([detail, short, seen]);
    }
    return found;
}"""


def read(page):
    """Return every number that the lab tells of, by its key; check that all places agree."""
    numbers = {}
    for key, places in page.evaluate(READ).items():
        details = {detail for detail, _, _ in places}
        assert len(details) == 1  # the same number, whichever place is pointed at
        value = float(re.search(r"= (-?\d+\.\d{6})\b[^=]*$", details.pop())[1])
        for _, short, seen in places:
            assert seen == len(places)  # and it is marked in every place
            assert short is None or abs(float(short) - value) <= 0.005 + 1e-6
        numbers[key] = value
    return numbers


def expected(word, weights):
    """Return every number of the lab, by its key, from NumPy."""
    kernel, recurrent_kernel, bias = (array.astype(float) for array in weights[:3])
    x = encode(word).reshape(1, -1, 1) / 26
    run = lstm_numpy.lstm(x, kernel, recurrent_kernel, bias)
    units = len(recurrent_kernel)
    numbers = {}
    for t in range(-1, len(word)):
        old = run.h[0, t - 1] if t > 0 else np.zeros(units)
        if t >= 0:
            numbers[f"x/{t}/0"] = x[0, t, 0]
            W, R = x[0, t, 0] * kernel[0], old @ recurrent_kernel  # each (4U,)
            sums = {"W": W, "R": R, "b": bias, "z": W + R + bias}
        for u in range(units):
            for name in "ch" if t < 0 else "chifgo":
                numbers[f"{name}/{t}/{u}"] = 0.0 if t < 0 else getattr(run, name)[0, t, u]
            if t >= 0:
                numbers[f"tanh/{t}/{u}"] = np.tanh(run.c[0, t, u])
                for kind, values in sums.items():
                    for gate, block in lstm_numpy.split_gates(values, units).items():
                        numbers[f"{kind}{gate}/{t}/{u}"] = block[u]
    if len(weights) == 5:
        logits = run.h[0] @ weights[3].astype(float) + weights[4]
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        for t, row in enumerate(powers / powers.sum(axis=1, keepdims=True)):
            numbers |= {f"p/{t}/{k}": p for k, p in enumerate(row)}
    return numbers


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


def button(page, name):
    """Return one of the buttons of a lab by its label."""
    return page.get_by_role("button", name=name, exact=True)


def step_of(page):
    """Return the step that the lab says it shows, from 1."""
    drawn(page)
    return int(re.match(r"Step (\d+) of", page.locator(".step-says").inner_text())[1])


@pytest.mark.parametrize(("word", "U"), [("A", 1), ("STATE", 8)])
def test_every_number_is_that_of_numpy_and_keras(show_labs, word, U):
    weights = random_weights(U)
    page = show_labs(StepLab(weights, word=word, unit=U - 1))
    wanted = expected(word, weights)
    found = {}
    for t in range(len(word)):
        page.locator(".step-box").nth(t).click()
        drawn(page)
        page.mouse.move(0, 0)
        found |= read(page)
    # c, h, gates and answers of all units and steps, and the sums of the chosen unit
    shown = [key for key in wanted if len(key.split("/")[0]) == 1]
    chosen = [key for key in wanted if key not in shown and key.endswith(f"/{U - 1}")]
    assert sorted(found) == sorted(shown + chosen)
    np.testing.assert_allclose([found[k] for k in found], [wanted[k] for k in found], atol=1e-5)
    x = (encode(word).reshape(1, -1, 1) / 26).astype("float32")
    every, c, answers = (np.array(output)[0] for output in keras_model(U)(x))
    end = len(word) - 1
    assert [found[f"c/{end}/{u}"] for u in range(U)] == pytest.approx(c, abs=1e-5)
    for t in range(len(word)):
        assert [found[f"h/{t}/{u}"] for u in range(U)] == pytest.approx(every[t], abs=1e-5)
        assert [found[f"p/{t}/{k}"] for k in range(26)] == pytest.approx(answers[t], abs=1e-5)
        line = page.locator(".step-answer").nth(t).locator("span").first.inner_text()
        assert line == f"{ALPHABET[answers[t].argmax()]} {answers[t].max() * 100:.0f}%"


@pytest.mark.parametrize("dense", [True, False])
def test_the_code_on_the_screen_gives_the_numbers_on_the_screen(show_labs, dense):
    import keras

    weights = random_weights(4)[: 5 if dense else 3]
    page = show_labs(StepLab(weights=weights, word="KLMN", step=2))
    code = page.locator("code").inner_text()
    here = {"np": np, "keras": keras, "encode": encode, "weights": weights}
    exec(code, here)
    shown = read(page)
    wanted = expected("KLMN", weights)
    np.testing.assert_allclose([shown[k] for k in shown], [wanted[k] for k in shown], atol=1e-5)
    for name in "hc":
        wanted = [shown[f"{name}/2/{u}"] for u in range(4)]
        np.testing.assert_allclose(here[name][0], wanted, atol=1e-5)
    same = eval(re.search(r"the same as (.*)", code)[1], here)  # as the comment says
    np.testing.assert_allclose(here["answer" if dense else "h"], same, atol=1e-6)
    assert page.locator(".step-answer, .step-bar").count() == (4 + 26 if dense else 0)


def test_the_first_view_teaches(show_labs):
    page = show_labs(StepLab(random_weights(8)))
    assert step_of(page) == 1
    assert page.locator(".step-box").all_inner_texts()[0].split() == ["K", "step", "1", "0.38"]
    assert page.locator(".step-zeros").inner_text() == "zeros"
    assert "T = 3" in page.locator(".step-says").inner_text()
    assert "the same 320 weights" in page.locator(".step-says").inner_text()
    code = page.locator("code").inner_text()
    assert 'x = encode("KLM").reshape(1, 3, 1) / 26' in code
    assert "for t in range(1):  # steps 1 to 1 of 3" in code and "keras.layers.LSTM(8)" in code
    # The c that is pointed at, and the four numbers it is made of, in table and sums.
    assert page.locator("td.selected").get_attribute("data-number") == "c/0/0"
    made = page.locator("td.ingredient").evaluate_all("all => all.map(e => e.dataset.number)")
    assert sorted(made) == ["c/-1/0", "f/0/0", "g/0/0", "i/0/0"]


def test_walking_by_mouse(show_labs):
    weights = random_weights(4)
    page = show_labs(StepLab(weights, word="ABCD"), width=390)
    for name, step in [("Next", 2), ("Last", 4), ("Next", 4), ("Back", 3), ("First", 1)]:
        button(page, name).click(force=True)  # at an end too, where it does nothing
        assert step_of(page) == step
        box = page.locator('[aria-current="step"]')
        assert box.inner_text().startswith("ABCD"[step - 1])
        place = box.bounding_box()
        assert 0 <= place["x"] and place["x"] + place["width"] <= 390  # in sight on a phone
        assert f"for t in range({step}):" in page.locator("code").inner_text()
        ends = {"First": step == 1, "Back": step == 1, "Next": step == 4, "Last": step == 4}
        for control, off in ends.items():
            assert button(page, control).get_attribute("aria-disabled") == str(off).lower()
    page.get_by_text("Step 1 of 4 reads A. c of unit 1: 0.00 before").wait_for(state="attached")
    assert page.evaluate("scrollY") == 0  # the page itself stays where it was
    page.get_by_role("textbox").fill("KLM")
    button(page, "Next").click()
    drawn(page)
    before = read(page)
    button(page, "Backwards").click()  # turns the word, keeps the step
    assert step_of(page) == 2 and page.get_by_role("textbox").input_value() == "MLK"
    after = read(page)
    for key in ("x/1/0", "bi/1/0", "Wf/1/0"):  # the same letter, weights and biases
        assert before[key] == after[key]
    assert before["c/0/0"] != after["c/0/0"] and before["c/1/0"] != after["c/1/0"]
    page.locator('i[data-number="h/2/1"]').click()  # in the heat map
    assert step_of(page) == 3
    assert page.locator(".step-sums .step-title").inner_text() == "Step 3, unit 2"
    page.locator('.step-answer [data-number^="p/1/"]').nth(1).click()
    assert step_of(page) == 2


def test_everything_by_keyboard(show_labs):
    page = show_labs(StepLab(random_weights(4)))
    detail = page.locator(".step-detail")
    press(page, "Tab")
    page.keyboard.type("hello")
    drawn(page)
    assert page.locator(".step-box").count() == 5  # small letters are read too
    for key in ("backwards", "First", "Back", "Next"):
        press(page, "Tab")
        assert focus(page) == key
    press(page, "Enter", "Space")
    assert step_of(page) == 3
    press(page, "Tab", "Enter", "Enter")  # at the end the button keeps the focus
    assert step_of(page) == 5 and focus(page) == "Last"
    press(page, "Tab")
    assert focus(page) == "play"
    press(page, "Tab", "Tab")  # the row of steps scrolls
    assert focus(page) == "step-4"
    press(page, "ArrowLeft", "ArrowLeft", "Home", "ArrowRight")
    assert step_of(page) == 2 and focus(page) == "step-1"
    press(page, "Tab", "Tab")  # the table scrolls
    assert focus(page) == "cell-0-6"  # the c that is spelled out
    press(page, "ArrowDown", "ArrowDown")
    assert focus(page) == "cell-2-6"
    assert page.locator(".step-sums .step-title").inner_text() == "Step 2, unit 3"
    assert detail.inner_text().startswith("c of unit 3 after step 2 =")
    press(page, "Home")
    assert detail.inner_text().startswith("c of unit 3 after step 1 =")
    assert step_of(page) == 2  # the c before is the c after step 1; the lab stays at step 2
    press(page, "Tab")
    assert focus(page) == "unit"
    press(page, "ArrowRight")
    assert page.locator("tr.current").inner_text().startswith("4")
    press(page, "Tab", "ArrowUp", "Home")
    assert focus(page) == "tile-3-0"
    assert detail.inner_text().startswith("x × kernel, for o of unit 4")
    press(page, "Tab", "End")
    assert focus(page) == "bar-25"
    assert "Probability of Z after step 2" in detail.inner_text()
    for grid in page.locator('[role="grid"]').all():
        assert grid.locator('[tabindex="0"]').count() == 1


def test_pointing_marks_what_a_number_is_made_of(show_labs):
    page = show_labs(StepLab(random_weights(3), step=1))

    def point(selector):
        page.locator(selector).first.hover()
        marked = page.locator(".ingredient").evaluate_all("all => all.map(e => e.dataset.number)")
        return sorted(set(marked)), page.locator(".step-detail").inner_text()

    old = ["h/0/0", "h/0/1", "h/0/2"]
    for selector, made in {
        '.step-tile[data-number="h/1/0"]': ["c/1/0", "o/1/0", "tanh/1/0"],
        '.step-tile[data-number="tanh/1/0"]': ["c/1/0"],
        '.step-tile[data-number="zf/1/0"]': ["Rf/1/0", "Wf/1/0", "bf/1/0"],
        '.step-tile[data-number="Wi/1/0"]': ["x/1/0"],
        '.step-tile[data-number="Rg/1/0"]': old,
        'td[data-number="i/1/2"]': [*old, "x/1/0"],
        '.step-bar[data-number="p/1/7"]': ["h/1/0", "h/1/1", "h/1/2"],
        'i[data-number="c/2/1"]': ["c/1/1"],  # its gates are not on the page
        'i[data-number="c/-1/1"]': [],
    }.items():
        marked, detail = point(selector)
        assert marked == made, selector
    assert "The loop starts from zeros." in detail
    assert point('.step-tile[data-number="Rg/1/0"]')[1].count("×") == 3
    page.mouse.move(0, 0)  # back to what was chosen
    assert "c of unit 1 after step 2" in page.locator(".step-detail").inner_text()
    # The number under the mouse is the one that stands there, also when the step changes.
    page.locator("td[data-row='0'][data-column='6']").hover()
    page.evaluate("document.querySelector('[data-key=Next]').click()")
    drawn(page)
    assert "after step 3" in page.locator(".step-detail").inner_text()
    page = show_labs(StepLab(random_weights(32), word="AB", step=1))  # long sums are cut
    page.locator('.step-tile[data-number="Ri/1/0"]').hover()
    assert "… (20 more)" in page.locator(".step-detail").inner_text()


def test_play_walks_to_the_end_and_stops(show_labs):
    page = show_labs(StepLab(random_weights(2), word="ABC"))
    button(page, "Play").click()
    page.get_by_text("Step 3 of 3").first.wait_for()
    button(page, "Play").wait_for()  # the end
    button(page, "Play").click()
    page.get_by_text("Step 1 of 3").first.wait_for()  # from the start again
    button(page, "Next").click()  # the reader takes over
    button(page, "Play").wait_for()


@pytest.mark.parametrize("how", ["hidden", "scrolled away", "stopped"])
def test_play_rests_when_nobody_looks(show_labs, how):
    page = show_labs(StepLab(random_weights(2), word="ABCDEFGH"))
    button(page, "Play").click()
    button(page, "Stop").wait_for()
    if how == "hidden":
        page.evaluate(
            "Object.defineProperty(document, 'hidden', { value: true });"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    elif how == "scrolled away":
        page.evaluate("document.body.style.paddingBottom = '9000px'; scrollTo(0, 8000)")
    else:
        button(page, "Stop").click()
    button(page, "Play").wait_for(state="attached")


def test_odd_texts_are_text_and_shorter_words_move_the_step(show_labs):
    page = show_labs(StepLab(random_weights(2)))
    box, note = page.get_by_role("textbox"), page.locator(".lab-note")
    before = "KLM"
    for odd in ODD_TEXTS.values():
        box.fill(odd)
        drawn(page)
        letters = re.sub("[^A-Z]", "", odd.upper())
        before = letters[:10] or before  # without a letter the last word stays
        assert "".join(page.locator(".step-box b").all_inner_texts()) == before
        assert ("Left out" in note.inner_text()) == (letters != odd.upper())
        assert ("Only the first 10" in note.inner_text()) == (len(letters) > 10)
        assert ("Type letters A to Z." in note.inner_text()) == (letters == "")
    assert not page.evaluate("Boolean(window.ran)")
    box.fill("ABCDE")
    button(page, "Last").click()
    assert step_of(page) == 5
    box.fill("X")
    assert step_of(page) == 1
    assert button(page, "Next").get_attribute("aria-disabled") == "true"
    player = page.locator('[data-key="play"]')
    player.evaluate("player => player.click()")  # one letter does not play
    assert player.get_attribute("aria-disabled") == "true" and player.inner_text() == "Play"
