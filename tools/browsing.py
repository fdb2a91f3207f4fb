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
    """Return the path of a browser that is already here, or None. CHROME_PATH goes first."""
    if chosen := os.environ.get("CHROME_PATH"):
        return shutil.which(chosen)
    roots = [os.environ[name] for name in WINDOWS_ROOTS if name in os.environ]
    places = [*NAMES, *MACOS, *(str(Path(root) / place) for root in roots for place in WINDOWS)]
    return next(filter(None, map(shutil.which, places)), None)


def playwrights_own(playwright):
    """Return the path of the browser that Playwright keeps for itself, or None."""
    path = playwright.chromium.executable_path
    return path if path and Path(path).is_file() else None


def quietly(*command, seconds=300):
    """Run a command without a word; say whether it succeeded."""
    try:
        run = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def is_root():
    """Say whether this process may do everything (never true on Windows)."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def find_chromium(playwright):
    """Return the path of a browser, or None: an installed one, Playwright's, or Debian's.

    Where there is none, each of the last two is tried once: a download by Playwright, and, for
    root on Debian and Ubuntu, the package `chromium`. With CHROME_PATH set nothing else is tried.
    """
    found = installed()
    if found or os.environ.get("CHROME_PATH"):
        return found
    if found := playwrights_own(playwright):
        return found
    if quietly(sys.executable, "-m", "playwright", "install", "chromium"):
        if found := playwrights_own(playwright):
            return found
    if is_root() and shutil.which("apt-get"):
        quietly("apt-get", "update", seconds=120)
        quietly("apt-get", "install", "-y", "--no-install-recommends", "chromium", seconds=600)
    return installed()


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
