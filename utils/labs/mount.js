/* Starts the labs of a page that no Jupyter server stands behind.
 *
 * MyST-NB writes the state of every widget into the page. This script reads it, imports the module
 * of each anywidget from it, and hands it a model with the part of the interface that the labs use.
 * A classic script, because browsers refuse module scripts on pages opened from disk.
 */
(() => {
  "use strict";
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const PATIENCE = 5000; // milliseconds
  const FAILED = "This lab did not start. The text and the figures around it do not need it.";

  class Model {
    #values;
    #listeners = new Map();

    constructor(values) {
      this.#values = values;
    }

    get(name) {
      return this.#values[name];
    }

    set(name, value) {
      if (Object.is(this.#values[name], value)) return;
      this.#values[name] = value;
      this.#tell(`change:${name}`, value);
      this.#tell("change");
    }

    on(event, listener) {
      if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
      this.#listeners.get(event).add(listener);
    }

    off(event, listener) {
      if (listener) this.#listeners.get(event)?.delete(listener);
      else if (event) this.#listeners.delete(event);
      else this.#listeners.clear();
    }

    save_changes() {} // there is no Python to tell
    send() {}

    #tell(event, ...details) {
      for (const listener of Array.from(this.#listeners.get(event) ?? [])) listener(...details);
    }
  }

  const models = new Map();
  const modules = new Map();
  const styles = new Set();

  function importText(text) {
    if (!modules.has(text)) {
      const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      modules.set(text, import(address).finally(() => URL.revokeObjectURL(address)));
    }
    return modules.get(text);
  }

  function addStyle(css) {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  // One model for each id, however many views show it.
  async function start(id, values) {
    const module = await importText(values._esm);
    const exported = module.default;
    const widget = typeof exported === "function" ? await exported() : exported;
    const model = new Model(values);
    await widget.initialize?.({ model });
    return { widget, model };
  }

  // Most labs stand far below: a page that starts at its top is there first. Its labs start when
  // they are a screen away, and after a while anyhow, so that paper and keyboards find them too.
  function comesNear(place) {
    if (!document.documentElement.dataset.starts) return; // somebody's place may be after a lab
    let observer;
    /** @type {Promise<void>} */
    const near = new Promise((resolve) => {
      const look = (entries) => entries.some((entry) => entry.isIntersecting) && resolve();
      observer = new IntersectionObserver(look, { rootMargin: "100% 0px" });
      observer.observe(place);
      setTimeout(resolve, PATIENCE);
    });
    return near.then(() => observer.disconnect());
  }

  async function show(script, states) {
    const place = document.createElement("div");
    place.className = "lab-place";
    script.after(place);
    try {
      await comesNear(place);
      const id = JSON.parse(script.textContent).model_id;
      const values = states[id]?.state;
      if (!values?._esm) throw new Error("the page holds no module for it");
      addStyle(values._css);
      if (!models.has(id)) models.set(id, start(id, values));
      const { widget, model } = await models.get(id);
      const cleanUp = await widget.render({ model, el: place });
      if (typeof cleanUp === "function") {
        // A page that is kept (persisted) may come back, and then its labs must still run.
        addEventListener("pagehide", (event) => event.persisted || cleanUp());
      }
    } catch (error) {
      const note = Object.assign(document.createElement("p"), { textContent: FAILED });
      note.setAttribute("role", "status");
      place.replaceChildren(note);
      console.warn("A lab did not start:", error);
    }
  }

  function mountAll() {
    const states = {};
    for (const script of document.querySelectorAll(STATE)) {
      try {
        Object.assign(states, JSON.parse(script.textContent).state);
      } catch (error) {
        console.warn("A widget state cannot be read:", error);
      }
    }
    for (const script of document.querySelectorAll(VIEW)) show(script, states);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
  else mountAll();
})();
