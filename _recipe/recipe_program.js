// Writes the whole program for one choice of data: a pure function, which the tests run in Node.
// Every program it can write is run by tests/book/test_recipe.py.

/** @typedef {Record<string, string | number>} Choices */

// The questions, in order, with the answers to each; the first answer is where the page begins.
const QUESTIONS = {
  row: ["moment", "past", "file"],
  features: ["one", "several"],
  columns: ["steps", "features"],
  series: ["one", "several"],
  lengths: ["equal", "different"],
  out: ["value", "yes", "class", "horizon", "each"],
  stateful: ["no", "yes"],
  layers: ["lstm", "gru", "two"],
  dropout: ["no", "yes"],
};
const NUMBERS = { T: [24, 1, 500], H: [12, 1, 100] }; // default, least, most

/**
 * Say why an answer is not to be had beside the other choices; "" if it is.
 * @param {Choices} chosen @param {string} question @param {string} answer
 */
function refusal(chosen, question, answer) {
  const moments = chosen.row === "moment";
  if (question === "columns" && !(chosen.row === "past" && chosen.features === "several")) {
    return answer === "steps" ? "" : "Only where a row holds several features and their past.";
  }
  if (question === "series" && !moments && answer !== "one") {
    return "Here every row or file is a sequence of its own.";
  }
  if (question === "lengths" && chosen.row !== "file" && answer !== "equal") {
    return moments ? "Windows are cut to one length." : "All rows of a table are equally long.";
  }
  if (question === "stateful" && answer === "yes") {
    if (!moments) return "Each row or file is a whole sequence: there is nothing to carry over.";
    if (!["value", "each"].includes(String(chosen.out))) return "Written for one value, or one per step.";
  }
  return "";
}

/**
 * Return the choices with every answer replaced that the others refuse.
 * @param {Choices} wanted @returns {Choices}
 */
function settled(wanted) {
  /** @type {Choices} */
  const chosen = {};
  for (const [question, answers] of Object.entries(QUESTIONS)) {
    const asked = String(wanted[question]);
    chosen[question] = answers.includes(asked) ? asked : answers[0];
  }
  for (const [name, [usual, least, most]] of Object.entries(NUMBERS)) {
    const asked = Number(wanted[name] ?? usual);
    chosen[name] = Number.isInteger(asked) ? Math.min(most, Math.max(least, asked)) : usual;
  }
  for (const question of Object.keys(QUESTIONS)) {
    if (refusal(chosen, question, String(chosen[question]))) chosen[question] = QUESTIONS[question][0];
  }
  return chosen;
}

/**
 * Return the shapes of one sample: what goes in, the label, and what the model answers.
 * @param {Choices} chosen @returns {{x: number[], y: number[], prediction: number[]}}
 */
function shapes(chosen) {
  const F = chosen.features === "one" ? 1 : 3;
  const T = Number(chosen.T);
  const H = Number(chosen.H);
  const y = { value: [1], yes: [1], class: [], horizon: [H], each: [T, 1] }[String(chosen.out)] ?? [];
  return { x: [T, F], y, prediction: chosen.out === "class" ? [3] : y };
}

/** Return the invented data, in place of which the reader's own come. @param {Choices} chosen */
function dataLines({ row, features, series, lengths, out, stateful }) {
  const F = features === "one" ? 1 : 3;
  const labels = { yes: 2, class: 3 }[String(out)];
  if (row === "moment") {
    const many = series === "several";
    const lines = stateful === "yes"
      ? ["# Your data here: one or more series of equal length, (series, moments, features).",
         `table = rng.normal(size=(${many ? 4 : 1}, 20 * T, ${F})).cumsum(axis=1)`]
      : many
        ? ["# Your data here: a table for each series, one row per moment.",
           `tables = [rng.normal(size=(10 * (T + ${out === "horizon" ? "H" : 1}) + more, ${F})).cumsum(axis=0) for more in (0, 50, 90)]`]
        : ["# Your data here: one row per moment, one column per feature.",
           `table = rng.normal(size=(20 * (T + ${out === "horizon" ? "H" : 1}), ${F})).cumsum(axis=0)`];
    if (labels) {
      lines.push(many
        ? `labels = [rng.integers(${labels}, size=len(table)) for table in tables]  # one per moment`
        : `labels = rng.integers(${labels}, size=len(table))  # one per moment`);
    }
    return lines;
  }
  const lines = row === "past"
    ? ["# Your data here: one row per sample, with its past in columns.",
       `table = rng.normal(size=(200, T${F > 1 ? ` * ${F}` : ""}))`]
    : lengths === "equal"
      ? ["# Your data here: for each sample an array (time steps, features).",
         `sequences = [rng.normal(size=(T, ${F})) for _ in range(200)]`]
      : ["# Your data here: for each sample an array (time steps, features), of any length up to T.",
         `lengths = np.append(T, rng.integers(1, T + 1, size=199))`,
         `sequences = [rng.normal(size=(length, ${F})) for length in lengths]`];
  const wanted = {
    value: "y = rng.normal(size=(200, 1))  # one value per sample",
    yes: "y = rng.integers(2, size=(200, 1))  # 0 or 1 per sample",
    class: "y = rng.integers(3, size=200)  # a class per sample, from 0",
    horizon: "y = rng.normal(size=(200, H))  # the next H values of each sample",
    each: lengths === "equal"
      ? "y = rng.normal(size=(200, T, 1))  # one value per time step"
      : "y = [rng.normal(size=(length, 1)) for length in lengths]  # one value per time step",
  };
  return [...lines, wanted[String(out)]];
}

/** Return the lines that make x and y for training, validation and test. @param {Choices} chosen */
function arrayLines(chosen) {
  if (chosen.stateful === "yes") return pieceLines(chosen);
  if (chosen.row === "moment") return windowLines(chosen);
  const F = chosen.features === "one" ? 1 : 3;
  const lines = [];
  if (chosen.row === "past") {
    lines.push(F === 1 ? "x = table[:, :, np.newaxis]  # (N, T, 1)"
      : chosen.columns === "steps"
        ? `x = table.reshape(len(table), T, ${F})  # the columns go step by step`
        : `x = table.reshape(len(table), ${F}, T).transpose(0, 2, 1)  # feature by feature`);
  } else if (chosen.lengths === "equal") lines.push("x = np.stack(sequences)  # (N, T, F)");
  lines.push("", "# Scale with what the training part knows.");
  if (chosen.lengths === "different") {
    lines.push(
      "first, second = int(0.7 * len(sequences)), int(0.85 * len(sequences))",
      "known = np.concatenate(sequences[:first])",
      "scaled = [(one - known.mean(axis=0)) / known.std(axis=0) for one in sequences]",
      "PAD = -99.0  # a number that no data have; Masking skips it",
      'x = keras.utils.pad_sequences(scaled, T, dtype="float32", padding="post", value=PAD)',
    );
    if (chosen.out === "each") {
      lines.push('y = keras.utils.pad_sequences(y, T, dtype="float32", padding="post")');
    }
  } else {
    lines.push(
      "first, second = int(0.7 * len(x)), int(0.85 * len(x))",
      "x = (x - x[:first].mean(axis=(0, 1))) / x[:first].std(axis=(0, 1))",
    );
  }
  lines.push(
    "x_train, x_val, x_test = np.split(x, [first, second])",
    "y_train, y_val, y_test = np.split(y, [first, second])",
  );
  return lines;
}

/** Windows of T moments, cut after the split, so that none reaches over it. @param {Choices} chosen */
function windowLines({ out, series }) {
  const labelled = out === "yes" || out === "class";
  const N = out === "horizon" ? "len(table) - T - H + 1" : labelled ? "len(table) - T + 1" : "len(table) - T";
  const y = {
    value: "y = table[T:, :1]  # the next value of the first feature",
    yes: "y = labels[T - 1 :, np.newaxis]  # the label of a window's last moment",
    class: "y = labels[T - 1 :]  # the label of a window's last moment",
    horizon: "y = np.stack([table[i + T : i + T + H, 0] for i in range(N)])  # the next H values",
    each: "y = np.stack([table[i + 1 : i + T + 1, :1] for i in range(N)])  # at each step the next",
  }[String(out)];
  const lines = [
    "",
    `def windows(table${labelled ? ", labels" : ""}):`,
    `    N = ${N}`,
    "    x = np.stack([table[i : i + T] for i in range(N)])  # (N, T, F)",
    `    ${y}`,
    "    return x, y",
    "", "",
    "# Split by time; scale with what the training part knows.",
  ];
  if (series === "one") {
    const cut = (/** @type {string} */ part) => `windows(scaled[${part}]${labelled ? `, labels[${part}]` : ""})`;
    return [...lines,
      "first, second = int(0.7 * len(table)), int(0.85 * len(table))",
      "mean, std = table[:first].mean(axis=0), table[:first].std(axis=0)",
      "scaled = (table - mean) / std",
      `x_train, y_train = ${cut(":first")}`,
      `x_val, y_val = ${cut("first:second")}`,
      `x_test, y_test = ${cut("second:")}`,
    ];
  }
  return [...lines,
    "known = np.concatenate([table[: int(0.7 * len(table))] for table in tables])",
    "mean, std = known.mean(axis=0), known.std(axis=0)",
    "",
    "",
    "def part(start, end):  # of each series, from a share of its moments to another",
    `    cut = []`,
    labelled ? "    for table, one in zip(tables, labels):" : "    for table in tables:",
    "        here = slice(int(start * len(table)), int(end * len(table)))",
    `        cut.append(windows((table[here] - mean) / std${labelled ? ", one[here]" : ""}))`,
    "    return [np.concatenate(arrays) for arrays in zip(*cut)]",
    "", "",
    "x_train, y_train = part(0, 0.7)",
    "x_val, y_val = part(0.7, 0.85)",
    "x_test, y_test = part(0.85, 1)",
  ];
}

/** Pieces of T moments; row i of a batch goes on with row i of the batch before. @param {Choices} chosen */
function pieceLines({ out }) {
  return [
    "B = len(table)  # each series is a row of every batch",
    "first = T * (16 * table.shape[1] // (20 * T))  # whole pieces for training",
    "mean, std = table[:, :first].mean(axis=(0, 1)), table[:, :first].std(axis=(0, 1))",
    "scaled = (table - mean) / std",
    "",
    "",
    "def pieces(part):  # (B, k * T, F) to (k * B, T, F): row i of a batch continues row i",
    "    k = part.shape[1] // T",
    "    return part[:, : k * T].reshape(B, k, T, -1).swapaxes(0, 1).reshape(k * B, T, -1)",
    "",
    "",
    "x, y = scaled[:, :-1], scaled[:, 1:, :1]  # at each moment the next value",
    "x_train, y_train = pieces(x[:, :first]), pieces(y[:, :first])",
    "x_test, y_test = pieces(x[:, first:]), pieces(y[:, first:])",
    ...(out === "value" ? ["y_train, y_test = y_train[:, -1], y_test[:, -1]  # of the last step only"] : []),
  ];
}

/** Return the lines of the model, its training and its answers. @param {Choices} chosen */
function modelLines(chosen) {
  const { out, layers, dropout, lengths, row } = chosen;
  const F = chosen.features === "one" ? 1 : 3;
  const stateful = chosen.stateful === "yes";
  const name = layers === "gru" ? "GRU" : "LSTM";
  /** @param {boolean} all */
  const layer = (all) => [
    "32", ...(all ? ["return_sequences=True"] : []), ...(stateful ? ["stateful=True"] : []),
    ...(dropout === "yes" ? ["dropout=0.2"] : []),
  ].join(", ");
  const [last, loss] = {
    value: ["Dense(1)", "mse"], each: ["Dense(1)", "mse"], horizon: ["Dense(H)", "mse"],
    yes: ['Dense(1, activation="sigmoid")', "binary_crossentropy"],
    class: ['Dense(3, activation="softmax")', "sparse_categorical_crossentropy"],
  }[String(out)] ?? ["", ""];
  const lines = [
    "",
    "model = keras.Sequential(",
    "    [",
    `        keras.Input(${stateful ? `batch_shape=(B, T, ${F})` : `(T, ${F})`}),`,
    ...(lengths === "different" ? ["        keras.layers.Masking(PAD),"] : []),
    ...(layers === "two" ? [`        keras.layers.${name}(${layer(true)}),`] : []),
    `        keras.layers.${name}(${layer(out === "each")}),`,
    `        keras.layers.${last},`,
    "    ]",
    ")",
    out === "yes" || out === "class"
      ? `model.compile("adam", "${loss}", metrics=["accuracy"])`
      : `model.compile("adam", "${loss}")`,
  ];
  const unscale = row === "moment" && loss === "mse" ? " * std[0] + mean[0]" : "";
  if (stateful) {
    return [...lines,
      "",
      "",
      "def reset():  # nothing else does it",
      "    for layer in model.layers:",
      '        if hasattr(layer, "reset_states"):',
      "            layer.reset_states()",
      "",
      "",
      "for epoch in range(10):",
      "    reset()",
      "    model.fit(x_train, y_train, batch_size=B, shuffle=False, verbose=0)",
      "",
      "reset()",
      "model.predict(x_train, batch_size=B, verbose=0)  # warm up: the state at the end of training",
      `prediction = model.predict(x_test, batch_size=B, verbose=0)${unscale}`,
    ];
  }
  return [...lines,
    "stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)",
    "model.fit(",
    "    x_train, y_train, validation_data=(x_val, y_val), epochs=30, callbacks=[stop], verbose=0",
    ")",
    `prediction = model.predict(x_test, verbose=0)${unscale}`,
  ];
}

/**
 * Return the program for these choices, as text.
 * @param {Choices} wanted
 */
function program(wanted) {
  const chosen = settled(wanted);
  const numbers = [`T = ${chosen.T}  # time steps: ${
    chosen.row === "moment" ? (chosen.stateful === "yes" ? "how many a call reads" : "how far back")
      : chosen.lengths === "different" ? "of the longest sequence" : "of each sample"}`];
  if (chosen.out === "horizon") numbers.push(`H = ${chosen.H}  # how many values ahead`);
  return [
    ...(chosen.stateful === "yes" ? ["# The back end must be TensorFlow: the others lose the state in fit."] : []),
    "import keras",
    "import numpy as np",
    "",
    ...numbers,
    "rng = np.random.default_rng(0)",
    ...dataLines(chosen),
    "",
    ...arrayLines(chosen),
    ...modelLines(chosen),
    "print(x_train.shape, y_train.shape, prediction.shape)",
    "",
  ].join("\n");
}

/** Return all choices that can be made, with these numbers. @param {number} T @param {number} H */
function everything(T, H) {
  /** @type {Choices[]} */
  let found = [{ T, H }];
  for (const [question, answers] of Object.entries(QUESTIONS)) {
    found = found.flatMap((chosen) => answers.map((answer) => ({ ...chosen, [question]: answer })));
  }
  const known = new Map(found.map((chosen) => {
    const here = settled(chosen);
    return [JSON.stringify(here), here];
  }));
  return [...known.values()];
}

/** @type {any} */ (globalThis).recipe = { NUMBERS, refusal, settled, shapes, program, everything };
