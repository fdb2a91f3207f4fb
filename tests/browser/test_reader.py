"""What the pages remember for a reader, and unfold (`_static/reader.js`)."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CHAPTER, NAME = "chapters/03_one_step_then_a_loop.html", "03-one-step-then-a-loop"
OPTIONS = "#check-yourself details"


def answers(page, place="#check-yourself"):
    """Return for each option of a self-check whether it says that it is right."""
    texts = page.locator(f"{place} details > summary + p").all_text_contents()
    return [text.startswith("Right.") for text in texts]


def test_a_self_check_marks_answers_and_keeps_the_first(visit):
    page = visit(CHAPTER).page
    right = answers(page).index(True)
    wrong = answers(page).index(False)
    score = page.locator("#check-yourself .score")
    expect(score).to_contain_text("0 of 5 right")
    for option in (wrong, right):  # of the same question: the second try does not count
        page.locator(f"{OPTIONS} > summary").nth(option).click()
    for option, mark in ((wrong, "wrong"), (right, "right")):
        expect(page.locator(OPTIONS).nth(option)).to_have_attribute("data-answer", mark)
    expect(page.locator(OPTIONS).nth(wrong)).to_contain_text("your first choice")
    expect(score).to_contain_text("0 of 5 right")
    page.reload()
    expect(page.locator(OPTIONS).nth(wrong)).to_have_attribute("data-answer", "wrong")
    expect(page.locator(OPTIONS).nth(right)).to_have_attribute("data-answer", "")
    score.locator("button").click()
    expect(page.locator("[data-answer=wrong]")).to_have_count(0)
    expect(score.locator("button")).to_be_hidden()
    page.locator(f"{OPTIONS} > summary").nth(right).click()
    expect(score).to_contain_text("1 of 5 right")
    # The page of all self-checks knows it, and holds every question.
    page.goto(page.url.replace(CHAPTER, "reference/self_checks.html").split("#")[0])
    there = page.locator(f"#chapter-{NAME}")
    expect(there.locator(".score")).to_contain_text("1 of 5 right")
    chapters = page.locator("section.check-yourself")
    assert chapters.count() == page.locator(".bd-links a[href*='/chapters/']").count()
    for place in range(chapters.count()):
        options = answers(chapters.nth(place), "")
        assert sum(options) >= 3, "the right options of three questions"
        assert len(options) >= 2.5 * sum(options), "two wrong ones beside each, about"


def test_a_chapter_read_to_its_end_is_ticked_in_the_menu(visit):
    page = visit(CHAPTER).page
    ticks = page.locator(".bd-links a > small")
    assert ticks.count() == 0
    page.locator("section#next").scroll_into_view_if_needed()
    expect(ticks).to_have_count(1)
    expect(page.locator(".bd-links .current > a").last).to_contain_text("✓")
    page.goto(page.url.replace(CHAPTER, "index.html").split("#")[0])
    expect(page.locator(f".bd-links a[href*='{CHAPTER}'] > small")).to_have_count(1)


def test_a_list_filters_while_one_types_and_an_address_opens_its_entry(visit):
    page = visit("reference/error_messages.html").page
    entries = page.locator("details.entry")
    everything = entries.count()
    assert everything > 60
    field = page.locator(".filter input")
    field.fill("enters the loop")
    shown = page.locator("section:not([hidden]) > details.entry")
    assert 0 < shown.count() < 5
    expect(page.locator(".filter output")).to_have_text(f"{shown.count()} of {everything}")
    assert all("enters the loop" in text for text in shown.all_text_contents())
    field.fill("")
    expect(shown).to_have_count(everything)
    anchor = "expected-ndim-3-found-ndim-4"
    page = visit(f"reference/error_messages.html#{anchor}").page
    page.reload()
    expect(page.locator(f"section[id='{anchor}'] > details.entry")).to_have_attribute("open", "")
    expect(page.locator("details.entry[open]")).to_have_count(1)
    assert page.locator(f"section[id='{anchor}'] h3").evaluate(
        "heading => heading.getBoundingClientRect().top < innerHeight"
    )


def test_a_term_shows_its_meaning_to_pointer_and_keyboard(visit):
    page = visit(CHAPTER).page
    term = page.locator("a.term").first
    meaning = term.get_attribute("aria-description")
    assert re.fullmatch(r"\S.{40,}\.", meaning)
    content = "link => getComputedStyle(link, '::after').content"
    assert term.evaluate(content) == "none"
    term.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")  # a focus that is seen comes from the keyboard
    assert meaning[:30] in term.evaluate(content)
    term.blur()
    term.hover()
    assert meaning[:30] in term.evaluate(content)


def test_a_figure_opens_alone(visit):
    page = visit(CHAPTER, 390).page
    page.locator("figure .open-figure").first.click()
    page.wait_for_url(re.compile(r"/_images/\w+\.svg$"))
