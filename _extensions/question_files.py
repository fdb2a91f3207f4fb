"""Write the self-checks of all chapters into files that a learning platform imports.

Moodle reads GIFT; Canvas, Blackboard and others read QTI 1.2, a zip. Both are written from the page
of all self-checks, so that there is no second text to keep.
"""

import re
import zipfile
from pathlib import Path

from bs4 import BeautifulSoup

PAGE, NAME = "reference/self_checks.html", "_static/self_checks"
RIGHT = {"zh_CN": "对"}  # how the reason of the right option begins; in English: "Right"


def questions(document, right):
    """Yield the questions of the page, each a dict of HTML texts: name, text and options.

    Each option has its text, its reason, and whether it is right.
    """
    for section in document.select("section.check-yourself"):
        chapter = section.h2.a.get_text()
        for number, bold in enumerate(section.select("p > strong"), 1):
            options = []
            for after in bold.parent.find_next_siblings():
                if after.name != "details":
                    break
                option = inner(after.summary.extract())
                good = after.get_text(strip=True).startswith(right)
                options.append({"text": option, "reason": inner(after), "right": good})
            text = re.sub(r"^\d+\. ", "", inner(bold))
            yield {"name": f"{chapter}, {number}", "text": text, "options": options}


def inner(tag):
    """Return the HTML in a tag as one line, without links, which lead nowhere from a platform."""
    for link in tag.select("a, span"):
        link.unwrap()
    for code in tag.select("code"):
        code.attrs.clear()
    return " ".join(tag.decode_contents().split())


def write(app, exception):
    """Write both files beside the pages."""
    page = Path(app.outdir, PAGE)
    if exception or app.builder.name != "html" or not page.is_file():
        return
    document = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    found = list(questions(document, RIGHT.get(app.config.language, "Right")))
    templates = app.builder.templates.environment
    templates.filters["gift"] = lambda text: re.sub(r"([~=#{}:\\])", r"\\\1", text)
    gift, xml, manifest = (
        templates.get_template(name).render(questions=found, title=document.h1.contents[0])
        for name in ("self_checks.gift", "self_checks.xml", "imsmanifest.xml")
    )
    target = Path(app.outdir, NAME)
    target.with_suffix(".gift").write_text(gift, encoding="utf-8")
    with zipfile.ZipFile(target.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("imsmanifest.xml", manifest)
        package.writestr("self_checks.xml", xml)


def setup(app):
    """Register it."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
