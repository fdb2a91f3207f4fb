"""All pages and labs draw in Firefox and in WebKit too, driven by protocols that both speak.

On Debian: firefox-esr; webkit2gtk-driver and xvfb. Where they are not installed, the test is
skipped and says so, or fails where CI is set.
"""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest
import websocket
from book_files import pages
from conftest import REQUIRED

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

PATIENCE = 180  # seconds
DRAWN = """(() => {
    scrollTo(0, document.body.scrollHeight);
    for (const image of document.images) image.loading = "eager";
    const labs = document.querySelectorAll("script[type*=widget-view]").length;
    return document.readyState === "complete" && document.querySelectorAll(".lab").length === labs
        && [...document.images].every((i) => i.complete && i.naturalWidth)
        && [...document.querySelectorAll("h1")].some((h) => h.getBoundingClientRect().height);
})()"""


class Firefox:
    """Firefox, by WebDriver BiDi: messages over a web socket."""

    programs = ("firefox-esr" if shutil.which("firefox-esr") else "firefox",)
    port = 45110

    def __init__(self, folder):
        options = ["--headless", "--no-remote", "--profile", str(folder)]
        options += [f"--remote-debugging-port={self.port}"]
        self.process = subprocess.Popen([*self.programs, *options], start_new_session=True)

    def connect(self):
        """Begin a session; raise OSError while nobody answers."""
        address = f"ws://127.0.0.1:{self.port}/session"
        self.socket = websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)
        self.number = 0
        self.ask("session.new", capabilities={})
        self.window = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method, **parameters):
        """Send one command; return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message))
        while (answer := json.loads(self.socket.recv())).get("id") != self.number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, address):
        """Go to a page."""
        self.ask("browsingContext.navigate", context=self.window, url=address, wait="complete")

    def drawn(self):
        """Say whether all of the page is there."""
        target = {"context": self.window}
        result = self.ask("script.evaluate", expression=DRAWN, target=target, awaitPromise=False)
        return result["result"].get("value")


class WebKit:
    """WebKit, by WebDriver: requests over http."""

    programs = ("xvfb-run", "WebKitWebDriver")
    address = "http://127.0.0.1:45111/session"

    def __init__(self, folder):
        command = ["xvfb-run", "-a", "WebKitWebDriver", "--port=45111"]
        environment = os.environ | {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        self.process = subprocess.Popen(command, env=environment, start_new_session=True)

    def connect(self):
        """Begin a session; raise OSError while nobody answers."""
        self.session = f"/{self.ask('', capabilities={})['sessionId']}"

    def ask(self, path, **body):
        """Send one command; return its value."""
        headers = {"Content-Type": "application/json"}
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        """Go to a page."""
        self.ask(f"{self.session}/url", url=address)

    def drawn(self):
        """Say whether all of the page is there."""
        return self.ask(f"{self.session}/execute/sync", script=f"return {DRAWN}", args=[])


def until(happens, wanted):
    """Wait until a function returns something true, or say what was wanted."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if happens() is not False:
                return
        except OSError:  # it does not answer yet
            pass
        time.sleep(0.2)
    pytest.fail(wanted)


@pytest.mark.parametrize("engine", [Firefox, WebKit], ids=lambda engine: engine.__name__)
def test_all_pages_and_labs_draw(engine, address, tmp_path):
    name = engine.__name__
    if missing := [program for program in engine.programs if not shutil.which(program)]:
        absent = f"{name.upper()} IS NOT TESTED: {', '.join(missing)} not installed"
        pytest.fail(absent) if REQUIRED else pytest.skip(absent)
    browser = engine(tmp_path)
    try:
        until(browser.connect, f"{name} does not answer")
        for page in pages():
            browser.open(address + page)
            until(browser.drawn, f"{name} does not draw {page}")
    finally:
        os.killpg(browser.process.pid, signal.SIGTERM)  # and what it has started
        browser.process.wait(timeout=PATIENCE)
