"""Start a chapter: `make chapter CHAPTER=18_my_subject`.

Copies the notebook `chapter.ipynb` of this folder, which keeps every rule of the book and runs.
What is left to write says TODO; the tests find each of these places, and the chapter is not
accepted before the last one is gone.
"""

import re
import sys
from pathlib import Path

import nbformat

TEMPLATE = Path(__file__).with_name("chapter.ipynb")
CHAPTERS = Path(__file__).parents[1] / "chapters"


def main():
    """Write the chapter that the command line names; say what is left to do."""
    if len(sys.argv) != 2 or not re.fullmatch(r"\d\d(_[a-z0-9]+)+", sys.argv[1]):
        sys.exit("Name the chapter by its number and subject: make chapter CHAPTER=18_my_subject")
    path = write_chapter(sys.argv[1], CHAPTERS)
    print(f"chapters/{path.name}: write what is marked TODO; CONTRIBUTING.md has the steps.")


def write_chapter(name, folder):
    """Write the notebook of a new chapter, such as "18_my_subject"; return its path."""
    if taken := sorted(folder.glob(f"{name[:2]}_*.ipynb")):
        sys.exit(f"{taken[0].name} is there already: choose another number.")
    first = nbformat.read(min(CHAPTERS.glob("*.ipynb")), as_version=4)
    notebook = nbformat.read(TEMPLATE, as_version=4)
    notebook.metadata = first.metadata
    places = {cell.id: place for place, cell in enumerate(notebook.cells)}
    title = notebook.cells[places["title"]]
    title.source = title.source.replace("TITLE", name[3:].replace("_", " ").capitalize())
    set_up = [cell for cell in first.cells if "set-up" in cell.metadata.get("tags", [])]
    notebook.cells[places["before"] + 1 : places["before"] + 1] = set_up
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


if __name__ == "__main__":
    main()
