"""The archive of the site: one folder, whole, and the same bytes for the same site."""

import re
import zipfile

import pytest

from tools.archive import NAME, pack

FILES = {"index.html": "first", "_static/book.css": "a {}", "chapters/é one.html": "one"}


@pytest.fixture
def toy_site(tmp_path):
    """A site of three files, and notes that the build left beside them."""
    for name, text in FILES.items() | {(".buildinfo", "a note"), (".doctrees/a.pickle", "a note")}:
        path = tmp_path / "html" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "html"


def test_it_holds_one_folder_with_the_site_and_a_readme(toy_site, tmp_path):
    with zipfile.ZipFile(pack(toy_site, tmp_path)) as archive:
        assert archive.testzip() is None
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    readme = found.pop(f"{NAME}/README.txt")
    assert "open index.html" in readme and re.search(r"https://.+\.github\.io/.+/\n$", readme)
    assert found == {f"{NAME}/{name}": text for name, text in FILES.items()}


def test_the_same_site_gives_the_same_bytes(toy_site, tmp_path):
    first = pack(toy_site, tmp_path).read_bytes()
    (toy_site / "index.html").touch()
    assert pack(toy_site, tmp_path).read_bytes() == first
    (toy_site / "index.html").write_text("changed", encoding="utf-8")
    assert pack(toy_site, tmp_path).read_bytes() != first


def test_without_a_site_it_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        pack(tmp_path, tmp_path)
