"""Every program that the page "Your data, in Keras" can write runs, with the shapes it promised."""

import datetime
import json
import os
import random
import shutil
import subprocess

import keras
import numpy as np
import pytest
from book_files import ROOT

SCRIPT = ROOT / "_recipe" / "recipe_program.js"
WRITE = """;console.log(JSON.stringify(everything(5, 3).map(chosen =>
    ({ chosen, shapes: shapes(chosen), program: program(chosen) }))))"""
NIGHTLY = os.environ.get("BOOK_NIGHTLY") == "1"
DRAWN = 30


@pytest.fixture(scope="module")
def written():
    """All programs, for windows of 5 and 3 values ahead, with their choices and shapes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here: the programs of the recipe are not run")
    script = SCRIPT.read_text(encoding="utf-8") + WRITE
    answer = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


def test_it_can_write_hundreds_and_each_is_another(written):
    assert len(written) >= 200
    assert len({one["program"] for one in written}) == len(written)


def test_a_program_is_short_and_plain(written):
    for one in written:
        lines = one["program"].splitlines()
        assert len([line for line in lines if line.strip()]) <= 60, one["chosen"]
        assert max(map(len, lines)) <= 100, one["chosen"]


def test_the_programs_run_and_keep_their_promises(written, monkeypatch):
    """Thirty, others every day; all of them at night. Training is cut to one epoch."""
    chosen = written
    if not NIGHTLY:
        chosen = random.Random(datetime.date.today().toordinal()).sample(written, DRAWN)
    fit = keras.Model.fit
    losses = []

    def short_fit(model, *data, **options):
        history = fit(model, *data, **(options | {"epochs": 1}))
        losses.append(history.history["loss"][-1])
        return history

    monkeypatch.setattr(keras.Model, "fit", short_fit)
    for one in chosen:
        keras.utils.clear_session()
        names = {}
        exec(compile(one["program"].replace("range(10)", "range(1)"), "recipe", "exec"), names)
        N = len(names["x_train"])
        assert N > 0, one["chosen"]
        for part in ("train", "test"):
            assert names[f"x_{part}"].shape[1:] == tuple(one["shapes"]["x"]), one["chosen"]
            assert names[f"y_{part}"].shape[1:] == tuple(one["shapes"]["y"]), one["chosen"]
        expected = (len(names["x_test"]), *one["shapes"]["prediction"])
        assert names["prediction"].shape == expected, one["chosen"]
        assert np.isfinite(names["prediction"]).all(), one["chosen"]
        assert np.isfinite(losses[-1]), one["chosen"]
