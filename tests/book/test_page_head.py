"""What search engines and messengers know of each page.

That a fork gets its own addresses everywhere: test_address.py.
"""

import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from book_files import ROOT, documents
from bs4 import BeautifulSoup

SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
ADDRESS = SETTINGS["html"]["baseurl"]


@pytest.mark.parametrize("name", documents())
def test_a_page_says_what_it_is_where_it_stands_and_how_it_begins(site, name):
    page = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    meta = page.head.find_all("meta", content=True)
    found = {tag.get("property") or tag.get("name"): tag["content"] for tag in meta}
    assert page.head.find("link", rel="canonical")["href"] == f"{ADDRESS}{name}.html"
    assert found["og:url"] == f"{ADDRESS}{name}.html"
    number = page.article.h1.find(class_="section-number")
    assert (number.extract() if number else None) is None or name.startswith("chapters/")
    assert f"{found['og:title']}#" == page.article.h1.text
    assert found["og:site_name"] == SETTINGS["title"]
    assert found["og:image"] == f"{ADDRESS}_static/card.png"
    assert found["og:image:alt"] and found["twitter:card"] == "summary_large_image"
    assert found["description"] == found["og:description"]
    assert 150 < len(found["description"]) <= 200
    text = page.article.h1.find_next_siblings(
        lambda tag: "chapter-line" not in tag.get("class", ())
    )
    after_title = " ".join(tag.text for tag in text)
    assert found["description"].startswith(after_title.strip().splitlines()[0][:40])


def test_the_list_of_pages_holds_the_pages_of_the_book_and_no_other(site):
    tree = ElementTree.parse(site / "sitemap.xml")
    found = [tag.text for tag in tree.iter() if "loc" in tag.tag]
    assert sorted(found) == sorted(f"{ADDRESS}{name}.html" for name in documents())


@pytest.mark.parametrize("name", ["README.md", "reference/teaching.md"])
def test_links_for_a_hub_open_this_repository(name):
    repository = SETTINGS["repository"]["url"]
    (hub,) = re.findall(r"https://HUB/\S+", (ROOT / name).read_text(encoding="utf-8"))
    assert urlsplit(hub).path == "/hub/user-redirect/git-pull"
    query = parse_qs(urlsplit(hub).query, strict_parsing=True)
    wanted = {"repo": [repository], "branch": [SETTINGS["repository"]["branch"]]}
    (path,) = query.pop("urlpath")
    folder = f"lab/tree/{repository.rpartition('/')[2]}/"
    assert query == wanted
    assert path.startswith(folder) and (ROOT / path.removeprefix(folder)).is_file()
