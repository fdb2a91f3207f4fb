"""Changes to what the theme and MyST-NB write, for the keyboard, screen readers and phones.

MyST-NB calls every folded cell "Toggle hidden content". Without this label screen readers read
what everyone sees, such as "Show the code" or "Show solution 1".

The theme puts each table into a box that scrolls sideways. A box without a link in it cannot be
reached by the keyboard, so that on a phone its last columns cannot be read.

On a phone a wide table becomes a list of cards (`_static/book.css`), in which each cell says the
name of its column.
"""

import html
import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput

LABELLED = '<summary aria-label="Toggle hidden content">\n'
BOX = '<div class="pst-scrollable-table-container">'
PHONE = 44  # letters that a table may have across, to stay a table on a phone


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
    node.start = start


def depart_table(translator, node):
    """End a table; if it is a wide one, write the name of its column at each cell."""
    type(translator).depart_table(translator, node)
    rows = [[cell.astext() for cell in row.children] for row in node.findall(nodes.row)]
    across = sum(max(map(len, column)) for column in zip(*rows, strict=False))
    if across <= PHONE or len(rows[0]) < 3 or not next(node.findall(nodes.thead), None):
        return
    titles, place = rows[0], -1
    for number in range(node.start, len(translator.body)):
        piece = translator.body[number]
        if piece.startswith("<tr"):
            place = -1
        elif piece.startswith(("<td", "<th")):
            place += 1
            label = html.escape(titles[place])
            translator.body[number] = re.sub("^<td", f'<td data-label="{label}"', piece)
        translator.body[number] = translator.body[number].replace(BOX[5:-2], f"{BOX[5:-2]} cards")


def setup(app):
    """Register them, for pages only: a list of texts for translators knows no translator class."""
    app.add_node(HideCodeCellNode, override=True, html=(visit_fold, depart_HideCellInput))
    app.add_node(nodes.table, override=True, html=(visit_table, depart_table))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
