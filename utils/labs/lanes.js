// The Lanes lab: one long sequence cut into batches, and which row goes on where it ended.

import {
  arrowKeys, button, choice, fill, frame, heatMap, listen, make, oncePerFrame, refill, save, short, slider,
  toggle, translated,
} from "./page.js";
import { lstmRun, readWeights, zeroState } from "./lstm.js";
import { shuffledOrder } from "./random.js";

const TEXT = {
  title: "Lanes lab",
  first: "Switch to “one after another” and count the broken arrows. Then set the length to 28: one row " +
    "is left for the last call.",
  length: "Length of the sequence",
  batch: "Lanes = batch size B",
  steps: "Time steps per call T",
  cut: "How it is cut",
  cuts: { lanes: "lanes", "one after another": "one after another", overlapping: "overlapping windows" },
  shuffle: "shuffle=True, as fit does by itself",
  another: "Another order",
  remainder: "The last call would have {rows} of {B} rows",
  remainders: { run: "run it", drop: "drop it" },
  arrows: "arrows are right",
  noArrows: "no second call, so no arrows",
  leftOut: "elements left out",
  difference: "greatest difference in the state (h, c)",
  sign: { true: "✓ ", false: "✗ ", partly: "" },
  strip: "The sequence. Under each element the row of the batch that reads it: r0 is row 0.",
  stripLabel: "The sequence, {n} elements",
  stripCell: "element {n}, {rows}",
  row: "row {r}",
  rowShort: "r{r}",
  rows: "{n} rows",
  nobody: "–",
  unread: "left out",
  calls: "The calls, left to right: {calls}. A full one reads a batch of shape ({B}, {T}, 1). Point at a cell, or " +
    "move with the arrow keys.",
  callsLabel: "The calls, with the rows of their batches",
  call: "call {k}",
  copied: "call {k}: 1 row, read {B} times",
  stopped: "call {k}: Keras stops",
  step: "time step {t}",
  state: "state",
  zeros: "zeros",
  right: "→ ✓",
  wrong: "✗ wants {expected}",
  ended: "✗ at the end",
  stop: "✗",
  none: "{length} elements do not fill {B} lanes of {T} time steps once: {needed} are needed.",
  noFull: "No call is left. Take a smaller batch size, or a longer sequence.",
  broadcast: "The last call has 1 row, and Keras 3.15 goes on without a message. It broadcasts the row: " +
    "each of the {B} rows of state moves on by it.",
  returned: "predict returns {out} rows for {N} samples.",
  error: "The last call has {rows} rows, the state has {B}. Keras stops there with an InvalidArgumentError.",
  moved: "The calls before it have moved the state.",
  shuffled: "This is one of the orders that fit may draw. Keras gives no message about the shuffling.",
  repeated: "Overlapping windows come back to elements that were read before: {reads} reads of {n} elements.",
  cell: "Element {n} has the value {value}. It stands at X[{sample}, {t}, 0]: sample {sample}, " +
    "time step {t}, feature 0.",
  reads: "Call {k} reads it in row {r}.",
  copy: "This is a copy of the only row of this call.",
  fromZeros: "Row {r} starts call {k} from zeros.",
  goesOn: "Row {r} starts call {k} from its state after element {before}, and goes on with {got}: right.",
  broken: "Row {r} starts call {k} from its state after element {before}. It should go on with {expected}, " +
    "but gets {got}.",
  overEnd: "Row {r} starts call {k} from its state after element {before}, the last of the sequence, " +
    "but gets {got}.",
  notRun: "Call {k} does not run: Keras stops there.",
  also: "The element also stands at {places}.",
  lost: "Element {n} has the value {value}. It is left out: no call reads it.",
  ends: "The state at the end. Upper line: h after the calls. Lower line: h after one call that reads " +
    "up to the same last element without a break, as many elements as there are. The same colours, the same " +
    "state.",
  endsLabel: "The state of each row at the end",
  endsOn: "ends on",
  hidden: "h, units 0 to {last}",
  maps: "Row {r}, h after the calls: {calls}. Without a break: {whole}.",
  greatest: "difference",
  endSame: "Row {r} ends on element {last}. One call over elements {from} to {last} gives the same state, " +
    "for example {got} in h of unit 0.",
  end: "Row {r} ends on element {last}. One call over elements {from} to {last} gives a state that " +
    "differs most in {name} of unit {unit}: {got} after the calls, {whole} without a break, a difference " +
    "of {difference}.",
  said: "{right} of {all} arrows are right. {left} elements left out. Greatest difference {difference}.",
};
const range = (count) => Array.from({ length: count }, (_, i) => i);
const valueAt = (element) => Math.sin(element);

/** The element that each sample of X starts with; lanes.py has the same rules. */
function firstElements({ length, B, T, cut }) {
  if (cut === "overlapping") return range(length - T + 1);
  if (cut !== "lanes") return range(Math.floor(length / T)).map((n) => n * T);
  const K = Math.floor(length / (B * T)); // calls; a lane has K * T elements
  return range(K * B).map((n) => (n % B) * K * T + Math.floor(n / B) * T);
}

/** The calls that Keras makes: {kind: full | copied | stopped, samples: one for each row}. */
function planCalls(settings) {
  const { B, shuffle, seed, remainder } = settings;
  const starts = firstElements(settings);
  const rest = starts.length % B;
  const count = remainder === "drop" ? starts.length - rest : starts.length; // dropped before fit shuffles
  const order = shuffle ? shuffledOrder(count, seed) : range(count);
  const calls = [];
  for (let at = 0; at < order.length; at += B) {
    const samples = order.slice(at, at + B);
    if (samples.length === B) calls.push({ kind: "full", samples });
    else if (samples.length > 1) calls.push({ kind: "stopped", samples });
    else calls.push({ kind: "copied", samples: Array(B).fill(samples[0]) }); // as broadcasting does
  }
  const run = calls.filter((call) => call.kind !== "stopped");
  return { starts, calls, run, rest };
}

/** Where row `r` stands when call `k` begins: what it read last, should get, and gets. */
function arrow({ starts, calls }, { T }, k, r) {
  const got = starts[calls[k].samples[r]];
  if (k === 0) return { got };
  const expected = starts[calls[k - 1].samples[r]] + T;
  return { got, expected, before: expected - 1, right: got === expected };
}

/** The end of each row: its state after the calls, and after one call without a break. */
function endStates(weights, { starts, run }, { B, T }) {
  if (run.length === 0) return [];
  const read = (from, to, state) =>
    lstmRun(weights, range(to - from).map((i) => [valueAt(from + i)]), state).at(-1);
  return range(B).map((r) => {
    let state = zeroState(weights.units);
    for (const { samples } of run) state = read(starts[samples[r]], starts[samples[r]] + T, state);
    const last = starts[run.at(-1).samples[r]] + T - 1;
    const from = Math.max(0, last + 1 - run.length * T);
    const whole = read(from, last + 1);
    let worst = { name: "h", unit: 0, difference: 0 };
    for (const name of ["h", "c"]) {
      state[name].forEach((value, unit) => {
        const difference = Math.abs(value - whole[name][unit]);
        if (difference > worst.difference) worst = { name, unit, difference };
      });
    }
    return { r, last, from, state, whole, ...worst };
  });
}

function render({ model, el }) {
  const text = translated(TEXT, model);
  const { controls, view, code, announce, stop } = frame(el, text);
  view.classList.add("lanes-view");
  const settings = () => ({
    length: model.get("length"),
    B: model.get("batch_size"),
    T: model.get("time_steps"),
    cut: model.get("cut"),
    shuffle: model.get("shuffle"),
    seed: model.get("shuffle_seed"),
    remainder: model.get("remainder"),
  });

  // Controls
  const number = (label, trait, min, max) => {
    const onInput = (value) => save(model, { [trait]: value });
    return slider({ label, min, max, value: model.get(trait), key: trait, onInput });
  };
  const length = number(text.length, "length", 12, 60);
  const batch = number(text.batch, "batch_size", 1, 6);
  const steps = number(text.steps, "time_steps", 1, 8);
  const named = (names) => Object.entries(names).map(([value, label]) => ({ value, label }));
  const pick = (label, trait, names) => {
    const onInput = (value) => save(model, { [trait]: value });
    return choice({ label, options: named(names), value: model.get(trait), key: trait, onInput });
  };
  const cut = pick(text.cut, "cut", text.cuts);
  const remainder = pick(text.remainder, "remainder", text.remainders);
  const shuffle = toggle({
    label: text.shuffle,
    value: model.get("shuffle"),
    key: "shuffle",
    onInput: (on) => save(model, { shuffle: on }),
  });
  const another = button({
    label: text.another,
    key: "another",
    onClick: () => save(model, { shuffle_seed: model.get("shuffle_seed") + 1 }),
  });
  controls.append(
    cut.element, length.element, batch.element, steps.element, shuffle.element, another, remainder.element,
  );

  // View: what is drawn for one cut, and what changes as the reader points.
  let set = settings();
  let plan = planCalls(set);
  let ends = [];
  let endRow = 0; // the row whose end is pointed at
  let spot; // the cell pointed at: {k, r, t}; t is -1 for the arrow before the call
  let weightsRead; // decoding them for every step of a slider would be a waste
  let weights;
  function draw() {
    set = settings();
    plan = planCalls(set);
    if (weightsRead !== model.get("weights")) weights = readWeights((weightsRead = model.get("weights")));
    ends = endStates(weights, plan, set);
    length.set(set.length);
    batch.set(set.B);
    steps.set(set.T);
    cut.set(set.cut);
    remainder.set(set.remainder);
    shuffle.set(set.shuffle);
    another.hidden = !set.shuffle;
    remainder.element.hidden = plan.rest === 0;
    remainder.element.firstChild.textContent = fill(text.remainder, { rows: plan.rest, B: set.B });

    const readers = readersOf(plan, set);
    const facts = factsOf(plan, set, readers, ends);
    const sentences = remarks(text, plan, set);
    refill(
      view,
      factBoxes(text, facts),
      make("p", { class: "lanes-remarks", "data-good": String(plan.rest === 0 || set.remainder === "drop") },
        sentences.join(" ")),
      strip(text, readers),
      plan.calls.length ? callTable(text, plan, set) : null,
      make("p", { class: "lab-detail" }),
      ends.length ? [endTable(text, ends, weights.units), make("p", { class: "lab-detail lanes-end" })] : null,
    );
    const follow = () => reach(document.activeElement);
    for (const grid of view.querySelectorAll("[role=grid]")) arrowKeys(grid, follow);
    code.textContent = codeLines(plan, set, weights.units);
    announce([facts.none ? "" : fill(text.said, facts), ...sentences].join(" ").trim());
    point();
    if (ends.length) pointAtEnd(Math.min(endRow, ends.length - 1));
  }

  /** Mark the element that is pointed at, everywhere, and say what happens to it. */
  function point() {
    const element = Math.min(model.get("selected"), set.length - 1);
    const places = placesOf(element, plan, set);
    // An arrow belongs to the first cell of its call.
    const isHere = ({ k, r, t }) => k === spot?.k && r === spot.r && t === Math.max(0, spot.t);
    const here = places.find(isHere) ?? places[0];
    if (!here || !isHere(here)) spot = here;
    const row = spot?.r ?? 0;
    const column = spot ? spot.k * (set.T + 1) + spot.t + 1 : 0;
    const runs = spot && plan.calls[spot.k].kind !== "stopped";
    const before = runs ? spot.k * (set.T + 1) - 1 : -1; // the column in which the call before ended
    for (const cell of view.querySelectorAll("[data-element]")) {
      const { kind, row: r, column: c } = cell.dataset;
      const at = (row, column) => kind !== "strip" && Number(r) === row && Number(c) === column;
      const same = kind !== "arrow" && Number(cell.dataset.element) === element;
      const taken = kind === "strip" ? same : at(row, column);
      cell.classList.toggle("same", same);
      cell.classList.toggle("selected", taken && (kind === "strip" || spot !== undefined));
      cell.classList.toggle("lanes-from", at(row, before));
      cell.tabIndex = taken ? 0 : -1;
    }
    const sentence = sayPlace(text, plan, set, { element, here, places, spot });
    view.querySelector(".lab-detail").textContent = sentence;
    return sentence;
  }

  function pointAtEnd(chosen) {
    endRow = chosen;
    for (const cell of view.querySelectorAll("[data-kind=end]")) {
      const taken = Number(cell.dataset.row) === endRow;
      cell.classList.toggle("selected", taken);
      cell.tabIndex = taken ? 0 : -1;
    }
    const sentence = sayEnd(text, ends[endRow]);
    view.querySelector(".lanes-end").textContent = sentence;
    return sentence;
  }

  function reach(target) {
    const cell = target.closest?.("[data-kind]");
    if (!cell) return;
    const { kind, row, column } = cell.dataset;
    if (kind === "end") {
      announce(pointAtEnd(Number(row)));
      return;
    }
    const k = Math.floor(column / (set.T + 1));
    spot = kind === "strip" ? undefined : { k, r: Number(row), t: (column % (set.T + 1)) - 1 };
    save(model, { selected: Number(cell.dataset.element) });
    announce(point());
  }
  view.addEventListener("pointerover", (event) => event.pointerType === "mouse" && reach(event.target));
  view.addEventListener("click", (event) => reach(event.target));

  const ask = oncePerFrame(draw);
  const cutting = ["length", "batch_size", "time_steps", "cut", "shuffle", "shuffle_seed", "remainder"];
  const deaf = listen(model, [...cutting, "weights"], ask);
  const deafToo = listen(model, ["selected"], point);
  draw();
  return () => {
    deaf();
    deafToo();
    ask.stop();
    stop();
  };
}

/** For each element the rows that read it, and how often it is read. */
function readersOf({ starts, run }, { length, T }) {
  const readers = range(length).map(() => ({ rows: new Set(), reads: 0 }));
  for (const { samples } of run) {
    samples.forEach((sample, r) => {
      for (const reader of readers.slice(starts[sample], starts[sample] + T)) {
        reader.rows.add(r);
        reader.reads++;
      }
    });
  }
  return readers;
}

/** All places where an element is read: {k, r, t, sample}. */
function placesOf(element, { starts, calls }, { T }) {
  const places = [];
  calls.forEach(({ samples }, k) =>
    samples.forEach((sample, r) => {
      const t = element - starts[sample];
      if (t >= 0 && t < T) places.push({ k, r, t, sample });
    }));
  return places;
}

function factsOf(plan, set, readers, ends) {
  const arrows = plan.run.slice(1).flatMap((_, k) => range(set.B).map((r) => arrow(plan, set, k + 1, r)));
  const difference = ends.reduce((most, end) => Math.max(most, end.difference), 0);
  return {
    right: arrows.filter(({ right }) => right).length,
    all: arrows.length,
    left: readers.filter(({ reads }) => reads === 0).length,
    difference: short(difference, 6),
    none: plan.run.length === 0,
  };
}

function factBoxes(text, { right, all, left, difference, none }) {
  const box = (name, number, good, label) =>
    make("p", { class: "lanes-fact", "data-fact": name, "data-good": String(good) },
      make("b", {}, text.sign[good], number), " ", label);
  return make("div", { class: "lanes-facts" },
    all ? box("arrows", `${right} / ${all}`, right === all, text.arrows) : null,
    all || none ? null : box("arrows", "0", "partly", text.noArrows),
    box("left", String(left), left === 0 || "partly", text.leftOut),
    none ? null : box("difference", difference, Number(difference) === 0, text.difference));
}

/** What else there is to say about this cut. */
function remarks(text, plan, { length, B, T, cut, shuffle }) {
  const { starts, calls, run, rest } = plan;
  const N = starts.length;
  const reads = T * run.reduce((sum, { samples }) => sum + new Set(samples).size, 0); // copies once
  const kind = calls.at(-1)?.kind;
  return [
    N === 0 && fill(text.none, { length, B, T, needed: B * T }),
    N > 0 && calls.length === 0 && text.noFull,
    kind === "stopped" && fill(text.error, { rows: rest, B }),
    kind === "stopped" && run.length > 0 && text.moved,
    kind === "copied" && fill(text.broadcast, { B }),
    kind === "copied" && N > 1 && fill(text.returned, { out: run.length * B, N }),
    cut === "overlapping" && reads > length && fill(text.repeated, { reads, n: length }),
    shuffle && calls.length > 0 && text.shuffled,
  ].filter(Boolean);
}

/** The sequence, each element in the shade of the row that reads it. */
function strip(text, readers) {
  const cells = readers.map(({ rows }, element) => {
    const [first] = rows;
    const one = rows.size === 1;
    const label = one ? fill(text.rowShort, { r: first }) : fill(text.rows, { n: rows.size });
    const spoken = one ? fill(text.row, { r: first }) : fill(text.rows, { n: rows.size });
    return make("span", {
      class: "lanes-cell",
      role: "gridcell",
      "aria-description": fill(text.stripCell, { n: element, rows: rows.size ? spoken : text.unread }),
      "data-kind": "strip",
      "data-lane": one ? first : rows.size ? "several" : "none",
      "data-element": element,
      "data-row": 0,
      "data-column": element,
      "data-key": `strip-${element}`,
    }, make("b", {}, String(element)), make("small", {}, rows.size ? label : text.nobody));
  });
  const label = fill(text.stripLabel, { n: readers.length });
  return [
    make("p", { class: "lanes-caption" }, text.strip),
    make("div", { class: "lanes-strip", role: "grid", "aria-label": label },
      make("div", { role: "row" }, cells)),
  ];
}

/** The batches side by side: a row of the table is a row of all batches, with its arrows between. */
function callTable(text, plan, set) {
  const { calls } = plan;
  const { B, T } = set;
  const titles = { full: text.call, copied: text.copied, stopped: text.stopped };
  const state = () => make("th", { rowspan: 2, scope: "col" }, text.state);
  const step = (t) => {
    const spoken = fill(text.step, { t });
    return make("th", { scope: "col", class: "time-steps", "aria-label": spoken }, String(t));
  };
  const head = make("tr", {}, make("td", { rowspan: 2, class: "lanes-side" }),
    calls.map(({ kind }, k) =>
      [state(), make("th", { scope: "colgroup", colspan: T }, fill(titles[kind], { k, B }))]));
  const rows = range(B).map((r) =>
    make("tr", {},
      make("th", { scope: "row", class: "samples lanes-side" }, fill(text.row, { r })),
      calls.map((_, k) => callCells(text, plan, set, k, r))));
  const table = make("table", { class: "lab-table lanes-calls", role: "grid", "aria-label": text.callsLabel },
    make("thead", {}, head, make("tr", {}, calls.map(() => range(T).map(step)))), make("tbody", {}, rows));
  return [
    make("p", { class: "lanes-caption" }, fill(text.calls, { calls: calls.length, B, T })),
    make("div", { class: "lab-scroll", role: "region", tabindex: "0", "aria-label": text.callsLabel }, table),
  ];
}

/** One row of one batch: the arrow that leads to it, then its time steps. */
function callCells(text, plan, set, k, r) {
  const { T } = set;
  const { kind, samples } = plan.calls[k];
  if (r >= samples.length) return make("td", { colspan: T + 1, class: "lanes-missing" });
  const { got, expected, right } = arrow(plan, set, k, r);
  const place = (t, element) => ({
    "data-kind": t < 0 ? "arrow" : "cell",
    "data-element": element,
    "data-row": r,
    "data-column": k * (T + 1) + t + 1,
    "data-key": `cell-${k}-${r}-${t}`,
  });
  const sign = kind === "stopped" ? text.stop : k === 0 ? text.zeros : right ? text.right
    : fill(expected < set.length ? text.wrong : text.ended, { expected });
  const good = k === 0 || (right && kind !== "stopped");
  const spoken = sayArrow(text, plan, set, k, r);
  const look = kind === "full" || (kind === "copied" && r === 0) ? "" : " lanes-copy";
  return [
    make("td", {
      class: "lanes-arrow",
      "data-good": String(good),
      "aria-description": spoken,
      ...place(-1, got),
    }, sign),
    range(T).map((t) =>
      make("td", { class: `lanes-cell${look}`, "data-lane": r, ...place(t, got + t) }, String(got + t))),
  ];
}

/** The states at the end, those of the calls above those without a break. */
function endTable(text, ends, units) {
  const list = (values) => Array.from(values, (value) => short(value)).join(", ");
  const heads = [text.endsOn, fill(text.hidden, { last: units - 1 }), text.greatest];
  const all = ends.flatMap(({ state, whole }) => [...state.h, ...whole.h]);
  const reach = Math.max(...all.map(Math.abs)) || 1; // a faint state must show too
  const rows = ends.map(({ r, last, state, whole, difference }) => {
    const label = fill(text.maps, { r, calls: list(state.h), whole: list(whole.h) });
    return make("tr", {},
      make("th", { scope: "row", class: "samples" }, fill(text.row, { r })),
      make("td", {}, String(last)),
      make("td", { class: "lanes-maps" }, heatMap({ label, rows: [state.h, whole.h], reach })),
      make("td", {
        class: "lanes-difference",
        "data-kind": "end",
        "data-good": String(Number(short(difference, 6)) === 0),
        "data-row": r,
        "data-column": 0,
        "data-key": `end-${r}`,
      }, short(difference, 6)));
  });
  const head = make("tr", {}, make("td", { class: "lanes-side" }),
    heads.map((title) => make("th", { scope: "col" }, title)));
  const table = make("table", { class: "lab-table", role: "grid", "aria-label": text.endsLabel },
    make("thead", {}, head), make("tbody", {}, rows));
  return [
    make("p", { class: "lanes-caption" }, text.ends),
    make("div", { class: "lab-scroll", role: "region", tabindex: "0", "aria-label": text.endsLabel }, table),
  ];
}

function sayArrow(text, plan, set, k, r) {
  if (plan.calls[k].kind === "stopped") return fill(text.notRun, { k });
  const { got, expected, before, right } = arrow(plan, set, k, r);
  const broken = expected < set.length ? text.broken : text.overEnd;
  const sentence = k === 0 ? text.fromZeros : right ? text.goesOn : broken;
  return fill(sentence, { k, r, got, expected, before });
}

function sayPlace(text, plan, set, { element, here, places, spot }) {
  const value = short(valueAt(element), 6);
  if (!here) return fill(text.lost, { n: element, value });
  const others = places.filter((place) => place !== here).map(({ sample, t }) => `X[${sample}, ${t}, 0]`);
  const elsewhere = [...new Set(others)].filter((other) => other !== `X[${here.sample}, ${here.t}, 0]`);
  const { kind } = plan.calls[here.k];
  const cell = fill(text.cell, { ...here, n: element, value });
  const reads = kind === "stopped" ? "" : fill(text.reads, here);
  const from = sayArrow(text, plan, set, here.k, here.r);
  return [
    ...(spot.t < 0 ? [from, cell, reads] : [cell, reads, from]),
    kind === "copied" && here.r > 0 ? text.copy : "",
    elsewhere.length ? fill(text.also, { places: elsewhere.join(", ") }) : "",
  ].filter(Boolean).join(" ");
}

function sayEnd(text, { r, last, from, name, unit, difference, state, whole }) {
  const values = { r, last, from, name, unit, difference: short(difference, 6) };
  values.got = short(state[name][unit], 6);
  values.whole = short(whole[name][unit], 6);
  return fill(difference > 0 ? text.end : text.endSame, values);
}

function codeLines({ starts, calls, rest }, { length, B, T, cut, shuffle, remainder }, units) {
  const N = starts.length;
  const cutting = {
    lanes: [
      `K = len(series) // (B * T)  # number of calls: ${calls.length}`,
      "pieces = series[: B * K * T].reshape(B, K, T, 1)  # lane, call, time step, feature",
      `X = pieces.swapaxes(0, 1).reshape(K * B, T, 1)  # (${N}, ${T}, 1), call by call`,
    ],
    "one after another": [
      "N = len(series) // T",
      `X = series[: N * T].reshape(N, T, 1)  # (${N}, ${T}, 1)`,
    ],
    overlapping: [
      "# the windows of keras.utils.timeseries_dataset_from_array(series, None, T)",
      `X = np.lib.stride_tricks.sliding_window_view(series, T)[..., np.newaxis]  # (${N}, ${T}, 1)`,
    ],
  };
  return [
    `series = np.sin(np.arange(${length}))`,
    `B, T = ${B}, ${T}`,
    ...cutting[cut],
    rest && remainder === "drop" && `X = X[: len(X) // B * B]  # (${N - rest}, ${T}, 1)`,
    "inputs = keras.Input(batch_shape=(B, T, 1))",
    `model = keras.Sequential([inputs, keras.layers.LSTM(${units}, stateful=True)])`,
    shuffle ? "model.fit(X, y, batch_size=B)  # shuffle=True is the default"
      : "model.fit(X, y, batch_size=B, shuffle=False)",
  ].filter(Boolean).join("\n");
}

export default { render };
