"""The study of the back ends: what is stored fits what is asked, and a crash is a result."""

import sys
from pathlib import Path

import nbformat
import pytest

from experiments import backends, study
from experiments.backends import child, page
from experiments.backends.events import EVENTS, VERDICTS
from experiments.backends.from_the_source import GPU

STORED = study.load("backends")
REPORTS = sorted((backends.ROOT / backends.REPORTS).glob("*.py"))


def test_the_stored_answers_are_those_of_the_events_and_reports_that_are_there():
    assert list(STORED["results"]) == [*EVENTS, *(f"{backends.REPORTS}/{p.name}" for p in REPORTS)]
    for name, (group, function) in EVENTS.items():
        about = {"group": group, "question": function.__doc__.splitlines()[0]}
        assert STORED["settings"]["events"][name] == about
        assert {answer["verdict"] for answer in STORED["results"][name].values()} <= set(VERDICTS)
    assert STORED["settings"]["gpu_from_the_source"] == GPU
    assert set(GPU) <= set(EVENTS)


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_is_short_uses_keras_and_numpy_alone_and_stands_on_the_page(path):
    code = path.read_text(encoding="utf-8")
    lines = code.splitlines()
    assert sum(bool(line) for line in lines) <= 12
    assert [line for line in lines if "import" in line] == ["import keras", "import numpy as np"]
    cells = nbformat.read(backends.ROOT / "reference" / "back_ends.ipynb", as_version=4).cells
    shown = [place for place, cell in enumerate(cells) if f"```python\n{code}```" in cell.source]
    assert [cells[place + 1].source for place in shown] == [
        f'display(Markdown(page.report(stored, "{path.stem}")))'
    ]


def test_a_crash_is_a_result_and_the_others_are_still_asked(monkeypatch, tmp_path):
    script = tmp_path / "child.py"
    script.write_text(
        "import json, os, sys\n"
        "print(json.dumps({'device': 'cpu', 'versions': {}}), flush=True)\n"
        "for name in sys.argv[4:]:\n"
        "    name == 'b' and os._exit(3)\n"
        "    print(json.dumps({'name': name, 'verdict': 'carried'}), flush=True)\n"
    )
    start = backends.subprocess.run
    monkeypatch.setattr(
        backends.subprocess,
        "run",
        lambda command, **options: start([command[0], str(script), *command[1:]], **options),
    )
    _, answers = backends.ask("tensorflow", "cpu", ["a", "b", "c"])
    verdicts = {name: answer["verdict"] for name, answer in answers.items()}
    assert verdicts == {"a": "carried", "b": "crashed", "c": "carried"}


def test_a_missing_environment_is_named_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(backends, "ROOT", tmp_path)
    assert backends.interpreter("tensorflow") == sys.executable
    with pytest.raises(FileNotFoundError, match=".venv-jax.*make backends"):
        backends.interpreter("jax")


def test_a_message_is_cut_to_the_fault():
    text = 'Graph execution error:\n\nDetected at node a\n  File "/x/y.py", line 3\n/z: Bad [2,5]'
    assert child.short(ValueError(text + "\nBad shape: [2,5]\n\t [[{{node c}}]] [Op:d]")) == (
        "ValueError: Bad shape: [2,5]"
    )
    assert str(Path.home()) not in str(STORED["results"])


def test_a_gpu_that_was_measured_takes_the_place_of_the_source():
    carry = page.events(STORED, "masks").splitlines()
    assert carry[0].endswith("| TensorFlow, GPU (from the source) |")
    (left,) = [line for line in carry if "at the start of each row" in line]
    assert left.endswith("| skipped | skipped | skipped | **raises** |")
    measured = {"mask_on_the_left": {"tensorflow cpu": {"verdict": "skipped"}}}
    measured["mask_on_the_left"]["tensorflow gpu"] = {"verdict": "NaN"}
    about = {"mask_on_the_left": STORED["settings"]["events"]["mask_on_the_left"]}
    environments = {"tensorflow cpu": {}, "tensorflow gpu": {}}
    settings = STORED["settings"] | {"events": about, "environments": environments}
    table = page.events({"settings": settings, "results": measured}, "masks")
    assert table.splitlines()[0] == "| What happens | TensorFlow, CPU | TensorFlow, GPU |"
    assert table.endswith("| skipped | **NaN** |")
