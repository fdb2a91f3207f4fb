"""What a reader of each page fetches, and its Lighthouse scores: `python -m benchmarks.pages`.

Weights are those of the built site, as GitHub Pages sends it (text packed with gzip). A first visit
fetches everything; the next page only what the page before it in the book did not.

Lighthouse (scores on a slow phone, median of three runs) is asked where npx is installed; name
pages, such as `index.html`, to ask about these only, or give `--weights` to leave it out.

Lighthouse slows the processor four times, which makes a phone of a fast desktop computer and
something slower of a slow one. So each run is slowed by as much as makes the same phone of this
machine at this hour, by the measure of its speed that Lighthouse took in the run before.
`--slowdown 4` keeps the constant factor. See "Calibrating the CPU slowdown",
https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md.
"""

import argparse
import functools
import gzip
import json
import os
import shutil
import statistics
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from tools.browsing import QuietHandler, find_chromium, serve
from tools.contents import ROOT, pages

SITE = ROOT / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"
RUNS = 3
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
    """Return the files that a browser fetches for a page, without the page itself."""
    document = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    for part in document.find_all("noscript"):
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


def ask_lighthouse(address, chromium, slowdown):
    """Return the scores of a page, from 0 to 100, and Lighthouse's index of this machine."""
    command = [shutil.which("npx"), "--yes", LIGHTHOUSE, address, "--output=json", "--quiet"]
    command += [f"--throttling.cpuSlowdownMultiplier={slowdown:.2f}"]
    command += ["--chrome-flags=--headless=new --no-sandbox"]
    environment = os.environ | {"CHROME_PATH": str(chromium)}
    run = subprocess.run(command, env=environment, capture_output=True, check=True)
    report = json.loads(run.stdout)
    found = {name: round(kind["score"] * 100) for name, kind in report["categories"].items()}
    return found, report["environment"]["benchmarkIndex"]


def print_scores(addresses, chromium, constant):
    """Print the median scores of each page, and by how much the processor was slowed for them."""
    slowdown = constant or 4
    if not constant:
        _, index = ask_lighthouse(next(iter(addresses.values())), chromium, slowdown)
        slowdown = index / PHONE
    for name, address in addresses.items():
        runs, slowdowns = [], []
        for _ in range(RUNS):
            found, index = ask_lighthouse(address, chromium, slowdown)
            runs.append(found)
            slowdowns.append(f"{slowdown:.1f}")
            slowdown = constant or index / PHONE
        medians = [f"{kind} {statistics.median(run[kind] for run in runs):.0f}" for kind in runs[0]]
        print(", ".join(medians), f"(slowed {', '.join(slowdowns)} times)", name, flush=True)


def main():
    """Print both, page by page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("page", nargs="*", help="for Lighthouse; default: all of the site")
    parser.add_argument("--weights", action="store_true", help="leave out Lighthouse")
    parser.add_argument("--slowdown", type=float, help="a constant factor; default: calibrated")
    chosen = parser.parse_args()
    found = weights()
    if unknown := set(chosen.page) - set(found):
        names = ", ".join(sorted(unknown))
        parser.error(f"no page of the site: {names}; wanted a path in it, such as index.html")
    if chosen.slowdown is not None and chosen.slowdown < 1:
        parser.error(f"--slowdown is {chosen.slowdown}; wanted 1 (not slowed) or more")
    print("| page | first visit, KB gzip | next page, KB gzip |\n|---|---|---|")
    medians = (statistics.median(kind) for kind in zip(*found.values(), strict=True))
    for name, (first, following) in (found | {"median": tuple(medians)}).items():
        print(f"| {name} | {first / 1000:.0f} | {following / 1000:.0f} |")
    if chosen.weights or not shutil.which("npx"):
        return
    with sync_playwright() as playwright:
        chromium = find_chromium(playwright)
    with serve(SITE, Handler) as host:
        addresses = {name: host + name for name in chosen.page or found}
        print_scores(addresses, chromium, chosen.slowdown)


if __name__ == "__main__":
    main()
