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
# A lab beside a model of its own; resolves with all traits when the training has ended.
RUN_LAB = """async ([source, values]) => {
    let heard = [];
    const model = {
        get: name => values[name],
        set(name, value) {
            if (Object.is(values[name], value)) return;
            values[name] = value;
            for (const one of heard) if (one.event === `change:${name}`) one.listener();
        },
        save_changes() {},
        on: (event, listener) => { heard = [...heard, { event, listener }]; },
        off() {},
    };
    const module = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    const el = document.body.appendChild(document.createElement('div'));
    const cleanUp = module.default.render({ model, el });
    model.set('running', true);
    while (values.running) await new Promise(done => setTimeout(done, 20));
    cleanUp();
    el.remove();
    return values;
}"""


def finished(page):
    """Wait until the lab has trained to the end; return its last sentence."""
    page.wait_for_function(
        "/^Seed \\d+, \\d+ epochs: /.test(document.querySelector('.lab-message').textContent)"
    )
    return message(page)


def message(page):
    """Return the sentence below the picture."""
    drawn(page)
    return page.locator(".lab-message").first.inner_text()


def train(page):
    """Return the main button."""
    return page.locator('[data-key="train"]')


def numbers(page):
    """Return loss, accuracy, and the greatest change of both models, all digits: (3, 2)."""
    page.locator('[data-key="tab-numbers"]').first.click()
    drawn(page)
    cells = page.locator(".lab-table").first.locator("td[title]").all()
    return np.reshape([float(cell.get_attribute("title")) for cell in cells], (3, 2))


def whole_numbers(page):
    """Return the weights without a gradient, all weights, and the steps of both models: (3, 2)."""
    rows = page.locator(".lab-table").first.locator("td:not([title])").all_inner_texts()
    return np.reshape([int(number) for number in rows], (3, 2)).tolist()


def lit(page, side):
    """Return the letters of one model that are lit up."""
    return "".join(page.locator(f'[data-key^="letter-{side}-"][data-right]').all_inner_texts())


def test_the_numbers_on_the_screen_are_those_of_keras(show_labs, core):
    lab = RaceLab(seed=2, window=4, units=16, learning_rate=0.005, epochs=10)
    lab.running = True  # Python starts the training
    page = show_labs(lab)
    finished(page)
    loss, accuracy, _ = numbers(page)
    assert (
        whole_numbers(page)
        == np.transpose(
            [(idle, total, (4, 1)[side]) for side, (total, idle) in enumerate(lab.count_weights())]
        ).tolist()
    )
    for side in (0, 1):
        run, _, (keras_loss, keras_accuracy) = trained_by_keras(core, 4, side, 16, 0.005, 10)
        assert loss[side] == pytest.approx(keras_loss, rel=1e-3)
        assert loss[side] == run["now"][side]["loss"]
        assert accuracy[side] == pytest.approx(keras_accuracy)
        answers = run["now"][side]["answers"]
        assert lit(page, side) == "".join(ALPHABET[n + 4] for n in range(22) if answers[n] == n + 4)
        page.locator(f'[data-key="letter-{side}-3"]').click()
        assert message(page) == (
            f"After DEFG comes H. {('4×1', '1×4')[side]} answers {ALPHABET[answers[3]]}, "
            f"and gives H the probability {run['now'][side]['chances'][3]:.3f}."
        )
        page.keyboard.press("Escape")


def test_train_stop_and_continue_by_mouse(show_labs, core):
    page = show_labs(RaceLab(epochs=400, units=16))
    train(page).click()
    page.wait_for_function(  # in one go, since a slow test would come too late
        """document.querySelector('progress').value > 0
            && !document.querySelector('[data-key=train]').click()"""
    )
    verdict = message(page)
    assert verdict.startswith("Stopped after epoch ") and train(page).inner_text() == "Continue"
    stopped = int(re.search(r"epoch (\d+)", verdict)[1])
    assert 0 < stopped < 400
    middle = call(core, "train", RUN, settings(0, 3, 16), stopped)
    loss, _, change = numbers(page)
    assert loss[0] == middle["now"][0]["loss"]
    moved = np.abs(np.subtract(middle["end"][0], middle["start"][0]))  # of the same moment
    assert change.tolist() == [cut(moved, 1, 16)[1].max(), 0]
    assert page.locator("progress").evaluate("bar => bar.value") == stopped  # it has stopped
    train(page).click()
    sentence = finished(page)
    assert "The recurrent weights of 1×3 are, bit for bit, as they began." in sentence
    assert "One seed is one run" in sentence
    whole = call(core, "train", RUN, settings(0, 3, 16), 400)
    loss, _, change = numbers(page)
    assert loss.tolist() == [side["loss"] for side in whole["now"]]
    moved = np.abs(np.subtract(whole["end"][0], whole["start"][0]))
    assert change.tolist() == [cut(moved, 1, 16)[1].max(), 0]
    canvas = "side => [...document.querySelectorAll('canvas')[side]" + (
        ".getContext('2d').getImageData(0, 0, 64, 16).data].join()"
    )
    blank, moved = page.evaluate(canvas, 1), page.evaluate(canvas, 0)
    assert len(set(re.findall(r"\d+,\d+,\d+,255", blank))) == 1  # one colour: that of zero
    assert len(set(re.findall(r"\d+,\d+,\d+,255", moved))) > 100
    assert train(page).inner_text() == "Next seed: 1"


def test_a_finished_race_is_kept_and_opens_finished(show_labs, core):
    lab = RaceLab(seed=2, window=4, units=16, learning_rate=0.005, epochs=30)
    values = {key: value for key, value in lab.get_state().items() if not key.startswith("_")}
    values = core.evaluate(RUN_LAB, [lab._esm, values])
    again = RaceLab()  # as a notebook that has been saved, closed and opened
    again.set_state({key: values[key] for key in values if not key.startswith("layout")})
    assert again.epoch == 30 and len(again.results) == 1
    page = show_labs(again, again)
    sentence = message(page)
    assert sentence.startswith("Seed 2, 30 epochs: 4×1 has ") and "bit for bit" in sentence
    assert train(page).first.inner_text() == "Next seed: 3"
    for side, name in enumerate(("steps", "features")):
        count = round(22 * getattr(again, f"accuracy_{name}"))
        assert len(lit(page, side)) == 2 * count > 0  # both views
    assert page.locator(".race-dot.race-now").count() == 4
    points = page.locator(".race-line").first.get_attribute("points").split()
    assert len(points) == 31
    found = numbers(page)
    assert found[0].tolist() == pytest.approx([again.loss_steps, again.loss_features], rel=1e-5)
    assert found[2][0] > 0 == found[2][1]
    assert whole_numbers(page)[0] == [idle for _, idle in again.count_weights()]
    # What is kept cannot be trained on. So it begins again, and arrives where a longer race does.
    page.locator('[data-key="tab-settings"]').first.click()
    page.locator('[data-key="epochs"]').first.fill("40")
    train(page).first.click()
    page.wait_for_function(
        "/2, 40 epochs/.test(document.querySelector('.lab-message').textContent)"
    )
    run = call(core, "train", RUN, settings(2, 4, 16, 0.005), 40)
    wanted = [side["loss"] for side in run["now"]]
    assert numbers(page)[0].tolist() == pytest.approx(wanted, rel=1e-5)


def test_twenty_seeds_leave_their_dots(show_labs):
    page = show_labs(RaceLab(epochs=10, units=4, learning_rate=0.01, seed=3))
    train(page).click()
    finished(page)
    assert page.locator(".race-dot").count() == 2
    page.locator('[data-key="many"]').click()
    drawn(page)
    assert page.locator('[data-key="many"]').get_attribute("aria-disabled") == "true"
    page.wait_for_function("document.querySelectorAll('.race-dot').length === 40")
    said = page.locator(".race-dots p").inner_text()
    wins, seeds, level, behind = map(int, re.findall(r"(?<!×)\b\d+\b(?!×)", said))
    assert (seeds, wins + level + behind) == (20, 20)
    assert finished(page).startswith("Seed 19, 10 epochs")  # seed 3 was not trained twice
    assert page.locator('[data-key="many"]').get_attribute("aria-disabled") == "true"
    page.locator('[data-key="reset"]').click()
    drawn(page)
    assert message(page).startswith("Seed 3, not trained yet")
    assert page.locator(".race-dot").count() == 40  # they stay


def test_everything_by_keyboard(show_labs):
    page = show_labs(RaceLab(**SHORT))
    press(page, "Tab", "Tab", "Tab", "ArrowRight")  # question, tour, a letter of the upper lane
    assert focus(page) == "letter-0-1" and "After BCD comes E. 3×1 answers" in message(page)
    press(page, "Tab", "End")
    assert focus(
        page
    ) == "map-0" and "[0, 31], from unit 0 to the output gate of unit 7" in message(page)
    scrolled = page.evaluate("scrollY")
    press(page, "ArrowDown", "ArrowDown", "ArrowLeft")
    assert "[2, 30]" in message(page) and page.locator(".race-spot").count() == 2
    assert page.evaluate("scrollY") == scrolled  # the keys move the mark, not the page
    press(page, "Tab", "Tab", "Tab")
    assert focus(page) == "train"
    press(page, "Space")
    finished(page)
    assert focus(page) == "train"  # the focus stays
    press(page, "Enter")  # the next seed
    page.wait_for_function("/^Seed 1, 20/.test(document.querySelector('.lab-message').textContent)")
    assert "of 2 seeds" in page.locator(".race-dots").inner_text()
    press(page, "Tab", "Tab")
    for key in ("seed", "window", "units", "epochs"):
        press(page, "Tab")
        assert focus(page) == key
        press(page, "ArrowRight")
    press(page, "Tab", "ArrowLeft")
    assert message(page).startswith("Seed 2, not trained yet.")
    assert page.locator(".race-machine span").all_inner_texts() == [*"ABCD", "ABCD"]
    code = page.locator(".lab-code").text_content()
    for words in ("((4, 1), (1, 4))", "LSTM(9)", "epochs=30", "set_random_seed(2)", "Adam(0.005)"):
        assert words in code
    press(page, "Tab")
    assert focus(page) == "again"
