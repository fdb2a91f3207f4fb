"""What search engines and messengers know of each page.

A fork gets its own addresses everywhere: tried on a toy book.
"""

import functools
import re
import shutil
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import yaml
from book_files import ROOT, build, documents
from bs4 import BeautifulSoup

from tools import address, card

SETTINGS = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
ADDRESS = SETTINGS["html"]["baseurl"]


@functools.cache
def soup(path):
    """Return a built page, parsed."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def tags(page):
    """Return what the head of a page says: names of tags and links, and what they say."""
    found = {}
    for tag in page.head.find_all("meta", content=True):
        found.setdefault(tag.get("property") or tag.get("name"), []).append(tag["content"])
    for tag in page.head.find_all("link", href=True):
        found.setdefault(tag["rel"][0], []).append(tag["href"])
    return found


def in_sitemap(site):
    """Return the addresses that the list of pages holds."""
    return [tag.text for tag in ElementTree.parse(site / "sitemap.xml").iter() if "loc" in tag.tag]


@pytest.mark.parametrize("name", documents())
def test_a_page_says_what_it_is_and_where_it_stands(site, name):
    page = soup(site / f"{name}.html")
    found = tags(page)
    assert found["canonical"] == found["og:url"] == [f"{ADDRESS}{name}.html"]
    assert [f"{title}#" for title in found["og:title"]] == [page.article.h1.text]
    assert found["og:site_name"] == [SETTINGS["title"]]
    assert found["og:image"] == [f"{ADDRESS}_static/card.png"]
    assert found["og:image:alt"] and found["twitter:card"] == ["summary_large_image"]


@pytest.mark.parametrize("name", documents())
def test_a_page_is_described_by_its_own_first_words(site, name):
    page = soup(site / f"{name}.html")
    found = tags(page)
    (description,) = found["description"]
    assert found["og:description"] == [description]
    assert 150 < len(description) <= 200
    after_title = " ".join(tag.text for tag in page.article.h1.find_next_siblings())
    first, *_ = after_title.strip().splitlines()
    assert description.startswith(first[:40])


def test_descriptions_are_unique(site):
    names = [*documents(), "search"]
    found = [tags(soup(site / f"{name}.html"))["description"][0] for name in names]
    assert len(found) == len(set(found))


def test_the_list_of_pages_holds_the_pages_of_the_book_and_no_other(site):
    found = in_sitemap(site)
    assert sorted(found) == sorted(f"{ADDRESS}{name}.html" for name in documents())


def test_the_card_is_the_one_the_code_draws(tmp_path):
    stored = matplotlib.image.imread(card.CARD)
    assert stored.shape[1::-1] == card.SIZE
    with plt.rc_context():
        card.draw_card(tmp_path / "new.png")
    drawn = matplotlib.image.imread(tmp_path / "new.png")
    assert np.abs(stored - drawn).mean() < 0.002  # another version may smooth letters otherwise
    assert np.abs(stored - drawn[:, ::-1]).mean() > 0.01  # what another picture gives


def test_a_fork_gets_its_own_addresses(tmp_path):
    repository = "Ada-2/LSTM.notes_2"
    owner, name = repository.split("/")
    for folder in ("_extensions", "_search", "_static", "_templates", "utils"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    settings = (ROOT / "_config.yml").read_text(encoding="utf-8")
    settings = address.replaced(settings, address.current(ROOT), (owner, name))
    (tmp_path / "_config.yml").write_text(settings, encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    (tmp_path / "index.md").write_text("# A toy book\n\nOne page of it.\n", encoding="utf-8")
    code, log = build(tmp_path)
    assert code == 0, log

    site = tmp_path / "_build" / "html"
    home = f"https://{owner}.github.io/{name}/"
    found = tags(soup(site / "index.html"))
    assert found["canonical"] == found["og:url"] == in_sitemap(site) == [f"{home}index.html"]
    assert found["og:image"] == [f"{home}_static/card.png"]
    assert (site / "_static" / "card.png").is_file()
    text = (site / "index.html").read_text(encoding="utf-8")
    assert f"https://github.com/{repository}/edit/main/index.md" in text
    assert urlsplit(ADDRESS).netloc not in text
    assert SETTINGS["repository"]["url"] not in text


def test_links_of_the_readme_open_this_repository():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    repository = SETTINGS["repository"]["url"]
    (hub,) = re.findall(r"https://HUB/\S+", readme)
    assert urlsplit(hub).path == "/hub/user-redirect/git-pull"
    query = parse_qs(urlsplit(hub).query, strict_parsing=True)
    assert query.keys() == {"repo", "branch", "urlpath"}
    assert query["repo"] == [repository]
    assert query["branch"] == [SETTINGS["repository"]["branch"]]
    folder = f"lab/tree/{repository.rpartition('/')[2]}/"
    (path,) = query["urlpath"]
    assert path.startswith(folder) and (ROOT / path.removeprefix(folder)).is_file()
    assert repository.replace("github.com", "codespaces.new") in readme
