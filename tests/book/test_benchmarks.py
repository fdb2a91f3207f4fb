"""`make bench` writes one file, section by section; nothing in it is written by hand."""

import sys
from types import SimpleNamespace

from benchmarks import __main__ as bench

TITLES = list(bench.PARTS.values())


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    path = tmp_path / "RESULTS.md"
    for title in reversed(TITLES):
        bench.write_section(path, title, f"| {title} |\n\nMeasured.")
    before = path.read_text(encoding="utf-8")
    assert [line[3:] for line in before.splitlines() if line.startswith("## ")] == TITLES
    bench.write_section(path, TITLES[1], "New.\n\nMeasured.")
    after = path.read_text(encoding="utf-8")
    assert after == before.replace(f"| {TITLES[1]} |", "New.")


def test_the_results_are_as_the_benchmarks_write_them(tmp_path):
    copy = tmp_path / "RESULTS.md"
    copy.write_bytes(bench.RESULTS.read_bytes())
    text = copy.read_text(encoding="utf-8")
    title = TITLES[1]
    bench.write_section(copy, title, text.partition(f"## {title}\n\n")[2].partition("\n\n## ")[0])
    assert copy.read_text(encoding="utf-8") == text
    assert text.count("\nMeasured on 2") == text.count("\n## ")


def test_what_is_printed_becomes_a_section_with_its_conditions(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "RESULTS", tmp_path / "RESULTS.md")
    for code in (0, 1):  # a part that fails changes nothing
        run = SimpleNamespace(returncode=code, stdout=f"| {code} |\n")
        monkeypatch.setattr(bench.subprocess, "run", lambda *_, run=run, **__: run)
        assert bench.measure("pages") == (code == 0)
        text = bench.RESULTS.read_text(encoding="utf-8")
        version = ".".join(map(str, sys.version_info[:3]))
        assert "## Weight of the pages\n\n| 0 |\n" in text and f"Python {version}, " in text
