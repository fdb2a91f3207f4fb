// Training in the page: the start that Keras gives the weights, back-propagation through time,
// Adam. For one LSTM, then Dense with softmax and cross-entropy, one window per update.
// The same in TensorFlow: utils/training. Shapes and the order of the gates: lstm.js.

import { addRow, answerInto, argmax, makeRun, stepInto } from "./lstm.js";
import { randomNumbers, shuffle } from "./random.js";

const BETA_1 = 0.9; // the defaults of keras.optimizers.Adam
const BETA_2 = 0.999;
const EPSILON = 1e-7;
const LETTERS = 26;
const PARTS = ["kernel", "recurrent_kernel", "bias", "dense_kernel", "dense_bias"];

// ---- Weights

/** Normally distributed numbers (Box and Muller). */
const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/**
 * All weights in one array, and in it, under the names of lstm.js, the five of Keras. Every array
 * here is of 64-bit numbers: loops that meet two kinds of arrays run several times slower.
 */
export function cutWeights(all, features, units, classes) {
  let end = 0;
  const cut = (length) => all.subarray(end, (end += length));
  return {
    all, features, units, classes,
    kernel: cut(features * 4 * units),
    recurrent_kernel: cut(units * 4 * units),
    bias: cut(4 * units),
    dense_kernel: cut(units * classes),
    dense_bias: cut(classes),
  };
}

function zeroWeights({ features, units, classes }) {
  const size = (features + units + 1) * 4 * units + (units + 1) * classes;
  return cutWeights(new Float64Array(size), features, units, classes);
}

/**
 * A start as Keras makes it. Each array has random numbers of its own, so that two models that
 * differ only in their features start with the same recurrent kernel and the same Dense layer.
 */
export function startWeights(seed, features, units, classes = LETTERS) {
  const weights = zeroWeights({ features, units, classes });
  const stream = (number) => randomNumbers(seed * 8 + number);
  fillGlorot(weights.kernel, features, 4 * units, stream(0));
  weights.recurrent_kernel.set(startRecurrentKernel(seed, units, stream(1)));
  weights.bias.fill(1, units, 2 * units); // unit_forget_bias
  fillGlorot(weights.dense_kernel, units, classes, stream(2));
  weights.all.set(Float32Array.from(weights.all)); // Keras keeps 32 bits of each
  return weights;
}

let lastStart = {}; // both models of a race start with the same one, and making it takes longest

function startRecurrentKernel(seed, units, random) {
  if (lastStart.seed !== seed || lastStart.units !== units) {
    const kernel = new Float64Array(units * 4 * units);
    fillOrthogonal(kernel, units, 4 * units, random);
    lastStart = { seed, units, kernel };
  }
  return lastStart.kernel;
}

/** GlorotUniform: between -limit and limit. */
function fillGlorot(matrix, rows, columns, random) {
  const limit = Math.sqrt(6 / (rows + columns));
  for (let at = 0; at < matrix.length; at++) matrix[at] = (2 * random() - 1) * limit;
}

/**
 * Orthogonal: rows of length 1, at right angles to each other. Keras takes Q of a QR factorisation
 * of normal numbers, with the signs that make R positive; Gram and Schmidt arrive at the same.
 */
function fillOrthogonal(matrix, rows, columns, random) {
  const length = rows * columns;
  for (let at = 0; at < length; at++) matrix[at] = normal(random);
  for (let row = 0; row < length; row += columns) {
    for (let other = 0; other < 2 * row; other += columns) { // each twice: once leaves rounding errors
      const from = other % row;
      const shared = -product(matrix, from, matrix.subarray(row), columns);
      addRow(matrix, row, shared, matrix, from, columns);
    }
    const size = Math.sqrt(product(matrix, row, matrix.subarray(row), columns));
    for (let at = row; at < row + columns; at++) matrix[at] /= size;
  }
}

// ---- Gradient and update

/** A model in training: weights, how they began, gradient, Adam's two averages, room to compute. */
export function makeTrainer(weights, steps) {
  const { all, features, units, classes } = weights;
  const numbers = (length) => new Float64Array(length);
  return {
    weights, steps, features, units, classes,
    run: makeRun(steps, units),
    start: cutWeights(all.slice(), features, units, classes),
    gradient: zeroWeights(weights),
    first: zeroWeights(weights),
    second: zeroWeights(weights),
    updates: 0,
    answer: numbers(classes),
    dz: numbers(4 * units),
    dh: numbers(units),
    dc: numbers(units),
  };
}

/** Read the sample that begins at X[at]; leave the probabilities in trainer.answer. */
export function predict({ weights, steps, features, units, run, answer }, X, at) {
  for (let step = 0; step < steps; step++) stepInto(weights, X, at + step * features, run, step);
  answerInto(weights, run.h, steps * units, answer);
}

/** Leave in trainer.gradient how the loss of one sample changes with each weight. */
export function backPropagate(trainer, X, at, target) {
  predict(trainer, X, at);
  const { weights, gradient, steps, features, units, classes, answer, dz, dh, dc } = trainer;
  const { gates, h, c, tanhC } = trainer.run;
  const { recurrent_kernel: recurrent, dense_kernel: dense } = weights;
  const dRecurrent = gradient.recurrent_kernel;
  const width = 4 * units;
  gradient.all.fill(0);
  answer[target] -= 1; // now the gradient of the loss with respect to what softmax read
  gradient.dense_bias.set(answer);
  for (let u = 0; u < units; u++) {
    addRow(gradient.dense_kernel, u * classes, h[steps * units + u], answer, 0, classes);
    dh[u] = product(dense, u * classes, answer, classes);
    dc[u] = 0;
  }
  for (let step = steps - 1; step >= 0; step--) {
    const z = step * width;
    const now = step * units;
    for (let u = 0; u < units; u++) {
      const i = gates[z + u];
      const f = gates[z + units + u];
      const g = gates[z + 2 * units + u];
      const o = gates[z + 3 * units + u];
      const tanh = tanhC[now + u];
      const down = dc[u] + dh[u] * o * (1 - tanh * tanh);
      dz[u] = down * g * i * (1 - i);
      dz[units + u] = down * c[now + u] * f * (1 - f);
      dz[2 * units + u] = down * i * (1 - g * g);
      dz[3 * units + u] = dh[u] * tanh * o * (1 - o);
      dc[u] = down * f;
    }
    addRow(gradient.bias, 0, 1, dz, 0, width);
    for (let feature = 0; feature < features; feature++) {
      addRow(gradient.kernel, feature * width, X[at + step * features + feature], dz, 0, width);
    }
    for (let u = 0; u < units; u++) {
      addRow(dRecurrent, u * width, h[now + u], dz, 0, width);
      if (step > 0) dh[u] = product(recurrent, u * width, dz, width);
    }
  }
}

function product(matrix, from, vector, length) {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += matrix[from + k] * vector[k];
  return sum;
}

/** Move each weight against its gradient, as keras.optimizers.Adam does. */
export function updateByAdam(trainer, learningRate) {
  const first = trainer.first.all;
  const second = trainer.second.all;
  const weights = trainer.weights.all;
  const gradient = trainer.gradient.all;
  trainer.updates++;
  const rate =
    (learningRate * Math.sqrt(1 - BETA_2 ** trainer.updates)) / (1 - BETA_1 ** trainer.updates);
  for (let k = 0; k < weights.length; k++) {
    const g = gradient[k];
    const m = (first[k] += (g - first[k]) * (1 - BETA_1));
    const v = (second[k] += (g * g - second[k]) * (1 - BETA_2));
    weights[k] -= (rate * m) / (Math.sqrt(v) + EPSILON);
  }
}

/** The gradient of the mean loss over all samples, before any update. */
export function meanGradient(trainer, { X, y, length }) {
  const mean = zeroWeights(trainer.weights);
  for (let n = 0; n < y.length; n++) {
    backPropagate(trainer, X, n * length, y[n]);
    addRow(mean.all, 0, 1 / y.length, trainer.gradient.all, 0, mean.all.length);
  }
  return mean;
}

/** Ask about every sample: mean loss, how many right, each answer and the chance of the right one. */
export function measure(trainer, { X, y, length }) {
  const found = { loss: 0, right: 0, answers: [], chances: [] };
  for (let n = 0; n < y.length; n++) {
    predict(trainer, X, n * length);
    const best = argmax(trainer.answer);
    found.answers.push(best);
    found.chances.push(trainer.answer[y[n]]);
    found.loss -= Math.log(trainer.answer[y[n]]) / y.length;
    if (best === y[n]) found.right++;
  }
  return found;
}

// ---- The race

/** All windows of the alphabet, scaled: X flat, (N · length) numbers; y the codes that follow. */
export function alphabetWindows(length) {
  const samples = LETTERS - length;
  const X = Float64Array.from({ length: samples * length }, (_, at) =>
    Math.fround((Math.floor(at / length) + (at % length)) / LETTERS));
  return { X, y: Uint8Array.from({ length: samples }, (_, n) => n + length), length };
}

/** Two models on the same windows: as many steps as numbers, and one step of all numbers. */
export function makeRace({ seed, window, units, learningRate }) {
  const data = alphabetWindows(window);
  const trainers = [[window, 1], [1, window]].map(([steps, features]) =>
    makeTrainer(startWeights(seed, features, units), steps));
  const race = {
    data, trainers, learningRate,
    pulls: trainers.map((trainer) => meanGradient(trainer, data)),
    order: Uint8Array.from(data.y, (_, n) => n),
    random: randomNumbers(seed * 8 + 3),
    position: 0, // in the order of this epoch
    epoch: 0, // how many are complete
    history: trainers.map(() => ({ loss: [], right: [] })),
    now: [],
  };
  record(race);
  return race;
}

/** Train both models on one window. Returns whether that completed an epoch. */
export function trainOnce(race) {
  const { data, trainers, order } = race;
  if (race.position === 0) shuffle(order, race.random);
  const n = order[race.position++];
  for (const trainer of trainers) {
    backPropagate(trainer, data.X, n * data.length, data.y[n]);
    updateByAdam(trainer, race.learningRate);
  }
  if (race.position < order.length) return false;
  race.position = 0;
  race.epoch++;
  record(race);
  return true;
}

function record(race) {
  race.now = race.trainers.map((trainer) => measure(trainer, race.data));
  race.now.forEach(({ loss, right }, side) => {
    race.history[side].loss.push(loss);
    race.history[side].right.push(right);
  });
}

/**
 * How many weights no gradient has reached, by array and in `all`. In training: those for which both
 * of Adam's averages are still exactly zero. Before: those whose gradient over all samples is zero.
 */
export function unreached({ trainers, pulls }, side) {
  const { first, second, updates } = trainers[side];
  const [one, two] = updates ? [first, second] : [pulls[side], pulls[side]];
  const counts = { all: 0 };
  for (const part of PARTS) {
    counts[part] = 0;
    for (let k = 0; k < one[part].length; k++) counts[part] += one[part][k] === 0 && two[part][k] === 0;
    counts.all += counts[part];
  }
  return counts;
}

/** Run on to the end of an epoch that has begun, so that all numbers are of the same moment. */
export function finishEpoch(race) {
  while (race.position > 0) trainOnce(race);
}
