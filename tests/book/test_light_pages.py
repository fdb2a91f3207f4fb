"""The built pages stay light: what they load, what they weigh, and what the policy names."""

import json
import re
import statistics
import sys

import pytest
import tinycss2
from book_files import ROOT, pages
from bs4 import BeautifulSoup

from benchmarks.pages import weights

sys.path.append(str(ROOT / "_extensions"))
import light_pages  # noqa: E402
import light_styles  # noqa: E402


def soup(site, page):
    """Return a built page, parsed."""
    return BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser")


def test_median_weights(site):
    """At most 200 KB on a first visit, figures included, and 60 KB for the next page."""
    first, following = zip(*weights(site).values(), strict=True)
    assert 20e3 < statistics.median(first) <= 200e3
    assert 5e3 < statistics.median(following) <= 60e3


def test_no_page_is_heavy(site):
    """The heaviest pages hold the weights of a trained model, for a lab."""
    heaviest = max((first, page) for page, (first, _) in weights(site).items())
    assert heaviest[0] <= 300e3, heaviest


def test_scripts_and_styles_of_a_page(site, page):
    document = soup(site, page)
    assert document.select('link[rel="preload"]') == []
    (sheet,) = document.select('link[rel~="stylesheet"]')
    assert (site / page).parent.joinpath(sheet["href"].partition("?")[0]).is_file()
    scripts = document.find_all("script", src=True)
    assert scripts and [tag for tag in scripts if not tag.has_attr("defer")] == []
    needed = {"design-tabs": ".sd-tab-set", "togglebutton": ".toggle, .admonition.dropdown"}
    for name, users in needed.items():
        loaded = any(name in tag["src"] for tag in scripts)
        assert not loaded and not document.select(users), name


def test_the_script_of_all_icons_is_gone(site):
    assert list(site.rglob("*awesome*")) == []


def test_a_theme_without_its_icons_is_refused(tmp_path):
    with pytest.raises(ValueError, match="fontawesome.*wanted one script, found 0"):
        light_pages.read_drawings(tmp_path)


def test_every_icon_is_drawn(site, page):
    text = (site / page).read_text(encoding="utf-8")
    assert re.findall(r'<(?!svg)\w+ class="(?:[^"]* )?fa-.*?>', text) == []
    icons = re.findall(r'<svg class="svg-inline--fa (.*?)</svg>', text, re.S)
    assert len(icons) > 5
    assert [
        icon for icon in icons if not re.search(r'<path fill="currentColor" d="M.+"/>', icon)
    ] == []
    assert "Font Awesome Free" in text  # its licence asks to be named


def test_figures_have_room_before_they_come(site, page):
    figures = soup(site, page).select("article img[src$='.svg']")
    assert [
        figure for figure in figures if not (figure.get("width") and figure.get("height"))
    ] == []


def test_the_sheet_needs_no_other_file(site):
    css = (site / "_static" / light_pages.SHEET).read_text(encoding="utf-8")
    rules = tinycss2.parse_stylesheet(css)
    assert [rule for rule in rules if rule.type == "error"] == []
    assert "@import" not in css and "MIT" in css
    for address in re.findall(r'url\("?(?!data:|#)([^)"]+)', css):
        assert (site / "_static" / address).is_file(), address


def test_each_page_has_its_policy(site, page):
    text = (site / page).read_text(encoding="utf-8")
    policies = BeautifulSoup(text, "html.parser").select("meta[http-equiv=Content-Security-Policy]")
    assert [policy["content"] for policy in policies] == [light_pages.policy(text)]
    assert "default-src 'none'" in policies[0]["content"]
    assert not re.search(r"script-src[^;]*('unsafe-|https?:)", text)
    assert not re.search(r"<[^>]*\son[a-z]+=", text.partition("</head>")[2])
    assert text.encode().index(b'charset="utf-8"') < 1024


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        (".menu", True),
        (".gone", False),
        ("#gone a", False),
        (".menu .gone", False),
        (".menu:not(.gone)", True),
        ("html[data-theme=dark] .menu::after", True),
        ("a:hover", True),
    ],
)
def test_only_rules_that_cannot_match_are_left_out(tmp_path, selector, kept):
    sheet = tmp_path / "sheet.css"
    rule = "{ color: red }"
    sheet.write_text(f"{selector}{rule} @media print {{ {selector}{rule} }}", encoding="utf-8")
    css, removed = light_styles.bundle([sheet], {"menu"})
    assert css.count("red") == (2 if kept else 0)
    assert removed == ([] if kept else [selector, selector])


def test_names_of_scripts_count_as_used():
    page = '<p class="a b" id="c"></p><script>x.classList.add("d-e")</script>'
    used = light_styles.names_used([page], ["f('g')"])
    assert {"a", "b", "c", "d-e", "g"} <= used


def test_only_widgets_on_view_keep_their_state():
    state = {"state": {"a": {"text": "</script>"}, "b": {}}}
    text = json.dumps(state).replace("</", "<\\/")
    script = f'<script type="application/vnd.jupyter.widget-state+json">{text}</script>'
    written = light_pages.drop_unseen(light_pages.STATE.search(script), {"a"})
    (kept,) = re.findall(r">(.*)</script>", written)
    assert json.loads(kept) == {"state": {"a": {"text": "</script>"}}}


def test_code_without_an_element_of_its_own_has_the_colour_of_code(site):
    styles = (site / "_static" / "pygments.css").read_text(encoding="utf-8")
    for theme in ("light", "dark"):
        start = rf'html\[data-theme="{theme}"\] \.highlight'
        (plain,) = re.findall(rf"{start} \{{.*color: (#\w+)", styles)
        for name in ("n", "nn", "p", "w"):
            assert re.findall(rf"{start} \.{name} \{{(.*?)\}}", styles) == [f" color: {plain} "]


def test_plain_code_is_plain_text(site, page):
    assert light_pages.PLAIN_CODE.search((site / page).read_text(encoding="utf-8")) is None
    written = '<span class="k">if</span><span class="w"> </span><span class="n">a</span>'
    assert light_pages.PLAIN_CODE.sub(r"\1", written) == '<span class="k">if</span> a'


def test_all_pages_were_rewritten(site):
    assert len(light_pages.find_pages(site)) >= len(pages())
