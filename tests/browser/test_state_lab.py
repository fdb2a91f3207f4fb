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
# Each box as [call, row, letter, answer, sign, changed], and what is before each call on the belt.
READ = """() => ({
    boxes: [...document.querySelectorAll('.state-cell')].map(box => {
        const [letter, answer] = [...box.children].map(part => part.textContent);
        return [+box.dataset.column, +box.dataset.row, letter, ...answer.split(' '),
                box.classList.contains('changed')];
    }),
    belt: [...document.querySelectorAll('.state-belt')]
        .map(gap => gap.querySelector('.state-token') ? '→' : gap.innerText.trim().at(-1)).join(''),
})"""
# Go to every box; collect the sentence on it and its state, with all digits.
NUMBERS = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const found = [];
    for (const { dataset } of [...document.querySelectorAll('.state-cell')]) {
        document.querySelector(`[data-key="${dataset.key}"]`).focus();
        await frame();
        await frame();
        const panel = document.querySelector('[role=tabpanel]:not([hidden])');
        const rows = [...panel.querySelectorAll('tbody tr')].map(row =>
            [...row.children].map(cell => Number(cell.textContent)));
        found.push([+dataset.column, +dataset.row, panel.querySelector('p').textContent, rows]);
    }
    return found;
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
    shown["changed"] = [tuple(box[:2]) for box in shown["boxes"] if box[5]]
    return shown


def message(page):
    """Return the line below the picture."""
    return page.locator(".lab-message").inner_text()


# A question; the answer and the control that the reader presses; what the lab then says; the
# answers and the belt of row 0 after it; the calls that have changed.
QUESTIONS = [
    ("forget", "2", "stateful", "✓ Right.", "B" * 12, "0" * 12, (2, 12)),
    (
        "remember",
        "B",
        "stateful",
        "A stateful layer remembers.",
        ALPHABET[1:13],
        "0" + "→" * 11,
        (2, 12),
    ),
    ("reset", "3", "gap-7", "nothing reaches back", "BCDEFG" * 2, "0→→→→→✂→→→→→", (7, 12)),
    (
        "twice",
        "N",
        "passes-2",
        "answers N O P Q R S T U V W X Y",
        ALPHABET[1:25],
        "0" + "→" * 23,
        None,
    ),
]


@pytest.mark.parametrize(
    ("question", "answer", "key", "says", "answers", "belt", "changed"), QUESTIONS
)
def test_a_question_is_answered_by_mouse(
    opened, question, answer, key, says, answers, belt, changed
):
    page = opened()
    page.locator('[data-key="question"]').select_option(question)
    page.locator(f'[data-answer="{answer}"]').first.click()
    drawn(page)
    page.locator(f'[data-key="{key}"]').click()
    drawn(page)
    assert says in page.locator(".lab-guide-text").inner_text()
    shown = read(page)
    assert (shown["answers"], shown["belt"]) == (answers, belt)
    if changed:
        first, last = changed
        assert shown["changed"] == [(number, 0) for number in range(first, last + 1)]
        assert f"calls {first}–{last}." in message(page)
        assert page.locator(".state-ghost").is_visible()  # the run before


def test_pressing_stateful_does_what_stands_on_it(opened):
    page = opened()
    page.locator('[data-key="question"]').select_option("forget")
    switch = page.get_by_role("switch", name="stateful")
    assert switch.is_checked() and message(page) == "12 of 12 right."
    switch.click()
    drawn(page)
    assert not switch.is_checked() and "stateful=False" in page.locator("code").text_content()
    assert page.locator(".lab-guide").get_attribute("data-stage") == "told"  # without an answer
    switch.click()
    drawn(page)
    assert switch.is_checked() and read(page)["answers"] == ALPHABET[1:13]


def test_everything_by_keyboard(opened):
    page = opened(batch_size=3)
    shown = read(page)
    assert [box[2] for box in shown["boxes"] if box[0] == 1] == ["A", "B", "C"]
    stops = page.locator(".state-line [tabindex='0']")
    page.locator('[data-key="cell-1-0"]').focus()
    for pressed, wanted in [
        ("ArrowLeft", "cell-1-0"),
        ("ArrowDown", "cell-1-1"),
        ("ArrowRight", "cell-2-1"),
        ("End", "cell-4-1"),
        ("ArrowDown", "cell-4-2"),
        ("ArrowDown", "gap-4"),
        ("ArrowLeft", "gap-3"),
        ("Home", "gap-2"),
        ("ArrowUp", "cell-2-2"),
        ("Home", "cell-1-2"),
    ]:
        press(page, pressed)
        assert focus(page) == wanted
        assert stops.count() == 1 and stops.get_attribute("data-key") == wanted
    press(page, "Q")
    assert focus(page) == "cell-1-2"  # the focus survives
    assert read(page)["changed"] == [(n, 2) for n in range(1, 5)]  # rows never meet
    assert page.locator("code").text_content().count('"ABQDEFGHIJKL"') == 1
    press(page, "ArrowDown", "ArrowRight")
    assert focus(page) == "cell-2-2"  # before call 1 there is no reset
    press(page, "ArrowDown", "Space")
    assert read(page)["belt"] == "0✂→→"
    assert "before call 2" in message(page).lower() or "Changed" in message(page)


def test_a_number_is_seen_in_the_map_and_in_the_table(opened):
    page = opened(state="c", resets=[7])
    canvas = page.locator(".state-heat canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 6.5 / 12, box["y"] + 2)
    drawn(page)
    found = re.match(r"c = (-?\d\.\d{3}) in unit (\d+) after call 7, row 0 \(G\)\. ", message(page))
    assert message(page).endswith("It starts from zeros: a reset.")
    assert page.locator(".state-spot").count() == 1
    page.mouse.down()
    page.mouse.up()  # a click chooses the call
    page.locator('[data-key="tab-numbers"]').click()
    drawn(page)
    row = page.locator(f'td[data-link="n-7-{found[2]}"]')
    assert row.all_inner_texts()[1] == found[1]


def numbers_on(page, lab):
    """Return all states (calls, rows, 2, units), letters, answers and probabilities of the lab."""
    page.locator('[data-key="tab-numbers"]').click()
    page.locator('[data-key="digits"]').check()
    drawn(page)
    units = len(lab.weights["bias"]) // 4
    calls = len(lab.text) // lab.batch_size * lab.passes
    states = np.full((calls, lab.batch_size, 2, units), np.nan)
    letters, answers, shares = [], [], []
    for number, row, sentence, values in page.evaluate(NUMBERS):
        pattern = rf"Call {number}, row {row} reads (\w) .* answers (\w) with probability ([\d.]+):"
        letter, answer, share = re.match(pattern, sentence).groups()
        letters.append(letter), answers.append(answer), shares.append(float(share))
        for unit, *both in values:
            states[number - 1, row, :, unit] = both
    # The page lists the boxes row by row.
    order = np.arange(calls * lab.batch_size).reshape(lab.batch_size, calls).T.ravel()
    return states, *(np.array(part)[order] for part in (letters, answers, shares))


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
    states, letters, answers, shares = numbers_on(show_labs(lab), lab)
    for codes, h, c, probabilities in (keras_reads(lab), lab.read()):
        np.testing.assert_allclose(states, np.stack([h, c], axis=2), atol=1e-5)
        assert "".join(letters) == decode(codes.ravel())
        assert "".join(answers) == decode(probabilities.argmax(axis=-1).ravel())
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
    for number, _, _, answer, *_ in sorted(read(page)["boxes"]):
        calls[number] = calls.get(number, "") + answer
    assert printed.getvalue() == "".join(f"{number} {said}\n" for number, said in calls.items())
