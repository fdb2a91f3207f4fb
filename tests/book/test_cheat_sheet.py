"""The cheat sheet: its shapes and formulas computed, its events measured, its code run."""

import re

import keras
import nbformat
import numpy as np
import pytest
import rules
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


def test_language():
    assert rules.language(TEXT, FILE.name) == []


def test_links():
    def headings_of(path):
        if path.suffix == ".ipynb":
            text = rules.markdown(nbformat.read(path, as_version=4))
        else:
            text = path.read_text(encoding="utf-8")
        return [title for _, title in rules.headings(text)]

    assert rules.broken_links(TEXT, FILE, ROOT, headings_of) == []
    assert len(rules.links(TEXT)) > 10


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


def test_order_of_the_states():
    x = data(shape("(B, T, F)"))
    one = layers.LSTM(7, return_state=True)
    first, h, c = one(x)
    run = lstm(x, *one.get_weights())
    np.testing.assert_array_equal(first, h)  # without return_sequences: the last h
    np.testing.assert_allclose(h, run.h[:, -1], atol=1e-5)
    np.testing.assert_allclose(c, run.c[:, -1], atol=1e-5)
    both = layers.Bidirectional(layers.LSTM(7, return_state=True))
    _, *states = both(x)
    for part, direction, found in [
        (both.forward_layer, 1, states[:2]),
        (both.backward_layer, -1, states[2:]),
    ]:
        run = lstm(x[:, ::direction], *part.get_weights())
        np.testing.assert_allclose(found[0], run.h[:, -1], atol=1e-5)
        np.testing.assert_allclose(found[1], run.c[:, -1], atol=1e-5)
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


def test_blocks_of_an_lstm():
    assert "the order i, f, g, o" in TEXT
    x = data(shape("(B, T, F)"))
    one = layers.LSTM(7)
    one(x)
    weights = [RANDOM.normal(size=w.shape).astype("float32") for w in one.get_weights()]
    one.set_weights(weights)
    np.testing.assert_allclose(one(x), lstm(x, *weights).h[:, -1], atol=1e-5)


# What resets the state --------------------------------------------------------------------------

NOTES = []  # every batch that passed through a layer Note, in this order


@keras.saving.register_keras_serializable("cheat sheet")
class Note(layers.Layer):
    """Passes its input on, and notes it."""

    def call(self, inputs):
        if isinstance(inputs, tf.Tensor) and hasattr(inputs, "numpy"):
            NOTES.append(inputs.numpy().copy())
        return inputs


STEPS = 3
UP = np.ones((1, STEPS, 1), "float32")
TWO = np.concatenate([UP, -UP])  # one batch: row 0 counts up, row 1 down
ONE_CALL = TWO.sum(axis=1)  # what one call adds: (2, 1)


def counting_model(stateful):
    """An LSTM of one unit that adds up its input of 1 and -1, and returns c."""
    inputs = keras.Input(batch_shape=(2, STEPS, 1))
    counter = layers.LSTM(1, stateful=stateful, return_state=True)
    model = keras.Model(inputs, Note()(counter(inputs)[2]))
    # Gates i, f and o are open: sigmoid(20) is 1 in 32 bits, and so is tanh(20).
    counter.set_weights([np.array([[0, 0, 20, 0]]), np.zeros((1, 4)), np.array([20, 20, 0, 20])])
    compile_model(model)
    NOTES.clear()
    return model


def compile_model(model):
    """Compile with a learning rate of 0: only the state can change."""
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0), run_eagerly=True)


def word(before, ends):
    """Say what each of some calls started from, in the words of the table."""
    starts = np.array(ends) - ONE_CALL
    if not starts.any():
        return "zeros"
    if np.array_equal(starts, [before, *ends[:-1]]):
        return "goes on"
    return "something else"


def after(event, stateful, tmp_path):
    """Run a model once, then the event; return the word for the calls that follow."""
    model = counting_model(stateful)
    model.predict(TWO, batch_size=2, verbose=0)
    before = NOTES[-1]
    NOTES.clear()
    ends = event(model, tmp_path)
    return word(before, ends or NOTES)


def predict(model):
    model.predict(TWO, batch_size=2, verbose=0)


def fit(model, x=TWO, **options):
    model.fit(x, np.zeros((len(x), 1)), batch_size=2, shuffle=False, verbose=0, **options)


def two_batches(model, folder):
    fit(model, np.concatenate([TWO, TWO]))
    assert len(NOTES) == 2


def two_epochs(model, folder):
    fit(model, epochs=2)
    assert len(NOTES) == 2


def validation(model, folder):
    fit(model, epochs=2, validation_data=(TWO, np.zeros((2, 1))))
    assert len(NOTES) == 4


def other_calls(model, folder):
    fit(model)
    fit(model)
    model.evaluate(TWO, np.zeros((2, 1)), batch_size=2, verbose=0)
    predict(model)
    model(TWO)
    assert len(NOTES) == 5


def new_weights(model, folder):
    model.set_weights(model.get_weights())
    predict(model)
    model.save_weights(folder / "m.weights.h5")
    model.load_weights(folder / "m.weights.h5")
    predict(model)
    compile_model(model)
    predict(model)
    assert len(NOTES) == 3


def saved(model, folder):
    model.save(folder / "m.keras")
    predict(keras.saving.load_model(folder / "m.keras"))


def exported(model, folder):
    spec = keras.InputSpec(shape=TWO.shape, dtype="float32")
    model.export(folder / "exported", verbose=False, input_signature=[spec])
    loaded = tf.saved_model.load(folder / "exported")
    return [np.array(loaded.serve(TWO))]


def reset(model, folder):
    model.layers[1].reset_states()  # a stateless layer has nothing to reset, and raises nothing
    predict(model)


EVENTS = {
    "next batch": two_batches,
    "next epoch": two_epochs,
    "validation inside `fit`, and the epoch after it": validation,
    "`fit` again, `evaluate`, `predict`, a direct call": other_calls,
    "`set_weights`, `load_weights`, `compile`": new_weights,
    "`save`, then `load_model`": saved,
    "`export`, then load": exported,
    "`reset_states()` of the layer": reset,
}
RESETS = {row[0]: row[1:] for row in tables()["Event", "Stateful"]}


def test_every_event_is_measured():
    others = {"next time step", "next sample of the same batch"}
    assert set(RESETS) == set(EVENTS) | others


@pytest.mark.parametrize("stateful", [False, True], ids=["stateless", "stateful"])
@pytest.mark.parametrize("event", EVENTS)
def test_what_an_event_does(event, stateful, tmp_path):
    assert after(EVENTS[event], stateful, tmp_path) == RESETS[event][stateful]


@pytest.mark.parametrize("stateful", [False, True], ids=["stateless", "stateful"])
def test_what_happens_inside_a_call(stateful):
    model = counting_model(stateful)
    predict(model)
    # Three steps of 1 make 3: each step went on from the one before.
    assert NOTES[0].ravel().tolist() == [3, -3]
    assert RESETS["next time step"][stateful] == "goes on"
    predict(model)
    start = (NOTES[1] - ONE_CALL).ravel()
    assert start[1] != NOTES[0][0, 0], "row 1 goes on from row 0"
    found = "its own row" if start[1] == NOTES[0][1, 0] else "zeros"
    assert found == RESETS["next sample of the same batch"][stateful]


def test_the_measurement_would_notice_a_reset():
    assert word(ONE_CALL, [ONE_CALL]) == "zeros"
    assert word(ONE_CALL, [2 * ONE_CALL, 3 * ONE_CALL]) == "goes on"
    assert word(ONE_CALL, [2 * ONE_CALL, ONE_CALL]) == "something else"


# Traps ------------------------------------------------------------------------------------------


def built_stateful(batch_size, *middle):
    inputs = keras.Input(batch_shape=(batch_size, None, 3))
    return keras.Sequential([inputs, *middle, layers.LSTM(7, stateful=True)])


def trap_reshape():
    x = data((13, 3, 5))  # (N, F, T)
    scrambled, right = x.reshape(13, 5, 3), x.transpose(0, 2, 1)
    assert scrambled.shape == right.shape and not np.array_equal(scrambled, right)
    assert np.isfinite(layers.LSTM(7)(scrambled)).all()


def trap_one_step():
    one = layers.LSTM(7)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(one(data((13, 1, 5))) ** 2)
    kernel, recurrent_kernel, _ = tape.gradient(loss, one.trainable_variables)
    assert np.any(kernel) and not np.any(recurrent_kernel)


def trap_one_target():
    model = keras.Sequential([keras.Input((5, 3)), layers.LSTM(7), layers.Dense(1)])
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))
    x, y = data((13, 5, 3)), data((13, 5, 1))
    out = model.predict(x, verbose=0)  # (N, 1)
    loss = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(np.mean((out[:, np.newaxis] - y) ** 2), rel=1e-4)


def trap_masked_zeros():
    x = data((1, 4, 3))
    x[:, 2] = 0
    one = layers.LSTM(7)
    masked = one(layers.Masking(0.0)(x))
    np.testing.assert_allclose(masked, one(x[:, [0, 1, 3]]), atol=1e-6)
    assert np.abs(masked - one(x)).max() > 1e-3
    x[:, 2, 0] = 0.1  # one feature that is not 0, and the step counts
    np.testing.assert_allclose(one(layers.Masking(0.0)(x)), one(x), atol=1e-6)


def trap_zero_padding():
    x = data((1, 4, 3))
    one = layers.LSTM(7)
    padded = np.concatenate([x, np.zeros((1, 2, 3), "float32")], axis=1)
    assert np.abs(one(padded) - one(x)).max() > 1e-3


def trap_shuffle():
    inputs = keras.Input(batch_shape=(1, 1, 1))
    model = keras.Model(inputs, layers.LSTM(1, stateful=True)(Note()(inputs)))
    model.compile(loss="mse", optimizer="sgd", run_eagerly=True)
    keras.utils.set_random_seed(0)
    order = np.arange(12.0).reshape(12, 1, 1)
    for options, kept in [({}, False), ({"shuffle": False}, True)]:
        NOTES.clear()
        model.fit(order, np.zeros((12, 1)), batch_size=1, verbose=0, **options)
        arrived = [note.item() for note in NOTES]
        assert sorted(arrived) == order.ravel().tolist()
        assert (arrived == sorted(arrived)) == kept


def trap_no_reset():
    model = counting_model(stateful=True)
    validation(model, None)
    assert [note[0, 0] for note in NOTES] == [3, 6, 9, 12]


def trap_one_row_left():
    assert built_stateful(4).predict(data((5, 2, 3)), batch_size=4, verbose=0).shape == (8, 7)


def trap_overlapping():
    series = data((1, 8, 3))
    model = built_stateful(1)
    for start in range(6):
        out = model(series[:, start : start + 3])
    model.layers[0].reset_states()
    assert np.abs(out - model(series)).max() > 1e-3


def trap_nested():
    inside = built_stateful(2)
    model = keras.Sequential([keras.Input(batch_shape=(2, None, 3)), inside])
    model(data((2, 4, 3)))
    for part in model.layers:
        if isinstance(part, layers.RNN):
            part.reset_states()
    assert np.any(inside.layers[0].states[0])


def trap_swapped_states():
    one, x = layers.LSTM(7, return_state=True), data((2, 4, 3))
    _, h, c = one(x)
    right, wrong = (one(x, initial_state=pair)[0] for pair in ([h, c], [c, h]))
    assert np.abs(right - wrong).max() > 1e-3


def trap_last_of_both():
    x = data((2, 4, 3))
    every = layers.Bidirectional(layers.LSTM(7, return_sequences=True))
    backward_half = every(x)[:, -1, 7:]
    run = lstm(x[:, -1:], *every.backward_layer.get_weights())  # the last step alone
    np.testing.assert_allclose(backward_half, run.h[:, 0], atol=1e-6)
    last = layers.Bidirectional(layers.LSTM(7))
    last(x)
    last.set_weights(every.get_weights())
    assert np.abs(last(x)[:, 7:] - backward_half).max() > 1e-3


TRAPS = {
    "`reshape` for `transpose`": trap_reshape,
    "`(N, 1, T)`": trap_one_step,
    "One target, T outputs": trap_one_target,
    "`Masking(0.0)` on real zeros": trap_masked_zeros,
    "Zero padding without a mask": trap_zero_padding,
    "`fit` shuffles a stateful model": trap_shuffle,
    "`fit` never resets": trap_no_reset,
    "One row left over": trap_one_row_left,
    "Overlapping windows, stateful": trap_overlapping,
    "`model.layers` hides nested layers": trap_nested,
    "`[c, h]` for `[h, c]`": trap_swapped_states,
    "Bidirectional `[:, -1]`": trap_last_of_both,
}


def test_every_trap_is_tried():
    section = TEXT.partition("## Traps")[2].partition("## Patterns")[0]
    assert re.findall(r"^- \*\*(.+?)\*\*", section, flags=re.MULTILINE) == list(TRAPS)


@pytest.mark.parametrize("trap", TRAPS)
def test_trap_raises_nothing_and_does_what_the_page_says(trap):
    TRAPS[trap]()


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
