"""The labs as ordinary widgets in a running JupyterLab."""

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
from nbformat.v4 import new_code_cell, new_notebook
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
IMPORTS = (
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport numpy as np\n"
    "from utils.labs import LanesLab, RaceLab, ShapeLab, StateLab, StepLab\n"
    "rng = np.random.default_rng(0)"
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


def open_notebook(browser, jupyterlab, cells):
    """Open a notebook of code cells in its own workspace; wait until its kernel is idle."""
    address, folder = jupyterlab
    nbformat.write(new_notebook(cells=list(map(new_code_cell, cells))), folder / "labs.ipynb")
    page = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    # On a slow machine JupyterLab may ask for the kernel before it knows which there are.
    question = page.locator(".jp-Dialog", has_text="Select Kernel")
    page.add_locator_handler(question, lambda: question.locator(".jp-mod-accept").click())
    page.goto(f"{address}lab/workspaces/labs/tree/labs.ipynb?reset&token=book")
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
    page = open_notebook(browser, jupyterlab, cells)
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
