"""The examples in the docstrings of `utils` are run."""

import doctest
import importlib
from pathlib import Path

import utils

ROOT = Path(utils.__file__).parent


def test_examples_in_docstrings_are_true():
    files = [path.relative_to(ROOT.parent).with_suffix("") for path in ROOT.rglob("*.py")]
    modules = [".".join(path.parts).removesuffix(".__init__") for path in files]
    results = {name: doctest.testmod(importlib.import_module(name)) for name in sorted(modules)}
    assert {name: result for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) >= 15
