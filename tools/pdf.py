"""Print the whole book as one PDF: `make pdf`.

The pages of the built site are put behind one another, as one page without menus and scripts, and
a browser prints it. So the PDF shows what the site shows: labs as their pictures, solutions and
answers unfolded. Left out is the code that is folded on the site because it only draws a figure.

A browser does not know the number of a page while it prints. So the book is printed twice: the
first time to learn on which page each heading stands, the second time with these numbers in the
contents.
"""

import re
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import pikepdf
import yaml
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from playwright.sync_api import sync_playwright

from tools import contents
from tools.browsing import open_chromium
from tools.contents import ROOT

FOLDER = Path(__file__).parent

NAME = "lstm-shape-and-state.pdf"
HEADINGS = ["h1", "h2", "h3", "h4", "h5"]
LONG = 24  # lines of code that may go on on the next page; shorter code stays whole
# Every chapter has these sections. In the contents they would only repeat themselves.
NOT_LISTED = {
    "What you will be able to do",
    "Before you start",
    "Summary",
    "Exercises",
    "Check yourself",
    "Next",
}


def main():
    """Print the book that stands in `_build/html`; say where it is, its pages and its size."""
    config = sys.argv[1] if len(sys.argv) > 1 else "_config.yml"
    with sync_playwright() as playwright:
        browser = open_chromium(playwright)
        if browser is None:
            sys.exit("No Chromium, Chrome or Edge found: name one with CHROME_PATH.")
        path = print_book(ROOT, browser, config)
        browser.close()
    with pikepdf.open(path) as pdf:
        pages = len(pdf.pages)
    print(f"{path.relative_to(ROOT)}: {pages} pages, {path.stat().st_size / 1e6:.1f} MB")


def print_book(book, browser, config="_config.yml"):
    """Print a built book.

    Parameters
    ----------
    book : Path
        A folder with `_toc.yml`, and with the built site in `_build/html`.
    browser : playwright.sync_api.Browser
        A Chromium.
    config : str
        The settings with which the site was built, a file in `book`.

    Returns
    -------
    Path
        The PDF, in `_build`.

    Raises
    ------
    SystemExit
        If the site is not built.
    RuntimeError
        If a picture is missing, a link leads nowhere, or the page numbers do not settle.
    """
    site = book / "_build" / "html"
    if not (site / "index.html").is_file():
        sys.exit(f"{site} holds no site: run `make book` first.")
    config = yaml.safe_load((book / config).read_text(encoding="utf-8"))
    pages = Pages(site, contents.parts(book))
    html, path = book / "_build" / "book.html", book / "_build" / NAME
    numbers = {}
    for _ in range(2):
        html.write_text(write_html(pages, config, numbers), encoding="utf-8")
        print_html(browser, html, path)
        before, numbers = numbers, page_numbers(path)
    if before != numbers:
        raise RuntimeError("the two printings differ, so the numbers in the contents are wrong")
    if lost := pages.link_targets() - set(numbers):
        raise RuntimeError(f"links lead nowhere: {sorted(lost)}")
    finish(path, config)
    return path


def print_html(browser, html, path):
    """Print a page to a file, on the paper that its style sheet asks for."""
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(600_000)  # milliseconds; a busy machine needs minutes, not seconds
    page = context.new_page()
    missing = []
    page.on("requestfailed", lambda request: missing.append(request.url))
    page.goto(html.as_uri(), wait_until="load")
    page.pdf(path=path, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    context.close()
    if missing:
        raise RuntimeError(f"not found: {missing}")


def page_numbers(path):
    """Return the page on which each target of a link stands, counted from 1."""
    with pikepdf.open(path) as pdf:
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, start=1)}
        targets = pdf.Root.get("/Dests", {}).items()
        return {unquote(name[1:]): numbers[target[0].objgen] for name, target in targets}


def finish(path, config):
    """Write who made the book, and pack it: the browser's own file is two and a half times this."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Author"] = config["author"]
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


class Pages:
    """The articles of all pages of a site, ready to stand behind one another.

    Attributes
    ----------
    parts : list of (str or None, list of str)
        The documents in reading order, by part.
    articles : dict of Tag
        The article of each document.
    address : str
        Where the site stands on the web; ends with a slash.
    styles : list of str
        The style sheets of the site, relative to the site's folder.
    language : str
        The language of the site.
    """

    def __init__(self, site, parts):
        self.parts = parts
        documents = [document for _, names in parts for document in names]
        soups = {
            document: parse((site / f"{document}.html").read_bytes()) for document in documents
        }
        first = soups[documents[0]]
        self.language = first.html["lang"]
        canonical = first.find("link", rel="canonical")
        self.address = urljoin(canonical["href"], ".") if canonical else ""
        links = first.find_all("link", rel="stylesheet")
        self.styles = [link["href"] for link in links if not urlsplit(link["href"]).netloc]
        self.articles = {}
        for document, soup in soups.items():
            article = soup.find("article")
            unfold(article, self.address + f"{document}.html")
            self.connect(article, document, documents)
            if document != documents[0]:
                for heading in article.find_all(HEADINGS):  # below the title of the part
                    heading.name = f"h{int(heading.name[1]) + 1}"
            self.articles[document] = article

    def connect(self, article, document, documents):
        """Make ids unique in the whole book; turn links between its pages into links within it."""
        names = {f"{name}.html": anchor(name) for name in documents}
        for tag in article.find_all(id=True):
            tag["id"] = anchor(document, tag["id"])
        for tag in article.find_all(href=True):
            parts = urlsplit(tag["href"])
            if parts.scheme or parts.netloc:
                continue
            page = unquote(urljoin(f"{document}.html", parts.path))
            if page in names:
                target = anchor(page.removesuffix(".html"), unquote(parts.fragment))
                tag["href"] = f"#{quote(target)}"
            else:
                tag["href"] = urljoin(f"{self.address}{document}.html", tag["href"])
        for tag in article.find_all(src=True):
            if not urlsplit(tag["src"]).scheme:
                tag["src"] = "html/" + urljoin(f"{document}.html", tag["src"])
        article["id"] = anchor(document)

    def title(self, document):
        """Return the title of a document."""
        return self.articles[document].find(HEADINGS).get_text().strip()

    def sections(self, document):
        """Return the sections that the contents list: pairs (anchor, title)."""
        article = self.articles[document]
        level = int(article.find(HEADINGS).name[1]) + 1
        headings = article.find_all(f"h{level}")
        found = [(heading.parent["id"], heading.get_text().strip()) for heading in headings]
        return [(id, title) for id, title in found if title not in NOT_LISTED]

    def link_targets(self):
        """Return the anchors that links and the contents lead to."""
        links = [
            a["href"] for each in self.articles.values() for a in each.find_all("a", href=True)
        ]
        sections = [id for document in self.articles for id, _ in self.sections(document)]
        inside = {unquote(link[1:]) for link in links if link.startswith("#")}
        return inside | {anchor(document) for document in self.articles} | set(sections)


def anchor(document, fragment=""):
    """Return the name of a place in the book: its document, and the place's name there."""
    name = document.replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def unfold(article, address):
    """Show what is folded; replace what needs a script; drop what serves the screen only."""
    for tag in article.select("script, .headerlink, .lab-asleep"):
        tag.decompose()
    for picture in article.find_all("noscript"):
        if caption := picture.find("figcaption"):
            link = f'<a href="{address}">{address}</a>'
            caption.clear()
            caption.append(parse(f"A picture of a lab. It can be used at {link}."))
        picture.unwrap()
    for details in article.find_all("details"):
        cell = details.find_parent(class_="cell")
        summary = details.find("summary")
        if cell is None:  # an answer of a self-check
            summary.name, summary["class"] = "p", "option"
        elif "tag_solution" in cell["class"]:
            number = summary.get_text().split()[-1]
            summary.replace_with(parse(f'<p class="fold">Solution {number}</p>'))
            title = details.find("span", class_="c1", string=re.compile("^# @title "))
            title.next_sibling.replace_with(title.next_sibling.lstrip("\n"))
            title.decompose()
        else:  # code that draws a figure, or sets up
            details.decompose()
            continue
        details.name, details["class"] = "div", "unfolded"
    for code in article.select(".cell_input"):
        if code.get_text().strip().count("\n") >= LONG:
            code["class"] = [*code["class"], "long"]


def css_string(text):
    """Return a text as a string of CSS that can stand in a page, whatever signs it holds."""
    return '"' + re.sub(r'[\\"<>\s]', lambda sign: f"\\{ord(sign[0]):x} ", text) + '"'


def parse(html):
    """Return HTML as a tree."""
    return BeautifulSoup(html, "html.parser")


def write_html(pages, config, numbers):
    """Return the whole book as one page.

    Parameters
    ----------
    pages : Pages
    config : dict
        The settings of the book.
    numbers : dict of int
        The page on which each anchor stands, as far as it is known.

    Returns
    -------
    str
    """
    folder = Environment(loader=FileSystemLoader(FOLDER), autoescape=True)
    template = folder.get_template("pdf.html")
    style = (FOLDER / "pdf.css").read_text(encoding="utf-8")
    return template.render(
        css_string=css_string,
        anchor=anchor,
        config=config,
        numbers=numbers,
        own_style=style,
        pages=pages,
    )


if __name__ == "__main__":
    main()
