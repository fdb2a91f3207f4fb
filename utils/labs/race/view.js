// The Race lab: two models learn the same letters side by side, and every seed leaves a dot.

import { defineLab } from "../lab.js";
import { button, cell, choice, paint, placeIn, slider, table } from "../parts.js";
import { ALPHABET, fill, short } from "../text.js";
import { finishEpoch, trainOnce, unreached } from "../train.js";
import { html, nothing, svg } from "../vendor/lit-html.js";
import {
  clean, greatest, keepRace, measured, movement, openRace, program, RATES, reachOf, read, runsLike, SEEDS, START, tally, tryRace,
  UNTRAINED, withRun,
} from "./model.js";
import WORDS from "./words.json";

const SLICE = 10; // milliseconds of training before the page gets its turn
const MANY = 20; // seeds
const COURSE = ["seed", "window", "units", "learning_rate"]; // another of these, another race
const SIDES = [0, 1];
const AXES = ["time-steps", "features"]; // the colour of each model, by the axis it has more of

const settingsOf = (model) => Object.fromEntries(COURSE.map((name) => [name, model.get(name)]));

/** The race of the present settings: as it was kept, or at its start. */
function raceOf({ local, model }) {
  const settings = settingsOf(model);
  const key = JSON.stringify(settings);
  if (local.key !== key) Object.assign(local, { key, race: openRace(settings, model.get("saved")) });
  return local.race;
}

/** How far the recurrent weights of both are from their start, and the number of the strongest colour. */
function mapsOf(lab) {
  const { local } = lab, race = raceOf(lab), { updates } = race.trainers[0];
  if (local.maps?.race !== race || local.maps.updates !== updates) {
    const rows = SIDES.map((side) => movement(race, side));
    local.maps = { race, updates, rows, reach: reachOf(rows[0]) };
  }
  return local.maps;
}

const complete = (lab) => raceOf(lab).epoch >= lab.model.get("epochs");
const right = (race) => race.now.map((side) => side.right);

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
    if (raceOf(lab).kept && !complete(lab)) local.race = openRace(settingsOf(model), {}); // what was kept cannot be trained on
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
    const race = raceOf(lab);
    finishEpoch(race);
    moving = false;
    const settings = { ...clean(Object.fromEntries(Object.keys(START).map((name) => [name, model.get(name)]))), running: false };
    const results = complete(lab) ? withRun(model.get("results"), settings, race) : model.get("results");
    const { running, ...course } = settings;
    for (const [name, value] of Object.entries({ ...measured(race), saved: keepRace(race, course), results, running })) model.set(name, value);
    model.save_changes();
    lab.redraw();
    const next = complete(lab) ? local.queue.shift() : undefined;
    if (next === undefined) local.queue = [];
    else lab.set({ seed: next, running: true });
  }

  function restart() {
    local.key = null;
    shown = 0;
    if (model.get("epoch") > 0) {
      for (const [name, value] of Object.entries(UNTRAINED)) model.set(name, value);
      model.save_changes();
    }
    lab.redraw();
  }

  const listeners = {
    running() {
      if (model.get("running")) return complete(lab) ? halt() : goOn();
      if (moving) halt();
    },
    saved() { // another view has trained to its end, or begun again
      const { epoch = 0 } = model.get("saved");
      if (moving ? epoch > 0 : epoch !== raceOf(lab).epoch) local.key = null;
      moving &&= epoch === 0;
      lab.redraw();
    },
    results: lab.redraw,
  };
  for (const name of COURSE) listeners[name] = restart;
  for (const [name, listener] of Object.entries(listeners)) model.on(`change:${name}`, listener);
  local.restart = restart;
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

function trainMany(lab) {
  const there = runsLike(lab.model.get("results"), lab.now).map(({ seed }) => seed);
  const [first, ...others] = [...Array(MANY).keys()].filter((seed) => !there.includes(seed));
  lab.local.queue = others;
  lab.set({ seed: first, running: true });
}

// The picture

function picture(lab) {
  const race = raceOf(lab);
  return html`<div class="race-picture">
    ${SIDES.map((side) => html`${lane(lab, race, side)}${map(lab, side)}`)}
    <div class="race-curves">${plot(lab, race, "right", race.order.length)}${plot(lab, race, "loss", 3.5)}</div>
    <div class="race-dots" data-link="dots">${dots(lab)}</div></div>`;
}

/** The letters of one model; those that it has learned light up. */
function lane(lab, { now, data }, side) {
  const { text, numbers: { names, windows } } = lab, { answers, right: count } = now[side];
  return html`<div class="race-lane" data-side=${side} data-link="lane-${side}">
    <p><b class="race-name ${AXES[side]}">${names[side]}</b>${machine(lab, side)}<b class="race-count">${count} / ${windows.length}</b></p>
    <div class="race-letters" style="--letters: ${windows.length}" data-grid role="group" aria-label=${fill(text.lane, { name: names[side], n: count, all: windows.length })}>
      ${windows.map(({ next }, n) => {
        const learned = answers[n] === data.y[n];
        return html`<span role="img" tabindex="-1" data-row="0" data-column=${n} data-key="letter-${side}-${n}" data-link="l-${side}-${n} w-${n}"
          ?data-right=${learned} aria-label=${fill(learned ? text.isRight : text.isWrong, { letter: next })}>${next}</span>`;
      })}</div></div>`;
}

/** The loop: a box for each step. */
function machine({ text, now: { window: T }, numbers: { names } }, side) {
  const letters = ALPHABET.slice(0, T);
  const steps = side === 0 ? [...letters] : [letters];
  const label = fill(side === 0 ? text.machine : text.machineOne, { name: names[side], T, letters });
  return html`<span class="race-machine" role="img" aria-label=${label} data-link="machines">${steps.map((step, n) =>
    html`${n ? html`<i>→</i>` : nothing}<span>${step}</span>`)}</span>`;
}

/** How far the recurrent weights have moved. By mouse, or with the arrow keys, each of them is told. */
function map(lab, side) {
  const { text, numbers: { names }, now: { units } } = lab, spot = spotOf(lab);
  const point = (event) => {
    const { row, column } = placeIn(event.target, event);
    event.target.dataset.link = `m-${row}-${column}`;
  };
  return html`<button type="button" class="race-map ${AXES[side]}" data-key="map-${side}" data-link="map-${side} maps" data-answer=${lab.place({ map: side })}
    aria-label=${fill(text.map, { name: names[side], note: mapInWords(lab, side) })} aria-roledescription=${text.mapRole}
    style="--rows: ${units}; --columns: ${4 * units}" @keydown=${(event) => moveSpot(lab, event)}>
    <span class="race-map-title">${raceOf(lab).epoch === 0 ? text.mapAsked : greatest(mapsOf(lab).rows[side]) > 0 ? text.mapMoved : text.mapBlank}</span>
    <span class="race-canvas"><canvas data-side=${side} @pointermove=${point}></canvas>${
      spot ? html`<i class="race-spot" style="--row: ${spot.row}; --column: ${spot.column}"></i>` : nothing}</span></button>`;
}

/** The recurrent weight that is pointed at. */
function spotOf({ pointed, local, now: { units } }) {
  const found = /^m-(\d+)-(\d+)$/.exec(pointed ?? "")?.slice(1).map(Number);
  const spot = found ? { row: found[0], column: found[1] } : pointed?.startsWith("map-") ? local.spot : null;
  return spot && spot.row < units && spot.column < 4 * units ? spot : null;
}

function moveSpot(lab, event) {
  const { units } = lab.now, { row, column } = lab.local.spot ?? { row: 0, column: 0 };
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -4 * units], End: [0, 4 * units] }[event.key];
  if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const within = (at, count) => Math.max(0, Math.min(count - 1, at));
  lab.update({ spot: { row: within(row + move[0], units), column: within(column + move[1], 4 * units) } });
}

function drawn(lab, section) {
  const { rows, reach } = mapsOf(lab);
  for (const side of SIDES) paint(section.querySelector(`canvas[data-side="${side}"]`), rows[side], reach);
}

/** A curve for each model, over the epochs. */
function plot(lab, race, what, top) {
  const { text, now, numbers: { names } } = lab, last = race.history[0][what].length - 1;
  const epochs = Math.max(race.epoch, now.epochs);
  const guess = what === "loss" ? Math.log(26) : (26 - now.window) / 26;
  const y = (value) => 92 - 78 * Math.min(1, value / top);
  const x = (part) => 26 + 250 * part * (race.epoch / epochs);
  const ends = race.history.map((one) => y(one[what][last]) + 4);
  const apart = Math.max(0, 13 - Math.abs(ends[0] - ends[1])) / 2, above = ends[0] > ends[1] ? 1 : -1;
  const every = Math.max(1, Math.floor(last / 150));
  const line = (curve) => curve.map((value, n) => (n % every && n < last ? "" : `${x(last ? n / last : 0).toFixed(1)},${y(value).toFixed(1)}`)).join(" ");
  const values = race.now.map((one) => short(one[what], what === "loss" ? 3 : 0));
  return html`<svg class="race-plot" viewBox="0 0 310 108" role="img" data-link="curve-${what}"
      aria-label=${fill(text.plot, { title: text[what], a: names[0], b: names[1], x: values[0], y: values[1] })}>
    ${[0, top].map((tick) => svg`<line x1="26" x2="276" y1=${y(tick)} y2=${y(tick)} class="race-tick"/><text x="22" y=${y(tick) + 4} text-anchor="end">${tick}</text>`)}
    <text x="26" y="9" class="race-plot-title">${text[what]}</text>
    <line x1="26" x2="276" y1=${y(guess)} y2=${y(guess)} class="race-guess"/><text x="276" y=${y(guess) - 3} text-anchor="end">${text.guessing}</text>
    <text x="276" y="105" text-anchor="end">${fill(text.axis, { epochs })}</text>
    ${race.history.map((one, side) => svg`<polyline class="race-line ${AXES[side]} side-${side}" points=${line(one[what])}/>
      <text class="race-end ${AXES[side]}" x=${x(1) + 4} y=${ends[side] + (side === 0 ? above : -above) * apart}>${last > 0 ? names[side] : ""}</text>`)}</svg>`;
}

/** A dot for each finished seed of these settings, in a line for each model. */
function dots(lab) {
  const { text, now, model, numbers: { names } } = lab, runs = runsLike(model.get("results"), now);
  const said = runs.length ? fill(text.tally, { a: names[0], ...tally(runs) }) : text.noRuns;
  const line = (side) => {
    const shares = runs.map((run) => (side === 0 ? run.accuracy_steps : run.accuracy_features));
    const stacked = (n) => shares.slice(0, n).filter((share) => share === shares[n]).length;
    const step = Math.min(6, 26 / Math.max(1, ...shares.map((_, n) => stacked(n))));
    const base = side === 0 ? 40 : 84;
    return svg`<line x1="34" x2="250" y1=${base + 5} y2=${base + 5} class="race-tick"/><text x="28" y=${base + 4} text-anchor="end" class="race-end ${AXES[side]}">${names[side]}</text>
      ${shares.map((share, n) => {
        const x = 34 + 212 * share, y = base - step * stacked(n);
        const look = `race-dot ${AXES[side]} ${runs[n].seed === now.seed ? "race-now" : ""}`;
        return side === 0 ? svg`<circle class=${look} cx=${x} cy=${y} r="4"/>` : svg`<rect class=${look} x=${x - 3.5} y=${y - 3.5} width="7" height="7"/>`;
      })}`;
  };
  return html`<p>${said}</p><svg class="race-plot" viewBox="0 0 260 104" role="img" aria-label=${said}>
    ${SIDES.map(line)}<text x="34" y="102" text-anchor="middle">0 %</text><text x="258" y="102" text-anchor="end">100 %</text></svg>`;
}

// The main control and the sentences

function main(lab) {
  const { text, now, local } = lab, race = raceOf(lab), done = race.epoch >= now.epochs;
  const next = (now.seed + 1) % SEEDS;
  const [word, press] = now.running ? [text.stop, { running: false }]
    : done ? [text.nextSeed, { seed: next, running: true }]
    : [race.epoch ? text.goOn : text.train, { running: true }];
  const runs = runsLike(lab.model.get("results"), now), left = [...Array(MANY).keys()].filter((seed) => !runs.some((run) => run.seed === seed));
  return html`<span class="race-train ${lab.todo?.control === "train" ? "wanted" : ""}" data-link="train">${
      button(lab, "train", () => lab.set(press), { primary: true, word: fill(word, { seed: now.seed, next }) })}</span>
    ${button(lab, "many", () => trainMany(lab), { off: now.running || left.length === 0 })}
    <label class="race-progress"><span>${fill(local.queue.length ? text.progressMany : text.progress, {
      seed: now.seed, epoch: race.epoch, epochs: Math.max(race.epoch, now.epochs), left: local.queue.length })}</span>
      <progress max=${Math.max(race.epoch, now.epochs)} value=${race.epoch}></progress></label>`;
}

function message(lab) {
  const { text, pointed, numbers } = lab, race = raceOf(lab), { names, windows } = numbers;
  const [, side, n] = /^l-(\d)-(\d+)$/.exec(pointed ?? "") ?? [];
  if (n && windows[n]) {
    const { answers, chances } = race.now[side], { reads, next } = windows[n];
    return fill(text.letter, { letters: reads, next, name: names[side], answer: ALPHABET[answers[n]], chance: lab.number(chances[n]) });
  }
  const spot = spotOf(lab);
  if (spot) return weightInWords(lab, race, spot);
  const [, which] = /^map-(\d)$/.exec(pointed ?? "") ?? [];
  if (which) return `${names[which]}: ${mapInWords(lab, Number(which))}`;
  return verdict(lab, race);
}

function verdict({ text, now, numbers: { names: [a, b], windows } }, race) {
  const [x, y] = right(race);
  const values = { a, b, x, y, epoch: race.epoch, N: windows.length, seed: now.seed };
  if (now.running) return text.training;
  if (race.epoch === 0) return fill(text.ready, values);
  const kept = race.trainers[1].weights.recurrent_kernel.every((weight, k) => weight === race.trainers[1].start.recurrent_kernel[k]) ? fill(text.kept, values) : "";
  return fill(race.epoch >= now.epochs ? text.done : text.halted, { ...values, kept });
}

function mapInWords(lab, side) {
  const { text } = lab, rows = mapsOf(lab).rows[side], most = greatest(rows);
  const count = rows.reduce((sum, row) => sum + row.reduce((so, value) => so + Number(value !== 0), 0), 0);
  return fill(most > 0 ? text.movedBy : text.blank, { n: count, all: rows.length * rows[0].length, value: most.toPrecision(2) });
}

function weightInWords(lab, { trainers }, { row, column }) {
  const { text, number, numbers: { names } } = lab, { units } = trainers[0], k = row * 4 * units + column;
  return fill(text.place, { row, column, unit: column % units, gate: text.gates[Math.floor(column / units)] }) + SIDES.map((side) =>
    fill(text.change, { name: names[side], change: number(mapsOf(lab).rows[side][row][column]), now: number(trainers[side].weights.recurrent_kernel[k]) })).join(" ");
}

// The controls and the numbers

function settings(lab) {
  const again = () => {
    lab.local.restart();
    lab.set({ running: true });
  };
  return html`<div class="lab-controls">${slider(lab, "seed", { min: 0, max: SEEDS - 1 })}${slider(lab, "window", { min: 2, max: 6 })}
    ${slider(lab, "units", { min: 4, max: 32 })}${slider(lab, "epochs", { min: 10, max: 1000, step: 10 })}
    ${choice(lab, "learning_rate", RATES)}${button(lab, "again", again)}</div><p class="lab-small">${fill(lab.text.scale, { reach: `±${mapsOf(lab).reach.toPrecision(2)}` })} ${lab.text.seeds}</p>`;
}

function numbersTable(lab) {
  const { text, now, model, numbers: { names, windows } } = lab, race = raceOf(lab), N = windows.length;
  const whole = (value, link) => html`<td data-link=${link}>${value}</td>`;
  const all = [
    { name: "loss", one: (side) => cell(lab, race.now[side].loss, { link: "curve-loss", reach: 9, row: 0, column: side }) },
    { name: "accuracy", one: (side) => cell(lab, race.now[side].right / N, { link: `lane-${side}`, reach: 9, row: 1, column: side }) },
    { name: "greatest", one: (side) => cell(lab, greatest(mapsOf(lab).rows[side]), { link: `map-${side}`, reach: 9, row: 2, column: side }) },
    { name: "idle", one: (side) => whole(unreached(race, side).all, `map-${side}`) },
    { name: "weights", one: (side) => whole(race.trainers[side].weights.all.length, `lane-${side}`) },
    { name: "loop", one: (side) => whole(race.trainers[side].steps, "machines") },
  ];
  const rows = all.map(({ name, one }) => [text.facts[name], ...SIDES.map(one)]);
  const runs = runsLike(model.get("results"), now);
  return html`${table(text.tabs.numbers, [text.fact, ...names], rows)}
    ${runs.length ? table(text.runs, [text.seed, ...runs.map(({ seed }) => seed)], SIDES.map((side) =>
      [names[side], ...runs.map((run) => html`<td>${Math.round(100 * (side === 0 ? run.accuracy_steps : run.accuracy_features))} %</td>`)])) : nothing}`;
}

// The questions. What the models are asked about is tried out, in a short race.

const begun = (lab) => lab.now.running || raceOf(lab).epoch > 0;
const values = (lab) => {
  const race = raceOf(lab);
  return { a: lab.numbers.names[0], b: lab.numbers.names[1], idle: unreached(race, 1).all, all: race.trainers[1].weights.all.length, U: lab.now.units };
};

const QUESTIONS = {
  blank: {
    place: "map", right: () => tryRace(3).moved.indexOf(false), values,
    control: "train", show: { running: true }, done: begun,
  },
  wide: {
    start: { window: 6 }, right: () => (tryRace(6).moved[1] ? "yes" : "no"), values,
    control: "train", show: { running: true }, done: begun,
  },
  idle: {
    right: (lab) => {
      const { idle, all, U } = values(lab);
      return idle > all / 2 ? "most" : idle > U ? "some" : idle ? "few" : "none";
    },
    tab: "numbers", values,
  },
};

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
  questions: QUESTIONS,
  tour: [
    { link: "lane-0" },
    { link: "lane-1" },
    { link: "train", set: { running: true } },
    { link: "map-1", set: { running: true } },
    { link: "map-0", set: { running: true, window: 6 } },
    { link: "dots" },
    { link: "machines", tab: "code" },
  ],
  local: () => ({ key: null, race: null, queue: [], maps: null, spot: null }),
  settled,
  drawn,
  opened,
});
