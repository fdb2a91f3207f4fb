"""Say under the title of a chapter what it takes, and beside its claims which test holds them."""

import json
import os
import re
import subprocess
from html import escape
from importlib.metadata import version
from pathlib import Path

from docutils import nodes
from sphinx.locale import get_translation

CATALOGUE = "site"  # the words of this module, for a translation: locale/zh_CN/site.po
_ = get_translation(CATALOGUE)


def is_chapter(name):
    """Say whether a page is one of the chapters."""
    return name.startswith("chapters/")


def write_line(app, pagename, templatename, context, doctree):
    """Put a line under the title: minutes, where to run the page, and on what it was checked."""
    if not is_chapter(pagename):
        return
    text = Path(app.srcdir, f"{pagename}.ipynb").read_text(encoding="utf-8")
    minutes = re.search(r"\*\*To read:\*\* (\d+)", text)
    if minutes is None:
        return
    launch = [group for group in context["header_buttons"] if group["label"] == "launch-buttons"]
    links = [(button["text"], button["url"]) for group in launch for button in group["buttons"]]
    links.append((_("Notebook"), context["pathto"](f"_sources/{pagename}.ipynb", 1)))
    links.append((_("Summary"), "#summary"))
    tested = _("tested on Keras {keras}").format(keras=version("keras"))
    parts = [
        _("{minutes} minutes").format(minutes=minutes[1]),
        *(f'<a href="{escape(address)}">{escape(name)}</a>' for name, address in links),
        tested,
    ]
    line = " ".join(f"<span>{part}</span>" for part in parts)
    context["body"] = context["body"].replace(
        "</h1>", f'</h1>\n<p class="chapter-line">{line}</p>', 1
    )


def drop_number(app, pagename, templatename, context, doctree):
    """Take the number from the title in the head: search engines and messengers show it."""
    if is_chapter(pagename):
        context["title"] = re.sub(r"^<span[^>]*>[\d. ]+</span>", "", context["title"])


def tests_of(path):
    """Return place and lines of each hidden test: index of its cell, first and last line."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = []
    for index, cell in enumerate(json.loads(text)["cells"]):
        if "test" in cell["metadata"].get("tags", []):
            here = lines.index(f'   "id": "{cell["id"]}",') + 1
            end = next(n for n in range(here, len(lines)) if lines[n].startswith("  }"))
            found.append((index, here, end + 1))
    return found


def commit(app):
    """Return the commit that is built, or else the name of the branch."""
    asked = ["git", "-C", str(app.srcdir), "rev-parse", "HEAD"]
    known = os.environ.get("GITHUB_SHA")
    if not known:
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        known = answer.stdout.strip()
    return known or app.config.html_theme_options["repository_branch"]


def mark_tests(app, doctree, docname):
    """Put a link behind each cell that a hidden test looks at: to that test, as it was built."""
    if not is_chapter(docname) or app.builder.format != "html":
        return
    path = Path(app.srcdir, f"{docname}.ipynb")
    cells = [
        node for node in doctree.findall(nodes.container) if node.get("nb_element") == "cell_code"
    ]
    repository = app.config.html_theme_options["repository_url"]
    address = f"{repository}/blob/{app.built_commit}/{docname}.ipynb?plain=1"
    title = escape(_("The hidden test of what is said here, as it was when this page was built"))
    for index, first, last in reversed(tests_of(path)):  # each is put before those after it
        tested = [cell for cell in cells if cell["cell_index"] < index]
        if tested:
            link = f'<a href="{address}#L{first}-L{last}" title="{title}">{escape(_("tested"))}</a>'
            mark = nodes.raw("", f'<p class="test-mark">{link}</p>', format="html")
            tested[-1].parent.insert(tested[-1].parent.index(tested[-1]) + 1, mark)


def begin(app):
    """Ask once for what all chapters share."""
    app.built_commit = commit(app)


def setup(app):
    """Write the line after the theme has made its buttons; shorten titles before they are used."""
    app.add_message_catalog(CATALOGUE, str(Path(app.srcdir, "locale")))
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", mark_tests)
    app.connect("html-page-context", drop_number, priority=100)
    app.connect("html-page-context", write_line, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
