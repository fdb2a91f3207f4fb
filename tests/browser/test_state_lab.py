"""The State lab by mouse and by keyboard, against Keras and NumPy."""

import functools
import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from lab_tools import drawn, focus, press, random_weights

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


# A question; what is set before it; the keys that answer it; what the lab then says has been found;
# the answers and gaps of row 0 after it; the calls that have changed.
QUESTIONS = [
    ("stateless", {}, ["stateful"], "the answers are B B B B", "B" * 12, "0" * 12, (2, 12)),
    (
        *("remember", {"stateful": False}, ["stateful"], "A stateful layer remembers."),
        *(ALPHABET[1:13], "0" + "→" * 11, (2, 12)),
    ),
    (
        *("reset", {}, ["gap-7"], "B C D E F G B C D E F G"),
        *("BCDEFG" * 2, "0→→→→→0→→→→→", (7, 12)),
    ),
    (
        *("twice", {}, ["passes-2"], "answers N O P Q R S T U V W X Y"),
        *(ALPHABET[1:25], "0" + "→" * 23, None),
    ),
]


@pytest.mark.parametrize(
    ("question", "settings", "keys", "says", "answers", "gaps", "changed"), QUESTIONS
)
def test_a_question_is_answered_by_mouse(
    opened, question, settings, keys, says, answers, gaps, changed
):
    page = opened(**settings)
    for key in (f"find-{question}", *keys):
        page.locator(f'[data-key="{key}"]').click()
    card = page.locator(".state-card")
    card.get_by_text("Found:").wait_for()
    assert says in card.inner_text()
    shown = read(page)
    assert (shown["answers"], shown["gaps"]) == (answers, gaps)
    if changed:
        first, last = changed
        assert shown["changed"] == [(number, 0) for number in range(first, last + 1)]
        assert f"calls {first}–{last}." in summary(page)


def test_everything_by_keyboard(opened):
    page = opened()
    shown = read(page)
    assert (shown["letters"], shown["answers"]) == (TWELVE, ALPHABET[1:13])
    assert shown["signs"] == "✓" * 12 and summary(page) == "12 of 12 right."
    assert page.locator("[aria-current=true]").get_attribute("aria-description") == (
        "call 1, row 0: reads A, answers B, probability 0.99, right"
    )
    press(page, "Tab")
    while focus(page) != "find-stateless":
        press(page, "Tab")
    press(page, "Space")
    page.locator('[data-key="find-stateless"][aria-pressed="true"]').wait_for()
    page = opened(batch_size=3)
    stops = page.locator(".state-timeline [tabindex='0']")
    page.locator('[data-key="cell-1-0"]').focus()
    for pressed, wanted in [
        ("ArrowLeft", "cell-1-0"),
        ("ArrowDown", "cell-1-1"),
        ("ArrowRight", "gap-2"),
        ("End", "cell-4-1"),
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
    assert read(page)["changed"] == [(n, 2) for n in range(1, 5)]  # rows never meet
    assert page.locator("code").inner_text().count('"ABQDEFGHIJKL"') == 1
    detail = page.locator(".lab-detail")
    page.get_by_role("group", name=re.compile("State of row")).focus()
    assert re.match(r"h = -?0\.\d{6} in unit \d+ after call 1, row ", detail.inner_text())
    press(page, "ArrowUp", "ArrowRight", "ArrowDown")
    assert "after call 2, row " in detail.inner_text()


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


@pytest.mark.parametrize(
    ("settings", "units"),
    [
        (dict(text=ALPHABET, passes=2, resets=[5, 27]), 50),
        (dict(text="STATELESS", stateful=False, batch_size=2), 7),
        (dict(text="LONGSEQUENCE", batch_size=3, shuffle=True, passes=2, state="c", row=2), 8),
    ],
)
def test_the_numbers_are_those_of_keras_and_numpy(show_labs, settings, units):
    lab = StateLab(weights=random_weights(units, seed=units), **settings)
    state, letters, answers, shares = numbers_on(show_labs(lab), lab)
    for codes, h, c, probabilities in (keras_reads(lab), lab.read()):
        wanted = {"h": h, "c": c}[lab.state][:, lab.row]
        np.testing.assert_allclose(state, wanted, atol=1e-5)
        assert letters == decode(codes.ravel())
        assert answers == decode(probabilities.argmax(axis=-1).ravel())
        np.testing.assert_allclose(shares, probabilities.max(axis=-1).ravel(), atol=1e-5)


@pytest.mark.parametrize(
    "settings", [dict(resets=[2, 4], batch_size=2, passes=2), dict(shuffle=True, batch_size=5)]
)
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
