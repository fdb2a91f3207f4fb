"""The Shape lab by mouse and by keyboard: its numbers, its code, what it links."""

import re

import numpy as np
import pytest
from lab_tools import ODD_TEXTS, drawn, focus, press

from utils.labs import ShapeLab
from utils.windows import decode, encode, sliding_windows

pytestmark = pytest.mark.browser

# The boxes are what the reader sees: a new one begins where the way of the state is open.
READ = """() => {
    const rows = [...document.querySelectorAll('.shape-row:not(.shape-head)')];
    const boxes = row => [...row.querySelectorAll('[data-row]')].reduce((found, cell) => {
        if (getComputedStyle(cell.previousElementSibling).opacity > 0.5) found.push([]);
        found.at(-1).push(+cell.querySelector('b').textContent);
        return found;
    }, []);
    return {
        X: rows.map(boxes),
        next: rows.map(row => row.querySelector('.shape-next').textContent),
        shape: document.querySelector('.shape-shape').innerText.match(/\\d+/g).map(Number),
    };
}"""


def open_tab(page, name):
    """Open one of the tabs."""
    page.locator(f'[data-key="tab-{name}"]').click()
    drawn(page)


def settle(page):
    """Skip the question with which the lab opens, and wait until nothing moves."""
    if page.locator('[data-key="skip"]').count():
        page.locator('[data-key="skip"]').click()
    drawn(page)
    page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")


@pytest.mark.parametrize(
    ("window", "T", "stride"), [(3, 3, 1), (3, 1, 1), (6, 2, 2), (1, 1, 4), (8, 8, 1)]
)
def test_numbers_and_code_are_those_of_the_book(show_labs, window, T, stride):
    """X as boxes, its shape, the next letters, the table; and the code gives them."""
    import keras

    text = "SHAPEANDSTATEOFAN"
    page = show_labs(ShapeLab(text=text, window=window, time_steps=T, stride=stride, sample=0))
    settle(page)
    shown = page.evaluate(READ)
    dataX, dataY = sliding_windows(encode(text), window, stride=stride)
    X = np.reshape(dataX, (len(dataX), T, window // T))
    assert shown["X"] == X.tolist() and shown["shape"] == list(X.shape)
    assert "".join(shown["next"]) == decode(dataY)
    page.locator('[data-key="x-1-0"]').click()
    open_tab(page, "numbers")
    rows = [row.inner_text().split("\t") for row in page.locator("tbody tr").all()]
    assert [int(row[2]) for row in rows] == dataX[1].tolist()
    assert [row[3] for row in rows] == [f"{code / 26:.3f}" for code in dataX[1]]
    assert all(X[tuple(eval(row[4][1:]))] == int(row[2]) for row in rows)
    open_tab(page, "code")
    lines = page.locator("code").inner_text().splitlines()
    here = {"np": np, "keras": keras, "encode": encode, "sliding_windows": sliding_windows}
    exec("\n".join(lines), here)
    said = re.search(r"# \((\d+), (\d+), (\d+)\)", lines[1]).groups()
    assert here["X"].shape == tuple(map(int, said))
    assert here["model"].input_shape == (None, T, window // T)
    assert "X[1, 0, 0]" in lines[2] and eval(lines[2], here)
    letter = text[stride]
    assert lines[2].endswith(f"== {encode(letter)[0]}  # {letter}: its place in the alphabet")


def test_pointing_lights_up_letter_code_and_the_same_letter_elsewhere(show_labs):
    page = show_labs(ShapeLab())
    settle(page)
    open_tab(page, "code")
    page.locator('[data-key="x-2-0"]').hover()
    drawn(page)
    message = page.locator(".lab-message")
    assert message.inner_text().startswith(
        "2 is the code of C. dataX[2, 0] is X[2, 0, 0]: sample 2"
    )
    assert page.locator(".shape-number.same").count() == 3  # the same letter in three windows
    lit = page.locator("[data-lit]").all_inner_texts()
    assert sorted(lit) == [
        "2\nC",
        "C",
        "X[2, 0, 0] == dataX[2, 0] == 2  # C: its place in the alphabet",
    ]
    page.locator(".shape-sequence span").nth(2).hover()
    drawn(page)
    assert message.inner_text() == "C is in X[0, 2, 0], X[1, 1, 0], X[2, 0, 0]."
    assert page.locator(".shape-number[data-lit]").count() == 3
    page.locator(".shape-head .time-steps").nth(1).hover()
    drawn(page)
    assert page.locator(".shape-number[data-row][data-lit]").count() == 5  # t = 1 of each sample


def test_boxes_regroup_then_the_state_walks_through_all_samples_at_once(show_labs):
    page = show_labs(ShapeLab())
    settle(page)
    message = page.locator(".lab-message")
    page.locator('[data-key="time_steps-1"]').click()
    drawn(page)
    moving = "document.getAnimations().filter(one => one.playState === 'running').length"
    assert page.evaluate(moving) > 0
    message.get_by_text("Turn 1 of 1").wait_for()
    assert page.locator(".shape-number[data-now]").count() == 15
    message.get_by_text("It starts from zeros and passes nothing on").wait_for()
    page.emulate_media(reduced_motion="reduce")
    page.locator('[data-key="time_steps-3"]').click()
    drawn(page)
    assert page.evaluate(moving) == 0 and page.evaluate(READ)["shape"] == [5, 3, 1]
    page.wait_for_timeout(1000)
    assert page.locator("[data-now]").count() == 0  # nothing walks unasked
    page.locator('[data-key="run"]').click()
    for turn in (1, 2, 3):
        message.get_by_text(f"Turn {turn} of 3").wait_for()
        now = page.locator(".shape-number[data-now]")
        assert {one.get_attribute("data-column") for one in now.all()} == {str(turn - 1)}
        assert now.count() == 5 and page.evaluate(moving) == 0
    message.get_by_text("The end").wait_for()
    assert page.locator(".shape-next[data-now]").count() == 5
    message.get_by_text("The loop runs 3 times").wait_for()


def test_everything_by_keyboard(show_labs):
    page = show_labs(ShapeLab())
    page.locator('[data-key="skip"]').press("Enter")
    page.locator('[data-key="text"]').focus()
    page.keyboard.type("KLMNOPQRST")
    press(page, "Tab", "ArrowRight")
    assert page.locator(".lab-slider output").first.inner_text() == "4"
    assert page.evaluate(READ)["shape"] == [6, 4, 1]  # all of the window stays all of it
    press(page, "Tab", "ArrowRight")
    page.locator('[data-key="time_steps-4"]').focus()
    press(page, "ArrowDown")  # the next layout
    assert focus(page) == "time_steps-2"
    assert page.evaluate(READ)["shape"] == [3, 2, 2]
    page.locator(".shape-samples").focus()  # it scrolls; then one number of it
    press(page, "Tab")
    assert focus(page) == "x-1-1"
    press(page, "ArrowRight", "ArrowDown", "End")
    assert "dataX[2, 3] is X[2, 1, 1]" in page.locator(".lab-message").inner_text()
    press(page, "Home", *["ArrowUp"] * 3)  # there is no row above the first
    assert "dataX[0, 0] is X[0, 0, 0]" in page.locator(".lab-message").inner_text()
    assert page.locator('[aria-current="true"]').count() == 1
    assert page.locator('.shape-number[tabindex="0"]').count() == 1
    page.locator('[data-key="question"]').select_option("turn")
    page.locator('[data-key="x-0-2"][data-answer]').focus()
    press(page, "Enter")  # the answer
    page.locator('.lab-guide[data-stage="do"]').wait_for()


@pytest.mark.parametrize("width", [1000, 390, 320])
def test_every_window_is_whole_with_its_next_letter_at_every_width(show_labs, width):
    for window in range(1, 9):
        page = show_labs(ShapeLab(text="ABCDEFGHIJKLMNOPQRSTUVWXYZ", window=window), width=width)
        box = page.locator(".shape-samples").bounding_box()
        rows = page.locator(".shape-row:not(.shape-head)")
        for part in (".shape-next", "[data-row]"):
            place = rows.first.locator(part).last.bounding_box()
            assert place["x"] >= box["x"]
            assert place["x"] + place["width"] <= box["x"] + box["width"]
        bottoms = [place.bounding_box() for place in rows.all()[:6]]
        end = box["y"] + box["height"]
        assert bottoms[4]["y"] + bottoms[4]["height"] <= end <= bottoms[5]["y"] + 4  # five, whole
        cut = "one => one.scrollWidth > one.clientWidth + 1"
        assert not any(
            cell.evaluate(cut) for cell in page.locator("[data-row]").all()[: 8 * window]
        )


def test_odd_texts_are_text_and_complaints_go_with_them(show_labs):
    page = show_labs(ShapeLab(stride=1, window=3, text="ABC"))
    short = "A window of 3 and the letter after it need 4 letters; here are {}."
    page.get_by_text(short.format(3)).wait_for()
    box, note = page.get_by_role("textbox"), page.locator(".lab-note")
    for name, odd in ODD_TEXTS.items():
        box.fill(odd)
        drawn(page)
        letters = re.sub("[^A-Z]", "", odd.upper())[:40]
        strange = len(re.sub("[A-Z]", "", odd.upper()))
        if name != "emoji":  # Python and JavaScript count composed characters differently
            assert ("Left out" in note.inner_text()) == (strange > 0)
        assert ("Only the first 40" in note.inner_text()) == (name == "very long")
        assert ("Type letters A to Z." in note.inner_text()) == (letters == "")
        found = page.evaluate(READ)
        if len(letters) > 3:
            wanted = sliding_windows(encode(letters), 3)[0]
            assert np.array(found["X"])[:, :, 0].tolist() == wanted.tolist()
        else:  # nothing of the text before stays
            assert found["X"] == [] and found["shape"][0] == 0
            said = short.format(len(letters)) if letters else "Type letters A to Z."
            assert page.locator(".shape-samples").inner_text() == said
            assert page.locator(".shape-sequence").inner_text().replace("\n", "") == letters
    assert not page.evaluate("Boolean(window.ran)")
    box.fill("ABCDE")
    page.locator("[data-key=window]").press("ArrowLeft")
    drawn(page)
    assert note.inner_text() == "" and page.locator("[data-wrong]").count() == 0
