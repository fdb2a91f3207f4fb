"""Every page of the site, in a real browser: at a desk and on a phone, light and dark.

A page is opened once per width. `show` switches between light and dark, folded and unfolded.
"""

import pytest
from axe import violations
from conftest import WIDTHS

pytestmark = pytest.mark.browser

COLORS = ["color-contrast", "link-in-text-block"]  # the rules that light and dark differ in
PHONE = min(WIDTHS)
# Measuring colours takes most of the time, and most of it on code, where the same few colours
# come again and again. Blocks of code that show no kind of text for the first time are left out,
# and on a phone, whose code has the same colours, all of them. The other rules see everything.
MARK_REPEATED_CODE = """() => {
    const seen = new Set();
    for (const block of document.querySelectorAll('pre')) {
        const place = block.closest('.cell_input, .cell_output')?.className;
        const kinds = [...block.querySelectorAll('span')].map(span => span.className);
        const fresh = ['', ...kinds].map(kind => `${place} ${kind}`).filter(k => !seen.has(k));
        block.toggleAttribute('data-repeated', fresh.length === 0);
        fresh.forEach(kind => seen.add(kind));
    }
}"""
COLORS_IN = {
    max(WIDTHS): {"include": [["html"]], "exclude": [["pre[data-repeated]"]]},
    PHONE: {"include": [["html"]], "exclude": [["pre"]]},
}


def violations_of(page, scheme, colors_in):
    """Return what axe finds, of any impact, a few lines for each rule."""
    broken = []
    if scheme == "light":
        broken += violations(page, rules={rule: {"enabled": False} for rule in COLORS})
    if colors_in != "summary" or page.locator("summary").count():
        page.evaluate(MARK_REPEATED_CODE)
        broken += violations(page, colors_in, runOnly=COLORS)
    return "\n".join(
        f"{found['id']} ({found['impact']}), {len(found['nodes'])} places, first: "
        f"{found['nodes'][0]['html'][:200]}\n{found['nodes'][0]['failureSummary']}"
        for found in broken
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_accessible_unfolded(views, width, scheme):
    page = views[width].show(scheme, opened=True)
    assert violations_of(page, scheme, COLORS_IN[width]) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_accessible_folded(views, width, scheme):
    page = views[width].show(scheme, opened=False)
    # Only the summaries change; all other colours are those of the unfolded page.
    assert violations_of(page, scheme, "summary") == ""


def test_axe_finds_what_is_wrong(views):
    """The check itself: a picture without a text and pale grey letters do not pass."""
    page = views[PHONE].show("light")
    add = "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)"
    bad = '<p id="bad" style="color: #ccc; background: #fff"><img src="data:,">pale</p>'
    page.evaluate(add, bad)
    found = violations_of(page, "light", "#bad")
    page.evaluate("document.getElementById('bad').remove()")
    assert "image-alt (critical)" in found and "color-contrast (serious)" in found


@pytest.mark.parametrize("opened", [False, True], ids=["folded", "unfolded"])
def test_no_sideways_scrolling_on_a_phone(views, opened):
    page = views[PHONE].show(opened=opened)
    width, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= window


BELOW_THEIR_TEXT = """signs => signs.filter(sign => {
    const text = document.createRange();
    text.setStart(sign.parentElement, 0);
    text.setEndBefore(sign);
    const last = [...text.getClientRects()].at(-1);
    return last && sign.getBoundingClientRect().top > last.bottom;
}).map(sign => sign.parentElement.textContent)"""


def test_the_sign_for_a_link_adds_no_line(views):
    """It is seen only when the mouse is there; on a line of its own it leaves an empty line."""
    page = views[PHONE].show()
    assert page.locator(".headerlink").evaluate_all(BELOW_THEIR_TEXT) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_dark_is_dark(views, width):
    page = views[width].show("dark", opened=True)
    color = "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)"
    assert max(page.evaluate(color)[:3]) < 60
    figures = page.locator('.bd-article img[src$=".svg"]')
    filters = figures.evaluate_all("images => images.map(i => getComputedStyle(i).filter)")
    assert [found for found in filters if "invert" not in found] == []


def test_a_click_opens_each_solution(views, page):
    opened = views[max(WIDTHS)].show(opened=False)
    solutions = opened.locator(".tag_solution")
    assert solutions.count() >= (3 if page.startswith("chapters/") else 0)
    for solution in solutions.all():
        assert not solution.locator(".cell_input").first.is_visible()
        solution.locator("summary").first.click()
        assert solution.locator(".cell_input").first.is_visible()
        output = solution.locator(".cell_output").first
        assert output.is_visible()
        assert output.inner_text().strip() or output.locator("img").count()


@pytest.mark.parametrize("width", WIDTHS)
def test_images_arrive(views, width):
    page = views[width].show(opened=True)
    missing = "images => images.filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    assert page.locator("img").evaluate_all(missing) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_complained(views, width):
    """Stays last: it also sees what the tests above made the page do."""
    assert views[width].complaints == []
