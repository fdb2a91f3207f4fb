"""Tests that run once per notebook or per page, and the site, which is built once per session."""

import json
from pathlib import Path

import pytest
from book_files import ROOT, build, pages
from filelock import FileLock
from hypothesis import HealthCheck, settings

# A shared machine can stand still for a minute, so no example is held to a time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_generate_tests(metafunc):
    """Run a test once for each `chapter`, `notebook` (chapters and reference) or `page`."""
    for name, folders in {"chapter": ["chapters"], "notebook": ["chapters", "reference"]}.items():
        if name in metafunc.fixturenames:
            paths = sorted(path for folder in folders for path in (ROOT / folder).glob("*.ipynb"))
            metafunc.parametrize(name, paths, ids=[path.stem for path in paths])
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages(), ids=lambda page: Path(page).stem, scope="module")


def pytest_collection_modifyitems(items):
    """Start with the build; while one process waits for it, another runs what needs no site."""
    needs_site = {item.path for item in items if "built" in item.fixturenames}
    items.sort(key=lambda item: (item.path.name != "test_build.py", item.path in needs_site))


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
