// The numbers of the Lanes lab: which elements each row of each call reads, and whether it goes on.

import { lstmRun, zeroState } from "../lstm.js";
import { shuffledOrder } from "../random.js";
import { oneOf, within } from "../text.js";

export const CUTS = ["lanes", "one after another", "overlapping"];
export const START = {
  length: 24, batch_size: 3, time_steps: 4, cut: "lanes", shuffle: false, shuffle_seed: 0, remainder: "run", selected: 4,
};
const range = (count) => Array.from({ length: count }, (_, n) => n);

/** All settings, each within its range: lanes/__init__.py refuses others. */
export const clean = (settings) => ({
  ...settings,
  length: within(settings.length, 12, 60),
  batch_size: within(settings.batch_size, 1, 6),
  time_steps: within(settings.time_steps, 1, 8),
  cut: oneOf(settings.cut, CUTS),
  shuffle_seed: within(settings.shuffle_seed, 0, 2 ** 31 - 1),
  remainder: oneOf(settings.remainder, ["run", "drop"]),
  selected: within(settings.selected, 0, 59),
});

/** The element that each sample of X starts with; lanes/__init__.py has the same rules. */
function firstElements(length, B, T, cut) {
  if (cut === "overlapping") return range(length - T + 1);
  if (cut !== "lanes") return range(Math.floor(length / T)).map((n) => n * T);
  const K = Math.floor(length / (B * T)); // calls; a lane has K * T elements
  return range(K * B).map((n) => (n % B) * K * T + Math.floor(n / B) * T);
}

/**
 * Cut the sequence into calls, as Keras makes them. Returns, besides what is counted,
 * calls: [{kind: full | copied | stopped, rows: [{sample, start, expected, jump, whole}]}],
 * ribbon: [{from, to, lane, sample}] and ends: [{last, from, state, whole, difference}].
 */
export function read(settings, weights) {
  const { length, batch_size: B, time_steps: T, cut, shuffle, shuffle_seed: seed, remainder } = settings;
  const starts = firstElements(length, B, T, cut);
  const rest = starts.length % B;
  const count = remainder === "drop" ? starts.length - rest : starts.length; // dropped before fit shuffles
  const order = shuffle ? shuffledOrder(count, seed) : range(count);
  const calls = [];
  for (let at = 0; at < order.length; at += B) {
    const samples = order.slice(at, at + B);
    const kind = samples.length === B ? "full" : samples.length > 1 ? "stopped" : "copied";
    const all = kind === "copied" ? Array(B).fill(samples[0]) : samples; // as broadcasting does
    const before = calls.at(-1)?.rows;
    const rows = all.map((sample, row) => {
      const start = starts[sample], expected = before?.[row].start + T; // NaN in the first call
      return { sample, start, expected, jump: start - expected, whole: kind !== "stopped" && start === expected };
    });
    calls.push({ kind, rows });
  }
  const run = calls.filter(({ kind }) => kind !== "stopped");
  const wires = run.slice(1).flatMap(({ rows }) => rows);
  const lanes = lanesOf(starts, run, length, T);
  const ends = endStates(weights, run, B, T);
  return {
    B, T, length, starts, rest, calls, run, wires, ends,
    ribbon: ribbonOf(starts, lanes, T, cut),
    whole: wires.filter(({ whole }) => whole).length,
    left: lanes.filter(({ lane }) => lane === "none").length,
    reads: T * run.reduce((sum, { rows }) => sum + new Set(rows.map(({ sample }) => sample)).size, 0), // copies once
    difference: Math.max(0, ...ends.map(({ difference }) => difference)),
  };
}

/** For each element the row that reads it: its number, "several", or "none". */
function lanesOf(starts, run, length, T) {
  const rows = range(length).map(() => new Set());
  for (const call of run) {
    call.rows.forEach(({ sample }, row) => rows.slice(starts[sample], starts[sample] + T).forEach((one) => one.add(row)));
  }
  return rows.map((one) => ({ lane: one.size === 0 ? "none" : one.size > 1 ? "several" : [...one][0] }));
}

/** The sequence in pieces: a sample each, or where samples overlap what the same row reads. */
function ribbonOf(starts, lanes, T, cut) {
  const pieces = [];
  lanes.forEach(({ lane }, element) => {
    const sample = cut === "overlapping" ? -1 : starts.findIndex((start) => start <= element && element < start + T);
    const last = pieces.at(-1);
    if (last?.sample === sample && last.lane === lane) last.to = element;
    else pieces.push({ from: element, to: element, lane, sample });
  });
  return pieces;
}

/** The end of each row: its state after the calls, and after one call without a break. */
function endStates(weights, run, B, T) {
  if (run.length === 0) return [];
  const readOn = (from, to, state) => lstmRun(weights, range(to - from).map((n) => [Math.sin(from + n)]), state).at(-1);
  return range(B).map((row) => {
    let state = zeroState(weights.units);
    for (const { rows } of run) state = readOn(rows[row].start, rows[row].start + T, state);
    const last = run.at(-1).rows[row].start + T - 1;
    const from = Math.max(0, last + 1 - run.length * T);
    const whole = readOn(from, last + 1);
    const apart = ["h", "c"].flatMap((name) => [...state[name]].map((value, unit) => Math.abs(value - whole[name][unit])));
    return { last, from, state, whole, difference: Math.max(...apart) };
  });
}

/** The same in Keras: lines, or pairs of a line and its link. */
export function program(text, { length, cut, shuffle, remainder }, { B, T, starts, calls, rest }, units) {
  const N = starts.length;
  const cutting = {
    lanes: [`K = len(series) // (B * T)  # ${text.codeCalls}: ${calls.length}`,
      `pieces = series[: B * K * T].reshape(B, K, T, 1)  # ${text.codePieces}`,
      `X = pieces.swapaxes(0, 1).reshape(K * B, T, 1)  # (${N}, ${T}, 1), ${text.codeOrder}`],
    "one after another": ["N = len(series) // T", `X = series[: N * T].reshape(N, T, 1)  # (${N}, ${T}, 1)`],
    overlapping: [`# ${text.codeWindows}`,
      `X = np.lib.stride_tricks.sliding_window_view(series, T)[..., np.newaxis]  # (${N}, ${T}, 1)`],
  }[cut];
  return [
    [`series = np.sin(np.arange(${length}))`, "ribbon"],
    [`B = ${B}  # ${text.codeRows}`, "batch_size"],
    [`T = ${T}  # ${text.codeSteps}`, "time_steps"],
    ...cutting.map((line) => [line, "cut"]),
    ...(rest && remainder === "drop" ? [[`X = X[: len(X) // B * B]  # (${N - rest}, ${T}, 1)`, "remainder"]] : []),
    ["inputs = keras.Input(batch_shape=(B, T, 1))", "batch_size"],
    [`model = keras.Sequential([inputs, keras.layers.LSTM(${units}, stateful=True)])`, "ends"],
    [shuffle ? `model.fit(X, y, batch_size=B)  # ${text.codeShuffled}` : "model.fit(X, y, batch_size=B, shuffle=False)", "shuffle"],
  ];
}
