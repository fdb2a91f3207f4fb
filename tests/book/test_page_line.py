"""The line under the title of a chapter, and the marks of its hidden tests."""

import json
import re
from importlib.metadata import version

import pytest
from book_files import ROOT, documents

CHAPTERS = [name for name in documents() if name.startswith("chapters/")]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_says_what_it_takes_and_links_the_tests_that_hold_it(site, name):
    html = (site / f"{name}.html").read_text(encoding="utf-8")
    source = (ROOT / f"{name}.ipynb").read_text(encoding="utf-8")
    line = re.search(r'<p class="chapter-line">.*', html)[0]
    minutes = re.search(r"\*\*To read:\*\* (\d+) minutes", source)[1]
    assert f"<span>{minutes} minutes</span>" in line
    assert f"Keras {version('keras')}" in line
    for address in ("mybinder.org", "colab.research.google.com", f"{name}.ipynb", "#summary"):
        assert address in line
    lines = source.splitlines()
    marks = re.findall(
        r'class="test-mark"><a href="[^"]+/blob/(\w+)/(\S+)\?plain=1#L(\d+)-L(\d+)"', html
    )
    tests = [
        c["id"] for c in json.loads(source)["cells"] if "test" in c["metadata"].get("tags", [])
    ]
    assert len(marks) == len(tests)
    for (commit, path, first, last), cell in zip(marks, tests, strict=True):
        assert len(commit) == 40
        assert path == f"{name}.ipynb"
        assert lines[int(first) - 1] == f'   "id": "{cell}",'
        assert lines[int(last) - 1].strip() in ("}", "},")
        assert sum('"cell_type"' in text for text in lines[int(first) - 1 : int(last)]) == 0
