"""The State lab by mouse and by keyboard, against Keras and NumPy."""

import functools
import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from lab_tools import MODEL, ODD_TEXTS, call, drawn, focus, random_weights, scrolls_sideways

from tools.lab_page import write_page
from utils.labs.state import StateLab
from utils.windows import ALPHABET, decode, encode

pytestmark = pytest.mark.browser

TWELVE = ALPHABET[:12]
# Each box as [call, row, letter, answer, sign, share, changed], and the first glyph of each gap.
READ = """() => ({
    boxes: [...document.querySelectorAll('.state-cell')].map(box => {
        const [, letter, answer, share] = [...box.children].map(part => part.textContent);
        return [+box.dataset.call, +box.dataset.row, letter, ...answer.split(' '),
                share.split(' ')[0], box.classList.contains('changed')];
    }),
    gaps: [...document.querySelectorAll('.state-gap')]
        .map(gap => gap.children[1].textContent).join(''),
})"""
# Point at every number of the heat map, and at every box; collect the sentences.
POINT = """() => {
    const detail = document.querySelector('.lab-detail');
    const canvas = document.querySelector('canvas');
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const numbers = [];
    for (let y = 0; y < canvas.height; y++) for (let x = 0; x < canvas.width; x++) {
        const clientX = left + width * (x + 0.5) / canvas.width;
        const clientY = top + height * (y + 0.5) / canvas.height;
        const move = { clientX, clientY, bubbles: true, pointerType: 'mouse' };
        canvas.dispatchEvent(new PointerEvent('pointermove', move));
        numbers.push(detail.textContent);
    }
    const boxes = [...document.querySelectorAll('.state-cell')].map(box => {
        box.dispatchEvent(new PointerEvent('pointerover', { bubbles: true, pointerType: 'mouse' }));
        return detail.textContent;
    });
    return { numbers, boxes };
}"""


@pytest.fixture(scope="module")
def alphabet_weights():
    """The weights of the alphabet model of chapter 9, trained as there."""
    from utils.training import train_seeds

    X = (encode(ALPHABET[:25]) / 26).reshape(25, 1, 1).astype("float32")
    options = dict(units=50, seeds=[0], epochs=300, classes=26, batch_size=1, records=1)
    return train_seeds(X, encode(ALPHABET[1:]), shuffle=False, stateful=True, **options).end[0]


@pytest.fixture
def opened(show_labs, alphabet_weights):
    """A function that opens one lab with the alphabet model; returns its page."""

    def open_lab(width=1400, **settings):
        return show_labs(StateLab(weights=alphabet_weights, **settings), width=width)

    return open_lab


@functools.cache
def keras_model(units, B):
    """Return the model that the lab's code builds; its weights are set by the caller."""
    import keras

    layers = keras.layers
    lstm, dense = layers.LSTM(units, stateful=True), layers.Dense(26, activation="softmax")
    return keras.Sequential([keras.Input(batch_shape=(B, 1, 1)), lstm, dense])


def keras_reads(lab):
    """Drive a real Keras model with the batches and resets of the lab: letters, h, c, answers."""
    weights = list(lab.weights.values())
    model = keras_model(len(weights[1]), lab.batch_size)
    model.set_weights(weights)
    layer = model.layers[0]
    layer.reset_states()
    codes = encode(lab.text)[lab.order]
    codes = codes[: len(codes) // lab.batch_size * lab.batch_size].reshape(-1, lab.batch_size)
    h, c, answers = [], [], []
    for call_number, batch in enumerate([*codes] * lab.passes, start=1):
        if call_number in lab.resets or not lab.stateful:
            layer.reset_states()
        answers.append(model.predict_on_batch((batch / 26).reshape(-1, 1, 1).astype("float32")))
        h.append(np.array(layer.states[0]))
        c.append(np.array(layer.states[1]))
    return np.array([*codes] * lab.passes), np.array(h), np.array(c), np.array(answers)


def read(page):
    """Return what is shown after the next frame; letters, answers and signs are those of row 0."""
    drawn(page)
    shown = page.evaluate(READ)
    for place, name in enumerate(["letters", "answers", "signs"], start=2):
        shown[name] = "".join(box[place] for box in shown["boxes"] if box[1] == 0)
    shown["changed"] = [tuple(box[:2]) for box in shown["boxes"] if box[6]]
    return shown


def summary(page):
    """Return the sentences above and below the timeline."""
    return " ".join(page.locator(".state-score, .state-notes").all_inner_texts()).strip()


def press(page, how, key):
    """Press a control by mouse, or reach it by keyboard alone and press it there."""
    if how == "mouse":
        page.locator(f'[data-key="{key}"]').click()
        return
    for _ in range(40):
        if focus(page) == key:
            break
        if page.evaluate("document.activeElement.matches('.state-cell, .state-gap')") and (
            key.startswith(("cell", "gap"))
        ):
            page.keyboard.press("ArrowRight")
        elif page.evaluate("document.activeElement.type") == "radio":
            group = focus(page).split("-")[0]
            page.keyboard.press("ArrowRight" if key.startswith(f"{group}-") else "Tab")
        else:
            page.keyboard.press("Tab")
    assert focus(page) == key
    if page.evaluate("document.activeElement.type") != "radio":
        page.keyboard.press("Space")


# A question; what is set before; the keys that answer it; what the lab then says has been found;
# the answers and gaps of row 0 after it, and which boxes have changed.
QUESTIONS = {
    "stateless": ({}, ["stateful"], "the answers are B B B B", "B" * 12, "0" * 12, range(2, 13)),
    "remember": (
        *({"stateful": False}, ["stateful"], "A stateful layer remembers."),
        *(ALPHABET[1:13], "0" + "→" * 11, range(2, 13)),
    ),
    "reset": (
        *({}, ["gap-7"], "B C D E F G B C D E F G"),
        *("BCDEFG" * 2, "0→→→→→0→→→→→", range(7, 13)),
    ),
    "cold": (
        *({}, ["gap-11"], "now K gets the answer B"),
        *(ALPHABET[1:11] + "BCDE", "0" + "→" * 9 + "0→→→", range(11, 15)),
    ),
    "twice": (
        *({}, ["passes-2"], "answers N O P Q R S T U V W X Y"),
        *(ALPHABET[1:25], "0" + "→" * 23, None),
    ),
    "order": ({}, ["shuffle"], "B C D E F G H I J K L M", ALPHABET[1:13], "0" + "→" * 11, None),
}


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_by_hand(opened, how, question):
    settings, keys, says, answers, gaps, changed = QUESTIONS[question]
    page = opened(**settings)
    press(page, how, f"find-{question}")
    before = read(page)
    card = page.locator(".state-card")
    assert "Found" not in card.inner_text()
    for key in keys:
        press(page, how, key)
    card.get_by_text("Found:").wait_for()
    assert says in card.inner_text()
    shown = read(page)
    assert (shown["answers"], shown["gaps"]) == (answers, gaps)
    if changed:
        assert shown["changed"] == [(number, 0) for number in changed]
        assert f"calls {changed[0]}–{changed[-1]}." in summary(page)
    if question == "order":
        assert sorted(shown["letters"]) == list(TWELVE) and shown["letters"] != TWELVE
        assert shown["signs"].count("✓") <= 2
        press(page, how, "again")
        assert read(page)["letters"] not in (TWELVE, shown["letters"])
    if question == "reset":  # and out again
        gap = page.locator('[data-key="gap-7"]')
        assert gap.get_attribute("aria-pressed") == "true" and "reset" in gap.inner_text()
        press(page, how, "gap-7")
        assert read(page)["answers"] == before["answers"]


@pytest.mark.parametrize("how", ["mouse", "keyboard"])
def test_the_rows_of_a_batch_never_meet(opened, how):
    page = opened()
    press(page, how, "find-rows")
    assert read(page)["letters"] == "ADGJ"
    single = page.locator('[data-key="single"]')
    if how == "mouse":
        single.fill("Q")
    else:
        single.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.type("q")
    card = page.locator(".state-card")
    card.get_by_text("row 0: calls 1–4; rows 1–2: nothing").wait_for()
    shown = read(page)
    assert shown["letters"] == "QDGJ" and shown["changed"] == [(n, 0) for n in range(1, 5)]
    page.locator('[data-key="cell-3-1"]').focus()  # and now a row in the middle, by a letter key
    page.keyboard.press("z")
    assert read(page)["changed"] == [(3, 1), (4, 1)]
    assert "changed row 1: calls 3–4; rows 0, 2: nothing." in card.inner_text()


def test_a_question_stands_back_when_its_calls_are_gone(opened):
    page = opened()
    press(page, "mouse", "find-cold")
    card = page.locator(".state-card")
    press(page, "mouse", "batch_size-2")  # seven calls
    card.get_by_text("Call 11 no longer reads K.").wait_for()
    press(page, "mouse", "find-order")
    press(page, "mouse", "batch_size-3")
    press(page, "mouse", "shuffle")
    card.get_by_text("Found:").wait_for()
    reads, answers = re.search(
        r"reads ([A-Z ]+) and answers ([A-Z ]+):", card.inner_text()
    ).groups()
    assert "of 12 right" in card.inner_text() and len(answers.split()) == 12  # of all rows
    assert sorted(reads.split()) == list(TWELVE)


def test_it_opens_in_a_state_that_teaches_and_moves_by_keyboard(opened):
    page = opened()
    shown = read(page)
    assert (shown["letters"], shown["answers"]) == (TWELVE, ALPHABET[1:13])
    assert shown["signs"] == "✓" * 12 and summary(page) == "12 of 12 right."
    assert page.locator("[aria-current=true]").get_attribute("aria-description") == (
        "call 1, row 0: reads A, answers B, probability 0.99, right"
    )
    page = opened(batch_size=3)
    stops = page.locator(".state-timeline [tabindex='0']")
    page.locator('[data-key="cell-1-0"]').focus()
    for pressed, wanted in [
        ("ArrowLeft", "cell-1-0"),
        ("ArrowDown", "cell-1-1"),
        ("ArrowRight", "gap-2"),
        ("ArrowDown", "gap-2"),
        ("ArrowRight", "cell-2-1"),
        ("End", "cell-4-1"),
        ("ArrowRight", "cell-4-1"),
        ("ArrowDown", "cell-4-2"),
        ("ArrowLeft", "gap-4"),
        ("Home", "cell-1-2"),
    ]:
        page.keyboard.press(pressed)
        assert focus(page) == wanted
        assert stops.count() == 1 and stops.get_attribute("data-key") == wanted
    page.keyboard.press("Q")
    drawn(page)
    assert focus(page) == "cell-1-2"  # the focus survives
    assert page.locator("code").inner_text().count('"ABQDEFGHIJKL"') == 1
    page.keyboard.press("Control+a")  # no letter key
    assert "ABQ" in page.locator("code").inner_text()


def test_the_start_and_the_end_of_a_call_in_words(opened):
    page = opened(batch_size=3, resets=[3])
    detail = page.locator(".lab-detail")
    for key, words in {
        "cell-1-1": "It starts from zeros: the first call. Call 2, row 1 goes on from its end.",
        "cell-2-1": "goes on from the end of call 1, row 1. Its end is dropped: call 3 starts",
        "cell-3-0": "It starts from zeros: a reset. Call 4, row 0 goes on from its end.",
        "cell-4-2": "It goes on from the end of call 3, row 2. Its end stays in the layer.",
        "gap-2": "Before call 2: each row goes on from its end in call 1.",
        "gap-3": "Before call 3: a reset.",
    }.items():
        page.locator(f'[data-key="{key}"]').hover()
        assert words in detail.inner_text()
        page.mouse.move(0, 0)
        page.locator(f'[data-key="{key}"]').focus()
        assert words in detail.inner_text()
        page.locator(f'[data-key="{key}"]').blur()
    page.locator('[data-key="cell-3-2"]').click()
    page.mouse.move(0, 0)
    assert page.get_by_text("State of row 2 after each call").is_visible()
    traced = """() => [...document.querySelectorAll('.state-glyph')]
        .filter(glyph => getComputedStyle(glyph).fontWeight === '800')
        .map(glyph => [...glyph.parentNode.children].indexOf(glyph) - 1)"""
    assert set(page.evaluate(traced)) == {2}
    page.locator('[data-key="stateful"]').click()
    drawn(page)
    page.locator('[data-key="gap-2"]').hover()
    assert "zeros, as before every stateless call" in detail.inner_text()
    page.locator('[data-key="cell-4-0"]').hover()
    assert "It starts from zeros: stateless. Its end is dropped." in detail.inner_text()


# Settings, and the units of the model
SETTINGS = [
    (dict(text=ALPHABET, passes=2, resets=[5, 27]), 50),
    (dict(text="STATELESS", stateful=False, batch_size=2), 7),
    (dict(text="LONGSEQUENCE", batch_size=3, shuffle=True, passes=2, resets=[3, 6]), 32),
    (dict(text=ALPHABET, batch_size=5, shuffle=True, shuffle_seed=2**31 - 1, state="c", row=4), 8),
    (dict(text="Z"), 3),
]


def numbers_on(page, lab):
    """Return all numbers of the shown row and all answers, as the detail line gives them."""
    sentences = page.evaluate(POINT)
    units = len(lab.weights["bias"]) // 4
    calls = len(lab.text) // lab.batch_size * lab.passes
    state = np.full((calls, units), np.nan)
    for sentence in sentences["numbers"]:
        name, value, unit, number, row = re.match(
            r"(\w) = (-?[\d.]+) in unit (\d+) after call (\d+), row (\d+) ", sentence
        ).groups()
        assert (name, int(row)) == (lab.state, lab.row)
        state[int(number) - 1, int(unit)] = float(value)
    pattern = r"Call (\d+), row (\d+) reads (\w) .* answers (\w) with probability ([\d.]+):"
    boxes = [re.match(pattern, sentence).groups() for sentence in sentences["boxes"]]
    letters, answers, shares = ([box[place] for box in boxes] for place in (2, 3, 4))
    return state, "".join(letters), "".join(answers), np.array(shares, dtype=float)


@pytest.mark.parametrize(("settings", "units"), SETTINGS, ids=str)
def test_the_numbers_are_those_of_keras_and_numpy(show_labs, settings, units):
    lab = StateLab(weights=random_weights(units, seed=units), **settings)
    state, letters, answers, shares = numbers_on(show_labs(lab), lab)
    for codes, h, c, probabilities in (keras_reads(lab), lab.read()):
        wanted = {"h": h, "c": c}[lab.state][:, lab.row]
        np.testing.assert_allclose(state, wanted, atol=1e-5)
        assert letters == decode(codes.ravel())
        assert answers == decode(probabilities.argmax(axis=-1).ravel())
        np.testing.assert_allclose(shares, probabilities.max(axis=-1).ravel(), atol=1e-5)


CODES = [{}, dict(stateful=False), dict(resets=[2, 4], batch_size=2, passes=2)]
CODES += [dict(shuffle=True, batch_size=5, resets=[2]), dict(text="AB", batch_size=5)]


@pytest.mark.parametrize("settings", CODES, ids=str)
def test_the_code_on_the_screen_answers_as_the_lab_does(opened, settings, alphabet_weights):
    import keras

    page = opened(**settings)
    names = dict(keras=keras, encode=encode, decode=decode, weights=alphabet_weights)
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(page.locator("pre code").text_content(), names)  # what a reader would copy
    calls = {}
    for number, _, _, answer, *_ in read(page)["boxes"]:
        calls[number] = calls.get(number, "") + answer
    assert printed.getvalue() == "".join(f"{number} {said}\n" for number, said in calls.items())


def test_other_weights_from_python_are_read(core, alphabet_weights):
    first, second = (StateLab(weights=w) for w in (alphabet_weights, random_weights(7, seed=3)))
    keys = StateLab.class_trait_names(sync=True)
    values = {name: value for name, value in first.get_state().items() if name in keys}
    code = f"""(async () => {{
        {MODEL}
        const answers = () => [...el.querySelectorAll(".state-cell")].map((box) =>
            box.children[2].textContent.split(" ")[0]).join("");
        const found = [answers()];
        model.set("weights", a[1]);
        await new Promise(requestAnimationFrame);
        cleanUp();
        return [...found, answers(), el.querySelector(".lab-code").textContent];
    }})()"""
    *shown, lines = call(core, "state", f"await {code}", values, second.get_state()["weights"])
    for lab, answers in zip((first, second), shown, strict=True):
        assert answers == decode(lab.read()[3][:, 0].argmax(axis=-1))
    assert "LSTM(7, stateful=True)" in lines


@pytest.mark.parametrize(
    ("text", "batch_size", "stateful", "words"),
    [
        (TWELVE, 5, True, "Left out: K, L, too few for a batch of 5. (A stateful layer of Keras"),
        ("ABCDEF", 5, True, "Left out: F, too few for a batch of 5. (Keras 3.15 would read it in"),
        (TWELVE, 5, False, "Left out: K, L, too few for a batch of 5."),
        ("ABC", 4, True, "Too few letters for a batch of 4: 3. Choose a smaller batch size"),
        ("XYZ", 1, True, "0 of 2 right. (Z: no letter follows Z.)"),
    ],
)
def test_what_is_left_out_is_said(opened, text, batch_size, stateful, words):
    page = opened(text=text, batch_size=batch_size, stateful=stateful)
    assert words in summary(page)
    if "Too few" in words:
        assert page.locator(".state-cell").count() == 0
        page.get_by_text("2", exact=True).first.click()  # a smaller batch size
        assert read(page)["letters"] == "A"


@pytest.mark.parametrize("field", ["text", "single"])
def test_odd_texts_are_text(show_labs, field):
    page = show_labs(StateLab(weights=random_weights(3)))
    page.locator(".state-fold > summary").last.click()
    typed = page.locator(f'[data-key="{field}"]')
    note = page.locator(".lab-note").nth(0 if field == "text" else 1)
    before = TWELVE
    for odd in ODD_TEXTS.values():
        typed.fill(odd)
        letters = re.sub("[^A-Z]", "", odd.upper())
        if letters:
            before = letters[:26] if field == "text" else letters[-1] + before[1:]
        assert read(page)["letters"] == before
        assert ("Type letters A to Z." in note.inner_text()) == (letters == "")
        typed.blur()
        assert field == "text" or typed.input_value() == before[0]
    assert not page.evaluate("Boolean(window.ran)")
    if field == "text":
        typed.fill("ABC1")
        assert "Left out: 1" in note.inner_text()
        page.locator('[data-key="cell-2-0"]').click()  # the complaint goes with the text
        assert typed.input_value() == "ABC" and note.inner_text() == ""
        press(page, "mouse", "find-reset")  # a question starts afresh
        assert read(page)["letters"] == TWELVE == typed.input_value()


def test_the_heat_map_by_keyboard_in_light_and_dark(opened):
    page = opened(text=ALPHABET, resets=[4])
    detail = page.locator(".lab-detail")
    page.get_by_role("group", name="State of row 0 after each call").focus()
    first = detail.inner_text()
    assert re.match(r"h = -?0\.\d{6} in unit \d+ after call 1, row 0 \(A\)\.", first)
    for key in ["ArrowUp", "ArrowLeft"]:  # there is nothing above or before the first
        page.keyboard.press(key)
        assert detail.inner_text() == first
    for key in ["ArrowRight"] * 3 + ["ArrowDown"] * 2:
        page.keyboard.press(key)
    moved = "after call 4, row 0 (D). It starts from zeros: a reset."
    assert moved in detail.inner_text()
    assert page.locator(".state-spot").is_visible()
    page.keyboard.press("Tab")
    assert "Call 1, row 0 reads A" in detail.inner_text()
    assert not page.locator(".state-spot").is_visible()
    label = page.get_by_role("img").get_attribute("aria-label")
    assert "50 units, 26 calls. From zeros: calls 1, 4." in label
    pixels = """() => {
        const shown = document.querySelector('canvas');
        const { width, height } = shown;
        const copy = Object.assign(document.createElement('canvas'), { width, height });
        const context = copy.getContext('2d', { willReadFrequently: true });
        context.drawImage(shown, 0, 0);
        return [...context.getImageData(0, 0, width, height).data];
    }"""
    page = opened(text="KLM")
    light = np.array(page.evaluate(pixels)).reshape(50, 3, 4)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    drawn(page)
    dark = np.array(page.evaluate(pixels)).reshape(50, 3, 4)
    assert light[..., :3].mean() > dark[..., :3].mean() + 60
    state = numbers_on(page, StateLab(weights=random_weights(50), text="KLM"))[0]  # (calls, U)
    violet = light[..., 2] > light[..., 0]  # more blue than red
    assert violet.sum() == pytest.approx((state < 0).sum(), abs=3)  # nearly 0 has no colour


def test_a_finger_gets_wide_gaps(browser, tmp_path, alphabet_weights):
    file = write_page(tmp_path, [StateLab(weights=alphabet_weights)])
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(file.as_uri())
    gap = page.locator('[data-key="gap-3"]')
    gap.tap()
    assert gap.evaluate("gap => gap.offsetWidth") >= 44
    assert read(page)["answers"] == "BC" + ALPHABET[1:11]
    page.locator("canvas").tap(position={"x": 40, "y": 40})
    assert " in unit " in page.locator(".lab-detail").inner_text()  # it stays
    page.locator('[data-key="cell-5-0"]').tap()
    assert "Call 5, row 0" in page.locator(".lab-detail").inner_text()
    assert not scrolls_sideways(page)
    context.close()


@pytest.mark.parametrize("width", [1400, 390])
def test_changes_are_spoken_and_the_calls_stay_in_place(opened, width):
    page = opened(width=width)
    place = page.locator(".state-timeline").evaluate("line => line.offsetTop")
    spoken = page.locator(".lab-spoken[aria-live=polite]")
    page.locator('[data-key="gap-7"]').click()
    spoken.get_by_text("6 of 12 right. Δ Changed by the last action: calls 7–12.").wait_for(
        state="attached"
    )
    for key in ("gap-3", "stateful", "gap-5"):
        page.locator(f'[data-key="{key}"]').click()
        drawn(page)
        assert page.locator(".state-timeline").evaluate("line => line.offsetTop") == place
