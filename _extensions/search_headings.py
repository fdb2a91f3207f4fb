"""Search the headings of the book word by word, too; see `search_headings.js`.

The script is loaded by the page of the search alone.
"""

from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".js")


def publish(app, config):
    """Copy the script to the site."""
    config.html_static_path.append(str(SCRIPT))


def load(app, pagename, templatename, context, doctree):
    """Put the script on the page of the search, after those that it changes."""
    if pagename == "search":
        app.add_js_file(SCRIPT.name, loading_method="defer")


def setup(app):
    """Publish the script, and load it where it is used."""
    app.connect("config-inited", publish)
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
