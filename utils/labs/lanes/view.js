// The Lanes lab: one ribbon, cut into pieces that glide into the rows of the calls.

import { defineLab } from "../lab.js";
import { readWeights } from "../lstm.js";
import { button, cell, choice, slider, table, toggle } from "../parts.js";
import { fill, short } from "../text.js";
import { html, nothing } from "../vendor/lit-html.js";
import { clean, CUTS, program, read, START } from "./model.js";
import WORDS from "./words.json";

const ORDER = CUTS[1];
const signed = (jump) => (jump > 0 ? `+${jump}` : `−${-jump}`);
const elements = ({ from, to }) => (from === to ? String(from) : `${from}–${to}`);

// The picture

function picture(lab) {
  const { text, numbers } = lab, { B, T, length, calls, ribbon } = numbers;
  return html`<div class="lanes-picture" style="--rows: ${B}">
    <div class="lanes-sides" data-link="batch_size"><span>${text.sequence}</span>${rowsOf(numbers).map((row) =>
      html`<b style="--row: ${row}">${fill(text.row, { r: row })}</b>`)}</div>
    <div class="lab-scroll" role="group" tabindex="0" aria-label=${text.picture}>
      <div class="lanes-stage" style="--length: ${length}; --steps: ${T}; --calls: ${calls.length}">
        <div class="lanes-handle">${slider(lab, "time_steps", { min: 1, max: 8 })}</div>
        <div class="lanes-ribbon" data-grid data-link="ribbon" role="group"
          aria-label=${fill(text.ribbon, { n: length })}>${ribbon.map((piece, n) => ribbonPiece(lab, piece, n))}</div>
        <div role="group" data-grid aria-label=${text.calls}>
          ${calls.map(({ kind }, k) => html`<span class="lanes-head" style="--k: ${k}">${fill(text.heads[kind], { k, B })}</span>
            ${rowsOf(numbers).map((row) => calls[k].rows[row] ? wire(lab, k, row) : nothing)}`)}
          ${pieces(numbers).map((place) => rowPiece(lab, place))}
          ${numbers.ends.map((end, row) => endOf(lab, end, row))}
        </div></div></div></div>
    <div class="lanes-facts">${facts(lab)}</div>`;
}

const rowsOf = ({ B }) => [...Array(B).keys()];

/** All pieces that are read, in the order of the ribbon: a piece that moves keeps its element of the page. */
const pieces = ({ calls }) => calls
  .flatMap(({ kind, rows }, k) => rows.map(({ sample, start }, row) => ({ k, row, sample, start, copy: kind === "copied" && row > 0, kind })))
  .sort((a, b) => a.start - b.start || a.row - b.row);

const selected = ({ now, numbers: { length } }) => Math.min(now.selected, length - 1);
const isHere = (lab, from, to) => from <= selected(lab) && selected(lab) <= to;

/** A piece of the ribbon: a button where it is a sample, for the question that asks for one. */
function ribbonPiece(lab, { from, to, lane, sample }, n) {
  const { text } = lab;
  const style = `--from: ${from}; --count: ${to - from + 1}`;
  const who = typeof lane === "number" ? fill(text.row, { r: lane }) : text[lane];
  if (sample < 0) return html`<span class="lanes-piece" data-lane=${lane} data-key="ribbon-${from}" style=${style}>${to - from > 2 ? html`${elements({ from, to })} <small>${who}</small>` : nothing}</span>`;
  const select = () => lab.set({ selected: from });
  return html`<button type="button" class="lanes-piece" data-lane=${lane} style=${style} tabindex="-1" data-row="0" data-column=${n}
    data-link="p-${sample}" data-key="ribbon-${from}" data-answer=${lab.place({ piece: from })}
    aria-current=${isHere(lab, from, to) ? "true" : nothing} @click=${select} @focus=${select}>${elements({ from, to })}
    <span class="lab-spoken">${who}</span></button>`;
}

function rowPiece(lab, { k, row, sample, start, copy, kind }) {
  const { T } = lab.numbers, to = start + T - 1;
  const select = () => lab.set({ selected: start });
  return html`<button type="button" class="lanes-piece lanes-read ${copy ? "lanes-copy" : ""}" data-lane=${kind === "stopped" ? "none" : row}
    style="--k: ${k}; --row: ${row}; --from: ${start}; --count: ${T}" tabindex="-1" data-row=${row} data-column=${2 * k + 1}
    data-link="p-${sample}" data-key="piece-${k}-${row}" aria-current=${isHere(lab, start, to) ? "true" : nothing}
    aria-description=${fill(lab.text.reads, { k, r: row })} @click=${select} @focus=${select}>${elements({ from: start, to })}</button>`;
}

/** What joins a row to its end in the call before: zeros, a wire, or a wire that is snapped. */
function wire(lab, k, row) {
  const { text, numbers: { calls } } = lab, { jump, whole } = calls[k].rows[row];
  const kind = k === 0 ? "zeros" : whole ? "whole" : "snapped";
  const sign = { zeros: "0", whole: "✓", snapped: calls[k].kind === "stopped" ? "✗" : `✗ ${signed(jump)}` }[kind];
  return html`<button type="button" class="lanes-wire" data-kind=${kind} style="--k: ${k}; --row: ${row}" tabindex="-1"
    data-row=${row} data-column=${2 * k} data-link="w-${k}-${row}" data-key="wire-${k}-${row}"
    aria-description=${wireInWords(text, lab.numbers, k, row)}><i></i><span>${sign}</span></button>`;
}

/** The state in which a row ends, above the one without a break, as colours. */
function endOf(lab, { state, whole, difference }, row) {
  const { text, numbers: { calls, ends } } = lab, same = isSame(difference);
  const reach = Math.max(...ends.flatMap((end) => [...end.state.h, ...end.whole.h]).map(Math.abs)) || 1; // a faint state must show too
  const stripes = ({ h }) => [...h].map((value, unit) => {
    const color = `color-mix(in srgb, var(--${value < 0 ? "minus" : "plus"}) ${Math.round(Math.abs(100 * value) / reach)}%, var(--zero))`;
    return `${color} ${(100 * unit) / h.length}% ${(100 * (unit + 1)) / h.length}%`;
  });
  const strip = (one) => html`<i style="background: linear-gradient(to right, ${stripes(one).join()})"></i>`;
  return html`<button type="button" class="lanes-end" data-good=${same} style="--k: ${calls.length}; --row: ${row}" tabindex="-1"
    data-row=${row} data-column=${2 * calls.length} data-link="end-${row} ends" data-key="end-${row}"
    aria-description=${endInWords(lab, row)}>${strip(state)}${strip(whole)}<span>${same ? text.same : fill(text.off, { value: short(difference) })}</span></button>`;
}

const isSame = (difference) => difference < 5e-7;
const isWhole = ({ wires, whole }) => whole === wires.length;

function facts({ text, number, numbers }) {
  const { wires, whole, left, difference, calls, run, rest } = numbers, good = isWhole(numbers), odd = calls.at(-1)?.kind;
  const sign = (all) => (all ? "✓ " : "✗ ");
  const fact = (name, all, value, label) => html`<p class="lanes-fact" data-fact=${name} data-good=${all}>${label} <b>${value}</b></p>`;
  return html`<p class="lanes-badge" data-fact="keras" data-good=${good && odd !== "stopped" && odd !== "copied"}>${text.keras} <b>${
      odd === "stopped" ? text.error : text.silence}</b></p>
    ${wires.length ? fact("wires", good, `${sign(good)}${whole} / ${wires.length}`, text.wires) : fact("wires", true, "0", text.noWires)}
    ${run.length ? fact("difference", isSame(difference), sign(isSame(difference)) + number(difference), text.difference) : nothing}
    ${fact("left", left === 0 || rest === 0, String(left), text.left)}`;
}

// The sentences

function message(lab) {
  const { text, numbers, pointed } = lab, { starts, calls, ends } = numbers;
  const [, kind, one, row] = /^(p|w|end)-(\d+)(?:-(\d+))?$/.exec(pointed ?? "") ?? [];
  if (kind === "p" && starts[one] !== undefined) return pieceInWords(lab, Number(one));
  if (kind === "w" && calls[one]?.rows[row]) return wireInWords(text, numbers, Number(one), Number(row));
  if (kind === "end" && ends[one]) return endInWords(lab, Number(one));
  return remarks(lab).filter(Boolean).join(" ");
}

/** What there is to say about this cut: in two lines, so first what is odd. */
function remarks({ text, now, numbers }) {
  const { B, T, length, starts, calls, run, rest, reads, wires, whole } = numbers;
  const N = starts.length, kind = calls.at(-1)?.kind;
  if (N === 0) return [fill(text.tooShort, { length, B, T, needed: B * T })];
  if (calls.length === 0) return [text.noFull];
  if (kind === "stopped") return [fill(text.stopped, { rows: rest, B })];
  if (kind === "copied") return [fill(text.broadcast, { B }), N > 1 && fill(text.returned, { out: run.length * B, N })];
  return [
    wires.length === 0 ? text.single : fill(isWhole(numbers) ? text.allWhole : text.someSnapped, { n: wires.length - whole, all: wires.length }),
    now.cut === "overlapping" && fill(text.repeated, { reads, n: length }),
    now.shuffle && text.shuffled,
  ];
}

function pieceInWords({ text, numbers }, sample) {
  const { starts, T, calls } = numbers, from = starts[sample];
  const places = pieces(numbers).filter((place) => place.sample === sample), { k, row } = places[0] ?? {};
  const values = { elements: elements({ from, to: from + T - 1 }), sample, last: T - 1, k, r: row };
  const rest = places.length === 0 ? text.unread : calls[k].kind === "stopped" ? text.notRun : places.length > 1 ? text.onlyRow
    : `${text.reads} ${wireInWords(text, numbers, k, row)}`;
  return `${fill(text.piece, values)} ${fill(rest, values)}`;
}

function wireInWords(text, { calls, length }, k, row) {
  const { start, expected, jump, whole } = calls[k].rows[row];
  const sentence = calls[k].kind === "stopped" ? text.notRun : k === 0 ? text.fromZeros : whole ? text.goesOn
    : expected < length ? text.broken : text.overEnd;
  const distance = fill(jump > 0 ? text.ahead : text.behind, { n: Math.abs(jump) });
  return fill(sentence, { k, r: row, got: start, expected, before: expected - 1, distance });
}

function endInWords({ text, number, numbers: { ends } }, row) {
  const { last, from, difference } = ends[row];
  return fill(isSame(difference) ? text.endSame : text.end, { r: row, last, from, difference: number(difference) });
}

// The controls and the numbers

function settings(lab) {
  return html`<div class="lab-controls">${slider(lab, "length", { min: 12, max: 60 })}${slider(lab, "batch_size", { min: 1, max: 6 })}
    ${choice(lab, "remainder", ["run", "drop"], (value) => lab.text.remainders[value])}
    ${toggle(lab, "shuffle")}${button(lab, "again", () => lab.set({ shuffle_seed: lab.now.shuffle_seed + 1 }), { off: !lab.now.shuffle })}</div>
    <p class="lab-small">${lab.text.colors}</p>`;
}

function numbersTable(lab) {
  const { text, numbers: { ends }, weights } = lab;
  if (ends.length === 0) return html`<p>${text.noFull}</p>`;
  const units = [...Array(weights.units).keys()];
  const names = ["h", "c"].flatMap((name) => units.map((unit) => [name, unit]));
  const rows = ends.flatMap(({ state, whole }, row) => [state, whole].map((one, which) => [
    fill(which ? text.rowWhole : text.rowCalls, { r: row, ...ends[row] }),
    ...names.map(([name, unit], column) => cell(lab, one[name][unit], { link: `end-${row}`, row: 2 * row + which, column })),
  ]));
  return html`<p>${text.endsLabel}</p>${table(text.endsLabel, [text.rowHead, ...names.map(([name, unit]) => `${name} ${unit}`)], rows)}`;
}

// The questions

const counts = ({ numbers: { run, B, starts, whole, wires } }) => ({ out: run.length * B, N: starts.length, whole, all: wires.length });
const dealt = (lab) => lab.run({ cut: ORDER }).calls[1].rows[0];
const WINDOWS = { cut: "overlapping", remainder: "drop" };
const leftOver = (before, length) => ({
  start: { cut: ORDER, ...before }, right: (lab) => lab.run({ cut: ORDER, length }).calls.at(-1).kind, values: counts,
  control: "length", tab: "settings", show: { length }, done: ({ now }) => now.length >= length && now.length < length + 4,
});

const QUESTIONS = {
  deal: {
    place: "piece", right: (lab) => dealt(lab).start, why: (said) => ({ 0: "again", 4: "next" })[said] ?? "else", values: dealt,
    control: "cut", show: { cut: ORDER }, done: ({ now }) => now.cut === ORDER,
  },
  windows: {
    start: WINDOWS, right: (lab) => [1, 2, 3, 4, 5, 6, 7, 8].filter((time_steps) => isWhole(lab.run({ ...WINDOWS, time_steps }))).join(), values: counts,
    control: "time_steps", show: { time_steps: START.batch_size }, done: ({ now }) => now.time_steps === now.batch_size,
  },
  shuffle: {
    start: { length: 48 }, values: counts,
    right(lab) {
      const { whole, wires } = lab.run({ length: 48, shuffle: true });
      return whole === wires.length ? "all" : whole > 2 ? "half" : "few";
    },
    control: "shuffle", tab: "settings", show: { shuffle: true }, done: ({ now }) => now.shuffle,
  },
  one: leftOver({}, 28),
  two: leftOver({ length: 28 }, 32),
};

export default defineLab({
  name: "lanes",
  words: WORDS,
  start: START,
  address: { length: "length", batch: "batch_size", steps: "time_steps", cut: "cut", shuffle: "shuffle", seed: "shuffle_seed", remainder: "remainder",
    element: "selected" },
  inputs: ["length", "batch_size", "time_steps", "cut", "shuffle", "shuffle_seed", "remainder"],
  weights: readWeights,
  clean,
  read,
  picture,
  main: (lab) => choice(lab, "cut", CUTS, (value) => lab.text.cuts[value]),
  message,
  tabs: { settings, numbers: numbersTable },
  code: (lab) => program(lab.text, lab.now, lab.numbers, lab.weights.units),
  questions: QUESTIONS,
  tour: [
    { link: "ribbon" },
    { link: "time_steps" },
    { link: "w-1-0" },
    { link: "end-0" },
    { set: { cut: ORDER }, link: "w-1-0" },
    { set: { cut: ORDER }, link: "end-2" },
    { set: { cut: "overlapping", batch_size: 4 }, link: "cut" },
    { link: "cut", tab: "code" },
  ],
});
