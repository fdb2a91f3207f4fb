"""Two changes to what the theme and MyST-NB write, for the keyboard and for screen readers.

MyST-NB calls every folded cell "Toggle hidden content". Without this label screen readers read
what everyone sees, such as "Show the code" or "Show solution 1".

The theme puts each table into a box that scrolls sideways. A box without a link in it cannot be
reached by the keyboard, so that on a phone its last columns cannot be read.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput

LABELLED = '<summary aria-label="Toggle hidden content">\n'
BOX = '<div class="pst-scrollable-table-container">'


def visit_fold(translator, node):
    """Begin a folded cell, without the label."""
    visit_HideCellInput(translator, node)
    start = len(translator.body) - 1 - translator.body[::-1].index(LABELLED)
    translator.body[start] = "<summary>\n"


def visit_table(translator, node):
    """Begin a table, in a box that the Tab key stops at."""
    type(translator).visit_table(translator, node)
    start = len(translator.body) - 1 - translator.body[::-1].index(BOX)
    translator.body[start] = BOX.replace(">", ' tabindex="0">')


def setup(app):
    """Register both, for pages only: a list of texts for translators knows no translator class."""
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))
    end = lambda translator, node: type(translator).depart_table(translator, node)  # noqa: E731
    app.add_node(nodes.table, override=True, html=(visit_table, end))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
