"""Let the keyboard scroll a table that is wider than a phone.

The theme puts each table into a box that scrolls sideways. A box without a link in it cannot be
reached by the keyboard, so that its last columns cannot be read.
"""

BOX = '<div class="pst-scrollable-table-container"'


def let_the_keyboard_in(app, pagename, templatename, context, doctree):
    """Make each box a stop of the Tab key."""
    if doctree is not None:
        context["body"] = context["body"].replace(f"{BOX}>", f'{BOX} tabindex="0">')


def setup(app):
    """Run when the body of a page is written."""
    app.connect("html-page-context", let_the_keyboard_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
