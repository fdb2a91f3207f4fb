"""Keep the pages light and still: only the scripts and the data that they need, and sizes.

The rest of a page's weight is the theme's script of icons, which `_templates/layout.html` leaves
out.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

# For tabs and coloured search words, which this book does not have, and for Sphinx's own search.
NOT_NEEDED = {"design-tabs.js", "doctools.js", "sphinx_highlight.js"}
MENU_OF_VERSIONS = "DOCUMENTATION_OPTIONS."
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
SIZE = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)(pt)?"[^>]*?\sheight="([\d.]+)')


class GiveRoom(SphinxPostTransform):
    """Write the size of each drawing beside its address, so that the text does not jump."""

    default_priority = 900

    def run(self, **kwargs):
        """Read the sizes from the drawings: pixels, or points of 4/3 pixels."""
        for image in self.document.findall(nodes.image):
            path = Path(self.env.srcdir, image["uri"])
            if path.suffix == ".svg" and (size := SIZE.search(path.read_text("utf-8"))):
                scale = 4 / 3 if size[2] else 1
                image["width"] = f"{float(size[1]) * scale:.0f}"
                image["height"] = f"{float(size[3]) * scale:.0f}"


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
    app.add_post_transform(GiveRoom)
    app.connect("html-page-context", choose_scripts, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
