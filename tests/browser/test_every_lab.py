"""What every lab keeps: for keys, fingers, small windows, strong contrast, paper, and haste."""

import pytest
from conftest import View
from lab_tools import ODD_TEXTS, drawn, random_weights, scrolls_sideways

from tools.lab_page import write_page
from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab
from utils.windows import ALPHABET

pytestmark = pytest.mark.browser

LARGEST = {  # what takes most room
    "ShapeLab": lambda **o: ShapeLab(text=ALPHABET, window=8, **o),
    "StepLab": lambda **o: StepLab(weights=random_weights(12), word="ABCDEFGHIJ", step=4, **o),
    "RaceLab": lambda **o: RaceLab(window=6, epochs=10, **o),
    "StateLab": lambda **o: StateLab(
        weights=random_weights(12), text=ALPHABET, batch_size=5, passes=2, resets=[3], **o
    ),
    "LanesLab": lambda **o: LanesLab(length=60, batch_size=6, time_steps=8, cut="overlapping", **o),
}
each_lab = pytest.mark.parametrize("name", LARGEST)
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"

# Where Tab stops: elements of the page, radio buttons of one group once, nothing folded away.
STOPS = """[...document.querySelectorAll('.lab :is(button, input, summary, [tabindex="0"])')]
    .filter(element => element.checkVisibility() && element.tabIndex === 0)
    .filter(element => element.type !== 'radio' || element.checked).length"""
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


@pytest.fixture(scope="session")
def touch(browser):
    """A phone that is touched."""
    return View(browser, 390, has_touch=True, is_mobile=True)


@each_lab
def test_its_first_view_speaks_only_in_writing_and_all_of_it_is_accessible(show_labs, bench, name):
    page = show_labs(LARGEST[name]())
    assert len(page.locator(".lab-first").inner_text()) > len("Try first: ")
    assert "keras.layers.LSTM(" in page.locator(".lab-code").inner_text()
    assert page.locator(".lab-spoken").get_attribute("aria-live") == "polite"
    page.evaluate(UNFOLD)
    assert bench.axe() == []
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button>After it</button>')")
    wanted = page.evaluate(STOPS)
    found = []
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert found[-1] is None  # Tab leaves the lab
    assert [stop for stop, _ in found[:-1]] == list(range(1, wanted + 1))
    assert [unseen for _, unseen in found[:-1] if unseen] == []
    # By now it has had more time than a lab waits before it speaks.
    assert page.locator(".lab-spoken").text_content() == ""


@each_lab
def test_in_dark_on_a_phone_it_is_accessible_and_fits(show_labs, bench, name):
    page = show_labs(LARGEST[name](), width=390, scheme="dark")
    page.evaluate(UNFOLD)
    if page.locator(".lab input[type=text]").count():
        page.locator(".lab input[type=text]").first.fill("NO 1")  # and what it says of signs
    drawn(page)
    assert bench.axe() == []
    assert not scrolls_sideways(page)
    page.set_viewport_size({"width": 320, "height": 900})  # 1280 pixels, enlarged four times
    assert not scrolls_sideways(page)


@each_lab
def test_a_finger_finds_its_target(touch, lab_folder, name):
    write_page(lab_folder[0], [LARGEST[name]()])
    touch.page.goto(f"{lab_folder[1]}labs.html?{name}")
    touch.page.locator(".lab").wait_for()
    touch.page.evaluate(UNFOLD)
    assert touch.page.evaluate(SMALL) == []
    assert not scrolls_sideways(touch.page)


@each_lab
def test_strong_contrast_keeps_what_only_colour_says_and_paper_is_light(show_labs, name):
    page = show_labs(LARGEST[name](), scheme="dark")
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
    page.emulate_media(forced_colors="none")
    ground = "lab => getComputedStyle(lab).backgroundColor"
    assert page.locator(".lab").evaluate(ground) != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.locator(".lab").evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator(".lab-controls").first.is_visible()


@each_lab
def test_two_views_move_together_two_labs_do_not_and_words_are_text(show_labs, name):
    words = {"title": "Labor", "first": '<img src=x onerror="window.ran = true">'}
    one = LARGEST[name](words=words)
    page = show_labs(one, one, LARGEST[name]())
    labs = page.locator(".lab")
    assert page.get_by_role("region", name="Labor", exact=True).count() == 2
    assert words["first"] in labs.first.inner_text()
    page.evaluate(UNFOLD)
    before = [lab.inner_text() for lab in labs.all()]
    control = labs.first.locator("input[type=range]:visible, [data-key=stateful]").first
    for key in ["Space"] if name == "StateLab" else ["Home", "ArrowRight"]:
        control.press(key)
    drawn(page)
    after = [lab.locator(".lab-code").inner_text() for lab in labs.all()]
    assert before[0] != labs.first.inner_text() and after[0] == after[1]
    assert before[2] == labs.last.inner_text()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.locator(".lab img, .lab script").count() == 0
    assert not page.evaluate("Boolean(window.ran)")


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_a_calm_page_stays_calm(show_labs, motion, moves):
    page = show_labs(LARGEST["StepLab"]())  # the one lab with an animation
    page.emulate_media(reduced_motion=motion)
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("document.querySelector('.step-says').textContent.startsWith('Step 6')")
    assert page.evaluate("document.getAnimations().length > 0") == moves


@each_lab
def test_haste_does_no_harm_and_nothing_stays_behind(core, name):
    lab = LARGEST[name]()
    values = {key: value for key, value in lab.get_state().items() if not key.startswith("_")}
    found = core.evaluate(HURRY, [lab._esm, values, [*ODD_TEXTS.values(), "KLM"], 300])
    assert found["listeners"] > 0 and found["left"] == 0
    assert not found["ran"] and all(found["shown"])
    # Python takes every value that the page has arrived at.
    lab.set_state({key: found["values"][key] for key in values if not key.startswith("layout")})
    assert lab.get_state(key="words")["words"] == {}
