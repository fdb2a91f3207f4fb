"""What pages show of one another: meanings of terms, pictures of figures, all self-checks."""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

GLOSSARY, FIGURES, CHECKS = "reference/glossary", "reference/figures", "reference/self_checks"
SECTION = "check-yourself"


def first_paragraph(section):
    """Return the text of the first paragraph of a section."""
    return next(iter(section.findall(nodes.paragraph)), nodes.paragraph()).astext()


def target(reference, page):
    """Return the anchor on `page` that a link leads to, or None."""
    address, _, anchor = reference.get("refuri", "").partition("#")
    return anchor if address.endswith(page.rpartition("/")[2] + ".html") else None


def show_meanings(app, doctree, docname):
    """Give each link to the glossary the meaning of its term, to be shown when it is pointed at."""
    if docname == GLOSSARY or GLOSSARY not in app.env.found_docs:
        return
    sections = app.env.get_doctree(GLOSSARY).findall(nodes.section)
    meanings = {name: first_paragraph(section) for section in sections for name in section["ids"]}
    for reference in doctree.findall(nodes.reference):
        if (anchor := target(reference, GLOSSARY)) in meanings:
            reference["reftitle"] = " ".join(meanings[anchor].split())
            reference["classes"].append("term")


def show_pictures(app, doctree, docname):
    """Put each figure above its line in the list of figures."""
    if docname != FIGURES:
        return
    pictures = {}
    for chapter in chapters(app):
        for figure in app.env.get_doctree(chapter).findall(nodes.figure):
            picture = next(iter(figure.findall(nodes.image)), None)
            pictures |= {name: picture for name in figure["ids"] if picture}
    for reference in list(doctree.findall(nodes.reference)):
        anchor = reference.get("refuri", "").partition("#")[2] or reference.get("refid")
        if anchor in pictures:
            item = reference
            while not isinstance(item, nodes.list_item):
                item = item.parent
            picture = pictures[anchor].deepcopy()
            picture["classes"].append("small-figure")
            item.insert(0, nodes.paragraph("", "", picture))


class CollectChecks(SphinxPostTransform):
    """Put the self-checks of all chapters on one page, each under the title of its chapter."""

    default_priority = 5  # before Sphinx resolves the links

    def run(self):
        """Copy them from the chapters as they were read, translated if there is a translation."""
        if self.env.docname != CHECKS:
            return
        page = next(iter(self.document.findall(nodes.section)))
        for chapter in chapters(self.app):
            for section in self.env.get_doctree(chapter).findall(nodes.section):
                if SECTION in section["ids"]:
                    page.append(self.copied(section, chapter))

    def copied(self, section, chapter):
        """Return a copy of a section that this page can hold."""
        copy = section.deepcopy()
        copy["ids"] = ["chapter-" + chapter.rpartition("/")[2].replace("_", "-")]
        copy["classes"].append(SECTION)
        title = nodes.inline("", "", *self.env.titles[chapter].deepcopy().children)
        address = {"refdomain": "doc", "reftype": "myst", "refexplicit": True}
        link = addnodes.pending_xref("", title, **address, reftarget=chapter, reftargetid=None)
        copy[:2] = [nodes.title("", "", link)]
        for reference in copy.findall(addnodes.pending_xref):
            reference["refdoc"] = self.env.docname
        return copy


def chapters(app):
    """Return the names of the chapters, in reading order."""
    return sorted(name for name in app.env.found_docs if name.startswith("chapters/"))


def write_again(app, env):
    """Write the pages anew that show something of others, whenever any page has changed."""
    return [name for name in (FIGURES, CHECKS) if name in env.found_docs]


def setup(app):
    """Register all three."""
    app.connect("env-updated", write_again)
    app.add_post_transform(CollectChecks)
    app.connect("doctree-resolved", show_pictures)
    app.connect("doctree-resolved", show_meanings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
