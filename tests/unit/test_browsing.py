"""The finder takes what CHROME_PATH names, then what is installed, then what it can get."""

from types import SimpleNamespace

import pytest
from playwright.sync_api import Error

from tools import browsing


@pytest.mark.parametrize(
    ("named", "installed", "found", "fetched"),
    [
        ("/opt/mine", ["/opt/mine", "chromium"], "/opt/mine", 0),
        ("/no/such/browser", ["chromium", "msedge", ""], None, 0),  # not replaced by another one
        ("", ["chromium", "msedge", ""], "chromium", 0),
        ("", ["msedge", ""], "msedge", 0),
        ("", [""], "", 0),  # Playwright's own
        ("", [], None, 3),  # each way to get one is tried once
    ],
)
def test_a_browser_is_found(monkeypatch, named, installed, found, fetched):
    def launch(executable_path=None, channel=None, **_):
        name = executable_path or channel or ""
        if name not in installed:
            raise Error("there is none")
        return name

    commands = []
    monkeypatch.setenv("CHROME_PATH", named)
    monkeypatch.setattr(browsing.shutil, "which", lambda name: name)
    monkeypatch.setattr(browsing, "is_root", lambda: True)
    monkeypatch.setattr(browsing, "quietly", lambda *command: commands.append(command))
    playwright = SimpleNamespace(chromium=SimpleNamespace(launch=launch))
    assert browsing.open_chromium(playwright) == found
    assert commands == list(browsing.FETCH[:fetched])
