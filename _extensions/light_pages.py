"""Keep the pages light and still: scripts and data that they need, less markup, sizes of figures.

The rest of a page's weight is the theme's script of icons, which `_templates/layout.html` leaves
out.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from pygments import token
from pygments.lexers import get_lexer_by_name

# For tabs and coloured search words, which this book does not have, and for Sphinx's own search.
NOT_NEEDED = {"design-tabs.js", "doctools.js", "sphinx_highlight.js"}
MENU_OF_VERSIONS = "DOCUMENTATION_OPTIONS."
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
# Names, brackets and blanks have the colour of the code around them in both of the book's styles
# (`pygments_style` of the theme), and would be more than half of the elements of a chapter.
PLAIN = {token.Name, token.Name.Namespace, token.Punctuation, token.Whitespace}
SIZE = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)(pt)?"[^>]*?\sheight="([\d.]+)')


class Lexer(type(get_lexer_by_name("ipython3"))):
    """Tell apart what has a colour of its own in code."""

    def get_tokens_unprocessed(self, text, stack=("root",)):
        """Return the place, the kind and the text of each piece of code."""
        for place, kind, value in super().get_tokens_unprocessed(text, stack):
            yield place, token.Text if kind in PLAIN else kind, value


def visit_image(translator, node):
    """Write a drawing with its size, in pixels or points, so that the text does not jump.

    All but the first of a page are fetched when the reader comes near them.
    """
    path = Path(translator.builder.srcdir, node["uri"])
    if in_figure(node):  # a tap opens it alone, as large as the screen allows
        folder, images = translator.builder.imgpath, translator.builder.images
        translator.body.append(f'<a class="open-figure" href="{folder}/{images[node["uri"]]}">')
    type(translator).visit_image(translator, node)
    if path.suffix == ".svg" and (size := SIZE.search(path.read_text("utf-8"))):
        scale = 4 / 3 if size[2] else 1
        room = f'width="{float(size[1]) * scale:.0f}" height="{float(size[3]) * scale:.0f}"'
        if node is not next(iter(translator.document.findall(nodes.image))):
            room += ' loading="lazy"'
        translator.body[-1] = translator.body[-1].replace("<img ", f"<img {room} ")


def depart_image(translator, node):
    """End a picture."""
    type(translator).depart_image(translator, node)
    if in_figure(node):
        translator.body.append("</a>")


def in_figure(node):
    """Say whether a picture is a figure of a chapter."""
    while node := node.parent:
        if isinstance(node, nodes.figure):
            return True
    return False


def choose_scripts(app, pagename, templatename, context, doctree):
    """Leave out the scripts that a page does not need; let no other hold the page up."""
    chosen = []
    for script in context["script_files"]:
        text = script.attributes.get("body") or ""
        if Path(script.filename or "").name in NOT_NEEDED or text.startswith(MENU_OF_VERSIONS):
            continue
        if script.filename:
            script.attributes["defer"] = "defer"
        if script.attributes.get("type") == WIDGET_STATE:
            script.attributes["body"] = drop_unseen(text, context["body"])
        chosen.append(script)
    context["script_files"] = chosen


def drop_unseen(text, body):
    """Leave out the state of widgets that the page does not show: those of hidden test cells."""
    found = json.loads(text)
    found["state"] = {name: model for name, model in found["state"].items() if name in body}
    return json.dumps(found).replace("</", "<\\/")


def setup(app):
    """Run when the other extensions have chosen theirs."""
    for language in ("python", "ipython3"):
        app.add_lexer(language, Lexer)
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    app.connect("html-page-context", choose_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
