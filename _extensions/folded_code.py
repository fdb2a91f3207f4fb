"""Folded cells: give each its name, and keep what nobody looks for out of the search.

MyST-NB tells screen readers "Toggle hidden content" at every folded cell. Without this label they
read what everyone sees, such as "Show the code" or "Show solution 1".

The code that draws a figure or sets a notebook up is folded because nobody comes for it. In the
search it would put every chapter behind words such as "install". Nor does anybody look for the
LaTeX source of a formula.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.builders.html import StandaloneHTMLBuilder

LABEL = ' aria-label="Toggle hidden content"'


def name_by_content(app, pagename, templatename, context, doctree):
    """Take the label off that hides the words of a fold from screen readers."""
    if doctree is not None:
        context["body"] = context["body"].replace(f"<summary{LABEL}>", "<summary>")


def nobody_looks_for(node):
    """Say whether a node is folded code, other than a solution, or a formula."""
    if isinstance(node, HideCodeCellNode):
        return node.parent["hide_mode"] == "input"
    return isinstance(node, nodes.math | nodes.math_block)


class Builder(StandaloneHTMLBuilder):
    """The usual builder; its search index knows the text, the open code and the solutions."""

    def index_page(self, pagename, doctree, title):
        """Add a page to the search index."""
        doctree = doctree.deepcopy()
        for node in list(doctree.findall(nobody_looks_for)):
            node.parent.remove(node)
        super().index_page(pagename, doctree, title)


def setup(app):
    """Register both."""
    app.add_builder(Builder, override=True)
    app.connect("html-page-context", name_by_content)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
