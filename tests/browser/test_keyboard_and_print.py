"""A chapter by keyboard from top to bottom, as screen readers name it, and on paper."""

import pikepdf
import pytest
from book_files import documents

pytestmark = pytest.mark.browser

CHAPTER = next(f"{name}.html" for name in documents() if name.startswith("chapters/"))

# What the keyboard may stop at. A radio button is reached by the arrows from the one before it.
MARK_STOPS = """() => {
    const all = [...document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex]')];
    const stops = all.filter(stop => stop.tabIndex >= 0 && !stop.disabled && stop.checkVisibility({
        visibilityProperty: true, contentVisibilityAuto: true }));
    stops.forEach((stop, place) => { stop.dataset.stop = place });
    return stops.length;
}"""
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


def test_the_keyboard_walks_through_a_chapter_and_is_seen_everywhere(visit):
    page = visit(CHAPTER).settle()
    count = page.evaluate(MARK_STOPS)
    assert count > 50
    reached, unseen = [], []
    for _ in range(count):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        reached.append(focus["place"])
        if not focus["visible"]:
            unseen.append(focus["what"])
    assert reached == list(range(count))  # in the order of the page; nothing left out, no trap
    assert unseen == []


def test_focus_that_cannot_be_seen_is_found(visit):
    """The check itself."""
    page = visit(CHAPTER).page
    page.add_style_tag(content="*:focus-visible { outline: none !important; box-shadow: none }")
    page.keyboard.press("Tab")
    assert not page.evaluate(FOCUS)["visible"]


def test_on_a_phone_the_keyboard_goes_into_the_contents_and_out_again(visit):
    page = visit(CHAPTER, width=390).page
    button = page.locator("button.primary-toggle")
    contents = page.locator(".bd-sidebar-primary")
    is_inside = "contents => contents.contains(document.activeElement)"
    button.focus()
    assert not contents.evaluate(is_inside)
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => ({is_inside})(document.querySelector('.bd-sidebar-primary'))")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.matches('button.primary-toggle')")
    box = contents.bounding_box()
    assert box is None or box["x"] + box["width"] <= 0


@pytest.mark.parametrize(("selector", "name"), [(".tag_solution", "solution 1"), ("", "the code")])
def test_screen_readers_hear_what_a_fold_holds(visit, selector, name):
    view = visit(CHAPTER)
    view.settle()
    tools = view.context.new_cdp_session(view.page)
    fold = view.page.locator(f"{selector} details.hide").first
    for verb in ("Show", "Hide"):
        tree = tools.send("Accessibility.getFullAXTree")["nodes"]
        names = [
            node["name"]["value"].strip()
            for node in tree
            if node.get("role", {}).get("value") == "DisclosureTriangle"
        ]
        assert f"{verb} {name}" in names
        assert not [name for name in names if "Toggle" in name]
        fold.locator("summary").click()


def test_on_paper_only_what_is_unfolded_is_seen(visit):
    page = visit(CHAPTER).page
    page.emulate_media(media="print")
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


def test_a_printed_chapter_is_no_wider_than_the_paper(visit, tmp_path):
    page = visit(CHAPTER).page
    page.pdf(path=tmp_path / "chapter.pdf", format="A4")
    with pikepdf.open(tmp_path / "chapter.pdf") as pdf:
        assert 5 < len(pdf.pages) < 40
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 without its margins
    too_wide = """() => [...document.querySelectorAll('article :is(pre, img, table, figure)')]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
        .map(e => e.outerHTML.slice(0, 200))"""
    assert page.evaluate(too_wide) == []
