// The numbers of the State lab: what each call reads, starts from, answers and leaves behind.

import { argmax, classify, lstmStep, zeroState } from "../lstm.js";
import { shuffledOrder } from "../random.js";
import { ALPHABET, oneOf, readLetters, within } from "../text.js";

export const LONGEST = 26;
export const LARGEST_BATCH = 5;
export const START = {
  text: ALPHABET.slice(0, 12), stateful: true, batch_size: 1, shuffle: false, shuffle_seed: 7, passes: 1,
  resets: [], call: 1, row: 0, state: "h",
};

/** All settings, each within its range: state/__init__.py refuses others. */
export function clean(settings) {
  const resets = settings.resets.filter((call) => Number.isInteger(call) && call >= 2 && call <= 2 * LONGEST);
  return {
    ...settings,
    text: readLetters(settings.text, LONGEST).kept || START.text,
    batch_size: within(settings.batch_size, 1, LARGEST_BATCH),
    shuffle_seed: within(settings.shuffle_seed, 0, 2 ** 31 - 1),
    passes: within(settings.passes, 1, 2),
    resets: [...new Set(resets)].sort((a, b) => a - b),
    call: within(settings.call, 1, 2 * LONGEST),
    row: within(settings.row, 0, LARGEST_BATCH - 1),
    state: oneOf(settings.state, ["h", "c"]),
  };
}

/**
 * Read the letters call by call.
 * Returns calls: [{number, start, reset, cells: one for each row}], how the letters were cut, and the
 * units in the order of the heat map.
 */
export function read(settings, weights) {
  const { text, stateful, batch_size: B, shuffle, shuffle_seed: seed, passes, resets } = settings;
  const places = shuffle ? shuffledOrder(text.length, seed) : [...Array(text.length).keys()];
  const perPass = Math.floor(text.length / B);
  const zeros = zeroState(weights.units);
  const calls = [];
  for (let n = 0; n < perPass * passes; n++) {
    const reset = n > 0 && resets.includes(n + 1);
    const start = n === 0 ? "First" : !stateful ? "Stateless" : reset ? "Reset" : "On";
    const batch = places.slice((n % perPass) * B, (n % perPass) * B + B);
    const cells = batch.map((place, row) => {
      const before = start === "On" ? calls[n - 1].cells[row].end : zeros;
      return { place, ...readLetter(text[place], before, weights) };
    });
    calls.push({ number: n + 1, start, reset, cells });
  }
  return { calls, places, perPass, B, rest: places.slice(perPass * B), units: unitOrder(weights, text.length) };
}

/** One row of one call: one time step, one feature. */
function readLetter(letter, before, weights) {
  const code = ALPHABET.indexOf(letter);
  const x = Math.fround(code / 26); // Keras reads float32
  const end = lstmStep(weights, [x], before.h, before.c);
  const probabilities = classify(weights, end.h);
  const answer = argmax(probabilities);
  const verdict = code === 25 ? "none" : answer === code + 1 ? "yes" : "no";
  return { letter, code, x, end, answer: ALPHABET[answer], share: probabilities[answer], verdict };
}

/** The units in the order in which they are largest when the model reads from A on. */
function unitOrder(weights, length) {
  let state = zeroState(weights.units);
  const peaks = Array.from({ length: weights.units }, () => ({ value: -Infinity, at: 0 }));
  for (let at = 0; at < length; at++) {
    state = lstmStep(weights, [Math.fround(at / 26)], state.h, state.c);
    state.h.forEach((value, unit) => {
      if (value > peaks[unit].value) peaks[unit] = { value, at };
    });
  }
  return [...peaks.keys()].sort((a, b) => peaks[a].at - peaks[b].at || a - b);
}

/** For each row, the numbers of the calls whose letter or state is no longer the same. */
export function changedCalls(before, now) {
  if (before?.B !== now.B) return null;
  const same = (a, b) => a.every((value, at) => value === b[at]);
  const unchanged = (cell, old) =>
    old?.letter === cell.letter && same(old.end.h, cell.end.h) && same(old.end.c, cell.end.c);
  return Array.from({ length: now.B }, (_, row) =>
    now.calls
      .filter((call, n) => !unchanged(call.cells[row], before.calls[n]?.cells[row]))
      .map((call) => call.number));
}

/** The first call whose answer differs between two readings. */
export const firstOther = (before, now) =>
  now.calls.find((call, n) => call.cells.some((cell, row) => cell.answer !== before.calls[n]?.cells[row].answer))?.number;

/** How many answers are the next letter, of how many. Nothing follows Z. */
export function score({ calls }) {
  const cells = calls.flatMap((call) => call.cells);
  const count = (verdict) => cells.filter((cell) => cell.verdict === verdict).length;
  return { right: count("yes"), count: count("yes") + count("no"), uncounted: count("none") };
}

/** The state of a row as bands, means of neighbouring units of the heat map: what a token shows. */
export function bands({ h }, units, count = 6) {
  return Array.from({ length: count }, (_, band) => {
    const part = units.slice(Math.floor((band * units.length) / count), Math.ceil(((band + 1) * units.length) / count));
    return part.reduce((sum, unit) => sum + h[unit], 0) / part.length;
  });
}

/** The same in Keras: lines, or pairs of a line and its link. */
export function program(text, used, { calls, places, perPass, B, rest }, units) {
  const resets = calls.filter((call) => call.reset).map((call) => call.number);
  const cut = rest.length ? `X[:${perPass * B}]` : "X";
  return [
    "model = keras.Sequential([",
    [`    keras.Input(batch_shape=(${B}, 1, 1)),  # ${text.codeShape}`, "batch_size"],
    [`    keras.layers.LSTM(${units}, stateful=${used.stateful ? "True" : "False"}),`, "stateful"],
    '    keras.layers.Dense(26, activation="softmax"),',
    "])",
    "model.set_weights(weights)",
    "",
    [`# ${used.shuffle ? text.codeShuffled : text.codeKept}`, "shuffle"],
    [`X = encode("${used.text}").reshape(-1, 1, 1) / 26`, "text"],
    ...(used.shuffle ? [[`X = X[[${places.join(", ")}]]`, "shuffle"]] : []),
    ...(calls.length === 0 ? [] : [
      [`batches = ${cut}.reshape(-1, ${B}, 1, 1)  # ${text.codeBatches}`, "batch_size"],
      [`for call, x in enumerate(${used.passes > 1 ? "[*batches] * 2" : "batches"}, start=1):`, "passes"],
      ...(resets.length ? [
        [`    if call in {${resets.join(", ")}}:`, "reset"],
        ["        model.layers[0].reset_states()", "reset"],
      ] : []),
      "    print(call, decode(model.predict_on_batch(x).argmax(axis=1)))",
    ]),
  ];
}
