"""The book as one PDF: tried on a toy site of three pages, and, unprinted, on this book's site.

`make pdf` itself refuses a book with a missing picture or a link that leads nowhere. It prints the
whole book in the release workflow, and not here: that takes half a minute.
"""

import re
from urllib.parse import unquote

import pikepdf
import pytest
from book_files import ROOT, documents

from tools import contents, pdf

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

CONFIG = """
title: A toy book
author: Somebody
copyright: "2026"
repository: {url: "https://a.org/toy"}
"""
TOC = """
format: jb-book
root: index
parts:
  - caption: Shape
    chapters: [{file: chapters/one}, {file: chapters/two}]
"""
PAGE = """<!DOCTYPE html>
<html lang="en"><head>
<link rel="canonical" href="https://a.org/book/index.html">
<link rel="stylesheet" href="_static/site.css">
</head><body><nav>Menu</nav><article class="bd-article">{}</article></body></html>
"""
INDEX = """<section id="start"><h1>Start<a class="headerlink" href="#start">#</a></h1>
<p>See <a href="chapters/two.html#summary">the second summary</a>, and
<a href="search.html">search</a>.</p>
<img alt="A square" src="_images/square.svg"></section>"""
ONE = """<section id="one"><h1>One, "quoted" &lt;/style></h1>
<section id="axes"><h2>Axes</h2><p>Text.</p></section>
<script type="application/vnd.jupyter.widget-view+json">{"model_id": "lab"}</script>
<noscript><figure><img alt="A lab" src="../_images/square.svg">
<figcaption>Switch JavaScript on.</figcaption></figure></noscript><p class="lab-asleep">Run it.</p>
<section id="summary"><h2>Summary</h2><p>First summary.</p></section></section>"""
TWO = """<section id="two"><h1>Two</h1><section id="summary"><h2>Summary</h2>
<p>Second summary, <a href="one.html">after the first</a>.</p>
<details><summary>An option</summary><p>Right. It is.</p></details>
<div class="cell tag_solution"><details><summary><p class="collapsed">Show solution 1</p>
<p class="expanded">Hide solution 1</p></summary><div class="cell_input"><pre><span></span>\
<span class="c1"># @title Solution 1</span>
<span>answer = 42</span></pre></div></details></div>
<div class="cell tag_hide-input"><details><summary>Show the code</summary>
<div class="cell_input"><pre>plt.show()</pre></div></details></div></section></section>"""
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40"/></svg>'


@pytest.fixture
def toy(tmp_path):
    """A book of three pages with its built site."""
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": TOC,
        "_build/html/index.html": PAGE.format(INDEX),
        "_build/html/chapters/one.html": PAGE.format(ONE),
        "_build/html/chapters/two.html": PAGE.format(TWO),
        "_build/html/_images/square.svg": SQUARE,
        "_build/html/_static/site.css": "p { color: #123 }",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def outline_of(items):
    """Return an outline as nested pairs (title, children)."""
    return [(item.title, outline_of(item.children)) for item in items]


def test_outline_links_numbers_and_author(browser, toy):
    path = pdf.print_book(toy, browser)
    numbers = pdf.page_numbers(path)
    assert numbers["index"] == 3 and numbers["chapters-one"] == 4 and numbers["chapters-two"] == 5
    assert numbers["chapters-two--summary"] == 5
    with pikepdf.open(path) as printed:
        assert str(printed.docinfo["/Title"]) == "A toy book"
        assert str(printed.docinfo["/Author"]) == "Somebody"
        assert len(printed.pages) == 5
        with printed.open_outline() as outline:
            sections = [("Axes", []), ("Summary", [])]
            chapters = [('One, "quoted" </style>', sections), ("Two", [("Summary", [])])]
            found = outline_of(outline.root)
        assert found == [("Contents", []), ("Start", []), ("Part 1: Shape", chapters)]
        links = [link for page in printed.pages for link in page.get("/Annots", [])]
        inside = {unquote(str(link.Dest)[1:]) for link in links if "/Dest" in link}
        assert (
            {"chapters-two--summary", "chapters-one", "chapters-one--axes"}
            <= inside
            <= set(numbers)
        )


def test_what_a_reader_cannot_unfold_is_open(toy):
    html = soup_of(toy)
    text = html.find("main").get_text()
    assert "Right. It is." in text and "answer = 42" in text and "Solution 1" in text
    for gone in ("@title", "plt.show", "Show", "Hide", "Switch JavaScript on", "Run it.", "Menu"):
        assert gone not in text
    assert html.select("details, script, noscript, .headerlink") == []
    assert [image["alt"] for image in html.find_all("img")] == ["A square", "A lab"]
    assert "https://a.org/book/chapters/one.html" in html.find("figcaption").get_text()
    assert html.find("a", string="search")["href"] == "https://a.org/book/search.html"
    assert r'"One,\20 \22 quoted\22 \20 \3c /style\3e "' in html.find("style").string


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("square.svg", "lost.svg", "not found.*lost.svg"),
        ("two.html#summary", "two.html#lost", "links lead nowhere.*chapters-two--lost"),
    ],
)
def test_what_is_missing_stops_the_printing(browser, toy, old, new, problem):
    page = toy / "_build" / "html" / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(RuntimeError, match=problem):
        pdf.print_book(toy, browser)


def test_without_a_site_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        pdf.print_book(tmp_path, browser=None)


def test_this_book_is_whole(site):
    """Every document once, in reading order; every link and every picture leads somewhere."""
    html = soup_of(ROOT)
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


def soup_of(book):
    """Return the whole book as one page, parsed."""
    pages = pdf.Pages(book / "_build" / "html", contents.parts(book))
    config = {"title": "Title", "author": "", "copyright": "", "repository": {"url": ""}}
    return pdf.parse(pdf.write_html(pages, config, {}))
