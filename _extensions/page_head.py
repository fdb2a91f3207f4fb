"""Describe each page by its own first sentences, for search engines and messengers.

The extension that writes these descriptions (sphinxext-opengraph) would take the first 200
characters of the page. It cuts words, and glues code to the word before it.
"""

import re
from html import escape

from docutils import nodes

LIMIT = 200  # characters; search engines and messengers show no more


def describe(app, pagename, templatename, context, doctree):
    """Hand the description of a page to the templates, before the other extension runs."""
    if doctree is None:  # a page that is no document, such as the search
        return
    text = escape(first_sentences(doctree))
    context["metatags"] += f'<meta name="description" content="{text}" />\n'
    context["meta"] = dict(context["meta"] or {}) | {"og:description": text}


def first_sentences(doctree):
    """Return the sentences below the title that fit the limit; at least the first one."""
    title = next(doctree.findall(nodes.title))
    paragraphs = []
    for node in title.parent.children[1:]:
        if isinstance(node, nodes.section):
            break
        if isinstance(node, nodes.paragraph):
            paragraphs.append(" ".join(node.astext().split()))
    first, *others = re.split(r"(?<=[.?!]) (?=\S)", " ".join(paragraphs))
    for sentence in others:
        if len(first) + 1 + len(sentence) > LIMIT:
            break
        first += f" {sentence}"
    return first


def setup(app):
    """Run before sphinxext-opengraph, which has the usual priority of 500."""
    app.connect("html-page-context", describe, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
