"""Render formulas as MathML while the book is built.

Sphinx's other ways need a script from another host (MathJax) or a TeX installation (images).
MathML needs neither: every current browser draws it, and screen readers read it.
"""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert


def inline_math(translator, node):
    """Write one inline formula."""
    translator.body.append(convert(node.astext()))
    raise SkipNode  # it has been written: docutils must not also write the LaTeX source


def block_math(translator, node):
    """Write one displayed formula in a box of its own that scrolls on narrow screens."""
    formula = convert(node.astext(), display="block")
    translator.body.append(f'<div class="math" tabindex="0">{formula}</div>\n')
    raise SkipNode


def setup(app):
    """Register the renderer under the name that _config.yml chooses."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline_math, None), block_renderers=(block_math, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
