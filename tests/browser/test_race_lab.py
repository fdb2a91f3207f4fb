"""The Race lab by mouse and by keyboard. Its training itself: test_lab_core.py."""

import re

import numpy as np
import pytest
from lab_tools import call, drawn, focus, press
from test_lab_core import RUN, cut, settings, trained_by_keras

from utils.labs.race import RaceLab
from utils.windows import ALPHABET

pytestmark = pytest.mark.browser

SHORT = {"epochs": 20, "units": 8, "learning_rate": 0.01}


def finished(page):
    """Wait until the lab has trained to the end; return its last sentence."""
    ended = "/ epochs: /.test(document.querySelector('.race-verdict').textContent)"
    page.wait_for_function(ended)
    return page.locator(".race-verdict").inner_text()


def detail(page):
    """Return the sentence about what is pointed at."""
    return page.locator(".lab-detail").inner_text()


def fact(page, row, side):
    """Point at a number of the table; return the full number in the sentence about it."""
    page.locator(f'[data-key="fact-{row}-{side}"]').click()
    return detail(page)


def last_number(sentence):
    """Return the last number of a sentence that is followed by a stop."""
    return float(re.findall(r"(-?\d+(?:\.\d+)?)\.(?: |$)", sentence)[0])


def test_the_numbers_on_the_screen_are_those_of_keras(show_labs, core):
    lab = RaceLab(seed=2, window=4, units=16, learning_rate=0.005, epochs=10)
    lab.running = True  # Python starts the training
    page = show_labs(lab)
    finished(page)
    for side in (0, 1):
        run, _, (loss, accuracy) = trained_by_keras(core, 4, side, 16, 0.005, 10)
        assert last_number(fact(page, 4, side)) == pytest.approx(loss, rel=1e-3)
        assert last_number(fact(page, 4, side)) == round(run["now"][side]["loss"], 6)
        assert f"accuracy {accuracy:.6f}" in fact(page, 5, side)
        right = page.locator(f'[data-side="{side}"][data-right]').count()
        assert right == run["now"][side]["right"] == round(22 * accuracy)
        page.locator(f'[data-key="letter-{side}-3"]').click()
        answer, chance = run["now"][side]["answers"][3], run["now"][side]["chances"][3]
        name = ("4×1", "1×4")[side]
        assert detail(page) == (
            f"After DEFG comes H. {name} answers {ALPHABET[answer]}, and gives H the probability "
            f"{chance:.6f}."
        )


def test_train_stop_and_continue_by_mouse(show_labs, core):
    page = show_labs(RaceLab(epochs=400, units=16))
    train = page.get_by_role("button").first
    train.click()
    page.wait_for_function(  # in one go, since a slow test would come too late
        "document.querySelector('.race-bar').value > 0 && !document.querySelector('button').click()"
    )
    verdict = page.locator(".race-verdict").inner_text()
    assert verdict.startswith("Stopped after epoch ") and train.inner_text() == "Continue"
    stopped = int(re.search(r"epoch (\d+)", verdict)[1])
    assert 0 < stopped < 400
    middle = call(core, "train", RUN, settings(0, 3, 16), stopped)
    assert last_number(fact(page, 4, 0)) == round(middle["now"][0]["loss"], 6)
    moved = np.abs(np.subtract(middle["end"][0], middle["start"][0]))  # of the same moment
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    assert page.locator(".race-bar").evaluate("bar => bar.value") == stopped  # it has stopped
    train.click()
    sentence = finished(page)
    assert "The recurrent kernel of 1×3 is, bit for bit, as it began." in sentence
    assert "One seed shows one run." in sentence
    whole = call(core, "train", RUN, settings(0, 3, 16), 400)
    for side in (0, 1):
        assert last_number(fact(page, 4, side)) == round(whole["now"][side]["loss"], 6)
    moved = np.abs(np.subtract(whole["end"][0], whole["start"][0]))
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    assert page.locator('[data-key="fact-3-1"]').inner_text() == "0"
    assert train.get_attribute("aria-disabled") == "true"
    train.click(force=True)  # nothing is left to train
    assert finished(page) == sentence


def test_everything_by_keyboard(show_labs):
    page = show_labs(RaceLab(**SHORT))
    press(page, "Tab")
    assert focus(page) == "train"
    press(page, "Space")
    finished(page)
    assert focus(page) == "train"  # the focus stays
    press(page, "Tab", "Tab", "Enter")  # the next seed
    verdict = "document.querySelector('.race-verdict').textContent"
    page.wait_for_function(f"/^Seed 1, 20/.test({verdict})")
    assert "ahead with" in page.locator(".lab-view").inner_text()
    for key in ("seed", "window", "units", "epochs"):
        press(page, "Tab")
        assert focus(page) == key
        press(page, "ArrowRight")
    press(page, "Tab", "ArrowLeft")
    page.get_by_text("Seed 2, not trained yet.").first.wait_for()
    drawn(page)
    assert page.locator(".race-step").count() == 5
    code = page.locator(".lab-code").inner_text()
    for words in ("((4, 1), (1, 4))", "LSTM(9)", "epochs=30", "set_random_seed(2)", "Adam(0.005)"):
        assert words in code
    press(page, "Tab", "End")  # the first map
    assert "[0, 35], from hidden unit 0 to the output gate of unit 8" in detail(page)
    scrolled = page.evaluate("scrollY")
    press(page, "ArrowDown", "ArrowDown", "ArrowLeft")
    assert "[2, 34]" in detail(page)
    assert page.evaluate("scrollY") == scrolled  # the keys move the mark, not the page
    press(page, "Tab", "ArrowRight")  # one letter
    assert detail(page).startswith("After BCDE comes F. 4×1 answers")
    press(page, "Tab", "Tab", "Tab", "ArrowDown", "ArrowRight")  # one number of the table
    assert detail(page).startswith("1×4:") and "Dense" in detail(page)
    assert page.locator('.race-facts [tabindex="0"]').count() == 1
    page.wait_for_function(  # a screen reader hears it too
        "document.querySelector('.lab-spoken').textContent.startsWith('1×4:')"
    )
