"""The self-checks as files for learning platforms: all of them, each with one right option."""

import re
import zipfile
from xml.etree import ElementTree

from bs4 import BeautifulSoup

QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def asked(site):
    """Return what the page asks: {question: options}, as texts."""
    page = (site / "reference/self_checks.html").read_text(encoding="utf-8")
    found = {}
    for tag in BeautifulSoup(page, "html.parser").select(".check-yourself > *"):
        if tag.name == "p" and tag.strong:
            found[re.sub(r"^\d+\. ", "", tag.text)] = options = []
        elif tag.name == "details":
            options.append(tag.summary.text)
    return found


def plain(text):
    """Return the text of a piece of HTML."""
    return BeautifulSoup(text, "html.parser").text


def test_gift_holds_every_question_with_one_right_option(site):
    text = (site / "_static/self_checks.gift").read_text(encoding="utf-8")
    found = {}
    for question in re.findall(r"^::.*?^}$", text, re.MULTILINE | re.DOTALL):
        first, *options, _ = question.split("\n")
        signs = [option[0] for option in options]
        assert sorted(signs) == ["=", *"~" * (len(signs) - 1)], first
        pieces = [re.split(r"(?<!\\)#", option[1:]) for option in options]
        assert all(len(piece) == 2 and piece[1] for piece in pieces), first
        name = re.match(r"::.+?(?<!\\)::\[html\](.+) \{", first)[1]
        found[name] = [piece[0] for piece in pieces]
    for name in list(found):
        unescaped = [re.sub(r"\\([~=#{}:\\])", r"\1", part) for part in (name, *found.pop(name))]
        question, *options = map(plain, unescaped)
        found[question] = options
    assert found == asked(site) and len(found) > 50


def test_qti_holds_the_same_with_100_points_for_the_right_option(site):
    with zipfile.ZipFile(site / "_static/self_checks.zip") as package:
        manifest = package.read("imsmanifest.xml").decode()
        tree = ElementTree.fromstring(package.read("self_checks.xml"))
    assert 'href="self_checks.xml"' in manifest and ElementTree.fromstring(manifest) is not None
    found = {}
    for item in tree.iter(f"{QTI}item"):
        texts = [plain(text.text) for text in item.find(f"{QTI}presentation").iter(f"{QTI}mattext")]
        found[texts[0]] = texts[1:]
        reasons = [plain(text.text) for text in item.iter(f"{QTI}mattext")][len(texts) :]
        points = [c.find(f"{QTI}setvar") is not None for c in item.iter(f"{QTI}respcondition")]
        assert points.count(True) == 1
        assert [reason.startswith("Right") for reason in reasons] == points
    assert found == asked(site)
