"""The finder takes what CHROME_PATH names, then what is installed, then what it can get."""

from types import SimpleNamespace

import find_chromium
import pytest


@pytest.fixture
def nothing_installed(monkeypatch):
    """A machine without any browser, and a list of the commands tried on it."""
    commands = []
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.setattr(find_chromium.shutil, "which", lambda name: None)
    monkeypatch.setattr(find_chromium, "quietly", lambda *c, **_: commands.append(c) or False)
    return commands


def playwright(path):
    """A stand-in for Playwright that keeps its browser at a path."""
    return SimpleNamespace(chromium=SimpleNamespace(executable_path=str(path)))


def test_the_named_browser_goes_first(monkeypatch, tmp_path, nothing_installed):
    monkeypatch.setenv("CHROME_PATH", "/opt/mine")
    monkeypatch.setattr(find_chromium.shutil, "which", lambda name: name)
    assert find_chromium.find_chromium(playwright(tmp_path / "none")) == "/opt/mine"


def test_a_wrong_name_is_not_replaced_by_another_browser(monkeypatch, tmp_path, nothing_installed):
    own = tmp_path / "chrome"
    own.write_text("")
    monkeypatch.setenv("CHROME_PATH", "/no/such/browser")
    assert find_chromium.find_chromium(playwright(own)) is None
    assert nothing_installed == []


@pytest.mark.parametrize("name", ["chromium", "google-chrome", find_chromium.MACOS[0]])
def test_an_installed_browser_is_found(monkeypatch, tmp_path, nothing_installed, name):
    monkeypatch.setattr(
        find_chromium.shutil, "which", lambda tried: tried if tried == name else None
    )
    assert find_chromium.find_chromium(playwright(tmp_path / "none")) == name
    assert nothing_installed == []


def test_playwrights_own_browser_is_found(tmp_path, nothing_installed):
    own = tmp_path / "chrome"
    own.write_text("")
    assert find_chromium.find_chromium(playwright(own)) == str(own)
    assert nothing_installed == []


def test_without_any_browser_each_way_is_tried_once(monkeypatch, tmp_path, nothing_installed):
    monkeypatch.setattr(find_chromium, "is_root", lambda: False)
    assert find_chromium.find_chromium(playwright(tmp_path / "none")) is None
    assert [command[1:] for command in nothing_installed] == [
        ("-m", "playwright", "install", "chromium")
    ]


def test_a_command_that_fails_or_is_missing_is_no_error():
    assert not find_chromium.quietly("no-such-command-at-all")
