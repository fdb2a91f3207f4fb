"""Keep the landing page a page.

It holds one lab, so MyST-NB runs it as a notebook, and the theme then offers to open it in Binder
and Colab. Both open .ipynb files only. Without this mark the theme sees a page of text.
"""


def unmark(app, pagename, templatename, context, doctree):
    """Take from a page written in Markdown the mark that makes it a notebook for the theme."""
    if context.get("page_source_suffix") == ".md":
        app.env.metadata[pagename].pop("kernelspec", None)


def setup(app):
    """Run before the theme adds its buttons, which it does with the usual priority of 500."""
    app.connect("html-page-context", unmark, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
