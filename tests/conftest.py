"""Tests that run once per notebook or per page, and the site, which is built once per session."""

from pathlib import Path

import pytest
from book_files import ROOT, build, pages


def pytest_generate_tests(metafunc):
    """Run a test once for each `chapter`, `notebook` (chapters and reference) or `page`."""
    for name, folders in {"chapter": ["chapters"], "notebook": ["chapters", "reference"]}.items():
        if name in metafunc.fixturenames:
            paths = sorted(path for folder in folders for path in (ROOT / folder).glob("*.ipynb"))
            metafunc.parametrize(name, paths, ids=[path.stem for path in paths])
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", pages(), ids=lambda page: Path(page).stem, scope="module")


@pytest.fixture(scope="session")
def build_log(request):
    """The log of building this book; the build runs once per session, at the first need."""
    capture = request.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\nBuilding the book (minutes when no notebook is cached) ...", flush=True)
        code, log = build(ROOT)
        if code:
            print(*log.splitlines()[-60:], sep="\n", flush=True)
            pytest.fail(f"`make book` fails with exit code {code}; see above", pytrace=False)
    return log


@pytest.fixture(scope="session")
def site(build_log):
    """The folder of the built site."""
    return ROOT / "_build" / "html"
