// The numbers of the Step lab: of each step of a word, for each unit, and what each is made of.
//
// A number has a name, a time step from 0 (-1: before the first) and a unit. Names: x; c and h; c0 and h0,
// which are c and h of the step before; the gates i, f, g, o; fc and ig (products); tanh (of c); p (probability;
// its unit is the letter); and for each gate W (x times kernel), R (old h times recurrent kernel), b (bias)
// and z (their sum), as in "Wi".

import { argmax, classify, lstmRun } from "../lstm.js";
import { ALPHABET, fill, readLetters, within } from "../text.js";

export const GATES = "ifgo"; // the order of Keras
export const LONGEST = 10;
export const START = { word: "KLM", step: 0, unit: 0 };

/** All settings, each within its range: step/__init__.py refuses others. */
export function clean(settings, _, weights) {
  const word = readLetters(settings.word, LONGEST).kept || START.word;
  const units = weights.recurrent_kernel.shape[0];
  return { ...settings, word, step: within(settings.step, 0, word.length - 1), unit: within(settings.unit, 0, units - 1) };
}

/** Read a word: value(name, t, u) gives each number. */
export function read({ word }, weights) {
  const { units: U, kernel, recurrent_kernel: recurrent, bias } = weights;
  const codes = [...word].map((letter) => ALPHABET.indexOf(letter));
  const run = lstmRun(weights, codes.map((code) => [code / 26]));
  const answers = weights.classes ? run.map(({ h }) => classify(weights, h)) : [];
  const column = (gate, u) => GATES.indexOf(gate) * U + u;

  function value(name, t, u) {
    const [kind, gate] = name;
    if (name === "x") return codes[t] / 26;
    if (name === "p") return answers[t][u];
    if (name === "tanh") return Math.tanh(value("c", t, u));
    if (gate === "0") return value(kind, t - 1, u);
    if (name === "fc") return value("f", t, u) * value("c0", t, u);
    if (name === "ig") return value("i", t, u) * value("g", t, u);
    if (kind === "W") return value("x", t, u) * kernel[column(gate, u)];
    if (kind === "R") return Array.from({ length: U }, (_, v) => value("h0", t, v) * recurrent[v * 4 * U + column(gate, u)])
      .reduce((sum, term) => sum + term, 0);
    if (kind === "b") return bias[column(gate, u)];
    if (kind === "z") return value(`W${gate}`, t, u) + value(`R${gate}`, t, u) + value(`b${gate}`, t, u);
    return t < 0 ? 0 : run[t][name][u]; // the loop starts from zeros
  }

  // Which letter follows, where the word runs up or down the alphabet without a break.
  const direction = codes[1] - codes[0];
  const straight = (t) => codes.slice(1, t + 1).every((code, at) => code - codes[at] === direction);
  const steps = codes.map((code, t) => {
    const next = t > 0 && Math.abs(direction) === 1 && straight(t) ? ALPHABET[code + direction] : undefined;
    const best = answers.length ? argmax(answers[t]) : -1;
    return { t, letter: word[t], answer: ALPHABET[best], share: answers[t]?.[best], verdict: next && (next === ALPHABET[best] ? "yes" : "no") };
  });
  const largest = Math.max(1, ...run.map(({ c }) => Math.max(...c.map(Math.abs))));
  return {
    word, T: word.length, U, steps, answers, value, codes, count: 4 * (U + U * U + U),
    /** The number of the strongest colour. */
    reach: (name) => (name.startsWith("c") ? largest : /^[WRbz]/.test(name) ? 4 : 1),
  };
}

/** What a number is made of, by names. */
export const PARTS = {
  c: ["f", "c0", "i", "g", "fc", "ig"], h: ["o", "tanh"], tanh: ["c"], fc: ["f", "c0"], ig: ["i", "g"], p: ["h"],
  ...Object.fromEntries([...GATES].map((gate) => [gate, ["x", "h0"]])),
};

/** The letters, the most probable first. */
export const ranked = (answer) => [...answer.keys()].sort((a, b) => answer[b] - answer[a]);

/** A sentence that spells a number out; `write` writes numbers. */
export function explain(text, { value, U, codes, word }, { name, t, u }, write) {
  const gate = /^[WRbz]?[ifgo]$/.test(name) ? name.at(-1) : "";
  const kind = gate && gate === name ? "gate" : gate ? name[0] : name;
  const parts = { name: name[0], t: t + 1, unit: u + 1, U, gate, squash: gate === "g" ? "tanh" : "σ", letter: word[t], code: codes[t] };
  const add = (...names) => names.forEach((one) => (parts[gate && one !== gate && one !== "x" ? one[0] : one] = write(value(one, t, u))));
  parts.value = write(value(name, t, u));
  if (t < 0) return fill(text.say.start, parts);
  if (name === "p") return fill(text.say.p, { ...parts, letter: ALPHABET[u] });
  add("x");
  if (gate) add(...[..."WRbz"].map((one) => one + gate));
  else add("c0", "f", "i", "g", "o", "c", "fc", "ig", "tanh", "h");
  if (t === 0 && kind.endsWith("0")) return fill(text.say.start, parts);
  return fill(text.say[kind], parts);
}

/** The same in Keras: lines, or pairs of a line and its link. */
export function program(text, { word, T, U, answers }, step, unit) {
  const same = fill(text.codeSame, { n: step + 1 });
  return [
    "model = keras.Sequential([",
    "    keras.Input((None, 1)),",
    [`    keras.layers.LSTM(${U}),`, "cell"],
    ...(answers.length ? [['    keras.layers.Dense(26, activation="softmax"),', "answer"]] : []),
    "])",
    "model.set_weights(weights)",
    "",
    [`x = encode("${word}").reshape(1, ${T}, 1) / 26  # (1, T, F)`, `x-${unit}`],
    `h = c = np.zeros((1, ${U}))`,
    [`for t in range(${step + 1}):  # ${fill(text.codeSteps, { n: step + 1, T })}`, "word"],
    [`    # ${text.codeInside} c = f * c + i * g`, `c-${unit}`],
    [`    # ${text.codeInside} h = o * tanh(c)`, `h-${unit}`],
    [`    _, (h, c) = model.layers[0].cell(x[:, t], [h, c])${answers.length ? "" : `  # h: ${same}`}`, "cell"],
    ...(answers.length ? [[`answer = model.layers[1](h)  # ${same}`, "answer"]] : []),
  ];
}
