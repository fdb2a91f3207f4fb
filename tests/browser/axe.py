"""axe-core, run on a page."""

from axe_playwright_python.sync_playwright import Axe

AXE = Axe()


def violations(page, context=None, **options):
    """Return what axe finds, as it reports it: dicts with `id`, `impact` and `nodes`.

    `context` is the part of the page to look at, `options` are those of `axe.run`.
    """
    # Without `preload: False` axe fetches style sheets itself, from the wrong folder.
    options = {"preload": False, "resultTypes": ["violations"]} | options
    return AXE.run(page, context=context, options=options).response["violations"]
