"""Run the notebooks of the book, several at once, and keep their outputs for the build.

The outputs lie in `_build/.jupyter_cache`, where MyST-NB looks for them by the code of a notebook.
A key that is stored with them stands for all else that they depend on: the modules of the book
that are imported, what these read, the pins, and the version of Python. Outputs with another key
are dropped, and so are those of code that is gone.
"""

import ast
import hashlib
import os
import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import Event

import nbformat
import psutil
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import is_myst_markdown_notebook, myst_nb_reader_plugin
from sphinx_external_toc.parsing import parse_toc_yaml

CACHE = "_build/.jupyter_cache"  # _config.yml names it, too
ALWAYS = ("requirements.txt", "constraints.txt", "utils/book.mplstyle", "_static/tokens.css")
MEMORY = 1.2e9  # bytes that a notebook may need
TIMEOUT = 300  # seconds for one cell
SCRIPT_IMPORT = re.compile(r'from "(\.[^"]+)"')


def run_notebooks(book, jobs=None):
    """Run each notebook of `_toc.yml` whose outputs are not in the cache; keep what comes out.

    `jobs` may run at once; by default as many as there are cores and memory for. If a cell fails,
    the message is printed at once, no further notebook starts, those that run beside it are kept,
    and SystemExit is raised.
    """
    cache = get_cache(str(book / CACHE))
    missing = drop_stale(cache, book)
    stop, done = Event(), 0
    with ThreadPoolExecutor(jobs or room()) as pool:
        # The longest is started first, so that no core waits for it at the end.
        names = sorted(missing, key=lambda name: len(str(missing[name])), reverse=True)
        runs = {pool.submit(run, stop, book / name, missing[name][0]): name for name in names}
        for future in as_completed(runs):
            name = runs[future]
            if error := future.exception():
                where = place(missing[name][0])
                print(f"{name} failed{where}:\n{error}", file=sys.stderr, flush=True)
                continue
            if future.result() is None:  # not started
                continue
            notebook, seconds = future.result().nb, future.result().time
            data = {"execution_seconds": seconds, "key": missing[name][1]}
            bundle = CacheBundleIn(notebook, str(book / name), data=data)
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            done += 1
            print(f"{name}: {seconds:.0f} s ({done} of {len(runs)})", flush=True)
    if stop.is_set():
        sys.exit(1)


def room():
    """Return how many notebooks can run at once: one a core, as far as the memory goes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores, int(psutil.virtual_memory().available / MEMORY)))


def run(stop, path, notebook):
    """Run one notebook in a kernel of its own, in its folder; if it fails, let no other start."""
    if stop.is_set():
        return None
    options = {"timeout": TIMEOUT, "allow_errors": False}
    options["extra_arguments"] = ["--log-level=ERROR"]  # no word about how the kernel is reached
    try:
        result = single_nb_execution(notebook, cwd=str(path.parent), **options)
        if result.err:
            raise result.err
    except Exception:
        stop.set()
        raise
    return result


def place(notebook):
    """Say in which cell a run stopped, as far as that is known."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            return f" in the cell {cell.get('id', '')}"
    return ""


def drop_stale(cache, book):
    """Empty the cache of what no longer fits; return what it lacks: {name: (notebook, key)}."""
    wanted, kept = {}, set()
    for path in notebook_paths(book):
        notebook = read(path)
        stored_as = cache.create_hashed_notebook(notebook)[1], key(book, notebook)
        wanted[path.relative_to(book).as_posix()] = notebook, stored_as
    for record in cache.list_cache_records():
        stored_as = record.hashkey, record.data.get("key")
        if stored_as in (place for _, place in wanted.values()):
            kept.add(stored_as)
        else:
            cache.remove_cache(record.pk)
    return {name: (one, at[1]) for name, (one, at) in wanted.items() if at not in kept}


def notebook_paths(book):
    """Return the notebooks that `_toc.yml` lists, and the pages in Markdown that hold cells."""
    found = []
    for name in parse_toc_yaml(book / "_toc.yml"):
        notebook, page = book / f"{name}.ipynb", book / f"{name}.md"
        if notebook.is_file():
            found.append(notebook)
        elif page.is_file() and is_myst_markdown_notebook(page.read_text(encoding="utf-8")):
            found.append(page)
    return found


def read(path):
    """Return a notebook, or a page in Markdown as the notebook that MyST-NB makes of it."""
    if path.suffix == ".md":
        return myst_nb_reader_plugin(str(path))
    return nbformat.read(path, as_version=4)


def key(book, notebook):
    """Return one hash over all that the outputs of a notebook depend on, but its own code."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    digest = hashlib.sha256(platform.python_version().encode())
    for path in sorted(dependencies(book, code)):
        digest.update(path.relative_to(book).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def dependencies(book, code):
    """Return the files of the book that code (a list of cells) depends on.

    These are the imported modules, those that they import, the style sheets, scripts and tables
    that carry the name of such a module, the files of `data/` whose name stands in any of this, and
    the pins.
    """
    found = {book / name for name in ALWAYS if (book / name).is_file()}
    waiting, seen = [name for source in code for name in imported(source)], set()
    texts = list(code)
    while waiting:
        name = waiting.pop()
        files, wanted = module_files(book, name)
        if name in seen or not files:
            continue
        seen.add(name)
        found.update(files)
        file = files[-1]
        texts.append(file.read_text(encoding="utf-8"))
        names = imported(texts[-1], ".".join(file.relative_to(book).parent.parts))
        if file.name == "__init__.py":  # a package may pass on what one of its modules defines
            names = [one for one in names if wanted and one.endswith(f".{wanted}")] or names
        waiting += names
        # A lab is a package, and what it shows is the view in its folder.
        beside = file.with_name("view.py") if file.name == "__init__.py" else file
        for suffix in (".css", ".js", ".toml"):
            found |= scripts(beside.with_suffix(suffix))
    text = "\n".join(texts)
    data = (path for path in book.glob("data/**/*") if path.is_file() and path.suffix != ".md")
    return found | {path for path in data if path.stem in text}


def imported(source, package=""):
    """Return the dotted names that code imports, such as `utils.labs.StepLab`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the run will say so
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = [*above, *filter(None, [node.module])] if node.level else [node.module]
            names += [".".join([*module, alias.name]) for alias in node.names]
    return names


def module_files(book, name):
    """Return the files that importing a name runs, and what is left of the name then."""
    files, folder = [], book
    parts = name.split(".")
    for count, part in enumerate(parts):
        if (folder / f"{part}.py").is_file():
            return [*files, folder / f"{part}.py"], ".".join(parts[count + 1 :])
        if not (folder / part / "__init__.py").is_file():
            return files, ".".join(parts[count:])
        folder = folder / part
        files.append(folder / "__init__.py")
    return files, ""


def scripts(path):
    """Return a script or style sheet and the scripts that it imports; nothing if there is none."""
    if not path.is_file():
        return set()
    found = {path}
    for address in SCRIPT_IMPORT.findall(path.read_text(encoding="utf-8")):
        found |= scripts((path.parent / address).resolve())
    return found
