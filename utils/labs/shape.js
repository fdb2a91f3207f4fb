// The Shape lab: one sequence, cut into windows, reshaped, and read by the loop.

import {
  aboutLetters, ALPHABET, arrowKeys, choice, fill, frame, letters, listen, make, oncePerFrame, readLetters,
  refill, save, slider, translated,
} from "./page.js";

const TEXT = {
  title: "Shape lab",
  first: "Switch the layout. The numbers stay the same; watch how often the loop runs, and on what.",
  sequence: "Sequence",
  window: "Window",
  stride: "Stride",
  layout: "Layout, time steps × features",
  strange: "Left out: {n} that are not letters A to Z.",
  surplus: "Only the first {n} letters are used.",
  empty: "Type letters A to Z.",
  short: "A window of {window} and the letter after it need {needed} letters; here are {n}.",
  hint: "Point at a number, or move with the arrow keys.",
  windows: "{n} windows as rows",
  scroll: "The windows, before and after the reshape",
  before: "dataX, shape ({N}, {W})",
  after: "X, shape ({N}, {T}, {F})",
  next: "next letter",
  sample: "sample {n}",
  loop: "How the LSTM reads sample {n}",
  zeros: "zeros",
  state: "h, c",
  step: "t = {t}",
  reads: "reads",
  output: "→ output: h after the last step",
  runs: "The loop runs {times} on a vector of length {F}.",
  once: "once",
  times: "{T} times",
  useless: "It starts from zeros and passes nothing on: the recurrent weights multiply zeros.",
  useful: "From step to step it passes on the hidden state h and the cell state c.",
  detail: "{code} is the code of {letter}. It stands at dataX[{n}, {p}] and at X[{n}, {t}, {f}]: " +
    "sample {n}, time step {t}, feature {f}. It is read in turn {step} of {T} of the loop.",
  again: "The same letter of the sequence is also in {places}.",
  said: "Shape {N}, {T}, {F}. {runs}",
  codeHere: "the code of {letter}",
};
const LONGEST_TEXT = 40;
const LONGEST_WINDOW = 8;
const LARGEST_STRIDE = 4;

/** The windows of a sequence of `length` elements: the place where each of them starts. */
function starts(length, window, stride) {
  const found = [];
  for (let start = 0; start + window < length; start += stride) found.push(start);
  return found;
}

const divisors = (n) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);

/** The layout for a new window; shape.py has the same rule. */
function followWindow(steps, oldWindow, newWindow) {
  if (steps === oldWindow) return newWindow;
  return Math.max(...divisors(newWindow).filter((d) => d <= steps));
}

function render({ model, el }) {
  const text = translated(TEXT, model);
  const { controls, view, code, announce, stop } = frame(el, text);
  const settings = () => {
    const [window, T] = [model.get("window"), model.get("time_steps")];
    const typed = model.get("text");
    return { typed, window, T, F: window / T, stride: model.get("stride") };
  };

  // Controls
  const word = letters({
    label: text.sequence,
    value: model.get("text"),
    key: "text",
    onInput(typed) {
      const read = readLetters(typed, LONGEST_TEXT);
      word.complain(aboutLetters(text, read));
      if (read.kept) save(model, { text: read.kept });
    },
  });
  const window = slider({
    label: text.window,
    min: 1,
    max: LONGEST_WINDOW,
    value: model.get("window"),
    key: "window",
    onInput(value) {
      const steps = followWindow(model.get("time_steps"), model.get("window"), value);
      save(model, { window: value, time_steps: steps });
    },
  });
  const stride = slider({
    label: text.stride,
    min: 1,
    max: LARGEST_STRIDE,
    value: model.get("stride"),
    key: "stride",
    onInput: (value) => save(model, { stride: value }),
  });
  const layouts = () =>
    divisors(model.get("window")).reverse()
      .map((T) => ({ value: T, label: `${T}×${model.get("window") / T}` }));
  const layout = choice({
    label: text.layout,
    options: layouts(),
    value: model.get("time_steps"),
    key: "layout",
    onInput: (value) => save(model, { time_steps: value }),
  });
  controls.append(word.element, window.element, stride.element, layout.element);

  // View: what is drawn for one shape, and what changes as the reader points.
  let rows = []; // where each window starts in the sequence
  function draw() {
    const { typed, window: W, T, F, stride: step } = settings();
    rows = starts(typed.length, W, step);
    word.set(typed);
    window.set(W);
    stride.set(step);
    layout.set(T, layouts());
    if (rows.length === 0) {
      const values = { window: W, needed: W + 1, n: typed.length };
      refill(view, make("p", { class: "lab-detail" }, fill(text.short, values)));
      code.textContent = modelLine(T, F);
      announce(fill(text.short, values));
      return;
    }
    const N = rows.length;
    const runs = fill(text.runs, { F, times: T === 1 ? text.once : fill(text.times, { T }) });
    refill(
      view,
      make("p", { class: "lab-detail" }),
      windowTable(text, typed, rows, { W, T, F }),
      make("p", { class: "shape-loop-title" }),
      make("div", { class: "shape-loop" }),
      make("p", {}, make("strong", {}, runs), " ", T === 1 ? text.useless : text.useful),
    );
    arrowKeys(view.querySelector("table"), pointAt);
    announce(fill(text.said, { N, T, F, runs }));
    point();
  }

  function point() {
    if (rows.length === 0) return;
    const { typed, window: W, T, F } = settings();
    const n = Math.min(model.get("sample"), rows.length - 1);
    const p = Math.min(model.get("position"), W - 1);
    const [t, f] = [Math.floor(p / F), p % F];
    const place = rows[n] + p;
    const loop = view.querySelector(".shape-loop");
    loop.replaceChildren(...loopBoxes(text, typed, rows[n], n, T, F));
    view.querySelector(".shape-loop-title").textContent = fill(text.loop, { n });
    for (const cell of view.querySelectorAll("[data-place]")) {
      const here = cell.dataset.sample === String(n) && cell.dataset.position === String(p);
      cell.classList.toggle("selected", here);
      cell.classList.toggle("same", Number(cell.dataset.place) === place);
    }
    for (const cell of view.querySelectorAll("td[data-row]")) {
      cell.tabIndex = Number(cell.dataset.row) === n && Number(cell.dataset.column) === p ? 0 : -1;
    }
    for (const row of view.querySelectorAll("tbody tr")) {
      row.classList.toggle("current", row.dataset.sample === String(n));
    }
    const places = rows
      .map((start, sample) => [sample, place - start])
      .filter(([sample, at]) => sample !== n && at >= 0 && at < W)
      .map(([sample, at]) => `X[${sample}, ${Math.floor(at / F)}, ${at % F}]`);
    const letter = typed[place];
    const values = { code: ALPHABET.indexOf(letter), letter, n, p, t, f, step: t + 1, T };
    code.textContent = [
      `dataX, dataY = sliding_windows(encode("${typed}"), ${W}, stride=${model.get("stride")})`,
      `X = np.reshape(dataX, (len(dataX), ${T}, ${F}))  # (${rows.length}, ${T}, ${F})`,
      `X[${n}, ${t}, ${f}] == dataX[${n}, ${p}] == ${values.code}  # ${fill(text.codeHere, values)}`,
      modelLine(T, F),
    ].join("\n");
    const detail = view.querySelector(".lab-detail");
    detail.textContent = `${fill(text.detail, values)} ` +
      (places.length ? fill(text.again, { places: places.join(", ") }) : "");
    return detail.textContent;
  }

  function pointAt(sample, position) {
    save(model, { sample, position });
    announce(point());
  }
  const reach = (event) => {
    const cell = event.target.closest?.("[data-place]");
    // Pointing draws the loop anew, under the mouse as well: that is no new pointing.
    if (cell && !cell.classList.contains("selected")) pointAt(Number(cell.dataset.sample), Number(cell.dataset.position));
  };
  view.addEventListener("pointerover", (event) => event.pointerType === "mouse" && reach(event));
  view.addEventListener("click", reach);

  const ask = oncePerFrame(draw);
  const deaf = listen(model, ["text", "window", "stride", "time_steps"], ask);
  const deafToo = listen(model, ["sample", "position"], point);
  draw();
  return () => {
    deaf();
    deafToo();
    ask.stop();
    stop();
  };
}

/** One row a sample: the window in dataX, the same numbers in X with its brackets, the target. */
function windowTable(text, typed, rows, { W, T, F }) {
  const N = rows.length;
  const cells = (start, n) =>
    Array.from({ length: W }, (_, p) =>
      make("td", { ...marks(start, n, p), "data-row": n, "data-column": p, "data-key": `cell-${n}-${p}` },
        letterAndCode(typed[start + p])));
  const body = rows.map((start, n) =>
    make("tr", { "data-sample": n },
      make("th", { scope: "row", class: "samples" }, fill(text.sample, { n })),
      cells(start, n),
      make("td", { class: "shape-nested" }, nested(typed, start, n, T, F)),
      make("td", { class: "shape-target" }, `→ ${typed[start + W]}`)));
  const head = make("tr", {},
    make("th", { scope: "col" }, make("span", { class: "shape-hidden" }, fill(text.sample, { n: "" }))),
    make("th", { scope: "colgroup", colspan: W }, fill(text.before, { N, W })),
    make("th", { scope: "col" }, fill(text.after, { N, T, F })),
    make("th", { scope: "col" }, text.next));
  const table = make("table", { class: "lab-table", role: "grid", "aria-label": text.scroll },
    make("thead", {}, head), make("tbody", {}, body));
  const region = { class: "lab-scroll shape-scroll", role: "region", tabindex: "0", "aria-label": text.scroll };
  return [
    make("p", { class: "shape-caption" }, `${fill(text.windows, { n: N })}. ${text.hint}`),
    make("div", region, table),
  ];
}

const marks = (start, n, p) => ({ "data-place": start + p, "data-sample": n, "data-position": p });

const letterAndCode = (letter) => [
  make("span", { class: "muted" }, letter), " ", make("b", {}, String(ALPHABET.indexOf(letter))),
];

/** One sample as NumPy prints it, each bracket in the colour of its axis. */
function nested(typed, start, n, T, F) {
  const bracket = (axis, sign) => make("span", { class: axis }, sign);
  const steps = Array.from({ length: T }, (_, t) => {
    const numbers = Array.from({ length: F }, (_, f) => {
      const p = t * F + f;
      return make("span", { class: "shape-number", ...marks(start, n, p) },
        String(ALPHABET.indexOf(typed[start + p])));
    });
    return [bracket("features", "["), numbers, bracket("features", "]")];
  });
  return [bracket("time-steps", "["), steps, bracket("time-steps", "]")];
}

/** The loop unrolled over one sample: a box for each time step, with the vector it reads. */
function loopBoxes(text, typed, start, n, T, F) {
  const boxes = [make("span", { class: "muted" }, text.zeros)];
  for (let t = 0; t < T; t++) {
    const numbers = Array.from({ length: F }, (_, f) => {
      const p = t * F + f;
      return make("span", { class: "shape-number", ...marks(start, n, p) },
        String(ALPHABET.indexOf(typed[start + p])));
    });
    boxes.push(
      make("span", { class: "shape-arrow", "aria-hidden": "true" }, t ? `${text.state} →` : "→"),
      make("span", { class: "shape-step" },
        make("b", { class: "time-steps" }, fill(text.step, { t })),
        make("span", {}, `${text.reads} `, make("span", { class: "features" }, "["), numbers,
          make("span", { class: "features" }, "]"))),
    );
  }
  boxes.push(make("span", { class: "shape-arrow" }, text.output));
  return boxes;
}

const modelLine = (T, F) =>
  `model = keras.Sequential([keras.Input((${T}, ${F})), keras.layers.LSTM(32)])`;

export default { render };
