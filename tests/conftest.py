"""What runs when, tests that run once per notebook or page, and the site, built once per session.

`pytest` leaves out what is marked `nightly`: slow, and seldom broken. BOOK_NIGHTLY=1 runs all.
"""

import json
import os
from pathlib import Path

import pytest
from book_files import ROOT, build, pages
from filelock import FileLock
from hypothesis import HealthCheck, settings

NIGHTLY = os.environ.get("BOOK_NIGHTLY") == "1"
# A shared machine can stand still for a minute, so no example is held to a time.
settings.register_profile(
    "book",
    max_examples=300 if NIGHTLY else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("book")


def pytest_configure(config):
    """Name the mark, and count what it leaves out: over all processes, the largest count."""
    config.addinivalue_line("markers", "nightly: slow and seldom broken; left to `make nightly`")
    config.left_to_nightly = 0


def pytest_generate_tests(metafunc):
    """Run a test once for each `chapter`, `notebook` (chapters and reference) or `page`."""
    for name, folders in {"chapter": ["chapters"], "notebook": ["chapters", "reference"]}.items():
        if name in metafunc.fixturenames:
            paths = sorted(path for folder in folders for path in (ROOT / folder).glob("*.ipynb"))
            metafunc.parametrize(name, paths, ids=[path.stem for path in paths])
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages(), ids=lambda page: Path(page).stem)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Start with the build; while one process waits for it, another runs what needs no site."""
    if not NIGHTLY:
        left = [item for item in items if item.get_closest_marker("nightly")]
        items[:] = [item for item in items if not item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=left)
        config.left_to_nightly = len(left)
        if hasattr(config, "workeroutput"):
            config.workeroutput["left_to_nightly"] = len(left)
    items.sort(
        key=lambda item: ("this_book_is_built" not in item.name, "built" in item.fixturenames)
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Take over the count of one process of several."""
    left = getattr(node, "workeroutput", {}).get("left_to_nightly", 0)
    node.config.left_to_nightly = max(node.config.left_to_nightly, left)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    """Say in one line what was not run."""
    if config.left_to_nightly:
        terminalreporter.write_line(f"{config.left_to_nightly} tests are left to `make nightly`.")


@pytest.fixture(scope="session")
def built(request, tmp_path_factory, worker_id):
    """Exit code and log of building this book, which is done once, at the first need.

    All processes of a run (`pytest -n 2`) share it: the first one builds, the others wait.
    """
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    result = folder / "build.json"
    with FileLock(folder / "build.lock"):
        if not result.is_file():
            capture = request.config.pluginmanager.get_plugin("capturemanager")
            with capture.global_and_fixture_disabled():
                print("\nBuilding the book (minutes when no notebook is cached) ...", flush=True)
                result.write_text(json.dumps(build(ROOT)), encoding="utf-8")
    return json.loads(result.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(built):
    """The folder of the built site."""
    code, _ = built
    if code:
        pytest.fail("The book is not built; test_this_book_is_built says why.", pytrace=False)
    return ROOT / "_build" / "html"
