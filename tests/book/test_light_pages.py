"""What the book's own extensions and templates do to its pages."""

import importlib.util
import json
import re
import statistics

from book_files import ROOT, documents
from bs4 import BeautifulSoup

from benchmarks.pages import weights

spec = importlib.util.spec_from_file_location("light", ROOT / "_extensions" / "light_pages.py")
light_pages = importlib.util.module_from_spec(spec)
spec.loader.exec_module(light_pages)


def soup(site, page):
    """Return a built page, parsed."""
    return BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser")


def test_weights(site):
    """At most 200 KB on a first visit, the first figure included, and 60 KB for the next page.

    The heaviest pages hold the weights of a trained model for a lab. The page of all labs holds
    what labs share once for each of them, the search holds all texts.
    """
    found = weights(site)
    first, following = zip(*found.values(), strict=True)
    assert 20e3 < statistics.median(first) <= 200e3
    assert 5e3 < statistics.median(following) <= 60e3
    heavy = {page: size for page, (size, _) in found.items() if size > 300e3}
    assert heavy.pop("reference/labs.html", 0) <= 350e3
    assert heavy.pop("search.html", 0) <= 400e3 and heavy == {}


def test_every_icon_has_its_drawing_and_the_script_of_all_icons_is_not_loaded(site, page):
    drawn = set(re.findall(r"\.(fa-[\w-]+) \{ --icon", (site / "_static/icons.css").read_text()))
    kinds = {"fa-solid", "fa-brands", "fa-lg"}
    document = soup(site, page)
    icons = document.select("[class*=fa-]")
    used = {name for icon in icons for name in icon["class"] if name.startswith("fa-")}
    assert len(used) > 5
    assert used - kinds <= drawn
    assert "awesome" not in str(document.head)


def test_figures_have_room_before_they_come_and_the_first_comes_at_once(site, page):
    figures = soup(site, page).select("article img[src$='.svg']")
    assert not any(figure.has_attr("loading") for figure in figures[:1])
    assert all(figure["loading"] == "lazy" for figure in figures[1:])
    for figure in figures:
        size = re.search(
            r'<svg[^>]*?width="([\d.]+)', (site / page).parent.joinpath(figure["src"]).read_text()
        )
        assert 1 <= float(figure["width"]) / float(size[1]) < 1.34 and figure["height"]


ROOM = 390 - 2 * 16  # what a phone leaves between the margins of a page, in pixels
SIZES = re.compile(r"scale\((0?\.\d+) -|\) scale\((0?\.\d+)\)")  # of a text; of an exponent in it


def smallest_on_a_phone(drawing):
    """Return the size of a drawing's smallest letters on a phone, in pixels."""
    points = float(re.search(r'<svg[^>]*?width="([\d.]+)pt', drawing)[1])
    sizes, text = [], 0
    for whole, part in SIZES.findall(drawing):
        text = 100 * float(whole) if whole else text
        sizes.append(text * float(part or 1))
    return min(sizes) * 4 / 3 * min(1, ROOM / (points * 4 / 3))


def test_letters_of_figures_have_eleven_pixels_on_a_phone(site, page):
    """And no figure is wider than the column that figures are drawn for."""
    for figure in soup(site, page).select("article figure[id]"):
        if not (image := figure.select_one("img[src$='.svg']")):
            continue
        pixels = smallest_on_a_phone((site / page).parent.joinpath(image["src"]).read_text())
        wanted = (
            "draw it 4.8 inches wide (`plt.subplots(figsize=(4.8, ...))`), with no size under 11"
        )
        name = f"{page}, {figure['id']}: letters of {pixels:.1f} pixels on a phone"
        assert pixels >= 11, f"{name}; {wanted}"
        assert float(image["width"]) <= 480, (
            f"{page}, {figure['id']}: {image['width']} wide; {wanted}"
        )


def test_the_size_of_letters_is_read_from_a_drawing():
    drawing = '<svg width="{}pt"><g transform="scale(0.11 -0.11)"><use/></g>{}</svg>'
    assert round(smallest_on_a_phone(drawing.format(260, "")), 1) == round(11 * 4 / 3, 1)
    assert round(smallest_on_a_phone(drawing.format(537, "")), 1) == 7.3
    small = '<g transform="scale(0.12 -0.12)"><use transform="translate(1 2) scale(0.7)"/></g>'
    assert round(smallest_on_a_phone(drawing.format(260, small)), 1) == round(8.4 * 4 / 3, 1)


def test_cells_of_wide_tables_name_their_column(site, page):
    for row in soup(site, page).select(".cards tbody tr"):
        table = row.find_parent("table")
        titles = [title.get_text(" ", strip=True) for title in table.select("thead th")]
        assert [cell["data-label"] for cell in row.select("td")] == titles


def test_folds_and_tables_are_named_and_reached(site, page):
    document = soup(site, page)
    for summary in document.select("article summary"):
        assert not summary.has_attr("aria-label") and summary.get_text(strip=True)
    boxes = document.select(".pst-scrollable-table-container")
    assert [box for box in boxes if box.get("tabindex") != "0"] == []


def test_only_widgets_on_view_keep_their_state():
    text = json.dumps({"state": {"a": {"text": "</script>"}, "b": {}}})
    written = light_pages.drop_unseen(text, '{"model_id": "a"}')
    assert json.loads(written) == {"state": {"a": {"text": "</script>"}}}
    assert "</" not in written


def test_the_search_knows_each_page_and_no_code_that_a_reader_does_not_come_for(site):
    text = (site / "_static/search_entries.js").read_text(encoding="utf-8")
    entries = json.loads(text.removeprefix("const searchEntries = ").removesuffix(";\n"))
    assert {entry[0].partition(".html")[0] for entry in entries} == set(documents())
    words = {word for *_, prose, code in entries for word in re.findall(r"\w+", f"{prose} {code}")}
    assert {"Bidirectional", "sliding_window_view", "TimeDistributed"} <= words
    # Of the set-up cell, of folded drawings, of hidden tests, and of the labs
    assert not {"subprocess", "set_title", "set_xticks", "model_id", "_esm", "ipy_model"} & words
