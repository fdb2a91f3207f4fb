// The Step lab: a trained LSTM reads a word, one letter a step; every number of every step.
//
// Each number has one key, "name/t/u": name, time step from 0 (-1: before the first), unit. It stands
// in several places; the key links them. Names: x; c and h; the gates i, f, g, o; tanh (of c);
// p (probability; u is the letter); and, for each gate, W (x times kernel), R (h times recurrent
// kernel), b (bias) and z (their sum), as in "Wi".

import { classify, lstmRun, readWeights } from "./lstm.js";
import {
  aboutLetters, ALPHABET, arrowKeys, button, fill, frame, letters, listen, make, oncePerFrame, paint,
  readLetters, refill, save, short, slider, translated,
} from "./page.js";

const TEXT = {
  title: "Step lab",
  first: "Press Next and watch c. Then press Backwards: step 2 reads the same letter with the same " +
    "weights. Which numbers are the same, and which are not?",
  word: "Word",
  strange: "Left out: {n} that are not letters A to Z.",
  surplus: "Only the first {n} letters are used.",
  empty: "Type letters A to Z.",
  backwards: "Backwards",
  toFirst: "First",
  toBack: "Back",
  toNext: "Next",
  toLast: "Last",
  play: "Play",
  pause: "Stop",
  unit: "Unit",
  overview: "All steps",
  buttons: "Time steps",
  input: "letter, x",
  zeros: "zeros",
  step: "step {step}",
  cell: "cell state c",
  hidden: "hidden state h",
  answer: "next letter",
  percent: "{n}%",
  strip: "{name} after {step}, {U} units",
  stripZeros: "{name} before step 1: zeros",
  says: "Step {step} of {T} reads {letter}.",
  saysMore: "The loop runs once for each letter: T = {T}. LSTM({U}) has U = {U} units, whatever T is. " +
    "Every step uses the same {count} weights.",
  units: "Step {step}, all units",
  before: "before",
  gates: "gates, candidate",
  after: "after",
  arithmetic: "Step {step}, unit {unit}",
  rowi: "input gate: write how much?",
  rowf: "forget gate: keep how much?",
  rowg: "candidate: write what?",
  rowo: "output gate: show how much?",
  rowc: "new cell state: keep some, add some",
  rowh: "new hidden state: show some",
  wasc: "old c",
  tanhc: "tanh c",
  bars: "Answer after step {step}: the probability of each next letter",
  legend: "Olive is above zero, violet below. Point at a number, or move with the arrow keys: a dashed " +
    "frame marks what it is made of.",
  x: "x of step {step}: {letter} has the code {code}, and {code} / 26 = {value}",
  start: "{name} of unit {unit} before step 1 = {value}. The loop starts from zeros.",
  c: "c of unit {unit} after step {step} = f × old c + i × g = {f} × {before} + {i} × {g} = {value}",
  h: "h of unit {unit} after step {step} = o × tanh(c) = {o} × {tanh} = {value}",
  tanh: "tanh(c) of unit {unit} in step {step} = tanh({c}) = {value}",
  i: "Input gate i of unit {unit} in step {step} = sigmoid(z) = sigmoid({z}) = {value}",
  f: "Forget gate f of unit {unit} in step {step} = sigmoid(z) = sigmoid({z}) = {value}",
  g: "Candidate g of unit {unit} in step {step} = tanh(z) = tanh({z}) = {value}",
  o: "Output gate o of unit {unit} in step {step} = sigmoid(z) = sigmoid({z}) = {value}",
  W: "x × kernel, for {gate} of unit {unit} in step {step} = {x} × {weight} = {value}",
  R: "old h · recurrent kernel, for {gate} of unit {unit} in step {step}: the old h of all {U} units, " +
    "each times its weight = {terms} = {value}",
  more: "… ({n} more)",
  b: "Bias of {gate}, unit {unit}, the same at every step = {value}",
  z: "z of {gate}, unit {unit} in step {step} = x × kernel + h · recurrent kernel + bias " +
    "= {W} + {R} + {b} = {value}",
  p: "Probability of {letter} after step {step}, from h of all {U} units through Dense and softmax = {value}",
  said: "Step {step} of {T} reads {letter}. c of unit {unit}: {before} before, {c} after. {answer}",
  saidAnswer: "Next letter: {letter}, {percent}.",
  codeSteps: "steps 1 to {step} of {T}",
  codeSame: "the same as model(x[:, :{step}])",
};
const GATES = "ifgo"; // the order of Keras
const LONGEST_WORD = 10;
const BEAT = 1500; // milliseconds from step to step while the lab plays
const TERMS = 12; // of a long sum, as many are written out
const COLUMNS = [["c", -1], ["h", -1], ["i", 0], ["f", 0], ["g", 0], ["o", 0], ["c", 0], ["h", 0]];
const SYMBOLS = { W: "x·W", R: "h·R", b: "b", z: "z" };
// What is computed from what: name and step of each number, with the sign before it.
const SUMS = [
  ...[...GATES].map((gate) => ({
    name: gate,
    cells: [`W${gate}`, `R${gate}`, `b${gate}`, `z${gate}`, gate].map((name) => [name, 0]),
    signs: ["", "+", "+", "=", "→"],
  })),
  {
    name: "c",
    cells: [["f", 0], ["c", -1], ["i", 0], ["g", 0], ["c", 0]],
    signs: ["", "×", "+", "×", "="],
  },
  { name: "h", cells: [["o", 0], ["tanh", 0], ["h", 0]], signs: ["", "×", "="] },
];

const keyOf = (name, t, u) => `${name}/${t}/${u}`;
const full = (number) => short(number, 6);

/** All numbers of one word: value(name, t, u), what it is made of, and a sentence that spells it out. */
function readWord(text, weights, word) {
  const { units: U, kernel, recurrent_kernel: recurrent, bias } = weights;
  const codes = [...word].map((letter) => ALPHABET.indexOf(letter));
  const run = lstmRun(weights, codes.map((code) => [code / 26]));
  const answers = weights.classes ? run.map(({ h }) => classify(weights, h)) : [];
  const all = Array.from({ length: U }, (_, u) => u);
  const column = (gate, u) => GATES.indexOf(gate) * U + u;
  const terms = (gate, t, u) =>
    all.map((v) => [value("h", t - 1, v), recurrent[v * 4 * U + column(gate, u)]]);

  function value(name, t, u) {
    const [kind, gate] = name;
    if (name === "x") return codes[t] / 26;
    if (name === "p") return answers[t][u];
    if (name === "tanh") return Math.tanh(value("c", t, u));
    if (kind === "W") return value("x", t) * kernel[column(gate, u)];
    if (kind === "R") return terms(gate, t, u).reduce((sum, [h, weight]) => sum + h * weight, 0);
    if (kind === "b") return bias[column(gate, u)];
    if (kind === "z") return value(`W${gate}`, t, u) + value(`R${gate}`, t, u) + value(`b${gate}`, t, u);
    return t < 0 ? 0 : run[t][name][u]; // the loop starts from zeros
  }

  function ingredients(name, t, u) {
    const [kind, gate] = name;
    const parts = (...names) => names.map((part) => keyOf(part, t, u));
    const everyH = (step) => all.map((v) => keyOf("h", step, v));
    if (name === "c") return t < 0 ? [] : [...parts("f", "i", "g"), keyOf("c", t - 1, u)];
    if (name === "h") return t < 0 ? [] : parts("o", "tanh", "c");
    if (name === "tanh") return parts("c");
    if (name === "p") return everyH(t);
    if (kind === "W") return [keyOf("x", t, 0)];
    if (kind === "R") return everyH(t - 1);
    if (kind === "z") return parts(`W${gate}`, `R${gate}`, `b${gate}`);
    if (GATES.includes(name)) return [...parts(`z${name}`), keyOf("x", t, 0), ...everyH(t - 1)];
    return [];
  }

  function explain(name, t, u) {
    const kind = name === "tanh" ? name : name[0];
    const gate = name[1] ?? name;
    const parts = { step: t + 1, unit: u + 1, U, gate, name, value: full(value(name, t, u)) };
    const add = (...names) => names.forEach((part) => (parts[part[0]] = full(value(part, t, u))));
    if (t < 0) return fill(text.start, parts);
    if (kind === "x") return fill(text.x, { ...parts, code: codes[t], letter: word[t] });
    if (kind === "p") return fill(text.p, { ...parts, letter: ALPHABET[u] });
    if (kind === "c") add("f", "i", "g");
    if (kind === "h") add("o");
    if (kind === "tanh") add("c");
    if (kind === "z") add(`W${gate}`, `R${gate}`, `b${gate}`);
    if (GATES.includes(kind)) add(`z${gate}`);
    if (kind === "W") parts.x = full(value("x", t));
    if (kind === "W") parts.weight = full(kernel[column(gate, u)]);
    if (kind === "R") {
      const written = terms(gate, t, u).map(([h, weight]) => `${short(h, 3)} × ${short(weight, 3)}`);
      const left = written.splice(TERMS).length;
      parts.terms = [...written, ...(left ? [fill(text.more, { n: left })] : [])].join(" + ");
    }
    parts.before = full(value("c", t - 1, u));
    parts.tanh = full(value("tanh", t, u));
    return fill(text[kind], parts);
  }

  const best = (t) => [...answers[t].keys()].sort((a, b) => answers[t][b] - answers[t][a]);
  const largest = Math.max(1, ...run.map(({ c }) => Math.max(...c.map(Math.abs))));
  const reach = (name) => ("WRbz".includes(name[0]) ? 4 : name === "c" ? largest : 1);
  return { word, codes, U, T: word.length, answers, value, ingredients, explain, best, reach };
}

function render({ model, el }) {
  const text = translated(TEXT, model);
  const { section, controls, view, code, announce, stop } = frame(el, text);
  view.classList.add("step-view");
  const places = []; // the places whose number changes with step and unit
  let weights;
  let numbers; // of the word, see readWord
  let marked = []; // the elements that show the number pointed at, and what it is made of
  let hovered; // the element under the mouse that shows a number
  let chosen = { name: "c", back: 0, letter: 0 }; // what focus or a click chose; back: -1 for "before"
  let timer;
  const lastStep = () => numbers.T - 1;
  const step = () => Math.min(model.get("step"), lastStep());
  const unit = () => Math.min(model.get("unit"), numbers.U - 1);
  const percent = (p) => fill(text.percent, { n: Math.round(100 * p) });

  // Controls
  const word = letters({
    label: text.word,
    value: model.get("word"),
    key: "word",
    onInput(typed) {
      const read = readLetters(typed, LONGEST_WORD);
      word.complain(aboutLetters(text, read));
      if (read.kept) readAgain(read.kept);
    },
  });
  const readAgain = (kept) => {
    play(false);
    save(model, { word: kept, step: Math.min(model.get("step"), kept.length - 1) });
  };
  const backwards = button({
    label: text.backwards,
    key: "backwards",
    onClick() {
      word.complain("");
      readAgain([...model.get("word")].reverse().join(""));
    },
  });
  const moves = { First: () => 0, Back: () => step() - 1, Next: () => step() + 1, Last: lastStep };
  const buttons = Object.entries(moves).map(([name, where]) => {
    const onClick = () => goTo(Math.min(lastStep(), Math.max(0, where())));
    return button({ label: text[`to${name}`], key: name, primary: name === "Next", onClick });
  });
  const player = button({ label: text.play, key: "play", onClick: () => play(timer === undefined && lastStep() > 0) });
  const unitSlider = slider({
    label: text.unit,
    min: 1,
    max: 1,
    value: 1,
    key: "unit",
    onInput: (value) => save(model, { unit: value - 1 }),
  });
  const written = make("div", { class: "step-word" }, word.element, backwards);
  controls.append(written, make("div", { class: "step-buttons" }, buttons, player));

  function goTo(t) {
    play(false);
    save(model, { step: t });
  }

  function play(on) {
    clearInterval(timer);
    timer = undefined;
    player.textContent = on ? text.pause : text.play;
    if (!on) return;
    if (step() === lastStep()) save(model, { step: 0 });
    timer = setInterval(() => {
      if (step() < lastStep()) save(model, { step: step() + 1 });
      if (step() === lastStep()) play(false);
    }, BEAT);
  }
  const rest = () => timer !== undefined && play(false);
  const restWhenHidden = () => document.hidden && rest();
  document.addEventListener("visibilitychange", restWhenHidden);
  const watcher = new IntersectionObserver(([entry]) => entry.isIntersecting || rest());
  watcher.observe(section);

  // View: the details are built for weights, the overview for a word; both follow step and unit.
  const overviewPlace = make("div");

  function build() {
    weights = readWeights(model.get("weights"));
    places.length = 0;
    refill(
      view,
      overviewPlace,
      make("p", { class: "step-says" }),
      make("div", { class: "step-details" }, unitTable(), arithmetic()),
      weights.classes > 0 && bars(),
      make("p", { class: "step-legend muted" }, text.legend),
      make("p", { class: "lab-detail step-detail" }),
    );
    for (const grid of view.querySelectorAll('[role="grid"]')) arrowKeys(grid, () => {});
    buildOverview();
  }

  function buildOverview() {
    numbers = readWord(text, weights, model.get("word"));
    word.set(numbers.word);
    refill(overviewPlace, overview());
    arrowKeys(overviewPlace.firstChild, (_, t) => goTo(t));
    update();
  }

  /** An element that shows a number of the current step; u is left out for the chosen unit. */
  function place(element, name, back, u, written = element) {
    places.push({ element, written, name, back, u });
    element.dataset.back = back;
    element.tabIndex = -1;
    return element;
  }

  function overview() {
    const { T, U, answers } = numbers;
    const rows = [text.input, text.cell, text.hidden, ...(answers.length ? [text.answer] : [])];
    const cells = rows.map((row) => make("span", { class: "step-label" }, row));
    for (let t = -1; t < T; t++) {
      cells.push(t < 0 ? make("span", { class: "step-zeros" }, text.zeros) : stepBox(t));
      cells.push(strip("c", t), strip("h", t));
      if (answers.length) cells.push(t < 0 ? make("span") : answer(t));
    }
    const small = T > 7 ? "0.68rem" : "0.75rem";
    const height = `${Math.max(6, Math.min(13, 128 / U))}px`; // of a unit
    const style = { "--rows": rows.length, "--small": small, "--cell": height };
    const group = { class: "step-overview", role: "group", "aria-label": text.buttons, style };
    const region = { class: "lab-scroll", role: "region", tabindex: "0", "aria-label": text.overview };
    return make("div", region, make("div", group, cells));
  }

  function stepBox(t) {
    const keys = { "data-row": 0, "data-column": t, "data-key": `step-${t}` };
    return make("button", { type: "button", class: "step-box", ...keys, on: { click: () => goTo(t) } },
      make("b", {}, numbers.word[t]),
      make("span", {}, fill(text.step, { step: t + 1 })),
      make("span", { class: "features", "data-number": keyOf("x", t, 0) }, short(numbers.value("x", t))));
  }

  function strip(name, t) {
    const cells = Array.from({ length: numbers.U }, (_, u) => {
      const cell = make("i", { "data-number": keyOf(name, t, u) });
      return paint(cell, numbers.value(name, t, u), numbers.reach(name));
    });
    const template = t < 0 ? text.stripZeros : text.strip;
    const label = fill(template, { name, step: fill(text.step, { step: t + 1 }), U: numbers.U });
    const picture = { class: "lab-heat step-strip", role: "img", "aria-label": label, "data-t": t };
    return make("div", picture, cells);
  }

  function answer(t) {
    const lines = numbers.best(t).slice(0, 3).map((k) => {
      const p = numbers.value("p", t, k);
      const style = { "--p": p.toFixed(3) };
      return make("span", { "data-number": keyOf("p", t, k), style }, `${ALPHABET[k]} ${percent(p)}`);
    });
    return make("div", { class: "step-answer" }, lines);
  }

  function unitTable() {
    const head = COLUMNS.map(([name]) => make("th", { scope: "col" }, name));
    const groups = [[2, text.before], [4, text.gates], [2, text.after]].map(([colspan, name]) =>
      make("th", { scope: "colgroup", colspan }, name));
    const rows = Array.from({ length: weights.units }, (_, u) => {
      const cells = COLUMNS.map(([name, back], column) => {
        const keys = { "data-row": u, "data-column": column, "data-key": `cell-${u}-${column}` };
        return place(make("td", keys, ""), name, back, u);
      });
      return make("tr", {}, make("th", { scope: "row" }, String(u + 1)), cells);
    });
    const corner = make("th", { scope: "col", rowspan: 2 }, text.unit);
    const title = make("p", { class: "step-title", "data-title": "units" });
    const table = make("table", { class: "lab-table", role: "grid" },
      make("thead", {}, make("tr", {}, corner, groups), make("tr", {}, head)),
      make("tbody", {}, rows));
    const region = { class: "lab-scroll", role: "region", tabindex: "0", "data-titled": "units" };
    return make("div", { class: "step-units" }, title, make("div", region, table), unitSlider.element);
  }

  /** The sums of one unit, number by number. */
  function arithmetic() {
    const rows = SUMS.map(({ name, cells, signs }, row) => {
      const tiles = cells.map(([part, back], column) => {
        const written = make("span", { class: "step-number" }, "");
        const keys = { "data-row": row, "data-column": column, "data-key": `tile-${row}-${column}` };
        const look = { class: "step-tile", role: "gridcell" };
        const sign = make("span", { class: "step-sign", "aria-hidden": "true" }, signs[column]);
        const symbols = make("span", { class: "step-name" }, symbol(part, back));
        const tile = make("div", { ...look, ...keys }, sign, symbols, written);
        return place(tile, part, back, undefined, written);
      });
      const title = make("div", { class: "step-row-title", role: "rowheader" }, text[`row${name}`]);
      return make("div", { class: "step-row", role: "row" }, title, tiles);
    });
    const title = make("p", { class: "step-title", "data-title": "arithmetic" });
    const grid = make("div", { role: "grid", "data-titled": "arithmetic" }, rows);
    return make("div", { class: "step-sums" }, title, grid);
  }

  function symbol(name, back) {
    if (back < 0) return text.wasc;
    if (name === "tanh") return text.tanhc;
    return name.length === 2 ? [SYMBOLS[name[0]], make("sub", {}, name[1])] : name;
  }

  function bars() {
    const cells = [...ALPHABET].map((letter, k) => {
      const keys = { "data-row": 0, "data-column": k, "data-key": `bar-${k}` };
      const bar = make("div", { class: "step-bar", role: "gridcell", ...keys }, make("span", {}, letter));
      return place(bar, "p", 0, k, null);
    });
    return make("div", { class: "step-answers" },
      make("p", { class: "step-title", "data-title": "bars" }),
      make("div", { role: "grid", "data-titled": "bars" },
        make("div", { class: "step-bars", role: "row" }, cells)));
  }

  function update() {
    const { T, U, value, reach } = numbers;
    const [t, u] = [step(), unit()];
    for (const { element, written, name, back, u: own } of places) {
      const number = value(name, t + back, own ?? u);
      element.dataset.number = keyOf(name, t + back, own ?? u);
      if (written) {
        written.firstChild.data = short(number); // quicker than a new text
        paint(element, number, reach(name));
      } else {
        element.style.setProperty("--p", number.toFixed(4));
        element.setAttribute("aria-label", `${ALPHABET[own]} ${percent(number)}`);
      }
    }
    const about = { step: t + 1, T, U, unit: u + 1, letter: numbers.word[t], count: 4 * (U + U * U + U) };
    for (const title of view.querySelectorAll("[data-title]")) {
      title.textContent = fill(text[title.dataset.title], about);
    }
    for (const titled of view.querySelectorAll("[data-titled]")) {
      titled.setAttribute("aria-label", fill(text[titled.dataset.titled], about));
    }
    const says = make("strong", {}, fill(text.says, about));
    view.querySelector(".step-says").replaceChildren(says, " ", fill(text.saysMore, about));
    view.querySelectorAll(".step-box").forEach((box, at) => {
      box.setAttribute("aria-current", at === t ? "step" : "false");
      box.tabIndex = at === t ? 0 : -1;
    });
    for (const strip of view.querySelectorAll(".step-strip")) {
      strip.classList.toggle("current", strip.dataset.t === String(t));
    }
    view.querySelectorAll("tbody tr").forEach((row, at) => row.classList.toggle("current", at === u));
    buttons.forEach((control, at) => {
      control.setAttribute("aria-disabled", String(at < 2 ? t === 0 : t === T - 1));
    });
    player.setAttribute("aria-disabled", String(T === 1));
    unitSlider.set(u + 1, { max: U });
    code.textContent = codeLines(about);
    announce(spoken(t, u, about));
    mark();
    scrollTo(t);
  }

  /** Scroll the row of steps, and nothing else, until step t is in sight. */
  function scrollTo(t) {
    const scroller = overviewPlace.firstChild;
    if (scroller.scrollWidth <= scroller.clientWidth) return;
    const outer = scroller.getBoundingClientRect();
    const box = scroller.querySelectorAll(".step-box")[t].getBoundingClientRect();
    if (box.left < outer.left) scroller.scrollLeft -= outer.left - box.left + box.width;
    if (box.right > outer.right) scroller.scrollLeft += box.right - outer.right + box.width;
  }

  function spoken(t, u, about) {
    const [before, c] = [t - 1, t].map((at) => short(numbers.value("c", at, u)));
    const k = numbers.answers.length ? numbers.best(t)[0] : -1;
    const best = k < 0 ? {} : { letter: ALPHABET[k], percent: percent(numbers.value("p", t, k)) };
    const answer = k < 0 ? "" : fill(text.saidAnswer, best);
    return fill(text.said, { ...about, before, c, answer }).trim();
  }

  function codeLines({ T, U, step: now }) {
    const dense = numbers.answers.length > 0;
    const same = fill(text.codeSame, { step: now });
    return [
      "model = keras.Sequential([",
      "    keras.Input((None, 1)),",
      `    keras.layers.LSTM(${U}),`,
      ...(dense ? ['    keras.layers.Dense(26, activation="softmax"),'] : []),
      "])",
      "model.set_weights(weights)",
      "",
      `x = encode("${numbers.word}").reshape(1, ${T}, 1) / 26  # (1, T, F)`,
      `h = c = np.zeros((1, ${U}))`,
      `for t in range(${now}):  # ${fill(text.codeSteps, { T, step: now })}`,
      `    _, (h, c) = model.layers[0].cell(x[:, t], [h, c])${dense ? "" : `  # h: ${same}`}`,
      ...(dense ? [`answer = model.layers[1](h)  # ${same}`] : []),
    ].join("\n");
  }

  // Pointing: by mouse for as long as it hovers, by focus or a click for good.
  const chosenKey = () => {
    const { name, back, letter } = chosen;
    return keyOf(name, step() + back, name === "p" ? letter : name === "x" ? 0 : unit());
  };

  function mark() {
    const key = hovered?.isConnected ? hovered.dataset.number : chosenKey();
    const [name, t, u] = key.split("/");
    for (const element of marked) element.classList.remove("selected", "ingredient");
    const found = [key, ...numbers.ingredients(name, Number(t), Number(u))];
    marked = [...view.querySelectorAll(found.map((number) => `[data-number="${number}"]`).join())];
    for (const element of marked) {
      element.classList.add(element.dataset.number === key ? "selected" : "ingredient");
    }
    // One cell of each grid takes the Tab key: the focused one, else the chosen one, else the first.
    for (const grid of view.querySelectorAll('[role="grid"]')) {
      const cell = (which) => grid.querySelector(`[data-row]${which}`);
      const taker = cell(":focus") ?? cell(`[data-number="${chosenKey()}"]`) ?? cell("");
      const taken = cell('[tabindex="0"]');
      if (taken && taken !== taker) taken.tabIndex = -1;
      if (taken !== taker) taker.tabIndex = 0;
    }
    const detail = numbers.explain(name, Number(t), Number(u));
    view.querySelector(".step-detail").textContent = detail;
    return detail;
  }

  function choose(element) {
    const [name, t, u] = element.dataset.number.split("/");
    const back = Number(element.dataset.back ?? (Number(t) < 0 ? -1 : 0));
    hovered = undefined;
    chosen = { name, back, letter: Number(u) };
    const next = { step: Number(t) - back };
    if (name !== "p" && name !== "x") next.unit = Number(u);
    if (next.step !== step()) play(false);
    const changed = Object.keys(next).some((trait) => model.get(trait) !== next[trait]);
    if (changed) save(model, next);
    else announce(mark());
  }
  const numberAt = (event) => event.target.closest?.("[data-number]");
  const point = (event) => {
    if (event.pointerType !== "mouse") return;
    const number = numberAt(event);
    if (!number || number === hovered) return;
    hovered = number;
    mark();
  };
  const leave = () => {
    hovered = undefined;
    mark();
  };
  const pick = (event) => {
    const number = numberAt(event);
    if (number && !number.matches("[data-row]")) choose(number); // cells are chosen as they get the focus
  };
  view.addEventListener("pointerover", point);
  view.addEventListener("pointerleave", leave);
  view.addEventListener("click", pick);
  view.addEventListener("focusin", (event) => event.target.matches("[data-number]") && choose(event.target));

  let work = update; // the largest of what was asked for until the next frame
  const ask = oncePerFrame(() => {
    const now = work;
    work = update;
    now();
  });
  const askFor = (more) => () => {
    if (work !== build && more !== update) work = more;
    ask();
  };
  const deaf = [
    listen(model, ["weights"], askFor(build)),
    listen(model, ["word"], askFor(buildOverview)),
    listen(model, ["step", "unit"], askFor(update)),
  ];
  build();
  return () => {
    play(false);
    deaf.forEach((stopListening) => stopListening());
    ask.stop();
    stop();
    watcher.disconnect();
    document.removeEventListener("visibilitychange", restWhenHidden);
  };
}

export default { render };
