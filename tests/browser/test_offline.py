"""The archive of the site, unpacked and opened from disk: it works whole, without a server."""

import zipfile

import pytest

from tools.archive import pack

pytestmark = pytest.mark.browser

# The theme preloads icon fonts in a way that browsers refuse for files; nothing needs them.
HARMLESS = "/webfonts/"


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """The folder that a reader gets, in a place whose name is not made of letters alone."""
    folder = tmp_path_factory.mktemp("stick") / "my books, 書 #1"
    with zipfile.ZipFile(pack(site, tmp_path_factory.mktemp("archive"))) as archive:
        archive.extractall(folder)
    (root,) = folder.iterdir()
    return root


def test_every_page_works_from_disk(visit, unpacked, page):
    view = visit((unpacked / page).as_uri())
    opened = view.show("dark", opened=True)
    assert opened.locator("h1:visible").count() == 1
    places = opened.locator(".lab-place")
    views = opened.locator("script[type*=widget-view]")
    assert places.count() == views.count()
    for place in places.all():
        place.locator(".lab").wait_for()
    heights = "formulas => formulas.map(formula => formula.getBoundingClientRect().height)"
    formulas = opened.locator("article math").evaluate_all(heights)
    assert all(height > 5 for height in formulas)
    missing = "images => images.filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
    assert opened.locator("img").evaluate_all(missing) == []
    assert [complaint for complaint in view.complaints if HARMLESS not in complaint] == []


def test_a_lab_can_be_used_from_disk(visit, unpacked):
    page = visit((unpacked / "index.html").as_uri()).page
    lab = page.get_by_role("region", name="Shape lab")
    before = lab.inner_text()
    slider = lab.locator("input[type=range]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    changed = "([lab, before]) => lab.innerText !== before"
    page.wait_for_function(changed, arg=[lab.element_handle(), before])


def test_search_works_from_disk(visit, unpacked):
    page = visit(f"{(unpacked / 'search.html').as_uri()}?q=broadcast").page
    page.locator("#search-results li a[href*='chapters/']").first.click()
    page.wait_for_url("file:**/chapters/*.html*")
    assert "broadcast" in page.locator("article").text_content()
