"""A browser, and pages opened in it that note every complaint: of the site, and of labs alone."""

import itertools
import os

import pytest
from axe import violations
from playwright.sync_api import expect, sync_playwright

from tools.browsing import open_chromium, serve
from tools.lab_page import LABS, write_page

WIDTHS = (1400, 390)  # a desk and a phone
SKIPPED = "BROWSER TESTS SKIPPED: no Chromium, Chrome or Edge found; name one with CHROME_PATH"
REQUIRED = os.environ.get("CI", "") not in ("", "0", "false") or (
    os.environ.get("BOOK_REQUIRE_BROWSER") == "1"
)
# How long a page may take for anything, in milliseconds: a shared machine can stand still for
# a minute. Only what fails waits so long.
PATIENCE = 180_000
# The theme preloads icon fonts that only some pages use, in a way that browsers refuse on disk.
HARMLESS = ("was preloaded using link preload but not used", "/webfonts/")
# Makes an address new: a browser may take a file for unchanged that was written within a second.
FRESH = itertools.count()
# Whatever is asked of another host fails, without leaving this machine.
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
ALL_IMAGES = """() => Promise.all([...document.images].map((image) => {
    image.loading = "eager"; // those, too, that wait until the reader comes near
    return image.decode().catch(() => {}); // one that is missing is found by the tests
}))"""
# Colours are judged when they have arrived, not while they fade in.
STILL = "*, *::before, *::after { animation: none !important; transition: none !important }"


class View:
    """A page at one width, with the list of what went wrong on it."""

    def __init__(self, browser, width, **options):
        viewport = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=viewport, **options)
        self.page = self.context.new_page()
        self.complaints = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._complain(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)

    def _complain(self, text):
        if not any(harmless in text for harmless in HARMLESS):
            self.complaints.append(text)

    def _console(self, message):
        if message.type in ("error", "warning"):
            place = message.location.get("url")
            self._complain(f"console {message.type}: {message.text} ({place})")

    def _request(self, request):
        if not request.url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            self._complain(f"asks another host: {request.url}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the reader went on before it was there
            self._complain(f"not loaded ({request.failure}): {request.url}")

    def _response(self, response):
        if response.status >= 400:
            self._complain(f"{response.status}: {response.url}")

    def open(self, address, scheme="light", style=STILL):
        """Go to a page in light or dark, and wait until all of it is there: labs and code."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.goto(address, wait_until="load")
        self.page.evaluate(ALL_IMAGES)
        self.page.add_style_tag(content=style)
        self.page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
        labs = self.page.locator("script[type*=widget-view]").count()
        if labs:
            self.page.locator(".lab").nth(labs - 1).wait_for()
        return self.unfold(False)

    def unfold(self, opened=True):
        """Open or close all folds; wait until the keyboard reaches all code that scrolls."""
        fold = "opened => document.querySelectorAll('details').forEach(d => { d.open = opened })"
        self.page.evaluate(fold, opened)
        self.page.wait_for_function(
            """() => [...document.querySelectorAll('article pre')].every(pre =>
                !pre.checkVisibility() || pre.scrollWidth <= pre.clientWidth
                || pre.closest('[tabindex="0"]'))"""
        )
        return self.page

    def axe(self, context=None, **options):
        """Return what axe finds, a text for each rule that names the first place."""
        return [
            f"axe, {found['id']} ({found['impact']}), {len(found['nodes'])} places, first: "
            f"{found['nodes'][0]['html'][:200]}\n{found['nodes'][0]['failureSummary']}"
            for found in violations(self.page, context, **options)
        ]


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests. Without one they skip, loudly, or fail where CI is set."""
    with sync_playwright() as playwright:
        chromium = open_chromium(playwright, ALONE)
        if chromium is None:
            pytest.fail(SKIPPED, pytrace=False) if REQUIRED else pytest.skip(SKIPPED)
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
    with serve(site) as address:
        yield address


@pytest.fixture(scope="session")
def desk(browser):
    """A wide window, in which one page after another is opened."""
    return View(browser, WIDTHS[0])


@pytest.fixture(scope="session")
def phone(browser):
    """A narrow window, in which one page after another is opened."""
    return View(browser, WIDTHS[1])


@pytest.fixture
def visit(browser, address):
    """A function that opens a page (a path, or a full address) for a new reader; its View."""
    opened = []

    def open_page(path, width=WIDTHS[0], **options):
        opened.append(View(browser, width, **options))
        opened[-1].open(path if path.startswith("file:") else address + path)
        return opened[-1]

    yield open_page
    for view in opened:
        view.context.close()


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory):
    """A folder with the modules of the labs, and the address under which a server shows it."""
    folder = tmp_path_factory.mktemp("labs")
    for path in LABS.glob("*.js"):
        (folder / path.name).write_bytes(path.read_bytes())
    empty = '<!DOCTYPE html><html lang="en"><title>Core</title><link rel="icon" href="data:,">'
    (folder / "core.html").write_text(empty, encoding="utf-8")
    with serve(folder) as address:
        yield folder, address


@pytest.fixture(scope="session")
def bench(browser):
    """One window for all labs; each test loads it anew."""
    return View(browser, WIDTHS[0])


@pytest.fixture
def show_labs(bench, lab_folder):
    """A function that opens a page with the given labs on it, and returns that page.

    At the end of the test the page must not have complained.
    """
    folder, address = lab_folder

    def show_labs(*labs, width=WIDTHS[0], scheme="light"):
        name = write_page(folder, labs, scheme).name
        bench.page.set_viewport_size({"width": width, "height": 900})
        bench.page.goto(f"{address}{name}?{next(FRESH)}")
        bench.page.locator(".lab-place > *").nth(len(labs) - 1).wait_for()
        return bench.page

    bench.complaints.clear()
    bench.page.emulate_media(media="screen", forced_colors="none", reduced_motion="null")
    yield show_labs
    assert bench.complaints == []


@pytest.fixture(scope="session")
def core(browser, lab_folder):
    """An empty page from which the labs' shared modules can be imported."""
    page = browser.new_page()
    page.goto(f"{lab_folder[1]}core.html")
    return page
