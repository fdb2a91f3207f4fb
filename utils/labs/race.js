// The Race lab: the same windows train a T×1 and a 1×T model side by side, in the page.

import {
  ALPHABET, arrowKeys, button, choice, fill, frame, listen, make, oncePerFrame, refill, save, short, slider,
  translated,
} from "./page.js";
import { finishEpoch, makeRace, trainOnce, unreached } from "./train.js";

const TEXT = {
  title: "Race lab",
  first: "Press Train and watch both maps. Then train another seed: does the map of 1×{T} ever move?",
  seed: "Seed",
  window: "Window",
  units: "Units",
  epochs: "Epochs",
  rate: "Learning rate",
  train: "Train",
  stop: "Stop",
  goOn: "Continue",
  again: "Start again",
  nextSeed: "Next seed",
  progress: "Epoch {epoch} of {epochs}",
  many: "{T} time steps of one number",
  one: "one time step of {T} numbers",
  zeros: "zeros",
  state: "h, c",
  step: "step {t}",
  machine: "{name} reads {letters}: {T} steps from zeros, h and c go from step to step, h leaves the last.",
  machineOne: "{name} reads {letters}: one step from zeros, and h leaves it. Nothing goes to another step.",
  pull: "Recurrent kernel before training: its gradient",
  change: "Recurrent kernel: change since the start",
  blank: "Exactly 0 in all {n} weights.",
  greatest: "In {n} of {all} weights, up to {value}.",
  blocks: ["input", "forget", "candidate", "output"],
  scale: "A row for each hidden unit that is read, a column for each gate of each unit. Violet is below " +
    "zero, olive above, full colour from {reach}.",
  mapRole: "heat map, arrow keys move",
  place: "Recurrent kernel [{row}, {column}], from hidden unit {row} to the {gate} of unit {unit}. ",
  gates: ["input gate", "forget gate", "candidate", "output gate"],
  pullHere: "{name}: gradient {change}, weight {now}. ",
  changeHere: "{name}: change {change}, from {start} to {now}. ",
  answers: "Next letters that {name} gets right",
  isRight: "{letter}, right",
  isWrong: "{letter}, not yet",
  letter: "After {letters} comes {next}. {name} answers {answer}, and gives {next} the probability {chance}.",
  loss: "Loss",
  accuracy: "Accuracy",
  guessing: "guessing",
  axis: "epochs",
  plot: "{title} by epoch. {a} is at {x}, {b} at {y}.",
  facts: "Both models now",
  loop: "Steps of the loop per window",
  loopHere: "{name}: the step runs {n} times for each window, and hands its state on {m} times.",
  weights: "Weights",
  weightsHere: "{name}: {n} weights. Kernel {F}×{columns}, recurrent kernel {U}×{columns}, bias " +
    "{columns}, Dense {dense}.",
  idle: "Weights whose gradient was always 0",
  idleHere: "{name}: the gradient of {all} weights was exactly 0 each time: {recurrent_kernel} in the " +
    "recurrent kernel, {kernel} in the kernel, {bias} in the bias.",
  moved: "Greatest change, recurrent kernel",
  movedHere: "{name}: no recurrent weight is further than {value} from its start.",
  lossHere: "{name}: cross-entropy after epoch {epoch}, mean of {N} windows: {value}. Guessing among 26 " +
    "letters gives 3.258097.",
  right: "Windows right",
  rightShown: "{n} of {N}",
  rightHere: "{name}: {n} of {N} windows right, accuracy {value}. They are the windows it trains on.",
  hint: "Point at a number, a letter or a map, or move there with Tab and the arrow keys.",
  ready: "Seed {seed}, not trained yet. Both start from the same recurrent kernel and the same Dense layer.",
  training: "Training. The colours show how far each recurrent weight is from its start.",
  halted: "Stopped after epoch {epoch}: {a} has {x} of {N} windows right, {b} has {y}.",
  done: "Seed {seed}, {epochs} epochs: {a} has {x} of {N} windows right, {b} has {y}. {kept} " +
    "One seed shows one run. Try others before you conclude.",
  kept: "The recurrent kernel of {b} is, bit for bit, as it began.",
  tally: "Finished runs with these settings, by seed",
  count: "{a} ahead with {wins} of {n} seeds, level with {ties}, behind with {losses}.",
  seeds: "The page draws other random numbers than Keras: a seed gives another run there, of the same kind.",
};
const RATES = [0.0005, 0.001, 0.002, 0.005, 0.01];
const SLICE = 10; // milliseconds of training before the page gets its turn
const SETTINGS = ["seed", "window", "units", "learning_rate"];
const SIDES = ["time-steps", "features"]; // the colour of each model, by the axis it has more of
const UNTRAINED = {
  epoch: 0, loss_steps: null, loss_features: null, accuracy_steps: null, accuracy_features: null,
};

function render({ model, el }) {
  const text = translated(TEXT, model);
  const { section, controls, view, code, announce, stop } = frame(el, text);
  section.classList.add("race");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const get = (name) => model.get(name);
  let race; // what is trained: weights, order of the windows, history
  let stale = true; // whether a setting has changed since `race` was made
  let going = false;
  let waiting = false; // whether the next slice is on its way
  let drawn = 0; // the epoch that the page shows
  let place = [0, 0]; // row and column in the recurrent kernels that are pointed at
  let onMap = false; // whether it is they that are pointed at
  let describe = null; // writes the sentence about what is pointed at
  let parts; // the elements that follow the training
  let built; // for which window

  // ---- Controls
  const set = (name) => (value) => save(model, { [name]: value });
  const range = (name, label, min, max, step) =>
    slider({ label, min, max, step, value: get(name), key: name, onInput: set(name) });
  const sliders = {
    seed: range("seed", text.seed, 0, 99, 1),
    window: range("window", text.window, 2, 6, 1),
    units: range("units", text.units, 4, 32, 1),
    epochs: range("epochs", text.epochs, 10, 1000, 10),
  };
  const rate = choice({
    label: text.rate,
    options: RATES.map((value) => ({ value, label: String(value) })),
    value: get("learning_rate"),
    key: "rate",
    onInput: set("learning_rate"),
  });
  controls.append(...Object.values(sliders).map(({ element }) => element), rate.element);

  const trainButton = button({ label: text.train, key: "train", primary: true, onClick: toggleTraining });
  const againButton = button({ label: text.again, key: "again", onClick: startAgain });
  const nextButton = button({ label: text.nextSeed, key: "next", onClick: trainNextSeed });
  const bar = make("progress", { class: "race-bar" });
  const progress = make("label", { class: "race-progress" }, make("span"), bar);
  const stage = make("div");
  const detail = make("p", { class: "lab-detail" });
  const verdict = make("p", { class: "race-verdict" });
  const tally = make("div");
  const seeds = make("p", { class: "race-caption" }, text.seeds);
  const buttons = make("div", { class: "race-buttons" }, trainButton, againButton, nextButton, progress);
  section.insertBefore(buttons, controls);
  controls.after(verdict);
  view.append(stage, detail, tally);
  code.parentElement.after(seeds);

  // ---- Training, in slices between which the page stays alive
  const channel = new MessageChannel();
  channel.port1.onmessage = slice;

  function current() {
    if (stale) {
      stale = false;
      race = makeRace({
        seed: get("seed"),
        window: get("window"),
        units: get("units"),
        learningRate: get("learning_rate"),
      });
      if (built && !going) announce(verdictText());
      const first = !built; // another view of the lab leaves what this one has trained
      if (built !== get("window")) rebuild();
      built = get("window");
      parts.sides.forEach(({ resize }) => resize(get("units")));
      place = within(place);
      if (!first && get("epoch") > 0) save(model, UNTRAINED);
    }
    return race;
  }

  const complete = () => current().epoch >= get("epochs");

  function go() {
    going = true;
    if (complete()) return halt();
    if (!waiting) channel.port2.postMessage(null);
    waiting = true;
    draw();
  }

  function slice() {
    waiting = false;
    if (!going) return;
    const end = performance.now() + SLICE;
    const before = current().epoch;
    while (performance.now() < end) {
      if (trainOnce(race) && complete()) return halt();
    }
    const hundreds = Math.floor(race.epoch / 100);
    if (hundreds > Math.floor(before / 100)) announce(progressText(hundreds * 100));
    if (!calm.matches || race.epoch >= drawn + 50) ask();
    waiting = true;
    channel.port2.postMessage(null);
  }

  /** End at the end of an epoch, and tell Python where. */
  function halt() {
    going = false;
    finishEpoch(current());
    const results = complete() ? tallied() : get("results");
    save(model, { ...measured(), results, running: false });
    draw();
    announce(verdict.textContent);
  }

  const measured = () => ({
    epoch: race.epoch,
    loss_steps: race.now[0].loss,
    loss_features: race.now[1].loss,
    accuracy_steps: race.now[0].right / race.order.length,
    accuracy_features: race.now[1].right / race.order.length,
  });

  const sameSettings = (run) =>
    ["window", "units", "learning_rate", "epochs"].every((name) => run[name] === get(name));

  /** The finished runs with this one; a run that was there before is replaced. */
  function tallied() {
    const settings = Object.fromEntries([...SETTINGS, "epochs"].map((name) => [name, get(name)]));
    const { epoch, ...found } = measured();
    if (epoch !== settings.epochs) return get("results"); // epochs was set lower in between
    const others = get("results").filter((run) => !(sameSettings(run) && run.seed === settings.seed));
    return [...others, { ...settings, ...found }];
  }

  function toggleTraining() {
    if (going) halt();
    else if (!complete()) save(model, { running: true });
  }

  function startAgain() {
    stale = true;
    if (going) ask();
    else save(model, { running: true });
  }

  function trainNextSeed() {
    save(model, { seed: (get("seed") + 1) % 100 });
    if (!going) save(model, { running: true });
  }

  // ---- What is on the page
  const names = () => [`${get("window")}×1`, `1×${get("window")}`];
  const lastEpoch = () => Math.max(race.epoch, get("epochs")); // lower than it stands sets no end
  const progressText = (epoch) => fill(text.progress, { epoch, epochs: lastEpoch() });
  const lettersOf = (n) => ALPHABET.slice(n, n + get("window"));

  /** Build what depends on the settings; `draw` fills in what depends on the training. */
  function rebuild() {
    const T = get("window");
    section.querySelector(".lab-first").lastChild.textContent = fill(text.first, { T });
    describe = null;
    onMap = false;
    parts = {
      sides: SIDES.map((axis, side) => buildSide(text, side, axis, names()[side], T, race)),
      loss: buildPlot(text, text.loss, [0, 1, 2, 3], String, Math.log(26)),
      accuracy: buildPlot(text, text.accuracy, [0, 0.5, 1], (v) => `${100 * v} %`, 1 / 26),
      facts: buildFacts(text, names()),
    };
    refill(
      stage,
      make("div", { class: "race-pair" }, parts.sides.map(({ element }) => element)),
      (parts.scale = make("p", { class: "race-caption" })),
      make("div", { class: "race-pair" }, parts.loss.element, parts.accuracy.element),
      parts.facts,
    );
    for (const grid of [parts.facts, ...parts.sides.map(({ strip }) => strip)]) {
      arrowKeys(grid, () => announce(detail.textContent));
    }
  }

  /** Violet and olive as the theme has them; to be read before anything moves, or it takes long. */
  function readColors() {
    const style = getComputedStyle(section);
    return ["--minus", "--plus"].map((name) => parseInt(style.getPropertyValue(name).trim().slice(1), 16));
  }

  function draw() {
    const colors = readColors();
    const { epoch, now, order } = current();
    const epochs = lastEpoch();
    drawn = epoch;
    for (const [name, { set: show }] of Object.entries(sliders)) show(get(name));
    rate.set(get("learning_rate"));
    code.textContent = codeLines(...["window", "seed", "units", "learning_rate", "epochs"].map(get));
    trainButton.textContent = going ? text.stop : epoch && !complete() ? text.goOn : text.train;
    trainButton.toggleAttribute("data-off", !going && complete());
    trainButton.setAttribute("aria-disabled", String(!going && complete()));
    progress.firstChild.textContent = progressText(epoch);
    bar.max = epochs;
    bar.value = epoch;
    drawMaps(colors);
    const percent = ({ right }) => `${((100 * right) / order.length).toFixed(0)} %`;
    const shares = race.history.map(({ right }) => right.map((n) => n / order.length));
    drawPlot(parts.loss, race.history.map(({ loss }) => loss), epochs, names());
    drawPlot(parts.accuracy, shares, epochs, names());
    const [a, b] = names();
    const spoken = (title, [x, y]) => fill(text.plot, { title, a, b, x, y });
    parts.loss.element.setAttribute("aria-label", spoken(text.loss, now.map(({ loss }) => short(loss))));
    parts.accuracy.element.setAttribute("aria-label", spoken(text.accuracy, now.map(percent)));
    const facts = factsOf(text, race, names());
    for (const cell of parts.facts.querySelectorAll("[data-row]")) {
      cell.textContent = facts[cell.dataset.row].shown[cell.dataset.column];
    }
    parts.sides.forEach(({ strip }, side) => {
      strip.querySelectorAll("[data-row]").forEach((cell, n) => {
        const right = now[side].answers[n] === race.data.y[n];
        if (cell.hasAttribute("data-right") === right && cell.ariaLabel) return;
        cell.toggleAttribute("data-right", right);
        cell.ariaLabel = fill(right ? text.isRight : text.isWrong, { letter: cell.textContent });
      });
      const label = fill(text.answers, { name: names()[side] });
      strip.setAttribute("aria-label", `${label}: ${percent(now[side])}`);
    });
    detail.textContent = describe ? describe() : text.hint;
    detail.toggleAttribute("data-pointed", describe !== null);
    verdict.textContent = verdictText();
    drawTally();
  }

  /** Both recurrent kernels on one scale: their gradient before training, their change afterwards. */
  function drawMaps(colors = readColors()) {
    const values = [0, 1].map((side) => mapOf(race, side));
    const squares = values[0].reduce((sum, value) => sum + value * value, 0);
    const reach = 2.5 * Math.sqrt(squares / values[0].length) || 1;
    parts.sides.forEach(({ canvas, map, mapTitle, mapNote, mark }, side) => {
      paintMap(canvas, values[side], reach, colors);
      mapTitle.textContent = race.trainers[side].updates ? text.change : text.pull;
      const some = values[side].reduce((count, value) => count + (value !== 0), 0);
      const counts = { n: some, all: values[side].length, value: greatest(values[side]).toPrecision(2) };
      mapNote.textContent = some ? fill(text.greatest, counts) : fill(text.blank, { n: counts.all });
      map.setAttribute("aria-label", `${names()[side]}. ${mapTitle.textContent}. ${mapNote.textContent}`);
      mark.hidden = !onMap;
      mark.style.setProperty("--row", place[0]);
      mark.style.setProperty("--column", place[1]);
    });
    parts.scale.textContent = fill(text.scale, { reach: `±${reach.toPrecision(2)}` });
  }

  function verdictText() {
    const { epoch, now, order } = race;
    const [a, b] = names();
    const kept = greatest(mapOf(race, 1)) === 0 ? fill(text.kept, { b }) : "";
    const [x, y] = now.map(({ right }) => right);
    const values = { a, b, x, y, kept, epoch, epochs: epoch, N: order.length, seed: get("seed") };
    if (epoch === 0) return fill(text.ready, values);
    if (going) return text.training;
    return fill(complete() ? text.done : text.halted, values);
  }

  function drawTally() {
    const runs = get("results").filter(sameSettings).sort((one, other) => one.seed - other.seed);
    const shown = JSON.stringify(runs);
    if (tally.shown === shown) return;
    tally.shown = shown;
    tally.replaceChildren();
    if (runs.length) tally.append(...buildTally(text, runs, names()));
  }

  // ---- Pointing
  /** The nearest place that is in the recurrent kernel. */
  /** @param {number[]} place */
  function within([row, column]) {
    const nearest = (at, count) => Math.max(0, Math.min(count - 1, at));
    return [nearest(row, get("units")), nearest(column, 4 * get("units"))];
  }

  function pointAt(target, event) {
    const cell = target.closest?.("[data-row]");
    const map = target.closest?.(".race-map");
    if (map) {
      if (event) {
        const box = map.getBoundingClientRect();
        const { clientX, clientY } = event;
        place = within([
          Math.floor(((clientY - box.top) / box.height) * get("units")),
          Math.floor(((clientX - box.left) / box.width) * 4 * get("units")),
        ]);
      }
      describe = () => placeText(text, race, names(), place);
      onMap = true;
    } else if (cell) {
      onMap = false;
      const { row, column, side } = cell.dataset;
      for (const other of cell.closest('[role="grid"]').querySelectorAll("[tabindex]")) other.tabIndex = -1;
      cell.tabIndex = 0;
      describe = side === undefined
        ? () => factsOf(text, race, names())[row].full[column]
        : () => letterText(text, race, names(), Number(side), Number(column), lettersOf(Number(column)));
    } else return;
    drawMaps();
    detail.textContent = describe();
    detail.setAttribute("data-pointed", "");
  }

  function moveInMap(event) {
    if (!event.target.matches?.(".race-map") || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = 4 * get("units");
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      Home: [0, -columns], End: [0, columns],
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    place = within(place.map((at, axis) => at + moves[event.key][axis]));
    pointAt(event.target);
    announce(detail.textContent);
  }
  for (const [type, listener] of Object.entries({
    pointermove: (event) => event.pointerType === "mouse" && pointAt(event.target, event),
    click: (event) => pointAt(event.target, event),
    focusin: (event) => event.target.matches(":focus-visible") && pointAt(event.target),
    keydown: moveInMap,
  })) stage.addEventListener(type, listener);

  // ---- Following the traits and the theme
  const ask = oncePerFrame(draw);
  const deaf = [
    listen(model, SETTINGS, () => {
      stale = true;
      ask();
    }),
    listen(model, ["epochs", "results"], ask),
    listen(model, ["running"], () => {
      if (get("running") && !going) go();
      else if (!get("running") && going && !complete()) halt();
    }),
  ];
  const themes = new MutationObserver(ask); // the maps take their colours from the theme
  const marks = { attributeFilter: ["class", "theme", "data-theme", "data-jp-theme-light"] };
  for (const root of [document.documentElement, document.body]) themes.observe(root, marks);
  draw();
  if (get("running")) go();
  return () => {
    going = false;
    deaf.forEach((end) => end());
    themes.disconnect();
    channel.port1.close();
    ask.stop();
    stop();
  };
}

const greatest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** What the map of a model shows: U · 4U numbers. */
function mapOf({ trainers, pulls }, side) {
  const { weights, start, updates } = trainers[side];
  if (updates === 0) return pulls[side].recurrent_kernel;
  return weights.recurrent_kernel.map((weight, k) => weight - start.recurrent_kernel[k]);
}

/** One pixel a weight; the page makes them larger. */
function paintMap(canvas, values, reach, colors) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let k = 0; k < values.length; k++) {
    const color = colors[values[k] < 0 ? 0 : 1];
    image.data[4 * k] = color >> 16;
    image.data[4 * k + 1] = (color >> 8) & 255;
    image.data[4 * k + 2] = color & 255;
    image.data[4 * k + 3] = 255 * Math.min(1, Math.abs(values[k]) / reach);
  }
  context.putImageData(image, 0, 0);
}

/** What is seen of one model: its loop, the map of its recurrent kernel, what it gets right. */
function buildSide(text, side, axis, name, T, race) {
  const steps = side === 0 ? ALPHABET.slice(0, T).split("") : [ALPHABET.slice(0, T)];
  const boxes = [make("span", { class: "muted" }, text.zeros)];
  steps.forEach((letters, t) =>
    boxes.push(
      make("span", { class: "race-arrow" }, t ? make("small", {}, text.state) : null, "→"),
      make("span", { class: "race-step" },
        make("b", { class: "features" }, [...letters].join(" ")),
        make("span", { class: "time-steps" }, fill(text.step, { t: t + 1 }))),
    ));
  boxes.push(make("span", { class: "race-arrow" }, "→ h"));
  const sentence = side === 0 ? text.machine : text.machineOne;
  const label = fill(sentence, { name, T, letters: ALPHABET.slice(0, T) });
  const canvas = make("canvas");
  const mark = make("i", { class: "race-mark" });
  const resize = (units) => {
    if (canvas.height === units) return;
    Object.assign(canvas, { width: 4 * units, height: units });
    mark.style.setProperty("--rows", units);
    mark.style.setProperty("--columns", 4 * units);
  };
  const map = make("div", {
    class: "race-map", tabindex: "0", role: "application", "aria-roledescription": text.mapRole,
    "data-key": `map-${side}`,
  }, canvas, mark);
  const mapTitle = make("p", { class: "race-caption" });
  const mapNote = make("p", { class: "race-note" });
  const cells = [...race.data.y].map((letter, n) =>
    make("span", {
      role: "gridcell", "data-row": 0, "data-column": n, "data-side": side, "data-key": `letter-${side}-${n}`,
      tabindex: n ? "-1" : "0",
    }, ALPHABET[letter]));
  const strip = make("div", { class: "race-strip", role: "grid" }, make("div", { role: "row" }, cells));
  const shape = fill(side === 0 ? text.many : text.one, { T });
  const element = make("div", { class: `race-side ${axis}` },
    make("p", { class: "race-name" }, make("b", { class: axis }, name), ` ${shape}`),
    make("div", { class: "race-machine", role: "img", "aria-label": label }, boxes),
    mapTitle, map,
    make("div", { class: "race-blocks", "aria-hidden": "true" },
      text.blocks.map((block) => make("span", {}, block))),
    mapNote,
    make("p", { class: "race-caption" }, fill(text.answers, { name })), strip);
  return { element, canvas, resize, map, mapTitle, mapNote, mark, strip };
}

const FACTS = ["loop", "weights", "idle", "moved", "loss", "right"]; // their labels in the text

/** For each of them a short number and a full sentence for each model. */
function factsOf(text, race, names) {
  const N = race.order.length;
  const sides = race.trainers.map(({ weights, steps, features: F, units: U, classes, updates }, side) => {
    const { loss, right } = race.now[side];
    const idle = unreached(race, side);
    const moved = updates ? greatest(mapOf(race, side)) : 0;
    const size = weights.all.length;
    const say = (sentence, values) => fill(sentence, { name: names[side], N, ...values });
    return [
      [steps, say(text.loopHere, { n: steps, m: steps - 1 })],
      [size, say(text.weightsHere, { n: size, F, U, columns: 4 * U, dense: (U + 1) * classes })],
      [idle.all, say(text.idleHere, idle)],
      [exact(moved, 2), say(text.movedHere, { value: exact(moved, 6) })],
      [short(loss), say(text.lossHere, { epoch: race.epoch, value: short(loss, 6) })],
      [say(text.rightShown, { n: right }), say(text.rightHere, { n: right, value: short(right / N, 6) })],
    ];
  });
  return FACTS.map((_, row) => {
    const [shown, full] = [0, 1].map((part) => sides.map((facts) => facts[row][part]));
    return { shown, full };
  });
}

/** "0" for what is exactly zero, and for nothing else. */
const exact = (value, digits) => (value === 0 ? "0" : short(value, digits));

function buildFacts(text, names) {
  const head = make("tr", {}, make("td", { class: "race-corner" }),
    names.map((name, side) => make("th", { scope: "col", class: SIDES[side] }, name)));
  const cell = (row, side) =>
    make("td", {
      "data-row": row, "data-column": side, "data-key": `fact-${row}-${side}`,
      tabindex: row + side ? "-1" : "0",
    });
  const rows = FACTS.map((fact, row) =>
    make("tr", {}, make("th", { scope: "row" }, text[fact]), cell(row, 0), cell(row, 1)));
  return make("table", { class: "lab-table race-facts", role: "grid", "aria-label": text.facts },
    make("thead", {}, head), make("tbody", {}, rows));
}

/**
 * The sentence about one recurrent weight, in both models.
 * @param {string[]} names
 * @param {number[]} weight its row and its column
 */
function placeText(text, race, names, weight) {
  const [row, column] = weight;
  const { units } = race.trainers[0];
  const block = Math.floor(column / units);
  const k = row * 4 * units + column;
  const place = fill(text.place, { row, column, unit: column % units, gate: text.gates[block] });
  return place + race.trainers.map(({ weights, start, updates }, side) =>
    fill(updates ? text.changeHere : text.pullHere, {
      name: names[side],
      change: short(mapOf(race, side)[k], 6),
      start: short(start.recurrent_kernel[k], 6),
      now: short(weights.recurrent_kernel[k], 6),
    })).join("");
}

/** The sentence about one window and the answer to it. */
const letterText = (text, { now, data }, names, side, n, letters) =>
  fill(text.letter, {
    letters,
    name: names[side],
    next: ALPHABET[data.y[n]],
    answer: ALPHABET[now[side].answers[n]],
    chance: short(now[side].chances[n], 6),
  });

/** @param {string[]} names of the two models */
function buildTally(text, runs, names) {
  const [a, b] = names;
  const ahead = runs.map((run) => Math.sign(run.accuracy_steps - run.accuracy_features));
  const count = (sign) => ahead.filter((found) => found === sign).length;
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  const row = (label, cells, axis) =>
    make("tr", {}, make("th", { scope: "row", class: axis }, label),
      cells.map((cell) => make("td", {}, String(cell))));
  const table = make("table", { class: "lab-table" },
    row(text.seed, runs.map(({ seed }) => seed)),
    row(a, runs.map((run) => percent(run.accuracy_steps)), SIDES[0]),
    row(b, runs.map((run) => percent(run.accuracy_features)), SIDES[1]));
  const counts = { a, wins: count(1), ties: count(0), losses: count(-1), n: runs.length };
  return [
    make("p", { class: "race-tally-title" }, text.tally),
    make("div", { class: "lab-scroll", role: "region", tabindex: "0", "aria-label": text.tally }, table),
    make("p", {}, fill(text.count, counts)),
  ];
}

// ---- Curves
const PLOT = { left: 40, right: 270, top: 26, bottom: 150 };
const svg = (tag, attributes, content) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (content !== undefined) element.textContent = content;
  return element;
};

/** Axes, and an empty line for each model; `ticks` run from 0 to near the top. */
function buildPlot(text, title, ticks, show, guess) {
  const { left, right, top, bottom } = PLOT;
  const highest = Math.max(guess * 1.05, ticks[ticks.length - 1]);
  const y = (value) => Math.max(top - 8, bottom - (value / highest) * (bottom - top));
  const element = svg("svg", { class: "race-plot", viewBox: "0 0 328 172", role: "img" });
  element.append(svg("text", { x: 4, y: 12, class: "race-plot-title" }, title));
  for (const tick of ticks) {
    element.append(
      svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick), class: "race-tick" }),
      svg("text", { x: left - 5, y: y(tick) + 4, "text-anchor": "end" }, show(tick)));
  }
  element.append(
    svg("line", { x1: left, x2: right, y1: y(guess), y2: y(guess), class: "race-guess" }),
    svg("text", { x: right + 4, y: y(guess) + 4, class: "race-guess-label" }, text.guessing),
    svg("text", { x: (left + right) / 2, y: bottom + 16, "text-anchor": "middle" }, text.axis),
    svg("text", { x: left, y: bottom + 16, "text-anchor": "middle" }, "0"));
  const end = svg("text", { x: right, y: bottom + 16, "text-anchor": "middle" });
  const lines = SIDES.map((axis, side) => svg("polyline", { class: `race-line ${axis} side-${side}` }));
  const labels = SIDES.map((axis) => svg("text", { class: `race-end ${axis}` }));
  element.append(end, ...lines, ...labels);
  return { element, y, end, lines, labels };
}

/** Draw both curves; of many points about 200 are enough. */
function drawPlot({ y, end, lines, labels }, curves, epochs, names) {
  const { left, right } = PLOT;
  const x = (epoch) => left + (Math.min(epoch, epochs) / epochs) * (right - left);
  end.textContent = epochs;
  const last = curves[0].length - 1;
  const every = Math.ceil(curves[0].length / 200);
  const ends = curves.map((curve) => y(curve[last]));
  if (Math.abs(ends[0] - ends[1]) < 13) {
    const middle = (ends[0] + ends[1]) / 2;
    const sign = ends[0] > ends[1] ? 1 : -1;
    [ends[0], ends[1]] = [middle + sign * 6.5, middle - sign * 6.5];
  }
  curves.forEach((curve, side) => {
    const point = (epoch) => `${x(epoch).toFixed(1)},${y(curve[epoch]).toFixed(1)}`;
    const points = [];
    for (let epoch = 0; epoch < last; epoch += every) points.push(point(epoch));
    points.push(point(last));
    lines[side].setAttribute("points", points.join(" "));
    labels[side].setAttribute("x", x(last) + 5);
    labels[side].setAttribute("y", ends[side] + 4);
    labels[side].textContent = names[side];
  });
}

const codeLines = (T, seed, units, learningRate, epochs) =>
  `dataX, dataY = sliding_windows(encode(ALPHABET), ${T})\n` +
  `for T, F in ((${T}, 1), (1, ${T})):\n` +
  `    keras.utils.set_random_seed(${seed})\n` +
  `    model = keras.Sequential([keras.Input((T, F)), keras.layers.LSTM(${units}),\n` +
  `                              keras.layers.Dense(26, activation="softmax")])\n` +
  `    model.compile(keras.optimizers.Adam(${learningRate}), "sparse_categorical_crossentropy")\n` +
  `    X = np.reshape(dataX, (len(dataX), T, F)) / 26\n` +
  `    model.fit(X, dataY, epochs=${epochs}, batch_size=1)`;

export default { render };
