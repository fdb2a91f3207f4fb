"""The button that copies code: it is drawn, shows for the keyboard, and copies the code."""

import pytest

pytestmark = pytest.mark.browser


def test_the_button_is_drawn_shows_for_the_keyboard_and_copies_the_code(visit):
    """That it has a name, axe says: test_every_page.py."""
    view = visit("chapters/03_one_step_then_a_loop.html")
    page = view.page
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    code = ":not(.output) > div.highlight"
    block = page.locator(code, has=page.locator("button.copybtn:visible")).nth(1)
    button = block.locator("button.copybtn")
    assert button.evaluate("b => getComputedStyle(b).opacity") == "0"
    button.focus()
    assert button.evaluate("b => getComputedStyle(b).opacity") == "1"
    icon = button.locator("i")
    drawn = icon.evaluate("i => getComputedStyle(i).maskImage")
    assert drawn.startswith('url("data:image/svg+xml')
    box, whole = icon.bounding_box(), button.bounding_box()
    assert 10 < box["width"] < whole["width"] and 10 < box["height"] < whole["height"]
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.copybtn.success') !== null")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert len(copied) > 20 and copied.strip() == block.locator("pre").text_content().strip()
