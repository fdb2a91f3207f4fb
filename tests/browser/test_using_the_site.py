"""What a reader does with the site: search it, use the keyboard or a phone, keep a copy."""

import pytest
from book_files import documents
from conftest import WIDTHS

pytestmark = pytest.mark.browser

FIRST = next(f"{name}.html" for name in documents() if name.startswith("chapters/"))


def focused(page, selector):
    """Say whether the element that has the keyboard's attention matches a selector."""
    return page.evaluate("selector => document.activeElement.matches(selector)", selector)


def test_the_keyboard_reaches_the_self_check_and_opens_answers(visit):
    page = visit(FIRST).page
    page.locator("#check-yourself p strong").first.click()  # Tab goes on from the first question
    answers = page.locator("#check-yourself details")
    for place in range(2):
        page.keyboard.press("Tab")
        assert focused(page, "#check-yourself details > summary")
        assert not answers.nth(place).locator("p").first.is_visible()
        page.keyboard.press("Enter")
        text = answers.nth(place).locator("p").first
        assert text.is_visible() and text.inner_text().startswith(("Right.", "No."))
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert not answers.first.locator("p").first.is_visible()


def test_the_keyboard_can_skip_the_menu(visit):
    page = visit(FIRST).page
    page.keyboard.press("Tab")
    assert focused(page, "a[href='#main-content']")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


# A heading near the end of the page cannot come up: there is no more to scroll.
IS_THERE = """heading => {
    const { top } = document.querySelector(heading).getBoundingClientRect();
    const atTheEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
    return top >= 0 && (top < 200 || atTheEnd);
}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "path", ["chapters/07_sequences_of_different_lengths.html", "reference/names_then_and_now.html"]
)
def test_links_lead_to_their_section(visit, path, width):
    page = visit(path, width).page
    sections = page.evaluate("[...document.querySelectorAll('article section[id]')].map(s => s.id)")
    assert len(sections) > 8
    for section in sections[::-1]:
        page.evaluate("section => { location.hash = section }", section)
        page.wait_for_function(IS_THERE, arg=f"#{section} > :is(h1, h2, h3)")


LAID_OUT = """() => [...document.querySelectorAll('.bd-article section > :is(h2, h3)')]
    .map(heading => heading.checkVisibility({ contentVisibilityAuto: true }))"""
# A section may wait, but where it is must be known: the theme's list of contents asks for it.
HAVE_A_PLACE = """() => [...document.querySelectorAll('.bd-article section:has(> :is(h2, h3))')]
    .every(section => section.checkVisibility({ contentVisibilityAuto: true }))"""


@pytest.mark.parametrize(
    "path", ["chapters/07_sequences_of_different_lengths.html", "reference/error_messages.html"]
)
def test_sections_far_below_come_last_and_all_come(visit, path):
    view = visit(path, min(WIDTHS))
    view.settle()
    assert set(view.page.evaluate(LAID_OUT)) == {True}
    scrolls = "pre => pre.scrollWidth > pre.clientWidth"
    code = view.page.locator("article pre:visible").all()
    wide = [block for block in code if block.evaluate(scrolls)]
    assert len(wide) > 5  # and the keyboard can scroll them
    assert [block for block in wide if block.get_attribute("tabindex") != "0"] == []
    view.come_again("requestIdleCallback = () => {}")  # a browser without any leisure
    assert view.page.evaluate(LAID_OUT)[-1] is False
    assert view.page.evaluate(HAVE_A_PLACE)
    view.page.locator("article section > :is(h2, h3)").last.scroll_into_view_if_needed()
    view.page.wait_for_function(f"() => ({LAID_OUT})().at(-1)")


# The theme waits 300 ms before it asks which code scrolls; a busy machine may draw even later.
ASKED_AT_ONCE = """{
    const wait = setTimeout;
    window.setTimeout = (call, time, ...rest) => wait(call, time === 300 ? 0 : time, ...rest);
}"""
# Opens a fold again and again, and counts how often its code was passed over.
TIMES_MISSED = """async fold => {
    const code = fold.querySelector('pre');
    const make = async opened => {
        const asked = new Promise(done => addEventListener('resize', done, { once: true }));
        fold.open = opened;
        await asked;
        await new Promise(done => setTimeout(done, 20));
    };
    let missed = 0;
    for (let time = 0; time < 20; time++) {
        code.removeAttribute('tabindex');
        await make(true);
        missed += !code.hasAttribute('tabindex');
        await make(false);
    }
    return missed;
}"""


def test_code_in_a_fold_is_reached_by_keys_however_late_it_is_drawn(visit):
    """A browser that has not drawn a fold since it opened still calls its code hidden."""
    view = visit("chapters/10_long_sequences_in_lanes.html")
    view.come_again(ASKED_AT_ONCE)
    view.settle()
    assert view.page.locator("details.hide").first.evaluate(TIMES_MISSED) == 0


TOP = "heading => heading.getBoundingClientRect().top"


AT_THE_SUMMARY = f"""() => {{
    const top = ({TOP})(document.querySelector('#summary h2'));
    return 0 <= top && top < 200;
}}"""


@pytest.mark.parametrize("name", ["07_sequences_of_different_lengths", "08_where_state_lives"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_leads_into_a_page(visit, name, width):
    """Also past a lab, which grows while the page loads."""
    page = visit(f"chapters/{name}.html#summary", width).page
    for place in page.locator(".lab-place").all():
        place.locator(".lab").wait_for()
    page.wait_for_function(AT_THE_SUMMARY)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_that_is_reloaded_keeps_the_place(visit, width):
    page = visit("chapters/07_sequences_of_different_lengths.html#summary", width).page
    page.wait_for_function(AT_THE_SUMMARY)
    page.evaluate("scrollBy(0, 50)")
    page.wait_for_timeout(300)
    heading = page.locator("#summary h2")
    before = heading.evaluate(TOP)
    page.reload()
    arrived = f"before => Math.abs(({TOP})(document.querySelector('#summary h2')) - before) < 5"
    page.wait_for_function(arrived, arg=before)
    page.wait_for_timeout(500)
    assert abs(heading.evaluate(TOP) - before) < 5  # it stays there


@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_leads_to_its_section_at_once(visit, width):
    view = visit("chapters/07_sequences_of_different_lengths.html", width)
    view.come_again("requestIdleCallback = () => {}")  # most sections are not laid out yet
    view.page.locator("a[href='#summary']").first.evaluate("link => link.click()")
    heading = view.page.locator("#summary h2")
    assert 0 <= heading.evaluate(TOP) < 200


def test_search_finds_a_chapter(visit):
    view = visit("search.html?q=reshape")
    result = view.page.locator("#search-results li a[href*='chapters/']").first
    result.wait_for()
    view.page.wait_for_load_state("networkidle")  # the search reads the pages that it found
    result.click()
    view.page.wait_for_url("**/chapters/*.html*")
    assert "reshape" in view.page.locator("article").text_content()
    assert view.complaints == []


def test_the_launch_menu_offers_binder_and_colab(visit):
    page = visit(FIRST).page
    page.locator(".dropdown-launch-buttons button").click()
    names = page.locator(".dropdown-launch-buttons a:visible").all_inner_texts()
    assert [name.strip() for name in names] == ["Binder", "Colab"]


def test_a_phone_opens_the_table_of_contents(visit):
    page = visit(FIRST, width=390).page
    chapters = page.locator(".bd-sidebar-primary a.reference.internal").last
    assert not in_window(page, chapters)
    page.locator("button.primary-toggle").click()
    chapters.wait_for(state="visible")
    page.wait_for_function(
        "link => link.getBoundingClientRect().left >= 0", arg=chapters.element_handle()
    )
    assert in_window(page, chapters)


def in_window(page, locator):
    """Say whether an element is inside the window's width."""
    box = locator.bounding_box()
    width = page.viewport_size["width"]
    return locator.is_visible() and box is not None and 0 <= box["x"] < width


@pytest.mark.parametrize("path", ["index.html", FIRST])
def test_pages_work_without_a_server(visit, site, path):
    view = visit((site / path).as_uri())
    view.show("dark", opened=True)
    assert view.page.locator("article h1").is_visible()
    # The theme preloads icon fonts in a way that browsers refuse for files; nothing needs them.
    assert [complaint for complaint in view.complaints if "/webfonts/" not in complaint] == []


def test_search_works_without_a_server(visit, site):
    page = visit(f"{(site / 'search.html').as_uri()}?q=reshape").page
    result = page.locator("#search-results li a[href*='chapters/']").first
    result.click()
    page.wait_for_url("file:**/chapters/*.html*")
    assert "reshape" in page.locator("article").text_content()
