// The page "Your data, in Keras": questions, a drawing of the arrays, and the program (recipe_program.js).
// The choices stand in the address, so that a link opens the same. Nothing leaves the page.
{
  const { NUMBERS, refusal, settled, shapes, program } = /** @type {any} */ (globalThis).recipe;

  /** @type {Record<string, [string, Record<string, string>]>} */
  const TEXT = {
    row: ["What is a row of your data?", {
      moment: "a moment, such as an hour of measurements", past: "a sample, with its past in columns",
      file: "I have an array or a file for each sample" }],
    features: ["How many numbers does each time step have?", {
      one: "one", several: "several (features)" }],
    columns: ["In which order do the columns go?", {
      steps: "step by step: all features of the first step, then of the second",
      features: "feature by feature: the whole past of the first feature, then of the second" }],
    series: ["How many series?", { one: "one", several: "several, such as one for each sensor" }],
    lengths: ["How long are they?", { equal: "equally long", different: "of different lengths" }],
    out: ["What should the model answer?", {
      value: "one value", yes: "yes or no", class: "one of several classes",
      horizon: "the next H values", each: "one value at each time step" }],
    stateful: ["Should it remember what came before the window?", {
      no: "no: each window is read by itself", yes: "yes: stateful, piece after piece" }],
    layers: ["Which layers?", { lstm: "one LSTM", gru: "one GRU", two: "two LSTMs" }],
    dropout: ["Dropout on what each step reads?", { no: "no", yes: "0.2" }],
  };
  const NUMBER = { T: "T, time steps", H: "H, values ahead" };
  const WORDS = {
    copy: "Copy the program", copied: "Copied", link: "Copy a link to these choices",
    notebook: "Download as a notebook, for Jupyter or Colab", program: "The program",
    arrays: "The arrays", samples: "samples", steps: "time steps", feature: "feature", features: "features",
    reads: "x, what the model reads", wanted: "y, what it should answer",
  };

  const place = /** @type {HTMLElement} */ (document.querySelector("#recipe"));
  const SVG = "http://www.w3.org/2000/svg";

  /** @param {string} tag @param {Record<string, unknown>} [attributes] @param {...(Node | string)} children */
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    made.append(...children);
    return made;
  };
  /** @param {string} tag @param {Record<string, unknown>} attributes @param {...(Node | string)} children */
  const draw = (tag, attributes, ...children) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    made.append(...children);
    return made;
  };

  const fromAddress = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  let chosen = settled(fromAddress());

  const fields = Object.entries(TEXT).map(([question, [asked, answers]]) => make(
    "fieldset", { "data-question": question }, make("legend", {}, asked),
    ...Object.entries(answers).map(([answer, text]) => make(
      "label", {}, make("input", { type: "radio", name: question, value: answer }), make("span", {}, text),
    )),
  ));
  const numbers = Object.entries(NUMBER).map(([name, text]) => make(
    "label", { class: "number", "data-number": name }, make("span", {}, text),
    make("input", { type: "number", name, min: NUMBERS[name][1], max: NUMBERS[name][2] }),
  ));
  const form = make("form", { class: "recipe-form" }, ...fields, ...numbers);
  const picture = make("div", { class: "recipe-arrays" });
  const code = make("code");
  const said = make("span", { role: "status" });
  /** @param {string} text @param {() => void} action */
  const button = (text, action) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", action);
    return made;
  };
  /** @param {string} text */
  const copy = async (text) => {
    await navigator.clipboard.writeText(text);
    said.textContent = WORDS.copied;
  };
  const buttons = make("p", { class: "recipe-buttons" },
    button(WORDS.copy, () => copy(program(chosen))),
    button(WORDS.link, () => copy(location.href)),
    button(WORDS.notebook, download), said);
  place.replaceChildren(form, make("div", { class: "recipe-result" },
    make("h2", {}, WORDS.arrays), picture, make("h2", {}, WORDS.program), buttons,
    make("div", { class: "highlight" }, make("pre", { tabindex: 0 }, code))));

  /** @param {number[]} shape */
  const written = (shape) => `(N,${shape.map((size) => ` ${size}`).join(",")})`;

  /** One array, as a block whose edges have the colours of the axes. @param {string} title @param {number[]} shape @param {number} y0 */
  function block(title, shape, y0) {
    const steps = shape.length > 1 ? shape[0] : 1;
    const across = shape.at(-1) ?? 1;
    const rows = Math.min(steps, 6);
    const columns = Math.min(across, 6);
    const cells = [];
    for (let depth = 2; depth >= 0; depth--) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          cells.push(draw("rect", { x: 150 + column * 22 + depth * 8, y: y0 + 34 + row * 16 - depth * 6,
                                    width: 22, height: 16, class: "cell" }));
        }
      }
    }
    const bottom = y0 + 34 + rows * 16;
    /** @param {number} x @param {number} y @param {string} kind @param {string} label @param {string} anchor */
    const name = (x, y, kind, label, anchor) => draw("text", { x, y, class: kind, "text-anchor": anchor }, label);
    return [
      name(4, y0 + 12, "title", `${title}: ${written(shape)}`, "start"), ...cells,
      name(178 + columns * 22, y0 + 26, "samples", `N ${WORDS.samples}`, "start"),
      ...(shape.length > 1 ? [name(142, (y0 + 34 + bottom) / 2 + 4, "steps", `${shape[0]} ${WORDS.steps}`, "end")] : []),
      ...(title === WORDS.reads || shape.length > 1
        ? [name(150, bottom + 16, "features", `${across} ${title !== WORDS.reads ? "" : across === 1 ? WORDS.feature : WORDS.features}`, "start")] : []),
    ];
  }

  function show() {
    for (const field of fields) {
      const question = field.dataset.question ?? "";
      const inputs = [...field.querySelectorAll("input")];
      for (const input of inputs) {
        const reason = refusal(chosen, question, input.value);
        input.checked = chosen[question] === input.value;
        input.disabled = Boolean(reason);
        const label = /** @type {HTMLElement} */ (input.parentElement);
        label.querySelector("small")?.remove();
        if (reason) label.append(make("small", {}, reason));
      }
      field.hidden = question === "columns" && inputs.some((input) => input.disabled);
    }
    for (const label of numbers) {
      const name = label.dataset.number ?? "";
      const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
      if (document.activeElement !== input) input.value = String(chosen[name]);
      label.hidden = name === "H" && chosen.out !== "horizon";
    }
    const { x, y } = shapes(chosen);
    const first = 64 + Math.min(x[0], 6) * 16;
    const second = 64 + (y.length > 1 ? Math.min(y[0], 6) : 1) * 16;
    picture.replaceChildren(draw("svg", { viewBox: `0 0 400 ${first + second}`, role: "img",
      "aria-label": `x ${written(x)}, y ${written(y)}` },
    ...block(WORDS.reads, x, 0), ...block(WORDS.wanted, y, first)));
    code.replaceChildren(...program(chosen).split(/(#.*)/).map((part) => (
      part.startsWith("#") ? make("span", { class: "c1" }, part) : part)));
    said.textContent = "";
  }

  form.addEventListener("input", () => {
    chosen = settled(Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (form)).entries()));
    history.replaceState(null, "", `#${new URLSearchParams(Object.entries(chosen).map(([k, v]) => [k, String(v)]))}`);
    show();
  });
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", () => {
    chosen = settled(fromAddress());
    show();
  });

  function download() {
    const cell = { cell_type: "code", execution_count: null, id: "program", metadata: {}, outputs: [], source: program(chosen) };
    const kernel = { display_name: "Python 3", language: "python", name: "python3" };
    const notebook = { cells: [cell], metadata: { kernelspec: kernel }, nbformat: 4, nbformat_minor: 5 };
    const address = URL.createObjectURL(new Blob([JSON.stringify(notebook)], { type: "application/json" }));
    make("a", { href: address, download: "your_data_in_keras.ipynb" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  show();
}
