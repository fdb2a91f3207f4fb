// The State lab: calls one after the other, and the state that goes from one to the next.

import {
  aboutLetters, ALPHABET, button, choice, fill, frame, freshId, letters, listen, make, oncePerFrame,
  readLetters, refill, save, short, toggle, translated,
} from "./page.js";
import { readWeights } from "./lstm.js";
import { changedCalls, readCalls, unitOrder } from "./state_calls.js";

const TEXT = {
  title: "State lab",
  first: "Press an arrow → between two calls. It becomes a reset. Which answers change, and which do not?",
  stateful: "stateful",
  shuffle: "shuffle",
  again: "Shuffle again",
  batch_size: "batch size B",
  more: "More: letters, passes",
  text: "letters to read",
  passes: "passes over the letters",
  strange: "Left out: {n} that are not letters A to Z.",
  surplus: "Only the first {n} letters are used.",
  empty: "Type letters A to Z.",
  // Questions: a name, what to do, what was found
  find: "Find out: seven questions",
  found: "Found:",
  stateless: "Stateless",
  doStateless: "What does a stateless layer keep between calls? Switch stateful off, and read the answers.",
  seeStateless: "every call starts from zeros; the answers are {answers}. A stateless layer forgets " +
    "between calls.",
  remember: "Stateful",
  doRemember: "Every call starts from zeros. What changes when you switch stateful on?",
  seeRemember: "each call goes on from the end of the call before; the answers are {answers}. A stateful " +
    "layer remembers.",
  reset: "A reset",
  doReset: "What does a reset forget? Press an arrow between two calls. Look before it and after it.",
  seeReset: "the calls before the reset keep their numbers. From there on the state begins anew: {answers}.",
  order: "Shuffle",
  doOrder: "Does the order matter to a stateful layer? Switch shuffle on, as fit does unless you write " +
    "shuffle=False.",
  seeOrder: "it reads {reads} and answers {answers}: {right} of {count} right. Each call goes on from the " +
    "state of some other letter.",
  rows: "Rows of a batch",
  doRows: "Does a row see the rows beside it? Below the calls, replace the letter of call 1, row 0. Then " +
    "look for the mark Δ.",
  seeRows: "the new letter changed {changed}. The rows of a batch never meet.",
  cold: "K from zeros",
  doCold: "K, in call 11, gets the answer {answer}. And cold, from zeros? Press the arrow before K.",
  lostCold: "Call 11 no longer reads K. Press “K from zeros” to set the lab up again.",
  seeCold: "now K gets the answer {answer}. This model has learned to count the calls since the reset.",
  twice: "Two passes",
  doTwice: "Does a second epoch start from zeros? Under “More”, choose 2 passes.",
  seeTwice: "pass 2 reads {reads} and answers {answers}. Nothing resets between epochs: you do, with the " +
    "arrow before pass 2.",
  // Above the timeline
  right: "{right} of {count} right.",
  changed: "Δ Changed by the last action: {changed}.",
  nothing: "nothing",
  rest: "Left out: {letters}, too few for a batch of {rows}.",
  restSeveral: "(A stateful layer of Keras stops there with an error.)",
  restOne: "(Keras 3.15 would read it in every row, in fit and predict, without an error.)",
  tooFew: "Too few letters for a batch of {rows}: {n}. Choose a smaller batch size, or type more letters.",
  legend: "A box is a call: the letter it reads, its answer, the probability. Between calls: → the state " +
    "goes on, 0 it starts from zeros.",
  // The timeline
  timeline: "Calls and the gaps between them. Arrow keys move; a letter key replaces the letter of a call",
  pass: "Pass {n}",
  call: "call {n}",
  calls: "calls {n}",
  row: "row {n}",
  manyRows: "rows {n}",
  gap: "Reset before call {n}",
  gapHead: "reset",
  cell: "call {call}, row {row}: reads {letter}, answers {answer}, probability {p}, {verdict}",
  marked: ", changed",
  yes: "right",
  no: "wrong",
  none: "no letter follows Z",
  // The detail line
  detail: "Call {call}, row {row} reads {letter} ({code}/26 = {x}) and answers {answer} with probability " +
    "{p}: {verdict}.",
  startsFirst: "It starts from zeros: the first call.",
  startsStateless: "It starts from zeros: stateless.",
  startsReset: "It starts from zeros: a reset.",
  startsOn: "It goes on from the end of call {before}, row {row}.",
  endsOn: "Call {next}, row {row} goes on from its end.",
  endsAnew: "Its end is dropped: call {next} starts from zeros.",
  endsKept: "Its end stays in the layer.",
  endsDropped: "Its end is dropped.",
  gapOn: "Before call {call}: each row goes on from its end in call {before}. Press to put a reset here.",
  gapReset: "Before call {call}: a reset. Every row starts from zeros. Press to remove it.",
  gapStateless: "Before call {call}: zeros, as before every stateless call. A reset here changes nothing.",
  single: "letter of call {call}, row {row}",
  // The heat map
  state: "State of row {row} after each call",
  h: "hidden state h",
  c: "cell state c",
  colors: "From top to bottom the units, in the order in which they peak as the model reads from A on. " +
    "Violet: below zero, to −{reach}. Olive: above zero, to {reach}. Bold line: the call starts from zeros.",
  heat: "{name} of row {row}: {units} units, {n} calls. From zeros: {fresh}. Arrow keys move among the " +
    "numbers.",
  number: "{name} = {value} in unit {unit} after call {call}, row {row} ({letter}). {start}",
  // Comments in the code
  codeShape: "batch size, time steps, features",
  codeKept: "fit keeps this order only with shuffle=False",
  codeShuffled: "fit shuffles like this unless you write shuffle=False",
  codeBatches: "calls, B, T, F",
};

const LONGEST = 26;
const TRAITS = ["text", "stateful", "batch_size", "shuffle", "shuffle_seed", "passes", "resets"];
const START = {
  text: ALPHABET.slice(0, 12), stateful: true, batch_size: 1, shuffle: false, passes: 1, resets: [],
  call: 1, row: 0,
};
// What each question starts from, and how we see that the reader has done what it says.
const QUESTIONS = {
  stateless: { done: (used) => !used.stateful },
  remember: { start: { stateful: false }, done: (used) => used.stateful },
  reset: { done: (used, { calls }) => calls.some((call) => call.start === "Reset") },
  order: { done: (used) => used.stateful && used.shuffle },
  rows: {
    start: { batch_size: 3 },
    done: (used, now, changed) =>
      used.text !== START.text && changed?.some((row) => row.length) && changed.some((row) => !row.length),
  },
  cold: {
    start: { text: ALPHABET.slice(0, 14), call: 11 },
    done: (used, { calls }) => calls[10]?.cells[0].letter === "K" && calls[10].start === "Reset",
  },
  twice: { done: (used) => used.stateful && used.passes === 2 },
};
const SIGNS = { yes: "✓", no: "✗", none: "–" };
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const withModifier = (event) => event.altKey || event.ctrlKey || event.metaKey;

/** "calls 1–3, 7" or "call 1". */
function several(text, one, many, numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts[parts.length - 1];
    if (last?.[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  const n = parts.map(([from, to]) => (from === to ? from : `${from}–${to}`)).join(", ");
  return fill(numbers.length > 1 ? text[many] : text[one], { n });
}

/** What changed, in words: "row 0: calls 3–5; rows 1–4: nothing". */
function changesInWords(text, changed) {
  const groups = new Map();
  changed.forEach((calls, row) => {
    const words = calls.length ? several(text, "call", "calls", calls) : text.nothing;
    groups.set(words, [...(groups.get(words) ?? []), row]);
  });
  if (changed.length === 1) return [...groups.keys()][0];
  const nothingLast = [...groups].sort(([a], [b]) => Number(a === text.nothing) - Number(b === text.nothing));
  return nothingLast.map(([words, rows]) => `${several(text, "row", "manyRows", rows)}: ${words}`).join("; ");
}

function score(calls) {
  const cells = calls.flatMap((call) => call.cells);
  const count = (verdict) => cells.filter((cell) => cell.verdict === verdict).length;
  return { right: count("yes"), count: count("yes") + count("no"), uncounted: count("none") };
}

/** What the lab says about a reading, the main sentence first. */
function sentencesOn(text, used, { calls, B, rest }, changed) {
  if (calls.length === 0) return [fill(text.tooFew, { n: used.text.length, rows: B })];
  const marks = score(calls);
  const sentences = [fill(text.right, marks)];
  if (marks.uncounted) sentences.push(`(Z: ${text.none}.)`);
  if (rest.length) {
    const left = rest.map((place) => used.text[place]).join(", ");
    sentences.push(fill(text.rest, { letters: left, rows: B }));
    if (used.stateful) sentences.push(rest.length === 1 ? text.restOne : text.restSeveral);
  }
  if (changed) sentences.push(fill(text.changed, { changed: changesInWords(text, changed) }));
  return sentences;
}

/** The places for one call, a button for each row, and before it the gap that can take a reset. */
function callAndGap(text, number, B) {
  const rows = [...Array(B).keys()];
  const name = fill(text.call, { n: number });
  const head = (words) => make("span", { class: "state-head", "aria-hidden": "true" }, words);
  const inGap = [head(""), rows.map(() => make("span", { class: "state-glyph", "aria-hidden": "true" }))];
  const press = (kind, key, more, ...inside) =>
    make("button",
      { type: "button", class: `state-${kind}`, "data-key": key, tabindex: "-1", ...more }, inside);
  const label = { "data-gap": number, "aria-label": fill(text.gap, { n: number }) };
  const boxes = rows.map((row) =>
    press("cell", `cell-${number}-${row}`, { "data-call": number, "data-row": row },
      make("span", { class: "state-small samples", hidden: B === 1 }, fill(text.row, { n: row })),
      make("b"), make("span"), make("span", { class: "state-small" })));
  return make("div", { class: "state-pair", role: "group", "aria-label": name },
    number === 1 ? make("span", { class: "state-gap" }, inGap) : press("gap", `gap-${number}`, label, inGap),
    make("div", { class: "state-call" }, head(name), boxes));
}

/** Write into these places what was read; only what is new, since the page pays for each change. */
function writeCall(text, pair, { number, start, reset, cells }, changed) {
  const write = (element, words) => element.textContent !== words && (element.textContent = words);
  const [[gapHead, ...glyphs], [, ...boxes]] = [...pair.children].map((half) => [...half.children]);
  write(gapHead, reset ? text.gapHead : "");
  if (number > 1) pair.firstChild.setAttribute("aria-pressed", reset);
  cells.forEach((cell, row) => {
    const mark = Boolean(changed?.[row].includes(number));
    const p = short(cell.share);
    const said = fill(text.cell, { ...cell, call: number, row, p, verdict: text[cell.verdict] });
    const [, letter, answer, share] = boxes[row].children;
    write(glyphs[row], start === "On" ? "→" : "0");
    write(letter, cell.letter);
    write(answer, `${cell.answer} ${SIGNS[cell.verdict]}`);
    write(share, mark ? `${p} Δ` : p);
    answer.className = `state-answer ${cell.verdict}`;
    boxes[row].classList.toggle("changed", mark);
    boxes[row].setAttribute("aria-description", said + (mark ? text.marked : ""));
  });
}

/**
 * The heat map of one row, with letters above and answers below it: one pixel a number, enlarged.
 * (Thousands of elements would be too slow.) `show` says what a number means.
 */
function stateHeat(text, show, leave) {
  let drawn; // {calls, row, name, units, values, reach}
  let spot = { unit: 0, column: 0 };
  const canvas = make("canvas", { role: "img" });
  const borders = make("div");
  const mark = make("i", { class: "state-spot", hidden: true });
  const above = make("div", { class: "state-labels", "aria-hidden": "true" });
  const below = above.cloneNode();
  const map = make("div", { class: "state-map" }, above,
    make("div", { class: "state-pixels" }, canvas, borders, mark), below);
  const element = make("div", { class: "lab-scroll", role: "group", tabindex: "0" }, map);

  function draw(calls, row, name, units, chosen) {
    const values = calls.map((call) => call.cells[row].end[name]);
    const largest = (column) => Math.max(...column.map(Math.abs));
    const reach = name === "h" ? 1 : Math.max(1, ...values.map(largest));
    const numbers = calls.filter((call) => call.start !== "On").map((call) => call.number);
    const fresh = several(text, "call", "calls", numbers);
    element.setAttribute("aria-label", fill(text.state, { row }));
    canvas.setAttribute("aria-label",
      fill(text.heat, { name: text[name], row, units: units.length, n: calls.length, fresh }));
    drawn = { calls, row, name, units, values, reach };
    paintPixels();
    map.style.setProperty("--columns", calls.length);
    map.style.setProperty("--rows", units.length);
    borders.replaceChildren(...numbers.map((number) => make("i", { style: { "--column": number - 1 } })));
    const line = (part) => calls.map((call) =>
      make("span", { class: call.number === chosen ? "selected" : null }, call.cells[row][part]));
    above.replaceChildren(...line("letter"));
    below.replaceChildren(...line("answer"));
    return reach;
  }

  function paintPixels() {
    if (!drawn) return;
    const { values, units, reach } = drawn;
    const style = getComputedStyle(element); // light or dark
    const [minus, zero, plus] = ["--minus", "--zero", "--plus"].map((name) => {
      const hex = parseInt(style.getPropertyValue(name).trim().slice(1), 16);
      return [hex >> 16, (hex >> 8) & 255, hex & 255];
    });
    const picture = new ImageData((canvas.width = values.length), (canvas.height = units.length));
    units.forEach((unit, row) => values.forEach((column, at) => {
      const part = Math.min(1, Math.abs(column[unit]) / reach);
      const end = column[unit] < 0 ? minus : plus;
      const color = zero.map((channel, n) => channel + part * (end[n] - channel));
      picture.data.set([...color, 255], 4 * (row * values.length + at));
    }));
    canvas.getContext("2d").putImageData(picture, 0, 0);
  }

  function point(unit, column) {
    const within = (value, count) => Math.max(0, Math.min(count - 1, value));
    const { calls, row, name, units, values } = drawn;
    spot = { unit: within(unit, units.length), column: within(column, calls.length) };
    mark.hidden = false;
    mark.style.setProperty("--column", spot.column);
    mark.style.setProperty("--row", spot.unit);
    const number = values[spot.column][units[spot.unit]];
    show({ name, unit: units[spot.unit], value: short(number, 6), call: calls[spot.column], row });
  }

  function pointByHand({ clientX, clientY }) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const part = (clientY - top) / height;
    if (part < 0 || part >= 1) return;
    point(Math.floor(part * drawn.units.length), Math.floor(((clientX - left) / width) * drawn.calls.length));
  }
  function end() {
    mark.hidden = true;
    leave();
  }
  element.addEventListener("pointermove", pointByHand);
  element.addEventListener("pointerdown", pointByHand);
  element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && end());
  element.addEventListener("focus", () => point(spot.unit, spot.column));
  element.addEventListener("blur", end);
  element.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES) || withModifier(event)) return;
    event.preventDefault();
    const [down, right] = MOVES[event.key];
    point(spot.unit + down, spot.column + right);
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  const themes = new MutationObserver(paintPixels);
  for (const root of [document.documentElement, document.body]) themes.observe(root, { attributes: true });
  return { element, draw, stop: () => themes.disconnect() };
}

function render({ model, el }) {
  const text = translated(TEXT, model);
  const { controls, view, code, announce, stop } = frame(el, text);
  let weightsRead; // decoding them for every draw would be a waste
  let weights;
  let now; // what was read
  let changed = null; // for each row the calls that the last action changed
  let units; // in the order of the heat map
  let pointed = null; // what the mouse or the keyboard points at in the timeline: {call, row} or {gap}
  let tabStop = ""; // the part of the timeline that takes the Tab key
  let question = null;
  let settingUp = true; // setting up is no action of the reader: nothing counts as changed

  // Controls
  const control = (kind, name, options) => kind({
    label: text[name], value: model.get(name), key: name, onInput: (value) => save(model, { [name]: value }),
    options: options?.map((value) => ({ value, label: text[value] ?? String(value) })),
  });
  const fields = {
    stateful: control(toggle, "stateful"),
    shuffle: control(toggle, "shuffle"),
    batch_size: control(choice, "batch_size", [1, 2, 3, 4, 5]),
    passes: control(choice, "passes", [1, 2]),
    state: control(choice, "state", ["h", "c"]),
    text: letters({ label: text.text, value: model.get("text"), key: "text", onInput: typeText }),
  };
  const shown = {}; // what the fields were last set to: setting them again would cost time
  const again = button({
    label: text.again, key: "again",
    onClick: () => save(model, { shuffle_seed: (model.get("shuffle_seed") + 1) % 2 ** 31 }),
  });
  const more = make("details", { class: "state-fold" }, make("summary", {}, text.more),
    make("div", { class: "lab-controls" }, fields.text.element, fields.passes.element));
  controls.append(fields.stateful.element, fields.shuffle.element, again, fields.batch_size.element, more);

  // Questions
  const card = make("div", { class: "state-card", hidden: true });
  const questions = Object.fromEntries(Object.keys(QUESTIONS).map((name) =>
    [name, button({ label: text[name], key: `find-${name}`, onClick: () => ask(name) })]));
  const find = make("details", { class: "state-fold" }, make("summary", {}, text.find),
    make("div", { class: "state-questions" }, Object.values(questions)), card);
  find.open = el.clientWidth > 600; // on a phone the calls come first
  controls.before(find);

  // View
  const summary = make("p", { class: "state-score" });
  const notes = make("p", { class: "state-notes" }); // below the calls, so that they stay where they are
  const timeline = make("div", { class: "state-timeline", role: "toolbar", "aria-label": text.timeline });
  const detail = make("p", { class: "lab-detail", id: freshId() });
  const single = letters({ label: "", value: "", key: "single", onInput: typeSingle });
  const heatTitle = make("p");
  const heat = stateHeat(text, showNumber, leave);
  const colors = make("p", { class: "state-note" });
  const whole = make("div", {},
    make("p", { class: "state-note" }, text.legend), timeline, notes, detail, single.element,
    make("div", { class: "state-heads" }, heatTitle, fields.state.element), heat.element, colors);
  heat.element.setAttribute("aria-describedby", detail.id);
  fields.state.element.querySelector("legend").remove(); // the title beside it says what it is for
  fields.state.element.setAttribute("aria-label", `${text.h} / ${text.c}`);
  view.append(summary, whole);

  function ask(name) {
    question = name;
    settingUp = true;
    if (name === "twice") more.open = true;
    fields.text.complain("");
    save(model, { ...START, ...QUESTIONS[name].start });
    redraw(); // also where nothing had to be set
  }

  function draw() {
    const used = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const before = settingUp ? null : now;
    settingUp = false;
    const fresh = weightsRead !== model.get("weights");
    if (fresh) weights = readWeights((weightsRead = model.get("weights")));
    now = readCalls(used, weights);
    if (fresh || before?.places.length !== used.text.length) units = unitOrder(weights, used.text.length);
    changed = before?.B === now.B ? changedCalls(before, now) : null;
    again.hidden = !used.shuffle;
    whole.hidden = now.calls.length === 0;
    const sentences = sentencesOn(text, used, now, changed);
    summary.textContent = sentences[0];
    notes.textContent = sentences.slice(1).join(" ");
    drawTimeline(used.passes);
    code.textContent = codeLines(text, used, now, weights.units);
    sentences.push(drawQuestion(used));
    point();
    announce(sentences.join(" "));
  }

  /** The chosen question: what to do, and once that is done, what the reader has found. */
  function drawQuestion(used) {
    for (const name in questions) questions[name].setAttribute("aria-pressed", name === question);
    card.hidden = !question;
    if (!question) return "";
    const capital = question[0].toUpperCase() + question.slice(1);
    const calls = question === "twice" ? now.calls.slice(now.perPass) : now.calls;
    const inOrder = (part) => calls.flatMap(({ cells }) => cells.map((cell) => cell[part])).join(" ");
    const values = {
      ...score(now.calls), reads: inOrder("letter"), answers: inOrder("answer"),
      answer: calls[10]?.cells[0].answer, changed: changed && changesInWords(text, changed),
    };
    if (question === "cold" && calls[10]?.cells[0].letter !== "K") {
      card.textContent = text.lostCold;
      return card.textContent;
    }
    if (now.calls.length === 0 || !QUESTIONS[question].done(used, now, changed)) {
      card.textContent = fill(text[`do${capital}`], values);
      return card.textContent;
    }
    card.replaceChildren(make("strong", {}, `✓ ${text.found}`), ` ${fill(text[`see${capital}`], values)}`);
    questions[question].textContent = `✓ ${text[question]}`;
    return card.textContent;
  }

  function drawTimeline(passes) {
    const { calls, B, perPass } = now;
    const shape = `${calls.length} ${B} ${passes}`;
    if (shape !== timeline.dataset.shape) {
      timeline.dataset.shape = shape;
      refill(timeline, calls.map(({ number }) => [
        passes > 1 && (number - 1) % perPass === 0 &&
          make("p", { class: "state-pass" }, fill(text.pass, { n: number > 1 ? 2 : 1 })),
        callAndGap(text, number, B),
      ]));
    }
    timeline.querySelectorAll(".state-pair").forEach((pair, n) => writeCall(text, pair, calls[n], changed));
    if (pointed && !part(pointed)) pointed = null;
    takeTab(timeline.querySelector(`[data-key="${tabStop}"]`) ?? part(selected()));
  }

  /** @param {{gap?: number, call?: number, row?: number}} place a gap, or a call and a row */
  const part = ({ gap, call, row }) =>
    timeline.querySelector(`[data-key="${gap ? `gap-${gap}` : `cell-${call}-${row}`}"]`);

  function takeTab(element) {
    timeline.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    element?.setAttribute("tabindex", "0");
    tabStop = element?.dataset.key;
  }

  /** The selected call and row, as far as they exist. */
  const selected = () => ({
    call: Math.min(model.get("call"), now.calls.length),
    row: Math.min(model.get("row"), now.B - 1),
  });

  // Pointing: the detail line, the traced row, the field for one letter, the heat map.
  function point() {
    for (const name in fields) {
      // What was typed may differ from the text that is read.
      const same = shown[name] === model.get(name) && name !== "text";
      if (!same) fields[name].set((shown[name] = model.get(name)));
    }
    if (now.calls.length === 0) return;
    const chosen = selected();
    const old = timeline.querySelector(".selected");
    old?.classList.remove("selected");
    old?.removeAttribute("aria-current");
    part(chosen).classList.add("selected");
    part(chosen).setAttribute("aria-current", "true");
    single.element.querySelector("label span").textContent = fill(text.single, chosen);
    single.set(now.calls[chosen.call - 1].cells[chosen.row].letter);
    if (document.activeElement !== single.input) single.complain("");
    heatTitle.textContent = fill(text.state, chosen);
    const kind = model.get("state");
    const reach = heat.draw(now.calls, chosen.row, kind, units, chosen.call);
    colors.textContent = fill(text.colors, { reach: short(reach, kind === "h" ? 0 : 2) });
    explain();
  }

  function explain() {
    if (now.calls.length === 0) return "";
    const place = pointed?.call ? pointed : selected();
    timeline.dataset.traced = now.B > 1 ? place.row : "";
    return (detail.textContent = pointed?.gap ? gapInWords(pointed.gap) : cellInWords(place));
  }

  const startInWords = (call, row) => fill(text[`starts${call.start}`], { before: call.number - 1, row });

  function cellInWords({ call, row }) {
    const here = now.calls[call - 1];
    const next = now.calls[call];
    const cell = here.cells[row];
    const p = short(cell.share, 6);
    const end = next ? (next.start === "On" ? "On" : "Anew") : model.get("stateful") ? "Kept" : "Dropped";
    return [
      fill(text.detail, { ...cell, call, row, x: short(cell.x, 6), p, verdict: text[cell.verdict] }),
      startInWords(here, row),
      fill(text[`ends${end}`], { next: call + 1, row }),
    ].join(" ");
  }

  const gapInWords = (call) => fill(text[`gap${now.calls[call - 1].start}`], { call, before: call - 1 });

  function showNumber({ call, row, ...number }) {
    const place = { call: call.number, row, letter: call.cells[row].letter, start: startInWords(call, row) };
    detail.textContent = fill(text.number, { ...number, ...place });
    announce(detail.textContent);
  }

  function leave() {
    pointed = null;
    explain();
  }

  // Actions
  function typeText(typed) {
    const read = readLetters(typed, LONGEST);
    fields.text.complain(aboutLetters(text, read));
    if (read.kept) save(model, { text: read.kept });
  }

  function typeSingle(typed) {
    const { kept } = readLetters(typed, typed.length);
    single.complain(kept ? "" : text.empty);
    if (!kept) return;
    const { call, row } = selected();
    const old = now.calls[call - 1].cells[row].letter;
    single.input.value = kept.replace(old, "").at(-1) ?? old; // what is new
    single.input.select();
    replaceLetter(selected(), single.input.value);
  }
  single.input.addEventListener("focus", () => single.input.select());
  single.input.addEventListener("blur", point); // back to the letter that is read

  /** @param {{call?: number, row?: number}} cell */
  function replaceLetter({ call, row }, letter) {
    const { place } = now.calls[call - 1].cells[row];
    const read = model.get("text");
    save(model, { text: read.slice(0, place) + letter + read.slice(place + 1) });
  }

  function toggleReset(call) {
    const resets = model.get("resets");
    const others = resets.filter((one) => one !== call);
    save(model, { resets: others.length < resets.length ? others : [...resets, call].sort((a, b) => a - b) });
  }

  const whereIs = (target) => {
    const { gap, call, row } = target.closest("button")?.dataset ?? {};
    return gap ? { gap: Number(gap) } : call ? { call: Number(call), row: Number(row) } : null;
  };
  timeline.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    pointed = whereIs(event.target);
    explain();
  });
  timeline.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave());
  timeline.addEventListener("focusout", leave);
  timeline.addEventListener("focusin", (event) => {
    pointed = whereIs(event.target);
    takeTab(event.target);
    if (pointed.call) save(model, pointed);
    announce(explain());
  });
  timeline.addEventListener("click", (event) => {
    const place = whereIs(event.target);
    if (place?.gap) toggleReset(place.gap);
    else if (place) save(model, place); // Safari does not focus a button that is clicked
  });
  timeline.addEventListener("keydown", (event) => {
    const place = whereIs(event.target);
    if (!place || withModifier(event)) return;
    const { gap, call } = place;
    const row = place.row ?? selected().row;
    const goals = {
      ArrowRight: gap ? { call: gap, row } : { gap: call + 1 },
      ArrowLeft: gap ? { call: gap - 1, row } : { gap: call },
      ArrowUp: { call, row: row - 1 },
      ArrowDown: { call, row: row + 1 },
      Home: { call: 1, row },
      End: { call: now.calls.length, row },
    };
    const letter = event.key.length === 1 ? readLetters(event.key, 1).kept : "";
    if (letter && call) replaceLetter(place, letter);
    else if (event.key in goals) part(goals[event.key])?.focus();
    else return;
    event.preventDefault();
  });

  const redraw = oncePerFrame(draw);
  const deaf = listen(model, [...TRAITS, "weights"], redraw);
  const deafToo = listen(model, ["call", "row", "state"], point);
  draw();
  return () => {
    deaf();
    deafToo();
    heat.stop();
    redraw.stop();
    stop();
  };
}

/** The same in Keras. */
function codeLines(text, used, { calls, places, perPass, B, rest }, units) {
  const resets = calls.filter((call) => call.reset).map((call) => call.number);
  const lines = [
    "model = keras.Sequential([",
    `    keras.Input(batch_shape=(${B}, 1, 1)),  # ${text.codeShape}`,
    `    keras.layers.LSTM(${units}, stateful=${used.stateful ? "True" : "False"}),`,
    '    keras.layers.Dense(26, activation="softmax"),',
    "])",
    "model.set_weights(weights)",
    "",
    `# ${used.shuffle ? text.codeShuffled : text.codeKept}`,
    `X = encode("${used.text}").reshape(-1, 1, 1) / 26`,
  ];
  if (used.shuffle) lines.push(`X = X[[${places.join(", ")}]]`);
  if (calls.length === 0) return lines.join("\n");
  const cut = rest.length ? `X[:${perPass * B}]` : "X";
  lines.push(
    `batches = ${cut}.reshape(-1, ${B}, 1, 1)  # ${text.codeBatches}`,
    `for call, x in enumerate(${used.passes > 1 ? "[*batches] * 2" : "batches"}, start=1):`,
  );
  if (resets.length) {
    lines.push(`    if call in {${resets.join(", ")}}:`, "        model.layers[0].reset_states()");
  }
  lines.push("    print(call, decode(model.predict_on_batch(x).argmax(axis=1)))");
  return lines.join("\n");
}

export default { render };
