"""The cheat sheet: its shapes and formulas computed, its events measured, its code run."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from book_files import ROOT
from keras import layers

from utils.lstm_numpy import lstm
from utils.windows import lanes

FILE = ROOT / "reference" / "cheat_sheet.md"
TEXT = FILE.read_text(encoding="utf-8")

# One number for each letter, all different, so that no two shapes agree by chance.
LETTERS = {"N": 13, "B": 2, "T": 5, "F": 3, "U": 7, "k": 4, "V": 11, "D": 6}
RANDOM = np.random.default_rng(0)


def tables():
    """Return the tables of the page: {first cell of the head, last cell: [rows of cells]}."""
    found = {}
    text = TEXT.replace("\u00a0", " ")  # no-break spaces keep a shape on one line
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)  # links
    for block in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE):
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
        ]
        found[rows[0][0], rows[0][-1]] = rows[2:]
    return found


def shape(text):
    """Turn '(B, 2U)' into numbers."""
    return eval(re.sub(r"(\d)([A-Z])", r"\1*\2", text), {}, LETTERS)


def shapes(arrays):
    """Return the shapes of one array, or of several."""
    arrays = arrays if isinstance(arrays, list | tuple) else [arrays]
    return [tuple(array.shape) for array in arrays]


def layer(code, **options):
    """Build the layer that a cell such as '`LSTM(U)`' names."""
    return eval(code.strip("`"), vars(layers) | LETTERS | options)


def data(dims, integers=False):
    """Return an input of these dimensions."""
    if integers:
        return RANDOM.integers(0, LETTERS["V"], dims)
    return RANDOM.normal(size=dims).astype("float32")


# Shapes and weights ---------------------------------------------------------------------------


def test_what_comes_out_of_recurrent_layers():
    x = data(shape("(B, T, F)"))
    head = next(line for line in TEXT.splitlines() if line.startswith("| `return_sequences`"))
    assert re.findall(r"`(.+?)`", head)[2:] == ["LSTM(U)", "GRU(U)", "Bidirectional"]
    codes = ["LSTM(U)", "GRU(U)", "Bidirectional(LSTM(U))"]
    rows = tables()["`return_sequences`", "`Bidirectional`"]
    assert [row[:2] for row in rows] == [["no", "no"], ["yes", "no"], ["no", "yes"], ["yes", "yes"]]
    for sequences, state, *cells in rows:
        for code, cell in zip(codes, cells, strict=True):
            switches = f"return_sequences={sequences == 'yes'}, return_state={state == 'yes'}"
            outputs = layer(code.replace("(U)", f"(U, {switches})"))(x)
            first, *names = re.split(r"(?<=\)), ", cell)
            states = names[0].split(", ") if names else []
            assert shapes(outputs) == [shape(first)] + [shape("(B, U)")] * len(states), (code, cell)
            assert set(states) <= {"h", "c"}


def test_order_of_the_states_and_of_the_blocks():
    assert "the order i, f, g, o" in TEXT and 'merge_mode="sum"' in TEXT
    x = data(shape("(B, T, F)"))
    both = layers.Bidirectional(layers.LSTM(7, return_state=True))
    first, *states = both(x)
    for part, direction, found in [
        (both.forward_layer, 1, states[:2]),
        (both.backward_layer, -1, states[2:]),
    ]:
        run = lstm(x[:, ::direction], *part.get_weights())
        np.testing.assert_allclose(found, [run.h[:, -1], run.c[:, -1]], atol=1e-5)
    # without return_sequences: the last h
    np.testing.assert_array_equal(first, np.concatenate([states[0], states[2]], axis=1))


@pytest.mark.parametrize("row", tables()["Layer", "Out"], ids=lambda row: row[0])
def test_shape_of(row):
    codes = re.findall(r"`([^`]+)`", row[0])
    x = data(shape(row[1]), integers="Embedding" in row[0])
    out, *mask = row[2].split(" and a mask ")
    for code in codes:
        built = layer(code)
        inputs, x = x, built(x)
    assert shapes(x) == [shape(out)]
    if isinstance(built, layers.Masking | layers.Embedding):
        found = built.compute_mask(inputs)
        assert mask == [] if found is None else shapes(found) == [shape(mask[0])]


@pytest.mark.parametrize("row", tables()["Layer", "Weights"], ids=lambda row: row[0])
def test_number_of_weights_of(row):
    code, arrays, formula = row
    product = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", formula)
    counted = set()
    for steps in (LETTERS["T"], 9):  # the number of time steps is not in it
        built = layer(code)
        flat = "Dense" in code
        dims = (4, LETTERS["F"]) if flat else (4, steps, LETTERS["F"])
        built(data((4, steps), True) if "Embedding" in code else data(dims))
        wanted = [shape(text) for text in re.findall(r"\([^)]*\)", arrays)]
        assert [w.shape for w in built.get_weights()] == wanted
        counted.add(built.count_params())
    assert counted == {eval(product, {}, LETTERS)}


# What resets the state --------------------------------------------------------------------------

ONES = np.ones((2, 3, 1), "float32")  # one batch; each call adds 3 to an open cell state
QUIET = {"batch_size": 2, "verbose": 0}


def counting_model(stateful):
    """An LSTM of one unit that adds up what it reads, and returns c; its weights never change."""
    inputs = keras.Input(batch_shape=(2, 3, 1))
    counter = layers.LSTM(1, stateful=stateful, return_state=True)
    model = keras.Model(inputs, counter(inputs)[2])
    # Gates i, f and o are open: sigmoid(20) is 1 in 32 bits, and so is tanh(20).
    counter.set_weights([np.array([[0, 0, 20, 0]]), np.zeros((1, 4)), np.array([20, 20, 0, 20])])
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))
    return model


def fit(model, x=ONES, **options):
    model.fit(x, np.zeros((len(x), 1)), shuffle=False, **QUIET, **options)


def other_calls(model):
    fit(model)
    fit(model)
    model.evaluate(ONES, np.zeros((2, 1)), **QUIET)
    model.predict(ONES, **QUIET)
    model(ONES)


def new_weights(model):
    model.set_weights(model.get_weights())
    model.save_weights("m.weights.h5")
    model.load_weights("m.weights.h5")
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))


def saved(model):
    model.save("m.keras")
    return keras.saving.load_model("m.keras")


def exported(model):
    spec = keras.InputSpec(shape=ONES.shape, dtype="float32")
    model.export("exported", verbose=False, input_signature=[spec])
    loaded = tf.saved_model.load("exported")
    return lambda x: loaded.serve(x)  # holds on to what was loaded


# What happens, and how many calls read something in it
EVENTS = {
    "next batch": (lambda model: fit(model, np.concatenate([ONES, ONES])), 2),
    "next epoch": (lambda model: fit(model, epochs=2), 2),
    "validation inside `fit`, and the epoch after it": (
        lambda model: fit(model, epochs=2, validation_data=(ONES, np.zeros((2, 1)))),
        4,
    ),
    "`fit` again, `evaluate`, `predict`, a direct call": (other_calls, 5),
    "`set_weights`, `load_weights`, `compile`": (new_weights, 0),
    "`save`, then `load_model`": (saved, 0),
    "`export`, then load": (exported, 0),
    "`reset_states()` of the layer": (lambda model: model.layers[1].reset_states(), 0),
}


@pytest.mark.parametrize("stateful", [False, True], ids=["stateless", "stateful"])
def test_what_an_event_does(stateful, tmp_path, monkeypatch):
    """The two events inside a call, and rows of +1 beside -1: chapter 8 measures them."""
    monkeypatch.chdir(tmp_path)
    said = {row[0]: row[1:] for row in tables()["Event", "Stateful"]}
    assert set(said) == set(EVENTS) | {"next time step", "next sample of the same batch"}
    for event, (happens, calls) in EVENTS.items():
        model = counting_model(stateful)
        model(ONES)
        after = happens(model) or model
        counted = float(np.array(after(ONES))[0, 0])
        words = {3.0: "zeros", 3.0 * (calls + 2): "continues"}
        assert words.get(counted, counted) == said[event][stateful], event


def test_every_trap_names_the_section_that_shows_it():
    """There a cell shows it and a hidden test holds it; that the section exists: test_pages.py."""
    section = TEXT.partition("## Traps")[2].partition("## Patterns")[0]
    traps = re.findall(r"^- \*\*.+$", section, flags=re.MULTILINE)
    assert len(traps) > 8
    linked = re.compile(r"\(\[chapter \d+\]\(\.\./chapters/[\w.]+#[\w-]+\)\)\.$")
    assert [trap for trap in traps if not linked.search(trap)] == []


# Patterns ---------------------------------------------------------------------------------------

PREAMBLE, *_ = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
PATTERNS = dict(re.findall(r"(?ms)^\*\*([^\n]+)\*\*\n\n```python\n(.*?)```", TEXT))
SHAPE_COMMENT = r"^ *(\w+) = .*# (\([^()]*\))$"


def equal(*pairs):
    """Say whether arrays are equal, each with its partner, to 1e-5."""
    return all(np.allclose(one, other, atol=1e-5) for one, other in pairs)


def same_with_and_without_utils():
    """Callback and loop train the same weights, which differ from those without a reset."""
    weights = []
    no_reset = PATTERNS[BY_HAND].replace("model.layers[0].reset_states()", "0")
    for code in (PATTERNS[STATEFUL], PATTERNS[BY_HAND], no_reset):
        keras.utils.set_random_seed(0)
        names = {}
        exec(PREAMBLE, names)
        exec(code, names)
        weights.append(np.concatenate([w.ravel() for w in names["model"].get_weights()]))
    return equal(weights[:2]) and np.abs(weights[0] - weights[2]).max() > 1e-5


def decodes_itself(n):
    """Reading all of its own answers at once gives the same answers."""
    whole = layers.LSTM(n["U"], return_sequences=True)
    whole.build((None, None, 1))
    whole.set_weights(n["decoder"].get_weights())
    _, *state = n["encoder"](n["X"])
    read = np.stack(n["own"][:-1], axis=1)  # (N, 3, 1)
    answers = n["dense"](whole(read, initial_state=state))
    return len(n["own"]) == 4 and equal((answers, np.stack(n["own"][1:], axis=1)))


def masks_by_length(n):
    """A padded row is answered as the row alone, and `fit` has moved the weights."""
    model, lengths = n["model"], n["lengths"]
    out = model.predict([n["X"], n["real"]], verbose=0)
    lstm, dense = model.layers[-2:]
    alone = [
        dense(lstm(row[None, :steps].astype("float32")))[0]
        for row, steps in zip(n["X"], lengths, strict=True)
    ]
    return equal((out, alone)) and len(set(lengths)) > 2 and model.optimizer.iterations == 1


def reads_words(n):
    """Codes as the comments say, and the padding skipped."""
    codes, words = np.array(n["codes"]), n["to_codes"].get_vocabulary()
    known = [[words[code] for code in row] for row in codes]
    return (
        known == [["the", "[UNK]", "sat", "", ""], ["ran", "", "", "", ""]]
        and codes[0, 1] == 1
        and n["V"] == len(words)
        and codes[1, 1:].tolist() == [0, 0, 0, 0]
    )


def continues_each_lane(n):
    """Row i of each batch continues row i, from training into validation; targets come next."""
    X, y, table = n["X"], n["y"], n["table"]
    stretch = 9 * n["T"]
    for lane in range(n["B"]):
        rows = table[lane * stretch : (lane + 1) * stretch]
        after = table[lane * stretch + 1 :][n["T"] - 1 : stretch : n["T"], : n["k"]]
        if not equal((X[lane :: n["B"]].reshape(-1, n["F"]), rows), (y[lane :: n["B"]], after)):
            return False
    code = PATTERNS["Lanes with targets; validation continues each lane"]
    first = code.index("reset_states()") < code.index("model.fit")
    return equal((n["val"][0], X[7 * n["B"] :])) and len(n["val"][0]) == 2 * n["B"] and first


def warmed_up(n):
    """The last answer is that of one call over the whole table."""
    once = stateful_with(n, 1)
    return equal((once.predict(n["table"][None], batch_size=1, verbose=0), n["out"]))


def stateful_with(n, rows):
    """Return a fresh stateful model with the weights of the pattern's."""
    model = n["stateful_model"](rows)
    model.set_weights(n["model"].get_weights())
    return model


def cut_is_a_cut(n):
    """The values are those of one call; no gradient reaches the first piece."""
    x = tf.constant(n["X"], "float32")
    layer = n["layer"]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        _, *state = layer(x[:, :3])
        through = tf.reduce_sum(layer(x[:, 3:], initial_state=state)[0])
        state = [keras.ops.stop_gradient(part) for part in state]
        cut = tf.reduce_sum(layer(x[:, 3:], initial_state=state)[0])
    moved = [np.abs(tape.gradient(end, x)).max(axis=(0, 2)) > 0 for end in (through, cut)]
    return (
        equal((n["out"], layer(x)[0]))
        and moved[0].all()
        and moved[1].tolist() == [False] * 3 + [True] * 2
    )


def writes_what_it_read(n):
    """What was read is what comes back after a reset; the nested layer is reached."""
    [kept] = n["kept"].values()
    lstm = n["inner"].layers[0]
    lstm.reset_states()
    n["write_states"](n["model"], n["kept"])
    return np.any(kept) and equal(*zip(lstm.states, kept, strict=True))


def streams(n):
    """The model of one step, in two pieces, gives what the whole sequence gives."""
    start = np.zeros((n["N"], n["U"]))
    _, *state = n["step"].predict_on_batch([n["X"][:, :2], start, start])
    y, *state = n["step"].predict_on_batch([n["X"][:, 2:], *state])
    return equal((y, n["whole"].predict_on_batch(n["X"]))) and len(state) == 2


STATEFUL = "Stateful `fit`, with a reset before every epoch"
BY_HAND = "The same by hand, without `utils`"
# What holds after each pattern, besides the shapes in its comments; None: no more than those
CHECKS = {
    "Windows of a series: (N, T, 1)": lambda n: (
        equal((n["X"][3, :, 0], n["series"][3:8]), (n["y"][3], n["series"][8]))
    ),
    "Windows of a table, rows over time": lambda n: equal(
        *((n["X"][3], n["table"][3:8]), (n["y"][3], n["table"][8, 0])),
        *((n["X"][-1], n["table"][-6:-1]), (n["y"][-1], n["table"][-1, 0])),
    ),
    "One value, H steps ahead: the horizon": lambda n: equal(
        *((n["X"][3], n["table"][3:8]), (n["y"][3], n["table"][13, 0])),
        *((n["X"][-1], n["table"][-11:-6]), (n["y"][-1], n["table"][-1, 0])),
    ),
    "Axes in another order: transpose, not reshape": lambda n: (
        equal((n["one"], n["X"]), (n["two"], n["X"]))
    ),
    "Many to one": None,
    "Many to many: one output per step": None,
    "Stacked: all but the last return sequences": lambda n: (
        [part.output.shape[1:] for part in n["model"].layers] == [(5, 8), (8,), (2,)]
    ),
    "The next H steps of all features": None,
    "Encoder and decoder: the decoder's own loop": decodes_itself,
    "Classes: integers, or one-hot": lambda n: equal((n["a"], n["b"])),
    "Different lengths: pad and mask": lambda n: equal(
        *((n["model"].layers[1](row[np.newaxis].astype("float32"))[0], out)
          for row, out in zip(n["rows"], n["out"], strict=True))
    ),
    "Codes of letters or words: 0 is padding": lambda n: equal(
        (n["codes"], [[1, 2, 0, 0, 0], [3, 1, 2, 0, 0]]),
        *((n["model"].layers[1](n["model"].layers[0](np.array([codes])))[0], out)
          for codes, out in zip([[1, 2], [3, 1, 2]], n["out"], strict=True)),
    ),
    "A mask from the lengths, also in `fit`": masks_by_length,
    "Sentences to codes": reads_words,
    "A film: a picture at each step": lambda n: equal((n["alone"][0], n["out"][0])),
    "Several inputs by name: a number beside a series": lambda n: (
        n["model"].optimizer.iterations == 1
        and equal(
            (
                n["model"].predict(n["data"], verbose=0),
                n["model"].predict([n["X"], n["data"]["fixed"]], verbose=0),
            )
        )
    ),
    "An answer from all steps: attention": lambda n: equal(
        (n["out"][3], np.asarray(n["weight"])[3, :, 0] @ np.asarray(n["h"])[3]),
        (np.sum(n["weight"], axis=1), 1),
    ),
    STATEFUL: lambda n: same_with_and_without_utils(),
    BY_HAND: lambda n: "model" in n,
    "One long series in lanes, for a stateful model": lambda n: (
        equal((n["X"], lanes(n["table"], length=n["T"], batch_size=n["B"]).X))
    ),
    "Lanes with targets; validation continues each lane": continues_each_lane,
    "A new sequence in one row: reset that row alone": lambda n: all(
        np.asarray(state).any(axis=1).tolist() == [True, False, True, True]
        for state in n["model"].layers[0].states
    ),
    "Predict with a different batch size: same weights, new model": lambda n: (
        equal((n["out"], n["trained"].predict(n["X"][:4], batch_size=4, verbose=0)[:1]))
    ),
    "Warm-up on the past, then one value at a time": warmed_up,
    "State you hold yourself": lambda n: equal((n["out"], n["whole"])),
    "A mask beside a state that you give": lambda n: (
        equal((n["out"], n["short"]))
        and not equal((n["layer"](n["padded"], initial_state=n["state"]), n["short"]))
    ),
    "Cut the gradient between two pieces": cut_is_a_cut,
    "Train on whole sequences, stream with state": streams,
    "Save and load: weights come back, state does not": lambda n: (
        not any(map(np.any, keras.saving.load_model("model.keras").layers[0].states))
        and all(map(np.any, n["kept"]))
        and equal(*zip(n["model"].layers[0].states, n["kept"], strict=True))
    ),
    "A file that a crash cannot leave half written": lambda n: (
        equal((n["state"][0], n["h"]), (n["state"][1], n["c"]))
        and n["read"] == n["T"]
        and not n["os"].path.exists("new.npz")
    ),
    "State of a nested model: read, write": writes_what_it_read,
    "One code for Keras 2 and Keras 3": lambda n: (
        n["model"].input_shape == (4, 5, 3)
        and not any(map(np.any, n["model"].layers[1].states))
        and not hasattr(n["model"], "reset_states")
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", PATTERNS)
def test_pattern(title, tmp_path, monkeypatch):
    assert list(PATTERNS) == list(CHECKS) and TEXT.count("```python") == len(PATTERNS) + 1
    code = PATTERNS[title]
    assert 3 <= sum(map(bool, code.splitlines())) <= 8 and max(map(len, code.splitlines())) <= 64
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    names = {}
    exec(PREAMBLE, names)
    exec(code, names)
    comments = re.findall(SHAPE_COMMENT, code, flags=re.MULTILINE)
    for name, dims in comments:
        assert tuple(names[name].shape) == eval(dims, names), (name, dims)
    assert CHECKS[title](names) if CHECKS[title] else comments
