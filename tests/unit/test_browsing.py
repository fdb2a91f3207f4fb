"""The finder takes what CHROME_PATH names, then what is installed, then what it can get."""

from types import SimpleNamespace

import pytest

from tools import browsing


@pytest.mark.parametrize(
    ("named", "installed", "own", "found", "tried"),
    [
        ("/opt/mine", ["/opt/mine", "chromium"], True, "/opt/mine", 0),
        ("/no/such/browser", ["chromium"], True, None, 0),  # not replaced by another one
        (None, ["chromium", "msedge"], True, "chromium", 0),
        (None, [browsing.MACOS[0]], True, browsing.MACOS[0], 0),
        (None, [], True, "own", 0),
        (None, [], False, None, 1),  # each way to get one is tried once
    ],
)
def test_a_browser_is_found(monkeypatch, named, installed, own, found, tried):
    commands = []
    monkeypatch.delenv("CHROME_PATH", raising=False)
    if named:
        monkeypatch.setenv("CHROME_PATH", named)
    which = {name: name for name in [*installed, *["own"] * own]}.get
    monkeypatch.setattr(browsing.shutil, "which", which)
    monkeypatch.setattr(browsing, "quietly", lambda *command: commands.append(command))
    playwright = SimpleNamespace(chromium=SimpleNamespace(executable_path="own"))
    assert browsing.find_chromium(playwright) == found
    assert [command[1:] for command in commands] == tried * [
        ("-m", "playwright", "install", "chromium")
    ]
