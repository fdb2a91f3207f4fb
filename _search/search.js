// The search page: answers while the reader types, from the sections of the book that the build
// wrote into search_entries.js. Nothing is asked of a server, so it works from disk, too.
const MOST = 20; // results on the page
const AROUND = 160; // characters of a result's text

// Words that many questions begin with, and that say nothing of their subject.
const FILLERS = new Set(
  "a an and are as at be by can do does for from how i in is it its many may must my of on or should so that the there this to was what when which why will with you your".split(" "),
);

// What readers also call the things of the book: a search for one word of a line finds all of them.
const ALSO = `
  parameters weights
  neurons units
  sensors columns variables multivariate features
  timesteps steps
  lookback lags window
  1d 2d 3d dimensions rank axes ndim
  convert reshape
  video frames image
  csv dataframe pandas table
  normalize standardize scale
  nan missing gap
  constant average same
  decrease fall improve learn
  clear reset
  keep remember carry
  neural network model
  backpropagation gradient
  realtime online streaming
  sentence text words
  multistep horizon ahead
  target label
  loss error
`.trim().split("\n").map((line) => line.trim().split(" "));

// Questions and errors come before the sections of chapters.
const ANSWERS = /^reference\/(questions|error_messages)/;

// The unit of the search is a word. Chinese writes no blanks between them; the browser knows them.
const splitAtBlanks = MiniSearch.getDefault("tokenize");
const segmenter = document.documentElement.lang.startsWith("zh")
  ? new Intl.Segmenter("zh", { granularity: "word" }) : null;
const tokenize = segmenter
  ? (text) => [...segmenter.segment(text)].filter((s) => s.isWordLike).map((s) => s.segment)
  : splitAtBlanks;

const entries = searchEntries.map(([address, page, heading, text, code], id) => (
  { id, address, page, heading, text, code }
));
const known = new Set(); // the words of the book; any other is taken for a typing error of one
const stem = (word) => {
  const small = word.toLowerCase();
  return FILLERS.has(small) ? null : small.replace(/(?<=\p{L}{3})(ing|ed|s)?e?$/u, "");
};
const also = new Map(ALSO.flatMap((words) => {
  const stems = words.map(stem);
  return stems.map((word) => [word, stems]);
}));
const index = new MiniSearch({
  fields: ["heading", "page", "text", "code"],
  tokenize,
  processTerm: (word) => known.add(stem(word)) && stem(word),
  searchOptions: {
    processTerm: (word) => also.get(stem(word)) ?? stem(word),
    boost: { heading: 6, page: 2 },
    boostDocument: (id) => (ANSWERS.test(entries[id].address) ? 1.2 : 1),
    prefix: (word) => word.length > 2,
    fuzzy: (word) => (known.has(word) || /\d/.test(word) ? false : 0.3),
    weights: { fuzzy: 0.8, prefix: 0.5 },
  },
});
index.addAll(entries);

/** Return the sections that fit a query best: address, page, heading and text of each. */
function findSections(query) {
  return index.search(query).slice(0, MOST).map(({ id, terms }) => ({ ...entries[id], terms }));
}

/** Return the part of a text around the first of the words that were found, in whole words. */
function quote(text, words) {
  const small = text.toLowerCase();
  const places = words.map((word) => small.indexOf(word)).filter((place) => place >= 0);
  const first = places.length ? Math.min(...places) : 0;
  const start = first < AROUND / 2 ? 0 : text.indexOf(" ", first - AROUND / 2);
  const end = text.indexOf(" ", start + AROUND);
  return text.slice(start, end < 0 ? text.length : end).trim();
}

const field = document.querySelector("#search-form input");
const list = document.getElementById("search-results");
const status = document.getElementById("search-status");

function show() {
  const found = findSections(field.value);
  list.replaceChildren(...found.map(({ address, page, heading, text, terms }) => {
    const item = document.createElement("li");
    const add = (name, words) => {
      const part = item.appendChild(document.createElement(name));
      part.textContent = words;
      return part;
    };
    add("a", heading).href = address;
    if (page !== heading) add("small", page);
    add("p", quote(text, terms));
    return item;
  }));
  const count = found.length < MOST ? found.length : `${MOST}+`;
  status.textContent = field.value.trim() ? status.dataset.found.replace("#", count) : "";
}

field.addEventListener("input", () => {
  history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`); // to come back to
  show();
});
addEventListener("pageshow", () => {
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  show();
});
