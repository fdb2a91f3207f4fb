"""What the book consists of: its parts, its documents, and the pages of its site."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def parts(book=ROOT):
    """Return the parts of a book in reading order: pairs (caption or None, documents)."""
    toc = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))

    def files(entries):
        for entry in entries:
            yield entry["file"]
            yield from files(entry.get("sections", []))

    listed = toc.get("parts", [{"chapters": toc.get("chapters", [])}])
    found = [(part.get("caption"), list(files(part["chapters"]))) for part in listed]
    return [(None, [toc["root"]]), *found]


def documents(book=ROOT):
    """Return the documents that `_toc.yml` lists, in reading order, without their suffix."""
    return [name for _, names in parts(book) for name in names]


def pages(book=ROOT):
    """Return the paths of all pages of the site: those of the book, and the search."""
    return [f"{document}.html" for document in documents(book)] + ["search.html"]
