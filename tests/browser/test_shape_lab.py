"""The Shape lab by mouse and by keyboard, from a server and from disk."""

import re

import numpy as np
import pytest
from lab_tools import ODD_TEXTS, drawn, scrolls_sideways, serious, small_targets

from utils.labs import ShapeLab
from utils.windows import decode, encode, sliding_windows

pytestmark = pytest.mark.browser


def read(page):
    """Return dataX, X as a nested list, the targets and the vectors of the loop, as shown."""
    return page.evaluate(
        """() => {
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
    )


@pytest.mark.parametrize("disk", [False, True], ids=["http", "disk"])
@pytest.mark.parametrize(
    ("window", "T", "stride"), [(3, 3, 1), (3, 1, 1), (6, 2, 1), (6, 3, 2), (1, 1, 4), (8, 8, 1)]
)
def test_the_numbers_are_those_of_the_book(show_labs, window, T, stride, disk):
    text = "SHAPEANDSTATEOFAN"
    lab = ShapeLab(text=text, window=window, time_steps=T, stride=stride, sample=0)
    shown = read(show_labs(lab, disk=disk).page)
    dataX, dataY = sliding_windows(encode(text), window, stride=stride)
    assert shown["dataX"] == dataX.tolist() == shown["flat"]
    assert shown["X"] == [T] * len(dataX)
    assert shown["loop"] == np.reshape(dataX, (len(dataX), T, window // T))[0].tolist()
    assert "".join(shown["targets"]) == decode(dataY)


def test_switching_the_layout_by_mouse(show_labs):
    page = show_labs(ShapeLab()).page
    assert len(read(page)["loop"]) == 3
    page.get_by_text("1×3", exact=True).click()
    page.get_by_text("The loop runs once on a vector of length 3.").wait_for()
    shown = read(page)
    assert shown["loop"] == [[1, 2, 3]]
    assert "np.reshape(dataX, (len(dataX), 1, 3))  # (5, 1, 3)" in page.locator("code").inner_text()
    page.get_by_text("Shape 5, 1, 3.").wait_for(state="attached")  # for screen readers


@pytest.mark.parametrize(("window", "T", "stride"), [(3, 1, 1), (6, 2, 2)])
def test_the_code_on_the_screen_runs(show_labs, window, T, stride):
    import keras

    lab = ShapeLab(text="SHAPEANDSTATE", window=window, time_steps=T, stride=stride)
    page = show_labs(lab).page
    page.locator("td[data-row]").nth(window + 1).click()  # sample 1, position 1
    lines = page.locator("code").inner_text().splitlines()
    here = {"np": np, "keras": keras, "encode": encode, "sliding_windows": sliding_windows}
    exec("\n".join(lines), here)
    said = re.search(r"# \((\d+), (\d+), (\d+)\)", lines[1]).groups()
    assert here["X"].shape == tuple(map(int, said))
    assert here["model"].input_shape == (None, T, window // T)
    assert f"X[1, {1 // lab.features}, {1 % lab.features}]" in lines[2]
    assert eval(lines[2], here)
    letter = "SHAPEANDSTATE"[stride + 1]
    assert lines[2].endswith(f"== {encode(letter)[0]}  # the code of {letter}")


def test_everything_by_keyboard(show_labs):
    page = show_labs(ShapeLab()).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "text"
    page.keyboard.type("KLMNOPQRST")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.get_by_text("Window 4").wait_for()
    drawn(page)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.get_by_text("Stride 2").wait_for()
    drawn(page)  # the layouts too
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # the next layout
    page.locator('input[value="2"][type="radio"]:checked').wait_for()
    assert page.evaluate("document.activeElement.value") == "2"  # the focus stays where it was
    page.wait_for_function("document.querySelectorAll('.shape-step').length === 2")
    page.keyboard.press("Tab")  # the table scrolls
    page.keyboard.press("Tab")  # one cell of it
    assert page.evaluate("document.activeElement.dataset.key") == "cell-1-1"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    detail = page.locator(".lab-detail").inner_text()
    assert "dataX[2, 3] and at X[2, 1, 1]" in detail
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")  # there is no row above the first
    assert "dataX[0, 0] and at X[0, 0, 0]" in page.locator(".lab-detail").inner_text()
    assert page.locator("td.selected").count() == 1
    assert page.locator('td[tabindex="0"]').count() == 1


def test_pointing_anywhere_shows_the_number_everywhere(show_labs):
    page = show_labs(ShapeLab()).page
    page.locator(".shape-nested").nth(2).locator(".shape-number").nth(0).hover()
    detail = page.locator(".lab-detail").inner_text()
    assert "2 is the code of C" in detail and "X[2, 0, 0]" in detail
    assert "also in X[0, 2, 0], X[1, 1, 0]" in detail
    assert page.locator(".selected").count() == 3  # dataX, X, and the loop
    assert page.locator("td.same").count() == 3  # the same letter in three windows
    page.locator(".shape-step .shape-number").nth(2).click()
    assert "dataX[2, 2]" in page.locator(".lab-detail").inner_text()


def test_resting_on_a_number_of_the_loop_is_no_work(show_labs):
    page = show_labs(ShapeLab()).page
    page.evaluate(
        """() => {
            window.drawings = 0;
            const loop = document.querySelector('.shape-loop');
            new MutationObserver(() => window.drawings++).observe(loop, { childList: true });
        }"""
    )
    page.locator(".shape-step .shape-number").nth(2).hover()
    for _ in range(10):
        drawn(page)
    assert page.evaluate("window.drawings") == 1
    page.locator(".lab-spoken", has_text="3 is the code of D").wait_for(state="attached")


def test_a_complaint_goes_with_the_text_it_is_about(show_labs):
    page = show_labs(ShapeLab()).page
    page.get_by_role("textbox").fill("")
    page.get_by_text("Type letters A to Z.").wait_for()
    page.locator("[data-key=window]").press("ArrowLeft")
    drawn(page)
    assert page.get_by_role("textbox").input_value() == "ABCDEFGH"
    assert page.locator(".lab-note").inner_text() == ""
    assert page.locator("[data-wrong]").count() == 0


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_odd_texts_are_text(show_labs, name):
    view = show_labs(ShapeLab())
    page = view.page
    page.get_by_role("textbox").fill(ODD_TEXTS[name])
    drawn(page)
    letters = re.sub("[^A-Z]", "", ODD_TEXTS[name].upper())[:40]
    strange = len(re.sub("[A-Z]", "", ODD_TEXTS[name].upper()))
    assert not page.evaluate("Boolean(window.ran)")
    assert page.locator(".lab img, .lab script").count() == 0
    note = page.locator(".lab-note").inner_text()
    if name != "emoji":  # Python and JavaScript count composed characters differently
        assert ("Left out" in note) == (strange > 0)
    assert ("Only the first 40" in note) == (name == "very long")
    assert ("Type letters A to Z." in note) == (letters == "")
    if len(letters) > 3:
        assert read(page)["dataX"] == sliding_windows(encode(letters), 3)[0].tolist()


def test_too_short_a_text_says_what_is_missing(show_labs):
    page = show_labs(ShapeLab()).page
    page.get_by_role("textbox").fill("ABC")
    page.get_by_text("A window of 3 and the letter after it need 4 letters; here are 3.").wait_for()
    page.get_by_role("textbox").fill("ABCD")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")


def test_two_labs_on_a_page_do_not_meet(show_labs):
    page = show_labs(ShapeLab(), ShapeLab(window=2)).page
    page.get_by_text("1×3", exact=True).click()
    drawn(page)
    assert page.locator(".shape-step").count() == 1 + 2
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("window", [1, 3, 8])
def test_accessible_and_on_a_phone(show_labs, window, width, scheme):
    lab = ShapeLab(text="SHAPEANDSTATEOFANLSTM", window=window)
    page = show_labs(lab, width=width, scheme=scheme).page
    assert serious(page) == []
    assert not scrolls_sideways(page)
    assert small_targets(page) == []
    page.get_by_role("textbox").fill("?")
    assert serious(page) == []


def test_words_can_be_replaced(show_labs):
    page = show_labs(ShapeLab(words={"title": "Formenlabor", "window": "Fenster"})).page
    assert page.get_by_role("region", name="Formenlabor").is_visible()
    assert page.get_by_text("Fenster 3").is_visible()
