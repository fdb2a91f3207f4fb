"""Let a page show the sections near the screen first, and lay out the others one at a time.

`_static/book.css` and `_static/near_sections.js` do so: laid out at once, a chapter keeps a phone
busy for half a second before it answers. The theme would undo it. When a page has loaded, its
script asks every block of code whether it scrolls, since the Tab key must reach what does, and for
the answer all must be laid out. With one change it passes over those that are not yet; when the
last section is there, it asks again.
"""

from pathlib import Path

SCRIPT = Path("_static/scripts/pydata-sphinx-theme.js")
ASK = "e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1"
ASK_IF_LAID_OUT = f"!1===e.checkVisibility?.({{contentVisibilityAuto:!0}})||({ASK})"


def change(text):
    """Return the theme's script with this change, also if it has it already.

    Raises
    ------
    ValueError
        If the place to change is not there exactly once: the theme has another version.
    """
    if ASK_IF_LAID_OUT in text:
        return text
    if text.count(ASK) != 1:
        raise ValueError(f"{SCRIPT}: wanted once, found {text.count(ASK)} times: {ASK}")
    return text.replace(ASK, ASK_IF_LAID_OUT)


def change_script(app, exception):
    """Change the script of a finished site."""
    if not exception and app.builder.name == "html":
        path = Path(app.outdir) / SCRIPT
        path.write_text(change(path.read_text("utf-8")), "utf-8")


def setup(app):
    """Run when Sphinx has copied the theme's files."""
    app.connect("build-finished", change_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
