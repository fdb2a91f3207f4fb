// The LSTM of Keras in JavaScript: one step, the loop, Dense with softmax.
//
// The arrays are flat, row by row, as NumPy keeps them: element (row, column) of a matrix with
// `columns` columns stands at [row * columns + column]. U units, F features, C classes.
// The gates stand in Keras's order: i, f, g (candidate), o.

/** Read the `weights` trait: {name: {shape, data}}, data being base64 of little-endian float32. */
export function readWeights(trait) {
  const weights = {};
  for (const [name, { data }] of Object.entries(trait)) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    weights[name] = new Float32Array(bytes.buffer);
  }
  weights.units = trait.recurrent_kernel.shape[0];
  weights.features = trait.kernel.shape[0];
  weights.classes = trait.dense_kernel ? trait.dense_kernel.shape[1] : 0;
  return weights;
}

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** Room for the numbers of a run of `steps` steps; the state before the first step stays zero. */
export function makeRun(steps, units) {
  const rows = (count, width = units) => new Float64Array(count * width);
  return { h: rows(steps + 1), c: rows(steps + 1), tanhC: rows(steps), gates: rows(steps, 4 * units) };
}

/** Compute one step of a run, from the state before it and the features at x[at]. */
export function stepInto(weights, x, at, { h, c, tanhC, gates }, step) {
  const { kernel, recurrent_kernel: recurrent, bias, features, units } = weights;
  const width = 4 * units;
  const z = step * width;
  const now = step * units; // of the state before this step
  const next = now + units;
  for (let k = 0; k < width; k++) gates[z + k] = bias[k];
  for (let feature = 0; feature < features; feature++) {
    addRow(gates, z, x[at + feature], kernel, feature * width, width);
  }
  for (let u = 0; u < units; u++) addRow(gates, z, h[now + u], recurrent, u * width, width);
  for (let u = 0; u < units; u++) {
    const i = (gates[z + u] = sigmoid(gates[z + u]));
    const f = (gates[z + units + u] = sigmoid(gates[z + units + u]));
    const g = (gates[z + 2 * units + u] = Math.tanh(gates[z + 2 * units + u]));
    const o = (gates[z + 3 * units + u] = sigmoid(gates[z + 3 * units + u]));
    c[next + u] = f * c[now + u] + i * g;
    h[next + u] = o * (tanhC[now + u] = Math.tanh(c[next + u]));
  }
}

/**
 * One time step of one sample.
 * x: F numbers; h, c: U numbers each. Returns i, f, g, o, h, c, each of U numbers.
 */
export function lstmStep(weights, x, h, c) {
  const { units } = weights;
  const run = makeRun(1, units);
  run.h.set(h);
  run.c.set(c);
  stepInto(weights, x, 0, run, 0);
  const [i, f, g, o] = [0, 1, 2, 3].map((gate) => run.gates.subarray(gate * units, (gate + 1) * units));
  return { i, f, g, o, h: run.h.subarray(units), c: run.c.subarray(units) };
}

/** The loop over time steps. steps: T arrays of F numbers. Returns the T results of lstmStep. */
export function lstmRun(weights, steps, state = zeroState(weights.units)) {
  const run = [];
  for (const x of steps) run.push((state = lstmStep(weights, x, state.h, state.c)));
  return run;
}

/** The state that a layer starts from, and returns to at a reset. */
export function zeroState(units) {
  return { h: new Float64Array(units), c: new Float64Array(units) };
}

/** Dense with softmax on one hidden state: C probabilities. */
export const classify = (weights, h) => answerInto(weights, h, 0, new Float64Array(weights.classes));

/** Write the probabilities for the hidden state at h[at] into `answer`, and return it. */
export function answerInto({ dense_kernel: dense, dense_bias: bias, units, classes }, h, at, answer) {
  answer.set(bias);
  for (let u = 0; u < units; u++) addRow(answer, 0, h[at + u], dense, u * classes, classes);
  return softmax(answer);
}

/** Turn numbers into probabilities, in place. */
export function softmax(values) {
  let highest = -Infinity;
  for (let k = 0; k < values.length; k++) highest = Math.max(highest, values[k]);
  let total = 0;
  for (let k = 0; k < values.length; k++) total += values[k] = Math.exp(values[k] - highest); // no overflow
  for (let k = 0; k < values.length; k++) values[k] /= total;
  return values;
}

/** The place of the largest number. */
export const argmax = (values) => values.reduce((best, v, at) => (v > values[best] ? at : best), 0);

/** total[to…] += factor · matrix[from…]. A factor of zero adds nothing, whatever the matrix holds. */
export function addRow(total, to, factor, matrix, from, length) {
  if (factor === 0) return;
  for (let k = 0; k < length; k++) total[to + k] += factor * matrix[from + k];
}
