"""Translate the HTML in a page: in the chapters, the answers of the self-checks.

Sphinx collects HTML for the translators. But it puts a translation back as a literal block of
reStructuredText, of which nothing is left in a page that is written in Markdown.
"""

from docutils import nodes
from sphinx.locale import init
from sphinx.transforms import SphinxTransform
from sphinx.transforms.i18n import Locale
from sphinx.util.i18n import docname_to_domain


class TranslateHtml(SphinxTransform):
    """Replace pieces of HTML by their translation, before Sphinx translates everything else."""

    default_priority = Locale.default_priority - 1

    def apply(self, **kwargs):
        """Translate the page that Sphinx is reading, if there is a catalogue for it."""
        page = docname_to_domain(self.env.docname, self.config.gettext_compact)
        folders = [self.env.srcdir / folder for folder in self.config.locale_dirs]
        catalogue, found = init(folders, self.config.language, page)
        if not found:
            return
        for node in self.document.findall(nodes.raw):
            node[:] = [nodes.Text(catalogue.gettext(node.astext()))]
            node.source = None  # Sphinx leaves alone what has no source


def setup(app):
    """Register the transform."""
    app.add_transform(TranslateHtml)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
