"""Build the site: `make book`, or `python -m tools.book`.

The notebooks run first, several at once (`tools.notebooks`). Then Sphinx reads every page again, so
that no warning passes unseen, and each of them is an error. If nothing has changed since the last
build that found nothing wrong, there is nothing to do.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

# Nothing in these reaches the site; nor do hidden folders and environments.
NOT_READ = {"_build", "benchmarks", "tests", "__pycache__", "node_modules"}
STRICT = ("-W", "-n", "--keep-going", "--all")


def main(arguments=None):
    """Build the book that the command line describes; end with an error if anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("book", nargs="?", default=".", help="its folder; default: this one")
    parser.add_argument("--config", default="_config.yml", help="its settings, a file in it")
    parser.add_argument("--output", default=".", help="where _build goes, a folder in it")
    parser.add_argument("--jobs", type=int, help="notebooks at once; default: as there is room")
    chosen = parser.parse_args(arguments)
    if chosen.jobs is not None and chosen.jobs < 1:
        parser.error(f"--jobs is {chosen.jobs}; wanted 1 or more")
    book = Path(chosen.book).resolve()
    for name in ("_toc.yml", chosen.config):
        if not (book / name).is_file():
            parser.error(f"{book} holds no {name}; wanted the folder of a book")
    os.chdir(book)
    site = Path(chosen.output, "_build", "html")
    stamp = site.with_name("html.sha256")
    inputs = f"{chosen.config} {sys.version} {installed()} {digest(book, book / chosen.config)}"
    if stamp.is_file() and stamp.read_text() == f"{inputs} {digest(site)}":
        return print(f"Nothing has changed since the last build: {site / 'index.html'}")
    stamp.unlink(missing_ok=True)
    shutil.rmtree(site, ignore_errors=True)  # pictures of earlier builds

    from tools.notebooks import run_notebooks  # slow to import

    run_notebooks(book, chosen.jobs)
    program = shutil.which("jupyter-book", path=str(Path(sys.executable).parent))
    options = ["--config", chosen.config, "--path-output", chosen.output]
    if code := subprocess.run([program, "build", *STRICT, *options, "."]).returncode:
        sys.exit(code)
    stamp.write_text(f"{inputs} {digest(site)}")


def installed():
    """Return one hash over the packages that are installed, and their versions."""
    found = sorted(f"{each.metadata['Name']} {each.version}" for each in metadata.distributions())
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def digest(top, *more):
    """Return one hash over the files of a folder that can reach the site, and some more files."""
    paths = list(more)
    for folder, folders, files in os.walk(top):
        environments = {name for name in folders if Path(folder, name, "pyvenv.cfg").is_file()}
        left_out = NOT_READ | environments
        folders[:] = [name for name in folders if name[0] != "." and name not in left_out]
        paths += [Path(folder, name) for name in files if name[0] != "."]
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.relative_to(top).as_posix().encode())
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


if __name__ == "__main__":
    main()
