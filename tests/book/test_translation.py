"""The book can be translated: texts go out into catalogues and come back in another language.

Tried on a toy book: the first cells of the first chapter, with the sample catalogue of this
repository (`locale/zh_CN`), and a figure, a picture and a lab of its own.
"""

import json
import re
import shutil
import subprocess

import pytest
import rules
from babel.messages import pofile
from book_files import ROOT, build
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook
from test_build import edit, executions, first_chapter, write_book

NAME, NOTEBOOK = first_chapter()
CATALOGUE = f"zh_CN/LC_MESSAGES/chapters/{NAME}.po"
CAPTION, ALT = (
    "A line that goes up from left to right.",
    "A line from the lower left to the upper right.",
)
PICTURE = "Three boxes in a row, and one box beside them."
TRANSLATED_CAPTION, TRANSLATED_PICTURE = (
    "一条从左到右上升的线。",
    "三个并排的方框，旁边还有一个方框。",
)
FIGURE = "import matplotlib.pyplot as plt\n\nplt.plot([0, 1])\nplt.show()"
LAB = 'from utils.labs import ShapeLab\n\nShapeLab(words={"title": "形状实验"})'


def read(path):
    """Return a catalogue."""
    with path.open("rb") as file:
        return pofile.read_po(file)


def texts_of(path):
    """Return the texts of a catalogue and their translations."""
    return {message.id: message.string for message in read(path) if message.id}


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


@pytest.fixture(scope="module")
def catalogues(toy):
    """The folder of the catalogues, made as `make texts` makes them."""
    output = toy / "_build" / "texts"
    options = ["--path-output", str(output), "--builder", "custom", "--custom-builder", "gettext"]
    code, log = build(toy, *options, strict=())  # it warns of labs: there is no text in them
    assert code == 0, log
    assert executions(log) == 0, "the texts were collected, and notebooks were run for it"
    return output / "_build" / "gettext"


@pytest.fixture(scope="module")
def texts(catalogues):
    """The texts of the toy's chapter."""
    return texts_of(catalogues / "chapters" / f"{NAME}.pot")


@pytest.fixture(scope="module")
def chinese(toy, tmp_path_factory):
    """The chapter in Chinese, as `make translation` builds it."""
    folder = shutil.copytree(toy, tmp_path_factory.mktemp("translated") / "book")
    path = folder / "locale" / CATALOGUE
    path.parent.mkdir(parents=True)
    catalogue = read(ROOT / "locale" / CATALOGUE)
    catalogue.add(CAPTION, TRANSLATED_CAPTION)
    with path.open("wb") as file:
        pofile.write_po(file, catalogue)
    index = f'msgid "{PICTURE}"\nmsgstr "{TRANSLATED_PICTURE}"\n'
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (path.parents[1] / "index.po").write_text(header + index, encoding="utf-8")
    edit(folder / "_config.yml", "\n    language: en\n", "\n    language: zh_CN\n")
    output = folder / "_build" / "zh_CN"
    code, log = build(folder, "--path-output", str(output))
    assert code == 0, log
    assert executions(log) == 0, "the outputs are the same in every language"
    return output / "_build" / "html" / "chapters" / f"{NAME}.html"


def parse(path):
    """Return a page as a tree."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def words(text):
    """Return a text without markup and spaces, to compare Markdown with a page."""
    return re.sub(r"\s|\*\*|`|</?\w+>", "", text)


def test_prose_headings_captions_and_answers_are_collected(texts):
    for text in ("From a sequence to `dataX`", "Letters become integers", CAPTION):
        assert text in texts
    assert "<details>\n<summary>One window</summary>\n" in texts


def test_code_and_the_alternative_text_of_a_figure_are_not_collected(texts):
    collected = "\n".join(texts)
    assert ALT not in collected
    for cell in NOTEBOOK.cells[:6]:
        if cell.cell_type == "code":
            assert cell.source not in collected
    assert "import" not in collected


def test_the_description_of_a_picture_in_markdown_is_collected(catalogues):
    assert PICTURE in texts_of(catalogues / "index.pot")


def test_the_sample_catalogue_fits_the_book(texts):
    assert len(SAMPLE) > 20
    fresh = [text for text in SAMPLE if text in texts]
    # A text that was edited since is shown in English; that is no reason to stop the edit.
    assert len(fresh) >= len(SAMPLE) / 2, "run `make texts LOCALE=zh_CN` and translate anew"


def test_the_sample_catalogue_is_chinese_and_keeps_code_as_it_is():
    for text, translation in SAMPLE.items():
        assert re.search(r"[\u3400-\u9fff]", translation), text
        assert sorted(re.findall(r"`[^`]+`", text)) == sorted(re.findall(r"`[^`]+`", translation))
        assert re.findall(r"</?\w+>", text) == re.findall(r"</?\w+>", translation)


def test_page_has_the_language_and_the_translated_texts(chinese, texts):
    document = parse(chinese)
    assert document.html["lang"] == "zh-CN"
    title = SAMPLE["From a sequence to `dataX`"]
    assert words(document.find("article").h1.text).startswith(words(title))
    shown = words(document.find("article").text)
    translated = [text for text in SAMPLE if text in texts]
    assert translated
    for text in translated:
        assert words(SAMPLE[text]) in shown, text
        assert words(text) not in shown, text


def test_places_keep_their_names_so_that_links_do_not_break(chinese, toy):
    english = parse(toy / "_build" / "html" / "chapters" / f"{NAME}.html")
    names = [section["id"] for section in english.find("article").find_all("section")]
    assert "letters-become-integers" in names
    assert [s["id"] for s in parse(chinese).find("article").find_all("section")] == names


def test_code_and_its_output_stay_as_they_are(chinese, toy):
    english = parse(toy / "_build" / "html" / "chapters" / f"{NAME}.html")
    code = [box.text for box in english.select(".cell_input, .cell_output .output")]
    assert len(code) > 3
    assert [box.text for box in parse(chinese).select(".cell_input, .cell_output .output")] == code


def test_a_figure_has_a_translated_caption_and_its_own_alternative_text(chinese):
    figure = parse(chinese).select_one("#fig-line")
    assert TRANSLATED_CAPTION in figure.figcaption.text
    assert figure.img["alt"] == ALT


def test_a_picture_in_markdown_has_a_translated_description(chinese):
    assert parse(chinese.parents[1] / "index.html").find("img", alt=TRANSLATED_PICTURE)


def test_html_within_a_text_stays(chinese):
    assert parse(chinese.parents[1] / "index.html").find("article").b.text == "bold’s"


def test_the_words_of_a_lab_come_with_the_lab(chinese):
    (state,) = parse(chinese).find_all("script", type="application/vnd.jupyter.widget-state+json")
    models = json.loads(state.string)["state"].values()
    assert {"title": "形状实验"} in [model["state"].get("words") for model in models]


def test_make_changes_the_language_and_the_address_and_nothing_else(tmp_path):
    make = shutil.which("make")
    if make is None:
        pytest.skip("this system has no make")
    for file in ("Makefile", "_config.yml"):
        shutil.copy(ROOT / file, tmp_path)
    command = [make, ".config.zh_CN.yml", "LOCALE=zh_CN"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    before = (tmp_path / "_config.yml").read_text(encoding="utf-8").splitlines()
    after = (tmp_path / ".config.zh_CN.yml").read_text(encoding="utf-8").splitlines()
    changed = [new.strip() for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 3 and "language: zh_CN" in changed
    assert sum(line.endswith("/zh_CN/") for line in changed) == 2
