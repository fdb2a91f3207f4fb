"""The labs as ordinary widgets, in a running JupyterLab."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from book_files import ROOT
from playwright.sync_api import TimeoutError

pytestmark = pytest.mark.browser

CELLS = [
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
    "from utils.labs import ShapeLab\n"
    "lab = ShapeLab(text='ABCDEFGHIJ', window=3)\nlab",
    "lab.window = 4",
    "print('window is', lab.window, 'time steps', lab.time_steps)",
]


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
        server.wait(timeout=30)


def wait_for_address(server, log):
    """Return the address that the server writes into its log once it listens."""
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())
        if found:
            with urlopen(f"{found[0]}api"):
                return found[0]
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def open_notebook(browser, jupyterlab, name, cells=None):
    """Open a notebook in its own workspace; wait until its kernel is idle."""
    address, folder = jupyterlab
    if cells is not None:
        (folder / name).write_text(notebook(cells))
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    page.goto(f"{address}lab/workspaces/{name.split('.')[0]}/tree/{name}?reset&token=book")
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
    return page


def run(page, index):
    """Run one cell and wait for its number."""
    cell = page.locator(".jp-CodeCell").nth(index)
    prompt = cell.locator(".jp-InputPrompt").first
    for _ in range(10):  # JupyterLab drops what is asked for while the kernel is connecting
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            prompt.filter(has_not_text="[ ]").wait_for(timeout=2000)
            break
        except TimeoutError:
            continue
    prompt.filter(has_text=re.compile(r"\[\d+\]")).wait_for()
    return cell


def test_a_lab_and_its_python_object_move_each_other(browser, jupyterlab):
    page = open_notebook(browser, jupyterlab, "two_way.ipynb", CELLS)
    lab = run(page, 0).get_by_role("region", name="Shape lab")
    lab.wait_for()
    run(page, 1)  # Python moves the lab
    lab.get_by_text("Window 4").wait_for()
    assert lab.locator(".shape-step").count() == 4
    lab.get_by_role("slider", name="Window").focus()  # the lab moves Python
    page.keyboard.press("ArrowRight")
    lab.get_by_text("Window 5").wait_for()
    page.wait_for_timeout(300)
    assert "window is 5 time steps 5" in run(page, 2).inner_text()
    page.context.close()


def test_a_saved_notebook_opens_again(browser, jupyterlab):
    page = open_notebook(browser, jupyterlab, "saved.ipynb", CELLS[:1])
    run(page, 0).get_by_role("region", name="Shape lab").wait_for()
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
    run(page, 0).get_by_role("region", name="Shape lab").wait_for()
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
