"""A Chromium on this machine, and a local server: for tests, benchmarks and the PDF."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Error

# Where there is no browser, these are tried: Playwright's own, and for root on Debian a package.
FETCH = (
    (sys.executable, "-m", "playwright", "install", "chromium"),
    ("apt-get", "update"),
    ("apt-get", "install", "-y", "--no-install-recommends", "chromium"),
)


def open_chromium(playwright, *arguments):
    """Start a browser without a window; return None where there is none and none can be fetched.

    It is what CHROME_PATH names, or else Chromium, Chrome, Edge, or Playwright's own. `arguments`
    are for its command line. It runs in its sandbox, except for root and where the system, such as
    a container, refuses it.
    """
    sandboxes = [False] if is_root() else [True, False]
    for command in [None, *FETCH]:
        if command:
            quietly(*command)
        for browser in installed():
            for sandbox in sandboxes:
                with contextlib.suppress(Error):
                    launch = playwright.chromium.launch
                    return launch(**browser, chromium_sandbox=sandbox, args=arguments)
        if os.environ.get("CHROME_PATH") or (command and not is_root()):
            return None
    return None


def installed():
    """Return what may be here, as Playwright's `launch` takes it."""
    if chosen := os.environ.get("CHROME_PATH"):
        return [{"executable_path": chosen}]
    paths = filter(None, map(shutil.which, ("chromium", "chromium-browser")))
    found = [{"executable_path": path} for path in paths]
    return [*found, {"channel": "chrome"}, {"channel": "msedge"}, {}]


def quietly(*command):
    """Run a command without a word; whether it succeeds will be seen."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=600)


def is_root():
    """Say whether this process may do everything (never true on Windows)."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve files without a log, and scripts as scripts whatever this system calls them."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def serve(folder, handler=QuietHandler):
    """Show a folder on a local server; gives its address, which ends with a slash."""
    handler = functools.partial(handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
