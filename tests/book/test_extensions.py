"""The extension that empties the cache of outputs."""

import importlib.util
from types import SimpleNamespace

import pytest
from book_files import ROOT


def load(name):
    """Import an extension from its file."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "_extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fresh_cache = load("fresh_cache")


@pytest.fixture
def book(tmp_path):
    """A folder that looks like a built book, with things in it that nobody may delete."""
    for name in (
        "book/utils/a.py",
        "book/data/table.csv",
        "book/requirements.txt",
        "book/.jupyter_cache/precious",
        "book/chapters/.jupyter_cache/precious",
        "book/_build/html/index.html",
        "book/_build/.doctrees/environment.pickle",
        "book/_build/.jupyter_cache/global.db",
        "book/_build/.jupyter_cache/executed/1/base.ipynb",
        "outside/precious",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path / "book"


def drop(book):
    """Run the extension's function as Sphinx would."""
    fresh_cache.drop_stale_cache(SimpleNamespace(outdir=book / "_build/html", srcdir=book))


def files(folder):
    """Return all files below a folder, without the extension's own stamp."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found - {"book/_build/.jupyter_cache/inputs.sha256"}


def test_only_the_cache_is_emptied(book, tmp_path):
    before = files(tmp_path)
    drop(book)
    gone = before - files(tmp_path)
    cache = "book/_build/.jupyter_cache"
    assert gone == {f"{cache}/global.db", f"{cache}/executed/1/base.ipynb"}
    assert files(tmp_path) <= before


def test_an_unchanged_book_keeps_its_cache(book):
    drop(book)
    entry = book / "_build/.jupyter_cache/global.db"
    entry.write_text("an executed notebook", encoding="utf-8")
    drop(book)
    assert entry.read_text(encoding="utf-8") == "an executed notebook"


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename", "data", "experiment", "pin"])
def test_every_change_of_an_input_empties_the_cache(book, change):
    drop(book)
    entry = book / "_build/.jupyter_cache/global.db"
    entry.write_text("an executed notebook", encoding="utf-8")
    helper = book / "utils/a.py"
    if change == "edit":
        helper.write_text("x = 2", encoding="utf-8")
    elif change == "add":
        (book / "utils/sub").mkdir()
        (book / "utils/sub/b.py").write_text("", encoding="utf-8")
    elif change == "remove":
        helper.unlink()
    elif change == "rename":
        helper.rename(book / "utils/c.py")
    elif change == "experiment":
        (book / "experiments").mkdir()
        (book / "experiments/run.py").write_text("", encoding="utf-8")
    elif change == "data":
        (book / "data/table.csv").write_text("1", encoding="utf-8")
    else:
        (book / "requirements.txt").write_text("numpy==1", encoding="utf-8")
    drop(book)
    assert not entry.exists()


def test_a_book_without_a_cache_gets_a_stamp(book):
    fresh_cache.shutil.rmtree(book / "_build")
    drop(book)
    stamp = book / "_build/.jupyter_cache/inputs.sha256"
    assert stamp.read_text() == fresh_cache.fingerprint(book)


def test_a_link_in_place_of_the_cache_is_not_followed(book, tmp_path):
    cache = book / "_build/.jupyter_cache"
    fresh_cache.shutil.rmtree(cache)
    try:
        cache.symlink_to(tmp_path / "outside", target_is_directory=True)
    except OSError:
        pytest.skip("this system allows no symbolic links")
    with pytest.raises(FileExistsError):
        drop(book)
    assert (tmp_path / "outside/precious").is_file()
