"""A page as MyST-NB writes it, with nothing on it but labs."""

import gzip
import json
from pathlib import Path

from ipywidgets.embed import embed_data

from utils.labs.lab import without_comments

LABS = Path(__file__).parents[1] / "utils" / "labs"
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="{scheme}"><head><meta charset="utf-8"><title>Labs</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<style>html[data-theme="dark"] {{ background: #121212; color: #eee }}</style>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script defer src="mount.js"></script></head>
<body><main><h1>Labs</h1>{views}</main></body></html>
"""


def size_of_all_labs():
    """Return what a reader of all labs fetches, each file once and as it is sent: bytes, gzip."""
    files = [path for path in LABS.rglob("*") if path.suffix in (".js", ".css", ".json")]
    files = [path for path in files if path.parent.name != "doctor"]  # no lab: test_doctor.py
    sent = (
        text if path.stem == "mount" or path.suffix == ".json" else without_comments(text)
        for path in sorted(files)
        for text in [path.read_text(encoding="utf-8")]
    )
    return len(gzip.compress("\n".join(sent).encode()))


def size_of(lab_class):
    """Return what a reader of one lab fetches besides its numbers: bytes, gzip."""
    sent = lab_class._esm + lab_class._css + (LABS / "mount.js").read_text(encoding="utf-8")
    return len(gzip.compress(sent.encode()))


def write_page(folder, labs, scheme="light"):
    """Write a page that shows `labs` into `folder`, with the mounting script; return its path."""
    assert all(lab.model_id for lab in labs)  # a lab opens when it is asked for its id
    data = embed_data(views=labs, drop_defaults=False)
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    view = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    views = "\n".join(view.format(json.dumps(spec)) for spec in data["view_specs"])
    page = folder / "labs.html"
    page.write_text(PAGE.format(scheme=scheme, state=state, views=views), encoding="utf-8")
    (folder / "mount.js").write_bytes((LABS / "mount.js").read_bytes())
    return page
