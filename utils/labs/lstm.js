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

/**
 * One time step of one sample.
 * x: F numbers; h, c: U numbers each. Returns i, f, g, o, h, c, each of U numbers.
 */
export function lstmStep(weights, x, h, c) {
  const { kernel, recurrent_kernel: recurrent, bias, units } = weights;
  const z = Float64Array.from(bias); // (4U)
  addProduct(z, x, kernel);
  addProduct(z, h, recurrent);
  const gates = { i: new Float64Array(units), f: new Float64Array(units) };
  gates.g = new Float64Array(units);
  gates.o = new Float64Array(units);
  const newH = new Float64Array(units);
  const newC = new Float64Array(units);
  for (let u = 0; u < units; u++) {
    const i = (gates.i[u] = sigmoid(z[u]));
    const f = (gates.f[u] = sigmoid(z[units + u]));
    const g = (gates.g[u] = Math.tanh(z[2 * units + u]));
    const o = (gates.o[u] = sigmoid(z[3 * units + u]));
    newC[u] = f * c[u] + i * g;
    newH[u] = o * Math.tanh(newC[u]);
  }
  return { ...gates, h: newH, c: newC };
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
export function classify(weights, h) {
  const logits = Float64Array.from(weights.dense_bias);
  addProduct(logits, h, weights.dense_kernel);
  return softmax(logits);
}

export function softmax(logits) {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - highest)); // cannot overflow
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** The place of the largest number. */
export const argmax = (values) => values.reduce((best, v, at) => (v > values[best] ? at : best), 0);

/** total += vector · matrix; the matrix has vector.length rows and total.length columns. */
export function addProduct(total, vector, matrix) {
  const columns = total.length;
  for (let row = 0; row < vector.length; row++) {
    const factor = vector[row];
    if (factor === 0) continue; // a state of zeros costs nothing
    const start = row * columns;
    for (let column = 0; column < columns; column++) {
      total[column] += factor * matrix[start + column];
    }
  }
}
