// Parts that labs are put together from: controls, numbers, heat maps. Each takes the lab first.
// lit-html puts every value in as text, never as HTML: what a reader types cannot run.

import { html, nothing } from "./vendor/lit-html.js";
import { aboutLetters, readLetters, short } from "./text.js";

// Controls. Each is named after the setting that it changes: so are its word, its key, and its link.

/** A control, unless a teacher's link hides it; beside it what the open question asks to be done. */
const control = (lab, name, kind, content) => lab.hides(name) ? nothing : html`
  <div class="lab-control lab-${kind}" data-link=${name}>${content}${
    lab.todo?.control === name ? html`<strong class="lab-todo">← ${lab.todo.words}</strong>` : nothing}</div>`;

/** On or off. */
export const toggle = (lab, name) => control(lab, name, "toggle", html`
  <label><input type="checkbox" role="switch" data-key=${name} .checked=${lab.now[name]}
    @change=${(event) => lab.set({ [name]: event.target.checked })}><span>${lab.text[name]}</span></label>`);

/** One of several. options: values; `word` gives the label of each.
 * @param {any} lab @param {string} name @param {any[]} options @param {(value: any) => string} word */
export const choice = (lab, name, options, word = String) => control(lab, name, "choice", html`
  <fieldset><legend>${lab.text[name]}</legend><div class="lab-options">${options.map((value) => html`
    <label><input type="radio" name="${lab.id}-${name}" data-key="${name}-${value}" value=${value}
      .checked=${lab.now[name] === value} @change=${() => lab.set({ [name]: value })}><span>${word(value)}</span></label>`)}
  </div></fieldset>`);

/** A whole number, or one in steps; `show` writes it.
 * @param {any} lab @param {string} name @param {{min: number, max: number, step?: number, show?: (value: any) => string}} more */
export const slider = (lab, name, { min, max, step = 1, show = String }) => control(lab, name, "slider", html`
  <label><span>${lab.text[name]} <output aria-hidden="true">${show(lab.now[name])}</output></span>
    <input type="range" data-key=${name} min=${min} max=${max} step=${step} .value=${String(lab.now[name])}
      aria-valuetext=${show(lab.now[name])} @input=${(event) => lab.set({ [name]: Number(event.target.value) })}></label>`);

/** Letters A to Z, at most `limit`. What else is typed stays in the field, and the lab says so.
 * @param {any} lab @param {string} name @param {number} limit
 * @param {{value?: string, label?: string, take?: (kept: string, field: any) => void}} more where the field is no
 * setting: what stands there, how it is called, what becomes of the letters that are kept */
export function letters(lab, name, limit, { value = lab.now[name], label = lab.text[name], take } = {}) {
  const typed = lab.typed[name];
  const note = typed === undefined ? "" : aboutLetters(lab.text, readLetters(typed, limit));
  take ??= (kept) => lab.set({ [name]: kept });
  const input = (event) => {
    lab.typed[name] = event.target.value;
    const { kept } = readLetters(event.target.value, limit);
    if (kept) take(kept, event.target);
    lab.redraw();
  };
  const blur = () => {
    delete lab.typed[name];
    lab.redraw();
  };
  return control(lab, name, "letters", html`
    <label><span>${label}</span><input type="text" data-key=${name} .value=${typed ?? value} autocomplete="off"
      autocapitalize="characters" spellcheck="false" aria-describedby="${lab.id}-${name}" ?data-wrong=${note}
      @input=${input} @blur=${blur} @focus=${(event) => event.target.select()}></label>
    <span class="lab-note" id="${lab.id}-${name}" role="status">${note}</span>`);
}

/** A button; `off` says that pressing it does nothing now. */
export const button = (lab, name, press, { primary = false, off = false, word = lab.text[name] } = {}) =>
  lab.hides(name) ? nothing : html`<button type="button" class=${primary ? "lab-primary" : ""} data-key=${name}
    aria-disabled=${off ? "true" : nothing} @click=${() => off || press()}>${word}</button>`;

// Numbers

/** A number of a table: three decimals, all digits on demand, in the colour of its sign.
 * @param {any} lab @param {number} value @param {{link?: any, reach?: number, row?: any, column?: any}} more */
export const cell = (lab, value, { link = nothing, reach = 1, row = nothing, column = nothing } = {}) => html`
  <td data-link=${link} data-row=${row} data-column=${column} tabindex=${row === nothing ? nothing : -1}
    title=${value} data-sign=${value < 0 ? "minus" : "plus"}
    style="--part: ${Math.min(1, Math.abs(value) / reach).toFixed(3)}">${lab.number(value)}</td>`;

/** A table in a box that scrolls. head: words; rows: [word, ...cells]. */
export const table = (label, head, rows) => html`
  <div class="lab-scroll" role="region" tabindex="0" aria-label=${label}><table class="lab-table">
    <thead><tr>${head.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>
    <tbody data-grid>${rows.map(([word, ...cells]) => html`<tr><th scope="row">${word}</th>${cells}</tr>`)}</tbody>
  </table></div>`;

/** Paint numbers around zero into a canvas, one pixel a number: rows[row][column]. CSS enlarges it. */
export function paint(canvas, rows, reach = 1) {
  const style = getComputedStyle(canvas); // light or dark
  const [minus, zero, plus] = ["--minus", "--zero", "--plus"].map((name) => {
    const hex = parseInt(style.getPropertyValue(name).trim().slice(1), 16);
    return [hex >> 16, (hex >> 8) & 255, hex & 255];
  });
  const picture = new ImageData((canvas.width = rows[0].length), (canvas.height = rows.length));
  rows.flatMap((row) => [...row]).forEach((value, at) => {
    const part = Math.min(1, Math.abs(value) / reach);
    const end = value < 0 ? minus : plus;
    picture.data.set([...zero.map((channel, n) => channel + part * (end[n] - channel)), 255], 4 * at);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** The row and column of a painted canvas that lie under the mouse. */
export function placeIn(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const place = (part, count) => Math.max(0, Math.min(count - 1, Math.floor(part * count)));
  return { row: place((clientY - top) / height, canvas.height), column: place((clientX - left) / width, canvas.width) };
}

/** All digits of a float32, or three decimals. */
export const digits = (value, all) => (all ? short(value, 8) : short(value));
