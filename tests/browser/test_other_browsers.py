"""All pages and labs draw in Firefox and in WebKit too: by their WebDriver, without a library.

On Debian: firefox-esr and its geckodriver, or webkit2gtk-driver and xvfb. Where one is not
installed, its test is skipped and says so.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from book_files import pages

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

PATIENCE = 180
FIREFOX = {"browserName": "firefox", "moz:firefoxOptions": {"args": ["-headless"]}}
WEBKIT = {"browserName": "MiniBrowser"}
WEBKIT["webkitgtk:browserOptions"] = {
    "binary": "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "args": ["--automation"],
}
ENGINES = {
    "firefox": (["geckodriver", "--port"], FIREFOX, ["geckodriver", "firefox-esr"]),
    "webkit": (
        ["xvfb-run", "-a", "WebKitWebDriver", "--port"],
        WEBKIT,
        ["xvfb-run", "WebKitWebDriver"],
    ),
}
DRAWN = """const labs = document.querySelectorAll("script[type*=widget-view]").length;
scrollTo(0, document.body.scrollHeight);
return document.readyState === "complete" && document.querySelectorAll(".lab").length === labs
    && [...document.images].every((i) => i.complete && i.naturalWidth)
    && [...document.querySelectorAll("h1")].some((h) => h.getBoundingClientRect().height > 0);"""


def ask(address, method="POST", **body):
    """Send one command of the WebDriver protocol; return its value."""
    data = json.dumps(body).encode() if method == "POST" else None
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)["value"]


def until(what, wanted):
    """Wait until a function returns something true, or say what was wanted."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.2)
    pytest.fail(wanted)


@pytest.mark.parametrize("engine", ENGINES)
def test_all_pages_and_labs_draw(engine, address):
    command, capabilities, programs = ENGINES[engine]
    if missing := [program for program in programs if not shutil.which(program)]:
        pytest.skip(f"{engine.upper()} IS NOT TESTED: {', '.join(missing)} not installed")
    port = {"firefox": 45110, "webkit": 45111}[engine]
    driver = f"http://127.0.0.1:{port}"
    environment = os.environ | {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    server = subprocess.Popen([*command, str(port)], env=environment)

    def answers():
        try:
            return ask(f"{driver}/status", "GET")["ready"]
        except (urllib.error.URLError, OSError):
            return False

    try:
        until(answers, f"the driver of {engine} does not answer")
        matching = {"alwaysMatch": capabilities}
        session = (
            f"{driver}/session/" + ask(f"{driver}/session", capabilities=matching)["sessionId"]
        )
        for page in pages():
            ask(f"{session}/url", url=address + page)
            drawn = {"script": DRAWN, "args": []}
            until(lambda: ask(f"{session}/execute/sync", **drawn), f"{engine} does not draw {page}")  # noqa: B023
        ask(session, "DELETE")
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE)
