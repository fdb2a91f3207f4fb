"""The labs as ordinary widgets, and the text of the chapters, in a running JupyterLab."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from book_files import ROOT
from nbformat.v4 import new_markdown_cell, new_notebook
from playwright.sync_api import TimeoutError, expect

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.xdist_group("JupyterLab")]

WEIGHTS = "[rng.normal(size=shape) for shape in [(1, 32), (8, 32), (32,), (8, 26), (26,)]]"
# For each lab: how it is made, the attribute that Python sets, the key that the reader then presses
# on the control of that attribute, and what the attribute is afterwards.
LABS = {
    "Shape lab": ("ShapeLab(text='ABCDEFGHIJ')", "window", 4, "ArrowRight", 5),
    "Step lab": (f"StepLab(weights={WEIGHTS})", "word", "NO", "P", "NOP"),
    "Race lab": ("RaceLab()", "seed", 5, "ArrowLeft", 4),
    "State lab": (f"StateLab(weights={WEIGHTS})", "stateful", False, "Space", True),
    "Lanes lab": ("LanesLab()", "time_steps", 3, "ArrowRight", 4),
}
# What makes an element of each kind in the Markdown of a chapter.
MARKDOWN = {"h1": "# ", "table": "|---|", "mjx-container": "$$", "details": "<details>"}
IMPORTS = (
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport numpy as np\n"
    "from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab\n"
    "rng = np.random.default_rng(0)"
)


def notebook(cells):
    """Return a notebook of code cells, as text."""
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {
            "cells": [code | {"id": f"c{i}", "source": cell} for i, cell in enumerate(cells)],
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory):
    """A JupyterLab server of this environment; gives its address and its folder."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    command = shutil.which("jupyter", path=str(Path(sys.executable).parent))
    options = ["--no-browser", "--port=0", "--ip=127.0.0.1", "--IdentityProvider.token=book"]
    # A new JupyterLab asks whether to fetch news, and the question takes the keyboard.
    options += ["--LabApp.news_url=None"]
    options += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    home = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
    log = folder / "log.txt"
    with log.open("w") as file:
        server = subprocess.Popen(
            [command, "lab", *options, f"--ServerApp.root_dir={folder}"],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | home | {"JUPYTER_RUNTIME_DIR": str(folder / "run")},
        )
    try:
        yield wait_for_address(server, log), folder
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=180)


def wait_for_address(server, log):
    """Return the address that the server writes into its log, once it answers."""
    for _ in range(1800):
        found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
        try:
            if found:
                urlopen(f"{found[0]}api").close()
                return found[0]
        except URLError:  # it writes the address a moment before it listens
            pass
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def open_notebook(browser, jupyterlab, name, cells=None):
    """Open a notebook in its own workspace; wait until its kernel is idle."""
    address, folder = jupyterlab
    if cells is not None:
        (folder / name).write_text(notebook(cells))
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    # On a slow machine JupyterLab may ask for the kernel before it knows which there are.
    question = page.locator(".jp-Dialog", has_text="Select Kernel")
    page.add_locator_handler(question, lambda: question.locator(".jp-mod-accept").click())
    address += f"lab/workspaces/{name.split('.')[0]}/tree/{name}?reset&token=book"
    page.goto(address)
    page.locator(".jp-Notebook").wait_for()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    return page


def run(page, index):
    """Run one cell, once, and wait until it has run: until it has a number."""
    cell = page.locator(".jp-CodeCell").nth(index)
    prompt = cell.locator(".jp-InputPrompt").first
    prompt.evaluate("prompt => { prompt.textContent = '' }")  # of an earlier run
    done = prompt.filter(has_text=re.compile(r"\[\d+\]"))
    asked = prompt.filter(has_text=re.compile(r"\[[\d*]+\]"))
    for _ in range(10):  # JupyterLab drops what is asked for while the kernel is connecting
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            asked.wait_for(timeout=6000)
            break
        except TimeoutError:
            continue
    done.wait_for()
    return cell


def show(page, index, title):
    """Run the cell of a lab until the lab is there; return it.

    Once, on a busy machine, a cell had run and its lab did not appear; why is not known. A reader
    would run the cell again.
    """
    for _ in range(3):
        lab = run(page, index).get_by_role("region", name=title)
        try:
            lab.wait_for(timeout=30_000)
            break
        except TimeoutError:
            continue
    expect(lab).to_be_visible(timeout=1000)
    return lab


def test_a_lab_and_its_python_object_move_each_other(browser, jupyterlab):
    cells = [IMPORTS]
    for made, name, value, _, _ in LABS.values():
        cells += [f"lab = {made}\nlab", f"lab.{name} = {value!r}", f"print('now', lab.{name})"]
    page = open_notebook(browser, jupyterlab, "two_way.ipynb", cells)
    run(page, 0)
    for number, (title, (_, name, value, key, after)) in enumerate(LABS.items()):
        place = 1 + 3 * number
        lab = show(page, place, title)
        control = lab.locator(f'[data-key="{name}"]')
        run(page, place + 1)  # Python moves the lab
        expect_setting(control, value)
        control.focus()  # the lab moves Python
        page.keyboard.press(key)
        expect_setting(control, after)
        page.wait_for_timeout(300)
        assert f"now {after}" in run(page, place + 2).inner_text(), title
    page.context.close()


def expect_setting(control, value):
    """Wait until a slider or a text field holds `value`, or a switch is on or off."""
    if isinstance(value, bool):
        expect(control).to_be_checked(checked=value)
    else:
        expect(control).to_have_value(str(value))


def test_a_saved_notebook_opens_again(browser, jupyterlab):
    page = open_notebook(browser, jupyterlab, "saved.ipynb", [f"{IMPORTS}\nShapeLab()"])
    show(page, 0, "Shape lab")
    page.keyboard.press("Control+s")
    saved = jupyterlab[1] / "saved.ipynb"
    for _ in range(100):
        text = saved.read_text()
        if "run this cell" in text and text.endswith("}\n"):  # written to the end
            break
        page.wait_for_timeout(100)
    output = json.loads(saved.read_text())["cells"][0]["outputs"][-1]["data"]
    assert "".join(output["text/plain"]) == "ShapeLab: run this cell to use the lab."
    shut_down_kernels(page)
    page.context.close()
    # The kernel that held the lab is gone: a line stands in its place, and a run revives it.
    page = open_notebook(browser, jupyterlab, "saved.ipynb")
    hint = page.get_by_text("Here is a lab. Run this cell to use it.")
    hint.wait_for()
    show(page, 0, "Shape lab")
    assert not hint.is_visible()
    page.context.close()


def shut_down_kernels(page):
    """End all kernels of the server, as its owner may at any time."""
    page.evaluate(
        """async () => {
            const headers = {Authorization: 'token book'};
            const sessions = await (await fetch('/api/sessions', {headers})).json();
            for (const {id} of sessions) {
                await fetch(`/api/sessions/${id}`, {method: 'DELETE', headers});
            }
        }"""
    )


def test_the_text_of_chapters_is_rendered_and_answers_stay_folded(browser, jupyterlab):
    paths = sorted((ROOT / "chapters").glob("*.ipynb"))
    cells = [cell for path in paths for cell in nbformat.read(path, as_version=4).cells]
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    shown = [next(text for text in texts if sign in text) for sign in MARKDOWN.values()]
    text_only = new_notebook(cells=[new_markdown_cell(text) for text in shown])
    nbformat.write(text_only, jupyterlab[1] / "text.ipynb")
    page = open_notebook(browser, jupyterlab, "text.ipynb")
    for element in MARKDOWN:
        place = page.locator(f".jp-RenderedMarkdown {element}").first
        place.scroll_into_view_if_needed()
        expect(place).to_be_visible()
    assert page.locator(".jp-RenderedMarkdown details[open]").count() == 0
    page.context.close()
