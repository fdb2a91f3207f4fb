"""Print the whole book as one PDF: `make pdf`.

The articles of the built site become one page, and a browser prints it: labs as their pictures,
solutions and answers unfolded. Left out is the code that is folded on the site.

A browser does not know the number of a page while it prints. So it prints twice, the second time
with the numbers of the first in the contents.
"""

import sys
from html import escape
from urllib.parse import quote, unquote, urljoin, urlsplit

import pikepdf
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from tools.browsing import open_chromium
from tools.contents import ROOT, documents, parts

NAME = "lstm-shape-and-state.pdf"
HERE = "http://book/"  # stands for the site while addresses are put together
FOLDED = ".cell:not(.tag_solution) > details"  # sets a notebook up, or draws a figure
ON_SCREEN_ONLY = "script, .headerlink, .lab-asleep, .chapter-line, .test-mark, .small-figure, "
ON_SCREEN_ONLY += f"{FOLDED}, .cell > details > summary, #doctor, "
ON_SCREEN_ONLY += "section:not(:has(> h1)):has(> #doctor)"
ON_SITE_ONLY = {"reference/self_checks", "reference/recipe"}  # repeats; needs a script
PAGE = """<!DOCTYPE html>
<html lang="{language}" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>
{styles}<style>{style}</style></head><body><main class="bd-main"><div class="bd-content">
<header class="title-page"><h1>{title}</h1><p class="question">{question}</p>
<p>{author}, {year}</p>
<p>With its labs: <a href="{site}">{site}</a>. Notebooks, tests: <a href="{code}">{code}</a>.</p>
<p>In this edition all solutions and answers are shown below their questions. Left out is the code
that only draws a figure, and the set-up of each notebook.</p>
<p>Code: MIT licence. Text and figures: CC BY 4.0.</p></header>
<nav><h1>Contents</h1>{contents}</nav>{articles}</div></main></body></html>
"""


def main():
    """Print the book that stands in `_build/html`; say where it is, its pages and its size."""
    if not (ROOT / "_build" / "html" / "index.html").is_file():
        sys.exit("_build/html holds no site: run `make book` first.")
    with sync_playwright() as playwright:
        if (browser := open_chromium(playwright)) is None:
            sys.exit("No Chromium, Chrome or Edge found: name one with CHROME_PATH.")
        path, numbers = print_book(browser)
    print(f"{path.relative_to(ROOT)}: {numbers['']} pages, {path.stat().st_size / 1e6:.1f} MB")


def print_book(browser):
    """Print the built book with a Chromium; return the PDF and on which page each place stands.

    A picture that is missing, a link that leads nowhere, and page numbers that do not settle raise
    RuntimeError.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    pages = read_pages(config["html"]["baseurl"])
    html, path = ROOT / "_build" / "book.html", ROOT / "_build" / NAME
    numbers = {}
    for _ in range(2):
        html.write_text(write_html(pages, config, numbers), encoding="utf-8")
        print_html(browser, html, path, config["author"])
        before, numbers = numbers, page_numbers(path)
    if before != numbers:
        raise RuntimeError("the two printings differ, so the numbers in the contents are wrong")
    links = BeautifulSoup(html.read_text(encoding="utf-8"), "html.parser").select("[href^='#']")
    if lost := {unquote(link["href"][1:]) for link in links} - set(numbers):
        raise RuntimeError(f"links lead nowhere: {sorted(lost)}")
    return path, numbers


def read_pages(site):
    """Return all pages as they are printed: {document: its tree}."""
    names = [name for name in documents() if name not in ON_SITE_ONLY]
    pages = {}
    for name in names:
        source = (ROOT / "_build" / "html" / f"{name}.html").read_bytes()
        pages[name] = page = BeautifulSoup(source, "html.parser")
        for tag in page.article.select(ON_SCREEN_ONLY):
            tag.decompose()
        for tag in page.article.select("noscript"):
            tag.figcaption.string = f"A picture of a lab. It can be used at {site}{name}.html."
            tag.unwrap()
        for tag in page.article.select("details"):
            if tag.summary:  # an answer of a self-check
                tag["open"] = ""
            else:
                tag.name, tag["class"] = "div", "solution"
        # Ids become unique in the whole book, and links between its pages links within it.
        for tag in page.article.select("[id]"):
            tag["id"] = f"{name}:{tag['id']}"
        page.article["id"] = f"{name}:"
        for tag in page.article.select("[href]"):
            address = urlsplit(urljoin(f"{HERE}{name}.html", tag["href"]))
            document = unquote(address.path[1:]).removesuffix(".html")
            if address.netloc == urlsplit(HERE).netloc:
                inside = f"#{quote(f'{document}:')}{address.fragment}"
                tag["href"] = inside if document in names else site + address.path[1:]
        for tag in page.article.select("[src]:not([src^='data:'])"):
            tag["src"] = urljoin(f"{HERE}{name}.html", tag["src"]).replace(HERE, "html/")
    return pages


def write_html(pages, config, numbers):
    """Return the whole book as one page, with the numbers of its pages as far as they are known."""
    titles = {name: page.article.find("h1").get_text() for name, page in pages.items()}
    contents = []
    for caption, names in parts():
        contents += [f'<p class="part">{escape(caption)}</p>'] if caption else []
        contents += [
            f'<a href="#{quote(f"{name}:")}">{escape(titles[name])}'
            f"<span>{numbers.get(f'{name}:', 0)}</span></a>"
            for name in names
            if name in pages
        ]
    first = pages["index"]
    styles = [link for link in first.select("link[rel=stylesheet]") if ":" not in link["href"]]
    return PAGE.format(
        language=first.html["lang"],
        styles="\n".join(f'<link rel="stylesheet" href="html/{link["href"]}">' for link in styles),
        style=(ROOT / "tools" / "pdf.css").read_text(encoding="utf-8"),
        title=escape(config["title"]),
        question=escape(titles["index"]),
        author=escape(config["author"]),
        year=config["copyright"],
        site=config["html"]["baseurl"],
        code=config["repository"]["url"],
        contents="\n".join(contents),
        articles="\n".join(str(page.article) for page in pages.values()),
    )


def print_html(browser, html, path, author):
    """Print a page to a file; a picture that is missing is an error."""
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
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Author"] = author
        # The browser's own file is two and a half times this.
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


def page_numbers(path):
    """Return on which page each target of a link stands, and under "" how many pages there are."""
    with pikepdf.open(path) as pdf:
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, start=1)}
        found = {
            unquote(name[1:]): numbers[target[0].objgen]
            for name, target in pdf.Root.get("/Dests", {}).items()
        }
        return found | {"": len(pdf.pages)}


if __name__ == "__main__":
    main()
