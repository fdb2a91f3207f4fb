"""Say how repo2docker would build an image of the book: `python binder_image.py FOLDER`.

Runs where repo2docker is installed; no container engine is needed. Prints JSON: the build pack,
the version of Python, the Dockerfile, and the Python packages that the image holds before
requirements.txt is installed over them.
"""

import json
import os
import re
import sys
from pathlib import Path


def describe(folder):
    """Return what repo2docker makes of a folder."""
    from repo2docker.app import Repo2Docker
    from repo2docker.buildpacks import conda

    os.chdir(folder)
    app = Repo2Docker()
    packs = (make(app.base_image) for make in app.buildpacks)
    pack = next(pack for pack in packs if pack.detect())
    pack.platform = "linux/amd64"  # what mybinder.org has
    version = pack.python_version
    lists = Path(conda.__file__).parent
    names = (lists / f"environment.py-{version}.yml").read_text()
    locked = (lists / f"environment.py-{version}-linux-64.lock").read_text()
    return {
        "pack": type(pack).__name__,
        "python": version,
        "dockerfile": pack.render(),
        "packages": packages(names, locked),
    }


def packages(names, locked):
    """Return the named packages as pip knows them, each with the version that is locked.

    >>> packages("- notebook==7.*     # why", "https://a.org/noarch/notebook-7.4.7-p_0.conda#0")
    ['notebook==7.4.7']
    """
    found = []
    for name in re.findall(r"^\s*- ([\w-]+)==", names, flags=re.MULTILINE):
        version = re.search(rf"/{name}-([\d.]+)-[^/]+\.conda", locked)[1]
        found.append(f"{name.removesuffix('-singleuser')}=={version}")
    return found


if __name__ == "__main__":
    json.dump(describe(sys.argv[1]), sys.stdout)
