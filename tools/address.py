"""Write the address of the repository everywhere: `make address REPOSITORY=owner/name`.

Without a name, `python -m tools.address` says which places name another address than `_config.yml`.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPOSITORY = r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)/(?P<name>[\w.-]+)"
CODE, SITE = "https://github.com/{owner}/{name}", "https://{owner}.github.io/{name}/"
SET_UP = rf"address = \"{CODE}\""
# Every place that must name it. Links to it can stand on any other page, too.
PLACES = (
    ("_config.yml", f"  url: {CODE}\n"),
    ("_config.yml", f"baseurl: {SITE}\n"),
    ("_config.yml", f"ogp_site_url: {SITE}\n"),
    ("CITATION.cff", f"repository-code: {CODE}\n"),
    ("CITATION.cff", f"\nurl: {SITE}\n"),
    ("README.md", f"Online: <{SITE}>"),
    ("README.md", f"git clone {CODE}`"),
    ("README.md", "<https://codespaces.new/{owner}/{name}>"),
    ("README.md", "?repo=https%3A%2F%2Fgithub.com%2F{owner}%2F{name}&branch"),
    (
        "reference/teaching.md",
        "?repo=https%3A%2F%2Fgithub.com%2F{owner}%2F{name}&urlpath=lab%2Ftree%2F{name}%2F",
    ),
    ("index.md", f"git clone {CODE}\ncd {{name}}\n"),
    ("index.md", f"[README]({CODE}#readme)"),
    ("chapters/*.ipynb", SET_UP),
    ("chapters/*.ipynb", r"Path.cwd() / \"{name}\"]"),
    ("reference/*.ipynb", SET_UP),
    ("reference/*.ipynb", r"Path.cwd() / \"{name}\"]"),
    (".gitignore", "\n{name}/\n"),
)
# How it is written, there and in links.
FORMS = ("{owner}/{name}", "{owner}%2F{name}", "{owner}.github.io/{name}", "tree%2F{name}%2F")
FORMS += (r"Path.cwd() / \"{name}\"", "\ncd {name}\n", "\n{name}/\n")


def main(names):
    """Write the address that the command line names, or look for places that differ."""
    owner, name = current(ROOT)
    if names:
        new = re.fullmatch(REPOSITORY, names[0])
        if len(names) > 1 or not new or names[0].endswith(".git"):
            sys.exit(f"{' '.join(names)}: wanted make address REPOSITORY=owner/name")
        count = write(ROOT, (owner, name), (new["owner"], new["name"]))
        print(f"{names[0]} instead of {owner}/{name} in {count} files.")
    if problems := differing(ROOT):
        sys.exit("\n".join(problems))


def current(book):
    """Return owner and name of the repository, as `_config.yml` has them."""
    config = (book / "_config.yml").read_text(encoding="utf-8")
    return re.search(rf"^  url: https://github\.com/{REPOSITORY}$", config, re.MULTILINE).groups()


def write(book, old, new):
    """Replace the address in all files of the repository; return in how many it stood."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=book, check=True, capture_output=True)
    count = 0
    for path in (book / name for name in listed.stdout.decode().split("\0") if name):
        try:
            text = path.read_bytes().decode()
        except (UnicodeDecodeError, FileNotFoundError):  # a picture; a file that is deleted
            continue
        written = replaced(text, old, new)
        if written != text:
            path.write_bytes(written.encode())
            count += 1
    return count


def replaced(text, old, new):
    """Return a text with another address.

    Parameters
    ----------
    text : str
    old, new : tuple of str
        Owner and name of the repository.

    Returns
    -------
    str
    """
    for form in FORMS:
        text = text.replace(fill(form, old), fill(form, new))
    return text


def fill(form, repository):
    """Return a form with owner and name filled in."""
    return form.replace("{owner}", repository[0]).replace("{name}", repository[1])


def differing(book):
    """Return a sentence for each of PLACES that does not name the address of `_config.yml`."""
    own = current(book)
    return [
        f"{path.relative_to(book)}: wanted {fill(form, own).strip()}. Run make address."
        for places, form in PLACES
        for path in sorted(book.glob(places))
        if fill(form, own) not in path.read_text(encoding="utf-8")
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
