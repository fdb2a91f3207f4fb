// What `explain` of utils/shapes says of shapes, said in the page: data, an LSTM, labels.
//
// Keras is not here to be asked, so its rules for this one model are written down: Input, LSTM, Dense.
// Words and candidate lines come from utils/shapes/explanation.toml, and the search for a fix is that
// of utils/shapes/verdict.py. tests/browser/test_doctor.py holds both to the same answers.
{
  /**
   * @typedef {(number | null)[]} Shape An open size is null
   * @typedef {object} Model
   * @property {Shape} input What Input says, with the batch size: (B, T, F)
   * @property {number} units
   * @property {boolean} sequences
   * @property {boolean} stateful
   * @property {number | null} dense Units of a Dense layer behind it
   * @property {string} [linear] The layer that gets the activation of none
   * @property {string} [front] A layer before the LSTM, as code
   * @property {number} [cropped]
   * @typedef {{ x: Shape, model: Model | null, y: Shape | null }} Case
   * @typedef {object} Fix
   * @property {string} code
   * @property {string} when
   * @property {string} why
   * @property {number} cost
   * @property {(one: Case) => Case} apply
   * @property {Shape | null} [shape]
   * @typedef {{ what: string, advice: string, silent: boolean, fixes: Fix[] }} Problem
   * @typedef {object} Verdict
   * @property {number} stage
   * @property {Problem | null} problem
   * @property {Shape | null} output
   * @property {string[]} notes
   * @property {boolean} tried
   * @property {boolean} passed
   */
  const AXES = {
    N: ["samples", "sequences; each has a state of its own"],
    T: ["time steps", "runs of the loop, in this order"],
    P: ["positions", "read together at each time step"],
    F: ["features", "numbers read at each time step"],
  };
  const TURN = "keras.layers.Reshape((-1, 1))";
  const FLATTEN = "keras.layers.TimeDistributed(keras.layers.Flatten())";

  /** Write a shape as Python does. @param {Shape} shape */
  const tuple = (shape) => (
    `(${shape.map((size) => size ?? "None").join(", ")}${shape.length === 1 ? "," : ""})`
  );
  /** @param {number} count @param {string} noun */
  const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  /** @param {Shape} shape */
  const axes = (shape) => (shape.length === 1 ? "1 axis" : `${shape.length} axes`);
  /** Put facts into braces. @param {string} text @param {Record<string, unknown>} facts */
  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? "None"));
  /** @param {Shape} one @param {Shape} other */
  const equal = (one, other) => tuple(one) === tuple(other);
  const sum = (/** @type {Fix[]} */ path) => path.reduce((total, { cost }) => total + cost, 0);
  const product = (/** @type {Shape} */ shape) => shape.reduce((all, size) => all * (size ?? 7), 1);

  /**
   * Return the shape of a NumPy expression of x; null where NumPy raises.
   * @param {string} expression @param {Shape} shape @returns {Shape | null}
   */
  function shapeOf(expression, shape) {
    const numbers = (/** @type {string} */ text) => text.split(",").map(Number);
    const call = expression.match(/^np\.(?:lib\.stride_tricks\.)?(\w+)\(x, (?:axis=)?\(?([^()]*?)\)?(?:, axis=0)?\)/);
    let rest = expression.slice(call ? call[0].length : 1);
    if (call) {
      const given = numbers(call[2]);
      if (given.some(Number.isNaN)) return null;
      if (call[1] === "transpose") {
        if (given.length !== shape.length) return null;
        shape = given.map((axis) => shape[axis]);
      } else if (call[1] === "squeeze") {
        shape = shape.filter((_, axis) => axis !== given[0]);
      } else if (call[1] === "reshape") {
        const open = product(shape) / product(given.filter((size) => size !== -1));
        if (given.includes(-1) ? open % 1 : open !== 1) return null;
        shape = given.map((size) => (size === -1 ? open : size));
      } else { // sliding_window_view
        if (given[0] > (shape[0] ?? 0)) return null;
        shape = [(shape[0] ?? 0) - given[0] + 1, ...shape.slice(1), given[0]];
      }
    }
    for (let part; (part = rest.match(/^\[(.*?)\]|^\.transpose\((.*?)\)/)); rest = rest.slice(part[0].length)) {
      if (part[2]) {
        shape = numbers(part[2]).map((axis) => shape[axis]);
        continue;
      }
      const items = part[1].split(", ");
      const taken = items.filter((item) => item === ":" || item === "0").length;
      if (taken > shape.length) return null;
      let place = 0;
      /** @type {Shape} */
      const made = [];
      for (const item of items) {
        if (item === "np.newaxis") made.push(1);
        else if (item === "...") while (place < shape.length - taken) made.push(shape[place++]);
        else if (item === ":") made.push(shape[place++]);
        else place++;
      }
      shape = [...made, ...shape.slice(place)];
    }
    return shape;
  }

  /** Write the code that builds a model. @param {Model} model */
  function built({ input, units, sequences, stateful, dense, linear, front, cropped }) {
    const options = (/** @type {string} */ name) => (linear === name ? ", activation='linear'" : "");
    const layers = [
      `keras.Input(${input[0] ? `batch_shape=${tuple(input)}` : tuple(input.slice(1))})`,
      ...(front ? [front] : []),
      `keras.layers.LSTM(${units}${options("LSTM")}${sequences ? ", return_sequences=True" : ""}${
        stateful ? ", stateful=True" : ""})`,
      ...(dense ? [`keras.layers.Dense(${dense})`] : []),
      ...(cropped ? [`keras.layers.Cropping1D((${cropped}, 0))`] : []),
    ];
    return `model = keras.Sequential([\n${layers.map((layer) => `    ${layer},\n`).join("")}])`;
  }

  /**
   * A line that builds the model with something changed.
   * @param {Model} model @param {Partial<Model>} change @param {string} why @param {number} cost @returns {Fix}
   */
  const rebuilt = (model, change, why, cost, when = "") => ({
    code: built({ ...model, ...change }), when, why, cost,
    apply: (one) => ({ ...one, model: { ...model, ...change } }),
  });
  /** @param {Model} model @param {Shape} input @returns {Fix} */
  const withInput = (model, input, cost = 2, why = "") => rebuilt(
    model, { input }, `build the model with ${built({ ...model, input }).match(/keras.Input\(.*(?=,\n)/)?.[0].split(",\n")[0]}${why}`, cost);
  /** @param {number | null} rows */
  function batchSize(rows) {
    for (let size = 32; size > 1; size--) if (rows && rows % size === 0) return size;
    return 1;
  }

  /** List lines that may change x into what is read. @param {Case} one @param {any} words @returns {Fix[]} */
  function dataFixes({ x, model }, words) {
    const wanted = model?.input ?? null;
    const sizes = x.map((size) => size ?? 7);
    const facts = {
      F: x.at(-1), T: wanted?.[1], window: wanted?.[1] ?? 10, features: wanted?.[2], steps: [...x, 1, 1][1],
      rest: product(sizes.slice(2)), more: x.slice(3).map((_, place) => `, ${place + 3}`).join(""),
    };
    const table = (x.length > 3 ? ["3", "4"] : [String(x.length)]).flatMap((count) => words.axes[count]);
    x.forEach((size, axis) => {
      if (size !== 1 || x.length < 3) return;
      table.push([axis === x.length - 1 ? "x[..., 0]" : `np.squeeze(x, axis=${axis})`, "", 1]);
    });
    return table.flatMap(([text, when, cost]) => {
      const expression = fill(text, facts);
      const after = shapeOf(expression, sizes);
      const fits = after?.length === 3
        && after.every((size, axis) => !axis || !wanted?.[axis] || wanted[axis] === size);
      const apply = (/** @type {Case} */ before) => (
        { ...before, x: shapeOf(expression, before.x.map((size) => size ?? 7)) ?? [] });
      return fits ? [{ code: `x = ${expression}`, when: fill(when, facts), why: "", cost, apply }] : [];
    });
  }

  /** List lines that build the model anew for these data. @param {Case} one @returns {Fix[]} */
  function modelFixes({ x, model }) {
    if (!model) return [];
    const { input, stateful } = model;
    const batch = input[0] ?? (stateful ? batchSize(x[0]) : null);
    const same = x.length === 3;
    const kernel = same && input[2] !== x[2] ? ", because the kernel has one row per feature" : "";
    const open = same && input[1] !== x[1] ? [[null, ...x.slice(2)]] : [];
    const inputs = [...open, x.slice(1)].map((size, place) => withInput(model, [batch, ...size], place + 2, kernel));
    return [...inputs, ...toggled(model, true),
      rebuilt(model, { front: FLATTEN }, "flatten what stands at each time step", 4),
      rebuilt(model, { front: TURN }, "turn the numbers into time steps", 4)];
  }

  /** @param {Model} model @param {boolean} sequences @returns {Fix[]} */
  const toggled = (model, sequences) => (model.sequences === sequences ? [] : [rebuilt(
    model, { sequences }, `give LSTM 'lstm' return_sequences=${sequences ? "True" : "False"}`, 2)]);

  /**
   * Try data on the model, and labels on what comes out; stop at the first fault.
   * @param {Case} one @param {any} words @returns {Verdict}
   */
  function judge(one, words) {
    const { x, model, y } = one;
    /** @type {string[]} */
    const notes = [];
    let tried = true;
    let passed = false;
    /** @type {Shape | null} */
    let output = null;
    /** @param {number} stage @param {Problem | null} [problem] */
    const found = (stage, problem = null) => ({ stage, problem, output, notes, tried, passed });
    /** @param {string} key @param {Record<string, unknown>} facts @param {Fix[]} [fixes] @returns {Problem} */
    const problem = (key, facts, fixes = []) => ({
      what: fill(words[key].what.split(" Keras says:")[0], facts), advice: fill(words[key].advice ?? "", facts),
      silent: words[key].silent ?? false, fixes,
    });
    const empty = () => problem("empty", { name: "x", shape: tuple(x), axis: x.indexOf(0) });
    if (x[0] === 0) {
      tried = false;
      return found(1, empty());
    }
    const wanted = model?.input ?? null;
    if (model?.cropped && wanted?.[1] && wanted[1] <= model.cropped) return found(-1, empty()); // Keras builds no such model
    const batch = model?.stateful ? wanted?.[0] ?? null : null;
    if (x.slice(2).includes(null) && !(model?.stateful && !batch)) {
      tried = false;
      return found(9, null);
    }
    // What Keras does: it adds or takes off a last axis of length 1, and does not look at T.
    const read = !wanted || x.length === 3 ? x
      : x.length === 4 && x[3] === 1 ? x.slice(0, 3) : x.length === 2 && wanted[2] === 1 ? [...x, 1] : null;
    const turned = model?.front === TURN;
    const fits = read?.length === 3 && !(model?.stateful && !batch)
      && (!wanted || wanted.length === 3 && (wanted[2] === read[2] || turned));
    if (!fits || !read) {
      const facts = { shape: tuple(x), wanted: wanted && tuple(wanted), count: axes(x), number: 3, reads: "The layer reads 3 axes." };
      const key = model?.stateful && !batch ? "refused-static"
        : !wanted ? "refused-unknown" : x.length === 3 ? "refused-sizes" : "refused-axes";
      return found(2, problem(key, facts, [...dataFixes(one, words), ...modelFixes(one)]));
    }
    if (x.includes(0)) return found(2, { ...empty(), silent: true });
    passed = true;
    const steps = turned ? (read[1] === null ? null : read[1] * (read[2] ?? 1)) : read[1];
    const last = model?.dense ?? model?.units ?? 1;
    output = model?.sequences ? [x[0], steps, last] : [x[0], last];
    if (output.length === 3 && model?.cropped && steps !== null) output[1] = steps - model.cropped;
    const say = words.notes;
    if (wanted && x.length !== 3) {
      const verb = x.length < 3 ? "adds the missing axis" : "drops the last axis";
      notes.push(fill(say.axis, { count: axes(x), wanted: tuple(wanted), verb }));
    } else if (wanted?.[1] && x[1] && wanted[1] !== x[1]) {
      const open = [null, ...x.slice(2)];
      const text = batch ? `batch_shape=${tuple([batch, ...open])}` : tuple(open);
      notes.push(fill(say.steps, { built: counted(wanted[1], "time step"), given: x[1], new: text }));
    }
    if (batch && x[0] !== batch) notes.push(fill(say.batch, { batch }));
    if (x.length === 3 && x[1] === 1) {
      notes.push(model?.stateful ? say.stateful : say.one);
      if (!model?.stateful && (x[2] ?? 0) > 1) notes.push(fill(say.features, { N: x[0], F: x[2] }));
    }
    const rest = batch ? (x[0] ?? 0) % batch : 0;
    if (model && wanted && batch && x[0] && rest) {
      const keep = x[0] - rest;
      const facts = { samples: counted(x[0], "sample"), rest: counted(rest, "row"), batch };
      /** @type {Fix[]} */
      const fixes = keep ? [{
        code: `x = x[:${keep}]${y ? `\ny = y[:${keep}]` : ""}`, when: "", cost: 1,
        why: `drop ${facts.rest}, for whole batches of ${batch}`,
        apply: (before) => ({
          ...before, x: [keep, ...x.slice(1)], y: y && [Math.min(keep, y[0] ?? keep), ...y.slice(1)] }),
      }] : [];
      fixes.push(withInput(model, [batchSize(x[0]), ...wanted.slice(1)]));
      const key = rest === 1 && x[0] > 1 ? "remainder-of-one" : "remainder";
      const fault = problem(key, facts, fixes);
      if (!fault.silent) {
        output = null;
        return found(3, fault);
      }
      const labels = y ? judgeLabels(one, output, batch, problem, words) : null;
      return labels?.problem && !labels.problem.silent ? found(3, labels.problem) : found(4, fault);
    }
    const labels = y ? judgeLabels(one, output, batch, problem, words) : null;
    return labels ? found(labels.stage, labels.problem) : found(9);
  }

  /**
   * Find labels that do not fit what comes out.
   * @param {Case} one @param {Shape} output @param {number | null} size
   * @param {(key: string, facts: Record<string, unknown>, fixes?: Fix[]) => Problem} problem @param {any} words
   */
  function judgeLabels({ x, model, y: given }, output, size, problem, words) {
    const y = given ?? [];
    if (!y.length) return { stage: 5, problem: problem("single-label", {}) };
    if (x[0] !== null && y[0] !== null && x[0] !== y[0]) {
      const few = Math.min(x[0], y[0]);
      const longer = x[0] > y[0] ? "x" : "y";
      const facts = { samples: counted(x[0], "sample"), labels: y[0], few, longer };
      const fixes = few ? words["label-rows"].fixes.map(([code, when]) => ({
        code: fill(code, facts), when: fill(when, facts), why: "", cost: 1,
        apply: (/** @type {Case} */ before) => ({ ...before, [longer]: [few, .../** @type {Shape} */ (before[longer]).slice(1)] }),
      })) : [];
      return { stage: 4, problem: problem("label-rows", facts, fixes) };
    }
    const rows = size ?? Math.min(output[0] ?? y[0] ?? 2, 32);
    const target = [rows, ...y.slice(1).map((known) => known ?? 1)];
    const answer = [rows, ...output.slice(1)].map((known, axis) => known ?? target[axis] ?? 1);
    const same = equal(target, answer) || equal([...target, 1], answer) || equal(target, [...answer, 1]);
    const classes = equal(target, answer.slice(0, -1)) || equal(target, [...answer.slice(0, -1), 1]);
    if (same || classes) return { stage: 9, problem: null };
    let steps = "";
    if (answer.length === 3 && target.length === 3 && answer[1] !== target[1]) {
      steps = `The model answers ${counted(answer[1] ?? 0, "step")}, the labels have ${target[1]}. `;
    } else if (answer.length !== target.length && (answer.length === 3 || target.length === 3)) {
      const ways = ["one answer per sample", "an answer for every time step"];
      const [first, second] = answer.length === 2 ? ways : ways.reverse();
      steps = `The model gives ${first}, the labels ${second}. `;
    }
    /** @type {Fix[]} */
    const fixes = [];
    if (target.length === 3 && answer.length === 2) {
      fixes.push({
        code: "y = y[:, -1]", when: "only the label of the last time step counts", why: "", cost: 2,
        apply: (before) => ({ ...before, y: [y[0], ...y.slice(2)] }),
      });
    }
    if (model) {
      const longer = target.length > answer.length;
      if (target.length !== answer.length) fixes.push(...toggled(model, longer));
      const units = target.length === answer.length ? target.at(-1) ?? 1 : 1;
      const name = model.dense ? "Dense" : "LSTM";
      const change = model.dense ? { dense: units } : { units, linear: "LSTM" };
      fixes.push(rebuilt(model, change, `end with ${name}(${units}), one unit per number of a label`, 2,
        units === 1 ? "each label is a number" : ""));
      if (target.length === 3 && answer.length === 3 && (target[1] ?? 0) < (answer[1] ?? 0)) {
        const cropped = (answer[1] ?? 0) - (target[1] ?? 0);
        fixes.push(rebuilt(model, { cropped }, "", 3, `the labels belong to the last ${target[1]} time steps`));
      }
    }
    const facts = { labels: tuple(y), output: tuple(output), steps, says: "No loss was given, and none fits." };
    return { stage: 5, problem: problem("label-shape", facts, fixes) };
  }

  /**
   * Look for the fewest lines after which nothing is wrong.
   * @param {Case} one @param {Verdict} verdict @param {any} words @returns {Fix[]}
   */
  function search(one, verdict, words) {
    /** @type {{ at: Case, verdict: Verdict, path: Fix[] }[]} */
    let level = [{ at: one, verdict, path: [] }];
    /** @type {typeof level} */
    let passed = [];
    let tries = 0;
    const open = one.x.includes(null);
    for (let depth = 0; depth < 3; depth++) {
      passed = [];
      /** @type {typeof level} */
      const further = [];
      for (const before of level) {
        const fixes = [...before.verdict.problem?.fixes ?? []].sort((a, b) => a.cost - b.cost);
        for (const fix of fixes) {
          const path = [...before.path, fix];
          const dear = passed.length && sum(path) > sum(passed[0].path) + (fix.when ? 1 : 0);
          const models = path.filter(({ code }) => code.startsWith("model = ")).length;
          if (dear || tries === 40 || models > 1) continue;
          tries++;
          const at = fix.apply({ ...before.at, x: before.at.x.map((size) => size ?? 7) });
          const after = judge(at, words);
          if (!after.problem && after.tried) passed.push({ at, verdict: after, path });
          else if (after.stage > before.verdict.stage) further.push({ at, verdict: after, path });
        }
      }
      if (passed.length || !further.length) break;
      level = further;
    }
    passed.sort((a, b) => sum(a.path) - sum(b.path));
    /** @type {Fix[]} */
    const fixes = [];
    const joined = (/** @type {Fix[]} */ path, /** @type {"when" | "code" | "why"} */ name, /** @type {string} */ between) => (
      path.map((fix) => fix[name]).filter(Boolean).join(between));
    for (const { at, path } of passed.slice(0, 4)) {
      const when = joined(path, "when", " and ");
      const code = joined(path, "code", "\n");
      const more = sum(path) - sum(passed[0].path);
      if (more > 1 || more === 1 && !(when && fixes[0].when)) continue;
      const shape = code.includes("x = ") && !open && !equal(at.x, one.x) ? at.x : null;
      fixes.push({ ...path[0], code, when, why: joined(path, "why", "; "), cost: sum(path), shape });
    }
    return fixes;
  }

  /** Name the axes, and say how often the loop runs and what it reads. @param {Case} one @param {Verdict} verdict */
  function describe({ x }, { passed, tried, stage }) {
    const count = passed && x.length > 2 ? x.length : 3;
    const letters = ["N", "T", ..."P".repeat(Math.max(count - 3, 0)), "F"];
    const named = x.map((size, axis) => (x.length === count
      ? { letter: letters[axis], name: AXES[letters[axis]][0], size, meaning: AXES[letters[axis]][1] }
      : { letter: "?", name: "unnamed", size, meaning: `${count} axes are read here` }));
    if (x.length < 3 || x.length !== count) {
      return { axes: named, runs: passed ? "The loop runs, because Keras adds an axis by itself." : "" };
    }
    let what = x.length > 3 ? `an array of shape ${tuple(x.slice(2))}` : `a vector of length ${x[2]}`;
    if (!x[2]) what = "a vector of one number per feature";
    const often = x[1] === null ? "once per time step; each time" : x[1] === 1 ? "once;" : `${x[1]} times; each time`;
    const refused = tried && !passed && stage === 2;
    return { axes: named, runs: `The loop ${refused ? "would run" : "runs"} ${often} it reads ${what}.` };
  }

  /**
   * Say what the axes of x are to an LSTM, what will run, and what mends what does not fit.
   * @param {Case} one @param {any} words The sentences of explanation.toml
   */
  function explain(one, words) {
    const verdict = judge(one, words);
    const { problem, notes, output, tried } = verdict;
    const fixes = problem ? search(one, verdict, words) : [];
    return {
      ...describe(one, verdict), notes, tried, ok: tried && !problem, raises: Boolean(problem && !problem.silent),
      problem: problem && { what: problem.what, advice: problem.advice, silent: problem.silent,
        fixes: fixes.map(({ code, when, why, shape }) => ({ code, when, why, shape: shape ?? null })) },
      output: problem ? null : output,
    };
  }

  const doctor = /** @type {any} */ (globalThis).doctor ??= {};
  Object.assign(doctor, { explain, tuple, shapeOf });
}
