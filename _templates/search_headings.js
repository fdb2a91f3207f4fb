// Sphinx's search finds pages that hold every word. Readers look for one entry among a hundred on
// a page, and paste messages with names and numbers of their own. So the headings are searched
// word by word, and words that no page knows are left out. And a result quotes the page's text.
(() => {
  const MOST = 5; // headings among the results
  const BEST = 40; // the score of a heading in the very words; a page gets 16 at most
  const LONG = 6; // words
  // Words that many questions begin with, beside those that Sphinx leaves out itself
  const FILLERS = new Set("can do does how i many may must my should what which why you".split(" "));

  const stemmer = new Stemmer();
  const wordsOf = (text) => new Set(
    splitQuery(text.toLowerCase().replace(/<[^>]*>/g, ""))
      .filter((word) => !stopwords.includes(word) && !FILLERS.has(word))
      .map((word) => stemmer.stemWord(word)),
  );

  /** Return all headings with their words, and how rare each word is among them. */
  let cache;
  function headings() {
    if (cache) return cache;
    const { alltitles, docnames, filenames, titles } = Search._index;
    const own = Object.entries(alltitles).filter(([, places]) => places.length < 4); // no "Next"
    const list = own.flatMap(([title, places]) =>
      places.filter(([, id]) => id !== null).map(([file, id]) => ({
        words: wordsOf(title),
        result: [docnames[file], `${titles[file]} > ${title}`, `#${id}`, null, 0, filenames[file]],
      })),
    );
    const count = new Map();
    for (const { words } of list) {
      for (const word of words) count.set(word, (count.get(word) ?? 0) + 1);
    }
    const weigh = (word) => (count.has(word) ? Math.log(1 + list.length / count.get(word)) : 0);
    return (cache = { list, weigh });
  }

  /** Return the headings that share most with the query: rare words count more. */
  function performHeadingSearch(query) {
    const { list, weigh } = headings();
    const sum = (words) => [...words].reduce((total, word) => total + weigh(word), 0);
    const asked = wordsOf(query);
    // A few words are a question: a heading should hold them all, and may say more. A long query is
    // a message: it should hold the whole heading, and may say more.
    const weight = asked.size > LONG ? 0.5 : 2;
    return list
      .map(({ words, result }) => {
        const shared = sum([...words].filter((word) => asked.has(word)));
        const score = shared && (BEST * (1 + weight) * shared) / (sum(words) + weight * sum(asked));
        return [...result.slice(0, 4), Math.round(score), result[5]];
      })
      .filter((result) => result[4] >= BEST / 4)
      .sort((one, other) => other[4] - one[4])
      .slice(0, MOST);
  }

  const { performTermsSearch } = Search;
  Search.performTermsSearch = (words, excluded) => {
    const { terms, titleterms } = Search._index;
    const all = [...Object.keys(terms), ...Object.keys(titleterms)];
    const known = [...words].filter((word) => all.some((term) => term.includes(word)));
    const found = performTermsSearch(new Set(known), excluded);
    if (found.length > 0 || known.length === 0) return found;
    return performTermsSearch(new Set(known.filter((word) => !/\d/.test(word))), excluded);
  };

  const { _performSearch } = Search;
  Search._performSearch = (query, ...rest) => {
    const found = performHeadingSearch(query);
    const places = new Set(found.map((result) => result[0] + result[2]));
    const others = _performSearch(query, ...rest).filter(
      (result) => !places.has(result[0] + result[2]),
    );
    return [...others, ...found].sort((one, other) => one[4] - other[4]); // shown from the end
  };

  // A result quotes the text of its page: not what stands around it, and not what every chapter
  // begins with.
  const AROUND = ".bd-header-article, #jb-print-docs-body, .bd-sidebar-secondary, .tag_set-up, footer";
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(AROUND).forEach((part) => part.remove());
    return htmlToText(page.documentElement.outerHTML, anchor);
  };
})();
