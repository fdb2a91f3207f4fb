// The Race lab: two models learn the same letters side by side, and every seed leaves a dot.

import { defineLab } from "../lab.js";
import { button, cell, choice, paint, placeIn, slider, table } from "../parts.js";
import { ALPHABET, fill, short } from "../text.js";
import { finishEpoch, trainOnce, unreached } from "../train.js";
import { html, nothing, svg } from "../vendor/lit-html.js";
import {
  clean, keepRace, measured, movement, openRace, program, RATES, read, runsLike, SEEDS, START, tally, UNTRAINED, withRun,
} from "./model.js";
import WORDS from "./words.json";

const SLICE = 10; // milliseconds of training before the page gets its turn
const MANY = [...Array(20).keys()]; // seeds
const COURSE = ["seed", "window", "units", "learning_rate"]; // another of these, another race
const AXES = ["time-steps", "features"]; // the colour of each model, by the axis it has more of
const both = (draw) => [draw(0), draw(1)];

const get = ({ model }, names) => Object.fromEntries(names.map((name) => [name, model.get(name)]));

/** The race of the present settings: as it was kept, or at its start. */
function raceOf(lab) {
  const { local, model } = lab, course = get(lab, COURSE), key = JSON.stringify(course);
  if (local.key !== key) Object.assign(local, { key, race: openRace(course, model.get("saved")) });
  return local.race;
}

const isDone = (lab) => raceOf(lab).epoch >= lab.model.get("epochs");
const runs = ({ model, now }) => runsLike(model.get("results"), now);

function tell({ model }, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

// Training, in slices between which the page stays alive

function opened(lab) {
  const { model, local } = lab;
  const channel = new MessageChannel();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let waiting = false, moving = false, shown = 0;

  function goOn() {
    if (!waiting) channel.port2.postMessage(null);
    waiting = true;
  }

  channel.port1.onmessage = () => {
    waiting = false;
    if (!model.get("running")) return;
    if (raceOf(lab).kept && !isDone(lab)) local.race = openRace(get(lab, COURSE), {}); // what was kept cannot be trained on
    const race = raceOf(lab), epochs = model.get("epochs"), end = performance.now() + SLICE;
    moving = true;
    while (race.epoch < epochs && performance.now() < end) trainOnce(race);
    if (race.epoch >= epochs) return halt();
    if (!calm.matches || Math.abs(race.epoch - shown) >= 50) {
      shown = race.epoch;
      lab.redraw();
    }
    goOn();
  };

  /** End at the end of an epoch, and tell Python where. */
  function halt() {
    const race = raceOf(lab), done = isDone(lab), results = model.get("results");
    finishEpoch(race);
    moving = false;
    tell(lab, {
      ...measured(race), saved: keepRace(race, get(lab, COURSE)), running: false,
      results: done ? withRun(results, get(lab, [...COURSE, "epochs"]), race) : results,
    });
    lab.redraw();
    local.queue = done ? local.queue : [];
    if (local.queue.length) lab.set({ seed: local.queue.shift(), running: true });
  }

  local.restart = () => {
    local.key = null;
    if (model.get("epoch") > 0) tell(lab, UNTRAINED);
    lab.redraw();
  };

  const listeners = {
    ...Object.fromEntries(COURSE.map((name) => [name, local.restart])),
    results: lab.redraw,
    running() {
      const running = model.get("running");
      if (running && !isDone(lab)) goOn();
      else if (running || moving) halt();
    },
    saved() { // another view has trained to its end, or begun again
      const { epoch = 0 } = model.get("saved");
      if (moving ? epoch > 0 : epoch !== raceOf(lab).epoch) local.key = null;
      moving &&= epoch === 0;
      lab.redraw();
    },
  };
  for (const [name, listener] of Object.entries(listeners)) model.on(`change:${name}`, listener);
  if (model.get("running")) listeners.running();
  return () => {
    for (const [name, listener] of Object.entries(listeners)) model.off(`change:${name}`, listener);
    channel.port1.close();
  };
}

/** A question, a step of the tour and Reset begin with models that are not trained. */
function settled({ local }) {
  local.queue = [];
  local.restart?.();
}

// The picture

const picture = (lab) => html`<div class="race-picture">
  ${both((side) => html`${lane(lab, raceOf(lab), side)}${map(lab, side)}`)}
  <div class="race-curves">${plot(lab, raceOf(lab), lab.numbers.windows.length)}</div>
  <div class="race-dots" data-link="dots">${dots(lab)}</div></div>`;

/** The letters of one model; those that it has learned light up. */
function lane({ text, now: { window: T }, numbers: { names, windows } }, { now, data }, side) {
  const name = names[side], { answers, right } = now[side];
  const letters = ALPHABET.slice(0, T), steps = side === 0 ? letters.split("") : [letters]; // of the loop
  const letter = ({ next }, n) => {
    const learned = answers[n] === data.y[n];
    return html`<span role="img" tabindex="-1" data-row="0" data-column=${n} data-key="letter-${side}-${n}" data-link="l-${side}-${n}"
      ?data-right=${learned} aria-label=${fill(learned ? text.isRight : text.isWrong, { letter: next })}>${next}</span>`;
  };
  return html`<div class="race-lane" data-side=${side} data-link="lane-${side}">
    <p><b class="race-name">${name}</b><span class="race-machine" role="img" data-link="machines"
        aria-label=${fill(side === 0 ? text.machine : text.machineOne, { name, T, letters })}>${
        steps.map((step, n) => html`${n ? "→" : ""}<span>${step}</span>`)}</span>
      <b class="race-count">${right} / ${windows.length}</b></p>
    <div class="race-letters" style="--letters: ${windows.length}" data-grid role="group"
      aria-label=${fill(text.lane, { name, n: right, all: windows.length })}>${windows.map(letter)}</div></div>`;
}

/** How far the recurrent weights have moved. By mouse, or with the arrow keys, each of them is told. */
function map(lab, side) {
  const { text, numbers: { names }, now: { units } } = lab, spot = spotOf(lab), race = raceOf(lab);
  const title = race.epoch === 0 ? text.mapBefore : movement(race.trainers[side]).most > 0 ? text.mapMoved : text.mapBlank;
  const point = (event) => {
    const { row, column } = placeIn(event.target, event);
    event.target.dataset.link = `m-${row}-${column}`;
  };
  return html`<button type="button" class="race-map ${AXES[side]}" data-key="map-${side}" data-link="map-${side} maps" data-answer=${lab.place({ map: side })}
    aria-label=${fill(text.map, { name: names[side], note: mapInWords(lab, side) })}
    style="--rows: ${units}; --columns: ${4 * units}" @keydown=${(event) => moveSpot(lab, event)}>
    <span class="race-map-title">${title}</span><span class="race-canvas"><canvas @pointermove=${point}></canvas>${
      spot ? html`<i class="race-spot" style="--row: ${spot.row}; --column: ${spot.column}"></i>` : nothing}</span></button>`;
}

/** The recurrent weight that is pointed at. */
function spotOf({ pointed, local, now: { units } }) {
  const [row, column] = /^m-(\d+)-(\d+)$/.exec(pointed ?? "")?.slice(1).map(Number) ?? ((pointed?.startsWith("map-") && local.spot) || []);
  return row < units && column < 4 * units ? { row, column } : null;
}

function moveSpot(lab, event) {
  const { units } = lab.now, ends = 4 * units;
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -ends], End: [0, ends] }[event.key];
  if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const counts = [units, ends], spot = lab.local.spot || [0, 0];
  lab.update({ spot: counts.map((count, axis) => Math.max(0, Math.min(count - 1, spot[axis] + move[axis]))) });
}

/** The number of the strongest colour: for both maps that of the first, which moves. */
function reachOf(lab) {
  const { all } = movement(raceOf(lab).trainers[0]);
  return 2.5 * Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length) || 1;
}

function drawn(lab, section) {
  section.querySelectorAll("canvas").forEach((canvas, side) => paint(canvas, movement(raceOf(lab).trainers[side]).rows, reachOf(lab)));
}

/** The right letters of each model, over the epochs. (The loss is in a tab.) */
function plot({ text, now, numbers: { names } }, { epoch, history, now: at }, top) {
  const epochs = Math.max(epoch, now.epochs), every = Math.max(1, Math.floor(epoch / 150));
  const guess = (26 - now.window) / 26;
  const x = (n) => 26 + (340 * n) / epochs, y = (value) => 58 - 44 * Math.min(1, value / top);
  const line = (curve) => curve.map((value, n) => (n % every && n < epoch ? "" : `${x(n).toFixed(1)},${y(value).toFixed(1)}`)).join(" ");
  const ends = history.map((one) => y(one.right[epoch]) + 4), above = ends[0] > ends[1] ? 1 : -1;
  const apart = Math.max(0, 13 - Math.abs(ends[0] - ends[1])) / 2;
  const [a, b] = at.map((one) => short(one.right, 0));
  return html`<svg class="race-plot" viewBox="0 0 400 72" role="img" data-link="curve-right"
      aria-label=${fill(text.plot, { title: text.curves.right, a: names[0], b: names[1], x: a, y: b })}>
    ${[0, top].map((tick) => svg`<line x1="26" x2="366" y1=${y(tick)} y2=${y(tick)} class="race-tick"/><text x="22" y=${y(tick) + 4} text-anchor="end">${tick}</text>`)}
    <text x="26" y="10" class="race-plot-title">${text.curves.right}</text><text x="366" y="70" text-anchor="end">${fill(text.axis, { epochs })}</text>
    <line x1="26" x2="366" y1=${y(guess)} y2=${y(guess)} class="race-guess"/><text x="366" y=${y(guess) - 3} text-anchor="end">${text.guessing}</text>
    ${both((side) => svg`<polyline class="race-line ${AXES[side]} side-${side}" points=${line(history[side].right)}/>
      <text class="race-end ${AXES[side]}" x=${x(epoch) + 4} y=${ends[side] + (side ? -above : above) * apart}>${epoch ? names[side] : ""}</text>`)}</svg>`;
}

const share = (run, side) => (side === 0 ? run.accuracy_steps : run.accuracy_features);

/** A dot for each finished seed of these settings, in a line for each model. */
function dots(lab) {
  const { text, now, numbers: { names } } = lab, all = runs(lab);
  const said = all.length ? fill(text.tally, { a: names[0], ...tally(all) }) : text.noRuns;
  const line = (side) => {
    const heights = all.map((run, n) => all.slice(0, n).filter((one) => share(one, side) === share(run, side)).length);
    const step = Math.min(6, 26 / Math.max(1, ...heights)), base = side === 0 ? 40 : 84;
    return svg`<line x1="34" x2="250" y1=${base + 5} y2=${base + 5} class="race-tick"/><text x="28" y=${base + 4} text-anchor="end" class="race-end ${AXES[side]}">${names[side]}</text>
      ${all.map((run, n) => svg`<rect class="race-dot ${AXES[side]} ${run.seed === now.seed ? "race-now" : ""}" rx=${side ? 0 : 4}
        x=${30.5 + 212 * share(run, side)} y=${base - 3.5 - step * heights[n]} width="7" height="7"/>`)}`;
  };
  return html`<p>${said}</p><svg class="race-plot" viewBox="0 0 260 104" role="img" aria-label=${said}>
    ${both(line)}<text x="34" y="102" text-anchor="middle">0 %</text><text x="258" y="102" text-anchor="end">100 %</text></svg>`;
}

// The main control and the sentences

function main(lab) {
  const { text, now, local: { queue } } = lab, { epoch } = raceOf(lab), next = (now.seed + 1) % SEEDS;
  const [word, press] = now.running ? [text.stop, { running: false }]
    : isDone(lab) ? [text.nextSeed, { seed: next, running: true }] : [epoch ? text.goOn : text.train, { running: true }];
  const [first, ...others] = MANY.filter((seed) => !runs(lab).some((run) => run.seed === seed));
  const trainMany = () => {
    lab.local.queue = others;
    lab.set({ seed: first, running: true });
  };
  const epochs = Math.max(epoch, now.epochs);
  return html`<span class="race-train ${lab.todo?.control === "train" ? "wanted" : ""}" data-link="train">${
      button(lab, "train", () => lab.set(press), { primary: true, word: fill(word, { seed: now.seed, next }) })}</span>
    ${button(lab, "many", trainMany, { off: now.running || first === undefined })}
    <label class="race-progress"><span>${fill(queue.length ? text.progressMany : text.progress, { seed: now.seed, epoch, epochs, left: queue.length })}</span>
      <progress max=${epochs} value=${epoch}></progress></label>`;
}

function message(lab) {
  const { text, pointed, number, now, numbers: { names, windows } } = lab, race = raceOf(lab), spot = spotOf(lab);
  const [, kind, side, n] = /^(l|map)-(\d)(?:-(\d+))?$/.exec(pointed ?? "") ?? [];
  if (kind === "l" && windows[n]) {
    const { answers, chances } = race.now[side], { reads, next } = windows[n];
    return fill(text.letter, { letters: reads, next, name: names[side], answer: ALPHABET[answers[n]], chance: number(chances[n]) });
  }
  if (spot) {
    const { row, column } = spot, k = row * 4 * now.units + column;
    return [fill(text.place, { row, column, unit: column % now.units, gate: text.gates[Math.floor(column / now.units)] }),
      ...race.trainers.map((trainer, at) => fill(text.change, {
        name: names[at], change: number(movement(trainer).all[k]), now: number(trainer.weights.recurrent_kernel[k]) }))].join(" ");
  }
  if (kind === "map") return `${names[side]}: ${mapInWords(lab, side)}`;
  if (now.running) return text.training;
  const [x, y] = race.now.map(({ right }) => right), values = { a: names[0], b: names[1], x, y, epoch: race.epoch, N: windows.length, seed: now.seed };
  const kept = movement(race.trainers[1]).most === 0 ? fill(text.kept, values) : "";
  return fill(race.epoch === 0 ? text.ready : isDone(lab) ? text.done : text.halted, { ...values, kept });
}

function mapInWords(lab, side) {
  const { all, most } = movement(raceOf(lab).trainers[side]);
  return fill(most > 0 ? lab.text.movedBy : lab.text.blank, { n: all.filter((value) => value !== 0).length, all: all.length, value: most.toPrecision(2) });
}

// The controls and the numbers

function settings(lab) {
  const again = () => {
    lab.local.restart();
    lab.set({ running: true });
  };
  return html`<div class="lab-controls">${slider(lab, "seed", { min: 0, max: SEEDS - 1 })}${slider(lab, "window", { min: 2, max: 6 })}
    ${slider(lab, "units", { min: 4, max: 32 })}${slider(lab, "epochs", { min: 10, max: 1000, step: 10 })}
    ${choice(lab, "learning_rate", RATES)}${button(lab, "again", again)}</div>
    <p class="lab-small">${fill(lab.text.scale, { reach: `±${reachOf(lab).toPrecision(2)}` })} ${lab.text.seeds}</p>`;
}

function numbersTable(lab) {
  const { numbers: { names }, text: { fact, facts, seed, tabs, runs: title } } = lab, race = raceOf(lab), all = runs(lab);
  const rows = Object.entries({
    loss: { link: () => "curve-loss", one: (side) => race.now[side].loss },
    accuracy: { link: (side) => `lane-${side}`, one: (side) => race.now[side].right / race.order.length },
    greatest: { link: (side) => `map-${side}`, one: (side) => movement(race.trainers[side]).most },
    idle: { link: (side) => `map-${side}`, one: (side) => unreached(race, side).all, whole: true },
    weights: { link: (side) => `lane-${side}`, one: (side) => race.trainers[side].weights.all.length, whole: true },
    loop: { link: () => "machines", one: (side) => race.trainers[side].steps, whole: true },
  }).map(([name, { link, one, whole }], row) => [facts[name], ...both((column) => whole ? html`<td data-link=${link(column)}>${one(column)}</td>`
    : cell(lab, one(column), { link: link(column), reach: 9, row, column }))]);
  return html`${table(tabs.numbers, [fact, ...names], rows)}${all.length ? table(title, [seed, ...all.map((run) => run.seed)],
    both((side) => [names[side], ...all.map((run) => html`<td>${Math.round(100 * share(run, side))} %</td>`)])) : nothing}`;
}

// The questions

/** The models whose recurrent kernel gets a gradient of exactly 0, from all windows. */
const blank = (lab) => raceOf(lab).pulls.flatMap(({ recurrent_kernel: pull }, side) => (pull.some((value) => value !== 0) ? [] : [side]));
const values = (lab) => ({
  a: lab.numbers.names[0], b: lab.numbers.names[1], idle: unreached(raceOf(lab), 1).all, all: raceOf(lab).trainers[1].weights.all.length,
});
const race = { control: "train", show: { running: true }, done: (lab) => lab.now.running || raceOf(lab).epoch > 0, values };

export default defineLab({
  name: "race",
  words: WORDS,
  start: START,
  address: { seed: "seed", window: "window", units: "units", rate: "learning_rate", epochs: "epochs" },
  inputs: ["window"],
  clean,
  read,
  picture,
  main,
  message,
  tabs: { settings, numbers: numbersTable },
  code: (lab) => program(lab.now),
  questions: {
    blank: { ...race, place: "map", right: (lab) => blank(lab).join() },
    wide: { ...race, start: { window: 6 }, right: (lab) => (blank(lab).includes(1) ? "no" : "yes") },
    idle: {
      right(lab) {
        const part = values(lab).idle / values(lab).all;
        return part > 0.5 ? "most" : part > 0.1 ? "some" : part > 0 ? "few" : "none";
      },
      values,
    },
  },
  tour: [
    { link: "lane-0" },
    { link: "lane-1" },
    { link: "train", set: { running: true } },
    { link: "map-1", set: { running: true } },
    { link: "map-0", set: { running: true, window: 6 } },
    { link: "dots" },
    { link: "machines", tab: "code" },
  ],
  local: () => ({ key: null, race: null, queue: [], spot: null }),
  settled,
  drawn,
  opened,
});
