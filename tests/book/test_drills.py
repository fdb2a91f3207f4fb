"""The drills of `make binder` and `make versions`: what they prepare and what they judge."""

import re
import sys

import pytest
from book_files import ROOT

from benchmarks import notebooks
from benchmarks.notebooks import Measured
from tools.versions import OLDEST, PYTHONS, main, newest, oldest

if sys.platform == "win32":
    pytest.skip("the Binder drill is for Linux", allow_module_level=True)

from tools.binder import (
    MEMORY_GOAL,
    MEMORY_LIMIT,
    SECONDS_GOAL,
    result_problems,
)

WORK = "import time\nfull = b'1' * 50_000_000\ntime.sleep(0.5)\n"


def text_of(name):
    """Return the text of a file of the book."""
    return (ROOT / name).read_text(encoding="utf-8")


def pins(text):
    """Return the pinned packages of a file of requirements and their versions."""
    return dict(re.findall(r"^([\w-]+)==([^ ;\n]+)", text, flags=re.MULTILINE))


def test_only_what_fits_binder_has_no_problem():
    good = Measured("a", SECONDS_GOAL, memory=MEMORY_GOAL, passed=True)
    assert result_problems([good]) == []
    bad = [good._replace(seconds=91), good._replace(memory=1601), good._replace(passed=False)]
    found = result_problems([good, *bad])
    assert len(found) == 3
    assert "91 s" in found[0] and "1601 MB" in found[1] and "failed" in found[2]


@pytest.mark.parametrize(
    ("script", "limit", "passed"),
    [(WORK, 2000, True), (f"{WORK}\n1 / 0", 2000, False), (f"{WORK}\ntime.sleep(60)", 30, False)],
)
def test_a_run_is_measured_and_ended_beyond_its_limit(script, limit, passed, monkeypatch, capfd):
    monkeypatch.setattr(notebooks, "RUN", [sys.executable, "-c", script])
    measured = notebooks.measure(ROOT / "chapters" / "some.ipynb", limit)
    assert measured.passed == passed
    assert ("| **failed** |" in capfd.readouterr().out) != passed
    assert measured.name == "some"
    assert (0.5 if limit > 50 else 0) <= measured.seconds < 60
    assert min(limit, 50) < measured.memory < 100


def test_the_oldest_versions_replace_their_pins_and_the_newest_have_none():
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        before, after = pins(text_of(name)), pins(oldest(text_of(name)))
        assert after == before | {name: OLDEST[name] for name in OLDEST if name in before}
    assert set(OLDEST) <= set(pins(text_of("requirements.txt")))
    for name in ("requirements.txt", "requirements-dev.txt"):
        after = newest(text_of(name))
        assert "==" not in re.sub("#.*|;.*", "", after)
        for package in pins(text_of(name)):
            assert re.search(rf"^{package}(<2)?( ;.*)?$", after, flags=re.MULTILINE), package


def test_an_unknown_row_or_notebook_is_named():
    with pytest.raises(SystemExit, match="no 3.10; choose from 3.11"):
        main(["3.10"])
    with pytest.raises(SystemExit, match="chapters/none.ipynb is no notebook; wanted a path such"):
        notebooks.main(["chapters/none.ipynb"])


def test_the_readme_names_the_versions_that_are_tried():
    low, high = PYTHONS[0], PYTHONS[-1]
    assert f"(3, {low[2:]}) <= sys.version_info[:2] <= (3, {high[2:]})" in text_of("Makefile")
    readme = text_of("README.md")
    assert f"Python {', '.join(PYTHONS[:-1])} or {high}" in readme
    older = {name: version.rsplit(".", 1)[0] for name, version in OLDEST.items()}
    used = pins(text_of("requirements.txt"))
    used = {name: used[name].rsplit(".", 1)[0] for name in OLDEST}
    for pair in (older, used):
        assert re.search(rf"Keras {pair['keras']} and TensorFlow {pair['tensorflow']}\b", readme)


def test_the_readme_says_what_the_binder_drill_judges():
    readme = text_of("README.md")
    assert f"fails if one takes more than {SECONDS_GOAL} seconds or {MEMORY_GOAL} MB" in readme
    assert f"above {MEMORY_LIMIT // 1000} GB the kernel restarts" in readme
