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


# The page as a text ---------------------------------------------------------------------------


def test_each_axis_has_its_letter_name_and_colour():
    rows = tables()["Axis", "It says"]
    wanted = [
        ("N", "samples", "samples"),
        ("T", "time steps", "time"),
        ("F", "features", "features"),
    ]
    for place, (row, (letter, name, colour)) in enumerate(zip(rows, wanted, strict=True)):
        assert row[0] == str(place)
        assert row[1].startswith(f'<span class="axis-{colour}">{letter}</span>')
        assert row[2] == f'<span class="axis-{colour}">{name}</span>'
        assert f".axis-{colour} " in (ROOT / "_static" / "book.css").read_text(encoding="utf-8")


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
    assert "the order i, f, g, o" in TEXT
    x = data(shape("(B, T, F)"))
    both = layers.Bidirectional(layers.LSTM(7, return_state=True))
    first, *states = both(x)
    for part, direction, found in [
        (both.forward_layer, 1, states[:2]),
        (both.backward_layer, -1, states[2:]),
    ]:
        run = lstm(x[:, ::direction], *part.get_weights())
        np.testing.assert_allclose(found[0], run.h[:, -1], atol=1e-5)
        np.testing.assert_allclose(found[1], run.c[:, -1], atol=1e-5)
    # without return_sequences: the last h
    np.testing.assert_array_equal(first, np.concatenate([states[0], states[2]], axis=1))
    summed = layer("Bidirectional(LSTM(U), merge_mode='sum')")(x)
    assert 'merge_mode="sum"' in TEXT and shapes(summed) == [shape("(B, U)")]


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
NO_TARGETS = np.zeros((2, 1))


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
    y = np.zeros((len(x), 1))
    model.fit(x, y, batch_size=2, shuffle=False, verbose=0, **options)


def other_calls(model, folder):
    fit(model)
    fit(model)
    model.evaluate(ONES, NO_TARGETS, batch_size=2, verbose=0)
    model.predict(ONES, batch_size=2, verbose=0)
    model(ONES)


def new_weights(model, folder):
    model.set_weights(model.get_weights())
    model.save_weights(folder / "m.weights.h5")
    model.load_weights(folder / "m.weights.h5")
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))


def saved(model, folder):
    model.save(folder / "m.keras")
    return keras.saving.load_model(folder / "m.keras")


def exported(model, folder):
    spec = keras.InputSpec(shape=ONES.shape, dtype="float32")
    model.export(folder / "exported", verbose=False, input_signature=[spec])
    loaded = tf.saved_model.load(folder / "exported")
    return lambda x: loaded.serve(x)


# What happens, and how many calls read something in it
EVENTS = {
    "next batch": (lambda m, _: fit(m, np.concatenate([ONES, ONES])), 2),
    "next epoch": (lambda m, _: fit(m, epochs=2), 2),
    "validation inside `fit`, and the epoch after it": (
        lambda m, _: fit(m, epochs=2, validation_data=(ONES, NO_TARGETS)),
        4,
    ),
    "`fit` again, `evaluate`, `predict`, a direct call": (other_calls, 5),
    "`set_weights`, `load_weights`, `compile`": (new_weights, 0),
    "`save`, then `load_model`": (saved, 0),
    "`export`, then load": (exported, 0),
    "`reset_states()` of the layer": (lambda m, _: m.layers[1].reset_states(), 0),
}
RESETS = {row[0]: row[1:] for row in tables()["Event", "Stateful"]}


@pytest.mark.parametrize("stateful", [False, True], ids=["stateless", "stateful"])
@pytest.mark.parametrize("event", EVENTS)
def test_what_an_event_does(event, stateful, tmp_path):
    """The two events inside a call, and rows of +1 beside -1: chapter 8 measures them."""
    assert set(RESETS) == set(EVENTS) | {"next time step", "next sample of the same batch"}
    happens, calls = EVENTS[event]
    model = counting_model(stateful)
    model(ONES)
    after = happens(model, tmp_path) or model
    counted = float(np.array(after(ONES))[0, 0])
    words = {3.0: "zeros", 3.0 * (calls + 2): "goes on"}
    assert words.get(counted, counted) == RESETS[event][stateful]


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


def check_windows(n):
    assert np.array_equal(n["X"][3, :, 0], n["series"][3:8]) and n["y"][3] == n["series"][8]


def check_table(n):
    assert np.array_equal(n["X"][3], n["table"][3:8]) and n["y"][3] == n["table"][8, 0]
    assert np.array_equal(n["X"][-1], n["table"][-6:-1]) and n["y"][-1] == n["table"][-1, 0]


def check_transpose(n):
    assert np.array_equal(n["one"], n["X"]) and np.array_equal(n["two"], n["X"])


def check_stacked(n):
    assert [part.output.shape[1:] for part in n["model"].layers] == [(5, 8), (8,), (2,)]


def check_classes(n):
    assert n["a"] == pytest.approx(n["b"], rel=1e-5)


def check_padded(n):
    masking, recurrent = n["model"].layers
    for row, out in zip(n["rows"], n["out"], strict=True):
        np.testing.assert_allclose(recurrent(row[np.newaxis].astype("float32"))[0], out, atol=1e-5)


def check_codes(n):
    assert n["codes"].tolist() == [[1, 2, 0, 0, 0], [3, 1, 2, 0, 0]]
    embedding, recurrent = n["model"].layers
    for codes, out in zip([[1, 2], [3, 1, 2]], n["out"], strict=True):
        np.testing.assert_allclose(recurrent(embedding(np.array([codes])))[0], out, atol=1e-5)


def check_stateful(n):
    """Callback and loop train the same weights, which differ from those without a reset."""
    weights = {}
    for title in (STATEFUL, BY_HAND, "no reset"):
        keras.utils.set_random_seed(0)
        names = {}
        exec(PREAMBLE, names)
        code = PATTERNS.get(title, PATTERNS[BY_HAND].replace("model.layers[0].reset_states()", "0"))
        exec(code, names)
        weights[title] = names["model"].get_weights()
    callback, loop, without = (np.concatenate([w.ravel() for w in ws]) for ws in weights.values())
    np.testing.assert_allclose(callback, loop, atol=1e-6)
    assert np.abs(callback - without).max() > 1e-5


def check_lanes(n):
    assert np.array_equal(n["X"], lanes(n["table"], length=n["T"], batch_size=n["B"]).X)
    B, T = n["B"], n["T"]
    for row in range(B):  # row i of the batches, one after the other, is lane i
        lane = n["X"][row::B].reshape(-1, n["F"])
        assert np.array_equal(lane, n["table"][row * len(lane) : (row + 1) * len(lane)])
    assert len(n["X"]) % B == 0 and T == n["X"].shape[1]


def check_other_batch_size(n):
    four = n["trained"].predict(n["X"][:4], batch_size=4, verbose=0)
    np.testing.assert_allclose(n["out"], four[:1], atol=1e-6)


def check_own_state(n):
    np.testing.assert_allclose(n["out"], n["whole"], atol=1e-6)


def check_one_row(n):
    for state in n["model"].layers[0].states:
        assert np.asarray(state).any(axis=1).tolist() == [True, False, True, True]


def check_streaming(n):
    start = np.zeros((n["N"], n["U"]))
    y, *state = n["step"].predict_on_batch([n["X"][:, :2], start, start])
    y, *state = n["step"].predict_on_batch([n["X"][:, 2:], *state])
    np.testing.assert_allclose(y, n["whole"].predict_on_batch(n["X"]), atol=1e-5)
    assert shapes(state) == [(n["N"], n["U"])] * 2


def check_saved(n):
    loaded = keras.saving.load_model("model.keras")
    assert not any(np.any(state) for state in loaded.layers[0].states)
    assert all(np.any(value) for value in n["kept"])
    np.testing.assert_array_equal(loaded.get_weights()[0], n["model"].get_weights()[0])
    for state, value in zip(n["model"].layers[0].states, n["kept"], strict=True):
        np.testing.assert_array_equal(state, value)


def check_shapes_only(n):
    """The comments say all there is to check."""


STATEFUL = "Stateful `fit`, with a reset before every epoch"
BY_HAND = "The same by hand, without `utils`"
CHECKS = {
    "Windows of a series: (N, T, 1)": check_windows,
    "Windows of a table, rows over time": check_table,
    "Axes in another order: transpose, not reshape": check_transpose,
    "Many to one": check_shapes_only,
    "Many to many: one output per step": check_shapes_only,
    "Stacked: all but the last return sequences": check_stacked,
    "The next H steps of all features": check_shapes_only,
    "Classes: integers, or one-hot": check_classes,
    "Different lengths: pad and mask": check_padded,
    "Codes of letters or words: 0 is padding": check_codes,
    STATEFUL: check_stateful,
    BY_HAND: check_shapes_only,
    "One long series in lanes, for a stateful model": check_lanes,
    "A new sequence in one row: reset that row alone": check_one_row,
    "Predict with another batch size: same weights, new model": check_other_batch_size,
    "State you hold yourself": check_own_state,
    "Train on whole sequences, stream with state": check_streaming,
    "Save and load: weights come back, state does not": check_saved,
}


def test_every_pattern_is_run():
    assert list(PATTERNS) == list(CHECKS)
    assert TEXT.count("```python") == len(PATTERNS) + 1
    for title, code in PATTERNS.items():
        lines = [line for line in code.splitlines() if line.strip()]
        assert 3 <= len(lines) <= 7, title
        assert max(map(len, code.splitlines())) <= 64, title


@pytest.mark.parametrize("title", PATTERNS)
def test_pattern(title, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keras.utils.set_random_seed(0)
    names = {}
    exec(PREAMBLE, names)
    exec(PATTERNS[title], names)
    comments = re.findall(SHAPE_COMMENT, PATTERNS[title], flags=re.MULTILINE)
    for name, dims in comments:
        assert tuple(names[name].shape) == eval(dims, names), (name, dims)
    assert comments or CHECKS[title] is not check_shapes_only or title == BY_HAND
    CHECKS[title](names)
