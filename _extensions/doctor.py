"""Write what the doctor answers with (`utils/labs/doctor`): its code, words, and the error page.

It is one script, so that it works in a book opened from disk, too. Pages fetch it when it is used.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from bs4 import BeautifulSoup

PAGE = "reference/error_messages.html"
OF_EXPLAIN = ("axes", "empty", "label-", "notes", "refused-", "remainder", "single-label")


def beginning(text, most=130):
    """Return as many whole sentences of a text as fit, and at least one; no "Fix:" in front."""
    sentences = re.split(r"(?<=[.?)]) (?=[A-Z`(])", re.sub(r"^(It means|Fix): ", "", text))
    while len(sentences) > 1 and len(" ".join(sentences)) > most:
        sentences.pop()
    return " ".join(sentences)


def entries(source):
    """Return the entries of the error page: place, title, message, meaning, remedy and its code."""
    document = BeautifulSoup(source, "html.parser")
    for code in document.select(":is(p, h3) code"):
        code.string = f"`{code.get_text()}`"
    for section in document.select("section section:has(> h3)"):
        texts = [" ".join(p.get_text().split()) for p in section.find_all("p", recursive=False)]
        fix = next((text for text in texts if text.startswith("Fix:")), "")
        title = section.h3.get_text().rstrip("#").strip()
        printed = section.select_one(".cell_output pre")
        said = " ".join(printed.get_text().split()) if printed else ""
        phrase = (title.split("`") + [title])[1]  # what stands in code, if anything does
        behind = said.partition(phrase)[2]  # if it is in words other than these, all of it
        lines = section.select(".cell_input pre")[-1].get_text().split("\n") if fix else []
        mended = [line for line in lines if not re.match("print|# @", line)]
        named = [code.get_text().strip("`") for code in section.select("p > code")]
        yield {
            "id": section["id"],
            "title": title,
            "message": (behind or said * said.count("Error: ")).partition("[[")[0][:130],
            "means": beginning(texts[0]),
            "fix": beginning(fix),
            "code": "\n".join(mended).strip() or "\n".join(lines).strip(),
            "also": [text for text in named if len(re.findall(r"\b[A-Za-z]+(?= |$)", text)) > 2],
        }


def words(folder):
    """Return what the doctor says: its own words, and those of `explain` that it needs."""
    said = tomllib.loads((folder.parents[1] / "shapes/explanation.toml").read_text("utf-8"))
    said = {name: value for name, value in said.items() if name.startswith(OF_EXPLAIN)}
    return said | {"doctor": json.loads((folder / "words.json").read_text("utf-8"))}


def script(folder, source):
    """Return the script: code without comments, words, and the entries of the error page."""
    sys.path.insert(0, str(folder.parents[2]))
    from utils.labs.lab import without_comments  # slow to import

    code = "".join((folder / f"doctor_{name}.js").read_text("utf-8") for name in ("shapes", "text"))
    code = re.sub(r"^ +", "", without_comments(code), flags=re.M)
    data = {"words": words(folder), "entries": list(entries(source))}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"globalThis.doctor = {text};\n{code}"


def write(app, exception):
    """Write the file, when the pages are there."""
    page = Path(app.outdir, PAGE)
    if not exception and app.builder.name == "html" and page.is_file():
        text = script(Path(app.srcdir, "utils/labs/doctor"), page.read_text("utf-8"))
        Path(app.outdir, "_static/doctor_answers.js").write_text(text, "utf-8")


def setup(app):
    """Register it."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
