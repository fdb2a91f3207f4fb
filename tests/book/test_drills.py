"""The drills of `make binder` and `make versions`: what they prepare and what they judge."""

import re
import sys

import pytest
from book_files import ROOT

from benchmarks import notebooks
from benchmarks.notebooks import Measured
from tools.versions import FILES, OLDEST, PYTHONS, main, newest, oldest

if sys.platform == "win32":
    pytest.skip("the Binder drill is for Linux", allow_module_level=True)

from tools.binder import (
    MEMORY_GOAL,
    MEMORY_LIMIT,
    SECONDS_GOAL,
    result_problems,
)

# Half a second of computing, and then 50 MB.
WORK = """
import time
end = time.process_time() + 0.5
while time.process_time() < end:
    pass
full = b"1" * 50_000_000
time.sleep(0.5)
"""


def text_of(name):
    """Return the text of a file of the book."""
    return (ROOT / name).read_text(encoding="utf-8")


def pins(text):
    """Return the pinned packages of a file of requirements and their versions."""
    return dict(re.findall(r"^([\w-]+)==([^ ;\n]+)", text, flags=re.MULTILINE))


def test_only_what_fits_binder_has_no_problem():
    good = Measured("a", SECONDS_GOAL, computing=80, memory=MEMORY_GOAL, passed=True)
    assert result_problems([good]) == []
    bad = [good._replace(seconds=91), good._replace(memory=1601), good._replace(passed=False)]
    found = result_problems([good, *bad])
    assert len(found) == 3
    assert "91 s" in found[0] and "1601 MB" in found[1] and "failed" in found[2]


@pytest.mark.parametrize(
    ("script", "limit", "passed"),
    [(WORK, 2000, True), (f"{WORK}\n1 / 0", 2000, False), (f"{WORK}\ntime.sleep(60)", 30, False)],
)
def test_a_run_is_measured_and_ended_beyond_its_limit(script, limit, passed, monkeypatch):
    monkeypatch.setattr(notebooks, "SCRIPT", script)
    measured = notebooks.measure(ROOT / "chapters" / "some.ipynb", limit)
    assert measured.passed == passed
    assert str(measured).endswith("**failed**") != passed
    assert measured.name == "some"
    assert measured.seconds >= 0.5 and measured.computing > 0.2
    assert min(limit, 50) < measured.memory < 100


def test_the_oldest_versions_replace_their_pins_and_no_other():
    for name in FILES:
        before, after = pins(text_of(name)), pins(oldest(text_of(name)))
        assert after == before | {
            package: OLDEST[package] for package in OLDEST if package in before
        }
    assert set(OLDEST) <= set(pins(text_of("requirements.txt")))
    assert set(OLDEST) <= set(pins(text_of("constraints.txt")))


def test_the_newest_versions_have_no_pin():
    for name in ("requirements.txt", "requirements-dev.txt"):
        before, after = text_of(name), newest(text_of(name))
        assert "==" not in re.sub("#.*|;.*", "", after)
        assert "constraints.txt" not in re.sub("#.*", "", after)
        for package in pins(before):
            assert re.search(rf"^{package}(<2)?( ;.*)?$", after, flags=re.MULTILINE), package
    assert "\njupyter-book<2\n" in newest(text_of("requirements.txt"))


def test_an_unknown_row_is_refused():
    with pytest.raises(SystemExit, match="no 3.10; choose from 3.11"):
        main(["3.10"])


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


def test_a_notebook_that_is_not_there_is_named():
    name = "chapters/no_such_chapter.ipynb"
    with pytest.raises(SystemExit, match=f"{name} is no notebook; wanted a path such as chapters/"):
        notebooks.main([name])
