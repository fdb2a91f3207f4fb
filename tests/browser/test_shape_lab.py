"""The Shape lab by mouse and by keyboard: its numbers, its code, what it links."""

import re

import numpy as np
import pytest
from lab_tools import ODD_TEXTS, drawn, focus, press

from utils.labs import ShapeLab
from utils.windows import decode, encode, sliding_windows

pytestmark = pytest.mark.browser

READ = """() => {
    const numbers = (root, query) => [...root.querySelectorAll(query)].map(n => +n.textContent);
    const rows = [...document.querySelectorAll('tbody tr')];
    return {
        dataX: rows.map(row => numbers(row, 'td[data-row] b')),
        X: rows.map(row => [...row.querySelectorAll('.shape-nested .features')].length / 2),
        flat: rows.map(row => numbers(row, '.shape-nested .shape-number')),
        targets: rows.map(row => row.querySelector('.shape-target').textContent.at(-1)),
        loop: [...document.querySelectorAll('.shape-step')]
            .map(step => numbers(step, '.shape-number')),
    };
}"""


@pytest.mark.parametrize(
    ("window", "T", "stride"), [(3, 3, 1), (3, 1, 1), (6, 2, 2), (1, 1, 4), (8, 8, 1)]
)
def test_numbers_and_code_are_those_of_the_book(show_labs, window, T, stride):
    """dataX, X as a nested list, the targets and the vectors of the loop; the code gives them."""
    import keras

    text = "SHAPEANDSTATEOFAN"
    page = show_labs(ShapeLab(text=text, window=window, time_steps=T, stride=stride, sample=0))
    shown = page.evaluate(READ)
    dataX, dataY = sliding_windows(encode(text), window, stride=stride)
    assert shown["dataX"] == dataX.tolist() == shown["flat"]
    assert shown["X"] == [T] * len(dataX)
    assert shown["loop"] == np.reshape(dataX, (len(dataX), T, window // T))[0].tolist()
    assert "".join(shown["targets"]) == decode(dataY)
    page.locator("td[data-row]").nth(window).click()  # sample 1, position 0
    lines = page.locator("code").inner_text().splitlines()
    here = {"np": np, "keras": keras, "encode": encode, "sliding_windows": sliding_windows}
    exec("\n".join(lines), here)
    said = re.search(r"# \((\d+), (\d+), (\d+)\)", lines[1]).groups()
    assert here["X"].shape == tuple(map(int, said))
    assert here["model"].input_shape == (None, T, window // T)
    assert "X[1, 0, 0]" in lines[2] and eval(lines[2], here)
    letter = text[stride]
    assert lines[2].endswith(f"== {encode(letter)[0]}  # the code of {letter}")


def test_switching_the_layout_and_pointing_by_mouse(show_labs):
    page = show_labs(ShapeLab())
    detail = page.locator(".lab-detail")
    # What one points at is marked everywhere, and resting there is no work.
    page.evaluate("""() => {
        window.drawings = 0;
        new MutationObserver(() => window.drawings++).observe(
            document.querySelector('.shape-loop'), { childList: true });
    }""")
    page.locator(".shape-nested").nth(2).locator(".shape-number").nth(0).hover()
    assert "2 is the code of C" in detail.inner_text() and "X[2, 0, 0]" in detail.inner_text()
    assert "also in X[0, 2, 0], X[1, 1, 0]" in detail.inner_text()
    assert page.locator(".selected").count() == 3  # dataX, X, and the loop
    assert page.locator("td.same").count() == 3  # the same letter in three windows
    for _ in range(5):
        drawn(page)
    assert page.evaluate("window.drawings") == 1
    page.locator(".lab-spoken", has_text="2 is the code of C").wait_for(state="attached")
    page.locator(".shape-step .shape-number").nth(2).click()
    assert "dataX[2, 2]" in detail.inner_text()
    page.get_by_text("1×3", exact=True).click()
    page.get_by_text("The loop runs once on a vector of length 3.").wait_for()
    assert page.evaluate(READ)["loop"] == [[2, 3, 4]]
    assert "np.reshape(dataX, (len(dataX), 1, 3))  # (5, 1, 3)" in page.locator("code").inner_text()
    page.get_by_text("Shape 5, 1, 3.").wait_for(state="attached")  # for screen readers


def test_everything_by_keyboard(show_labs):
    page = show_labs(ShapeLab())
    press(page, "Tab")
    page.keyboard.type("KLMNOPQRST")
    press(page, "Tab", "ArrowRight")
    page.get_by_text("Window 4").wait_for()
    press(page, "Tab", "ArrowRight")
    page.get_by_text("Stride 2").wait_for()
    press(page, "Tab", "ArrowDown")  # the next layout
    page.locator('input[value="2"][type="radio"]:checked').wait_for()
    assert page.evaluate("document.activeElement.value") == "2"  # the focus stays where it was
    page.wait_for_function("document.querySelectorAll('.shape-step').length === 2")
    press(page, "Tab", "Tab")  # the table scrolls; then one cell of it
    assert focus(page) == "cell-1-1"
    press(page, "ArrowRight", "ArrowDown", "End")
    assert "dataX[2, 3] and at X[2, 1, 1]" in page.locator(".lab-detail").inner_text()
    press(page, "Home", *["ArrowUp"] * 3)  # there is no row above the first
    assert "dataX[0, 0] and at X[0, 0, 0]" in page.locator(".lab-detail").inner_text()
    assert page.locator("td.selected").count() == 1
    assert page.locator('td[tabindex="0"]').count() == 1


def test_odd_texts_are_text_and_complaints_go_with_them(show_labs):
    page = show_labs(ShapeLab())
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
        if len(letters) > 3:
            found = page.evaluate(READ)["dataX"]
            assert found == sliding_windows(encode(letters), 3)[0].tolist()
    assert not page.evaluate("Boolean(window.ran)")
    box.fill("ABC")
    page.get_by_text("A window of 3 and the letter after it need 4 letters; here are 3.").wait_for()
    box.fill("ABCD")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")
    box.fill("")
    page.get_by_text("Type letters A to Z.").wait_for()
    page.locator("[data-key=window]").press("ArrowLeft")
    drawn(page)
    assert box.input_value() == "ABCD"
    assert note.inner_text() == "" and page.locator("[data-wrong]").count() == 0
