"""Every page of the site in a real browser, once at a desk and once on a phone.

At the desk a server shows the site. The phone reads what the archive holds, from disk. A visit
collects all that is wrong with the page.
"""

import zipfile

import pytest
from book_files import pages
from conftest import STILL, View

from tools.archive import pack
from tools.browsing import serve

pytestmark = pytest.mark.browser

# Pages that stand for the kinds there are: no code, much code with all its colours, a lab.
KINDS = ["index.html", "reference/error_messages.html", "chapters/08_where_state_lives.html"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that light and dark differ in
LOOK = """() => {
    const wrong = [];
    const check = (what, elements) => elements.forEach(
        (element) => wrong.push(`${what}: ${element.outerHTML.slice(0, 200)}`));
    const all = (query) => [...document.querySelectorAll(query)];
    const seen = (element) => element.checkVisibility();
    const titles = all("h1").filter(seen);
    if (titles.length !== 1) check("one of several visible titles", titles);
    if (!titles.length) wrong.push("no visible title");
    check("an image that did not arrive", all("img").filter((i) => !i.complete || !i.naturalWidth));
    check("an image in the text without a description", all("article img").filter((i) => !i.alt));
    check("a formula that is not drawn",
        all("article math").filter((m) => seen(m) && m.getBoundingClientRect().height < 5));
    check("a lab that did not start", all(".lab-place").filter((p) => !p.querySelector(".lab")));
    if (all(".lab-place").length !== all("script[type*=widget-view]").length)
        wrong.push("a lab has no place");
    // Formulas write exponents small. Letters of figures: tests/book/test_light_pages.py.
    check("letters under 11 pixels", all("body *").filter((e) => seen(e) && !e.closest("math")
        && [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        && parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.().a ?? 1) < 10.99));
    // The sign for a link is seen only under the mouse: on a line of its own it leaves a gap.
    check("the sign for a link on a line of its own", all(".headerlink").filter((sign) => {
        const text = document.createRange();
        text.setStart(sign.parentElement, 0);
        text.setEndBefore(sign);
        const last = [...text.getClientRects()].at(-1);
        return last && sign.getBoundingClientRect().top > last.bottom;
    }).map((sign) => sign.parentElement));
    return wrong;
}"""
# What reaches over the right edge, where the page as a whole scrolls sideways
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
        .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
        .map((e) => `scrolls sideways: ${e.outerHTML.slice(0, 150)}`).slice(-3)"""


def trouble(view, address):
    """Open a page; return all that is wrong with it, folded and unfolded, a line for each fault."""
    view.complaints.clear()
    page = view.open(address, style=STILL)
    found = page.evaluate(TOO_WIDE)
    view.unfold()
    found += page.evaluate(TOO_WIDE) + page.evaluate(LOOK)
    # All rules everywhere, but colours in the text only: the few of code are judged below.
    found += view.axe(rules={rule: {"enabled": False} for rule in COLOURS})
    found += view.axe({"include": [["html"]], "exclude": [["pre"]]}, runOnly=COLOURS)
    return found + view.complaints


@pytest.fixture(scope="session")
def unpacked(site, tmp_path_factory):
    """The folder that a reader of the archive gets; its place has a name of all kinds of signs."""
    folder = tmp_path_factory.mktemp("stick") / "my books, 書 #1"
    with zipfile.ZipFile(pack(site, tmp_path_factory.mktemp("archive"))) as archive:
        archive.extractall(folder)
    (root,) = folder.iterdir()
    return root


def test_at_a_desk(desk, address, page):
    assert not (found := trouble(desk, address + page)), "\n".join([page, *found])


def test_on_a_phone_from_disk(phone, unpacked, page):
    found = trouble(phone, (unpacked / page).as_uri())
    assert not found, "\n".join([page, *found])


@pytest.mark.parametrize(
    "path", [p if p in KINDS else pytest.param(p, marks=pytest.mark.nightly) for p in pages()]
)
def test_in_dark_and_unfolded(desk, address, path):
    page = desk.open(address + path, style=STILL)
    desk.unfold()
    found = desk.axe("pre", runOnly=COLOURS) if page.locator("pre:visible").count() else []
    desk.open(address + path, "dark", style=STILL)
    desk.unfold()
    found += desk.axe(runOnly=COLOURS)
    ground = "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)"
    if max(page.evaluate(ground)[:3]) >= 60:
        found.append("the page is not dark")
    figures = page.locator('.bd-article img[src$=".svg"]')
    filters = figures.evaluate_all("images => images.map(i => getComputedStyle(i).filter)")
    found += [f"a figure stays as it is: {name}" for name in filters if "invert" not in name]
    assert not found, "\n".join([path, *found])


FAULTS = {
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "color-contrast": '<p style="color: #ccc; background: #fff">pale</p>',
    "letters under 11 pixels": '<p style="font-size: 10px">small</p>',
    "scrolls sideways": '<p style="width: 2000px">wide</p>',
    "an image that did not arrive": '<img alt="lost" src="data:,">',
    "one of several visible titles": "<h1>Another title</h1>",
    "a lab that did not start": '<div class="lab-place"></div>',
    "console error: a complaint": '<script src="bad.js"></script>',
    "script error: a fault": "",
    "asks another host": '<script src="https://example.org/x.js"></script>',
    "404": '<script src="no-such-script.js"></script>',
}


def test_a_visit_finds_what_is_wrong(browser, site, tmp_path):
    """The check itself: none of these faults on a page passes."""
    html = (site / "search.html").read_text(encoding="utf-8")
    (tmp_path / "bad.html").write_text(html.replace("</body>", "".join(FAULTS.values())))
    (tmp_path / "bad.js").write_text("console.error('a complaint'); throw new Error('a fault')")
    (tmp_path / "_static").symlink_to(site / "_static")
    view = View(browser, 390)
    with serve(tmp_path) as address:
        found = "\n".join(trouble(view, f"{address}bad.html"))
    view.context.close()
    assert [name for name in FAULTS if name not in found] == []
