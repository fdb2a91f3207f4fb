"""Glossary, references, and the index of figures and labs agree with the chapters.

When a figure, a term or a reference is missing, the message says which line to add and where.
That links lead somewhere: test_pages.py.
"""

import re

import nbformat
import rules
from book_files import ROOT

REFERENCE = ROOT / "reference"
GLOSSARY, REFERENCES, FIGURES = (
    (REFERENCE / f"{name}.md").read_text(encoding="utf-8")
    for name in ("glossary", "references", "figures")
)
MOST_TERMS_PER_CHAPTER = 8  # links to the glossary; more would hinder reading
CHAPTERS, NOTEBOOKS = (
    {
        path: nbformat.read(path, as_version=4)
        for folder in folders
        for path in sorted((ROOT / folder).glob("*.ipynb"))
    }
    for folders in (["chapters"], ["chapters", "reference"])
)


def parts(text, level):
    """Return what stands under each heading of a level: {heading: text}."""
    pieces = re.split(rf"^{'#' * level} (.+)\n", text, flags=re.MULTILINE)
    assert len({*pieces[1::2]}) == len(pieces[1::2]), "a heading stands twice"
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def entries(text):
    """Return the entries of a reference page: {heading: text}, without the sections around."""
    return {name: re.split(r"^## ", body, flags=re.M)[0] for name, body in parts(text, 3).items()}


def anchors_used(page, texts):
    """Return the anchors of a reference page that texts link to, each once per link."""
    targets = [target for text in texts for target in rules.links(text)]
    return [target.partition("#")[2] for target in targets if f"{page}#" in target]


def check(problems):
    """Fail with one line for each problem."""
    assert not problems, "\n" + "\n".join(problems)


def test_every_figure_is_in_the_index_with_its_caption():
    wanted = {}  # {title of notebook: {name of figure: caption}}
    for notebook in NOTEBOOKS.values():
        metadata = [cell.metadata.get("mystnb", {}).get("figure") for cell in notebook.cells]
        if captions := {figure["name"]: figure["caption"] for figure in metadata if figure}:
            wanted[rules.headings(rules.markdown(notebook))[0][1]] = captions
    line = r"^- \[(.+)\]\(#(fig-[\w-]+)\)\. (.+)$"
    listed = {
        heading: {name: caption for _, name, caption in re.findall(line, body, re.M)}
        for heading, body in parts(FIGURES, 2).items()
        if heading != "Labs"
    }
    check(
        [
            f"reference/figures.md, under `## {heading}`: write\n"
            f"- [WHAT THE FIGURE SHOWS](#{name}). {caption}"
            for heading, captions in wanted.items()
            for name, caption in captions.items()
            if listed.get(heading, {}).get(name) != caption
        ]
    )
    places = [[(heading, *named) for heading, named in index.items()] for index in (listed, wanted)]
    assert places[0] == places[1], "sections and figures follow the order of the book"


def test_every_lab_is_in_the_index_with_the_chapters_that_show_it():
    rows = re.findall(r"^\| \[(\w+ lab)\]\(labs\.ipynb#([\w-]+)\) \| (.+) \|$", FIGURES, re.M)
    headings = rules.headings(rules.markdown(NOTEBOOKS[REFERENCE / "labs.ipynb"]))
    assert [name for name, _, _ in rows] == [n for _, n in headings if n.endswith(" lab")]
    for name, anchor, rest in rows:
        assert anchor == rules.slug(name)
        made = name.replace(" lab", "Lab") + "("
        shown_in = [
            path.name
            for path, notebook in CHAPTERS.items()
            if any(made in cell.source for cell in rules.cells(notebook, "code", "figure"))
        ]
        linked = [target.partition("#")[0].split("/")[-1] for target in rules.links(rest)]
        assert shown_in and linked == shown_in, f"{name}: shown in {shown_in}"


def test_glossary_entries_are_in_order_short_and_name_the_section_that_shows_them():
    terms = [term.strip("`").lower().replace("_", " ") for term in entries(GLOSSARY)]
    assert len(terms) > 40 and terms == sorted(terms)
    problems = []
    for term, text in entries(GLOSSARY).items():
        *definition, last = text.strip().split("\n\n")
        sentences = re.findall(r"[.?](?=\s|$)", re.sub(r"\*\*\w\.\*\*", "", " ".join(definition)))
        if len(definition) != 1 or not 1 <= len(sentences) <= 4:
            problems.append(f"{term}: wanted one paragraph of one to four sentences")
        pattern = r"(Elsewhere: .+\. )?(In Chinese: .+\. )?Shown in \[.+\]\(\.\./chapters/.+#.+\)\."
        if not re.fullmatch(pattern, last):
            problems.append(f"{term}: the last line is not `Elsewhere: ... Shown in [...](...).`")
    check(problems)


def test_terms_are_linked_where_they_are_explained_and_not_too_often():
    everywhere = []
    for path, notebook in CHAPTERS.items():
        used = anchors_used("glossary.md", [rules.markdown(notebook)])
        everywhere += used
        assert rules.twice(used) == [], f"{path.name}: link the first use of a term only"
        assert len(used) <= MOST_TERMS_PER_CHAPTER, path.name
        linked = [text for _, text in rules.headings(rules.markdown(notebook)) if "](" in text]
        assert linked == [], f"{path.name}: a link in a heading"
    check(
        [
            f"reference/glossary.md#{rules.slug(term)}: link {term!r} where a chapter explains it"
            for term in entries(GLOSSARY)
            if rules.slug(term) not in everywhere
        ]
    )


def test_letters_and_other_names_are_those_of_the_style_guide():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Za-z]) \| (.+?) \| (.+?) \|$", guide, re.M)
    letters = re.findall(r"^\| (\w) \| \[(.+?)\]\(#(.+?)\) \|", GLOSSARY, re.M)
    stated = sorted((letter, term.partition(" (")[0]) for letter, term, _ in rows)
    assert rows and stated == sorted((letter, term) for letter, term, _ in letters)
    found = {rules.slug(term): text for term, text in entries(GLOSSARY).items()}
    for letter, _, anchor in letters:
        assert found[anchor].lstrip().startswith(f"**{letter}.**")
    for _, term, others in rows:
        text = found[rules.slug(term.partition(" (")[0])]
        missing = [name for name in others.split(", ") if f'"{name}"' not in text]
        assert missing == [], f"{term}: readers look for {missing} too"
    words = re.findall(r"[\u3400-\u9fff]+", GLOSSARY)  # in Chinese, and say so
    assert words == re.findall(r'<span lang="zh-Hans">([\u3400-\u9fff]+)</span>', GLOSSARY)


def test_every_reference_is_cited_and_says_where_it_is_and_what_the_book_takes_from_it():
    texts = [rules.markdown(notebook) for notebook in NOTEBOOKS.values()]
    others = [path for path in REFERENCE.glob("*.md") if path.name != "references.md"]
    texts += [path.read_text(encoding="utf-8") for path in [*others, ROOT / "index.md"]]
    used = anchors_used("references.md", texts)
    problems = []
    for name, text in entries(REFERENCES).items():
        targets = rules.links(text)
        if not any(target.startswith("https://") for target in targets):
            problems.append(f"{name}: no address")
        if not any(target.startswith("../chapters/") for target in targets):
            problems.append(f"{name}: no section of the book")
        year = re.search(r"\((\d{4})\)$", name)
        if year is None and not name.startswith(("Keras: ", "NumPy: ")):
            problems.append(f"{name}: no year")
        if rules.slug(name) not in used:
            where = f"reference/references.md#{rules.slug(name)}"
            problems.append(f"{where}: cite it where the book uses it")
    check(problems)
