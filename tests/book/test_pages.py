"""The built pages, read as text: what is on them, and that every link on them leads somewhere."""

import functools
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import rules
import yaml
from book_files import ROOT, documents, pages
from bs4 import BeautifulSoup

NOISE = ("absl::InitializeLog", "oneDNN", "cpu_feature_guard", "Could not find cuda", "rebuild TF")
MACHINE = (str(ROOT), f"{Path.home()}/", "ipykernel_", "site-packages")
NOTEBOOKS = [name for name in documents() if (ROOT / f"{name}.ipynb").is_file()]
# A screen reader lists links without the text around them; so does Lighthouse, by these words.
SAYS_NOTHING = {"click here", "click this", "go", "here", "information", "learn more", "link"}
SAYS_NOTHING |= {"more", "more info", "more information", "read more", "right here", "see", "start"}
SAYS_NOTHING |= {"there", "this", "this page"}


@functools.cache
def html(path):
    """Return the source of a built page."""
    return path.read_text(encoding="utf-8")


@functools.cache
def ids(path):
    """Return the ids on a page."""
    return set(re.findall(r"""<[^<>]*\sid=["']([^"']+)["']""", html(path)))


def broken_links(page, site, document):
    """Links, pictures and scripts that are not there: of a page, and of places on other pages."""
    for tag in document.find_all(["a", "link", "img", "script", "source", "iframe"]):
        address = tag.get("href") or tag.get("src")
        if not address or re.match(r"//|[a-z]+:", address):
            continue
        parts = urlsplit(address)
        target = (site / page).parent / unquote(parts.path) if parts.path else site / page
        target = (target / "index.html" if target.is_dir() else target).resolve()
        if not target.is_file():
            yield f"{address}: no such file"
        elif parts.fragment and target.suffix == ".html":
            if unquote(parts.fragment) not in ids(target):
                yield f"{address}: no such place on the page"


def trouble(page, site):
    """Yield what is wrong with a page as a text."""
    source = html(site / page)
    document = BeautifulSoup(source, "html.parser")
    yield from broken_links(page, site, document)
    if document.html["lang"] != "en" or len(document.title.text.strip()) < 6:
        yield "no language or no title"
    yield from (f"not for readers: {text}" for text in (*NOISE, *MACHINE) if text in source)
    for image in document.find_all("img"):
        alt = image.get("alt")
        if alt is None or re.search(r"\.(svg|png|jpe?g|gif|webp)$|_images/", alt):
            yield f"alternative text {alt!r}: {str(image)[:200]}"
    for formula in document.select(".math, math"):
        found = formula if formula.name == "math" else formula.find("math")
        if found is None or "\\" in found.text:
            yield f"a formula that is no MathML: {formula.text}"
    for tag in document.find_all(["script", "img", "link", "iframe"]):
        named = {"canonical", "next", "prev", "index", "search"} & set(tag.get("rel", []))
        address = tag.get("src") or (tag.get("href", "") if not named else "")
        if urlsplit(address).netloc:
            yield f"fetched from another host: {address}"
    for link in document.select("main a"):
        if link.get_text(" ", strip=True).lower() in SAYS_NOTHING:
            yield f"a link that does not say where it leads: {link}"


def test_page(site, page):
    found = list(trouble(page, site))
    assert not found, "\n".join([page, *found])


def test_titles_are_unique(site):
    titles = [re.search("<title>(.*?)</title>", html(site / page), re.S)[1] for page in pages()]
    assert len(titles) == len(set(titles)), titles


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_page_shows_of_its_notebook_what_it_should(site, name):
    document = BeautifulSoup(html(site / f"{name}.html"), "html.parser")
    notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
    assert "# @title Set-up" in document.text  # what is folded is there, what is hidden is not
    for cell in rules.cells(notebook, "test"):
        assert cell.source.splitlines()[0] not in document.text, cell.id
    found = {prompt.text for prompt in document.select("details.hide .expanded")}
    for cell in rules.cells(notebook, "solution"):
        assert cell.metadata.mystnb.code_prompt_hide in found, cell.id
    for label in rules.figure_names(notebook):
        assert document.select_one(f"#{label} img"), label
        assert document.select_one(f"#{label} figcaption"), label
    if "$$" in "\n".join(rules.outside_fences(rules.markdown(notebook))):
        assert document.find("math", display="block")
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    repository, branch = settings["url"], settings["branch"]
    owner_and_name = urlsplit(repository).path.strip("/")
    links = {tag["href"] for tag in document.find_all("a", href=True)}
    binder = f"https://mybinder.org/v2/gh/{owner_and_name}/{branch}?urlpath=lab/tree/{name}.ipynb"
    colab = f"https://colab.research.google.com/github/{owner_and_name}/blob/{branch}/{name}.ipynb"
    assert {binder, colab, repository, f"{repository}/edit/{branch}/{name}.ipynb"} <= links


FAULTS = {
    "no-such-page.html: no such file": '<a href="no-such-page.html">Another page</a>',
    "#nowhere: no such place": '<a href="#nowhere">A section</a>',
    "alternative text None": '<img src="_static/icon.svg">',
    "alternative text '_images": '<img alt="_images/a.svg" src="_static/icon.svg">',
    "another host: https://a.org": '<script src="https://a.org/x.js"></script>',
    "a formula that is no MathML": '<span class="math">\\frac 1 2</span>',
    "does not say where it leads": '<main><a href="#">here</a></main>',
    "not for readers: oneDNN": "<p>oneDNN custom operations are on</p>",
}


def test_the_check_finds_what_is_wrong(tmp_path):
    (tmp_path / "bad.html").write_text(
        f"<html lang='en'><title>A page</title>{''.join(FAULTS.values())}"
    )
    found = "\n".join(trouble("bad.html", tmp_path))
    assert [fault for fault in FAULTS if fault not in found] == []
