"""Put the built site into one file that can be read without a server: `make archive`."""

import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "lstm-shape-and-state-site"
MOMENT = (1980, 1, 1, 0, 0, 0)  # the same site gives the same file, whenever it is packed
README = """\
LSTM shape and state

Unpack the whole archive, then open index.html in a browser. Everything works
from there, without the internet: pages, labs, formulas and search.

Code: MIT licence. Text and figures: CC BY 4.0.
{address}
"""


def main():
    """Pack `_build/html`; say where the file is and how large."""
    path = pack(ROOT / "_build" / "html", ROOT / "_build")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


def pack(site, folder):
    """Write the archive of a site.

    Parameters
    ----------
    site : Path
        The folder of the built site.
    folder : Path
        Where to write the archive.

    Returns
    -------
    Path
        The archive. It holds one folder, and in it the site and README.txt.

    Raises
    ------
    SystemExit
        If the site is not built.
    """
    if not (site / "index.html").is_file():
        sys.exit(f"{site} holds no site: run `make book` first.")
    path = folder / f"{NAME}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        add(archive, "README.txt", README.format(address=address_of(site)).encode())
        for file in sorted(site.rglob("*")):
            name = file.relative_to(site)
            hidden = any(part.startswith(".") for part in name.parts)  # notes of the build
            if file.is_file() and not hidden:
                add(archive, name.as_posix(), file.read_bytes())
    return path


def add(archive, name, content):
    """Add one file to the archive's folder."""
    entry = zipfile.ZipInfo(f"{NAME}/{name}", date_time=MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # everyone may read it
    archive.writestr(entry, content, compresslevel=9)


def address_of(site):
    """Return where the site stands on the web, as its first page says; "" if it does not."""
    page = (site / "index.html").read_text(encoding="utf-8")
    link = re.search(r'<link rel="canonical" href="([^"]+?)(?:index\.html)?"', page)
    return link[1] if link else ""


if __name__ == "__main__":
    main()
