"""`explain`: a table of data, models and labels, each with the right verdict, words and fix.

Every fix is executed, and Keras must run what comes of it. What holds of all data and models is in
test_shapes_drawn.py.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import utils.shapes
from utils.shapes import as_samples, explain

zeros = np.zeros
INPUT = keras.Input((3, 1))
LSTM = kl.LSTM


def sequential(*layers, loss=None, **options):
    front = [keras.Input(**options)] if options else []
    model = keras.Sequential([*front, *layers])
    if loss:
        model.compile(loss=loss)
    return model


def functional(*layers, loss=None, **options):
    out = inputs = keras.Input(**options)
    for layer in layers:
        out = layer(out)
    model = keras.Model(inputs, out)
    if loss:
        model.compile(loss=loss)
    return model


def used(layer, shape):
    layer(zeros(shape, "float32"))
    return layer


def stateful(batch_size, steps=None, loss=None):
    shape = (batch_size, steps, 1)
    return sequential(LSTM(2, stateful=True), kl.Dense(1), batch_shape=shape, loss=loss)


class Own(keras.Model):
    """Neither an Input nor a configuration: it cannot be copied."""

    def __init__(self):
        super().__init__()
        self.first, self.lstm = kl.Dense(8), LSTM(4)

    def call(self, x):
        return self.lstm(self.first(x))


class Batches(keras.utils.PyDataset):
    def __init__(self, x, y=None):
        super().__init__()
        self.batches = list(batches(x, y))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


class Frame:
    """Stands in for a DataFrame of pandas or polars."""

    def __init__(self, **columns):
        self.data = {name: np.array(column) for name, column in columns.items()}
        self.columns = list(columns)

    def __getitem__(self, key):
        if isinstance(key, str):
            return self.data[key]
        return Frame(**{name: self.data[name] for name in key})

    def to_numpy(self):
        return np.column_stack([self.data[name] for name in self.columns])


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])


def batches(x, y=None):
    for start in range(0, max(len(x), 1), 4):
        part = slice(start, start + 4)
        yield x[part] if y is None else (x[part], y[part])


def two_inputs(shape=(5, 3)):
    a, b = keras.Input(shape, name="a"), keras.Input((2,), name="b")
    return keras.Model([a, b], kl.Dense(1)(kl.Concatenate()([LSTM(2)(a), b])))


def failed():
    model = sequential(LSTM(3), LSTM(3))
    with pytest.raises(ValueError):
        model.predict(zeros((4, 10, 2)), verbose=0)
    return model


def video():
    body = sequential(kl.Conv2D(2, 3), kl.Flatten())
    return sequential(kl.TimeDistributed(body), LSTM(4), shape=(None, 8, 8, 1))


def answers(steps, loss="mse"):
    parts = [LSTM(4), kl.RepeatVector(steps), LSTM(4, return_sequences=True), kl.Dense(3)]
    return sequential(*parts, shape=(6, 3), loss=loss)


def classifier(loss, units=5, every_step=False, activation="softmax"):
    lstm = LSTM(4, return_sequences=every_step)
    return sequential(lstm, kl.Dense(units, activation), shape=(3, 1), loss=loss)


def masked(layer, values):
    return np.array(values, "float32"), sequential(layer, LSTM(2), shape=(None, 1))


DAYS = np.arange("2026-01-01", "2026-01-21", dtype="M8[D]")
FRAME = Frame(pressure=zeros(20), wind=zeros(20))
DATED = Frame(day=DAYS, pressure=zeros(20), wind=zeros(20))
MASKED = np.ma.masked_equal([[[1.0], [-999.0]]] * 4, -999.0)
STRUCTURED = zeros(20, [("t", "M8[s]"), ("a", "f4"), ("b", "f4")])
RAGGED = [zeros((2, 1)), zeros((3, 1)), zeros((2, 1))]


# name: (what makes the arguments, words that are said, words that are not said)
# fmt: off
FITS = {
    "open shape": lambda: ((None, None, 2), sequential(LSTM(2), shape=(None, 2))),
    "tensor's shape": lambda: (tf.TensorShape((4, 3, 1)), LSTM(2)),
    "Input as data": lambda: (keras.Input((3, 1)), LSTM(2)),
    "no model": lambda: (zeros((4, 3, 1)),),
    "expected Input": lambda: (zeros((4, 3, 1)), INPUT),
    "dataset of whole batches": lambda: (dataset(zeros((8, 3, 1))).batch(4), stateful(4)),
    "two inputs": lambda: ([zeros((4, 5, 3)), zeros((4, 2))], two_inputs()),
    "bare layer, any length": lambda: (zeros((4, 7, 1)), used(LSTM(2), (2, 3, 1))),
    "cell": lambda: (zeros((4, 7, 1)), kl.RNN([kl.LSTMCell(2), kl.GRUCell(3)])),
    "Bidirectional": lambda: (zeros((4, 7, 1)), kl.Bidirectional(LSTM(2))),
    "ConvLSTM": lambda: (zeros((2, 3, 8, 8, 1)), kl.ConvLSTM2D(2, 3)),
    "TimeDistributed": lambda: (zeros((2, 3, 8, 8, 1)), video()),
    "flattened per step": lambda: (zeros((2, 5, 8, 8, 1)), [kl.TimeDistributed(kl.Flatten()),
        LSTM(3)]),
    "codes": lambda: (zeros((4, 3), int), sequential(kl.Embedding(5, 2), LSTM(2), shape=(3,))),
    "subclassed, layer in front": lambda: (zeros((4, 9, 2)), used(Own(), (2, 10, 2))),
    "nested": lambda: (zeros((4, 3, 1)), sequential(sequential(LSTM(2), shape=(3, 1)), kl.Dense(1),
        shape=(3, 1))),
    "integers as classes": lambda: (zeros((4, 3, 1)), classifier('sparse_categorical_crossentropy'),
        np.arange(4)),
    "loss object": lambda: (zeros((4, 3, 1)),
        classifier(keras.losses.CategoricalCrossentropy(label_smoothing=0.1)), zeros((4, 5))),
    "no loss": lambda: (zeros((4, 3, 1)), sequential(LSTM(2), shape=(3, 1)), zeros((4, 2))),
    "Keras adds the channels": lambda: (zeros((2, 5, 8, 8)), video()),
    "Keras adds the axis": lambda: (zeros((4, 3)), sequential(LSTM(2), shape=(3, 1))),
    "padding under a mask": lambda: masked(kl.Masking(), [[[1], [2], [0]], [[1], [0], [0]]]),
}

TWO_AXES = 'x = x[..., np.newaxis]  # x: (25, 3, 1)'
FAULTS = {
    "two axes": (lambda: (zeros((25, 3)), LSTM(4)), [TWO_AXES, '(1, 25, 3)', 'one moment']),
    "two axes, no model": (lambda: (zeros((25, 3)),), [TWO_AXES, '2 axes']),
    "one axis": (lambda: (zeros(25), LSTM(4)), ['1 axis', '(1, 25, 1)', 'sliding_window_view']),
    "columns are features": (lambda: (zeros((25, 3)), functional(LSTM(4), shape=(5, 3))),
        ['sliding_window_view(x, 5, axis=0)', '(21, 5, 3)'], ['x[..., np.newaxis]']),
    "exchanged": (lambda: (zeros((25, 1, 3)), sequential(LSTM(4), kl.Dense(1), shape=(3, 1))),
        ['np.transpose(x, (0, 2, 1))  # x: (25, 3, 1)', 'expects (None, 3, 1)'], ['reshape']),
    "features": (lambda: (zeros((25, 3, 2)), sequential(LSTM(4), shape=(3, 1))),
        ['one row per feature', 'keras.Input((3, 2))'], ['Select']),
    "time steps": (lambda: (zeros((25, 6, 1)), functional(LSTM(4), shape=(3, 1))),
        ['keras.Input((None, 1))', 'clone_model']),
    "samples in Input": (lambda: (zeros((25, 3, 1)), keras.Input((25, 3, 1))),
        ['model = keras.Input((3, 1))']),
    "one video": (lambda: (zeros((5, 8, 8, 1)), video()), ['x[np.newaxis]'],
        ['x[..., np.newaxis]']),
    "stack": (lambda: (zeros((4, 3, 1)), [INPUT, LSTM(4), LSTM(4)]), ['Layer 2, LSTM', '4)']),
    "stack after a failed predict": (lambda: (zeros((4, 10, 2)), failed()),
        ['keras.layers.LSTM(3, return_sequences=True)']),
    "stack of Bidirectional": (lambda: (zeros((4, 3, 1)), [kl.Bidirectional(LSTM(4)), LSTM(4)]),
        ['keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True))']),
    "pictures into an LSTM": (lambda: (zeros((2, 5, 8, 8, 1)), [kl.TimeDistributed(kl.Conv2D(2, 3)),
        LSTM(3)]), ['TimeDistributed(keras.layers.Flatten())']),
    "one array for two inputs": (lambda: (zeros((3, 9, 9)), two_inputs()), ['2 inputs']),
    "stateful without batch size": (lambda: (zeros((4, 10, 2)), sequential(LSTM(3, stateful=True),
        kl.Dense(1), loss='mse'), zeros((4, 1))), ['keras.Input(batch_shape=(4, 10, 2))']),
    "remainder and other steps": (lambda: (zeros((757, 50, 5)), sequential(LSTM(4, stateful=True),
        batch_shape=(25, 1, 5))), ['batch_shape=(25, None, 5)', '7 rows', 'x = x[:750]'],
        ['Input((None, 5))']),
    "remainder with labels": (lambda: (zeros((10, 3, 1)), stateful(4, loss='mse'), zeros(10)),
        ['2 rows', 'x = x[:8]', 'y = y[:8]']),
    "fewer samples than a batch": (lambda: (zeros((3, 3, 1)), stateful(4)),
        ['batch_shape=(3, None, 1)']),
    "empty dataset": (lambda: (dataset(zeros((0, 3, 1))).batch(4), LSTM(2)), ['gives no batch']),
    "dataset without features": (lambda: (dataset(zeros((40, 5)), zeros(40)).batch(4),
        sequential(LSTM(2), shape=(None, 5))), ['x.map(lambda x, y: (x[:, np.newaxis], y))',
        'unbatch().batch(10'], ['one sample at a time', '.batch(32)']),
    "generator, exchanged": (lambda: (batches(zeros((8, 2, 3)), zeros(8)), sequential(LSTM(2),
        shape=(3, 2))), ['x = ((np.transpose(x, (0, 2, 1)), y) for x, y in x)']),
    "table": (lambda: (FRAME, sequential(LSTM(2), shape=(None, 2))),
        ['x = x.to_numpy()[np.newaxis]  # x: (1, 20, 2)'], ['one sequence']),
    "table with a date": (lambda: (DATED, sequential(LSTM(2), shape=(5, 2))),
        ['no plain numbers: day', "x = x[['pressure', 'wind']]", 'sliding_window_view',
        '(16, 5, 2)'], ['each row is one sequence']),
    "structured": (lambda: (STRUCTURED, sequential(LSTM(2), shape=(None, 2))),
        ["np.stack([x['a'], x['b']], axis=-1)", 'x = x[np.newaxis]']),
    "dict": (lambda: ({'x': zeros((4, 3, 1)), 'y': zeros(4)}, LSTM(2)), ["x = x['x']"]),
    "list of samples": (lambda: ([zeros((3, 1))] * 4, functional(LSTM(2), shape=(3, 1))),
        ['x = np.stack(x)']),
    "list of samples, labels of another length": (lambda: ([zeros((3, 1))] * 4, classifier('mse',
        1), zeros(4)), ['x = np.stack(x)']),
    "inputs and labels in a list": (lambda: ([zeros((4, 3, 1)), zeros((4, 1))], LSTM(2)),
        ['x, y = x'], ['pad_sequences']),
    "ragged": (lambda: (RAGGED, LSTM(2)), ['unequal length: 2, 3', 'pad_sequences', 'Masking']),
    "ragged tensor": (lambda: (tf.ragged.constant([[[1.0]], [[1.0], [2.0]]], ragged_rank=1),
        LSTM(2)), ['x = x.to_tensor()']),
    "letters": (lambda: (np.full((2, 3, 1), 'A'), LSTM(2)), ['one per letter'], ['Fix:\n']),
    "no layer": (lambda: (zeros((4, 3, 1)), 'LSTM'), ['model is str', 'leave model out']),
    "horizon": (lambda: (zeros((8, 6, 3)), answers(2), zeros((8, 4, 3))), ['RepeatVector(4)']),
    "one label, five units": (lambda: (zeros((8, 3, 1)), classifier('mse', 5, False, None),
        zeros(8)), ['keras.layers.Dense(1)', 'sparse_categorical_crossentropy'], ['into shape']),
    "labels missing": (lambda: (zeros((25, 3, 1)), classifier('mse'), zeros((24, 5))),
        ['25 samples and y has 24', 'L - T + 1', 'x = x[:24]', 'x = x[-24:]']),
    "integers, categorical": (lambda: (zeros((5, 3, 1)), classifier('categorical_crossentropy'),
        zeros(5, int)), ['to_categorical(y, 5)', 'sparse_categorical_crossentropy']),
    "one label, an answer for every step": (lambda: (zeros((5, 3, 1)),
        classifier('sparse_categorical_crossentropy', every_step=True), zeros(5, int)),
        ['an answer for every time step', 'return_sequences=False']),
    "codes too high": (lambda: (np.full((4, 3), 7), sequential(kl.Embedding(5, 2), LSTM(2),
        shape=(3,))), ['codes 0 to 4', 'keras.layers.Embedding(8, 2)']),
    "a single label": (lambda: (zeros((4, 3, 1)), classifier('mse'), 5), ['a single number']),
}

SILENT = {
    "remainder of one row": (lambda: (zeros((5, 3, 1)), stateful(4)), ['1 row', 'broadcast',
        '21183', 'x = x[:4]']),
    "remainder of a dataset": (lambda: (dataset(zeros((9, 3, 1))).batch(4), stateful(4)), ['1 row',
        'drop_remainder=True']),
    "shuffled dataset": (lambda: (dataset(zeros((8, 3, 1))).shuffle(8).batch(4,
        drop_remainder=True), stateful(4)), ['shuffled']),
    "labels are stretched": (lambda: (zeros((5, 3, 1)), classifier('mse', 1, False, None), zeros((5,
        3, 1))), ['stretches', 'return_sequences=True']),
    "one label stretched over units": (lambda: (zeros((8, 3, 1)), classifier('mse', 5, False, None),
        zeros((8, 1))), ['stretches', 'keras.layers.Dense(1)']),
    "zeros that are data": (lambda: masked(kl.Masking(), [[[1], [0], [2]], [[1], [2], [0]]]),
        ['1 time step in the midst', 'keras.layers.Masking(mask_value=-1.0)']),
    "masked": (lambda: (MASKED, LSTM(2)), ['4 values of x are masked', 'x.filled(0)', 'Masking']),
    "NaN": (lambda: (np.full((2, 3, 1), np.nan), LSTM(2)), ['NaN', 'x[0, 0, 0]', 'nan_to_num']),
    "complex": (lambda: (zeros((2, 3, 1), complex), LSTM(2)), ['x = x.real']),
}

NOTES = {
    "one time step": (lambda: (zeros((25, 1, 3)), LSTM(2)), ["nothing to read", "(25, 3, 1)"]),
    "one time step, stateful": (lambda: (zeros((4, 1, 1)), stateful(4)), ["from call to call"]),
    "more samples than a batch": (lambda: (zeros((8, 3, 1)), stateful(4)),
        ["batch_size=4", "shuffle=False"]),
    "other steps in silence": (lambda: (zeros((4, 6, 1)), sequential(LSTM(2), shape=(3, 1))),
        ["built for 3 time steps and runs 6", "keras.Input((None, 1))"]),
    "axis added": (FITS["Keras adds the axis"], ["adds the missing axis by itself"]),
    "axis dropped": (lambda: (zeros((4, 3, 1, 1)), sequential(LSTM(2), shape=(3, 1))),
        ["drops the last axis"]),
}
# fmt: on


def words_in(text, words, others=()):
    missing = [word for word in words if word not in text]
    there = [word for word in others if word in text]
    assert not missing and not there, f"missing: {missing}, too much: {there}, in:\n{text}"


def flat(explanation):
    """Return the print, with sentences on one line."""
    text = str(explanation)
    for line in text.splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            text = text.replace(f"\n{line}", f" {line.strip()}")
    return text


def execute(explanation, make):
    """Execute every fix; Keras runs what comes of it, and explain says so."""
    for problem in explanation.problems:
        for fix in problem.fixes:
            x, model, y = (*make(), None, None)[:3]
            x = zeros(x, "float32") if isinstance(x, tuple) and isinstance(x[0], int) else x
            names = {"x": x, "y": y, "model": model, "np": np, "keras": keras}
            exec(fix.code, names)
            again = explain(names["x"], names["model"], names["y"])
            assert again.ok, f"{fix.code}\n{again}"
            model, x = names["model"], names["x"]
            if isinstance(model, keras.Model) and not isinstance(x, (list, dict)):
                x = x[0] if isinstance(x, tuple) else x
                size = model.input_shape[0] if model.built else None
                if isinstance(x, np.ndarray):
                    model.predict(x, batch_size=size, verbose=0)


@pytest.mark.parametrize("case", FITS)
def test_what_fits_is_ok(case):
    explanation = explain(*FITS[case]())
    assert explanation.ok and not explanation.raises, explanation
    assert explanation.tried and explanation.output_shape is not None


@pytest.mark.parametrize("case", FAULTS)
def test_what_stops_keras(case):
    make, words, *others = FAULTS[case]
    explanation = explain(*make())
    assert explanation.raises and not explanation.ok, explanation
    assert explanation.output_shape is None
    words_in(flat(explanation), words, *others)
    execute(explanation, make)


@pytest.mark.parametrize("case", SILENT)
@pytest.mark.filterwarnings("ignore")
def test_what_runs_and_means_something_else(case):
    make, words = SILENT[case]
    explanation = explain(*make())
    assert not explanation.raises and not explanation.ok, explanation
    words_in(flat(explanation), ["Silent problem: ", *words])
    execute(explanation, make)


@pytest.mark.parametrize("case", NOTES)
def test_what_is_noted_and_does_no_harm(case):
    make, words = NOTES[case]
    explanation = explain(*make())
    assert explanation.ok
    words_in(" ".join(explanation.notes), words)


def test_where_nothing_can_be_tried_it_is_not_ok():
    for result in (explain(zeros((4, 10, 2)), Own()), explain((None, 3, None), LSTM(2))):
        assert not result.ok and not result.raises and not result.tried
        words_in(" ".join(result.notes), ["Nothing was tried"])


def test_a_back_end_that_loses_state(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    result = explain(zeros((4, 3, 1)), stateful(4))
    assert not result.ok and not result.raises
    words_in(str(result), ["JAX", "do not carry"])
    assert explain(zeros((4, 3, 1)), sequential(LSTM(2), shape=(3, 1))).ok


def test_a_generator_loses_nothing():
    data = batches(zeros((8, 3, 1)))
    assert explain(data, LSTM(2)).ok
    assert len(list(data)) == 2
    data = batches(zeros((8, 3, 1)))
    next(data)
    started = explain(data, LSTM(2))
    assert not started.ok and not started.tried
    words_in(started.problems[0].fix, ["itertools.chain([batch], x)"])
    assert len(list(data)) == 1


def test_files_of_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=zeros((4, 3, 1)), y=zeros(4))
    words_in(str(explain(np.load(tmp_path / "a.npz"), LSTM(2))), ["x (4, 3, 1), y (4,)", "x['x']"])
    np.save(tmp_path / "x.npy", zeros((4, 3, 1)))
    words_in(str(explain(str(tmp_path / "x.npy"), LSTM(2))), ["np.load("])
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = zeros((4, 3, 1))
        words_in(str(explain(file, LSTM(2))), ["x (4, 3, 1)", "x = x['x']"])
        assert explain(file["x"], LSTM(2)).ok


# as_samples ---------------------------------------------------------------------------------

BAD = {
    "no axis": (5.0, ["0 axes", "np.reshape(x, (1, 1, 1))"]),
    "two axes": (zeros((25, 3)), ["x has shape (25, 3): 2 axes. An LSTM reads 3", "[np.newaxis]"]),
    "empty": (zeros((0, 3, 1)), ["axis 0 has size 0"]),
    "ragged": ([[1, 2], [3]], ["unequal length: 1, 2", "pad_sequences(x", "Masking"]),
    "text": (np.full((2, 3, 1), "A"), ["dtype <U1", "one per letter"]),
    "NaN": (np.full((1, 1, 1), np.nan), ["NaN or infinite", "x[0, 0, 0]"]),
    "too large": (np.full((1, 1, 1), 1e300), ["infinite", "scale"]),
}


@pytest.mark.parametrize("case", BAD)
def test_as_samples_refuses(case):
    x, words = BAD[case]
    with pytest.raises(ValueError) as caught:
        as_samples(x)
    words_in(str(caught.value), words)


@pytest.mark.parametrize("x", [None, "ABC", {"a": 1}, len, (i for i in range(3))])
def test_as_samples_raises_type_error_for_a_wrong_kind_of_thing(x):
    with pytest.raises(TypeError, match=f"x is {type(x).__name__}"):
        as_samples(x)


def test_as_samples_gives_a_float32_copy():
    for x in ([[[1.0]]], np.ones((1, 1, 1), int), Frame, keras.ops.ones((1, 1, 1))):
        x = np.ones((1, 1, 1)) if x is Frame else x
        samples = as_samples(x)
        assert samples.dtype == np.float32 and samples[0, 0, 0] == 1
        samples[:] = 7
        assert np.all(keras.ops.convert_to_numpy(x) == 1)


# How it looks, and where it runs ------------------------------------------------------------


def test_print_is_a_table_then_sentences_and_lines_to_copy():
    result = explain((25, 1, 3), (3, 1))
    lines = str(result).splitlines()
    assert lines[0] == "shape (25, 1, 3)"
    assert lines[3].startswith("1     T       time steps     1  runs of the loop")
    assert "    x = np.transpose(x, (0, 2, 1))  # x: (25, 3, 1)" in lines
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 80
    source = result._repr_html_()
    page = ElementTree.fromstring(source)  # every tag is closed
    assert [head.get("scope") for head in page.iter("th")] == ["col"] * 4 + ["row"] * 3
    classes = [row.get("class") for row in page.iter("tr")]
    assert classes == [None, "axis-samples", "axis-time", "axis-features"]
    words_in(source, ["<strong>Problem:</strong>", "<pre><code>x = np.transpose(x, (0, 2, 1))"])


def test_html_escapes_what_it_was_given():
    evil = type("<script>alert(1)</script>", (), {})()
    source = explain(np.full((1, 1, 1), evil))._repr_html_()
    assert "<script" not in source and "&lt;script&gt;" in source


class Hostile:
    """Raises whatever it is asked."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise KeyError(name)


def test_hostile_things_raise_nothing():
    endless = []
    endless.append(endless)
    for x in (Hostile(), Hostile, endless, [1, [2, 3]], object(), b"\xff", 1j, {}, [], ()):
        result = explain(x, LSTM(2))
        assert not result.ok and result.problems[0].what and result.problems[0].fix
        ElementTree.fromstring(result._repr_html_())
    for model in (Hostile(), 5, [], [None], (3.0, 1), np.zeros(3)):
        assert not explain(zeros((4, 3, 1)), model).ok


@pytest.mark.parametrize("shape", [(9, 3, 1), (9, 1, 3), (9, 3), (9, 5, 2)])
def test_a_verdict_traces_nothing_where_the_model_was_built_for_the_shape(shape, monkeypatch):
    """What costs time is a new trace; a shape that a model was built for needs none."""
    model = sequential(LSTM(2), kl.Dense(1), shape=(3, 1))
    traced = []
    monkeypatch.setattr(LSTM, "call", lambda *a, **k: traced.append(1))
    explain(zeros((9, 3, 1)), model)
    assert not traced


def test_the_folder_stands_on_its_own(tmp_path):
    folder = Path(utils.shapes.__file__).parent
    modules = list(folder.glob("*.py"))
    assert len(modules) <= 7
    shutil.copytree(folder, tmp_path / "my_shapes")
    code = (
        "import sys, my_shapes\n"
        "assert not {'keras', 'tensorflow', 'utils', 'pandas'} & set(sys.modules)\n"
        "alone = my_shapes.explain((25, 3, 1))\n"
        "assert not alone.ok and 'Keras is not loaded' in alone.notes[0]\n"
        "import keras\n"
        "print(my_shapes.explain((25, 3, 1), keras.layers.LSTM(2)).output_shape)\n"
        "assert 'utils' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("(25, 2)\n")


def test_the_command(tmp_path, capsys):
    from utils.shapes.__main__ import main

    model = sequential(LSTM(2), kl.Dense(1), shape=(3, 1), loss="mse")
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", zeros((4, 3, 1)))
    np.save(tmp_path / "y.npy", zeros((4, 3, 1)))
    data = [str(tmp_path / "x.npy"), "--model", str(tmp_path / "model.keras")]
    assert main(data) == 0 and "What comes out has shape (4, 1)" in capsys.readouterr().out
    assert main([*data, "--labels", str(tmp_path / "y.npy")]) == 1
    for wrong in ([], ["missing.npy"], [*data, "--other"]):
        with pytest.raises(SystemExit) as stopped:
            main(wrong)
        assert stopped.value.code == 2
