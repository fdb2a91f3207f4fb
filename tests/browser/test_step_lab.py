"""The Step lab by mouse and by keyboard, from a server and from disk; its numbers against Keras."""

import functools
import re

import numpy as np
import pytest
from lab_tools import ODD_TEXTS, random_weights, scrolls_sideways, serious, small_targets

from utils import lstm_numpy
from utils.labs.step import StepLab
from utils.windows import ALPHABET, encode

pytestmark = pytest.mark.browser

FOCUS = "document.activeElement.dataset.key"
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
    """Return a model that gives every h, the last h, the last c, and the answer after each step."""
    import keras

    inputs = keras.Input((None, 1))
    every, h, c = keras.layers.LSTM(units, return_sequences=True, return_state=True)(inputs)
    answers = keras.layers.Dense(26, activation="softmax")(every)
    model = keras.Model(inputs, [every, h, c, answers])
    model.set_weights(random_weights(units))
    return model


def frames(page):
    """Wait until the lab has drawn what it was asked for."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def button(page, name):
    """Return one of the buttons of a lab by its label."""
    return page.get_by_role("button", name=name, exact=True)


def shown_step(page):
    """Return the step that the lab says it shows, from 1."""
    return int(re.match(r"Step (\d+) of", page.locator(".step-says").inner_text())[1])


@pytest.mark.parametrize("disk", [False, True], ids=["http", "disk"])
@pytest.mark.parametrize(("word", "U"), [("A", 1), ("KLM", 3), ("STATE", 8), ("ABCDEFGHIJ", 4)])
def test_every_number_is_that_of_numpy_and_keras(show_labs, word, U, disk):
    weights = random_weights(U)
    page = show_labs(StepLab(weights, word=word, unit=U - 1), disk=disk).page
    wanted = expected(word, weights)
    found = {}
    for t in range(len(word)):
        page.locator(".step-box").nth(t).click()
        frames(page)
        page.mouse.move(0, 0)
        found |= read(page)
    # c, h, gates and answers of all units and steps, and the sums of the chosen unit
    shown = [key for key in wanted if len(key.split("/")[0]) == 1]
    chosen = [key for key in wanted if key not in shown and key.endswith(f"/{U - 1}")]
    assert sorted(found) == sorted(shown + chosen)
    np.testing.assert_allclose([found[k] for k in found], [wanted[k] for k in found], atol=1e-5)

    x = (encode(word).reshape(1, -1, 1) / 26).astype("float32")
    every, last, c, answers = (np.array(output)[0] for output in keras_model(U)(x))
    end = len(word) - 1
    for u in range(U):
        found_h = [found[f"h/{t}/{u}"] for t in range(len(word))]
        np.testing.assert_allclose(found_h, every[:, u], atol=1e-5)
        assert abs(found[f"h/{end}/{u}"] - last[u]) < 1e-5
        assert abs(found[f"c/{end}/{u}"] - c[u]) < 1e-5
    for t in range(len(word)):
        found_p = [found[f"p/{t}/{k}"] for k in range(26)]
        np.testing.assert_allclose(found_p, answers[t], atol=1e-5)
        line = page.locator(".step-answer").nth(t).locator("span").first.inner_text()
        assert line == f"{ALPHABET[answers[t].argmax()]} {answers[t].max() * 100:.0f}%"


def test_the_first_view_teaches(show_labs):
    page = show_labs(StepLab(random_weights(8))).page
    assert page.get_by_text("Try first:").is_visible()
    assert shown_step(page) == 1
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


@pytest.mark.parametrize("dense", [True, False])
def test_the_code_on_the_screen_gives_the_numbers_on_the_screen(show_labs, dense):
    import keras

    weights = random_weights(4)[: 5 if dense else 3]
    page = show_labs(StepLab(weights=weights, word="KLMN", step=2)).page
    code = page.locator("code").inner_text()
    here = {"np": np, "keras": keras, "encode": encode, "weights": weights}
    exec(code, here)
    shown = read(page)
    for name in "hc":
        wanted = [shown[f"{name}/2/{u}"] for u in range(4)]
        np.testing.assert_allclose(here[name][0], wanted, atol=1e-5)
    same = eval(re.search(r"the same as (.*)", code)[1], here)  # as the comment says
    np.testing.assert_allclose(here["answer" if dense else "h"], same, atol=1e-6)


def test_the_buttons_by_mouse(show_labs):
    page = show_labs(StepLab(random_weights(4), word="ABCD")).page
    walk = [("Next", 2), ("Last", 4), ("Next", 4), ("Back", 3), ("First", 1), ("Back", 1)]
    for name, step in walk:
        button(page, name).click(force=True)  # at an end too, where it does nothing
        frames(page)
        assert shown_step(page) == step
        assert page.locator('[aria-current="step"]').inner_text().startswith("ABCD"[step - 1])
        assert f"for t in range({step}):" in page.locator("code").inner_text()
        assert page.locator(".step-strip.current").count() == 2
        ends = {"First": step == 1, "Back": step == 1, "Next": step == 4, "Last": step == 4}
        for control, off in ends.items():
            assert button(page, control).get_attribute("aria-disabled") == str(off).lower()
    page.get_by_text("Step 1 of 4 reads A. c of unit 1: 0.00 before").wait_for(state="attached")


def test_backwards_turns_the_word_and_keeps_the_step(show_labs):
    weights = random_weights(5)
    page = show_labs(StepLab(weights, word="KLM", step=1)).page
    before = read(page)
    button(page, "Backwards").click()
    frames(page)
    after = read(page)
    assert page.get_by_role("textbox").input_value() == "MLK"
    assert shown_step(page) == 2
    assert before["x/1/0"] == after["x/1/0"]  # the same letter, weights and biases
    assert before["bi/1/0"] == after["bi/1/0"] and before["Wf/1/0"] == after["Wf/1/0"]
    assert before["c/0/0"] != after["c/0/0"] and before["c/1/0"] != after["c/1/0"]


def test_everything_by_keyboard(show_labs):
    page = show_labs(StepLab(random_weights(4))).page
    press = page.keyboard.press
    press("Tab")
    page.keyboard.type("hello")
    frames(page)
    assert page.locator(".step-box").count() == 5  # small letters are read too
    for key in ("backwards", "First", "Back", "Next"):
        press("Tab")
        assert page.evaluate(FOCUS) == key
    press("Enter")
    press("Space")
    frames(page)
    assert shown_step(page) == 3
    press("Tab")
    press("Enter")
    press("Enter")  # at the end the button stays where it is, and keeps the focus
    frames(page)
    assert shown_step(page) == 5 and page.evaluate(FOCUS) == "Last"
    press("Tab")
    assert page.evaluate(FOCUS) == "play"
    press("Tab")  # the row of steps scrolls
    press("Tab")
    assert page.evaluate(FOCUS) == "step-4"
    press("ArrowLeft")
    press("ArrowLeft")
    press("Home")
    press("ArrowRight")
    frames(page)
    assert shown_step(page) == 2 and page.evaluate(FOCUS) == "step-1"
    press("Tab")  # the table scrolls
    press("Tab")
    assert page.evaluate(FOCUS) == "cell-0-6"  # the c that is spelled out
    press("ArrowDown")
    press("ArrowDown")
    frames(page)
    assert page.evaluate(FOCUS) == "cell-2-6"
    assert page.locator(".step-sums .step-title").inner_text() == "Step 2, unit 3"
    assert page.locator(".step-detail").inner_text().startswith("c of unit 3 after step 2 =")
    press("Home")
    frames(page)
    assert page.locator(".step-detail").inner_text().startswith("c of unit 3 after step 1 =")
    assert shown_step(page) == 2  # the c before is the c after step 1; the lab stays at step 2
    press("Tab")
    assert page.evaluate(FOCUS) == "unit"
    press("ArrowRight")
    frames(page)
    assert page.locator("tr.current").inner_text().startswith("4")
    press("Tab")
    press("ArrowUp")
    press("Home")
    frames(page)
    assert page.evaluate(FOCUS) == "tile-3-0"
    assert page.locator(".step-detail").inner_text().startswith("x × kernel, for o of unit 4")
    press("Tab")
    press("End")
    frames(page)
    assert page.evaluate(FOCUS) == "bar-25"
    assert "Probability of Z after step 2" in page.locator(".step-detail").inner_text()
    for grid in page.locator('[role="grid"]').all():
        assert grid.locator('[tabindex="0"]').count() == 1


def test_pointing_marks_what_a_number_is_made_of(show_labs):
    page = show_labs(StepLab(random_weights(3), step=1)).page

    def point(selector):
        page.locator(selector).first.hover()
        marked = page.locator(".ingredient").evaluate_all("all => all.map(e => e.dataset.number)")
        return sorted(set(marked)), page.locator(".step-detail").inner_text()

    assert point('.step-tile[data-number="h/1/0"]')[0] == ["c/1/0", "o/1/0", "tanh/1/0"]
    assert point('.step-tile[data-number="tanh/1/0"]')[0] == ["c/1/0"]
    assert point('.step-tile[data-number="zf/1/0"]')[0] == ["Rf/1/0", "Wf/1/0", "bf/1/0"]
    assert point('.step-tile[data-number="Wi/1/0"]')[0] == ["x/1/0"]
    old = ["h/0/0", "h/0/1", "h/0/2"]
    marked, detail = point('.step-tile[data-number="Rg/1/0"]')
    assert marked == old and detail.count("×") == 3
    assert point('td[data-number="i/1/2"]')[0] == [*old, "x/1/0"]
    assert point('.step-bar[data-number="p/1/7"]')[0] == ["h/1/0", "h/1/1", "h/1/2"]
    marked, detail = point('i[data-number="c/-1/1"]')
    assert marked == [] and "The loop starts from zeros." in detail
    assert point('i[data-number="c/2/1"]')[0] == ["c/1/1"]  # its gates are not on the page
    page.mouse.move(0, 0)  # back to what was chosen
    assert "c of unit 1 after step 2" in page.locator(".step-detail").inner_text()
    assert shown_step(page) == 2


def test_the_number_under_the_mouse_is_the_one_that_stands_there(show_labs):
    view = show_labs(StepLab(random_weights(3), word="ABCDE"))
    page = view.page
    detail = page.locator(".step-detail")
    page.locator("td[data-row='0'][data-column='6']").hover()  # c after the step
    assert "after step 1" in detail.inner_text()
    page.evaluate("document.querySelector('[data-key=Next]').click()")
    frames(page)
    assert "after step 2" in detail.inner_text()
    page.locator('i[data-number="c/4/0"]').hover()
    assert "after step 5" in detail.inner_text()
    page.get_by_role("textbox").fill("ABC")  # the mouse rests where step 5 was
    frames(page)
    page.evaluate("document.querySelector('[data-key=Next]').click()")
    frames(page)
    assert shown_step(page) == 3 and "after step 5" not in detail.inner_text()
    assert view.complaints == []


def test_a_word_of_one_letter_does_not_play(show_labs):
    page = show_labs(StepLab(random_weights(2), word="A")).page
    player = page.locator('[data-key="play"]')
    assert player.get_attribute("aria-disabled") == "true"
    player.evaluate("player => player.click()")
    assert player.inner_text() == "Play"


def test_a_click_in_the_heat_map_goes_there(show_labs):
    page = show_labs(StepLab(random_weights(3))).page
    page.locator('i[data-number="h/2/1"]').click()
    frames(page)
    assert shown_step(page) == 3
    assert page.locator(".step-sums .step-title").inner_text() == "Step 3, unit 2"
    page.mouse.move(0, 0)
    assert "h of unit 2 after step 3" in page.locator(".step-detail").inner_text()
    page.locator('i[data-number="c/-1/0"]').click()
    page.mouse.move(0, 0)
    frames(page)
    assert shown_step(page) == 1
    page.locator('.step-answer [data-number^="p/1/"]').nth(1).click()
    frames(page)
    assert shown_step(page) == 2


def test_long_sums_are_cut(show_labs):
    page = show_labs(StepLab(random_weights(32), word="AB", step=1)).page
    page.locator('.step-tile[data-number="Ri/1/0"]').hover()
    assert "… (20 more)" in page.locator(".step-detail").inner_text()


def test_play_walks_to_the_end_and_stops(show_labs):
    page = show_labs(StepLab(random_weights(2), word="ABC")).page
    page.clock.install()
    button(page, "Play").click()
    for step in (2, 3):
        page.clock.run_for(1600)
        page.wait_for_function(
            "n => document.querySelector('.step-says').textContent.includes(n)", arg=f"Step {step} "
        )
    button(page, "Play").wait_for()  # the end
    button(page, "Play").click()
    page.clock.run_for(100)
    assert shown_step(page) == 1  # from the start again
    button(page, "Next").click()  # the reader takes over
    button(page, "Play").wait_for()
    page.clock.run_for(5000)
    assert shown_step(page) == 2


@pytest.mark.parametrize("how", ["hidden", "scrolled away", "stopped"])
def test_play_rests_when_nobody_looks(show_labs, how):
    page = show_labs(StepLab(random_weights(2), word="ABCDEFGH")).page
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


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_texts_are_text(show_labs, name):
    page = show_labs(StepLab(random_weights(2))).page
    page.get_by_role("textbox").fill(ODD_TEXTS[name])
    frames(page)
    typed = ODD_TEXTS[name].upper()
    letters = re.sub("[^A-Z]", "", typed)
    assert not page.evaluate("Boolean(window.ran)")
    assert page.locator(".lab img, .lab script").count() == 0
    boxes = "".join(page.locator(".step-box b").all_inner_texts())
    assert boxes == (letters[:10] or "KLM")  # without a letter the last word stays
    note = page.locator(".lab-note").inner_text()
    assert ("Left out" in note) == (letters != typed)
    assert ("Only the first 10" in note) == (len(letters) > 10)
    assert ("Type letters A to Z." in note) == (letters == "")


def test_typing_a_shorter_word_moves_to_its_last_step(show_labs):
    page = show_labs(StepLab(random_weights(2), word="ABCDE", step=4)).page
    page.get_by_role("textbox").fill("XY")
    frames(page)
    assert shown_step(page) == 2
    page.get_by_role("textbox").fill("X")
    frames(page)
    assert shown_step(page) == 1 and button(page, "Next").get_attribute("aria-disabled") == "true"


def test_without_dense_there_is_no_answer(show_labs):
    page = show_labs(StepLab(random_weights(4)[:3], word="HEY", step=2)).page
    assert page.locator(".step-answer, .step-bar").count() == 0
    assert "Dense" not in page.locator("code").inner_text()
    wanted = expected("HEY", random_weights(4)[:3])
    found = read(page)
    np.testing.assert_allclose([found[k] for k in found], [wanted[k] for k in found], atol=1e-5)
    assert serious(page) == []


def test_two_labs_on_a_page_do_not_meet(show_labs):
    weights = random_weights(3)
    page = show_labs(StepLab(weights), StepLab(weights, word="AB")).page
    page.locator(".lab").nth(1).get_by_role("button", name="Next", exact=True).click()
    frames(page)
    says = page.locator(".step-says").all_inner_texts()
    assert says[0].startswith("Step 1 of 3") and says[1].startswith("Step 2 of 2")
    page.locator(".lab").nth(0).get_by_role("textbox").fill("Q")
    frames(page)
    assert page.locator(".step-box").count() == 1 + 2
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize(("word", "U"), [("A", 2), ("ABCDEFGHIJ", 12)])
def test_accessible_and_on_a_phone(show_labs, word, U, width, scheme):
    page = show_labs(StepLab(random_weights(U), word=word), width=width, scheme=scheme).page
    assert serious(page) == []
    assert not scrolls_sideways(page)
    assert small_targets(page) == []
    button(page, "Last").click(force=True)
    page.get_by_role("textbox").fill("NO 1")
    page.locator(".step-tile").nth(1).focus()
    frames(page)
    assert serious(page) == []
    assert not scrolls_sideways(page)


def test_the_current_step_is_in_sight_on_a_phone(show_labs):
    page = show_labs(StepLab(random_weights(4), word="ABCDEFGHIJ"), width=390).page
    for name, step in [("Last", 9), ("First", 0), ("Next", 1)]:
        button(page, name).click(force=True)
        frames(page)
        box = page.locator(".step-box").nth(step).bounding_box()
        assert 0 <= box["x"] and box["x"] + box["width"] <= 390
    assert page.evaluate("scrollY") == 0  # the page itself stays where it was


def test_words_can_be_replaced(show_labs):
    words = {"title": "Schrittlabor", "toNext": "Weiter", "says": "Schritt {step} liest {letter}."}
    page = show_labs(StepLab(random_weights(2), words=words)).page
    assert page.get_by_role("region", name="Schrittlabor").is_visible()
    button(page, "Weiter").click()
    page.get_by_text("Schritt 2 liest L.").wait_for()
