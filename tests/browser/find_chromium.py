"""Find a Chromium (or Chrome, or Edge) on this machine, and get one where that is easy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
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
    places = [*MACOS, *(str(Path(root) / place) for root in roots for place in WINDOWS)]
    candidates = [*(shutil.which(name) for name in NAMES), *map(shutil.which, places)]
    return next(filter(None, candidates), None)


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
