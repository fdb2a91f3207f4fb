"""Glossary, references, and the index of figures and labs agree with the chapters.

When a figure, a term or a reference is missing, the message says which line to add and where.
"""

import re

import nbformat
import pytest
import rules
from book_files import ROOT

REFERENCE = ROOT / "reference"
GLOSSARY, REFERENCES, FIGURES = (
    (REFERENCE / f"{name}.md").read_text(encoding="utf-8")
    for name in ("glossary", "references", "figures")
)
MOST_TERMS_PER_CHAPTER = 8  # links to the glossary; more would hinder reading


def read(path):
    """Return a notebook."""
    return nbformat.read(path, as_version=4)


CHAPTERS = {path: read(path) for path in sorted((ROOT / "chapters").glob("*.ipynb"))}
NOTEBOOKS = CHAPTERS | {path: read(path) for path in sorted(REFERENCE.glob("*.ipynb"))}


def headings_of(path):
    """Return the heading texts of a notebook or a Markdown file."""
    text = rules.markdown(read(path)) if path.suffix == ".ipynb" else path.read_text("utf-8")
    return [title for _, title in rules.headings(text)]


def title(notebook):
    """Return the title of a notebook."""
    return rules.headings(rules.markdown(notebook))[0][1]


def parts(text, level):
    """Return what stands under each heading of a level: {heading: text}."""
    pieces = re.split(rf"^{'#' * level} (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def entries(text):
    """Return the entries of a reference page: {heading: text}, without the sections around."""
    return {name: re.split(r"^## ", body, flags=re.M)[0] for name, body in parts(text, 3).items()}


def anchors_used(page, *, within=None):
    """Return the anchors of a reference page that others link to, each once per link."""
    texts = [rules.markdown(notebook) for notebook in (within or NOTEBOOKS).values()]
    if within is None:
        others = [path for path in REFERENCE.glob("*.md") if path.name != page]
        texts += [path.read_text(encoding="utf-8") for path in [*others, ROOT / "index.md"]]
    targets = [target for text in texts for target in rules.links(text)]
    return [target.partition("#")[2] for target in targets if f"{page}#" in target]


def check(problems):
    """Fail with one line for each problem."""
    assert not problems, "\n" + "\n".join(problems)


# All three pages


@pytest.mark.parametrize("name", ["glossary", "references", "figures"])
def test_links_lead_to_files_and_headings(name):
    path = REFERENCE / f"{name}.md"
    text = re.sub(r"\]\(#fig-[\w-]+\)", "]", path.read_text(encoding="utf-8"))  # tested below
    assert rules.links(text)
    check(rules.broken_links(text, path, ROOT, headings_of))


# Figures and labs


def figures_wanted():
    """Return what the index has to say: {title of notebook: {name of figure: caption}}."""
    wanted = {}
    for notebook in NOTEBOOKS.values():
        metadata = [cell.metadata.get("mystnb", {}).get("figure") for cell in notebook.cells]
        captions = {figure["name"]: figure["caption"] for figure in metadata if figure}
        if captions:
            wanted[title(notebook)] = captions
    return wanted


def figures_listed():
    """Return what the index says: {title: {name of figure: (finding, caption)}}."""
    line = r"^- \[(.+)\]\(#(fig-[\w-]+)\)\. (.+)$"
    return {
        heading: {name: (found, text) for found, name, text in re.findall(line, body, re.M)}
        for heading, body in parts(FIGURES, 2).items()
        if heading != "Labs"
    }


def test_every_figure_is_in_the_index_with_its_caption():
    wanted, listed = figures_wanted(), figures_listed()
    problems = [
        f"reference/figures.md, under `## {heading}`: write\n"
        f"- [WHAT THE FIGURE SHOWS](#{name}). {caption}"
        for heading, captions in wanted.items()
        for name, caption in captions.items()
        if listed.get(heading, {}).get(name, ("", ""))[1] != caption
    ]
    check(problems)
    assert list(listed) == list(wanted), "sections follow the order of the book"
    for heading, captions in wanted.items():
        assert list(listed[heading]) == list(captions), f"the figures of {heading!r}, in order"


def test_every_line_of_the_index_is_a_figure_and_says_something_of_its_own():
    lines = re.findall(r"^- .+$", FIGURES, re.M)
    listed = [item for captions in figures_listed().values() for item in captions.values()]
    assert len(lines) == len(listed), "a line is not `- [finding](#fig-name). Caption`"
    findings = [finding for finding, _ in listed]
    assert len(findings) == len(set(findings))
    check([f"{f!r} repeats its caption" for f, caption in listed if f in caption])


def test_every_lab_is_in_the_index_with_the_chapters_that_show_it():
    rows = re.findall(r"^\| \[(\w+ lab)\]\(labs\.ipynb#([\w-]+)\) \| (.+) \|$", FIGURES, re.M)
    labs = [name for name in headings_of(REFERENCE / "labs.ipynb") if name.endswith(" lab")]
    assert [name for name, _, _ in rows] == labs
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


# Glossary


def test_terms_are_in_alphabetical_order():
    terms = [term.strip("`").lower().replace("_", " ") for term in entries(GLOSSARY)]
    assert len(terms) > 40
    assert terms == sorted(terms)


def test_an_entry_is_short_and_names_the_section_that_shows_it():
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


def test_every_term_is_linked_from_a_chapter():
    used = anchors_used("glossary.md", within=CHAPTERS)
    problems = [
        f"reference/glossary.md#{rules.slug(term)}: link {term!r} where a chapter explains it"
        for term in entries(GLOSSARY)
        if rules.slug(term) not in used
    ]
    check(problems)


def test_links_to_the_glossary_do_not_hinder_reading():
    for path, notebook in CHAPTERS.items():
        used = anchors_used("glossary.md", within={path: notebook})
        assert rules.twice(used) == [], f"{path.name}: link the first use of a term only"
        assert len(used) <= MOST_TERMS_PER_CHAPTER, path.name
        linked = [text for _, text in rules.headings(rules.markdown(notebook)) if "](" in text]
        assert linked == [], f"{path.name}: a link in a heading"


def test_letters_and_other_names_are_those_of_the_style_guide():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Za-z]) \| (.+?) \| (.+?) \|$", guide, re.M)
    letters = re.findall(r"^\| (\w) \| \[(.+?)\]\(#(.+?)\) \|", GLOSSARY, re.M)
    assert sorted((letter, term.partition(" (")[0]) for letter, term, _ in rows) == sorted(
        (letter, term) for letter, term, _ in letters
    )
    found = {rules.slug(term): text for term, text in entries(GLOSSARY).items()}
    for letter, term, anchor in letters:
        assert anchor == rules.slug(term)
        assert found[anchor].lstrip().startswith(f"**{letter}.**")
    for _, term, others in rows:
        text = found[rules.slug(term.partition(" (")[0])]
        missing = [name for name in others.split(", ") if f'"{name}"' not in text]
        assert missing == [], f"{term}: readers look for {missing} too"


def test_words_in_chinese_say_their_language():
    words = re.findall(r"[\u3400-\u9fff]+", GLOSSARY)
    assert words == re.findall(r'<span lang="zh-Hans">([\u3400-\u9fff]+)</span>', GLOSSARY)
    assert len(words) > 20


# References


def test_every_reference_says_where_it_is_and_what_the_book_takes_from_it():
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
    check(problems)


def test_every_reference_is_cited():
    used = anchors_used("references.md")
    problems = [
        f"reference/references.md#{rules.slug(name)}: cite it where the book uses it"
        for name in entries(REFERENCES)
        if rules.slug(name) not in used
    ]
    check(problems)
