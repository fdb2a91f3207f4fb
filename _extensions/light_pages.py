"""Make the finished pages light, and say in each what it may load (content security policy).

The theme is not changed. When Sphinx has written all pages, each is read again and written with
one small style sheet (light_styles.py) in place of a dozen, with its icons in place of the script
of 1.5 MB that draws all there are, with scripts that do not hold the page up, with figures
that have their room before they come, and with code of half as many elements.
"""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import light_styles

SHEET = "book-styles.css"
STYLE = re.compile(r'<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="([^":?]+)[^>]*>\s*')
SCRIPT = re.compile(r'<script\b(?=[^>]*\bsrc="([^":?]+))')
WAITING = re.compile(r"<script\b(?=[^>]*\bsrc=)(?![^>]*\b(?:defer|async)\b)")
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.S)
# A policy would have to allow such handlers everywhere. The script below listens instead.
PRINT = re.compile(r'(<button) onclick="window\.print\(\)"')
NOT_NEEDED = re.compile(
    r'<link\b[^>]*\brel="preload"[^>]*>\s*'
    r'|<script\b[^>]*\bsrc="[^"]*/fontawesome/[^>]*></script>\s*'
    r'|<link\b[^>]*\bhref="[^"]*/fontawesome/[^>]*>\s*'
    # For tabs and for a menu of versions, which this book does not have.
    r'|<script\b[^>]*\bsrc="[^"]*/design-tabs\.js[^>]*></script>\s*'
    r"|<script>DOCUMENTATION_OPTIONS\.pagename.*?</script>\s*"
)
ICON_STYLES = {"fas", "fab", "far", "fa-solid", "fa-brands", "fa-regular"}
ICON = re.compile(rf'<(i|span) class="([^"]*\b(?:{"|".join(ICON_STYLES)})\b[^"]*)"([^>]*)>\s*</\1>')
ICON_SCRIPT = "vendor/fontawesome/*/js/all.min.js"
# In the theme's script: the name, width and height, other names, and the drawing.
DRAWING = re.compile(r'"?([\w-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"\w+","([^"]+)"\]')
ICON_LICENCE = "<!-- Icons: Font Awesome Free, https://fontawesome.com/license/free, CC BY 4.0 -->"
# Names, brackets and blanks have the colour of the code around them in both of the book's styles
# (`pygments_style` of the theme), and are more than half of the elements of a chapter.
PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')
FIGURE = re.compile(r'<img\b(?![^>]*\bwidth=)(?=[^>]*\bsrc="([^":?]+\.svg)")')
SIZE = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)(pt)?"[^>]*?\sheight="([\d.]+)|<svg\b')
# The theme asks late whether the system is light or dark; a page would change its colours after
# the reader has seen it. This asks before anything is drawn. It also notes when a page starts at
# its top: there, what is far below may wait (near_sections.py), in browsers that hold the text in
# place when something above it grows. Whoever reloads a page, comes back to it or follows a link
# into it has a place in it, which only a whole page keeps.
THEME_SCRIPT = re.compile(r'<script data-cfasync="false">.*?</script>', re.S)
THEME_AT_ONCE = """<script>
    {
      const root = document.documentElement.dataset;
      const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      root.mode = localStorage.getItem("mode") || "auto";
      root.theme = root.mode === "auto" ? dark : root.mode;
      const visit = performance.getEntriesByType("navigation")[0]?.type;
      const keepsPlace = CSS.supports("overflow-anchor: auto");
      if (visit === "navigate" && !location.hash && keepsPlace) root.starts = "at-the-top";
      addEventListener("click", (event) => {
        if (event.target.closest?.(".btn-download-pdf-button")) print();
      });
    }
  </script>"""
STATE = re.compile(
    r'(<script type="application/vnd\.jupyter\.widget-state\+json">)(.*?)(</script>)', re.S
)
VIEWED = re.compile(r'"model_id": ?"(\w+)"')
POLICY = '<meta http-equiv="Content-Security-Policy" content="{}" />'
MARK = POLICY.partition(" content")[0]


def lighten(app, exception):
    """Rewrite all pages of a finished site."""
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = {path: path.read_text("utf-8") for path in find_pages(Path(app.outdir))}
    # Those that this build did not write again are light already.
    fresh = [path for path, text in pages.items() if MARK not in text]
    if not fresh:
        return  # and Sphinx has not brought the theme's files again, either
    drawings = read_drawings(static)
    for path in fresh:
        text = NOT_NEEDED.sub("", pages[path])
        pages[path] = ICON.sub(lambda found: draw(found, drawings), text)
    scripts = [path.read_text("utf-8") for path in linked_files(pages, SCRIPT)]
    used = light_styles.names_used(pages.values(), scripts)
    sheets = [path for path in linked_files(pages, STYLE) if path.name != SHEET]
    css, _ = light_styles.bundle(sheets, used)
    (static / SHEET).write_text(css, "utf-8")
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    for path in fresh:
        root = "../" * (len(path.relative_to(app.outdir).parts) - 1)
        text = rewrite(pages[path], path.parent, f"{root}_static/{SHEET}?v={version}")
        path.write_text(text, "utf-8")
    shutil.rmtree(static / "vendor", ignore_errors=True)  # only the icons, which nothing loads


def find_pages(site):
    """Return the paths of all pages of a built site, without the theme's own files."""
    return [p for p in site.rglob("*.html") if not p.relative_to(site).parts[0].startswith("_")]


def linked_files(pages, kind):
    """Return the files of the site that pages link, in the order of their links, each once."""
    found = (path.parent / name for path, text in pages.items() for name in kind.findall(text))
    return [path for path in dict.fromkeys(path.resolve() for path in found) if path.is_file()]


def rewrite(text, folder, sheet):
    """Return a page made light.

    Parameters
    ----------
    text : str
        The page, with its icons drawn and without what is not needed.
    folder : Path
        Where it stands; its links start there.
    sheet : str
        The address of the style sheet.
    """
    text = STYLE.sub(f'<link rel="stylesheet" href="{sheet}" />\n', text, count=1)
    first = STYLE.search(text).end()
    text = text[:first] + STYLE.sub("", text[first:])
    text = WAITING.sub("<script defer", text)
    text = PRINT.sub(r"\1", THEME_SCRIPT.sub(THEME_AT_ONCE, text))
    text = PLAIN_CODE.sub(r"\1", text)
    text = FIGURE.sub(lambda found: give_room(found, folder), text)
    text = STATE.sub(lambda found: drop_unseen(found, set(VIEWED.findall(text))), text)
    # Browsers want the encoding among the first 1024 bytes, so the policy comes after it.
    charset = '<meta charset="utf-8" />'
    head = "\n    ".join([charset, POLICY.format(policy(text)), ICON_LICENCE])
    return text.replace(charset, head, 1)


def read_drawings(static):
    """Return the theme's icons by name: width, height and path.

    Raises
    ------
    ValueError
        If the script that holds them is not there: the theme has another version.
    """
    scripts = list(static.glob(ICON_SCRIPT))
    if len(scripts) != 1:
        raise ValueError(f"_static/{ICON_SCRIPT}: wanted one script, found {len(scripts)}")
    drawings = {}
    for name, width, height, others, path in DRAWING.findall(scripts[0].read_text("utf-8")):
        for known in [name, *re.findall(r'"([\w-]+)"', others)]:
            drawings[known] = width, height, path
    return drawings


def draw(icon, drawings):
    """Write an icon as the theme's script would draw it."""
    classes = icon[2].split()
    (name,) = {name[3:] for name in classes if name.startswith("fa-")} & drawings.keys()
    width, height, path = drawings[name]
    others = " ".join(name for name in classes if name not in ICON_STYLES)
    return (
        f'<svg class="svg-inline--fa {others}"{icon[3]} aria-hidden="true" '
        f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"/></svg>'
    )


def give_room(figure, folder):
    """Write the size of a figure beside its address, so that the text does not jump."""
    width, unit, height = SIZE.search((folder / figure[1]).read_text("utf-8")).groups()
    if not height:
        return figure[0]
    scale = 4 / 3 if unit else 1
    size = f'width="{float(width) * scale:.0f}" height="{float(height) * scale:.0f}"'
    return f'{figure[0]} decoding="async" {size}'


def drop_unseen(state, viewed):
    """Leave out the state of widgets that no place shows, such as those of hidden test cells."""
    found = json.loads(state[2])
    found["state"] = {name: model for name, model in found["state"].items() if name in viewed}
    return state[1] + json.dumps(found).replace("</", "<\\/") + state[3]


def policy(text):
    """Return what a page may load: files beside it, and the scripts that the build wrote into it.

    Labs start from modules in memory (`blob:`). A page opened from disk has no "self" in every
    browser, and needs `file:`, which means nothing on a site.
    """
    scripts = sorted({source(script) for script in INLINE_SCRIPT.findall(text)})
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' file: blob: {' '.join(scripts)}",
            "style-src 'self' file: 'unsafe-inline'",  # labs and tables bring styles of their own
            "img-src 'self' file: data:",
            "connect-src 'self'",  # the search reads the pages that it has found
            "form-action 'self' file:",
            "base-uri 'none'",
        ]
    )


def source(script):
    """Return the name of a script's text in a policy: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def setup(app):
    """Run last, when other extensions have done with the pages."""
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
