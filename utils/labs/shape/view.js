// The Shape lab: the windows of a sequence as rows, and boxes around what one turn of the loop reads.

import { defineLab } from "../lab.js";
import { button, cell, choice, letters, slider, table } from "../parts.js";
import { fill, readLetters } from "../text.js";
import { html, nothing } from "../vendor/lit-html.js";
import {
  clean, divisors, firstTurn, followWindow, LARGEST_STRIDE, LONGEST, LONGEST_WINDOW, program, read, shapeOf, START,
} from "./model.js";
import WORDS from "./words.json";

const ROWS = 5; // in sight at once, see view.css
const BEAT = 700; // milliseconds from turn to turn
const moves = () => !matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The number that is pointed at, otherwise the chosen one; undefined where there is none. */
function here({ pointed, now, numbers: { samples, N, W } }) {
  const [n, p] = /^x-(\d+)-(\d+)$/.exec(pointed ?? "")?.slice(1).map(Number) ?? [now.sample, now.position];
  const one = samples[Math.min(n, N - 1)]?.cells[Math.min(p, W - 1)];
  return one && { ...one, n: Math.min(n, N - 1), link: `x-${Math.min(n, N - 1)}-${one.p}` };
}

/** What is in the field: nothing, while no letter is typed in it. */
const lettersOf = ({ typed, now }) => typed.text === undefined || readLetters(typed.text).kept ? now.text : "";

// The picture

function picture(lab) {
  const { text, numbers: { samples, N, W, T, F } } = lab, letters = lettersOf(lab), number = here(lab);
  const values = { window: W, needed: W + 1, n: letters.length };
  const axis = (name, value) => html`<span class=${name} data-link=${name === "samples" ? "sequence" : "time_steps"}>
    <b>${value}</b><small>${text[name]}</small></span>`;
  return html`<div class="shape-top">
      <div class="shape-shape" data-link="shape"><span><b>X.shape = (</b></span>${axis("samples", letters ? N : 0)}<b>,</b>${
        axis("time-steps", T)}<b>,</b>${axis("features", F)}<b>)</b></div>
      <div class="shape-sequence" role="img" aria-label=${`${text.sequence}: ${letters}`} data-link="sequence">${
        [...letters].map((letter, place) => lettersAt(lab, letter, place, number))}</div>
    </div>
    <div class="lab-scroll shape-samples" role="region" tabindex="0" aria-label=${text.rows} data-link="loop">${!N || !letters
      ? html`<p><b>${fill(letters ? text.short : text.empty, values)}</b></p>`
      : html`<div role="grid" data-grid aria-label=${text.rows} style="--features: ${F}" ?data-tight=${W > 6}
          @keydown=${(event) => "Enter ".includes(event.key) && event.target.click()}>
        <div class="shape-row shape-head" role="row"><span role="columnheader" class="samples">${text.sample}</span>
          <span class="shape-zero" role="columnheader">${text.state}</span>${samples[0].cells.map(({ t, f }) => html`
          <i class="shape-way" ?data-open=${f === 0}></i><span class="shape-number" role=${f ? "none" : "columnheader"}
            data-link=${`turn-${t}`}>${
            f ? nothing : html`<span class="time-steps">${T > 4 ? t : `t = ${t}`}</span>`}</span>`)}
          <i class="shape-way" data-open></i><span class="shape-next" role="columnheader">${text.letter}</span></div>
        ${samples.map((sample) => row(lab, sample, number))}</div>`}</div>
    <p class="shape-more">${letters && N > ROWS ? fill(text.more_rows, { n: N }) : nothing}</p>`;
}

/** A letter of the sequence: it lights up with all numbers that it became. */
function lettersAt({ numbers: { samples, W } }, letter, place, number) {
  const links = samples.flatMap(({ n, cells }) => cells.filter((one) => one.place === place).map(({ p }) => `x-${n}-${p}`));
  const from = number ? number.place - number.p : -1;
  const part = !number ? "" : place >= from && place < from + W ? "inside" : place === from + W ? "next" : "";
  return html`<span class=${part} data-link=${[`at-${place}`, ...links].join(" ")}>${letter}</span>`;
}

/** A sample: zeros, a box for each turn of the loop, the ways of the state between them, the next letter. */
function row(lab, { n, cells, next }, number) {
  const { pointed, numbers: { T, F }, local: { turn } } = lab;
  const same = lab.asking || !pointed ? -1 : Number(/^at-(\d+)$/.exec(pointed)?.[1] ?? (pointed === number.link ? number.place : -1));
  const way = (t, open) => html`<i class="shape-way" aria-hidden="true" data-link="state" ?data-open=${open} ?data-now=${open && turn === t}></i>`;
  return html`<div class="shape-row ${number.n === n ? "current" : ""}" role="row" data-link="sample-${n}">
    <span role="rowheader" class="samples">${n}</span><span class="shape-zero" data-link="state">0</span>${cells.map((one) => {
      const { letter, code, place, p, t, f } = one;
      const select = () => lab.set({ sample: n, position: p });
      return html`${way(t, f === 0)}<span class="shape-number ${place === same ? "same" : ""}" role="gridcell" tabindex="-1"
        data-key="x-${n}-${p}" data-row=${n} data-column=${p} data-link="x-${n}-${p} at-${place} turn-${t}" ?data-first=${f === 0}
        ?data-last=${f === F - 1} ?data-now=${turn === t} data-answer=${lab.place({ position: p })}
        aria-current=${!lab.asking && number.n === n && number.p === p ? "true" : nothing} @click=${select} @focus=${select}>
        <b>${code}</b><small>${letter}</small></span>`;
    })}${way(T, true)}<span class="shape-next" role="gridcell" ?data-now=${turn === T}>${next}</span></div>`;
}

/** Walk the loop: turn by turn, in all samples at once. */
function walk(lab) {
  clearInterval(lab.local.timer);
  lab.update({
    turn: moves() ? -1 : 0, // first the boxes move
    timer: setInterval(() => {
      const turn = lab.local.turn + 1;
      if (turn > lab.numbers.T) clearInterval(lab.local.timer);
      lab.update({ turn: turn > lab.numbers.T ? undefined : turn });
    }, BEAT),
  });
}

/** A new layout is walked at once, if the reader has chosen it. */
function drawn(lab) {
  const { local, numbers: { T, F } } = lab, layout = `${T}×${F}`;
  const changed = local.layout !== layout && lab.before && moves();
  local.layout = layout;
  if (changed) walk(lab);
}

// The sentences

function message(lab) {
  const { text, pointed, numbers: { samples, N, T, F }, local: { turn } } = lab;
  if (N === 0 || !lettersOf(lab)) return "";
  if (turn >= 0) return fill(turn < T ? text.turn : text.end, { n: turn + 1, T, t: turn });
  if (pointed?.startsWith("x-")) return fill(text.detail, { ...here(lab), turn: here(lab).t + 1, T });
  const place = /^at-(\d+)$/.exec(pointed ?? "")?.[1];
  if (place) {
    const places = samples.flatMap(({ n, cells }) => cells.filter((one) => one.place === Number(place))
      .map(({ t, f }) => `X[${n}, ${t}, ${f}]`));
    return fill(places.length ? text.places : text.nowhere, { letter: lab.now.text[place], places: places.join(", ") });
  }
  return `${fill(text.runs, { F, times: T === 1 ? text.once : fill(text.times, { T }) })} ${T === 1 ? text.useless : fill(text.useful, { n: T - 1 })}`;
}

// Controls and numbers

const settings = (lab) => html`<div class="lab-controls">${letters(lab, "text", LONGEST)}${slider({
  ...lab, set: ({ window }) => lab.set({ window, time_steps: followWindow(lab.now.time_steps, lab.now.window, window) }),
}, "window", { min: 1, max: LONGEST_WINDOW })}${slider(lab, "stride", { min: 1, max: LARGEST_STRIDE })}</div>
  <p class="lab-small">${lab.text.colors}</p>`;

function numbersTable(lab) {
  const { text, numbers: { samples } } = lab, number = here(lab);
  if (!number) return nothing;
  return table(fill(text.numbersOf, number), text.columns, samples[number.n].cells.map(({ letter, code, p, t, f }) => [
    p, html`<td>${letter}</td><td>${code}</td>`,
    cell(lab, code / 26, { link: `x-${number.n}-${p}`, row: p, column: 0 }),
    html`<td>X[${number.n}, ${t}, ${f}]</td><td>${t + 1}</td>`,
  ]));
}

// The questions

/** A question whose answer, and what is then to be done, are the settings `show`. */
const about = (control, show, answer, more) => ({
  control, show, right: (lab) => answer(lab.run(show)), done: ({ now }) => now[control] === show[control], ...more,
});
const one = { time_steps: 1 }, two = { window: 6, time_steps: 2 }, three = { window: 6, time_steps: 3 }, six = { window: 6, time_steps: 6 };

const QUESTIONS = {
  turn: about("time_steps", one, ({ F }) => F - 1, {
    place: "position", values: (lab) => ({ shape: shapeOf(lab.run(one)) }),
  }),
  order: about("time_steps", two, firstTurn, { start: three }),
  passed: about("time_steps", three, ({ T }) => T - 1, { start: six }),
  stride: about("stride", { stride: 2 }, ({ samples }) => samples[1].cells[0].letter, { tab: "settings" }),
  windows: about("window", six, ({ N }) => N, { tab: "settings" }),
};

export default defineLab({
  name: "shape",
  words: WORDS,
  start: START,
  address: { letters: "text", window: "window", stride: "stride", steps: "time_steps", sample: "sample", position: "position" },
  inputs: ["text", "window", "stride", "time_steps"],
  clean,
  read,
  picture,
  main: (lab) => html`${choice(lab, "time_steps", divisors(lab.now.window), (T) => `${T} × ${lab.now.window / T}`)}
    ${button(lab, "run", () => walk(lab))}`,
  message,
  tabs: { settings, numbers: numbersTable },
  code: (lab) => program(lab.text, lab.now, lab.numbers, here(lab)),
  questions: QUESTIONS,
  tour: [
    { link: "sequence" },
    { link: "sample-0" },
    { link: "turn-0" },
    { link: "state" },
    { set: { time_steps: 1 }, link: "time_steps" },
    { set: { window: 6, time_steps: 2 }, link: "shape" },
    { set: { sample: 2, position: 0 }, link: "x-2-0", tab: "code" },
  ],
  drawn,
  opened: (lab) => () => clearInterval(lab.local.timer),
});
