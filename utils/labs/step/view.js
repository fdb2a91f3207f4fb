// The Step lab: a word, letter by letter, and the cell of one unit, through which its numbers flow.

import { defineLab } from "../lab.js";
import { readWeights } from "../lstm.js";
import { button, cell, letters, paint, placeIn, slider, table } from "../parts.js";
import { ALPHABET, fill, short } from "../text.js";
import { html, nothing, svg } from "../vendor/lit-html.js";
import { clean, explain, GATES, LONGEST, PARTS, program, ranked, read, START } from "./model.js";
import CELL from "./cell.json";
import WORDS from "./words.json";

const BEAT = 2500; // milliseconds from step to step while the lab plays
const NARROW = 600; // pixels of the lab, below which the cell is drawn from top to bottom
const SIGNS = { yes: "✓", no: "✗" };
// cell.json has the places, percent from the left and pixels from the top, and the wires, by the number that they
// carry. Here are the names of a row of the stage, for the arrow keys; the wave in which a number is there.
const ROWS = [["c0", "fc", "c"], ["ig", "tanh"], ["h0", "f", "i", "g", "o", "h"], ["x"]];
const WAVES = { c0: 0, h0: 0, x: 0, f: 1, i: 1, g: 1, o: 1, fc: 2, ig: 2, c: 3, tanh: 4, h: 5, p: 6 };
const percent = (share) => `${Math.round(100 * share)}%`;
const isGate = (name) => name.length === 1 && GATES.includes(name);

const answersHidden = (lab) => lab.asking && "know far".includes(lab.question);

/** The number that is pointed at. Its link is name-unit at this step, name-unit-t at another. */
function numberOf(lab) {
  const found = /^([a-zA-Z]+0?)-(\d+)(?:-(\d+))?$/.exec(lab.pointed ?? "");
  return found && { name: found[1], u: Number(found[2]), t: Number(found[3] ?? lab.now.step) };
}

// The picture

function picture(lab) {
  const { now, local } = lab, shown = `${now.word} ${now.step}`;
  if (local.shown !== shown) Object.assign(local, { shown, beat: !local.beat }); // the numbers flow anew
  return html`${wordRow(lab)}${stage(lab, local.narrow ? CELL.tall : CELL.wide)}`;
}

/** The steps: what each reads and answers, the state after it, and which are longer than training was. */
function wordRow(lab) {
  const { text, now, numbers: { steps, T, U } } = lab, known = lab.model.get("trained_to");
  const hidden = answersHidden(lab);
  const side = (word) => html`<span class="step-side">${word}</span>`;
  return html`<div class="lab-scroll step-scroll" role="group" tabindex="0" aria-label=${text.steps}>
    <div class="step-word" data-grid data-link="word" style="--steps: ${T}">${side(text.side)}${steps.map(({ t, letter, answer, share, verdict }) => html`
      <button type="button" class="step-box" data-key="at-${t}" data-row="0" data-column=${t} tabindex="-1" data-answer=${lab.place({ step: t + 1 })}
        aria-current=${now.step === t ? "true" : nothing} @click=${() => lab.set({ step: t })}>
        <span><b>${letter}</b> <small>${fill(text.step_box, { n: t + 1 })}</small></span>
        <span class=${!hidden && verdict === "no" ? "wrong" : ""}>${answer && fill(text.answers, {
          answer: hidden ? "?" : answer, share: hidden ? "" : percent(share), sign: hidden ? "" : SIGNS[verdict] ?? "" })}</span></button>`)}
      ${side(text.states)}${steps.map(({ t }) => html`<canvas class="step-map" role="img" aria-label=${fill(text.map, { n: t + 1, U })}
        @pointermove=${(event) => pointAt(lab, event, t)} @pointerdown=${(event) => pointAt(lab, event, t)}
        @click=${(event) => lab.set({ step: t, unit: placeIn(event.target, event).column })}></canvas>`)}
      ${known && known < T && !hidden ? html`<span class="step-beyond" style="grid-column: ${known + 2} / -1">${fill(text.beyond, { n: known })}</span>` : nothing}
    </div></div>`;
}

/** The place under the mouse is the link that the lab then lights up. */
function pointAt(lab, event, t) {
  const { row, column } = placeIn(event.target, event), name = "ch"[row];
  const back = lab.now.step - t;
  event.target.dataset.link = back === 0 ? `${name}-${column}` : back === 1 ? `${name}0-${column}` : `${name}-${column}-${t}`;
}

/** The cell of one unit at this step. */
function stage(lab, { height, tiles, signs, tips, wires, title, answer, frame }) {
  const { text, now: { step, unit }, numbers: { U, answers }, local: { beat } } = lab;
  const number = numberOf(lab), on = number?.u === unit && number.t === step ? [number.name, ...(PARTS[number.name] ?? [])] : [];
  /** @param {any[]} place */
  const at = ([x, y]) => `left: ${x}%; top: ${y}px;`;
  const lines = answers.length ? wires : wires.filter(([name]) => name !== "p");
  return html`<div class="step-stage ${beat ? "step-beat" : ""} ${frame ? "" : "step-tall"}" data-link="cell" data-grid role="group" aria-label=${text.stage} style="height: ${height}px">
    ${frame ? html`<span class="step-frame"></span>` : nothing}<svg viewBox="0 0 100 ${height}" preserveAspectRatio="none" aria-hidden="true">${lines.map(([name, path]) => svg`
      <path d=${path} style="--wave: ${WAVES[name]}" class=${on.includes(name) ? "on" : ""} />`)}</svg>
    <span class="step-title" style=${at(title)}>${fill(text.title_stage, { n: step + 1, unit: unit + 1, U })}</span>
    ${tips.map(([tip, ...place]) => html`<span class="step-tip" aria-hidden="true" style=${at(place)}>${tip}</span>`)}
    ${signs.map(([sign, ...place]) => html`<span class="step-sign" aria-hidden="true" style=${at(place)}>${sign}</span>`)}
    ${ROWS.map((names, row) => names.map((name, column) => tile(lab, name, row, column, at(tiles[name]), on)))}
    ${answers.length ? html`<div class="step-answer" data-link="answer" style="${at(answer)} width: ${answer[2]}%">${ranked(answers[step]).slice(0, 3).map((k) => html`
      <span data-link="p-${k}" style="--p: ${answers[step][k]}"><b>${answersHidden(lab) ? "?" : ALPHABET[k]}</b><i></i>${answersHidden(lab) ? "" : percent(answers[step][k])}</span>`)}</div>` : nothing}
    <p class="step-formula">${formula(lab, ["c", "=", "f", "×", "c0", "+", "i", "×", "g"])}<br>${formula(lab, ["h", "=", "o", "×", "tanh"])}</p></div>`;
}

/** A number of the cell; below it what it was before the last word, where it has changed. */
function tile(lab, name, row, column, place, on) {
  const { text, now: { step, unit }, numbers, before } = lab, value = numbers.value(name, step, unit);
  const old = before && before.T > step && before.U === numbers.U ? before.value(name, step, unit) : value;
  const kind = name === "g" ? "candidate" : isGate(name) ? "gate" : name === "x" ? "x" : /^[ch]0?$/.test(name) ? name[0] : "part";
  return html`<button type="button" class="step-tile ${kind} ${on[0] !== name && on.includes(name) ? "ingredient" : ""} ${old === value ? "" : "changed"}"
    data-key="tile-${name}" data-row=${row + 1} data-column=${column} tabindex="-1" data-link="${name}-${unit}" data-answer=${lab.place({ name })}
    data-sign=${value < 0 ? "minus" : "plus"} style="${place} --wave: ${WAVES[name]}; --part: ${Math.min(1, Math.abs(value) / numbers.reach(name)).toFixed(3)}">
    <small>${text.tiles[name]}</small><b>${short(value)}</b>${old === value ? nothing : html`<small>${short(old) === short(value) ? text.almost : fill(text.was, { old: short(old) })}</small>`}</button>`;
}

/** A line of the formula: its terms light up with the numbers of the cell. */
const formula = (lab, terms) => terms.map((term) => /[a-z]/.test(term) ? html`
  <span data-link="${term}-${lab.now.unit}">${lab.text.terms[term] ?? term} <b>${short(lab.numbers.value(term, lab.now.step, lab.now.unit))}</b></span>`
  : html` <span>${term}</span> `);

function drawn(lab, section) {
  const { now: { step, unit }, numbers: { T, U, value, reach } } = lab;
  [...section.querySelectorAll(".step-map")].forEach((canvas, t) => {
    const row = (name) => Array.from({ length: U }, (_, u) => value(name, t, u) / reach(name));
    paint(canvas, [row("c"), row("h")]);
  });
  section.style.setProperty("--unit", (unit + 0.5) / U);
  measure(lab, section);
  // The row of steps, and nothing else, scrolls until the step is in sight.
  const scroller = section.querySelector(".step-scroll"), box = section.querySelector(`[data-key="at-${step}"]`);
  if (lab.local.seen === `${step} ${T}`) return;
  lab.local.seen = `${step} ${T}`;
  scroller.scrollLeft = Math.min(box.offsetLeft - 90, Math.max(scroller.scrollLeft, box.offsetLeft + 2 * box.offsetWidth - scroller.clientWidth));
}

function measure(lab, section) {
  const narrow = section.clientWidth < NARROW;
  if (narrow !== lab.local.narrow) lab.update({ narrow });
}

// Playing

function stop(lab) {
  clearInterval(lab.local.timer);
  if (lab.local.timer) lab.update({ timer: 0 });
}

function play(lab) {
  const last = () => lab.now.word.length - 1;
  if (lab.now.step >= last()) lab.set({ step: 0 });
  lab.update({
    timer: setInterval(() => {
      if (lab.now.step < last()) lab.set({ step: lab.now.step + 1 });
      else stop(lab);
    }, BEAT),
  });
}

/** A lab that is out of sight rests. */
function opened(lab, section) {
  const hidden = () => document.hidden && stop(lab);
  const seen = new IntersectionObserver(([entry]) => entry.isIntersecting || stop(lab));
  const sized = new ResizeObserver(() => measure(lab, section));
  document.addEventListener("visibilitychange", hidden);
  seen.observe(section);
  sized.observe(section);
  return () => {
    clearInterval(lab.local.timer);
    document.removeEventListener("visibilitychange", hidden);
    seen.disconnect();
    sized.disconnect();
  };
}

// The sentences

function message(lab) {
  const { text, numbers, now: { step, word } } = lab, { T, U, count } = numbers, number = numberOf(lab);
  const there = number && number.t < T && number.u < (number.name === "p" ? 26 : U) && !(lab.asking && number.name === "p");
  if (there) return explain(text, numbers, number, lab.number);
  return fill(text.says, { n: step + 1, T, letter: word[step], U, count });
}

// Controls and numbers

const main = (lab) => {
  const last = lab.now.word.length - 1, playing = Boolean(lab.local.timer);
  return html`${button(lab, "play", () => (playing ? stop(lab) : play(lab)), { primary: true, off: last === 0, word: lab.text[playing ? "pause" : "play"] })}
    ${slider(lab, "step", { min: 0, max: last, show: (t) => fill(lab.text.of, { n: t + 1, T: last + 1 }) })}
    <span class=${lab.todo?.control === "backwards" ? "wanted" : ""}>${button(lab, "backwards", () => lab.set({ word: [...lab.now.word].reverse().join("") }))}</span>`;
};

const settings = (lab) => html`<div class="lab-controls">${letters(lab, "word", LONGEST)}${
  slider(lab, "unit", { min: 0, max: lab.numbers.U - 1, show: (u) => String(u + 1) })}</div><p class="lab-small">${lab.text.colors}</p>`;

function numbersTables(lab) {
  const { text, now: { step, unit }, numbers: { U, value, reach } } = lab;
  const row = (names, u, at) => names.map((name, column) =>
    cell(lab, value(name, step, u), { link: `${name}-${u}`, reach: reach(name), row: at, column }));
  const states = ["c0", "h0", ...GATES, "c", "h"];
  const kinds = [..."WRbz", ""];
  const values = { n: step + 1, unit: unit + 1 };
  return html`<p><b>${fill(text.numbersOf, values)}</b></p>${
    table(fill(text.numbersOf, values), [text.unit, ...states.map((name) => text.terms[name] ?? name)],
      Array.from({ length: U }, (_, u) => [u + 1, row(states, u, u)]))}
    <p><b>${fill(text.sumsOf, values)}</b></p>${
    table(fill(text.sumsOf, values), [text.gate, ...kinds.map((kind) => text.sums[kind])],
      [...GATES].map((gate, at) => [gate, row(kinds.map((kind) => kind + gate), unit, at)]))}`;
}

const answersTable = (lab) => {
  const { text, now: { step }, numbers: { answers, value } } = lab;
  if (!answers.length || answersHidden(lab)) return html`<p>${text.noAnswer}</p>`;
  return table(fill(text.answersOf, { n: step + 1 }), text.answerColumns, ranked(answers[step]).map((k, row) =>
    [ALPHABET[k], cell(lab, value("p", step, k), { link: `p-${k}`, row, column: 0 })]));
};

// The questions

// Backwards, in this unit, all numbers of step 3 but one become others, also in three decimals.
const up = { word: "BCDEF", step: 2, unit: 8 }, down = { ...up, word: "FEDCB" }, long = { word: "ABCDEFGHIJ" }, far = { word: "MNOPQRSTUV" };
const first = ({ steps }, verdict) => (steps.find((one) => one.verdict === verdict)?.t ?? -1) + 1;

const QUESTIONS = {
  zero: { place: "name", right: (lab) => (lab.run({}).value("fc", 0, 0) === 0 ? "f" : "") }, // f × old c
  same: {
    start: up, place: "name", why: (said) => (isGate(said) ? "gate" : "else"),
    right: (lab) => Object.keys(WAVES).find((name) => name !== "p" && [up, down].map(({ step, unit, ...word }) =>
      lab.run(word).value(name, step, unit)).every((value, _, [one]) => value === one)),
    control: "backwards", show: down, done: ({ now }) => now.word === down.word,
  },
  know: { start: { step: 2 }, place: "step", right: (lab) => first(lab.run({}), "yes") },
  longer: {
    right: (lab) => (lab.run(long).U === lab.run({}).U ? "loop" : "both"),
    control: "word", tab: "settings", show: long, done: ({ now }) => now.word.length > START.word.length,
  },
  far: { start: far, place: "step", right: (lab) => first(lab.run(far), "no") },
};

export default defineLab({
  name: "step",
  words: WORDS,
  start: START,
  address: { word: "word", t: "step", unit: "unit" },
  inputs: ["word"],
  weights: readWeights,
  clean,
  read,
  picture,
  main,
  message,
  tabs: { settings, numbers: numbersTables, answers: answersTable },
  code: (lab) => program(lab.text, lab.numbers, lab.now.step, lab.now.unit),
  questions: QUESTIONS,
  tour: [
    { link: "word" },
    { link: "x-0" },
    { set: { step: 1 }, link: "f-0" },
    { set: { step: 1 }, link: "c-0" },
    { set: { step: 1 }, link: "h-0" },
    { set: { step: 2 }, link: "answer" },
    { set: { step: 1, unit: 3 }, link: "unit", tab: "settings" },
    { set: { step: 1 }, link: "cell", tab: "code" },
  ],
  drawn,
  opened,
});
