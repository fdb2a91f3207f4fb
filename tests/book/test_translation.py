"""The book can be translated: texts go out into catalogues and come back in another language.

Tried on a toy book: the first cells of the first chapter, with the sample catalogue of this
repository (`locale/zh_CN`), and a figure, a picture and a lab of its own.
"""

import json
import re

import pytest
import rules
from babel.messages import pofile
from book_files import ROOT, build
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook
from test_build import edit, executions, first_chapter, write_book

pytestmark = [pytest.mark.nightly, pytest.mark.xdist_group("translation")]

NAME, NOTEBOOK = first_chapter()
CATALOGUE = f"zh_CN/LC_MESSAGES/chapters/{NAME}.po"
CAPTION, TRANSLATED_CAPTION = "A line that goes up from left to right.", "一条从左到右上升的线。"
ALT = "A line from the lower left to the upper right."
PICTURE = "Three boxes in a row, and one box beside them."
TRANSLATED_PICTURE = "三个并排的方框，旁边还有一个方框。"
FIGURE = "import matplotlib.pyplot as plt\n\nplt.plot([0, 1])\nplt.show()"
LAB = 'from utils.labs import ShapeLab\n\nShapeLab(words={"title": "形状实验"})'


def read(path):
    """Return a catalogue."""
    with path.open("rb") as file:
        return pofile.read_po(file)


SAMPLE = {
    message.id: message.string
    for message in read(ROOT / "locale" / CATALOGUE)
    if message.id and message.string and not message.fuzzy  # what is translated already
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The toy book, built in English. Its notebook has been executed once."""
    folder = tmp_path_factory.mktemp("toy")
    ids = [cell.id for cell in NOTEBOOK.cells]
    cells = NOTEBOOK.cells[: ids.index("letters-notice") + 1]
    mystnb = {"figure": {"caption": CAPTION, "name": "fig-line"}, "image": {"alt": ALT}}
    cells += [new_code_cell(FIGURE, id="figure-line", metadata={"mystnb": mystnb})]
    cells += [new_code_cell(LAB, id="lab"), NOTEBOOK.cells[ids.index("check")]]
    write_book(folder, NAME, new_notebook(cells=cells, metadata=rules.NOTEBOOK_METADATA))
    more = f"A <b>bold's</b> tag.\n\n![{PICTURE}](_static/two-machines.svg)"
    edit(folder / "index.md", "One page.", f"One page. {more}")
    code, log = build(folder)
    assert code == 0 and executions(log) == 1, log
    return folder


def built(toy, output, *options, **more):
    """Build the toy once more, into a folder of its own; no notebook may run for it."""
    code, log = build(toy, "--path-output", str(output), *options, **more)
    assert code == 0 and executions(log) == 0, log
    return output / "_build"


@pytest.fixture(scope="module")
def texts(toy):
    """All texts of the toy, collected as `make texts` collects them."""
    options = ["--builder", "custom", "--custom-builder", "gettext"]
    # It warns of labs: there is no text in them.
    folder = built(toy, toy / "_build" / "texts", *options, strict=()) / "gettext"
    paths = [folder / "chapters" / f"{NAME}.pot", folder / "index.pot"]
    return {message.id for path in paths for message in read(path) if message.id}


@pytest.fixture(scope="module")
def chinese(toy, texts):
    """The folder of the site in Chinese, as `make translation` builds it."""
    path = toy / "locale" / CATALOGUE
    path.parent.mkdir(parents=True)
    catalogue = read(ROOT / "locale" / CATALOGUE)
    catalogue.add(CAPTION, TRANSLATED_CAPTION)
    with path.open("wb") as file:
        pofile.write_po(file, catalogue)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    index = f'{header}msgid "{PICTURE}"\nmsgstr "{TRANSLATED_PICTURE}"\n'
    (path.parents[1] / "index.po").write_text(index, encoding="utf-8")
    edit(toy / "_config.yml", "\n    language: en\n", "\n    language: zh_CN\n")
    return built(toy, toy / "_build" / "zh_CN") / "html"


def parse(path):
    """Return a page as a tree."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def words(text):
    """Return a text without markup and spaces, to compare Markdown with a page."""
    return re.sub(r"\s|\*\*|`|</?\w+>", "", text)


def test_what_is_collected(texts):
    for text in ("From a sequence to `dataX`", "Letters become integers", CAPTION, PICTURE):
        assert text in texts
    assert "<details>\n<summary>One window</summary>\n" in texts
    assert ALT not in texts and not any("import" in text for text in texts)


def test_the_sample_catalogue_is_chinese_keeps_code_and_fits_the_book(texts):
    for text, translation in SAMPLE.items():
        assert re.search(r"[\u3400-\u9fff]", translation), text
        assert sorted(re.findall(r"`[^`]+`", text)) == sorted(re.findall(r"`[^`]+`", translation))
        assert re.findall(r"</?\w+>", text) == re.findall(r"</?\w+>", translation)
    # A text that was edited since is shown in English; that is no reason to stop the edit.
    fresh = [text for text in SAMPLE if text in texts]
    assert len(fresh) >= len(SAMPLE) / 2 > 10, "run `make texts LOCALE=zh_CN` and translate anew"


def test_the_page_is_translated_and_code_and_places_stay(chinese, toy, texts):
    page = parse(chinese / "chapters" / f"{NAME}.html")
    english = parse(toy / "_build" / "html" / "chapters" / f"{NAME}.html")
    assert page.html["lang"] == "zh-CN"
    shown = words(page.find("article").text)
    for text in set(SAMPLE) & texts:
        assert words(SAMPLE[text]) in shown and words(text) not in shown, text
    for query in (".cell_input, .cell_output .output",):
        code = [box.text for box in english.select(query)]
        assert len(code) > 3 and [box.text for box in page.select(query)] == code
    places = [[s["id"] for s in p.find("article").find_all("section")] for p in (english, page)]
    assert places[0] == places[1] and "letters-become-integers" in places[0]
    figure = page.select_one("#fig-line")
    assert TRANSLATED_CAPTION in figure.figcaption.text and figure.img["alt"] == ALT
    index = parse(chinese / "index.html")
    assert index.find("img", alt=TRANSLATED_PICTURE)
    assert index.find("article").b.text == "bold’s"  # HTML within a text stays
    (state,) = page.find_all("script", type="application/vnd.jupyter.widget-state+json")
    models = json.loads(state.string)["state"].values()
    assert {"title": "形状实验"} in [model["state"].get("words") for model in models]
