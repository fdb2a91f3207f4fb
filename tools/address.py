"""Write the address of the repository everywhere: `make address REPOSITORY=owner/name`.

Without a name, `python -m tools.address` says which places name another address than `_config.yml`.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPOSITORY = r"([A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)/([\w.-]+)"


def places(owner, name):
    """Return what must stand where: {files: texts}. Links can stand on any other page, too."""
    code, site = f"https://github.com/{owner}/{name}", f"https://{owner}.github.io/{name}/"
    pull = f"?repo=https%3A%2F%2Fgithub.com%2F{owner}%2F{name}"
    set_up = (rf"address = \"{code}\"", rf"Path.cwd() / \"{name}\"]")
    return {
        "_config.yml": (f"  url: {code}\n", f"baseurl: {site}\n", f"ogp_site_url: {site}\n"),
        "CITATION.cff": (f"repository-code: {code}\n", f"\nurl: {site}\n"),
        "README.md": (
            *(f"Online: <{site}>", f"git clone {code}`", f"{pull}&branch"),
            f"<https://codespaces.new/{owner}/{name}>",
        ),
        "reference/teaching.md": (f"{pull}&urlpath=lab%2Ftree%2F{name}%2F",),
        "index.md": (f"git clone {code}\ncd {name}\n", f"[README]({code}#readme)"),
        "chapters/*.ipynb": set_up,
        "reference/*.ipynb": set_up,
        ".gitignore": (f"\n{name}/\n",),
    }


def forms(owner, name):
    """Return how the address is written, there and in links."""
    addresses = f"{owner}/{name}", f"{owner}%2F{name}", f"{owner}.github.io/{name}"
    return *addresses, f"tree%2F{name}%2F", rf"/ \"{name}\"", f"\ncd {name}\n", f"\n{name}/\n"


def main(names):
    """Write the address that the command line names, or look for places that differ."""
    old = current(ROOT)
    if names:
        new = re.fullmatch(REPOSITORY, names[0])
        if len(names) > 1 or not new or names[0].endswith(".git"):
            sys.exit(f"{' '.join(names)}: wanted make address REPOSITORY=owner/name")
        write(ROOT, old, new.groups())
        print(f"{names[0]} instead of {'/'.join(old)}: commit what `git diff` shows.")
    if problems := differing(ROOT):
        sys.exit("\n".join(problems))


def current(book):
    """Return owner and name of the repository, as `_config.yml` has them."""
    config = (book / "_config.yml").read_text(encoding="utf-8")
    return re.search(rf"^  url: https://github\.com/{REPOSITORY}$", config, re.MULTILINE).groups()


def write(book, old, new):
    """Replace the address in all files of the repository, but pictures."""
    find = ["git", "grep", "-IlzF", "-e", old[0], "-e", old[1]]
    listed = subprocess.run(find, cwd=book, check=True, capture_output=True).stdout.decode()
    for path in (book / name for name in listed.split("\0") if name):
        path.write_bytes(replaced(path.read_bytes().decode(), old, new).encode())


def replaced(text, old, new):
    """Return a text with another address, both given as (owner, name)."""
    for before, after in zip(forms(*old), forms(*new), strict=True):
        text = text.replace(before, after)
    return text


def differing(book):
    """Return a sentence for each place that does not name the address of `_config.yml`."""
    return [
        f"{path.relative_to(book)}: wanted {text.strip()}. Run make address."
        for files, texts in places(*current(book)).items()
        for path in sorted(book.glob(files))
        for text in texts
        if text not in path.read_text(encoding="utf-8")
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
