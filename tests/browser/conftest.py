"""A browser, a server for the built site, and pages opened in it that note every complaint."""

import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from find_chromium import find_chromium, is_root
from lab_page import write_page
from lab_tools import write_modules
from playwright.sync_api import Error, expect, sync_playwright

WIDTHS = (1400, 390)  # a desk and a phone
SKIPPED = "BROWSER TESTS SKIPPED: no Chromium, Chrome or Edge found; name one with CHROME_PATH"
REQUIRED = os.environ.get("CI", "") not in ("", "0", "false") or (
    os.environ.get("BOOK_REQUIRE_BROWSER") == "1"
)
# How long a page may take for anything, in milliseconds: a shared machine can stand still for
# a minute. Only what fails waits so long.
PATIENCE = 180_000
# The theme preloads icon fonts that only some pages use.
HARMLESS = ("was preloaded using link preload but not used",)
# Colours are judged when they have arrived, not while they fade in.
STILL = "*, *::before, *::after { animation: none !important; transition: none !important }"
# axe cannot judge colours where nothing is laid out yet.
WHOLE = "section { content-visibility: visible !important }"


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve files without a log, and scripts as scripts whatever this system calls them."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript"}

    def log_message(self, *_):
        """Say nothing."""


class View:
    """One page of the site, opened at one width, with the list of what went wrong on it."""

    def __init__(self, browser, address, width, own_host):
        self.context = browser.new_context(viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.complaints = []
        self.own_host = own_host
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("response", self._response)
        self.page.on("requestfailed", self._failed)
        self.context.route("**/*", self._route)
        self.page.goto(address, wait_until="load")
        self.page.add_style_tag(content=STILL)

    def _console(self, message):
        harmless = any(text in message.text for text in HARMLESS)
        if message.type in ("error", "warning") and not harmless:
            place = message.location.get("url")
            self.complaints.append(f"console {message.type}: {message.text} ({place})")

    def _response(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _failed(self, request):
        self.complaints.append(f"not loaded: {request.url}")

    def _route(self, route):
        if not route.request.url.startswith(self.own_host):
            self.complaints.append(f"asks another host: {route.request.url}")
            route.abort()
        else:
            route.continue_()

    def show(self, scheme="light", opened=False):
        """Make the page light or dark, and open or close everything that folds."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
        self.page.evaluate(
            "opened => document.querySelectorAll('details').forEach(d => { d.open = opened })",
            opened,
        )
        return self.settle()

    def come_again(self, *scripts):
        """Come to the page anew, at its top, with scripts that run before its own."""
        address = self.page.url
        for script in scripts:
            self.context.add_init_script(script)
        self.page.goto("about:blank")
        self.page.goto(address, wait_until="load")

    def settle(self):
        """Wait until all sections are laid out, and the theme knows which code scrolls."""
        self.page.wait_for_function(
            """() => [...document.querySelectorAll('article pre')].every(
                pre => pre.hasAttribute('tabindex') || pre.closest('details:not([open])'))"""
        )
        return self.page

    def close(self):
        """Close the page and what belongs to it."""
        self.context.close()


def launch(playwright, path, sandbox):
    """Start the browser; without its sandbox (`--no-sandbox`) where the system wants that."""
    return playwright.chromium.launch(executable_path=path, chromium_sandbox=sandbox)


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests. Without one they skip, loudly, or fail where CI is set."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            pytest.fail(SKIPPED, pytrace=False) if REQUIRED else pytest.skip(SKIPPED)
        try:
            chromium = launch(playwright, path, sandbox=not is_root())
        except Error:  # some systems, such as containers, refuse the sandbox to everyone
            chromium = launch(playwright, path, sandbox=False)
        chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
        expect.set_options(timeout=PATIENCE)
        yield chromium
        chromium.close()


def pytest_terminal_summary(terminalreporter):
    """Say in one loud line that the browser tests did not run."""
    if any(SKIPPED in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.write_line(SKIPPED, red=True, bold=True)


@pytest.fixture(scope="session")
def address(site):
    """The address under which a local server shows the built site; ends with a slash."""
    handler = functools.partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def views(browser, address, page):
    """One page of the site at each width, whole: all laid out, its labs running."""
    opened = {width: View(browser, address + page, width, own_host=address) for width in WIDTHS}
    for view in opened.values():
        view.page.add_style_tag(content=WHOLE)
        if labs := view.page.locator("script[type*=widget-view]").count():
            view.page.locator(".lab").nth(labs - 1).wait_for()
    yield opened
    for view in opened.values():
        view.close()


@pytest.fixture
def visit(browser, address):
    """A function that opens a page (a path, or a full address) and returns its View."""
    opened = []

    def open_page(path, width=WIDTHS[0]):
        here = ("file:", path) if path.startswith("file:") else (address, address + path)
        opened.append(View(browser, here[1], width, own_host=here[0]))
        return opened[-1]

    yield open_page
    for view in opened:
        view.close()


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory):
    """A folder that a local server shows: (folder, address)."""
    folder = tmp_path_factory.mktemp("labs")
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def show_labs(browser, lab_folder):
    """A function that opens a page with the given labs on it, and returns its View.

    At the end of the test the page must not have complained.
    """
    folder, server = lab_folder
    opened = []

    def show_labs(*labs, width=WIDTHS[0], scheme="light", disk=False):
        page = write_page(folder, labs, scheme)
        host = "file:" if disk else server
        view = View(browser, page.as_uri() if disk else server + page.name, width, own_host=host)
        opened.append(view)
        view.page.locator(".lab-place > *").nth(len(labs) - 1).wait_for()
        return view

    yield show_labs
    complaints = [complaint for view in opened for complaint in view.complaints]
    for view in opened:
        view.close()
    assert complaints == []


@pytest.fixture(scope="session")
def core(browser, lab_folder):
    """An empty page from which the labs' shared modules can be imported."""
    folder, server = lab_folder
    page = browser.new_page()
    page.goto(server + write_modules(folder))
    yield page
    page.close()
