// The numbers of the Shape lab: the windows of a sequence, and which turn of the loop reads what.

import { ALPHABET, readLetters, within } from "../text.js";

export const LONGEST = 40;
export const LONGEST_WINDOW = 8;
export const LARGEST_STRIDE = 4;
export const START = { text: ALPHABET.slice(0, 8), window: 3, stride: 1, time_steps: 3, sample: 1, position: 1 };

export const divisors = (n) => Array.from({ length: n }, (_, at) => n - at).filter((steps) => n % steps === 0);

/** The layout for a new window; shape/__init__.py has the same rule. */
export const followWindow = (steps, before, window) =>
  steps === before ? window : divisors(window).find((one) => one <= steps);

/** All settings, each within its range: shape/__init__.py refuses others. */
export function clean(settings) {
  const window = within(settings.window, 1, LONGEST_WINDOW);
  return {
    ...settings,
    text: readLetters(settings.text, LONGEST).kept || START.text,
    window,
    stride: within(settings.stride, 1, LARGEST_STRIDE),
    time_steps: divisors(window).find((one) => one <= within(settings.time_steps, 1, window)),
    sample: within(settings.sample, 0, LONGEST - 1),
    position: within(settings.position, 0, LONGEST_WINDOW - 1),
  };
}

/** Cut the windows: for each sample its cells, with their indices, and the letter that comes next. */
export function read({ text, window: W, stride, time_steps: T }) {
  const F = W / T;
  const samples = [];
  for (let start = 0; start + W < text.length; start += stride) {
    const cells = Array.from({ length: W }, (_, p) => {
      const letter = text[start + p];
      return { letter, code: ALPHABET.indexOf(letter), place: start + p, p, t: Math.floor(p / F), f: p % F };
    });
    samples.push({ n: samples.length, cells, next: text[start + W] });
  }
  return { samples, N: samples.length, W, T, F };
}

/** The numbers that a sample's first turn reads, as "0 1 2". */
export const firstTurn = ({ samples: [{ cells }] }) => cells.filter(({ t }) => t === 0).map(({ code }) => code).join(" ");

export const shapeOf = ({ N, T, F }) => `(${N}, ${T}, ${F})`;

/** The same in Keras: pairs of a line and its link. */
export const program = (text, { text: letters, window, stride }, numbers, number) => [
  [`dataX, dataY = sliding_windows(encode("${letters}"), ${window}, stride=${stride})`, "sequence"],
  [`X = np.reshape(dataX, (len(dataX), ${numbers.T}, ${numbers.F}))  # ${shapeOf(numbers)}`, "time_steps"],
  ...(number ? [[
    `X[${number.n}, ${number.t}, ${number.f}] == dataX[${number.n}, ${number.p}] == ${number.code}  # ${number.letter}: ${text.codeHere}`,
    number.link,
  ]] : []),
  [`model = keras.Sequential([keras.Input((${numbers.T}, ${numbers.F})), keras.layers.LSTM(32)])`, "loop"],
];
