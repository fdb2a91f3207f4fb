// The numbers of the Race lab: both trainings at one moment, and what is kept of them.

import { finishEpoch, makeRace, measure, trainOnce, unreached } from "../train.js";
import { ALPHABET, within } from "../text.js";

export const RATES = [0.0005, 0.001, 0.002, 0.005, 0.01];
export const START = { seed: 0, window: 3, units: 32, learning_rate: 0.001, epochs: 500, running: false };
export const SEEDS = 100;
const POINTS = 200; // of a curve that is kept
/** What the page tells Python of a race that has not begun. */
export const UNTRAINED = { epoch: 0, loss_steps: null, loss_features: null, accuracy_steps: null, accuracy_features: null, saved: {} };

/** All settings, each within its range: race/__init__.py refuses others. */
export const clean = (settings) => ({
  seed: within(settings.seed, 0, SEEDS - 1),
  window: within(settings.window, 2, 6, START.window),
  units: within(settings.units, 4, 32, START.units),
  learning_rate: RATES.includes(settings.learning_rate) ? settings.learning_rate : START.learning_rate,
  epochs: 10 * within(settings.epochs / 10, 1, 100, START.epochs / 10),
  running: Boolean(settings.running),
});

/** What follows from the settings alone: the names of both models, and what each window reads. */
export const read = ({ window: T }) => ({
  names: [`${T}×1`, `1×${T}`],
  windows: Array.from({ length: 26 - T }, (_, n) => ({ reads: ALPHABET.slice(n, n + T), next: ALPHABET[n + T] })),
});

/** What decides the course of a race. */
const courseOf = ({ seed, window, units, learning_rate: learningRate }) => ({ seed, window, units, learningRate });
const sameCourse = (one, other) => JSON.stringify(courseOf(one)) === JSON.stringify(courseOf(other));

/** A race at its start, or where one of the same course stood when it was kept. */
export function openRace(settings, saved) {
  const race = makeRace(courseOf(settings));
  if (saved.weights && sameCourse(saved, settings)) {
    race.trainers.forEach((trainer, side) => {
      const bytes = Uint8Array.from(atob(saved.weights[side]), (character) => character.charCodeAt(0));
      trainer.weights.all.set(new Float32Array(bytes.buffer));
      trainer.updates = saved.epoch * race.order.length;
      trainer.weights.all.forEach((weight, k) => (trainer.first.all[k] = weight - trainer.start.all[k])); // what has moved
    });
    Object.assign(race, { epoch: saved.epoch, kept: true, now: race.trainers.map((trainer) => measure(trainer, race.data)) });
    race.history = saved.history;
  }
  return race;
}

/** A race as it is kept with the notebook: weights as float32, curves of at most 200 points. */
export function keepRace(race, settings) {
  const every = Math.ceil(race.history[0].loss.length / POINTS);
  const thin = (curve) => curve.filter((_, epoch) => epoch % every === 0 || epoch === curve.length - 1);
  const written = ({ weights }) => {
    let text = "";
    for (const byte of new Uint8Array(Float32Array.from(weights.all).buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  };
  return {
    ...settings, epoch: race.epoch,
    weights: race.trainers.map(written),
    history: race.kept ? race.history : race.history.map(({ loss, right }) => ({
      loss: thin(loss).map((value) => Number(value.toFixed(4))), right: thin(right) })),
  };
}

/** Both models now, under the names of the traits. */
export const measured = ({ epoch, now, order }) => ({
  epoch,
  loss_steps: now[0].loss, loss_features: now[1].loss,
  accuracy_steps: now[0].right / order.length, accuracy_features: now[1].right / order.length,
});

/** Finished runs with the same settings but for the seed. */
export const runsLike = (results, { window, units, learning_rate: rate, epochs }) =>
  results.filter((run) => run.window === window && run.units === units && run.learning_rate === rate && run.epochs === epochs)
    .sort((one, other) => one.seed - other.seed);

/** The finished runs with this one; a run that was there before is replaced. */
export function withRun(results, { seed, window, units, learning_rate, epochs }, race) {
  const { epoch, ...found } = measured(race);
  if (epoch !== epochs) return results; // epochs was set lower in between
  const settings = { seed, window, units, learning_rate, epochs };
  const others = results.filter((run) => !(runsLike([run], settings).length && run.seed === seed));
  return [...others, { ...settings, ...found }];
}

/** With how many seeds the first model is ahead, level, and behind. */
export function tally(runs) {
  const ahead = runs.map((run) => Math.sign(run.accuracy_steps - run.accuracy_features));
  const count = (sign) => ahead.filter((found) => found === sign).length;
  return { n: runs.length, wins: count(1), ties: count(0), losses: count(-1) };
}

/** How far each recurrent weight is from its start: rows of 4U numbers. */
export function movement({ trainers }, side) {
  const { weights, start, units } = trainers[side];
  const moved = weights.recurrent_kernel.map((weight, k) => weight - start.recurrent_kernel[k]);
  return Array.from({ length: units }, (_, row) => moved.subarray(row * 4 * units, (row + 1) * 4 * units));
}

export const greatest = (rows) => rows.reduce((most, row) => row.reduce((so, value) => Math.max(so, Math.abs(value)), most), 0);

/** The number of the strongest colour: for both maps that of the first, which moves. */
export function reachOf(rows) {
  const squares = rows.reduce((sum, row) => row.reduce((so, value) => so + value * value, sum), 0);
  return 2.5 * Math.sqrt(squares / (rows.length * rows[0].length)) || 1;
}

/** A short race, for the answers to the questions: which recurrent kernels have moved, what is unreached. */
const tried = new Map();
export function tryRace(window, units = 4) {
  const key = `${window} ${units}`;
  if (!tried.has(key)) {
    const race = makeRace({ seed: 0, window, units, learningRate: 0.001 });
    trainOnce(race);
    finishEpoch(race);
    tried.set(key, { moved: [0, 1].map((side) => greatest(movement(race, side)) > 0), idle: unreached(race, 1).all });
  }
  return tried.get(key);
}

/** The same in Keras: lines, or pairs of a line and its link. */
export const program = ({ window: T, seed, units, learning_rate: rate, epochs }) => [
  [`dataX, dataY = sliding_windows(encode(ALPHABET), ${T})`, "lane-0"],
  [`for T, F in ((${T}, 1), (1, ${T})):`, "machines"],
  [`    keras.utils.set_random_seed(${seed})`, "dots"],
  [`    model = keras.Sequential([keras.Input((T, F)), keras.layers.LSTM(${units}),`, "maps"],
  '                              keras.layers.Dense(26, activation="softmax")])',
  [`    model.compile(keras.optimizers.Adam(${rate}), "sparse_categorical_crossentropy")`, "curve-loss"],
  "    X = np.reshape(dataX, (len(dataX), T, F)) / 26",
  [`    model.fit(X, dataY, epochs=${epochs}, batch_size=1)`, "train"],
];
