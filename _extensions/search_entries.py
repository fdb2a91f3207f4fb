"""Write the sections of the book into a file that the search page reads (`_search/search.js`).

It is a script that sets one variable, so that the search works in a book opened from disk, too.
What nobody looks for stays out: code that sets a notebook up or draws a figure, and formulas.
"""

import json
import re
from pathlib import Path

from docutils import nodes

FILE = "_static/search_entries.js"


def text_of(node, names):
    """Return what a reader sees of a node, as one line, without the sections in it.

    Of code and of what it prints, only the words are kept, and each once: in the set `names`.
    """
    if isinstance(node, nodes.Text):
        return node.astext()
    if not seen(node):
        return ""
    if isinstance(node, nodes.literal_block):
        names.update(re.findall(r"[^\W\d]{3,}", node.astext()))
        return ""
    between = "" if isinstance(node, nodes.TextElement) else " "
    text = between.join(text_of(child, names) for child in node.children)
    return " ".join(text.split()) if between else text


def seen(node):
    """Say whether a node has text that somebody may look for."""
    classes = node["classes"]
    if "cell_input" in classes and "tag_hide-input" in node.parent["classes"]:
        return False  # folded code; solutions are folded as a whole
    nothing = (nodes.math, nodes.math_block, nodes.raw, nodes.Invisible, nodes.section)
    return not isinstance(node, nothing) and "tag_set-up" not in classes


def entries(app, name):
    """Return the sections of a page: address, page, heading, text and words of code of each."""
    address, page = app.builder.get_target_uri(name), app.env.titles[name].astext()
    found = []
    for section in app.env.get_doctree(name).findall(nodes.section):
        heading, *rest = section.children
        inner = isinstance(section.parent, nodes.section)
        place = f"{address}#{section['ids'][0]}" if inner else address
        names = set()
        text = " ".join(part for node in rest if (part := text_of(node, names)))
        code = " ".join(sorted(names - set(re.findall(r"\w+", text))))
        found.append([place, page, heading.astext(), text, code])
    return found


def prepare(app):
    """Leave out Sphinx's own search: its index, and its page, which `_config.yml` adds again."""
    app.builder.search = False


def write(app, exception):
    """Write the file, when the pages are there."""
    if exception or app.builder.name != "html":
        return
    found = [entry for name in sorted(app.env.found_docs) for entry in entries(app, name)]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, FILE).write_text(f"const searchEntries = {text};\n", encoding="utf-8")


def setup(app):
    """Register both."""
    app.connect("builder-inited", prepare)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
