"""Sphinx extensions of the book that need no built site."""

import importlib.util
from types import SimpleNamespace

import pytest
from book_files import ROOT
from docutils import nodes


def load(name):
    """Import an extension from its file."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "_extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mathml, near_sections = map(load, ("mathml", "near_sections"))


@pytest.mark.parametrize("render", [mathml.inline_math, mathml.block_math])
def test_formulas_become_mathml(render):
    translator = SimpleNamespace(body=[])
    with pytest.raises(nodes.SkipNode):
        render(translator, nodes.math(text=r"N = \lfloor L / S \rfloor"))
    html = "".join(translator.body)
    assert "<math" in html and "<mi>N</mi>" in html and "\\" not in html


def test_the_script_of_the_theme_is_changed_once():
    changed = near_sections.change(f"before {near_sections.ASK} after")
    assert changed == f"before {near_sections.ASK_IF_LAID_OUT} after"
    assert near_sections.change(changed) == changed


@pytest.mark.parametrize("found", [0, 2])
def test_a_theme_of_another_version_is_refused(found):
    with pytest.raises(ValueError, match=f"wanted once, found {found} times: e.tabIndex"):
        near_sections.change(near_sections.ASK * found)
