// The doctor: a box that takes an error message, a shape or a line of code, and answers at once.
//
// What it answers with (doctor_answers.js, made by _extensions/doctor.py of doctor_shapes.js,
// doctor_text.js and the error page) is fetched when the box comes near the screen or is used. What is
// typed stands in the address, so that a link opens the same answer. Nothing leaves the page.
{
  const WORDS = {
    label: "An error message, a shape or a line of code", example: "For example:", means: "It means:", fix: "Fix:",
    fits: "Then:", question: "Which is true of your data?", copy: "Copy", copied: "Copied", link: "Copy a link to this answer",
    entry: "The whole entry", errors: "All error messages", samples: "samples", sample: "sample", steps: "time steps",
    step: "time step", features: "features", feature: "feature", loop: "the loop runs {T} times", once: "the loop runs once",
    vector: "what each turn reads",
  };
  const EXAMPLES = [
    "(8760, 5)", "expected ndim=3, found ndim=2",
    "LSTM(50, batch_input_shape=(1, 1, 1), stateful=True)", "reshape(dataX, (len(dataX), 1, 3))",
  ];
  const LONGEST = 4000; // letters of a text that are read
  const SVG = "http://www.w3.org/2000/svg";
  const ROOT = new URL("..", /** @type {HTMLScriptElement} */ (document.currentScript).src);
  const place = /** @type {HTMLElement} */ (document.querySelector("#doctor"));
  let number = 0; // of answers, so that their radio buttons have names of their own

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
  /** @param {string} text @param {() => void} action */
  const button = (text, action) => {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", action);
    return made;
  };
  /** What stands between backticks is code. @param {string} text */
  const rich = (text) => text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));
  /** @param {string} path @param {string} text */
  const link = (path, text) => make("a", { href: new URL(path, ROOT).href }, ...rich(text));

  // The picture: one sample as a loop, the other samples behind it -------------------------------

  /** @param {(number | null)[]} shape @param {string[]} names */
  function picture(shape, names) {
    const [N, T, F] = shape;
    const steps = T === null ? ["1", "2", "…", names[1]] : T > 4 ? ["1", "2", "…", String(T)] : Array.from({ length: T }, (_, at) => String(at + 1));
    const sheets = Array.from({ length: Math.min(N ?? 3, 3) }, (_, at) => at).reverse();
    const text = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ kind, /** @type {string} */ words, anchor = "start") => (
      draw("text", { x, y, class: kind, "text-anchor": anchor }, words));
    /** @type {Element[]} */
    const drawn = sheets.map((at) => draw("rect", { x: 4 + at * 9, y: 42 - at * 8, width: steps.length * 76 + 2, height: 96, rx: 5, class: "sheet" }));
    steps.forEach((step, at) => {
      const x = 14 + at * 76;
      if (at) drawn.push(draw("path", { d: `M${x - 20} 68 h16 m-5 -4 l5 4 l-5 4`, class: "arrow" }));
      if (step === "…") return drawn.push(text(x + 28, 72, "", "…", "middle"));
      drawn.push(draw("rect", { x, y: 54, width: 56, height: 28, rx: 4, class: "step" }),
        text(x + 28, 72, "time-steps", step.length > 4 ? step.slice(0, 7) : `step ${step}`, "middle"),
        draw("path", { d: `M${x + 28} 106 v-22 m-4 5 l4 -5 l4 5`, class: "arrow" }));
      const cells = F === null || F > 3 ? 3 : F;
      for (let cell = 0; cell < cells; cell++) {
        const left = x + 28 + (cell - cells / 2) * 18;
        const more = (F === null || F > 3) && cell === 1;
        drawn.push(more ? text(left + 9, 122, "", "…", "middle") : draw("rect", { x: left + 1, y: 108, width: 16, height: 18, rx: 2, class: "cell" }));
      }
    });
    const size = (/** @type {number} */ at) => (shape[at] === null && /^[NTF]$|^None$/.test(names[at]) ? "" : ` = ${names[at]}`);
    const loop = T === 1 ? WORDS.once : WORDS.loop.replace("{T}", /^None$/.test(names[1]) ? "T" : names[1]);
    drawn.push(
      text(4, 40 - sheets.length * 8, "samples", `N${size(0)} ${N === 1 ? WORDS.sample : WORDS.samples}`),
      text(4, 158, "time-steps", `T${size(1)} ${T === 1 ? WORDS.step : WORDS.steps}: ${loop}`),
      text(4, 178, "features", `F${size(2)} ${F === 1 ? WORDS.feature : WORDS.features}: ${WORDS.vector}`),
    );
    return draw("svg", { viewBox: "0 0 336 184", role: "img", "aria-label": `(${names.join(", ")})` }, ...drawn);
  }

  /** Write a shape with a colour and a letter for each axis. @param {string[]} names */
  function written(names) {
    const axes = ["samples", "time-steps", "features"];
    const sizes = names.flatMap((name, at) => [at ? ", " : "(", make("span", names.length === 3 ? { class: axes[at] } : {}, name,
      ...(names.length === 3 && name !== "NTF"[at] ? [make("small", { "aria-hidden": "true" }, "NTF"[at])] : []))]);
    return [...sizes, names.length === 1 ? ",)" : ")"];
  }

  // The answer ------------------------------------------------------------------------------------

  const card = make("div", { class: "doctor-answer" });
  const said = make("span", { role: "status" });
  /** @param {string} text */
  const copy = async (text) => {
    await navigator.clipboard.writeText(text);
    said.textContent = WORDS.copied;
  };

  /** Show an answer. @param {any} answer What doctor_text.js returns @param {string} example The text, if nobody typed it */
  function show(answer, example) {
    number++;
    said.textContent = "";
    const figure = make("figure", { class: "doctor-picture" });
    const fix = make("div", { class: "doctor-fix" });
    const given = answer.names ?? answer.shape?.map(String);

    /** @param {any} option */
    const choose = (option) => {
      const shape = option?.shape ?? (answer.shape?.length === 3 ? answer.shape : null);
      const names = option?.names ?? option?.shape?.map((/** @type {number | null} */ size, /** @type {number} */ at) => String(size ?? "NTF"[at])) ?? given;
      figure.replaceChildren();
      if (given && shape?.length === 3) {
        const changed = given.join() !== names.join() && answer.kind !== "code";
        figure.append(make("figcaption", {}, ...(changed ? [...written(given.length === 3 ? [given.join(", ")] : given).filter((part) => part !== ",)" || given.length === 1), " → "] : []), ...written(names)));
      } else if (given) figure.append(make("figcaption", {}, ...written(given)));
      if (shape?.length === 3) {
        if (!given) figure.append(make("figcaption", {}, ...written(names)));
        figure.append(picture(shape, names));
      }
      figure.hidden = !figure.childElementCount;
      fix.replaceChildren();
      if (option?.why) fix.append(make("p", {}, make("strong", {}, WORDS.fix), " ", ...rich(option.why)));
      if (option?.code) {
        const code = option.code.split(/(#.*)/).map((/** @type {string} */ part) => (part.startsWith("#") ? make("span", { class: "c1" }, part) : part));
        fix.append(make("div", { class: "highlight" }, make("pre", { tabindex: 0 }, make("code", {}, ...code)), button(WORDS.copy, () => copy(option.code))));
      }
    };

    const asked = answer.options.length > 1 ? make("fieldset", {}, make("legend", {}, answer.ask ?? WORDS.question),
      ...answer.options.map((/** @type {any} */ option, /** @type {number} */ at) => {
        const input = /** @type {HTMLInputElement} */ (make("input", { type: "radio", name: `doctor-${number}` }));
        input.checked = at === 0;
        input.addEventListener("change", () => choose(option));
        return make("label", {}, input, make("span", {}, ...rich(option.when)));
      })) : "";
    const means = answer.entry ? [make("strong", {}, WORDS.means), " "] : [];
    const links = [
      ...(answer.near ?? []).map((/** @type {any} */ entry) => link(`reference/error_messages.html#${entry.id}`, entry.title)),
      ...(answer.entry ? [link(`reference/error_messages.html#${answer.entry}`, WORDS.entry)] : []),
      ...(answer.section ? [link(answer.section[1], answer.section[0])] : []),
      ...(answer.kind === "nothing" ? [link("reference/error_messages.html", WORDS.errors)] : []),
    ];
    card.replaceChildren(
      make("p", { class: "doctor-title" }, make("span", {}, ...rich(answer.title)),
        ...(example ? [make("small", {}, `${WORDS.example} ${example}`)] : [])),
      make("div", { class: "doctor-parts" },
        make("div", {}, ...answer.says.filter(Boolean).map((/** @type {string} */ text, /** @type {number} */ at) => make("p", {}, ...(at ? [] : means), ...rich(text))), asked),
        figure, fix),
      make("p", { class: "doctor-links" }, ...links, ...(example ? [] : [button(WORDS.link, () => copy(location.href))]), said),
    );
    choose(answer.options[0]);
  }

  // The box ---------------------------------------------------------------------------------------

  const field = /** @type {HTMLTextAreaElement} */ (make("textarea", {
    id: "doctor-text", rows: 1, maxlength: LONGEST, spellcheck: "false", autocapitalize: "off", autocomplete: "off" }));
  field.placeholder = "ValueError: ...";
  /** @type {Promise<void> | undefined} */
  let coming;
  const load = () => coming ??= new Promise((done) => {
    const script = make("script", { src: new URL("_static/doctor_answers.js", ROOT).href });
    script.addEventListener("load", () => done());
    document.head.append(script);
  });

  async function answer() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 220)}px`;
    await load();
    const { answer: read, entries, words } = /** @type {any} */ (globalThis).doctor;
    const found = read(field.value, entries, words);
    show(found ?? read(EXAMPLES[0], entries, words), found ? "" : EXAMPLES[0]);
  }
  /** @param {string} text */
  function ask(text) {
    field.value = text;
    history.replaceState(null, "", text.trim() ? `#doctor=${encodeURIComponent(text)}` : location.pathname + location.search);
    answer();
  }
  function readAddress() {
    if (!location.hash.startsWith("#doctor=")) return;
    try {
      field.value = decodeURIComponent(location.hash.slice(8)).slice(0, LONGEST);
    } catch {
      return; // a broken address
    }
    answer().then(() => place.scrollIntoView());
  }
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  field.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => ask(field.value), 150);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) event.preventDefault(); // the answer is there already
    if (event.key === "Escape") ask("");
  });
  addEventListener("hashchange", readAddress);
  place.replaceChildren(
    make("label", { for: "doctor-text" }, WORDS.label), field,
    make("p", { class: "doctor-examples" }, make("span", {}, WORDS.example), ...EXAMPLES.map((text) => button(text, () => ask(text)))),
    card,
  );
  new IntersectionObserver((seen, observer) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    if (!coming) answer();
  }, { rootMargin: "100px" }).observe(place);
  readAddress();
}
