"""What a reader does with the site: search it, follow links, by keyboard, on a phone, on paper."""

import pikepdf
import pytest
from book_files import documents, pages
from conftest import WIDTHS

pytestmark = pytest.mark.browser

CHAPTERS = [f"{name}.html" for name in documents() if name.startswith("chapters/")]
FIRST = CHAPTERS[0]
PAST_A_LAB = "chapters/08_where_state_lives.html"
WITHOUT_A_LAB = "chapters/07_sequences_of_different_lengths.html"
AT_THE_SUMMARY = """() => {
    const { top } = document.querySelector("#summary h2").getBoundingClientRect();
    return 0 <= top && top < 200;
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_leads_into_a_page_and_a_reload_stays_there(visit, width):
    """Also past a lab, which grows while the page loads."""
    page = visit(f"{PAST_A_LAB}#summary", width).page
    page.wait_for_function(AT_THE_SUMMARY)
    page.evaluate("scrollTo(0, 0)")
    page.locator("a[href='#summary']").first.evaluate("link => link.click()")
    page.wait_for_function(AT_THE_SUMMARY)
    page = visit(f"{WITHOUT_A_LAB}#summary", width).page
    page.wait_for_function(AT_THE_SUMMARY)
    page.reload()
    page.wait_for_function(AT_THE_SUMMARY)


def test_a_phone_opens_the_contents_and_the_keyboard_leaves_them(visit):
    page = visit(FIRST, WIDTHS[1]).page
    link = page.locator(".bd-sidebar-primary a.reference.internal").last
    in_window = "link => { const { left, right } = link.getBoundingClientRect();"
    in_window += " return link.checkVisibility() && left >= 0 && left < innerWidth && right > 0; }"
    assert not link.evaluate(in_window)
    page.locator("button.primary-toggle").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(in_window, arg=link.element_handle())
    contents = "document.querySelector('.bd-sidebar-primary')"
    page.wait_for_function(f"() => {contents}.contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('button.primary-toggle')")
    page.wait_for_function(f"link => !({in_window})(link)", arg=link.element_handle())


def test_the_keyboard_skips_the_menu_and_opens_answers_and_solutions(visit):
    page = visit(FIRST).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('a[href=\"#main-content\"]')")
    page.locator("#check-yourself p strong").first.click()  # Tab goes on from the first question
    answers = page.locator("#check-yourself details")
    for place in range(2):
        page.keyboard.press("Tab")
        text = answers.nth(place).locator("p").first
        assert not text.is_visible()
        page.keyboard.press("Enter")
        assert text.is_visible() and text.inner_text().startswith(("Right.", "No."))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert not answers.first.locator("p").first.is_visible()
    solution = page.locator(".tag_solution").first
    solution.locator("summary").first.click()
    assert solution.locator(".cell_input").first.is_visible()
    assert solution.locator(".cell_output").first.is_visible()


# What the keyboard may stop at. A radio button is reached by the arrows from the one before it.
MARK_STOPS = """() => {
    const all = [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex]')];
    const stops = all.filter((stop) => stop.tabIndex >= 0 && !stop.disabled
        && (stop.type !== 'radio' || stop.checked) && stop.checkVisibility({
            visibilityProperty: true, contentVisibilityAuto: true }));
    stops.forEach((stop, place) => { stop.dataset.stop = place });
    return stops.length;
}"""
CODE_IS_SEEN = """() => [...document.querySelectorAll('.lab-code')].every(
    code => (code.tabIndex === 0) === (code.scrollWidth > code.clientWidth))"""
FOCUS = """() => {
    const stop = document.activeElement;
    const style = getComputedStyle(stop);
    const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    return {
        place: 'stop' in stop.dataset ? Number(stop.dataset.stop) : null,
        what: stop.outerHTML.slice(0, 200),
        visible: Number(style.opacity) > 0.9 && (outline || style.boxShadow !== 'none'),
    };
}"""


@pytest.mark.parametrize(
    "path", [FIRST, *(pytest.param(p, marks=pytest.mark.nightly) for p in pages() if p != FIRST)]
)
def test_the_keyboard_walks_through_a_page_and_is_seen_everywhere(visit, path):
    page = visit(path).page
    # Code in a lab is a stop until the theme has seen, at the next resize, that it does not scroll.
    page.evaluate("dispatchEvent(new Event('resize'))")
    page.wait_for_function(CODE_IS_SEEN)
    count = page.evaluate(MARK_STOPS)
    assert count > 20
    page.locator("[data-stop='0']").focus()  # the search page puts it into its field
    reached, unseen = [], []
    for place in range(count):
        if place:
            page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        reached.append(focus["place"])
        if not focus["visible"]:
            unseen.append(focus["what"])
    assert reached == list(range(count))  # in the order of the page; nothing left out, no trap
    assert unseen == []


@pytest.mark.parametrize(("selector", "name"), [(".tag_solution", "solution 1"), ("", "the code")])
def test_screen_readers_hear_what_a_fold_holds(visit, selector, name):
    view = visit(FIRST)
    tools = view.context.new_cdp_session(view.page)
    fold = view.page.locator(f"{selector} details.hide").first
    for verb in ("Show", "Hide"):
        tree = tools.send("Accessibility.getFullAXTree")["nodes"]
        folds = [n for n in tree if n.get("role", {}).get("value") == "DisclosureTriangle"]
        names = [node["name"]["value"].strip() for node in folds]
        assert f"{verb} {name}" in names
        fold.locator("summary").click()


def test_on_paper_only_what_is_unfolded_is_seen_and_it_fits(visit, tmp_path):
    page = visit(FIRST).page
    page.pdf(path=tmp_path / "chapter.pdf", format="A4")
    with pikepdf.open(tmp_path / "chapter.pdf") as pdf:
        assert 5 < len(pdf.pages) < 40
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 without its margins
    first, second = (page.locator(".tag_solution").nth(place) for place in (0, 1))
    page.evaluate("document.querySelector('.tag_solution details').open = true")
    assert first.locator(".cell_input").is_visible()
    assert not second.is_visible() or second.bounding_box()["height"] == 0
    for words in ("Show solution 1", "Hide solution 1", "Show solution 2", "Show the code"):
        assert not page.get_by_text(words, exact=True).first.is_visible()
    for menu in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".header-article", ".copybtn"):
        assert not page.locator(menu).first.is_visible()
    assert page.locator("#check-yourself summary").first.is_visible()
    assert page.locator("h1:visible").count() == 1
    too_wide = """() => [...document.querySelectorAll('article :is(pre, img, table, figure)')]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.outerHTML.slice(0, 200))"""
    assert page.evaluate(too_wide) == []
