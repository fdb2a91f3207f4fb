// The numbers of the State lab: what each call reads, starts from, answers and leaves behind.

import { ALPHABET } from "./page.js";
import { argmax, classify, lstmStep, zeroState } from "./lstm.js";
import { shuffledOrder } from "./random.js";

/**
 * Read the letters call by call. `settings` are the traits of the lab.
 * Returns calls: [{number, start, reset, cells: one for each row}], and how the letters were cut.
 */
export function readCalls(settings, weights) {
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
  return { calls, places, perPass, B, rest: places.slice(perPass * B) };
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
export function unitOrder(weights, length) {
  const settings = { text: ALPHABET.slice(0, length), stateful: true, batch_size: 1, passes: 1, resets: [] };
  const { calls } = readCalls(settings, weights);
  const peaks = Array.from({ length: weights.units }, (_, unit) =>
    argmax(calls.map((call) => call.cells[0].end.h[unit])));
  return [...peaks.keys()].sort((a, b) => peaks[a] - peaks[b] || a - b);
}

/** For each row, the numbers of the calls whose letter or state is no longer the same. */
export function changedCalls(before, now) {
  const same = (a, b) => a.every((value, at) => value === b[at]);
  const unchanged = (cell, old) =>
    old?.letter === cell.letter && same(old.end.h, cell.end.h) && same(old.end.c, cell.end.c);
  return Array.from({ length: now.B }, (_, row) =>
    now.calls
      .filter((call, n) => !unchanged(call.cells[row], before.calls[n]?.cells[row]))
      .map((call) => call.number));
}
