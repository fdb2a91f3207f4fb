"""The policy and the small style sheet, in a real browser."""

import re
import sys

import pytest
from book_files import ROOT
from conftest import WIDTHS

sys.path.append(str(ROOT / "_extensions"))
import light_pages  # noqa: E402
import light_styles  # noqa: E402

pytestmark = pytest.mark.browser

INJECT = """() => new Promise(resolve => {
    const refused = [];
    addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
    for (const set of [
        script => { script.textContent = "window.injected = true"; },
        script => { script.src = "data:text/javascript,window.injected = true"; },
    ]) {
        const script = document.createElement("script");
        set(script);
        document.body.append(script);
    }
    const link = document.createElement("p");
    link.setAttribute("onclick", "window.injected = true");
    link.click();
    setTimeout(() => resolve([window.injected ?? false, refused]), 300);
})"""
# Without states and pseudo-elements: whatever they may be, the element itself must not be there.
MATCHING = """selectors => selectors.filter(selector => {
    try { return document.querySelector(selector); } catch { return false; }
})"""
PSEUDO = re.compile(r"::?[a-z-]+(\((?:[^()]|\([^()]*\))*\))?")


@pytest.mark.parametrize("place", ["server", "disk"])
def test_a_script_that_the_build_did_not_write_is_refused(visit, site, place):
    view = visit((site / "index.html").as_uri() if place == "disk" else "index.html")
    view.page.locator(".lab").first.wait_for()  # and the labs run
    assert view.complaints == []
    ran, refused = view.page.evaluate(INJECT)
    assert not ran
    assert sorted(refused) == ["script-src-attr", "script-src-elem", "script-src-elem"]


@pytest.fixture(scope="session")
def left_out(site):
    """All selectors that are left out of the style sheet."""
    texts = [path.read_text(encoding="utf-8") for path in light_pages.find_pages(site)]
    static = site / "_static"
    scripts = {
        re.sub(r".*_static/|\?.*", "", name)
        for t in texts
        for name in light_pages.SCRIPT.findall(t)
    }
    scripts = [(static / s).read_text("utf-8") for s in scripts if (static / s).is_file()]
    sheets = [path for path in sorted(static.rglob("*.css")) if path.name != light_pages.SHEET]
    _, removed = light_styles.bundle(sheets, light_styles.names_used(texts, scripts))
    found = {PSEUDO.sub("", selector).strip() for selector in removed}
    assert len(found) > 1000
    return sorted(found)


def test_no_rule_that_was_left_out_is_missed(views, left_out, page):
    dialogs = 0 if page == "search.html" else 1  # there the field stands on the page
    for width in WIDTHS:
        page = views[width].show(opened=True)
        assert page.evaluate(MATCHING, left_out) == []
        page.locator(".theme-switch-button").first.hover()
        page.locator(".tooltip").first.wait_for()
        page.locator(".dropdown-toggle:visible").first.click()
        page.keyboard.press("Control+k")
        assert page.locator(".search-button__wrapper.show").count() == dialogs
        assert page.evaluate(MATCHING, left_out) == []
        page.keyboard.press("Escape")


def test_the_print_button_prints(visit):
    page = visit("index.html").page
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator(".dropdown-download-buttons > button").click()
    page.locator(".btn-download-pdf-button").click()
    assert page.evaluate("window.printed")


def test_no_letter_needs_the_font_that_is_gone(views):
    private = """() => [...document.querySelectorAll("body *")].flatMap(element =>
        ["::before", "::after"].map(part => getComputedStyle(element, part).content)
    ).filter(text => /[\\ue000-\\uf8ff]/.test(text))"""
    assert views[max(WIDTHS)].page.evaluate(private) == []
