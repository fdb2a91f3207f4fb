"""What every lab keeps: for keys, fingers, small windows, two views, and haste."""

import pytest
from conftest import View
from lab_tools import LARGEST, ODD_TEXTS, SMALL, drawn, scrolls_sideways

from tools.lab_page import write_page

pytestmark = pytest.mark.browser

each_lab = pytest.mark.parametrize("name", LARGEST)
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"

# Where Tab stops: elements of the page, radio buttons of one group once, nothing folded away.
STOPS = """[...document.querySelectorAll(
        '.lab :is(button, input, select, summary, [tabindex="0"])')]
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
        const all = 'button, input, option, summary, [data-row], canvas';
        const part = pick([...el.querySelectorAll(all)]);
        if (part.type === 'range') part.value = pick([part.min, part.max, part.value - 1]);
        else if (part.type === 'text') part.value = pick(texts);
        if (part.matches('option')) {
            part.selected = true;
            part.parentElement.dispatchEvent(new Event('change'));
        } else if (part.matches('[type=range], [type=text]')) {
            part.dispatchEvent(new Event('input'));
        } else {
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
    const shown = ['.lab-view, .lab-picture', '.lab-code']
        .map(part => el.querySelector(part).textContent);
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
    assert len(page.locator(".lab-first, .lab-guide-text").inner_text()) > len("Try first: ")
    assert "keras.layers.LSTM(" in page.locator(".lab-code").text_content()
    assert page.locator("p.lab-spoken").get_attribute("aria-live") == "polite"
    page.evaluate(UNFOLD)
    assert bench.axe() == []
    # By now it has had more time than a lab waits before it speaks.
    assert page.locator("p.lab-spoken").text_content() == ""
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button>After it</button>')")
    wanted = page.evaluate(STOPS)
    found = []
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert found[-1] is None  # Tab leaves the lab
    assert [stop for stop, _ in found[:-1]] == list(range(1, wanted + 1))
    assert [unseen for _, unseen in found[:-1] if unseen] == []


@each_lab
def test_on_a_phone_in_dark_it_is_accessible_fits_and_fingers_find_their_targets(
    touch, lab_folder, name
):
    write_page(lab_folder[0], [LARGEST[name]()], "dark")
    touch.page.goto(f"{lab_folder[1]}labs.html?{name}")
    touch.page.locator(".lab").wait_for()
    touch.page.evaluate(UNFOLD)
    if touch.page.locator(".lab input[type=text]").count():
        touch.page.locator(".lab input[type=text]").first.fill("NO 1")  # and what it says of signs
    drawn(touch.page)
    assert touch.axe() == [] and touch.page.evaluate(SMALL) == []
    assert not scrolls_sideways(touch.page)
    touch.page.set_viewport_size({"width": 320, "height": 900})  # 1280 pixels, enlarged four times
    assert not scrolls_sideways(touch.page)
    touch.page.set_viewport_size({"width": 390, "height": 900})


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
