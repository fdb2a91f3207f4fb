"""The Race lab by mouse and by keyboard. Its training itself: test_lab_core.py."""

import re

import numpy as np
import pytest
from lab_tools import MODEL, call, drawn, focus, press
from test_lab_core import RUN, cut, settings, trained_by_keras

from utils.labs.race import RaceLab
from utils.windows import ALPHABET, encode, sliding_windows

pytestmark = pytest.mark.browser

SHORT = {"epochs": 20, "units": 8, "learning_rate": 0.01}
# The pixels of both maps, read from copies, which browsers prefer for what is read often.
PIXELS = """[...document.querySelectorAll('.race-map canvas')].map(canvas => {
    const { width, height } = canvas;
    const copy = Object.assign(document.createElement('canvas'), { width, height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return [...context.getImageData(0, 0, width, height).data];
})"""


def with_model(page, code, **changes):
    """Run `code` beside a lab on a model with these traits; return what the code returns."""
    keys = RaceLab.class_trait_names(sync=True)
    traits = {name: v for name, v in RaceLab(**changes).get_state().items() if name in keys}
    body = f"(async () => {{ {MODEL} try {{ {code} }} finally {{ cleanUp(); el.remove(); }} }})()"
    return call(page, "race", f"await {body}", traits)


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
    page = show_labs(RaceLab(seed=2, window=4, units=16, learning_rate=0.005, epochs=10))
    page.get_by_role("button", name="Train").click()
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


def test_the_first_view_teaches(show_labs, core):
    page = show_labs(RaceLab())
    assert "does the map of 1×3 ever move?" in page.locator(".lab-first").inner_text()
    notes = page.locator(".race-note").all_inner_texts()
    assert notes[0].startswith("In 4096 of 4096 weights")
    assert notes[1] == "Exactly 0 in all 4096 weights."
    machines = [machine.get_attribute("aria-label") for machine in page.get_by_role("img").all()]
    assert "3×1 reads ABC: 3 steps from zeros, h and c go from step to step" in machines[0]
    assert "1×3 reads ABC: one step" in machines[1]
    for row, side, words in [
        (0, 0, "3 times for each window, and hands its state on 2 times"),
        (1, 1, "5466 weights. Kernel 3×128, recurrent kernel 32×128, bias 128, Dense 858"),
        (2, 1, "4224 weights was exactly 0 each time: 4096 in the recurrent kernel, 96 in"),
    ]:
        assert words in fact(page, row, side)
    pull = call(core, "train", RUN, settings(), 0)["pulls"][0]
    page.locator(".race-map").first.focus()
    press(page, "ArrowDown", "ArrowRight")
    where = "[1, 1], from hidden unit 1 to the input gate of unit 1."
    assert f"{where} 3×1: gradient {pull[129]:.6f}" in detail(page)


def test_train_stop_continue_and_start_again_by_mouse(show_labs, core):
    page = show_labs(RaceLab(epochs=100, units=16))
    train, again = page.get_by_role("button").all()[:2]
    train.click()
    page.wait_for_function(  # in one go, since a slow test would come too late
        "document.querySelector('.race-bar').value > 5 && !document.querySelector('button').click()"
    )
    verdict = page.locator(".race-verdict").inner_text()
    assert verdict.startswith("Stopped after epoch ") and train.inner_text() == "Continue"
    stopped = int(re.search(r"epoch (\d+)", verdict)[1])
    assert 0 < stopped < 100
    middle = call(core, "train", RUN, settings(0, 3, 16), stopped)
    assert last_number(fact(page, 4, 0)) == round(middle["now"][0]["loss"], 6)
    moved = np.abs(np.subtract(middle["end"][0], middle["start"][0]))  # of the same moment
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    assert page.locator(".race-bar").evaluate("bar => bar.value") == stopped  # it has stopped
    train.click()
    sentence = finished(page)
    assert "The recurrent kernel of 1×3 is, bit for bit, as it began." in sentence
    assert "One seed shows one run." in sentence
    whole = call(core, "train", RUN, settings(0, 3, 16), 100)
    for side in (0, 1):
        assert last_number(fact(page, 4, side)) == round(whole["now"][side]["loss"], 6)
    moved = np.abs(np.subtract(whole["end"][0], whole["start"][0]))
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    assert page.locator('[data-key="fact-3-1"]').inner_text() == "0"
    assert train.get_attribute("aria-disabled") == "true"
    train.click(force=True)  # nothing is left to train
    assert finished(page) == sentence
    again.click()
    page.wait_for_function("document.querySelector('.race-bar').value < 100")
    assert finished(page) == sentence  # the same seed, the same run
    assert page.locator(".race-tally-title + div tr").first.locator("td").count() == 1


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


def test_the_code_on_the_screen_trains_the_same_models(show_labs):
    import keras

    lab = RaceLab(seed=1, window=2, units=4, epochs=10)
    code = show_labs(lab).locator(".lab-code").inner_text()
    models = []

    class Noted(keras.Sequential):
        """A model that is kept, with its recurrent kernel before training."""

        def __init__(self, layers):
            super().__init__(layers)
            models.append((self, self.get_weights()[1]))

    names = {"np": np, "ALPHABET": ALPHABET, "encode": encode, "sliding_windows": sliding_windows}
    exec(code.replace("keras.Sequential", "Noted"), names | {"keras": keras, "Noted": Noted})
    for (model, before), layout, (count, _) in zip(
        models, lab.layouts, lab.count_weights(), strict=True
    ):
        assert model.input_shape[1:] == layout and model.count_params() == count
        moved = not np.array_equal(model.get_weights()[1], before)
        assert moved == (layout[0] > 1)  # as in the page: with one time step nothing moves
        assert model.optimizer.iterations == 10 * 24


def test_the_maps_show_what_moved_in_light_and_dark(show_labs, core):
    page = show_labs(RaceLab(**SHORT))
    page.get_by_role("button", name="Train").click()
    finished(page)
    left, right = page.evaluate(f"{PIXELS}.map(data => data.filter((_, k) => k % 4 === 3))")
    run = call(core, "train", RUN, settings(0, 3, 8, 0.01), 20)
    start, end = (cut(run[name][0], 1, 8)[1] for name in ("start", "end"))
    change = (end - start).ravel()
    reach = 2.5 * np.sqrt(np.mean(change**2))
    np.testing.assert_allclose(left, 255 * np.minimum(1, np.abs(change) / reach), atol=1)
    assert max(right) == 0 and len(right) == 8 * 32
    box = page.locator(".race-map").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 20.5 / 32, box["y"] + box["height"] * 3.5 / 8)
    still = f"{start[3, 20]:.6f}"
    assert detail(page) == (
        "Recurrent kernel [3, 20], from hidden unit 3 to the candidate of unit 4. 3×1: change "
        f"{change.reshape(8, 32)[3, 20]:.6f}, from {still} to {end[3, 20]:.6f}. 1×3: change "
        f"0.000000, from {still} to {still}."
    )
    assert page.locator(".race-mark:visible").count() == 2  # linked
    color = f"{PIXELS}[0].filter((_, k, data) => k % 4 === 0 && data[k + 3] === 255)"
    assert set(page.evaluate(color)) <= {0x6A, 0x7A}
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    drawn(page)
    assert set(page.evaluate(color)) <= {0xC7, 0xD9}


def test_seeds_are_tallied_each_once_and_by_settings(show_labs):
    page = show_labs(RaceLab(**SHORT))
    page.get_by_role("button", name="Train").click()
    finished(page)
    for seed in (1, 2):
        page.get_by_role("button", name="Next seed").click()
        page.get_by_text(f"Seed {seed}, 20 epochs").first.wait_for()
    tally = page.locator(".race-tally-title + div")
    shown = tally.inner_text()
    assert tally.locator("tr").first.inner_text().split() == ["Seed", "0", "1", "2"]
    count = page.get_by_text("ahead with").inner_text()
    numbers = re.search(r"with (\d) of 3 seeds, level with (\d), behind with (\d)", count).groups()
    assert sum(map(int, numbers)) == 3
    window, rate = page.get_by_label("Window"), page.locator('[data-key="rate-0.001"]')
    for leave in (lambda: window.fill("4"), rate.check):  # other settings: another tally
        leave()
        page.wait_for_function("!document.querySelector('.race-tally-title')")
        window.fill("3")
        page.locator('[data-key="rate-0.01"]').check()
        tally.wait_for()
        assert tally.inner_text() == shown


def test_the_page_stays_alive_during_training(show_labs):
    page = show_labs(RaceLab(window=6, epochs=1000))
    page.evaluate("""() => {
        window.shown = new Set();
        const look = () => {
            shown.add(document.querySelector('.race-bar').value);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }""")
    train = page.get_by_role("button").first
    train.click()
    for n in (0, 5, 10, 15):
        page.locator(f'[data-key="letter-0-{n}"]').click()
        page.get_by_text(f"After {ALPHABET[n : n + 6]} comes").wait_for()
    assert train.inner_text() == "Stop"  # the clicks came through while it trained
    train.click()
    # In one piece, training would show nothing between its beginning and its end.
    assert page.evaluate("shown.size") > 5


def test_without_motion_it_trains_too(show_labs):
    page = show_labs(RaceLab(running=True, **SHORT))
    finished(page)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Next seed").click()
    page.get_by_text("Seed 1, 20 epochs").first.wait_for()
    assert page.locator(".race-bar").evaluate("bar => bar.value") == 20
    page.wait_for_function("/^Seed 1, 20/.test(document.querySelector('.lab-spoken').textContent)")


# Traits: a model without Python -----------------------------------------------------------------


def test_python_starts_the_training_and_hears_the_result(core):
    first, second, other, saved = with_model(
        core,
        """
        model.set("running", true);
        await until(() => !model.get("running"));
        const first = { ...model.values };
        const place = document.createElement("div");
        m.default.render({ model, el: place })();  // another view leaves the results
        const other = { ...model.values };
        model.set("seed", 7);
        model.set("running", true);  // at once, before the page has drawn
        await until(() => !model.get("running"));
        return [first, model.values, other, model.saved];
        """,
        **SHORT,
    )
    assert saved >= 2 and other == first
    runs = [call(core, "train", RUN, settings(seed, 3, 8, 0.01), 20) for seed in (0, 7)]
    for values, run in zip((first, second), runs, strict=True):
        assert values["epoch"] == 20
        for side, name in enumerate(("steps", "features")):
            assert values[f"loss_{name}"] == run["now"][side]["loss"]
            assert values[f"accuracy_{name}"] == run["now"][side]["right"] / 23
    assert [result["seed"] for result in second["results"]] == [0, 7]
    lab = RaceLab(**SHORT)
    lab.set_state({name: second[name] for name in ("epoch", "loss_steps", "results", "seed")})
    assert lab.results == second["results"] and (lab.epoch, lab.seed) == (20, 7)
    assert set(lab.results[0]) == {
        *("seed", "window", "units", "learning_rate", "epochs"),
        *("loss_steps", "loss_features", "accuracy_steps", "accuracy_features"),
    }


def test_python_stops_it_and_moves_the_controls(core):
    found = with_model(
        core,
        """
        const $ = (query) => el.querySelector(query);
        const bar = $(".race-bar");
        model.set("running", true);
        await until(() => bar.value > 2);
        model.set("running", false);
        const stopped = { ...model.values };
        model.set("running", true);
        await until(() => bar.value > stopped.epoch + 2);
        model.set("units", 6);  // starts over, and goes on training
        await until(() => model.get("units") === 6 && el.querySelector("canvas").width === 24);
        const afresh = bar.value;
        const running = model.get("running");
        model.set("epochs", 10);  // fewer than it may have had already
        await until(() => !model.get("running"));
        const ended = { ...model.values };
        model.set("window", 5);
        model.set("learning_rate", 0.002);
        await until(() => $(".race-name").textContent.startsWith("5×1"));
        const shown = [...el.querySelectorAll("input")].filter(
            (input) => input.type === "range" || input.checked).map((input) => input.value);
        return { stopped, afresh, running, ended, shown, last: { ...model.values } };
        """,
        epochs=1000,
        units=32,
    )
    assert 0 < found["stopped"]["epoch"] < 1000 and found["stopped"]["results"] == []
    assert found["stopped"]["accuracy_steps"] is not None
    assert found["running"] is True and found["afresh"] < 1000
    assert found["ended"]["epoch"] >= 10
    assert found["shown"] == ["0", "5", "6", "10", "0.002"]
    assert found["last"]["epoch"] == 0 and found["last"]["loss_steps"] is None


def test_a_lab_that_is_taken_away_ends_its_training(core):
    left = with_model(
        core,
        """
        model.set("running", true);
        await until(() => el.querySelector(".race-bar").value > 0);
        cleanUp();
        const epoch = el.querySelector(".race-bar").value;
        for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
        const listeners = Object.values(model.listeners).flat().length;
        return [epoch, el.querySelector(".race-bar").value, listeners];
        """,
        epochs=1000,
    )
    assert left[0] == left[1] and left[2] == 0
