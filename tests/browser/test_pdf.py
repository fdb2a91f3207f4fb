"""The book as one PDF, printed whole in half a minute."""

from urllib.parse import unquote

import pikepdf
import pytest
import yaml
from book_files import ROOT, documents

from tools import pdf

pytestmark = [pytest.mark.browser, pytest.mark.nightly]


def test_this_book_is_printed_whole(browser, site):
    """That each picture arrives and each link leads somewhere, the printing itself checks."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    pages = pdf.read_pages(settings["html"]["baseurl"])
    names = [name for name in documents() if name not in pdf.ON_SITE_ONLY]
    assert list(pages) == names
    labs = 0
    for name, page in pages.items():
        source = (site / f"{name}.html").read_text(encoding="utf-8")
        solutions = len(page.article.select(".solution"))
        assert solutions == source.count(" tag_solution ")
        assert solutions >= (3 if name.startswith("chapters/") else 0)
        labs += source.count("widget-view+json")
        # What a reader cannot unfold is open; what only a screen can use is gone.
        gone = "details:not([open]), script, noscript, .headerlink, nav, .lab-asleep, .test-mark"
        assert page.article.select(gone) == []
    text = "".join(page.article.get_text() for page in pages.values())
    assert text.count("A picture of a lab. It can be used at https://") == labs > 0
    for gone in ("# @title Figure", "# @title Set-up", "Show solution", "Show the code"):
        assert gone not in text, gone

    path, numbers = pdf.print_book(browser)
    places = [numbers[f"{name}:"] for name in names]
    assert places == sorted(set(places)) and 1 < places[0] and places[-1] <= numbers[""]
    with pikepdf.open(path) as printed:
        assert str(printed.docinfo["/Title"]) == settings["title"]
        assert str(printed.docinfo["/Author"]) == settings["author"]
        with printed.open_outline() as outline:
            items = [(item.title, len(item.children)) for item in outline.root]
        assert len(items) == len(names) + 2 and dict(items)["Contents"] == 0
        assert sum(sections for _, sections in items) > 100
        links = [link for page in printed.pages for link in page.get("/Annots", [])]
        inside = {unquote(str(link.Dest)[1:]) for link in links if "/Dest" in link}
        assert {f"{name}:" for name in names} <= inside and len(inside) > 100
