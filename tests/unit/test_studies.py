"""What all studies share: the stored file, and the command that lists and runs them."""

import json
import subprocess
import sys

import pytest

from experiments import __main__ as command
from experiments import study

STORED = sorted(path.stem for path in study.DATA.glob("*.json"))
MEASURED = {"settings": {"seeds": [0, 1]}, "results": {"loss": [0.5, 0.25], "words": ["a", None]}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder in the place of data/."""
    monkeypatch.setattr(study, "DATA", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", STORED)
def test_every_stored_result_is_whole_and_has_a_study(name):
    content = study.load(name)
    assert content["settings"] and content["results"] and content["versions"]["keras"]
    assert name in command.names()
    assert content["made_by"] == f"python -m experiments {name}"


def test_what_is_stored_is_loaded(folder):
    study.store("loss", MEASURED, 12.3)
    content = study.load("loss")
    assert {key: content[key] for key in MEASURED} == MEASURED and content["seconds"] == 12
    assert content["versions"] == study.versions()


@pytest.mark.parametrize("change", [("0.25", "0.26"), ('"a"', '"b"'), ("12", "13")])
def test_an_edited_file_is_refused(folder, change):
    study.store("loss", MEASURED, 12.3)
    path = folder / "loss.json"
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(
        ValueError, match=r"data/loss.json: .*edited or cut short.*experiments loss"
    ):
        study.load("loss")


def test_a_file_cut_short_is_refused(folder):
    study.store("loss", MEASURED)
    path = folder / "loss.json"
    path.write_text(path.read_text()[:-9])
    with pytest.raises(ValueError, match=r"data/loss.json: .*edited or cut short"):
        study.load("loss")


def test_what_is_missing_is_named(folder):
    with pytest.raises(FileNotFoundError, match="data/none.json is not there: run .*ments none"):
        study.load("none")
    with pytest.raises(ValueError, match="wanted a dict with the keys settings and results"):
        study.store("loss", {"results": {}})
    assert not list(folder.iterdir())


def test_a_check_prints_what_differs_and_writes_nothing(folder, capsys):
    assert study.run("experiments.loss", lambda: MEASURED) == 0
    before = (folder / "loss.json").read_bytes()
    other = json.loads(json.dumps(MEASURED))
    other["results"]["loss"][1] = 0.27
    capsys.readouterr()
    assert study.run("experiments.loss", lambda: other, check=True) == 1
    assert "/loss/1: 0.27; stored: 0.25" in capsys.readouterr().out
    assert study.run("experiments.loss", lambda: other, check=True, tolerance=0.03) == 0
    assert (folder / "loss.json").read_bytes() == before


@pytest.mark.parametrize(
    ("stored", "fresh", "places"),
    [
        ({"a": [1, 2]}, {"a": [1, 2]}, []),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["/a/1"]),
        ({"a": [1, 2]}, {"a": [1]}, ["/a"]),
        ({"a": 1}, {"b": 1}, [""]),
        ({"a": "x", "b": None}, {"a": "y", "b": 0}, ["/a", "/b"]),
        ([float("nan")], [1.0], ["/0"]),
    ],
)
def test_differences_name_their_place(stored, fresh, places):
    assert [place for place, *_ in study.differences(stored, fresh)] == places


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [([], 1, "six"), (["seven"], 2, "no study is called seven"), (["--help"], 0, "usage")],
)
def test_the_command_says_what_it_wants(arguments, code, said):
    run = subprocess.run(
        [sys.executable, "-m", "experiments", *arguments],
        capture_output=True,
        text=True,
        cwd=study.DATA.parent,
    )
    assert run.returncode == code and said in run.stdout + run.stderr
