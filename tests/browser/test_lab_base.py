"""What every lab on the shared base keeps: question, tour, tabs, address, links, layout.

The guarantees stand here once, for all labs; what a lab shows is in its own file.
"""

import json
import re

import pytest
from conftest import FRESH, PATIENCE, View
from lab_tools import BOOK, LARGEST, ODD_TEXTS, SMALL, drawn, scrolls_sideways

from tools.lab_page import write_page
from utils import labs
from utils.labs.lab import FOLDER, SITE, read_words

pytestmark = pytest.mark.browser

NAMES = {lab: getattr(labs, lab).__module__.rpartition(".")[2] for lab in LARGEST}
each_lab = pytest.mark.parametrize(
    "lab", [lab for lab, name in NAMES.items() if (FOLDER / name / "view.js").exists()]
)
SHARED = json.loads((FOLDER / "words.json").read_text(encoding="utf-8"))
COPIES = """() => {
    window.copied = "";
    const writeText = async text => { window.copied = text; };
    Object.defineProperty(navigator, 'clipboard', { value: { writeText } });
}"""
PLACES = """() => [...document.querySelectorAll(
        '.lab-guide, .lab-picture, .lab-main, .lab-message, .lab-tabs')]
    .map(part => [part.className, Math.round(part.getBoundingClientRect().top + scrollY)])"""


@pytest.fixture
def open_lab(bench, lab_folder):
    """A function that opens a lab as a reader does who comes for the first time, by an address."""
    folder, address = lab_folder

    def open_lab(lab, hash="", width=1000, scheme="light", keep=False, **settings):
        made = (LARGEST[lab] if settings.pop("large", False) else BOOK[lab])(**settings)
        write_page(folder, [made], scheme)
        page = bench.page
        page.set_viewport_size({"width": width, "height": 900})
        if not keep:
            page.goto(f"{address}core.html")
            page.evaluate("localStorage.clear()")
        page.goto(f"{address}labs.html?{next(FRESH)}{hash}")
        page.locator(".lab").wait_for()
        page.evaluate(COPIES)
        return page

    bench.complaints.clear()
    bench.page.emulate_media(media="screen", forced_colors="none", reduced_motion="null")
    bench.page.set_default_timeout(20_000)
    yield open_lab
    bench.page.set_default_timeout(PATIENCE)
    assert bench.complaints == []


def press(page, key):
    """Press the control of this key, and wait until the lab has drawn."""
    page.locator(f'[data-key="{key}"]').click()
    drawn(page)


def says(page):
    """Return what the guide says."""
    return page.locator(".lab-guide-text").inner_text()


def link(page):
    """Return the settings of the lab as its link has them."""
    press(page, "link")
    return page.evaluate("copied").partition("#")[2]


def choose(page, question):
    """Choose a question."""
    page.locator('[data-key="question"]').select_option(question)
    drawn(page)


def stage(page):
    """Return where the guide is: ask, do, told, tour, idle, asked."""
    return page.locator(".lab-guide").get_attribute("data-stage")


# Question ---------------------------------------------------------------------------------------


@each_lab
def test_it_opens_with_a_question_that_can_be_skipped_and_is_asked_once(open_lab, lab):
    words = read_words(NAMES[lab])
    page = open_lab(lab)
    first = next(iter(words["questions"].values()))
    assert stage(page) == "ask" and says(page)[:20] == first["ask"][:20]
    press(page, "skip")
    assert stage(page) == "idle" and says(page) == words["first"]
    page = open_lab(lab)
    page.locator("[data-answer]").first.click()
    page = open_lab(lab, keep=True)  # the browser has kept the answer
    assert stage(page) == "idle"
    assert page.locator('[data-key="question"]').inner_text().count("✓ ") == 1
    assert page.evaluate("Object.keys(localStorage).join()") == "lstm-labs"


@each_lab
@pytest.mark.parametrize("width", [1000, 390])
def test_each_question_shows_what_it_asks_and_explains_every_answer(open_lab, bench, lab, width):
    questions = read_words(NAMES[lab])["questions"]
    page = open_lab(lab, width=width)
    for question, words in questions.items():
        verdicts, places = set(), 1
        for answer in range(60):
            choose(page, question)
            assert stage(page) == "ask" and "{" not in says(page)
            answers = page.locator("[data-answer]")
            values = [one.get_attribute("data-answer") for one in answers.all()]
            assert len(set(values)) >= 2 and all(one.is_visible() for one in answers.all())
            places = sorted(set(values), key=values.index)
            if answer >= len(places):
                break
            if answer == 0:
                assert bench.axe() == [], question
            where = page.evaluate(PLACES)
            page.locator(f'[data-answer="{places[answer]}"]').first.click()
            drawn(page)
            if stage(page) == "do":
                assert page.locator(".lab-todo, .wanted").first.is_visible(), question
                assert "{" not in says(page) and page.evaluate(PLACES) == where
                press(page, "show")
            assert stage(page) == "told" and "{" not in says(page) and "undefined" not in says(page)
            assert says(page)[0] in "✓✗" and len(says(page)) > 40
            verdicts.add(says(page)[0])
            assert page.evaluate(PLACES) == where, f"{question}: something moves"
        assert verdicts == {"✓", "✗"}, f"{question}: no answer is right, or none wrong"
        assert words["title"].endswith("?")
    choose(page, next(iter(questions)))
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.locator("[data-answer]").first.click()  # a browser that keeps nothing
    drawn(page)
    assert stage(page) != "ask"


# Tour -------------------------------------------------------------------------------------------


@each_lab
def test_the_tour_moves_the_lab_and_points_at_what_it_says(open_lab, bench, lab):
    steps = read_words(NAMES[lab])["tour_steps"]
    page = open_lab(lab)
    before = link(page)
    assert 5 <= len(steps) <= 8
    assert page.locator(".lab-tour li").all_text_contents() == steps  # in the page from the start
    press(page, "tour")
    seen = set()
    for number, step in enumerate(steps, start=1):
        assert says(page) == f"Tour, step {number} of {len(steps)} {step}"
        lit = page.locator("[data-lit]")
        assert any(one.is_visible() for one in lit.all()), step
        seen.add(link(page))
        if number < len(steps):
            press(page, "forward")
    assert page.locator('[data-key="forward"]').get_attribute("aria-disabled") == "true"
    assert len(seen) >= 2, "no step moves the lab"
    assert bench.axe() == []
    press(page, "close")
    assert stage(page) == "idle" and page.locator("[data-lit]").count() == 0
    press(page, "reset")
    assert link(page) == before


# Address ----------------------------------------------------------------------------------------


@each_lab
def test_every_state_opens_by_its_link(open_lab, lab):
    page = open_lab(lab, large=True)
    states = [link(page)]
    questions = read_words(NAMES[lab])["questions"]
    for question in questions:
        choose(page, question)
        if page.locator('[data-key="show"]').count():
            press(page, "show")
        states.append(link(page))
    assert len(set(states)) >= 2
    for state in states:
        page = open_lab(lab, f"#{state}")
        assert link(page) == state and stage(page) == "idle"
    page.evaluate(f"location.hash = '#{NAMES[lab]}:question={list(questions)[-1]}'")
    page.wait_for_function("document.querySelector('[data-stage=ask]')")
    page = open_lab(lab, "#else")  # the address of something else
    assert stage(page) == "ask"


@each_lab
def test_whatever_stands_in_the_address_becomes_a_state_that_python_takes(open_lab, lab):
    from urllib.parse import quote

    source = (FOLDER / NAMES[lab] / "view.js").read_text(encoding="utf-8")
    names = re.search(r"address: \{([^}]*)\}", source)[1]
    address = dict(re.findall(r'(\w+): "(\w+)"', names))
    rubbish = ["", "-1", "1e9", "0.5", "NaN", "x,,3,99", *ODD_TEXTS.values()]
    for value in rubbish:
        made = BOOK[lab]()  # what a link does not name is as the lab starts
        every = "&".join(f"{name}={quote(value)}" for name in address)
        page = open_lab(lab, f"#{NAMES[lab]}:{every}")
        assert page.locator(".lab-picture").inner_text() is not None
        for name, written in re.findall(r"(\w+)=([^&]*)", link(page).partition(":")[2]):
            example = getattr(made, address[name])
            setattr(made, address[name], from_link(written, example))
        assert page.locator(".lab img, .lab script").count() == 0
        assert not page.evaluate("Boolean(window.ran)")


def from_link(written, example):
    """Return a value of a link as its trait has it."""
    from urllib.parse import unquote_plus

    written = unquote_plus(written)
    if isinstance(example, list):
        return [int(part) for part in written.split(",") if part]
    if isinstance(example, bool):
        return written == "1"
    return type(example)(written)


@each_lab
def test_a_teacher_hides_controls_and_asks_a_question_of_their_own(open_lab, bench, lab):
    page = open_lab(lab)
    control = page.locator(".lab-main [data-key]").first.get_attribute("data-key").split("-")[0]
    ask = "<img src=x onerror='window.ran = true'> Which one?"
    page = open_lab(lab, f"#{NAMES[lab]}:hide={control},code,tour&ask={ask.replace(' ', '+')}")
    assert says(page) == ask and not page.evaluate("Boolean(window.ran)")
    for gone in (f'[data-key^="{control}"]', '[data-key="tab-code"]', '[data-key="tour"]'):
        assert page.locator(gone).count() == 0, gone
    assert page.locator('[data-key="tab-numbers"]').count() == 1
    assert bench.axe() == []
    again = open_lab(lab, f"#{link(page)}")  # the link that is copied keeps both
    assert says(again) == ask and again.locator('[data-key="tab-code"]').count() == 0


# Tabs, links, copying ---------------------------------------------------------------------------


@each_lab
def test_tabs_move_by_arrow_keys_and_each_is_accessible_on_a_desk_and_a_phone(
    open_lab, bench, browser, lab_folder, lab
):
    page = open_lab(lab, large=True)
    tabs = page.get_by_role("tab")
    assert tabs.all_text_contents()[-3:] == list(SHARED["tabs"].values())[-3:]
    tabs.first.focus()
    seen = []
    for number in range(tabs.count()):
        tab = page.locator('[role="tab"][aria-selected="true"]')
        assert tab.count() == 1 and tab.evaluate("tab => tab === document.activeElement")
        assert tab.evaluate("tab => tab.tabIndex") == 0
        panel = page.locator('[role="tabpanel"]:visible')
        assert panel.count() == 1
        assert panel.get_attribute("id") == tab.get_attribute("aria-controls")
        assert len(panel.inner_text()) > 20 and bench.axe() == [], number
        seen.append(tab.inner_text())
        page.keyboard.press("ArrowRight")
        drawn(page)
    assert seen == tabs.all_text_contents()
    assert tabs.first.get_attribute("aria-selected") == "true"  # around
    phone = View(browser, 390, has_touch=True, is_mobile=True)
    write_page(lab_folder[0], [LARGEST[lab]()], "dark")
    phone.page.goto(f"{lab_folder[1]}labs.html?{next(FRESH)}")
    phone.page.locator(".lab").wait_for()
    for tab in phone.page.get_by_role("tab").all():
        tab.tap()
        drawn(phone.page)
        assert phone.axe() == [] and phone.page.evaluate(SMALL) == []
        assert not scrolls_sideways(phone.page)
    assert phone.complaints == []
    phone.context.close()


@each_lab
def test_what_has_one_name_lights_up_together_and_a_click_pins_it(open_lab, lab):
    page = open_lab(lab)
    press(page, "skip")
    press(page, "tab-code")
    line = page.locator(".lab-code [data-link]").first
    name = line.get_attribute("data-link")
    lit = page.locator("[data-lit]")
    line.hover()
    drawn(page)
    assert lit.count() == page.locator(f'[data-link~="{name}"]').count() >= 2
    style = "one => getComputedStyle(one).outlineStyle"
    assert {one.evaluate(style) for one in lit.all()} <= {"double", "solid"}  # without colour, too
    line.click()
    press(page, "digits")
    assert lit.count() >= 2  # pinned
    page.keyboard.press("Escape")
    page.locator(".lab-title").hover()
    drawn(page)
    assert lit.count() == 0
    # A page that scrolls under the mouse points at nothing.
    line.hover()
    page.mouse.move(2, 2)
    drawn(page)
    line.dispatch_event("pointermove", {"pointerType": "mouse", "bubbles": True, "screenX": 9})
    drawn(page)
    assert lit.count() >= 2
    page.locator(".lab").dispatch_event("pointerleave", {"pointerType": "mouse"})
    line.dispatch_event("pointermove", {"pointerType": "mouse", "bubbles": True, "screenX": 9})
    drawn(page)
    assert lit.count() == 0


@each_lab
def test_reset_and_copies(open_lab, lab):
    page = open_lab(lab, large=True)
    start = link(page)
    assert page.evaluate("copied").startswith("http://127.0.0.1")
    press(page, "tab-code")
    code = page.locator("pre code").text_content()
    press(page, "copyCode")
    assert page.evaluate("copied") == code and "LSTM(" in code
    choose(page, list(read_words(NAMES[lab])["questions"])[-1])
    assert link(page) != start
    press(page, "reset")
    assert link(page) == start  # as Python made it
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    press(page, "link")
    drawn(page)
    assert f"#{start}" in page.locator(".lab-message").inner_text()  # to be taken from there


# A lab in a notebook: no page of the book around it.
ALONE = """async ([source, values]) => {
    const model = { get: name => values[name], on() {}, off() {}, set() {}, save_changes() {} };
    const module = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
    const el = document.body.appendChild(document.createElement('div'));
    let copied;
    navigator.clipboard.writeText = async text => { copied = text; };
    const cleanUp = module.default.render({ model, el });
    el.querySelector('[data-key=link]').click();
    cleanUp();
    return copied;
}"""


@each_lab
def test_a_link_from_a_notebook_leads_to_the_site(core, lab):
    made = LARGEST[lab]()
    values = {key: value for key, value in made.get_state().items() if not key.startswith("_")}
    copied = core.evaluate(ALONE, [made._esm, values])
    assert copied.startswith(f"{SITE}reference/labs.html#{NAMES[lab]}:")


@each_lab
def test_all_digits_on_demand(open_lab, lab):
    page = open_lab(lab)
    press(page, "tab-numbers")
    number = page.locator(".lab-table td[title]").first
    assert re.fullmatch(r"-?\d+\.\d{3}", number.inner_text())
    page.get_by_label("All digits").check()
    drawn(page)
    assert len(number.inner_text()) > 8
    assert abs(float(number.inner_text()) - float(number.get_attribute("title"))) < 1e-8


# Layout -----------------------------------------------------------------------------------------


@each_lab
def test_the_picture_comes_first_and_fits_the_first_view(open_lab, lab):
    top = "[document.querySelector('.lab-tabs'), document.querySelector('.lab')]" + (
        ".map(part => part.getBoundingClientRect().top)"
    )
    for width, most in ((1000, 700), (390, 1.5 * 844)):
        page = open_lab(lab, width=width)
        tabs, start = page.evaluate(top)
        assert tabs - start <= most
    page.emulate_media(reduced_motion="reduce")
    moving = "document.getAnimations().filter(one => one.playState === 'running').length"
    choose(page, list(read_words(NAMES[lab])["questions"])[0])
    assert page.evaluate(moving) == 0
