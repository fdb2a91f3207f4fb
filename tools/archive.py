"""Put the built site into one file that can be read without a server: `make archive`."""

import sys
import zipfile

import yaml

from tools.contents import ROOT

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
    """Pack a site into a folder; return the archive, which holds one folder with a README.txt."""
    if not (site / "index.html").is_file():
        sys.exit(f"{site} holds no site: run `make book` first.")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    files = {"README.txt": README.format(address=config["html"]["baseurl"]).encode()}
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site)
        hidden = any(part.startswith(".") for part in name.parts)  # notes of the build
        if path.is_file() and not hidden:
            files[name.as_posix()] = path.read_bytes()
    packed = folder / f"{NAME}.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{NAME}/{name}", date_time=MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16  # everyone may read it
            archive.writestr(entry, content, compresslevel=9)
    return packed


if __name__ == "__main__":
    main()
