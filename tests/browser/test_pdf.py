"""The book as one PDF: its pages before they are printed, and printed whole in half a minute."""

import re
from urllib.parse import unquote

import pikepdf
import pytest
import yaml
from book_files import ROOT, documents

from tools import contents, pdf

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def test_this_book_is_whole(site):
    """Every document once, in reading order; every link and every picture leads somewhere."""
    pages = pdf.Pages(ROOT / "_build" / "html", contents.parts(ROOT))
    html = pdf.parse(pdf.write_html(pages, SETTINGS, {}))
    articles = html.find_all("article")
    assert [tag["id"] for tag in articles] == [pdf.anchor(name) for name in documents()]
    ids = [tag["id"] for tag in html.find_all(id=True)]
    assert len(ids) == len(set(ids))
    targets = {unquote(tag["href"][1:]) for tag in html.select("a[href^='#']")}
    assert len(targets) > 100 and targets <= set(ids)
    for tag in html.find_all(["img", "link"]):
        address = tag.get("src") or tag.get("href")
        if not address.startswith("data:"):
            assert (ROOT / "_build" / re.sub(r"\?.*", "", address)).is_file(), address
    sources = {name: (site / f"{name}.html").read_text(encoding="utf-8") for name in documents()}
    for name, source in sources.items():
        solutions = html.find(id=pdf.anchor(name)).select(".fold")
        assert len(solutions) == source.count(" tag_solution ")
        assert len(solutions) >= (3 if name.startswith("chapters/") else 0)
    pictures = [tag for tag in html.find_all("figcaption") if "picture of a lab" in tag.get_text()]
    assert len(pictures) == sum(source.count("widget-view+json") for source in sources.values()) > 0
    # What a reader cannot unfold is open; what only a screen can use is gone.
    assert html.select("details, script, noscript, .headerlink, nav") == []
    for gone in ("# @title", "Show solution", "Show the code", "Here is a lab. Run this cell"):
        assert gone not in html.find("main").get_text(), gone


def test_the_printed_book_has_its_names_an_outline_and_links(browser, site):
    """A picture or a link that is missing stops the printing."""
    path = pdf.print_book(ROOT, browser)
    numbers = pdf.page_numbers(path)
    places = [numbers[pdf.anchor(name)] for name in documents()]
    assert places == sorted(set(places)) and places[0] > 1
    with pikepdf.open(path) as printed:
        assert str(printed.docinfo["/Title"]) == SETTINGS["title"]
        assert str(printed.docinfo["/Author"]) == SETTINGS["author"]
        assert places[-1] <= len(printed.pages)
        with printed.open_outline() as outline:
            items = [(item.title, len(item.children)) for item in outline.root]
        assert items[0] == ("Contents", 0) and any(name.startswith("Part 1: ") for name, _ in items)
        assert sum(children for _, children in items) > len(documents()) / 2
        links = [link for page in printed.pages for link in page.get("/Annots", [])]
        inside = {unquote(str(link.Dest)[1:]) for link in links if "/Dest" in link}
        assert set(map(pdf.anchor, documents()[1:])) <= inside <= set(numbers)
