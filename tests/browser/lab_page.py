"""A page as MyST-NB writes it, with nothing on it but labs."""

import json
from pathlib import Path

from ipywidgets.embed import embed_data

ROOT = Path(__file__).parents[2]
LABS = ROOT / "utils" / "labs"
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="{scheme}"><head><meta charset="utf-8"><title>Labs</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<style>html[data-theme="dark"] {{ background: #121212; color: #eee }}</style>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script defer src="mount.js"></script></head>
<body><main><h1>Labs</h1>{views}</main></body></html>
"""


def write_page(folder, labs, scheme="light"):
    """Write a page that shows `labs` into `folder`, with the mounting script; return its path."""
    data = embed_data(views=labs, drop_defaults=False)
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    view = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    views = "\n".join(view.format(json.dumps(spec)) for spec in data["view_specs"])
    page = folder / "labs.html"
    page.write_text(PAGE.format(scheme=scheme, state=state, views=views), encoding="utf-8")
    (folder / "mount.js").write_bytes((LABS / "mount.js").read_bytes())
    return page
