"""Importing the NumPy modules must not load a deep-learning library: it takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "torch", "jax")


MODULES = ["windows", "shapes", "lstm_numpy", "pytorch_layout"]


@pytest.mark.parametrize("module", ["utils", *(f"utils.{name}" for name in MODULES)])
def test_import_loads_no_deep_learning_library(module):
    code = f"import {module}, sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_check_would_notice_such_an_import(tmp_path):
    (tmp_path / "keras.py").write_text("")
    code = f"import keras, sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "['keras']"
