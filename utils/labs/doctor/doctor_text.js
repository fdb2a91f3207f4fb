// What the doctor makes of a text: an error message, a shape, or lines of code. Pure, without a page.
{
  const doctor = /** @type {any} */ (globalThis).doctor ??= {};

  /**
   * @typedef {(number | null)[]} Shape
   * @typedef {object} Entry One of the error page (_extensions/doctor_entries.py)
   * @property {string} id
   * @property {string} title
   * @property {string} message
   * @property {string} means
   * @property {string} fix
   * @property {string} code
   * @property {string[]} also Other messages that the entry names
   * @typedef {object} Option
   * @property {string} [when] What must be true of the data
   * @property {string} [why]
   * @property {string} code
   * @property {Shape | null} [shape] Of what the LSTM reads then
   * @property {string[]} [names] How its sizes are written
   * @property {Entry} [entry]
   * @typedef {object} Answer
   * @property {string} kind message, shape, code, or nothing
   * @property {string} title
   * @property {string[]} says
   * @property {string} [ask]
   * @property {Option[]} options
   * @property {Shape | null} [shape]
   * @property {string[]} [names] Of sizes that are no numbers, by axis
   * @property {string} [entry] The id of an entry
   * @property {string} [section] A section of the book
   * @property {Entry[]} [near]
   */

  // Arguments that the LSTM of Keras 3 takes: a test compares them with its signature.
  const ARGUMENTS = "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer bias_initializer unit_forget_bias kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer kernel_constraint recurrent_constraint bias_constraint dropout recurrent_dropout seed return_sequences return_state go_backwards stateful unroll use_cudnn name dtype trainable".split(" ");
  const RENAMED = {
    inner_activation: "recurrent_activation", return_sequence: "return_sequences", output_dim: "units",
    dropout_W: "dropout", dropout_U: "recurrent_dropout", init: "kernel_initializer", inner_init: "recurrent_initializer",
  };
  const OF_INPUT = ["batch_input_shape", "batch_shape", "input_shape", "input_dim", "input_length", "batch_size"];
  /** @type {[RegExp, string][]} Lines of older Keras, and the entries that they lead to */
  const OLD_LINES = [
    [/reset_states\(\s*states\s*=/, "unexpected-keyword-argument-states"],
    [/reset_states\(\s*[\w[(]/, "takes-1-positional-argument-but-2-were-given"],
    [/reset_states\(/, "has-no-attribute-reset-states"],
    [/nb_epoch|samples_per_epoch|fit_generator|predict_classes/, "unexpected-keyword-argument-nb-epoch"],
  ];
  const SIZE = String.raw`(?:-?\d+|None|\?|[A-Za-z_][\w.]*(?:\([^()]*\)|\[[^[\]]*\])*(?:\s*[-+*/]+\s*[\w.]+)*)`;
  const SHAPE = new RegExp(String.raw`[([]\s*(${SIZE}(?:\s*,\s*${SIZE})*)\s*(,?)\s*[)\]]`, "g");

  // Messages --------------------------------------------------------------------------------

  /** Return the words of a text and each pair of neighbours, without numbers and names of layers. @param {string} text */
  function wordsOf(text) {
    const plain = text.replace(/Graph execution error:|defined at \(most recent call last\):/g, " ").toLowerCase()
      .replace(/received:\s*\(none/g, "received_open").replace(/received:\s*\(\d/g, "received_full")
      .replace(/ndim=(\d)/g, (_, count) => `ndim_${"abcdefghij"[count]}`);
    const words = plain.match(/[a-z_]{2,}/g) ?? [];
    return new Set([...words, ...words.slice(1).map((word, place) => `${words[place]} ${word}`)]);
  }

  /** Return the part of a pasted text that says what is wrong: from the last error on. @param {string} text */
  function lastError(text) {
    const lines = text.split("\n");
    for (let place = lines.length - 1; place >= 0; place--) {
      if (/^\s*(?:[\w.]*\.)?\w*(?:Error|Exception)\b\s*:/.test(lines[place])) return lines.slice(place).join(" ");
    }
    return text;
  }

  /**
   * Return the entries that share most words with a text, best first, each with how much of its title is there.
   * @param {string} text @param {Entry[]} entries
   */
  function find(text, entries) {
    const words = wordsOf(text);
    const head = (/** @type {Entry} */ { title }) => title.replace(/`, (for|from|while) .*/, "");
    const sets = entries.map((entry) => wordsOf([`${head(entry)} ${entry.message}`, ...entry.also].join(" . ")));
    /** @type {Record<string, number>} */
    const known = {};
    for (const word of words) known[word] = Math.log((entries.length + 1) / (sets.filter((set) => set.has(word)).length || Infinity));
    const weight = (/** @type {Iterable<string>} */ some) => [...some].reduce((all, word) => all + Math.max(known[word] ?? 2, 0), 0);
    return entries.map((entry, place) => {
      const named = [head(entry), ...entry.also].map((phrase) => {
        const parts = [...wordsOf(phrase)];
        return weight(parts.filter((part) => words.has(part))) / (weight(parts) || 1);
      });
      const shared = weight([...words].filter((word) => sets[place].has(word)));
      return { entry, named: Math.max(...named), score: shared * (0.5 + Math.max(...named)) };
    }).sort((a, b) => b.score - a.score);
  }

  // Shapes and code ---------------------------------------------------------------------------

  /** @param {string} text */
  const sizes = (text) => text.split(/,(?![^()[\]]*[)\]])/).map((size) => size.trim()).filter(Boolean);
  /** @param {string[]} written @returns {Shape} */
  const numbers = (written) => written.map((size) => (/^\d+$/.test(size) ? Number(size) : null));
  /** Return what stands between the brackets that open at a place. @param {string} text @param {number} start */
  function inside(text, start) {
    let depth = 0;
    for (let place = start; place < text.length; place++) {
      if ("([{".includes(text[place])) depth++;
      if (")]}".includes(text[place]) && --depth === 0) return text.slice(start + 1, place);
    }
    return text.slice(start + 1);
  }
  /** Split arguments at their commas. @param {string} text */
  function parts(text) {
    const found = [""];
    let depth = 0;
    for (const sign of text) {
      depth += "([{".includes(sign) ? 1 : ")]}".includes(sign) ? -1 : 0;
      if (sign === "," && !depth) found.push("");
      else found[found.length - 1] += sign;
    }
    return found.map((part) => part.trim()).filter(Boolean);
  }
  /** Return the calls of functions with one of these names. @param {string} text @param {string} names */
  function calls(text, names) {
    return [...text.matchAll(new RegExp(String.raw`((?:\w+\.)*)\b(${names})\s*\(`, "g"))].map((match) => {
      const given = inside(text, match.index + match[0].length - 1);
      const all = parts(given);
      const keywords = Object.fromEntries(all.filter((part) => /^\w+\s*=/.test(part)).map((part) => {
        const [name, ...value] = part.split("=");
        return [name.trim(), value.join("=").trim()];
      }));
      const plain = all.filter((part) => !/^\w+\s*=/.test(part));
      return { before: match[1], name: match[2], given, plain, keywords, text: `${match[0]}${given})`, start: match.index };
    });
  }
  /** Return the sizes that a written tuple holds. @param {string | undefined} text */
  const tupleOf = (text) => sizes((text ?? "").replace(/^[([]|[)\]]$/g, ""));

  /** @param {string[]} written */
  const write = (written) => `(${written.join(", ")}${written.length === 1 ? "," : ""})`;

  /** A text with facts put into its braces. @param {string} text @param {Record<string, unknown>} facts */
  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name]));

  /**
   * Answer for a shape of data.
   * @param {string[]} written @param {any} model @param {Shape | null} y @param {any} words
   * @returns {Answer}
   */
  function ofShape(written, model, y, words) {
    const say = words.doctor;
    const x = numbers(written);
    const one = { x, model, y: null };
    let found = doctor.explain(one, words);
    if (found.ok && y) {
      found = doctor.explain({ x, model: model ?? modelOf([null, ...x.slice(1)]), y }, words);
    }
    const { problem } = found;
    /** @type {Answer} */
    const answer = {
      kind: "shape", shape: x, names: written, options: problem?.fixes ?? [], section: say.sections.shape,
      title: problem ? (problem.silent ? say.silent : x.length === 3 ? say.refused : fill(say.axes, { count: say.counts[x.length] ?? `${x.length} axes` })) : say.fits,
      says: problem ? [problem.what, ...(problem.fixes.length ? [] : [problem.advice || say.none])] : [found.runs, ...found.notes],
    };
    if (problem && x.length !== 3 && !model) answer.says = [say.reads];
    if (!problem && x.length === 3 && written.some((size) => !/^\d+$|^None$/.test(size))) {
      answer.says = [fill(say.runs, { T: written[1], F: written[2] })];
    }
    if (problem?.what.startsWith("x has") && y) answer.section = say.sections.labels;
    if (!problem && x.length === 3 && x[1] === 1 && written[2] !== "1" && !model?.stateful) {
      answer.title = fill(say.once, { F: written[2] });
      answer.says = [found.notes[0] ?? words.notes.one];
      answer.options = choice(written, `x = np.transpose(x, (0, 2, 1))`, "", say);
      answer.section = say.sections.layout;
    }
    if (answer.options.length > 1 && answer.options.every(({ when }) => when?.startsWith("each row is "))) {
      answer.ask = say.row;
      answer.options = answer.options.map((option) => ({ ...option, when: option.when?.slice("each row is ".length) }));
    }
    return answer;
  }

  /** A usual model for an Input: one with a batch size is stateful. @param {Shape} input */
  const modelOf = (input) => ({ input, units: 32, sequences: false, stateful: Boolean(input[0]), dense: 1 });

  /** Time steps or features? The two readings of (N, 1, F). @param {string[]} written @param {string} steps @param {string} same @param {any} say @returns {Option[]} */
  const choice = ([N, , F], steps, same, say) => [
    { when: fill(say.moments, { F }), code: steps, names: [N, F, "1"], shape: numbers([N, F, "1"]) },
    { when: fill(say.measurements, { F }), code: same || say.nothing, names: [N, "1", F], shape: numbers([N, "1", F]) },
  ];

  /** Answer for an entry of the error page. @param {Entry} entry @returns {Answer} */
  const ofEntry = (entry) => ({
    kind: "message", title: entry.title, says: [entry.means], entry: entry.id,
    options: entry.fix || entry.code ? [{ why: entry.fix, code: entry.code }] : [],
  });

  /** Answer for a line with reshape. @param {string} text @param {any} words @returns {Answer | null} */
  function ofReshape(text, words) {
    const [call] = calls(text, "reshape");
    if (!call) return null;
    const named = call.keywords.newshape ?? call.keywords.shape;
    const last = named ?? call.plain.at(-1) ?? "";
    const whole = /^[([]/.test(last);
    const written = whole ? tupleOf(last) : call.plain.slice(/^(np|numpy|tf|ops|keras\.ops)\./.test(call.before) ? 1 : 0);
    if (!written.length) return null;
    const answer = { ...ofShape(written, null, null, words), kind: "code" };
    if (written.length === 3 && written[1] === "1" && written[2] !== "1") {
      const turned = [written[0], written[2], "1"];
      const old = whole ? last : written.join(", ");
      answer.options = choice(written, text.replace(old, whole ? write(turned) : turned.join(", ")), text, words.doctor);
    }
    return answer;
  }

  /** Answer for lines with layers. @param {string} text @param {Entry[]} entries @param {any} words @returns {Answer | null} */
  function ofLayers(text, entries, words) {
    const say = words.doctor;
    const named = (/** @type {string} */ id) => entries.find((entry) => entry.id === id);
    const layers = calls(text, "(?:CuDNN)?(?:LSTM|GRU)|SimpleRNN");
    const [input] = calls(text, "Input|InputLayer");
    const [layer] = layers;
    if (layer) {
      const used = OF_INPUT.filter((name) => name in layer.keywords);
      const odd = Object.keys(layer.keywords).filter((name) => !ARGUMENTS.includes(name) && !used.includes(name));
      const { batch_input_shape: old, batch_shape: batch = old, input_shape: shape, batch_size: size } = layer.keywords;
      if (used.length || odd.length || layer.name.startsWith("CuDNN")) {
        let read = tupleOf(batch ?? shape);
        if (!batch && !shape && used.length) read = [layer.keywords.input_length ?? "None", layer.keywords.input_dim ?? "F"];
        if (!batch && size) read = [size, ...read];
        const fixed = Boolean(batch ?? size);
        const kept = [...layer.plain, ...Object.entries(layer.keywords)
          .filter(([name]) => !used.includes(name) && (ARGUMENTS.includes(name) || name in RENAMED))
          .map(([name, value]) => `${RENAMED[name] ?? name}=${value}`)];
        const line = `${layer.before}${layer.name.replace("CuDNN", "")}(${kept.join(", ")})`;
        const added = /\.add\(/.test(text);
        const put = (/** @type {string} */ one) => (added ? `${text.match(/\w+(?=\.add\()/)?.[0]}.add(${one})` : `${one},`);
        const front = used.length ? [put(`keras.Input(${fixed ? "batch_shape=" : ""}${write(read)})`)] : [];
        const entry = odd.some((name) => name in RENAMED || name === "time_major") || used.some((name) => name !== "input_shape");
        return {
          kind: "code", title: used.length ? say.inInput : fill(say.argument, { names: odd.map((name) => `\`${name}\``).join(", ") || `\`${layer.name}\`` }),
          says: [used[0] === "input_shape" && used.length === 1 ? say.warning : named("unrecognized-keyword-arguments-passed-to-lstm")?.means ?? ""],
          options: [{ why: used.length ? say.front : "", code: [...front, put(line)].join("\n") }],
          shape: used.length ? numbers(fixed ? read : ["N", ...read]) : null, names: fixed ? read : ["N", ...read],
          entry: entry ? "unrecognized-keyword-arguments-passed-to-lstm" : undefined, section: say.sections.old,
        };
      }
      const deaf = layers.slice(0, -1).filter((one) => one.keywords.return_sequences !== "True");
      if (deaf.length) {
        const entry = named("expected-ndim-3-found-ndim-2-for-a-second-lstm");
        let code = text;
        for (const one of deaf) code = code.replace(one.given, `${one.given.replace(/,?\s*return_sequences=False/, "")}, return_sequences=True`);
        return { kind: "code", title: entry?.title ?? "", says: [entry?.means ?? ""], options: [{ why: entry?.fix, code }], entry: entry?.id };
      }
      if (layer.keywords.stateful === "True" && !/batch_shape/.test(text)) {
        const entry = named("the-batch-size-must-be-static");
        if (entry) return ofEntry(entry);
      }
    }
    if (input) {
      const batch = input.keywords.batch_shape ?? input.keywords.batch_input_shape;
      const read = tupleOf(batch ?? input.keywords.shape ?? input.keywords.input_shape ?? input.plain[0]);
      const whole = batch ? read : ["N", ...read];
      if (read.length && whole.at(-1) === "None") {
        const entry = named("shapes-used-to-initialize-variables-must-be");
        if (entry) return ofEntry(entry);
      }
      if (whole.length === 2 && !/Embedding/.test(text)) {
        const entry = named("expected-ndim-3-found-ndim-2-from-input");
        return {
          kind: "code", title: entry?.title ?? "", says: [entry?.means ?? ""], entry: entry?.id,
          options: [[read[0], "1"], ["None", read[0]]].map((shape, place) => ({
            when: fill(place ? say.anySteps : say.steps, { T: read[0], F: read[0] }), code: `keras.Input(${write(shape)})`,
            shape: numbers(["N", ...shape]) })),
        };
      }
      if (whole.length === 4 && !batch) {
        const entry = named("expected-ndim-3-found-ndim-4-while-building");
        return {
          kind: "code", title: entry?.title ?? "", says: [entry?.means ?? ""], entry: entry?.id,
          options: [{ when: say.anySize, code: `keras.Input(${write(read.slice(1))})`, shape: numbers(["N", ...read.slice(1)]) },
                    { when: fill(say.thisSize, { B: read[0] }), code: `keras.Input(batch_shape=${write(read)})`, shape: numbers(read) }],
        };
      }
      if (whole.length === 3) return { ...ofShape(whole, null, null, words), kind: "code", title: fill(say.sample, { shape: write(whole.slice(1)) }), options: [] };
    }
    if (!layer) return null;
    const units = layer.keywords.units ?? layer.plain[0] ?? "U";
    const all = layer.keywords.return_sequences === "True";
    return {
      kind: "code", title: fill(all ? say.everyStep : say.lastStep, { U: units }), says: [fill(all ? say.outAll : say.outLast, { U: units })],
      options: [], section: say.sections.out,
    };
  }

  /** Answer for shapes that stand in a text. @param {string} text @param {any} words @returns {Answer | null} */
  function ofShapes(text, words) {
    const bare = text.match(/^\s*\d+(?:\s*[,x×]\s*\d+)+\s*,?\s*$/) ? `(${text.replace(/[x×]/g, ",")})` : text;
    /** @type {Record<string, string[]>} */
    const found = {};
    for (const match of bare.matchAll(SHAPE)) {
      const written = sizes(match[1]);
      if (written.length === 1 && !match[2] && !/\d/.test(match[1])) continue;
      const before = bare.slice(0, match.index).match(/([A-Za-z_.]+)[^A-Za-z]*$/)?.[1] ?? "";
      const name = (bare.slice(0, match.index).match(/([A-Za-z_]\w*)(?:\.shape|\s+shape)?\W*$/i)?.[1] ?? before).toLowerCase();
      const role = /^(y|label|target)/.test(name) ? "y" : /input|expected|batch_shape/.test(name) ? "input" : found.x ? "y" : "x";
      found[role] ??= written;
    }
    if (!found.x) return null;
    const input = found.input && numbers(found.input.length === 2 ? ["None", ...found.input] : found.input);
    const model = input?.length === 3 && input[2] ? modelOf(input) : null;
    return ofShape(found.x, model, found.y ? numbers(found.y) : null, words);
  }

  /** Put the sizes that a message names into its answer: what can be written down for these data. @param {Answer} answer @param {string} text @param {any} words */
  function withSizes(answer, text, words) {
    const wanted = text.match(/Expected shape (\([^)]*\)), but input has incompatible shape (\([^)]*\))/);
    const full = text.match(/expected ndim=3, found ndim=\d\. Full shape received: (\([^)]*\))/);
    const given = tupleOf(wanted?.[2] ?? full?.[1]);
    if (!given.length || given[0] === "None") return answer;
    const input = wanted && numbers(tupleOf(wanted[1]));
    if (input && (input.length !== 3 || !input[2])) return answer;
    const model = input && modelOf(input);
    const { options, ask, shape, names } = ofShape(given, model, null, words);
    return options.length ? { ...answer, options, ask, shape, names } : { ...answer, shape, names };
  }

  /**
   * Say what a text is, and what to do about it.
   * @param {string} text @param {Entry[]} entries @param {any} words
   * @returns {Answer | null} null for an empty text
   */
  function answer(text, entries, words) {
    const typed = text.replace(/[‘’]/g, "'").replace(/[“”]/g, '"').trim();
    if (!typed) return null;
    const message = lastError(typed).replace(/\s+/g, " ");
    const ranked = find(message, entries);
    const [best] = ranked;
    const raised = /(?:Error|Exception)\b\s*:|Traceback/.test(typed);
    const code = !raised && /\w\s*\(|\w\s*=\s*\w/.test(typed);
    const sure = best && (best.score > 6 && best.named > 0.55 || best.score > 3 && best.named > 0.99);
    if (/\w\.shape\s*[=:]?\s*[([]\s*\w+\s*,/.test(typed) && !raised) {
      const found = ofShapes(typed, words);
      if (found) return found;
    }
    if (code && !(sure && best.named > 0.9)) {
      const old = OLD_LINES.find(([pattern]) => pattern.test(typed));
      const named = old && entries.find(({ id }) => id === old[1]);
      if (named) return { ...ofEntry(named), kind: "code" };
      const made = ofReshape(typed, words) ?? ofLayers(typed, entries, words);
      if (made) return made;
    }
    if (!sure && !raised) {
      const found = ofShapes(typed, words);
      if (found) return found;
    }
    if (!sure && !(raised && best?.score > 8)) {
      const near = ranked.filter(({ score }) => score > 1.5).slice(0, 3).map(({ entry }) => entry);
      const { unknown, perhaps, unknownMore } = words.doctor;
      return { kind: "nothing", title: near.length ? perhaps : unknown, says: [unknownMore], options: [], near };
    }
    const same = ranked.filter(({ score }) => score > best.score * 0.97).map(({ entry }) => entry);
    const axes = /ndim=3|input shape/i.test(best.entry.title) ? { shape: [null, null, null], names: ["N", "T", "F"] } : {};
    if (same.length === 1) return withSizes({ ...ofEntry(best.entry), ...axes }, message, words);
    return {
      kind: "message", title: same[0].title.replace(/`, (for|from) .*/, "`"), says: [], ask: words.doctor.which, entry: same[0].id, ...axes,
      options: same.map((entry) => ({
        when: entry.title.split("`, ")[1] ?? words.doctor.forData, why: entry.fix, code: entry.code, entry })),
    };
  }

  Object.assign(doctor, { answer, find, ARGUMENTS });
}
