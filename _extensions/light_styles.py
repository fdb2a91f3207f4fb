"""One small style sheet in place of the dozen that the theme and the extensions bring.

Rules that nothing on any page can match are left out.
"""

import re

import tinycss2

GROUPS = {"media", "supports", "layer", "container"}  # at-rules that hold rules
# Bootstrap's script puts this name together from pieces.
MADE_BY_SCRIPTS = {"bs-tooltip-auto"}


def names_used(pages, scripts):
    """Return every class and id that stands on a page or that a script may give to an element.

    A script's names cannot be told from its other words, so all of them count.
    """
    markup = r'\b(?:class|id)="([^"]*)"'
    inline = r"<script[^>]*>(.*?)</script>"
    names = set(MADE_BY_SCRIPTS)
    for page in pages:
        names.update(name for value in re.findall(markup, page) for name in value.split())
    for script in [*scripts, *(text for page in pages for text in re.findall(inline, page, re.S))]:
        names.update(re.findall(r"[\w-]+", script))
    return names


def can_match(selector, used):
    """Say whether all classes and ids that a selector asks for are used somewhere.

    What stands in brackets, as in `:not(.hidden)`, is not asked for.
    """
    before = None
    for token in selector:
        wanted = token.type == "hash" or (token.type == "ident" and before == ".")
        if wanted and token.value not in used:
            return False
        before = token
    return True


def split_at_commas(tokens):
    """Return the parts of a list of selectors."""
    parts = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def prune(rules, used, folder, removed):
    """Write the rules that can match, and the sheets that they import, as one text.

    Parameters
    ----------
    rules : list of tinycss2 nodes
    used : set of str
        What `names_used` returns.
    folder : Path
        Where imported sheets are found.
    removed : list of str
        Takes the selectors that were left out.

    Returns
    -------
    str
    """
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = split_at_commas(rule.prelude)
            alive = [part for part in selectors if can_match(part, used)]
            removed += [write(part) for part in selectors if part not in alive]
            if alive:
                kept.append(f"{','.join(map(write, alive))}{{{write(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword == "import":
            name = next(token.value for token in rule.prelude if token.type in ("string", "url"))
            kept.append(prune(parse((folder / name).read_text("utf-8")), used, folder, removed))
        elif rule.type == "at-rule" and rule.lower_at_keyword in GROUPS and rule.content:
            inner = prune(tinycss2.parse_rule_list(rule.content, True, True), used, folder, removed)
            if inner:
                kept.append(f"@{rule.at_keyword} {write(rule.prelude)}{{{inner}}}")
        elif rule.type == "at-rule":
            kept.append(tinycss2.serialize([rule]))
    return "\n".join(kept)


def parse(sheet):
    """Return the rules of a style sheet."""
    return tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)


def write(tokens):
    """Return tokens as text without comments and without indentation."""
    text = tinycss2.serialize([token for token in tokens if token.type != "comment"])
    return re.sub(r"\s*\n\s*", " ", text).strip()


def bundle(sheets, used):
    """Join style sheets into one.

    Parameters
    ----------
    sheets : list of Path
    used : set of str
        What `names_used` returns.

    Returns
    -------
    css : str
    removed : list of str
        The selectors that were left out.
    """
    parts, licences, removed = [], [], []
    for path in sheets:
        text = path.read_text("utf-8")
        licences += re.findall(r"/\*!.*?\*/", text, re.S)
        parts.append(prune(parse(text), used, path.parent, removed))
    return "\n".join([*licences, *parts]), removed
