"""The button that copies code: where it is, what it is called, what it copies."""

import pytest

pytestmark = pytest.mark.browser

CHAPTER = "chapters/03_one_step_then_a_loop.html"
CODE = ":not(.output) > div.highlight"


def test_the_button_has_a_name_and_a_drawing_and_shows_for_the_keyboard(visit):
    page = visit(CHAPTER).page
    button = page.get_by_role("button", name="Copy to clipboard", include_hidden=True).first
    page.locator("details").first.evaluate("fold => { fold.open = true }")
    assert button.evaluate("b => getComputedStyle(b).opacity") == "0"
    button.focus()
    assert button.evaluate("b => getComputedStyle(b).opacity") == "1"
    icon = button.locator("i")
    drawn = icon.evaluate("i => getComputedStyle(i).maskImage")
    assert drawn.startswith('url("data:image/svg+xml')
    box, whole = icon.bounding_box(), button.bounding_box()
    assert 10 < box["width"] < whole["width"]
    assert 10 < box["height"] < whole["height"]


def test_it_copies_the_code(visit):
    view = visit(CHAPTER)
    page = view.page
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block = page.locator(CODE, has=page.locator("button.copybtn:visible")).nth(1)
    block.hover()
    block.locator("button.copybtn").click()
    page.wait_for_function("document.querySelector('.copybtn.success') !== null")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(copied) > 20
    assert copied.strip() == block.locator("pre").text_content().strip()
