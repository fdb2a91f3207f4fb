// The State lab: calls one after the other, and the belt that carries the state from one to the next.

import { defineLab } from "../lab.js";
import { readWeights } from "../lstm.js";
import { button, cell, choice, letters, paint, placeIn, table, toggle } from "../parts.js";
import { fill, ranges, readLetters, short } from "../text.js";
import { html, nothing } from "../vendor/lit-html.js";
import { bands, changedCalls, clean, firstOther, LONGEST, program, read, score, START } from "./model.js";
import WORDS from "./words.json";

const SIGNS = { yes: "✓", no: "✗", none: "–" };

/** The selected call and row, as far as they exist. */
const selected = ({ now, numbers: { calls, B } }) => ({ call: Math.min(now.call, calls.length), row: Math.min(now.row, B - 1) });

/** "calls 1–3, 7" or "call 1". */
const several = (text, one, many, numbers) => fill(numbers.length > 1 ? text[many] : text[one], { n: ranges(numbers) });

/** What changed, in words: "row 0: calls 3–5; rows 1–4: nothing". */
function changesInWords(text, changed) {
  const groups = new Map();
  changed.forEach((calls, row) => {
    const words = calls.length ? several(text, "call", "calls", calls) : text.nothing;
    groups.set(words, [...(groups.get(words) ?? []), row]);
  });
  if (changed.length === 1) return [...groups.keys()][0];
  const nothingLast = [...groups].sort(([a], [b]) => Number(a === text.nothing) - Number(b === text.nothing));
  return nothingLast.map(([words, rows]) => `${several(text, "row", "rows", rows)}: ${words}`).join("; ");
}

// The picture

function picture(lab) {
  const { text, now, numbers: { calls, B, perPass }, before } = lab;
  if (calls.length === 0) return nothing;
  const changed = before && changedCalls(before, lab.numbers);
  const rows = [...Array(B).keys()];
  const side = (word) => html`<span class="state-side">${word}</span>`;
  return html`<div class="lab-scroll" role="group" tabindex="0" aria-label=${text.timeline}>
    <div class="state-line" data-grid style="--columns: ${calls.length}" @keydown=${(event) => typeLetter(lab, event)}>
      ${side("")}${calls.map(({ number }) => html`<span class="state-head">${now.passes > 1 && (number - 1) % perPass === 0
        ? fill(text.pass, { n: number > 1 ? 2 : 1 }) : fill(text.call, { n: number })}</span>`)}
      ${rows.map((row) => html`${side(B > 1 ? fill(text.row, { n: row }) : text.calls_side)}${calls.map((call) =>
        box(lab, call, row, changed?.[row].includes(call.number)))}`)}
      ${side(text.belt)}${calls.map((call) => gap(lab, call))}
      ${side(now.state)}<div class="state-heat" data-link="heat" style="--rows: ${lab.numbers.units.length}">${heat(lab)}</div>
      <span class="state-side" ?data-off=${!ghost(lab)}>${text.before}</span>
      <canvas class="state-ghost" role="img" aria-label=${text.ghost} ?data-off=${!ghost(lab)}></canvas>
    </div></div>`;
}

/** One row of one call: a button with the letter that is read, the answer, and the answer before. */
function box(lab, { number, cells }, row, changed) {
  const { text } = lab, { letter, answer, verdict, share } = cells[row];
  const old = lab.before?.calls[number - 1]?.cells[row]?.answer;
  const chosen = selected(lab);
  const here = chosen.call === number && chosen.row === row;
  const said = fill(text.cell, { call: number, row, letter, answer, p: short(share), verdict: text[verdict] });
  const select = () => lab.set({ call: number, row });
  return html`<button type="button" class="state-cell ${changed ? "changed" : ""} ${chosen.row === row ? "traced" : ""}"
    data-key="cell-${number}-${row}" data-row=${row} data-column=${number} data-link="call-${number}" tabindex="-1"
    data-answer=${lab.place({ call: number, row })} aria-current=${here ? "true" : nothing}
    aria-description=${said + (changed ? text.marked : "")} @click=${select} @focus=${select}>
    <b>${letter}</b><span class="state-answer ${verdict}">${answer} ${SIGNS[verdict]}</span>
    <small>${old && old !== answer ? fill(text.was, { answer: old }) : changed ? "Δ" : "\u00a0"}</small></button>`;
}

/** The belt before a call: a token of state, scissors, or the zeros of a stateless call. */
function gap(lab, { number, start, reset }) {
  if (number === 1) return html`<span class="state-belt" data-link="belt"><span class="state-zero">0</span></span>`;
  const { calls, units } = lab.numbers, { row } = selected(lab);
  const press = () => {
    const others = lab.now.resets.filter((call) => call !== number);
    lab.set({ resets: others.length < lab.now.resets.length ? others : [...others, number] });
  };
  const colors = () => bands(calls[number - 2].cells[row].end, units).map((value) =>
    `color-mix(in srgb, var(--${value < 0 ? "minus" : "plus"}) ${Math.min(100, Math.round(Math.abs(200 * value)))}%, var(--zero))`);
  const wanted = lab.todo?.control === "resets" && number === lab.todo.show.resets[0];
  return html`<span class="state-belt" data-link="belt"><button type="button" class="state-gap ${wanted ? "wanted" : ""}"
    data-key="gap-${number}" data-row=${lab.numbers.B} data-column=${number} data-link="${reset ? "reset " : ""}gap-${number}"
    tabindex="-1" aria-pressed=${reset} @click=${press}>
    <span class="lab-spoken">${fill(lab.text.gap, { n: number })}</span>${
      start === "On" ? html`<i class="state-token" style="background: linear-gradient(${colors().join()})"></i>`
      : start === "Reset" ? html`<i class="state-cut" aria-hidden="true">✂</i>`
      : html`<i class="state-zero" aria-hidden="true">${reset ? "✂" : "0"}</i>`}</button></span>`;
}

/** The map under the calls: bold lines where a call starts from zeros, a frame around the chosen one. */
function heat(lab) {
  const { text, now, numbers: { calls, units } } = lab, { call, row } = selected(lab);
  const fresh = calls.filter(({ start }) => start !== "On").map(({ number }) => number);
  const label = fill(text.heat, { name: text[now.state], row, units: units.length, n: calls.length,
    fresh: several(text, "call", "calls", fresh) });
  const spot = spotOf(lab);
  // The place under the mouse is the link that the lab then lights up.
  const point = (event) => {
    const place = placeIn(event.target, event);
    event.target.dataset.link = `n-${place.column + 1}-${units[place.row]}`;
  };
  const choose = (event) => lab.set({ call: placeIn(event.target, event).column + 1 });
  return html`<canvas role="img" aria-label=${label} @pointermove=${point} @pointerdown=${point} @click=${choose}></canvas>
    ${fresh.map((number) => html`<i class="state-border" style="--column: ${number - 1}"></i>`)}
    <i class="state-column" style="--column: ${call - 1}"></i>
    ${spot ? html`<i class="state-spot" style="--column: ${spot.call - 1}; --row: ${units.indexOf(spot.unit)}"></i>` : nothing}`;
}

/** The number that is pointed at, by the mouse or from the table. */
function spotOf({ pointed, numbers: { calls, units } }) {
  const found = /^n-(\d+)-(\d+)$/.exec(pointed ?? "")?.slice(1).map(Number);
  return found && found[0] <= calls.length && found[1] < units.length ? { call: found[0], unit: found[1] } : null;
}

const ghost = ({ before, numbers }) => before?.B === numbers.B && before.calls.length === numbers.calls.length && before;

function drawn(lab, section) {
  if (lab.numbers.calls.length === 0) return;
  const { row } = selected(lab), { state } = lab.now;
  const values = ({ calls, units }) => units.map((unit) => calls.map((call) => call.cells[row].end[state][unit]));
  const reach = reachOf(lab);
  paint(section.querySelector(".state-heat canvas"), values(lab.numbers), reach);
  if (ghost(lab)) paint(section.querySelector(".state-ghost"), values(lab.before), reach);
}

/** The number of the strongest colour: h lies within 1, c does not. */
const reachOf = ({ now, numbers }) => now.state === "h" ? 1
  : Math.max(1, ...numbers.calls.flatMap(({ cells }) => cells.flatMap(({ end }) => [...end.c].map(Math.abs))));

/** Typing a letter replaces that of the call which has the focus. */
function typeLetter(lab, event) {
  const { column, row } = event.target.dataset;
  const letter = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && readLetters(event.key).kept;
  if (letter && Number(row) < lab.numbers.B) replaceLetter(lab, Number(column), Number(row), letter);
}

function replaceLetter(lab, call, row, letter) {
  const { place } = lab.numbers.calls[call - 1].cells[row], { text } = lab.now;
  lab.set({ text: text.slice(0, place) + letter + text.slice(place + 1) });
}

// The sentences

function message(lab) {
  const { text, now, numbers, before } = lab, { calls, B, rest } = numbers;
  if (calls.length === 0) return fill(text.tooFew, { n: now.text.length, rows: B });
  const spot = spotOf(lab);
  if (spot) return numberInWords(lab, spot);
  const [, kind, place] = /^(call|gap)-(\d+)$/.exec(lab.pointed ?? "") ?? [];
  if (place && Number(place) <= calls.length) {
    const call = calls[Number(place) - 1];
    return kind === "call" ? cellInWords(lab, call) : fill(text[`gap${call.start}`], { call: call.number, before: call.number - 1 });
  }
  const marks = score(numbers);
  const sentences = [fill(text.right_of, marks)];
  if (marks.uncounted) sentences.push(`(Z: ${text.none}.)`);
  if (rest.length) {
    sentences.push(fill(text.rest, { letters: rest.map((at) => now.text[at]).join(", "), rows: B }));
    if (now.stateful) sentences.push(rest.length === 1 ? text.restOne : text.restSeveral);
  }
  const changed = before && changedCalls(before, numbers);
  if (changed) sentences.push(fill(text.changed, { changed: changesInWords(text, changed) }));
  return sentences.join(" ");
}

const startInWords = ({ text }, call, row) => fill(text[`starts${call.start}`], { before: call.number - 1, row });

function cellInWords(lab, call) {
  const { row } = selected(lab), one = call.cells[row];
  const values = { ...one, call: call.number, row, x: lab.number(one.x), p: lab.number(one.share), verdict: lab.text[one.verdict] };
  return `${fill(lab.text.detail, values)} ${startInWords(lab, call, row)}`;
}

function numberInWords(lab, { call, unit }) {
  const { row } = selected(lab), { state } = lab.now, one = lab.numbers.calls[call - 1];
  const value = lab.number(one.cells[row].end[state][unit]);
  return fill(lab.text.number, { name: state, value, unit, call, row, letter: one.cells[row].letter, start: startInWords(lab, one, row) });
}

// The controls and the table

function settings(lab) {
  const { text, now, numbers } = lab, { call, row } = selected(lab);
  const there = numbers.calls[call - 1]?.cells[row];
  const single = there && letters(lab, "single", 2, {
    value: there.letter,
    label: fill(text.single, { call, row }),
    take(kept, field) {
      const letter = kept.replace(there.letter, "").at(-1) ?? there.letter; // what is new
      delete lab.typed.single;
      field.value = letter;
      field.select();
      replaceLetter(lab, call, row, letter);
    },
  });
  return html`<div class="lab-controls">
    ${toggle(lab, "shuffle")}${button(lab, "again", () => lab.set({ shuffle_seed: (now.shuffle_seed + 1) % 2 ** 31 }), { off: !now.shuffle })}
    ${choice(lab, "batch_size", [1, 2, 3, 4, 5])}${choice(lab, "passes", [1, 2])}
    ${choice(lab, "state", ["h", "c"], (value) => text[value])}${letters(lab, "text", LONGEST)}${single}</div>
    <p class="lab-small">${fill(text.colors, { reach: short(reachOf(lab), now.state === "h" ? 0 : 2) })}</p>`;
}

function table_(lab) {
  const { text, numbers: { calls, units } } = lab, { call, row } = selected(lab);
  if (calls.length === 0) return nothing;
  const { end } = calls[call - 1].cells[row];
  const title = fill(text.numbersOf, { call, row });
  return html`<p>${cellInWords(lab, calls[call - 1])}</p>${table(title, [text.unit, "h", "c"], units.map((unit, at) => [
    unit, ...["h", "c"].map((name, column) => cell(lab, end[name][unit], { link: `n-${call}-${unit}`, row: at, column }))]))}`;
}

// The questions

const inOrder = (calls, part) => calls.flatMap(({ cells }) => cells.map((one) => one[part])).join(" ");
const found = (calls) => ({ reads: inOrder(calls, "letter"), answers: inOrder(calls, "answer") });
const other = (start, show) => (lab) => firstOther(lab.run(start), lab.run({ ...start, ...show }));
const answerOf = (number, show) => (lab) => lab.run(show).calls[number - 1].cells[0].answer;
const values = (lab) => found(lab.numbers.calls);

const QUESTIONS = {
  forget: {
    place: "call", right: other({}, { stateful: false }), values,
    control: "stateful", show: { stateful: false }, done: ({ now }) => !now.stateful,
  },
  remember: {
    start: { stateful: false }, right: answerOf(7, {}), values,
    control: "stateful", show: { stateful: true }, done: ({ now }) => now.stateful,
  },
  reset: {
    place: "call", right: other({}, { resets: [7] }), why: (said) => (Number(said) < 7 ? "early" : "late"), values,
    control: "resets", show: { resets: [7] }, done: ({ now }) => now.resets.includes(7),
  },
  order: {
    right(lab) {
      const { right, count } = score(lab.run({ shuffle: true }));
      return right === count ? "all" : right > count / 3 ? "half" : "few";
    },
    values: (lab) => ({ ...found(lab.numbers.calls), count: score(lab.numbers).right }),
    control: "shuffle", tab: "settings", show: { shuffle: true }, done: ({ now }) => now.shuffle,
  },
  rows: {
    start: { batch_size: 3 }, place: "row", right: () => 0,
    values: (lab) => ({ changed: changesInWords(lab.text, changedCalls(lab.before, lab.numbers) ?? [[]]) }),
    control: "single", tab: "settings", show: { text: `Z${START.text.slice(1)}` }, done: ({ now }) => now.text !== START.text,
  },
  cold: {
    start: { text: "ABCDEFGHIJKLMN", call: 11 }, right: answerOf(11, { text: "ABCDEFGHIJKLMN", resets: [11] }),
    values: (lab) => ({ warm: answerOf(11, { text: "ABCDEFGHIJKLMN" })(lab) }),
    control: "resets", show: { resets: [11] }, done: ({ now }) => now.resets.includes(11),
  },
  twice: {
    right: answerOf(13, { passes: 2 }), values: ({ numbers: { calls, perPass } }) => found(calls.slice(perPass)),
    control: "passes", tab: "settings", show: { passes: 2 }, done: ({ now }) => now.passes === 2,
  },
};

export default defineLab({
  name: "state",
  words: WORDS,
  start: START,
  address: {
    letters: "text", stateful: "stateful", batch: "batch_size", shuffle: "shuffle", seed: "shuffle_seed",
    passes: "passes", resets: "resets", call: "call", row: "row", map: "state",
  },
  inputs: ["text", "stateful", "batch_size", "shuffle", "shuffle_seed", "passes", "resets"],
  weights: readWeights,
  clean,
  read,
  picture,
  main: (lab) => toggle(lab, "stateful"),
  message,
  tabs: { settings, numbers: table_ },
  code: (lab) => program(lab.text, lab.now, lab.numbers, lab.weights.units),
  questions: QUESTIONS,
  tour: [
    { link: "call-1" },
    { link: "belt" },
    { link: "heat" },
    { set: { resets: [7] }, link: "reset" },
    { set: { stateful: false }, link: "stateful" },
    { set: { batch_size: 3, row: 1 }, link: "batch_size", tab: "settings" },
    { set: { resets: [7] }, link: "reset", tab: "code" },
  ],
  drawn,
});
