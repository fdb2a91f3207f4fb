"""The page that writes a program: its address, its questions, and what it takes along."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGE = "reference/recipe.html"


def test_the_address_opens_its_choices_and_a_choice_writes_program_and_address(visit):
    page = visit(f"{PAGE}#row=file&features=several&lengths=different&out=class&T=30").page
    program = page.locator("#recipe pre")
    for text in ("T = 30", "Masking(PAD)", "keras.Input((T, 3))", "sparse_categorical"):
        expect(program).to_contain_text(text)
    assert page.get_by_label("of different lengths").is_checked()
    assert page.locator("#recipe svg").get_attribute("aria-label") == "x (N, 30, 3), y (N,)"
    page.get_by_label("the next H values").check()
    expect(program).to_contain_text("Dense(H)")
    page.get_by_label("H, values ahead").fill("7")
    expect(program).to_contain_text("H = 7")
    assert "out=horizon" in page.url and "H=7" in page.url
    page.get_by_label("a moment").check()
    refused = page.get_by_label("of different lengths")
    assert refused.is_disabled() and not refused.is_checked()  # with the reason beside it
    expect(page.locator("label", has=refused)).to_contain_text("Windows are cut to one length.")
    expect(program).to_contain_text("def windows(table):")


def test_the_program_goes_along_as_a_notebook(visit):
    page = visit(PAGE).page
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as a notebook").click()
    notebook = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert download.value.suggested_filename.endswith(".ipynb")
    (cell,) = notebook["cells"]
    assert cell["source"].strip() == page.locator("#recipe pre").inner_text().strip()
