"""What a reader of each page fetches, and its Lighthouse scores: `python -m benchmarks.pages`.

Weights are those of the built site, as GitHub Pages sends it (text packed with gzip). A first visit
fetches everything; the next page only what the page before it in the book did not.

Lighthouse (scores on a slow phone, median of three runs) is asked where npx is installed; name
pages, such as `index.html`, to ask about these only, or give `--weights` to leave it out.
"""

import functools
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "browser")]
from book_files import pages  # noqa: E402
from find_chromium import find_chromium  # noqa: E402

SITE = ROOT / "_build" / "html"
LIGHTHOUSE = "lighthouse@12.8.2"
RUNS = 3
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


class Handler(SimpleHTTPRequestHandler):
    """Send files as GitHub Pages does."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def do_GET(self):
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

    def log_message(self, *_):
        """Say nothing."""


def scores(address, chromium):
    """Return the median Lighthouse scores of a page: a dict of numbers from 0 to 100."""
    command = [shutil.which("npx"), "--yes", LIGHTHOUSE, address, "--output=json", "--quiet"]
    command += ["--chrome-flags=--headless=new --no-sandbox"]
    runs = []
    for _ in range(RUNS):
        run = subprocess.run(
            command,
            env=os.environ | {"CHROME_PATH": str(chromium)},
            capture_output=True,
            check=True,
        )
        categories = json.loads(run.stdout)["categories"]
        runs.append({name: round(found["score"] * 100) for name, found in categories.items()})
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def main():
    """Print both, page by page."""
    found = weights()
    print(f"{'first visit':>11} {'next page':>9}  KB, gzip")
    for name, (first, following) in found.items():
        print(f"{first / 1000:11.0f} {following / 1000:9.0f}  {name}")
    medians = (statistics.median(kind) / 1000 for kind in zip(*found.values(), strict=True))
    print("{:11.0f} {:9.0f}  median".format(*medians))
    if "--weights" in sys.argv or not shutil.which("npx"):
        return
    with sync_playwright() as playwright:
        chromium = find_chromium(playwright)
    handler = functools.partial(Handler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in sys.argv[1:] or found:
            measured = scores(f"http://127.0.0.1:{server.server_port}/{name}", chromium)
            print(", ".join(f"{kind} {score:.0f}" for kind, score in measured.items()), name)
        server.shutdown()


if __name__ == "__main__":
    main()
