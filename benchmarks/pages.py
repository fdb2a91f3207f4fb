"""What a reader of each page fetches: `python -m benchmarks.pages [page ...]`.

Weights are those of the built site, as GitHub Pages sends it (text packed with gzip). A first visit
fetches everything but figures below the first, which come when the reader comes near them; the next
page only what the page before it in the book did not.

Of the pages that are named, such as `index.html`, Lighthouse gives its scores, too: on a phone,
median of three runs. Each run is slowed by as much as makes the same phone of any machine, by the
speed that Lighthouse measured in the run before (its docs/throttling.md, "Calibrating").
"""

import functools
import gzip
import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from benchmarks import head, row
from tools.browsing import QuietHandler, serve
from tools.contents import ROOT, pages

SITE = ROOT / "_build" / "html"
LIGHTHOUSE, RUNS = "lighthouse@12.8.2", 3
# Lighthouse's index of a phone of the middle class: fast desktop computers have 1500 to 2000, and
# its usual factor for them is 4.
PHONE = 1750 / 4
PACKED = {".html", ".css", ".js", ".svg", ".json", ".txt", ".ipynb"}


@functools.cache
def sent(path):
    """Return the bytes of a file as they are sent."""
    content = path.read_bytes()
    return gzip.compress(content, mtime=0) if path.suffix in PACKED else content


def fetched(page):
    """Return the files that a browser fetches for the top of a page, without the page itself."""
    document = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for part in document.select("noscript, img[loading=lazy]"):
        part.decompose()
    links = document.select('link[rel~="stylesheet"], link[rel~="icon"], link[rel~="preload"]')
    addresses = [tag["href"] for tag in links]
    addresses += [tag["src"] for tag in document.find_all(["script", "img"], src=True)]
    paths = (unquote(urlsplit(a).path) for a in addresses if not a.startswith("data:"))
    return {(page.parent / path).resolve() for path in paths}


def weights(site=SITE):
    """Return the bytes of a first visit and as the next page, by page, in reading order."""
    paths = {name: (site / name).resolve() for name in pages()}
    found, before = {}, fetched(list(paths.values())[1])  # one comes back to the first page
    for name, page in paths.items():
        own, files = len(sent(page)), fetched(page)
        first = own + sum(len(sent(file)) for file in files)
        found[name] = first, own + sum(len(sent(file)) for file in files - before)
        before = files
    return found


class Handler(QuietHandler):
    """Send files as GitHub Pages does."""

    def do_GET(self):  # noqa: N802, the name that http.server calls
        """Answer one request."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = sent(path)
        self.send_response(200)
        if path.suffix in PACKED:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(content)


def ask_lighthouse(address, slowdown):
    """Return the scores of a page, from 0 to 100, and Lighthouse's index of this machine."""
    command = [shutil.which("npx"), "--yes", LIGHTHOUSE, address, "--output=json", "--quiet"]
    command += [f"--throttling.cpuSlowdownMultiplier={slowdown:.2f}"]
    command += ["--chrome-flags=--headless=new --no-sandbox"]
    report = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    found = {name: round(kind["score"] * 100) for name, kind in report["categories"].items()}
    return found, report["environment"]["benchmarkIndex"]


def print_scores(addresses):
    """Print the median scores of each page."""
    _, index = ask_lighthouse(addresses[0], 4)
    for address in addresses:
        runs = []
        for _ in range(RUNS):
            scores, index = ask_lighthouse(address, max(1, index / PHONE))
            runs.append(scores)
        medians = [f"{kind} {statistics.median(run[kind] for run in runs):.0f}" for kind in runs[0]]
        print(", ".join(medians), f"(slowed {index / PHONE:.1f} times)", address, flush=True)


def main(names):
    """Print the weights of all pages, and the scores of those that are named."""
    found = weights()
    if unknown := set(names) - set(found):
        sys.exit(f"no page of the site: {', '.join(sorted(unknown))}; wanted one as index.html")
    head("page", "first visit, KB gzip", "next page, KB gzip")
    medians = tuple(map(statistics.median, zip(*found.values(), strict=True)))
    for name, (first, following) in (found | {"median": medians}).items():
        row(name, f"{first / 1000:.0f}", f"{following / 1000:.0f}")
    if names:
        with serve(SITE, Handler) as host:
            print_scores([host + name for name in names])


if __name__ == "__main__":
    main(sys.argv[1:])
