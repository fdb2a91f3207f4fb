// The search page: answers while the reader types, from the sections of the book that the build
// wrote into search_entries.js. Nothing is asked of a server, so it works from disk, too.
const MOST = 20; // results on the page
const AROUND = 160; // characters of a result's text

// Words that many questions begin with, and that say nothing of their subject.
const FILLERS = new Set(
  "a an and are as at be by can do does for from how i in is it its many may must my of on or should so that the there this to was what when which why will with you your".split(" "),
);

// The unit of the search is a word. Chinese writes no blanks between them; the browser knows them.
const splitAtBlanks = MiniSearch.getDefault("tokenize");
const segmenter = document.documentElement.lang.startsWith("zh")
  ? new Intl.Segmenter("zh", { granularity: "word" }) : null;
const tokenize = segmenter
  ? (text) => [...segmenter.segment(text)].filter((s) => s.isWordLike).map((s) => s.segment)
  : splitAtBlanks;

const entries = searchEntries.map(([address, page, heading, text], id) => (
  { id, address, page, heading, text }
));
const index = new MiniSearch({
  fields: ["heading", "page", "text"],
  tokenize,
  processTerm: (word) => (FILLERS.has(word.toLowerCase()) ? null : word.toLowerCase()),
  searchOptions: {
    boost: { heading: 6, page: 2 },
    prefix: (word) => word.length > 2,
    fuzzy: (word) => (word.length > 3 && !/\d/.test(word) ? 0.25 : false),
    weights: { fuzzy: 0.2, prefix: 0.5 },
  },
});
index.addAll(entries);

/** Return the sections that fit a query best: address, page, heading and text of each. */
function findSections(query) {
  return index.search(query).slice(0, MOST).map(({ id, terms }) => ({ ...entries[id], terms }));
}

/** Return the part of a text around the first of the words that were found. */
function quote(text, words) {
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((i) => i >= 0);
  const start = Math.max(0, text.lastIndexOf(" ", Math.min(...places, text.length) - AROUND / 3));
  const part = places.length ? text.slice(start, start + AROUND) : text.slice(0, AROUND);
  return part.trim();
}

const field = document.querySelector("#search-form input");

function show() {
  const found = findSections(field.value);
  const list = document.getElementById("search-results");
  list.replaceChildren(...found.map(({ address, page, heading, text, terms }) => {
    const [item, link, where, part] = ["li", "a", "span", "p"].map((n) => document.createElement(n));
    link.href = address;
    link.textContent = heading;
    where.textContent = page === heading ? "" : page;
    part.textContent = quote(text, terms);
    item.append(link, where, part);
    return item;
  }));
  const count = found.length === MOST ? `the best ${MOST} results` : `${found.length} results`;
  document.getElementById("search-count").textContent = field.value.trim() ? count : "";
}

field.addEventListener("input", show);
// Whoever comes back to the page finds the words that the browser kept.
addEventListener("pageshow", () => {
  field.value ||= new URLSearchParams(location.search).get("q") ?? "";
  show();
});
