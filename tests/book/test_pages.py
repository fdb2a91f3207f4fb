"""The built pages, read as text: what is on them, and that every link on them leads somewhere."""

import functools
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import rules
import yaml
from book_files import ROOT, documents, pages
from bs4 import BeautifulSoup

NOISE = ("absl::InitializeLog", "oneDNN", "cpu_feature_guard", "Could not find cuda", "rebuild TF")
MACHINE = (str(ROOT), f"{Path.home()}/", "ipykernel_", "site-packages")
CHAPTERS = [name for name in documents() if name.startswith("chapters/")]


@functools.cache
def html(path):
    """Return the source of a built page."""
    return path.read_text(encoding="utf-8")


@functools.cache
def soup(path):
    """Return a built page, parsed."""
    return BeautifulSoup(html(path), "html.parser")


def fetched(page):
    """Return the addresses that a browser fetches by itself when it opens a page."""
    found = [tag["src"] for tag in page.find_all(src=True)]
    for tag in page.find_all("link", href=True):
        if not {"canonical", "next", "prev", "index", "search"} & set(tag.get("rel", [])):
            found.append(tag["href"])
    return found


def is_elsewhere(address):
    """Say whether an address belongs to another host."""
    return bool(urlsplit(address).netloc)


def test_page_has_title_and_language(site, page):
    document = soup(site / page)
    assert document.html["lang"] == "en"
    assert len(document.title.text.strip()) > 5
    # The theme writes the title a second time, for print only.
    headings = [h1 for h1 in document.find_all("h1") if not h1.find_parent(id="jb-print-docs-body")]
    assert len(headings) == 1


def test_titles_are_unique(site):
    titles = [soup(site / page).title.text for page in pages()]
    assert len(titles) == len(set(titles)), titles


def test_no_noise_and_no_path_of_this_machine(site, page):
    assert [text for text in (*NOISE, *MACHINE) if text in html(site / page)] == []


def test_images_have_text_that_is_no_file_name(site, page):
    for image in soup(site / page).find_all("img"):
        alt = image.get("alt")
        assert alt is not None, image
        assert not re.search(r"\.(svg|png|jpe?g|gif|webp)$|_images/", alt), image
        if image.find_parent("article"):
            assert alt.strip(), image


def test_formulas_are_mathml(site, page):
    document = soup(site / page)
    assert "mathjax" not in " ".join(fetched(document)).lower()
    for formula in document.find_all("math"):
        assert "\\" not in formula.text, f"not understood: {formula.text}"
    for box in document.select(".math"):
        assert box.name == "math" or box.find("math"), box


def test_pages_with_formulas_have_them(site):
    count = 0
    for name in CHAPTERS:
        text = rules.markdown(nbformat.read(ROOT / f"{name}.ipynb", as_version=4))
        if "$$" in "\n".join(rules.outside_fences(text)):
            assert soup(site / f"{name}.html").find("math", display="block"), name
            count += 1
    assert count


def test_nothing_is_fetched_from_other_hosts(site, page):
    addresses = fetched(soup(site / page))
    assert addresses
    assert [address for address in addresses if is_elsewhere(address)] == []


def test_hidden_tests_are_not_on_the_page(site):
    for name in CHAPTERS:
        text = soup(site / f"{name}.html").text
        assert "# @title Set-up" in text  # what is folded is there, what is hidden is not
        for cell in rules.cells(nbformat.read(ROOT / f"{name}.ipynb", as_version=4), "test"):
            assert cell.source.splitlines()[0] not in text, cell.id


def test_solutions_and_figures_are_on_the_page(site):
    for name in CHAPTERS:
        document = soup(site / f"{name}.html")
        notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
        solutions = document.select("details.hide .expanded")
        wanted = {
            cell.metadata.mystnb.code_prompt_hide for cell in rules.cells(notebook, "solution")
        }
        assert wanted and wanted <= {prompt.text for prompt in solutions}
        for label in rules.figure_names(notebook):
            assert document.select_one(f"#{label} img"), label
            assert document.select_one(f"#{label} figcaption"), label


def test_every_link_inside_the_site_leads_somewhere(site, page):
    broken, count = [], 0
    for tag in soup(site / page).find_all(["a", "link", "img", "script", "source", "iframe"]):
        address = tag.get("href") or tag.get("src")
        if not address or is_elsewhere(address) or re.match(r"(data|mailto|javascript):", address):
            continue
        count += 1
        parts = urlsplit(address)
        target = (site / page).parent / unquote(parts.path) if parts.path else site / page
        if target.is_dir():
            target /= "index.html"
        if not target.is_file():
            broken.append(f"{address}: no such file")
        elif parts.fragment and target.suffix == ".html":
            if not soup(target.resolve()).find(id=unquote(parts.fragment)):
                broken.append(f"{address}: no such place on the page")
    assert count > 10 and not broken, "\n".join(broken)


# A screen reader lists links without the text around them; so does Lighthouse, by these words.
SAYS_NOTHING = {"click here", "click this", "go", "here", "information", "learn more", "link"}
SAYS_NOTHING |= {"more", "more info", "more information", "read more", "right here", "see", "start"}
SAYS_NOTHING |= {"there", "this", "this page"}


def test_a_link_says_where_it_leads(site, page):
    texts = [tag.get_text(" ", strip=True).lower() for tag in soup(site / page).select("main a")]
    assert texts and not SAYS_NOTHING.intersection(texts)


def test_launch_buttons_open_this_notebook_from_this_repository(site):
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    repository, branch = settings["repository"]["url"], settings["repository"]["branch"]
    name = urlsplit(repository).path.strip("/")
    for document in CHAPTERS:
        links = {tag["href"] for tag in soup(site / f"{document}.html").find_all("a", href=True)}
        binder = f"https://mybinder.org/v2/gh/{name}/{branch}?urlpath=lab/tree/{document}.ipynb"
        colab = "https://colab.research.google.com/github"
        assert binder in links
        assert f"{colab}/{name}/blob/{branch}/{document}.ipynb" in links
        assert repository in links
        assert f"{repository}/edit/{branch}/{document}.ipynb" in links
