"""The Race lab: its training against TensorFlow and Keras, and the lab by mouse and by keyboard."""

import functools
import re

import numpy as np
import pytest
from lab_tools import MODEL, call, drawn, random_weights, scrolls_sideways, serious, small_targets

from utils import lstm_numpy
from utils.labs.race import RaceLab
from utils.windows import ALPHABET, encode, sliding_windows

pytestmark = pytest.mark.browser

LAYOUTS = [(3, 1), (1, 3), (6, 1), (2, 3), (1, 1)]  # T, F
SHORT = {"epochs": 20, "units": 8, "learning_rate": 0.01}
PARTS = ("kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias")

# JavaScript that the tests below put together; `a` are the arguments, `m` is train.js.
TRAINER = """(() => {
    const [flat, F, U, T] = a;
    const weights = m.startWeights(0, F, U);
    weights.all.set(flat);
    return m.makeTrainer(weights, T);
})()"""
GRADIENT = f"""(() => {{
    const trainer = {TRAINER};
    m.backPropagate(trainer, Float64Array.from(a[4]), 0, a[5]);
    return [...trainer.gradient.all];
}})()"""
RUN = """(() => {
    const [settings, epochs] = a;
    const race = m.makeRace(settings);
    const orders = [];
    while (race.epoch < epochs) {
        const done = m.trainOnce(race);
        if (done) orders.push([...race.order]);
    }
    return {
        orders,
        start: race.trainers.map(({ start }) => [...start.all]),
        end: race.trainers.map(({ weights }) => [...weights.all]),
        now: race.now,
        history: race.history,
        unreached: [0, 1].map((side) => m.unreached(race, side)),
        pulls: race.pulls.map((pull) => [...pull.recurrent_kernel]),
    };
})()"""
# The pixels of both maps, read from copies, which browsers prefer for what is read often.
PIXELS = """[...document.querySelectorAll('.race-map canvas')].map(canvas => {
    const { width, height } = canvas;
    const copy = Object.assign(document.createElement('canvas'), { width, height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return [...context.getImageData(0, 0, width, height).data];
})"""


def settings(seed=0, window=3, units=32, rate=0.001):
    """Return the settings of a race as train.js takes them."""
    return {"seed": seed, "window": window, "units": units, "learningRate": rate}


def cut(flat, F, U, C=26):
    """Return the five arrays that stand one after the other in `flat`."""
    shapes = [(F, 4 * U), (U, 4 * U), (4 * U,), (U, C), (C,)]
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    pieces = np.split(np.asarray(flat), ends[:-1])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]


@functools.cache
def keras_model(F, U):
    """Return a model that takes any number of time steps."""
    from utils.training import classifier

    return classifier(None, F, U, 26)


def traits(**changes):
    """Return the values that a notebook would give the model."""
    keys = RaceLab.class_trait_names(sync=True)
    return {name: value for name, value in RaceLab(**changes).get_state().items() if name in keys}


def with_model(page, code, **changes):
    """Run `code` beside a lab on a model with these traits; return what the code returns."""
    body = f"(async () => {{ {MODEL} try {{ {code} }} finally {{ cleanUp(); el.remove(); }} }})()"
    return call(page, "race", f"await {body}", traits(**changes))


def finished(page, lab=0):
    """Wait until a lab has trained to the end; return its last sentence."""
    verdict = page.locator(".race-verdict").nth(lab)
    page.wait_for_function(
        "lab => / epochs: /.test(document.querySelectorAll('.race-verdict')[lab].textContent)",
        arg=lab,
    )
    return verdict.inner_text()


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


# --- the gradient, against TensorFlow


@pytest.mark.parametrize("U", [1, 4, 32])
@pytest.mark.parametrize(("T", "F"), LAYOUTS)
def test_the_gradients_are_those_of_tensorflow(core, T, F, U):
    import keras
    import tensorflow as tf

    weights = random_weights(U, F, seed=T)
    x = np.random.default_rng(U).normal(size=(T, F)).astype("float32")
    model = keras_model(F, U)
    model.set_weights(weights)
    with tf.GradientTape() as tape:
        losses = keras.losses.sparse_categorical_crossentropy(np.array([7]), model(x[None]))
    wanted = [part.numpy() for part in tape.gradient(losses, model.trainable_variables)]
    flat = np.concatenate([part.ravel() for part in weights]).tolist()
    found = cut(call(core, "train", GRADIENT, flat, F, U, T, x.ravel().tolist(), 7), F, U)
    for name, ours, theirs in zip(PARTS, found, wanted, strict=True):
        assert np.abs(ours - theirs).max() <= 1e-4 * np.abs(theirs).max(), name
    if T == 1:  # exactly zero, in both
        assert not found[1].any() and not wanted[1].any()
        assert not found[0][:, U : 2 * U].any() and not found[2][U : 2 * U].any()
    else:
        assert found[1].all()


@pytest.mark.parametrize(("T", "F"), LAYOUTS)
def test_the_forward_pass_is_that_of_the_other_labs(core, T, F):
    weights = random_weights(5, F)
    x = np.random.default_rng(1).normal(size=(T, F))
    flat = np.concatenate([part.ravel() for part in weights]).tolist()
    both = f"""await (async () => {{
        const lstm = await import("./lstm.js");
        const trainer = {TRAINER};
        const X = Float64Array.from([9, 9, ...a[4].flat()]);  // a sample that does not stand first
        m.predict(trainer, X, 2);
        const run = lstm.lstmRun(trainer.weights, a[4]);
        const answer = lstm.classify(trainer.weights, run[run.length - 1].h);
        return [[...trainer.answer], [...answer]];
    }})()"""
    ours, theirs = call(core, "train", both, flat, F, 5, T, x.tolist())
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    h = lstm_numpy.lstm(x[None], *(part.astype(float) for part in weights[:3])).h[0, -1]
    logits = h @ weights[3] + weights[4]
    powers = np.exp(logits - logits.max())
    np.testing.assert_allclose(ours, powers / powers.sum(), rtol=1e-9)


# --- the start


def mulberry32(seed, count):
    """Return numbers of the generator, computed in Python."""
    found = []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) % 2**32
        mixed = (seed ^ (seed >> 15)) * (seed | 1) % 2**32
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) % 2**32
        found.append((mixed ^ (mixed >> 14)) / 2**32)
    return found


@pytest.mark.parametrize("seed", [0, 1, 799])
def test_the_generator_is_mulberry32(core, seed):
    draw = "(() => { const next = m.randomNumbers(a[0]); return Array.from({length: 9}, next); })()"
    assert call(core, "random", draw, seed) == mulberry32(seed, 9)


@pytest.mark.parametrize("U", [4, 32])
@pytest.mark.parametrize("F", [1, 6])
def test_the_weights_start_as_in_keras(core, F, U):
    flat = call(core, "train", "[...m.startWeights(a[0], a[1], a[2]).all]", 3, F, U)
    kernel, recurrent, bias, dense, dense_bias = cut(flat, F, U)
    np.testing.assert_array_equal(np.float32(flat), flat)
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(U), atol=1e-6)
    assert bias.tolist() == [0] * U + [1] * U + [0] * 2 * U
    assert not dense_bias.any()
    for matrix in (kernel, dense):
        limit = np.sqrt(6 / sum(matrix.shape))
        assert 0.7 * limit < np.abs(matrix).max() <= limit
        assert abs(matrix.mean()) < 4 * limit / np.sqrt(3 * matrix.size)
    keras_weights = [part.shape for part in keras_model(F, U).get_weights()]
    assert keras_weights == [part.shape for part in cut(flat, F, U)]


def test_both_models_start_from_the_same_recurrent_kernel_and_dense_layer(core):
    start = call(core, "train", RUN, settings(seed=5), 0)["start"]
    other = call(core, "train", RUN, settings(seed=6), 0)["start"]
    ours, theirs = cut(start[0], 1, 32), cut(start[1], 3, 32)
    for part in (1, 2, 3, 4):
        np.testing.assert_array_equal(ours[part], theirs[part])
    for part in (0, 1, 3):
        assert np.abs(ours[part] - cut(other[0], 1, 32)[part]).max() > 0.01


@pytest.mark.parametrize("window", [2, 3, 6])
def test_the_windows_are_those_of_the_book(core, window):
    data = "(() => { const d = m.alphabetWindows(a[0]); return [[...d.X], [...d.y]]; })()"
    X, y = call(core, "train", data, window)
    wanted, targets = sliding_windows(encode(ALPHABET), window)
    assert X == (wanted / 26).astype("float32").ravel().tolist()
    assert y == targets.tolist()


# --- training, against Keras


@functools.cache
def trained_by_keras(core, window, side, units, rate, epochs):
    """Train from the page's start, in the page's order; return its run, Keras's weights, loss."""
    import keras

    run = call(core, "train", RUN, settings(2, window, units, rate), epochs)
    T, F = [(window, 1), (1, window)][side]
    X, y = sliding_windows(encode(ALPHABET), window)
    X = (X / 26).astype("float32").reshape(-1, T, F)
    model = keras_model(F, units)
    model.set_weights(cut(run["start"][side], F, units))
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    order = np.concatenate(run["orders"])
    model.fit(X[order], y[order], batch_size=1, shuffle=False, verbose=0)
    measured = model.evaluate(X, y, batch_size=len(X), verbose=0)
    return run, model.get_weights(), measured


@pytest.mark.parametrize("side", [0, 1], ids=["steps", "features"])
@pytest.mark.parametrize("window", [3, 4])
def test_training_follows_keras(core, window, side):
    epochs, F = 5, [1, window][side]
    run, wanted, (loss, accuracy) = trained_by_keras(core, window, side, 16, 0.005, epochs)
    found = cut(run["end"][side], F, 16)
    moved = cut(np.abs(np.subtract(run["end"][side], run["start"][side])), F, 16)
    for name, ours, theirs, distance in zip(PARTS, found, wanted, moved, strict=True):
        # 110 or 115 updates; Keras computes in float32.
        np.testing.assert_allclose(ours, theirs, atol=1e-4, err_msg=name)
        assert distance.max() > 0.05 or (name == "recurrent_kernel" and side == 1)
    assert run["now"][side]["loss"] == pytest.approx(loss, rel=1e-4)
    assert run["now"][side]["right"] / len(run["orders"][0]) == pytest.approx(accuracy)
    assert all(sorted(order) == list(range(26 - window)) for order in run["orders"])
    assert len({tuple(order) for order in run["orders"]}) == epochs


@pytest.mark.parametrize("window", [2, 3, 6])
@pytest.mark.parametrize("units", [4, 9])
def test_what_no_gradient_reaches_does_not_move_by_one_bit(core, window, units):
    run = call(core, "train", RUN, settings(1, window, units, 0.01), 12)
    start, end = (cut(run[name][1], window, units) for name in ("start", "end"))
    assert start[1].tobytes() == end[1].tobytes()
    forget = slice(units, 2 * units)
    assert start[0][:, forget].tobytes() == end[0][:, forget].tobytes()
    assert start[2][forget].tobytes() == end[2][forget].tobytes()
    same = [np.sum(run["start"][side] == np.float64(run["end"][side])) for side in (0, 1)]
    counted = RaceLab(window=window, units=units).count_weights()
    for side, (total, idle) in enumerate(counted):
        assert run["unreached"][side]["all"] == idle
        assert len(run["end"][side]) == total
    assert same == [idle for _, idle in counted]  # and everything else moved
    assert not np.any(run["pulls"][1]) and np.all(run["pulls"][0])


def test_a_run_in_pieces_is_the_same_run(core):
    pieces = """(() => {
        const race = m.makeRace(a[0]);
        for (let piece = 1; race.epoch < 20; piece++) {
            for (let update = 0; update < piece && race.epoch < 20; update++) m.trainOnce(race);
            if (piece % 3 === 0 && race.epoch < 19) m.finishEpoch(race);
        }
        return race.trainers.map(({ weights }) => [...weights.all]);
    })()"""
    given = settings(4, 3, 8, 0.005)
    whole = call(core, "train", RUN, given, 20)
    assert call(core, "train", pieces, given) == whole["end"]
    assert call(core, "train", RUN, given, 20)["end"] == whole["end"]
    assert len(whole["history"][0]["loss"]) == 21  # epoch 0 too


# --- the lab


@pytest.mark.parametrize("disk", [False, True], ids=["http", "disk"])
def test_the_numbers_on_the_screen_are_those_of_keras(show_labs, core, disk):
    lab = RaceLab(seed=2, window=4, units=16, learning_rate=0.005, epochs=10)
    page = show_labs(lab, disk=disk).page
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
    page = show_labs(RaceLab()).page
    assert "does the map of 1×3 ever move?" in page.locator(".lab-first").inner_text()
    notes = page.locator(".race-note").all_inner_texts()
    assert notes[0].startswith("In 4096 of 4096 weights") and notes[1] == (
        "Exactly 0 in all 4096 weights."
    )
    machines = [machine.get_attribute("aria-label") for machine in page.get_by_role("img").all()]
    assert "3×1 reads ABC: 3 steps from zeros, h and c go from step to step" in machines[0]
    assert "1×3 reads ABC: one step" in machines[1]
    assert "3 times for each window, and hands its state on 2 times" in fact(page, 0, 0)
    assert "5466 weights. Kernel 3×128, recurrent kernel 32×128, bias 128, Dense 858" in fact(
        page, 1, 1
    )
    assert "4224 weights was exactly 0 each time: 4096 in the recurrent kernel, 96 in" in fact(
        page, 2, 1
    )
    pull = call(core, "train", RUN, settings(), 0)["pulls"][0]
    page.locator(".race-map").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert (
        f"[1, 1], from hidden unit 1 to the input gate of unit 1. 3×1: gradient {pull[129]:.6f}"
        in (detail(page))
    )


def test_train_stop_continue_and_start_again_by_mouse(show_labs, core):
    page = show_labs(RaceLab(epochs=200, units=16)).page
    train, again = page.get_by_role("button").all()[:2]
    train.click()
    assert train.inner_text() == "Stop"
    page.wait_for_function(  # in one go, since a slow test would come too late
        "document.querySelector('.race-bar').value > 5 && !document.querySelector('button').click()"
    )
    verdict = page.locator(".race-verdict").inner_text()
    assert verdict.startswith("Stopped after epoch ") and train.inner_text() == "Continue"
    stopped = int(re.search(r"epoch (\d+)", verdict)[1])
    assert 0 < stopped < 200
    middle = call(core, "train", RUN, settings(0, 3, 16), stopped)
    assert last_number(fact(page, 4, 0)) == round(middle["now"][0]["loss"], 6)
    moved = np.abs(np.subtract(middle["end"][0], middle["start"][0]))  # of the same moment
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    page.wait_for_timeout(100)
    assert page.locator(".race-bar").evaluate("bar => bar.value") == stopped  # it has stopped
    train.click()
    sentence = finished(page)
    assert "The recurrent kernel of 1×3 is, bit for bit, as it began." in sentence
    assert "One seed shows one run." in sentence
    whole = call(core, "train", RUN, settings(0, 3, 16), 200)
    for side in (0, 1):
        assert last_number(fact(page, 4, side)) == round(whole["now"][side]["loss"], 6)
    moved = np.abs(np.subtract(whole["end"][0], whole["start"][0]))
    assert f"{cut(moved, 1, 16)[1].max():.6f}" in fact(page, 3, 0)
    assert page.locator('[data-key="fact-3-1"]').inner_text() == "0"
    assert train.get_attribute("aria-disabled") == "true"
    train.click(force=True)  # nothing is left to train
    assert finished(page) == sentence
    again.click()
    assert train.inner_text() == "Stop"
    assert finished(page) == sentence  # the same seed, the same run
    assert page.locator(".race-tally-title + div tr").first.locator("td").count() == 1


def test_everything_by_keyboard(show_labs):
    page = show_labs(RaceLab(**SHORT)).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.key") == "train"
    page.keyboard.press("Space")
    finished(page)
    assert page.evaluate("document.activeElement.dataset.key") == "train"  # the focus stays
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the next seed
    page.wait_for_function(
        "/^Seed 1, 20/.test(document.querySelector('.race-verdict').textContent)"
    )
    assert "ahead with" in page.locator(".lab-view").inner_text()
    for key in ("seed", "window", "units", "epochs"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.dataset.key") == key
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.get_by_text("Seed 2, not trained yet.").first.wait_for()
    drawn(page)
    assert page.locator(".race-step").count() == 5
    code = page.locator(".lab-code").inner_text()
    assert "((4, 1), (1, 4))" in code and "LSTM(9)" in code and "epochs=30" in code
    assert "set_random_seed(2)" in code and "Adam(0.005)" in code
    page.keyboard.press("Tab")  # the first map
    page.keyboard.press("End")
    assert "[0, 35], from hidden unit 0 to the output gate of unit 8" in detail(page)
    scrolled = page.evaluate("scrollY")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert "[2, 34]" in detail(page)
    drawn(page)
    assert page.evaluate("scrollY") == scrolled  # the keys move the mark, not the page
    page.keyboard.press("Tab")  # one letter
    page.keyboard.press("ArrowRight")
    assert detail(page).startswith("After BCDE comes F. 4×1 answers")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # one number of the table
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert detail(page).startswith("1×4:") and "Dense" in detail(page)
    assert page.locator('.race-facts [tabindex="0"]').count() == 1
    page.wait_for_function(  # a screen reader hears it too
        "document.querySelector('.lab-spoken').textContent.startsWith('1×4:')"
    )


def test_the_code_on_the_screen_trains_the_same_models(show_labs):
    import keras

    lab = RaceLab(seed=1, window=2, units=4, epochs=10)
    code = show_labs(lab).page.locator(".lab-code").inner_text()
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
        assert model.optimizer.iterations == 10 * len(sliding_windows(encode(ALPHABET), 2)[0])


def test_the_maps_show_what_moved(show_labs, core):
    view = show_labs(RaceLab(**SHORT))
    page = view.page
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
    place = change.reshape(8, 32)[3, 20]
    still = f"{start[3, 20]:.6f}"
    assert detail(page) == (
        "Recurrent kernel [3, 20], from hidden unit 3 to the candidate of unit 4. 3×1: change "
        f"{place:.6f}, from {still} to {end[3, 20]:.6f}. 1×3: change 0.000000, from {still} to "
        f"{still}."
    )
    assert page.locator(".race-mark:visible").count() == 2  # linked


def test_colours_follow_the_theme(show_labs):
    page = show_labs(RaceLab(units=4)).page
    color = f"{PIXELS}[0].filter((_, k, data) => k % 4 === 0 && data[k + 3] === 255)"
    assert set(page.evaluate(color)) <= {0x6A, 0x7A}
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    drawn(page)
    assert set(page.evaluate(color)) <= {0xC7, 0xD9}


def test_seeds_are_tallied_each_once(show_labs):
    page = show_labs(RaceLab(**SHORT)).page
    page.get_by_role("button", name="Train").click()
    finished(page)
    for seed in (1, 2):
        page.get_by_role("button", name="Next seed").click()
        page.get_by_text(f"Seed {seed}, 20 epochs").first.wait_for()
    rows = page.locator(".race-tally-title + div tr").all_inner_texts()
    assert rows[0].split() == ["Seed", "0", "1", "2"]
    count = page.get_by_text("ahead with").inner_text()
    wins, ties, losses = map(
        int, re.search(r"with (\d) of 3 seeds, level with (\d), behind with (\d)", count).groups()
    )
    assert wins + ties + losses == 3
    page.get_by_label("Window").fill("4")  # other settings: another tally
    page.wait_for_function("!document.querySelector('.race-tally-title')")
    page.get_by_label("Window").fill("3")
    page.wait_for_function("document.querySelectorAll('.race-tally-title + div td').length === 9")


def test_the_tally_is_that_of_these_settings(show_labs):
    page = show_labs(RaceLab(**SHORT)).page
    shown = []
    for rate in ("0.01", "0.001"):  # one finished run each
        page.locator(f'[data-key="rate-{rate}"]').check()
        drawn(page)
        page.get_by_role("button", name="Train").click()
        finished(page)
        shown.append(page.locator(".race-tally-title + div").inner_text())
    assert shown[0] != shown[1]
    page.locator('[data-key="rate-0.01"]').check()
    drawn(page)
    assert page.locator(".race-tally-title + div").inner_text() == shown[0]


def test_the_page_stays_alive_during_training(show_labs):
    page = show_labs(RaceLab(window=6, epochs=1000)).page
    page.evaluate(
        """() => {
        window.shown = new Set();
        const look = () => {
            shown.add(document.querySelector('.race-bar').value);
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
    }"""
    )
    train = page.get_by_role("button").first
    train.click()
    for n in (0, 5, 10, 15):
        page.locator(f'[data-key="letter-0-{n}"]').click()
        page.get_by_text(f"After {ALPHABET[n : n + 6]} comes").wait_for()
    assert train.inner_text() == "Stop"  # the clicks came through while it trained
    train.click()
    # In one piece, training would show nothing between its beginning and its end.
    assert page.evaluate("shown.size") > 5


def test_two_labs_on_a_page_do_not_meet(show_labs):
    page = show_labs(RaceLab(**SHORT), RaceLab(window=2, **SHORT)).page
    page.get_by_role("button", name="Train").nth(1).click()
    assert "2×1 has" in finished(page, lab=1)
    assert "not trained yet" in page.locator(".race-verdict").first.inner_text()
    page.get_by_role("button", name="Train").first.click()
    assert "3×1 has" in finished(page)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


# --- traits


def test_python_starts_the_training_and_hears_the_result(core):
    found = with_model(
        core,
        """
        model.set("running", true);
        await until(() => !model.get("running"));
        const first = { ...model.values };
        model.set("seed", 7);
        model.set("running", true);  // at once, before the page has drawn
        await until(() => !model.get("running"));
        return [first, model.values, model.saved];
        """,
        **SHORT,
    )
    first, second, saved = found
    assert saved >= 2
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


def test_the_controls_set_the_traits(core):
    found = with_model(
        core,
        """
        const move = (key, value) => {
            const input = el.querySelector(`[data-key="${key}"]`);
            input.value = value;
            input.dispatchEvent(new Event("input"));
        };
        move("seed", 41); move("window", 2); move("units", 4); move("epochs", 30);
        el.querySelector('[data-key="rate-0.01"]').click();
        el.querySelector('[data-key="train"]').click();
        const running = model.get("running");
        await until(() => !model.get("running"));
        return [running, { ...model.values }];
        """,
    )
    running, values = found
    assert running is True
    wanted = {"seed": 41, "window": 2, "units": 4, "epochs": 30, "learning_rate": 0.01}
    assert {name: values[name] for name in wanted} == wanted
    assert values["epoch"] == 30
    lab = RaceLab()
    lab.set_state(values)
    assert lab.window == 2 and lab.results[0]["seed"] == 41


def test_another_view_leaves_the_results_of_the_first(core):
    found = with_model(
        core,
        """
        model.set("running", true);
        await until(() => model.get("epoch") === 20 && !model.get("running"));
        const trained = { ...model.values };
        const other = document.createElement("div");
        m.default.render({ model, el: other })();
        return [trained, { ...model.values }];
        """,
        **SHORT,
    )
    assert found[0] == found[1] and found[0]["loss_steps"] is not None


def test_a_lab_that_is_taken_away_ends_its_training(core):
    left = with_model(
        core,
        """
        model.set("running", true);
        await until(() => el.querySelector(".race-bar").value > 0);
        cleanUp();
        const epoch = el.querySelector(".race-bar").value;
        await new Promise((go) => setTimeout(go, 100));
        const listeners = Object.values(model.listeners).flat().length;
        return [epoch, el.querySelector(".race-bar").value, listeners];
        """,
        epochs=1000,
    )
    assert left[0] == left[1] and left[2] == 0


def test_a_lab_may_run_from_the_start_and_without_motion(show_labs):
    page = show_labs(RaceLab(running=True, **SHORT)).page
    finished(page)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Next seed").click()
    page.get_by_text("Seed 1, 20 epochs").first.wait_for()
    assert page.locator(".race-bar").evaluate("bar => bar.value") == 20
    page.wait_for_function("/^Seed 1, 20/.test(document.querySelector('.lab-spoken').textContent)")


# --- for everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_accessible_and_on_a_phone(show_labs, width, scheme):
    page = show_labs(RaceLab(window=6, **SHORT), width=width, scheme=scheme).page
    assert serious(page) == []
    assert small_targets(page) == []
    page.get_by_role("button", name="Train").click()
    finished(page)
    page.locator(".race-map").first.focus()
    page.keyboard.press("End")
    assert serious(page) == []
    assert not scrolls_sideways(page)


def test_words_can_be_replaced_and_are_text(show_labs):
    words = {
        "title": "Wettlauf",
        "seed": "Startzahl",
        "ready": '<img src=x onerror="window.ran = true">',
        "letter": "<script>window.ran = true</script>{letters}",
    }
    page = show_labs(RaceLab(words=words)).page
    assert page.get_by_role("region", name="Wettlauf").is_visible()
    assert page.get_by_text("Startzahl 0").is_visible()
    page.locator('[data-key="letter-0-0"]').click()
    assert detail(page) == "<script>window.ran = true</script>ABC"
    assert page.locator(".lab img, .lab script").count() == 0
    assert not page.evaluate("Boolean(window.ran)")
