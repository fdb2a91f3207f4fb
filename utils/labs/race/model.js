// The numbers of the Race lab: both trainings at one moment, and what is kept of them.

import { makeRace, measure } from "../train.js";
import { ALPHABET, within } from "../text.js";

export const RATES = [0.0005, 0.001, 0.002, 0.005, 0.01];
export const SEEDS = 100;
export const START = { seed: 0, window: 3, units: 32, learning_rate: 0.001, epochs: 500, running: false };
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

/** A race at its start, or as it was kept, if that was with these settings. */
export function openRace(course, saved) {
  const race = makeRace({ ...course, learningRate: course.learning_rate });
  if (JSON.stringify(saved.course) !== JSON.stringify(course)) return race;
  race.trainers.forEach((trainer, side) => {
    const bytes = Uint8Array.from(atob(saved.weights[side]), (character) => character.charCodeAt(0));
    trainer.weights.all.set(new Float32Array(bytes.buffer));
    trainer.weights.all.forEach((weight, k) => (trainer.first.all[k] = weight - trainer.start.all[k])); // not 0: a gradient came
    trainer.updates = saved.epoch * race.order.length;
  });
  const now = race.trainers.map((trainer) => measure(trainer, race.data));
  return Object.assign(race, { epoch: saved.epoch, history: saved.history, now, kept: true });
}

/** A race as it is kept with the notebook: its curves, and its weights as float32. */
export const keepRace = ({ epoch, trainers, history }, course) => ({
  course, epoch, history,
  weights: trainers.map(({ weights }) => btoa(String.fromCharCode(...new Uint8Array(Float32Array.from(weights.all).buffer)))),
});

/** Both models now, under the names of the traits. */
export const measured = ({ epoch, now, order }) => ({
  epoch, loss_steps: now[0].loss, loss_features: now[1].loss,
  accuracy_steps: now[0].right / order.length, accuracy_features: now[1].right / order.length,
});

/** Finished runs with the same settings but for the seed. */
export const runsLike = (results, settings) => results
  .filter((run) => ["window", "units", "learning_rate", "epochs"].every((name) => run[name] === settings[name]))
  .sort((one, other) => one.seed - other.seed);

/** The finished runs with this one; a run that was there before is replaced. */
export function withRun(results, settings, race) {
  const { epoch, ...found } = measured(race);
  if (epoch !== settings.epochs) return results; // epochs was set lower in between
  const others = results.filter((run) => run.seed !== settings.seed || !runsLike([run], settings).length);
  return [...others, { ...settings, ...found }];
}

/** With how many seeds the first model is ahead, level, and behind. */
export function tally(runs) {
  const count = (sign) => runs.filter((run) => Math.sign(run.accuracy_steps - run.accuracy_features) === sign).length;
  return { n: runs.length, wins: count(1), ties: count(0), losses: count(-1) };
}

/** How far each recurrent weight is from its start, and the greatest distance. */
export function movement({ weights, start, units }) {
  const all = weights.recurrent_kernel.map((weight, k) => weight - start.recurrent_kernel[k]);
  const rows = Array.from({ length: units }, (_, row) => all.subarray(row * 4 * units, (row + 1) * 4 * units));
  return { all, rows, most: all.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
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
