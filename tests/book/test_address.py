"""The address of the repository is the same everywhere, and one command changes all of it."""

import shutil

import pytest
from book_files import ROOT, sources

from tools import address

NEW = ("Ada-2", "LSTM.notes_2")


def test_every_place_names_the_same_address():
    assert address.differing(ROOT) == []


@pytest.fixture
def moved(tmp_path):
    """The files of the book with another address."""
    for path in sources():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        copy.write_bytes(address.replaced(text, address.current(ROOT), NEW).encode())
    return tmp_path


def test_nothing_of_the_old_address_is_left(moved):
    owner, name = address.current(ROOT)
    assert address.current(moved) == NEW and address.differing(moved) == []
    for path in moved.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        for old in (f"{owner}/{name}", f"{owner}%2F{name}", f"{owner}.github.io", f"tree%2F{name}"):
            assert old.encode() not in text, f"{path.relative_to(moved)}: {old}"


@pytest.mark.parametrize("name", list(address.places("", "")))
def test_a_place_that_differs_is_named(moved, name):
    path = next(moved.glob(name))
    text = path.read_text(encoding="utf-8").replace(NEW[1], "other")
    path.write_text(text, encoding="utf-8")
    wanted = "CITATION.cff" if name == "_config.yml" else path.relative_to(moved).as_posix()
    assert any(problem.startswith(f"{wanted}: ") for problem in address.differing(moved))


@pytest.mark.parametrize("given", [["owner"], ["a/b/c"], ["a/b", "c"], ["a_b/c"], ["-a/c"]])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(SystemExit, match="wanted make address REPOSITORY=owner/name"):
        address.main(given)
