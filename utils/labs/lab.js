// What every lab has: a question, a picture, one main control, a message, tabs, a tour, an address.
// CONTRIBUTING.md, "Labs", says how one is written; `Definition` below says what it is made of.

import SHARED from "./words.json";
import { readAddress, writeAddress } from "./address.js";
import { button, digits } from "./parts.js";
import { fill, overlay } from "./text.js";
import { html, nothing, render } from "./vendor/lit-html.js";

/**
 * @typedef {object} Definition
 * @property {string} name in the address, and of the class of the section
 * @property {any} words words.json of the lab; laid over those that all labs share
 * @property {Record<string, any>} start every setting (a trait of this name), and how it starts
 * @property {Record<string, string>} address the names of settings in the address: {letters: "text"}
 * @property {(settings: any, changes: any, weights: any) => any} clean all settings, each within its range
 * @property {(settings: any, weights: any, text: any) => any} read all numbers, from settings alone
 * @property {string[]} [inputs] the settings that `read` depends on; otherwise all
 * @property {(trait: any) => any} [weights] decodes the trait `weights`
 * @property {(lab: any) => unknown} picture
 * @property {(lab: any) => unknown} main the one large control
 * @property {(lab: any) => string} message one or two sentences on what is seen, in a line of its own
 * @property {Record<string, (lab: any) => unknown>} tabs settings, numbers, and what else a lab has
 * @property {(lab: any) => (string | [string, string])[]} code lines; a pair is a line and its link
 * @property {Record<string, Question>} questions the first opens the lab, at the settings of `start`
 * @property {{set?: any, link: string, tab?: string}[]} tour a step for each text in words.tour
 * @property {() => any} [local] what one view knows beside the settings
 * @property {(lab: any) => void} [settled] a question, a step of the tour or Reset has set the lab up
 * @property {(lab: any, section: HTMLElement) => void} [drawn] after each drawing: canvases
 * @property {(lab: any, section: HTMLElement) => () => void} [opened] timers; returns what ends them
 *
 * @typedef {object} Question its words: title, ask, found, wrong: {answer: why not, else: why not}
 * @property {any} [start] settings beside those that every question starts from
 * @property {(said: string) => string} [why] the name of the explanation of a wrong answer
 * @property {string} [place] what of a place in the picture is the answer, see lab.place; without it
 *   the answers are `options` of its words: {value: words}
 * @property {(lab: any) => string} right the right answer, computed
 * @property {string} [control] the setting that is then to be changed; `do` of its words says how
 * @property {string} [tab] where that control is
 * @property {any} [show] the settings that do it
 * @property {(lab: any) => boolean} [done] whether it is done
 * @property {(lab: any) => any} [values] what its words name in braces
 */

const MEMORY = "lstm-labs"; // answers, in the reader's browser and nowhere else
const REST = 500; // milliseconds without an action, after which a screen reader is told
let opened = 0;

/** The module of a lab, from its definition. */
export const defineLab = (definition) => ({ render: ({ model, el }) => openLab(definition, model, el) });

/** @param {Definition} definition */
function openLab(definition, model, el) {
  const { name, start, questions, tour } = definition;
  const text = overlay(overlay(SHARED, definition.words), model.get("words") ?? {});
  const names = Object.keys(start);
  const inputs = definition.inputs ?? names;
  const guide = { stage: "idle", question: "", said: null, step: 0, ask: "" }; // stages: see guideView
  const cleanUps = [];
  let hidden = [];
  let tab = "";
  let pinned = null, hovered = null, focused = null; // the links that are lit up
  let key, weightsRead, settingUp = true, copied = "";

  const settings = () => Object.fromEntries(names.map((one) => [one, model.get(one)]));
  const hides = (one) => hidden.includes(one) || hidden.some((given) => definition.address[given] === one);
  const redraw = oncePerFrame(draw);

  /** What the functions of a lab get. */
  const lab = {
    id: `lab-${++opened}-${Math.random().toString(36).slice(2, 7)}`,
    text, hides, redraw,
    model, // for traits that are no settings: results that the page writes
    typed: {}, // what stands in fields that are being typed in
    local: definition.local?.() ?? {},
    now: settings(),
    numbers: null,
    before: null, // the numbers before the reader's last action
    pointed: null, // the link that is lit up
    allDigits: false,
    todo: null,
    number: (value) => digits(value, lab.allDigits),
    run: (changes) => definition.read({ ...start, ...changes }, lab.weights, text),
    /** Change settings, here and in Python. */
    set(changes) {
      const next = definition.clean({ ...settings(), ...changes }, changes, model.get("weights"));
      const changed = names.filter((one) => JSON.stringify(next[one]) !== JSON.stringify(model.get(one)));
      for (const one of changed) model.set(one, next[one]);
      if (changed.length) model.save_changes();
    },
    /** Change what only this view knows. */
    update(changes) {
      Object.assign(lab.local, changes);
      redraw();
    },
    /** What a place of the picture answers to the open question; nothing while none is open. */
    place: (values) => lab.asking && values[questions[guide.question].place] !== undefined
      ? String(values[questions[guide.question].place]) : nothing,
    get asking() {
      return guide.stage === "ask";
    },
    get question() {
      return guide.question;
    },
  };

  /** Set the lab up: no action of the reader, so that nothing counts as changed. */
  function settle(values) {
    settingUp = true;
    lab.typed = {};
    lab.set({ ...start, ...values });
    definition.settled?.(lab);
    redraw();
  }

  // The question and the tour

  function ask(question) {
    Object.assign(guide, { stage: "ask", question, said: null });
    pinned = null;
    settle(questions[question].start);
  }

  function answer(value) {
    const { done, start: from, tab: place } = questions[guide.question];
    guide.said = value;
    guide.stage = done ? "do" : "told";
    if (done && place) tab = place;
    remember(`${name}/${guide.question}`, value);
    settle(from); // where the answer was given may have been selected
  }

  function nextQuestion() {
    const all = Object.keys(questions);
    ask(all[(all.indexOf(guide.question) + 1) % all.length]);
  }

  function goTo(step) {
    Object.assign(guide, { stage: "tour", step, question: "" });
    if (tour[step].tab) tab = tour[step].tab;
    pinned = tour[step].link;
    settle(tour[step].set);
  }

  function close() {
    guide.stage = guide.ask ? "asked" : "idle";
    pinned = null;
    redraw();
  }

  /** What the guide says: `ask` a question, `do` what it says, `told` what was found, or a `tour`. */
  function guideView() {
    const { stage, question, said, step } = guide;
    const words = text.questions[question];
    const right = words && String(questions[question].right(lab));
    const values = { said, right, ...questions[question]?.values?.(lab) };
    const say = {
      idle: () => text.first,
      asked: () => guide.ask,
      tour: () => html`<b>${fill(text.tourStep, { n: step + 1, count: tour.length })}</b> ${text.tour_steps[step]}`,
      ask: () => fill(words.ask, values),
      do: () => html`${said === null ? nothing : html`<b>${options(words, said)}</b> · `}${fill(words.do, values)}`,
      told: () => {
        const why = questions[question].why?.(said) ?? said;
        const wrong = words.wrong?.[why] ?? words.wrong?.else ?? "";
        const verdict = said === null ? text.found : said === right ? `✓ ${text.right}` : `✗ ${fill(wrong, values)}`;
        return html`<b class=${said === null ? "" : said === right ? "right" : "wrong"}>${verdict}</b> ${fill(words.found, values)}`;
      },
    }[stage];
    const press = (one, action, more) => button(lab, one, action, more);
    const actions = { // below the words
      tour: [
        press("back", () => goTo(step - 1), { off: step === 0 }),
        press("forward", () => goTo(step + 1), { off: step === tour.length - 1, primary: true }),
      ],
      ask: words?.options && Object.entries(words.options).map(([value, word]) => html`
        <button type="button" data-answer=${value}>${fill(word, values)}</button>`),
      do: press("show", () => lab.set(questions[question].show), { primary: true }),
    };
    const ends = { tour: press("close", close), ask: press("skip", close), do: press("skip", close), told: press("next", nextQuestion) };
    const answered = memory();
    return hides("guide") ? nothing : html`<div class="lab-guide" data-stage=${stage}>
      <div class="lab-row">
        ${hides("question") ? nothing : html`<select data-key="question" aria-label=${text.question}
            @change=${(event) => ask(event.target.value)}>
          <option value="" disabled .selected=${!question}>${guide.ask ? text.asked : text.choose}</option>
          ${Object.keys(questions).map((one) => html`<option value=${one} .selected=${one === question}>${
            `${name}/${one}` in answered ? "✓ " : ""}${text.questions[one].title}</option>`)}
        </select>`}
        ${stage === "tour" ? nothing : press("tour", () => goTo(0))}${ends[stage] ?? nothing}
      </div>
      <p class="lab-guide-text">${say()}</p>
      <div class="lab-row">${actions[stage] ?? nothing}</div></div>`;
  }
  const options = (words, said) => fill(words.options?.[said] ?? words.said ?? text.said ?? "{said}", { said });

  // The tabs

  const tabs = {
    ...definition.tabs,
    code: () => {
      const lines = definition.code(lab).map((line) => (Array.isArray(line) ? line : [line, nothing]));
      // One element a line, the last of them without a line's end.
      const written = lines.map(([line, link], n) => html`<span data-link=${link}>${line}</span>${n < lines.length - 1 ? "\n" : ""}`);
      return html`<pre class="lab-code" tabindex="0" role="group" aria-label=${text.tabs.code}><code>${written}</code></pre>
        ${button(lab, "copyCode", () => copy("copyCode", lines.map(([line]) => line).join("\n")), { word: copied === "copyCode" ? text.copied : text.copyCode })}`;
    },
    tour: () => html`<ol class="lab-tour">${text.tour_steps.map((step, n) => html`
      <li aria-current=${guide.stage === "tour" && guide.step === n ? "step" : nothing}><button type="button" data-key="tour-${n}"
        @click=${() => goTo(n)}>${step}</button></li>`)}</ol>`,
    keys: () => html`<ul>${text.keys.map((line) => html`<li>${line}</li>`)}</ul>`,
  };
  const shownTabs = () => Object.keys(tabs).filter((one) => !hides(one));
  const chosenTab = () => (shownTabs().includes(tab) ? tab : shownTabs()[0]);

  // Of the panels that are closed, only what a search may look for is there.
  function tabsView() {
    const chosen = chosenTab();
    return html`<div class="lab-tabs" role="tablist" aria-label=${text.more} @keydown=${moveTab}>${shownTabs().map((one) => html`
        <button type="button" role="tab" id="${lab.id}-tab-${one}" data-key="tab-${one}" aria-controls="${lab.id}-${one}"
          aria-selected=${one === chosen} tabindex=${one === chosen ? 0 : -1} @click=${() => openTab(one)}>${text.tabs[one]}</button>`)}
      </div>${shownTabs().map((one) => html`<div class="lab-panel" role="tabpanel" id="${lab.id}-${one}"
        aria-labelledby="${lab.id}-tab-${one}" ?hidden=${one !== chosen}>${
          one === chosen || one === "code" || one === "tour" ? tabs[one](lab) : nothing}</div>`)}
      <div class="lab-foot">${button(lab, "reset", () => settle(model.get("start") ?? {}))}${
        button(lab, "link", () => copy("link", linkHere()), { word: copied === "link" ? text.copied : text.link })}
        <label><input type="checkbox" data-key="digits" .checked=${lab.allDigits} @change=${(event) => {
          lab.allDigits = event.target.checked;
          redraw();
        }}><span>${text.digits}</span></label></div>`;
  }

  function openTab(one) {
    tab = one;
    redraw();
  }

  function moveTab(event) {
    const all = shownTabs(), at = all.indexOf(chosenTab());
    const goal = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (goal === undefined || withModifier(event)) return;
    event.preventDefault();
    openTab(all[(goal + all.length) % all.length]);
    section().querySelector(`[data-key="tab-${tab}"]`).focus();
  }

  // The address and the clipboard

  function linkHere() {
    const hash = writeAddress(settings(), { hide: hidden, ask: guide.ask }, definition);
    // Where no page of the book is around the lab, as in a notebook, the link leads to the site.
    const onSite = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
    return (onSite || !model.get("site") ? location.href.split("#")[0] : model.get("site")) + hash;
  }

  async function copy(one, what) {
    copied = one;
    try {
      await navigator.clipboard.writeText(what);
    } catch {
      copied = fill(text.notCopied, { copied: what }); // into the message, from where it can be taken
    }
    redraw();
  }

  function followAddress() {
    const found = readAddress(location.hash, definition);
    if (!found) return false;
    hidden = found.hide;
    Object.assign(guide, { stage: found.ask ? "asked" : "idle", question: "", ask: found.ask });
    if (found.question in questions) ask(found.question);
    else settle(found.settings);
    return true;
  }

  // Links: what has one name is lit up together

  function light() {
    const link = pinned ?? hovered ?? focused;
    for (const place of section().querySelectorAll("[data-link]")) {
      place.toggleAttribute("data-lit", place.dataset.link.split(" ").includes(link));
    }
  }

  function point() {
    const link = pinned ?? hovered ?? focused;
    if (link === lab.pointed) return;
    lab.pointed = link;
    redraw();
  }

  const linkOf = (target) => target.closest?.("[data-link]")?.dataset.link.split(" ")[0] ?? null;
  let mouse = ""; // where it was last: a page that scrolls under it points at nothing
  const listeners = {
    pointermove(event) {
      const place = `${event.screenX} ${event.screenY}`;
      if (event.pointerType !== "mouse" || place === mouse) return;
      mouse = place;
      hovered = linkOf(event.target);
      point();
    },
    pointerleave() {
      hovered = null;
      point();
    },
    focusin(event) {
      // JupyterLab takes arrow keys for moving from cell to cell, unless the element says no.
      event.target.setAttribute("data-lm-suppress-shortcuts", "");
      focused = linkOf(event.target);
      point();
    },
    focusout() {
      focused = null;
      point();
    },
    click: {
      capture: true, // an answer is no action in the picture
      handleEvent(event) {
        copied = "";
        const place = event.target.closest("[data-answer]");
        if (place && lab.asking) {
          event.stopPropagation();
          answer(place.dataset.answer);
        } else if (!event.target.closest("button, input, select, label, summary") && linkOf(event.target)) {
          pinned = pinned === linkOf(event.target) ? null : linkOf(event.target);
          point();
        }
      },
    },
    keydown(event) {
      if (event.key === "Escape") {
        pinned = null;
        point();
      }
      const cell = event.target.closest("[data-grid] [data-row]");
      if (!cell || withModifier(event)) return;
      const next = neighbour(cell, event.key);
      if (next === undefined) return;
      event.preventDefault();
      next?.focus();
    },
  };

  // Drawing

  const section = () => el.firstElementChild;

  function draw() {
    lab.now = settings();
    if (model.get("weights") !== weightsRead) {
      weightsRead = model.get("weights");
      lab.weights = definition.weights?.(weightsRead);
      key = undefined;
    }
    const newKey = JSON.stringify(inputs.map((one) => lab.now[one]));
    if (newKey !== key) {
      const before = lab.numbers;
      lab.numbers = definition.read(lab.now, lab.weights, text);
      lab.before = settingUp ? null : before;
      key = newKey;
      hovered = focused = null; // first what has changed, then what is pointed at
    } else if (settingUp) lab.before = null;
    const question = questions[guide.question];
    if (!settingUp && "ask do".includes(guide.stage) && question?.done?.(lab)) guide.stage = "told";
    settingUp = false;
    lab.todo = guide.stage === "do" ? { ...question, words: text.questions[guide.question].do } : null;
    lab.pointed = pinned ?? hovered ?? focused;
    const long = copied && copied !== "link" && copied !== "copyCode";
    const message = long ? copied : definition.message(lab);
    render(html`<section class="lab lab-${name}" aria-labelledby="${lab.id}-title" ?data-asking=${lab.asking}
        @pointermove=${listeners.pointermove} @pointerleave=${listeners.pointerleave} @focusin=${listeners.focusin}
        @focusout=${listeners.focusout} @click=${listeners.click} @keydown=${listeners.keydown}>
      <p class="lab-title" id="${lab.id}-title">${text.title}</p>
      ${guideView()}
      <div class="lab-picture">${definition.picture(lab)}</div>
      <div class="lab-main">${definition.main(lab)}</div>
      <p class="lab-message">${message}</p>
      ${tabsView()}
      <p class="lab-spoken" role="status" aria-live="polite"></p>
    </section>`, el);
    for (const grid of section().querySelectorAll("[data-grid]")) oneStop(grid);
    definition.drawn?.(lab, section());
    light();
    announce();
  }

  let said, timer;
  function announce() {
    const guideText = section().querySelector(".lab-guide-text")?.textContent ?? "";
    const sentence = [guideText, section().querySelector(".lab-message").textContent]
      .filter((part, n) => part !== said?.[n]).join(" ");
    const first = said === undefined; // what the lab opens with is no answer to the reader
    said = [guideText, section().querySelector(".lab-message").textContent];
    if (first || !sentence) return;
    clearTimeout(timer);
    timer = setTimeout(() => (section().querySelector("p.lab-spoken").textContent = sentence), REST);
  }

  // Opening and closing

  for (const trait of [...names, "weights"]) {
    model.on(`change:${trait}`, redraw);
    cleanUps.push(() => model.off(`change:${trait}`, redraw));
  }
  const themes = new MutationObserver(redraw); // canvases are painted in the colours of the page
  for (const root of [document.documentElement, document.body]) themes.observe(root, { attributes: true });
  const follow = () => followAddress() && section().scrollIntoView();
  addEventListener("hashchange", follow);
  cleanUps.push(() => removeEventListener("hashchange", follow), () => themes.disconnect(), redraw.stop,
    () => clearTimeout(timer), () => render(nothing, el));

  const byAddress = followAddress();
  const first = Object.keys(questions)[0];
  const asStarted = JSON.stringify(settings()) === JSON.stringify(start);
  if (!byAddress && asStarted && !(`${name}/${first}` in memory())) Object.assign(guide, { stage: "ask", question: first });
  draw();
  if (byAddress) section().scrollIntoView();
  if (definition.opened) cleanUps.push(definition.opened(lab, section()));
  return () => cleanUps.forEach((end) => end());
}

const withModifier = (event) => event.altKey || event.ctrlKey || event.metaKey;

/** The answers that this browser keeps; none where it may keep nothing. */
function memory() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(MEMORY, JSON.stringify({ ...memory(), [key]: value }));
  } catch {
    // a file, a private window: the lab works without
  }
}

/** One cell of a grid takes the Tab key: that with the focus, the current one, or the first. */
function oneStop(grid) {
  const cells = [...grid.querySelectorAll("[data-row]")];
  const stop = cells.find((cell) => cell === document.activeElement) ??
    cells.find((cell) => cell.getAttribute("aria-current") === "true") ?? cells[0];
  for (const cell of cells) if (cell.tabIndex !== (cell === stop ? 0 : -1)) cell.tabIndex = cell === stop ? 0 : -1;
}

/** The cell that a key leads to: undefined where the key leads nowhere, null at an edge. */
function neighbour(cell, key) {
  const row = Number(cell.dataset.row), column = Number(cell.dataset.column);
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  const grid = cell.closest("[data-grid]");
  const line = [...grid.querySelectorAll(`[data-row="${row}"]`)];
  if (key === "Home" || key === "End") return line.at(key === "Home" ? 0 : -1);
  return move && grid.querySelector(`[data-row="${row + move[0]}"][data-column="${column + move[1]}"]`);
}

/** Call `update` at most once a frame, however often it is asked for. */
function oncePerFrame(update) {
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
