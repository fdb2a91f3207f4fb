// What the pages remember for a reader, and unfold. Without this script everything is there too:
// answers in folds, all entries open, meanings as titles. What it keeps stays in the browser.

/** @param {string} name @returns {Record<string, number>} */
function kept(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "{}");
  } catch {
    return {}; // storage is off, or holds something else
  }
}

/** @param {string} name @param {Record<string, number>} value */
function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Storage is off: the page works, and forgets.
  }
}

const WORDS = document.documentElement.lang.startsWith("zh")
  ? { right: "对", first: "你的第一次选择", score: "首次答对 {right} / {asked} 题", again: "重新开始",
      read: "已读", filter: "筛选", found: "{n} / {all}" }
  : { right: "Right", first: "your first choice", score: "{right} of {asked} right at the first try",
      again: "Start again", read: "read", filter: "Filter", found: "{n} of {all}" };

/** @param {string} text @param {Record<string, number>} values */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @param {string} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** The name of a chapter, as this page or the page of all self-checks has it. */
const nameOf = (/** @type {string} */ address) => (
  address.split("#")[0].split("/").at(-1)?.replace(".html", "").replaceAll("_", "-") ?? ""
);

// Self-checks ---------------------------------------------------------------------------------

/** @param {Element} section */
function startChecks(section) {
  const name = section.id === "check-yourself" ? nameOf(location.pathname) : section.id.replace("chapter-", "");
  const store = `checks:${name}`;
  let chosen = kept(store);
  /** @type {HTMLDetailsElement[][]} */
  const questions = [];
  for (const child of section.children) {
    if (child.matches("p:has(> strong:first-child)")) questions.push([]);
    if (child instanceof HTMLDetailsElement) questions.at(-1)?.push(child);
  }
  const score = element("span", { role: "status" });
  const again = element("button", { type: "button" }, WORDS.again);
  section.append(element("p", { class: "score" }, score, again));
  const isRight = (/** @type {HTMLDetailsElement} */ option) => (
    option.children[1]?.textContent?.startsWith(WORDS.right) ?? false
  );

  function show() {
    let right = 0;
    questions.forEach((options, question) => options.forEach((option, place) => {
      const first = chosen[question] === place;
      right += Number(first && isRight(option));
      const known = first || option.open;
      option.dataset.answer = known ? (isRight(option) ? "right" : "wrong") : "";
      option.querySelector("summary > small")?.remove();
      if (first) option.querySelector("summary")?.append(element("small", {}, WORDS.first));
    }));
    score.textContent = fill(WORDS.score, { right, asked: questions.length });
    again.hidden = !Object.keys(chosen).length;
  }

  questions.forEach((options, question) => options.forEach((option, place) => {
    option.addEventListener("toggle", () => {
      if (option.open && !(question in chosen)) {
        chosen[question] = place;
        keep(store, chosen);
      }
      show();
    });
  }));
  again.addEventListener("click", () => {
    chosen = {};
    keep(store, chosen);
    for (const option of questions.flat()) option.open = false;
    show();
  });
  show();
}

document.querySelectorAll("section#check-yourself, section.check-yourself").forEach(startChecks);

// What was read -------------------------------------------------------------------------------

const read = kept("read");

function tick() {
  for (const link of document.querySelectorAll(".bd-links a.reference.internal")) {
    if (!(nameOf(/** @type {HTMLAnchorElement} */ (link).href) in read)) continue;
    if (!link.querySelector("small")) link.append(element("small", { title: WORDS.read }, "✓"));
  }
}

const end = document.querySelector("section#next");
if (end) {
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    read[nameOf(location.pathname)] = 1;
    keep("read", read);
    tick();
  }).observe(end);
}
tick();

// Lists of entries: folded, and filtered while the reader types ---------------------------------

/** @param {Element} article */
function startList(article) {
  const sections = [...article.querySelectorAll("section > section:has(> h3)")];
  const entries = sections.map((section) => {
    const entry = /** @type {HTMLDetailsElement} */ (element("details", { class: "entry" }));
    const heading = /** @type {Element} */ (section.querySelector(":scope > h3"));
    entry.append(element("summary", {}, heading), ...section.childNodes);
    section.append(entry);
    return { section: /** @type {HTMLElement} */ (section), entry,
             text: section.textContent?.toLowerCase() ?? "" };
  });
  const openNamed = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const found = entries.find(({ section }) => named && section.contains(named));
    if (found) found.entry.open = true;
    if (named) named.scrollIntoView();
  };
  const field = /** @type {HTMLInputElement} */ (element("input", { type: "search" }));
  const count = element("output");
  const filter = () => {
    const words = field.value.toLowerCase().split(/\s+/);
    const found = entries.filter(({ section, text }) => {
      section.hidden = !words.every((word) => text.includes(word));
      return !section.hidden;
    });
    for (const { entry } of found) entry.open = found.length <= 3;
    count.textContent = fill(WORDS.found, { n: found.length, all: entries.length });
  };
  field.addEventListener("input", filter);
  addEventListener("hashchange", openNamed);
  addEventListener("beforeprint", () => entries.forEach(({ entry }) => { entry.open = true; }));
  const label = element("label", { class: "filter" }, WORDS.filter, field, count);
  article.querySelector("h1")?.after(label);
  count.textContent = fill(WORDS.found, { n: entries.length, all: entries.length });
  openNamed();
}

const article = document.querySelector("article");
if (article && /\/(error_messages|questions)\.html$/.test(location.pathname)) startList(article);

// Meanings of terms: shown at once, and to the keyboard too -------------------------------------

for (const link of document.querySelectorAll("a.term[title]")) {
  const meaning = link.getAttribute("title") ?? "";
  link.removeAttribute("title");
  link.setAttribute("aria-description", meaning);
}
