// What all labs share of the page: elements, controls, cells, the frame around a lab.
// Text always goes in as text, never as HTML: what a reader types cannot run.

/** Make an element. attributes: class, on (events), style (CSS variables), others as they are. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (name === "style") {
      for (const [key, setting] of Object.entries(value)) element.style.setProperty(key, setting);
    } else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Replace what is in `place`, and keep the focus on the element with the same data-key. */
export function refill(place, ...children) {
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const key = place.contains(active) ? active.dataset.key : undefined;
  place.replaceChildren(...children.flat(Infinity).filter((child) => child != null && child !== false));
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** Fill a template: fill("{n} letters", {n: 3}) gives "3 letters". */
export const fill = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

let made = 0;
/** An id that nothing else on the page has. */
export const freshId = () => `lab-${++made}-${Math.random().toString(36).slice(2, 7)}`;

/**
 * The frame of a lab: title, the sentence that says what to try first, places for controls, view,
 * code, and a region that screen readers read out politely.
 */
export function frame(el, text) {
  const title = make("p", { class: "lab-title", id: freshId() }, text.title);
  const controls = make("div", { class: "lab-controls" });
  const view = make("div", { class: "lab-view" });
  const code = make("code");
  const spoken = make("p", { class: "lab-spoken", role: "status", "aria-live": "polite" });
  const first = make("p", { class: "lab-first" }, make("strong", {}, text.tryLabel), " ", text.first);
  const codeTitle = make("p", { class: "lab-code-title" }, text.code);
  const pre = make("pre", { class: "lab-code", tabindex: "0", role: "group", "aria-label": text.code }, code);
  const section = make(
    "section",
    { class: "lab", "aria-labelledby": title.id, on: { focusin: keepKeys } },
    title,
    first,
    controls,
    view,
    codeTitle,
    pre,
    spoken,
  );
  el.replaceChildren(section);
  let timer;
  let started = false; // the first drawing is no answer to the reader
  setTimeout(() => (started = true));
  const announce = (sentence) => {
    if (!started) return;
    // Wait until the reader rests, so that a dragged slider is not read out step by step.
    clearTimeout(timer);
    timer = setTimeout(() => spoken.isConnected && (spoken.textContent = sentence), 500);
  };
  return { section, controls, view, code, announce, stop: () => clearTimeout(timer) };
}

/** JupyterLab takes arrow keys for moving from cell to cell, unless the focused element says no. */
const keepKeys = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "");

/** A slider over whole numbers (or `step`), with its value beside it. */
export function slider({ label, min, max, step = 1, value, show = String, key, onInput }) {
  // The slider itself tells its value to screen readers.
  const output = make("span", { class: "lab-output", "aria-hidden": "true" }, show(value));
  const input = make("input", { type: "range", min, max, step, value, "data-key": key });
  input.setAttribute("aria-valuetext", show(value));
  const set = (number, limits = {}) => {
    for (const [name, limit] of Object.entries(limits)) input.setAttribute(name, limit);
    input.value = number;
    output.textContent = show(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    set(input.value);
    onInput(Number(input.value));
  });
  const caption = make("span", {}, label, " ", output);
  return { element: make("label", { class: "lab-field" }, caption, input), input, set };
}

/** One of several, as radio buttons. options: [{value, label}]. */
export function choice({ label, options, value, key, onInput }) {
  const name = freshId();
  const box = make("div", { class: "lab-options" });
  let current = value;
  let shown = ""; // the options that stand there; they seldom change, and making them takes time
  const set = (chosen, newOptions = options) => {
    current = chosen;
    options = newOptions;
    const wanted = JSON.stringify(options);
    if (wanted !== shown) refill(box, options.map(radio));
    shown = wanted;
    for (const [place, input] of box.querySelectorAll("input").entries()) {
      input.checked = options[place].value === current;
    }
  };
  const radio = (option) =>
    make("label", {},
      make("input", {
        type: "radio",
        name,
        value: option.value,
        "data-key": `${key}-${option.value}`,
        on: { change: () => onInput((current = option.value)) },
      }),
      make("span", {}, option.label));
  set(value);
  const legend = make("legend", {}, label);
  return { element: make("fieldset", { class: "lab-field" }, legend, box), set };
}

/** On or off. */
export function toggle({ label, value, key, onInput }) {
  const input = make("input", { type: "checkbox", role: "switch", "data-key": key });
  input.checked = value;
  input.addEventListener("change", () => onInput(input.checked));
  const element = make("label", { class: "lab-field lab-toggle" }, input, make("span", {}, label));
  return { element, input, set: (on) => (input.checked = on) };
}

/** A button. */
export function button({ label, key, primary = false, onClick }) {
  return make(
    "button",
    { type: "button", class: primary ? "lab-primary" : null, "data-key": key, on: { click: onClick } },
    label,
  );
}

/** What a reader is told about typed letters: some left out, too many, or none. "" if all is well. */
export function aboutLetters(text, { kept, strange, surplus }) {
  return [
    strange ? fill(text.strange, { n: strange }) : "",
    surplus ? fill(text.surplus, { n: kept.length }) : "",
    kept ? "" : text.empty,
  ].filter(Boolean).join(" ");
}

/** A field for letters. onInput gets what was typed; say what is wrong with `complain`. */
export function letters({ label, value, key, onInput }) {
  const note = make("span", { class: "lab-note", id: freshId(), role: "status" });
  const input = make("input", {
    type: "text",
    value,
    "data-key": key,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    "aria-describedby": note.id,
    on: { input: () => onInput(input.value) },
  });
  const complain = (sentence) => {
    if (note.textContent !== sentence) note.textContent = sentence;
    input.toggleAttribute("data-wrong", sentence !== "");
  };
  const set = (written) => {
    if (input.value === written || document.activeElement === input) return;
    input.value = written;
    complain(""); // it was about what stood there
  };
  const caption = make("span", {}, label);
  const element = make("div", { class: "lab-field lab-letters" }, make("label", {}, caption, input), note);
  return { element, input, set, complain };
}

export const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Keep the letters A to Z of what was typed, at most `limit`; count what was left out. */
export function readLetters(typed, limit) {
  const found = [...typed.toUpperCase()].filter((character) => ALPHABET.includes(character));
  const kept = found.slice(0, limit).join("");
  return { kept, strange: [...typed].length - found.length, surplus: found.length - kept.length };
}

/** Round as Python's f"{value:.{digits}f}" would print it, without "-0.00". */
export function short(value, digits = 2) {
  const written = value.toFixed(digits);
  return Number(written) === 0 ? (0).toFixed(digits) : written;
}

/** Paint a number around zero: violet below, olive above, stronger the further from zero. */
export function paint(element, value, reach = 1) {
  const part = Math.min(1, Math.abs(value) / reach);
  element.style.setProperty("--part", part.toFixed(3));
  element.dataset.sign = value < 0 ? "minus" : "plus";
  return element;
}

/**
 * Rows of numbers around zero as colours: `rows[row][column]`. They read as one picture with one
 * text; a mouse over a number shows it. Each row is one element: hundreds would be slow to lay out.
 */
export function heatMap({ label, rows, reach = 1 }) {
  const lines = rows.map((values) => {
    const stops = Array.from(values, (value, column) => {
      const part = 100 * Math.min(1, Math.abs(value) / reach);
      const color = `color-mix(in srgb, var(--${value < 0 ? "minus" : "plus"}) ${part.toFixed(1)}%, var(--zero))`;
      return `${color} ${(100 * column) / values.length}% ${(100 * (column + 1)) / values.length}%`;
    });
    const line = make("div", { class: "lab-heat-row" });
    line.style.background = `linear-gradient(to right, ${stops})`;
    line.addEventListener("pointermove", ({ offsetX }) => {
      const column = Math.floor((offsetX / line.clientWidth) * values.length);
      line.title = short(values[Math.max(0, Math.min(values.length - 1, column))], 6);
    });
    return line;
  });
  return make("div", { role: "img", "aria-label": label }, lines);
}

/** Let arrow keys, Home and End move among the cells of a grid; one of them takes the Tab key. */
export function arrowKeys(grid, select) {
  grid.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-row]");
    if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const row = Number(cell.dataset.row);
    const column = Number(cell.dataset.column);
    let next;
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      next = find(grid, row + down, column + right);
    } else if (event.key === "Home" || event.key === "End") {
      const line = [...grid.querySelectorAll(`[data-row="${row}"]`)];
      next = event.key === "Home" ? line[0] : line[line.length - 1];
    } else return;
    event.preventDefault();
    if (next) {
      next.focus();
      select(Number(next.dataset.row), Number(next.dataset.column));
    }
  });
}

const find = (grid, row, column) =>
  grid.querySelector(`[data-row="${row}"][data-column="${column}"]`);

/** Call `update` at most once a frame, however often it is asked for. */
export function oncePerFrame(update) {
  let asked = 0;
  const ask = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      update();
    });
  };
  ask.stop = () => cancelAnimationFrame(asked);
  return ask;
}

/** Listen to traits of the model; returns the function that stops listening. */
export function listen(model, names, listener) {
  for (const name of names) model.on(`change:${name}`, listener);
  return () => names.forEach((name) => model.off(`change:${name}`, listener));
}

/** Set traits and tell Python, once. */
export function save(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/** The words of a lab, with those that the `words` trait replaces (a translation). */
export const translated = (text, model) => ({ tryLabel: "Try first:", code: "In Keras", ...text, ...model.get("words") });
