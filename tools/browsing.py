"""A Chromium on this machine, and a local server: for tests, benchmarks and the PDF."""

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NAMES += ("msedge", "microsoft-edge")
MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS = (r"Google\Chrome\Application\chrome.exe", r"Microsoft\Edge\Application\msedge.exe")
WINDOWS_ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")


def installed():
    """Return the path of a browser that is already here, or None."""
    roots = [os.environ[name] for name in WINDOWS_ROOTS if name in os.environ]
    places = [*NAMES, *MACOS, *(str(Path(root) / place) for root in roots for place in WINDOWS)]
    return next(filter(None, map(shutil.which, places)), None)


def quietly(*command):
    """Run a command without a word; whether it succeeds will be seen."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=600)


def is_root():
    """Say whether this process may do everything (never true on Windows)."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def find_chromium(playwright):
    """Return the path of a browser, or None: what CHROME_PATH names, or else an installed one.

    Where there is none, Playwright fetches one; if that fails, root on Debian and Ubuntu installs
    the package `chromium`.
    """
    if chosen := os.environ.get("CHROME_PATH"):
        return shutil.which(chosen)
    ways = [(), (sys.executable, "-m", "playwright", "install", "chromium")]
    if is_root() and shutil.which("apt-get"):
        install = ("apt-get", "install", "-y", "--no-install-recommends", "chromium")
        ways += [("apt-get", "update"), install]
    own = playwright.chromium.executable_path
    for way in ways:
        if way:
            quietly(*way)
        if found := installed() or shutil.which(own):
            return found
    return None


def open_chromium(playwright, *arguments):
    """Start a browser without a window; return None where there is none.

    `arguments` are for its command line. It runs in its sandbox, except for root and where the
    system, such as a container, refuses it.
    """
    from playwright.sync_api import Error

    path = find_chromium(playwright)
    if path is None:
        return None
    for sandbox in [False] if is_root() else [True, False]:
        try:
            return playwright.chromium.launch(
                executable_path=path, chromium_sandbox=sandbox, args=arguments
            )
        except Error:
            if not sandbox:
                raise


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
