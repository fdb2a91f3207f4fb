"""The accessibility checks of axe-core: its newest release, which no package for Python 3.11 has.

The file of npm's registry is fetched once, compared with its checksum, and kept in `_build`.
"""

import base64
import functools
import hashlib
import io
import tarfile
import urllib.request

from book_files import ROOT

VERSION = "4.14.1"
ADDRESS = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
# As `npm view axe-core dist.integrity` prints it
SHA512 = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
KEPT = ROOT / "_build" / f"axe-core-{VERSION}.tgz"
# Without `preload: False` axe fetches style sheets itself, from the wrong folder.
OPTIONS = {"preload": False, "resultTypes": ["violations"]}


@functools.cache
def axe_script():
    """Return axe-core as the text of a script."""
    packed = KEPT.read_bytes() if KEPT.is_file() else b""
    if checksum(packed) != SHA512:
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            packed = answer.read()
        if checksum(packed) != SHA512:
            raise ValueError(f"{ADDRESS}: wanted sha512 {SHA512}, found {checksum(packed)}")
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_bytes(packed)
    with tarfile.open(fileobj=io.BytesIO(packed)) as files:
        return files.extractfile("package/axe.min.js").read().decode("utf-8")


def checksum(content):
    """Return the sha512 of some bytes, as npm writes it."""
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def violations(page, context=None, **options):
    """Return what axe finds on a page, of any impact.

    Parameters
    ----------
    page : playwright.sync_api.Page
    context : dict or str, optional
        What to look at, as axe takes it: a selector, or `include` and `exclude`. Default: all.
    **options
        Options of `axe.run`, such as `runOnly=["color-contrast"]`.

    Returns
    -------
    list of dict
        For each rule that is broken: `id`, `impact`, and `nodes`, each with its `html`.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe_script())
    run = "([context, options]) => axe.run(context ?? document, options)"
    return page.evaluate(run, [context, OPTIONS | options])["violations"]
