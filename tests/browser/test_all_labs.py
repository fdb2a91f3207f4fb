"""What every lab keeps: for keys, fingers, small windows, strong contrast, paper, and haste."""

import functools

import pytest
from lab_page import write_page
from lab_tools import ODD_TEXTS, random_weights, scrolls_sideways

from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab
from utils.windows import ALPHABET

pytestmark = pytest.mark.browser

LARGEST = {  # what takes most room
    "ShapeLab": lambda: ShapeLab(text=ALPHABET, window=8),
    "StepLab": lambda: StepLab(weights=random_weights(12), word="ABCDEFGHIJ", step=4),
    "RaceLab": lambda: RaceLab(window=6, epochs=10),
    "StateLab": lambda: StateLab(weights=random_weights(12), text=ALPHABET, batch_size=5, passes=2),
    "LanesLab": lambda: LanesLab(length=60, batch_size=6, time_steps=8, cut="overlapping"),
}
each_lab = pytest.mark.parametrize("name", LARGEST)

# Where Tab stops: elements of the page, radio buttons of one group once, nothing folded away.
STOPS = """() => {
    const groups = new Set();
    return [...document.querySelectorAll('.lab :is(button, input, summary, [tabindex="0"])')]
        .filter(element => element.checkVisibility() && element.tabIndex === 0)
        .filter(element => element.type !== 'radio' || element.checked).length;
}"""
FOCUSED = """() => {
    const element = document.activeElement;
    if (!element.closest('.lab')) return null;
    element.stop ??= ++window.stops || (window.stops = 1);
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const seen = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    return [element.stop, seen ? '' : element.outerHTML.slice(0, 120)];
}"""
SMALL = """() => [...document.querySelectorAll(
        '.lab :is(button, input, summary, td[data-row], div[data-row], span[data-row])')]
    .map(part => part.closest('label') ?? part)
    .filter(part => part.checkVisibility())
    .filter(part => part.offsetHeight < 44
        || (part.offsetWidth < 44 && part.matches('button, label')))
    .map(part => `${part.offsetWidth}×${part.offsetHeight} ${part.outerHTML.slice(0, 120)}`)"""
# A lab beside a model that notes its values and who listens. `hurry` uses everything at random.
HURRY = """async ([source, values, texts, rounds]) => {
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
        off(event, listener) {
            heard = heard.filter(one => one.event !== event || one.listener !== listener);
        },
    };
    const module = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    const el = document.body.appendChild(document.createElement('div'));
    const cleanUp = module.default.render({ model, el });
    const listeners = heard.length;
    let seed = 1;
    const pick = list => list[(seed = (seed * 48271) % 2147483647) % list.length];
    const keys = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'Enter', 'q'];
    for (let round = 0; round < rounds; round++) {
        const parts = [...el.querySelectorAll('button, input, summary, [data-row], canvas')];
        const part = pick(parts);
        if (part.type === 'range') part.value = pick([part.min, part.max, part.value - 1]);
        else if (part.type === 'text') part.value = pick(texts);
        if (part.matches('[type=range], [type=text]')) part.dispatchEvent(new Event('input'));
        else {
            const how = { bubbles: true, pointerType: 'mouse' };
            part.dispatchEvent(new PointerEvent('pointerover', how));
            part.click();
        }
        part.focus();
        const press = { key: pick(keys), bubbles: true, cancelable: true };
        part.dispatchEvent(new KeyboardEvent('keydown', press));
        if (round % 10 === 0) await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    const shown = ['.lab-view', '.lab-code'].map(part => el.querySelector(part).textContent);
    if (values.running) el.querySelector('[data-key=train]').click();
    cleanUp();
    el.remove();
    return { values, shown, listeners, left: heard.length, ran: Boolean(window.ran) };
}"""


@pytest.fixture
def own_page(browser, tmp_path):
    """A function that opens one lab from disk, with its motion, in a context of its own."""
    contexts = []

    def open_page(name, scheme="light", **options):
        contexts.append(browser.new_context(viewport={"width": 390, "height": 844}, **options))
        page = contexts[-1].new_page()
        page.goto(write_page(tmp_path, [LARGEST[name]()], scheme).as_uri())
        page.locator(".lab").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()


@each_lab
def test_it_says_what_to_try_first_and_what_keras_does(show_labs, name):
    page = show_labs(LARGEST[name]()).page
    assert len(page.locator(".lab-first").inner_text()) > len("Try first: ")
    assert "keras.layers.LSTM(" in page.locator(".lab-code").inner_text()
    assert page.locator(".lab-spoken").get_attribute("aria-live") == "polite"


@each_lab
def test_it_does_not_speak_before_it_is_used(show_labs, name):
    page = show_labs(LARGEST[name]()).page
    page.wait_for_timeout(700)  # more than a lab waits before it speaks
    assert page.locator(".lab-spoken").text_content() == ""
    assert page.locator(".lab-code").get_attribute("role") == "group"


@each_lab
def test_tab_reaches_everything_and_the_focus_is_seen(show_labs, name):
    page = show_labs(LARGEST[name]()).page
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    wanted = page.evaluate(STOPS)
    found = []
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert found[-1] is None  # Tab leaves the lab
    assert [stop for stop, _ in found[:-1]] == list(range(1, wanted + 1))
    assert [unseen for _, unseen in found[:-1] if unseen] == []


@each_lab
def test_a_finger_finds_its_target(own_page, name):
    page = own_page(name, has_touch=True, is_mobile=True)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert page.evaluate(SMALL) == []
    assert not scrolls_sideways(page)


@each_lab
def test_enlarged_four_times_it_still_fits(show_labs, name):
    view = show_labs(LARGEST[name](), width=320)  # 1280 pixels at 400 %
    view.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert not scrolls_sideways(view.page)


@each_lab
def test_strong_contrast_keeps_what_only_colour_says(show_labs, name):
    page = show_labs(LARGEST[name](), scheme="dark").page
    colours = "all => new Set(all.map(part => getComputedStyle(part).backgroundColor)).size"
    before = page.locator(".lab-heat i").evaluate_all(colours)
    page.emulate_media(forced_colors="active")
    assert page.locator(".lab-heat i").evaluate_all(colours) == before
    marks = page.locator('.lab :is(.selected, [aria-current="step"], .lab-options :has(:checked))')
    styles = marks.evaluate_all("all => all.map(part => getComputedStyle(part).outlineStyle)")
    assert styles and set(styles) == {"solid"}
    filled = page.locator(".lab :is(.lab-primary, .step-bar, .state-labels .selected)")
    kept = filled.evaluate_all("all => all.map(part => getComputedStyle(part).forcedColorAdjust)")
    assert set(kept) <= {"none"}  # or their text would get a ground of its own, and vanish
    ink = page.locator(".lab").evaluate("lab => getComputedStyle(lab).getPropertyValue('--ink')")
    assert ink == "CanvasText"


@each_lab
def test_on_paper_it_is_light(show_labs, name):
    page = show_labs(LARGEST[name](), scheme="dark").page
    ground = "lab => getComputedStyle(lab).backgroundColor"
    assert page.locator(".lab").evaluate(ground) != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.locator(".lab").evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator(".lab-controls").first.is_visible()


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_a_calm_page_stays_calm(own_page, motion, moves):
    page = own_page("StepLab", reduced_motion=motion)  # the one lab with an animation
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("document.querySelector('.step-says').textContent.startsWith('Step 6')")
    assert page.evaluate("document.getAnimations().length > 0") == moves


@functools.cache
def settings_of(name):
    """Return the module of a lab and the values of its traits, as the page gets them."""
    lab = LARGEST[name]()
    values = {key: value for key, value in lab.get_state().items() if not key.startswith("_")}
    return lab._esm, values


@each_lab
def test_haste_does_no_harm_and_nothing_stays_behind(show_labs, name):
    page = show_labs(ShapeLab()).page  # the lab comes beside it, with a model to look into
    source, values = settings_of(name)
    found = page.evaluate(HURRY, [source, values, [*ODD_TEXTS.values(), "KLM"], 300])
    assert found["listeners"] > 0 and found["left"] == 0
    assert not found["ran"] and all(found["shown"])
    # Python takes every value that the page has arrived at.
    lab = LARGEST[name]()
    lab.set_state({key: found["values"][key] for key in values if not key.startswith("layout")})
    assert lab.get_state(key="words")["words"] == {}
