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
def test_a_browser_is_found(monkeypatch, tmp_path, named, installed, own, found, tried):
    commands = []
    monkeypatch.delenv("CHROME_PATH", raising=False)
    if named:
        monkeypatch.setenv("CHROME_PATH", named)
    which = {name: name for name in installed}.get
    monkeypatch.setattr(browsing.shutil, "which", which)
    monkeypatch.setattr(browsing, "quietly", lambda *c, **_: commands.append(c) or False)
    path = tmp_path / "own"
    if own:
        path.write_text("")
    playwright = SimpleNamespace(chromium=SimpleNamespace(executable_path=str(path)))
    wanted = str(path) if found == "own" else found
    assert browsing.find_chromium(playwright) == wanted
    assert [command[1:] for command in commands] == tried * [
        ("-m", "playwright", "install", "chromium")
    ]


def test_a_command_that_fails_or_is_missing_is_no_error():
    assert not browsing.quietly("no-such-command-at-all")
