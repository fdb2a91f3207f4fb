"""`explain` reads what people have at hand, and can be taken home as one folder."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import utils.shapes
from utils.shapes import explain

layers = keras.layers
X = np.zeros((9, 3, 1), "float32")
Y = np.zeros((9, 1), "float32")


def words_in(text, *words):
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


def model(units=1, loss="mse", **options):
    options = options or {"shape": (3, 1)}
    made = keras.Sequential(
        [
            keras.Input(**options),
            layers.LSTM(2, stateful="batch_shape" in options),
            layers.Dense(units),
        ]
    )
    made.compile(loss=loss)
    return made


class Batches(keras.utils.PyDataset):
    def __init__(self, size, with_labels=True):
        super().__init__()
        self.size, self.with_labels = size, with_labels

    def __len__(self):
        return 9 // self.size

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return (X[part], Y[part]) if self.with_labels else X[part]


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])


@pytest.mark.parametrize(
    "x",
    [
        X,
        tf.constant(X),
        (X, Y),
        (X, Y, np.ones(9)),
        dataset(X, Y).batch(3),
        dataset(X).batch(3),
        dataset(X, Y).batch(3, drop_remainder=True),
        Batches(3),
        Batches(3, with_labels=False),
        keras.Input((3, 1)),
        tf.TensorSpec((None, 3, 1)),
        X.shape,
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_fits_is_fine_in_every_wrapping(x):
    explanation = explain(x, model())
    assert explanation.problems == ()
    assert explanation.shape[1:] == (3, 1)
    assert explanation.output_shape == (explanation.shape[0], 1)


@pytest.mark.parametrize("x", [(X, X[:, :2]), dataset(X, X[:, :2]).batch(3)])
def test_labels_inside_are_compared(x):
    assert "stretches" in explain(x, model()).problems[0].what
    assert explain(x, model()).problems[0].silent


def test_a_dataset_without_batches():
    one_by_one = dataset(X, Y)
    explanation = explain(one_by_one, model())
    words_in(str(explanation.problems[0]), "one sample at a time", "(3, 1)", "x.batch(32)")
    assert explanation.problems[0].silent  # Input ends in 1: Keras adds an axis
    assert len(model().predict(dataset(X), verbose=0)) == 27  # time steps taken for samples
    two = np.zeros((9, 3, 2), "float32")
    explanation = explain(dataset(two), model(shape=(3, 2)))
    assert explanation.raises
    with pytest.raises(ValueError):
        model(shape=(3, 2)).predict(dataset(two), verbose=0)


def test_a_dataset_for_a_stateful_model():
    memory = model(batch_shape=(4, 3, 1))
    words_in(explain(dataset(X).batch(4), memory).notes[1], "batch(4, drop_remainder=True)")
    assert explain(dataset(X).batch(4, drop_remainder=True), memory).ok
    other = explain(dataset(X).batch(3, drop_remainder=True), memory)
    words_in(str(other.problems[0]), "3 samples", "batch size 4")
    assert other.raises
    assert explain(Batches(3), memory).raises and explain(Batches(4), memory).ok


def test_a_dataset_is_not_run():
    def explode():
        raise AssertionError("an element was made")
        yield

    spec = tf.TensorSpec((None, 3, 1), tf.float32)
    x = tf.data.Dataset.from_generator(explode, output_signature=spec)
    assert explain(x, model()).ok


def test_a_dataset_of_text_and_one_of_several_inputs():
    words_in(str(explain(dataset(np.full((9, 3, 1), "A")).batch(3), model())), "dtype string")
    with pytest.raises(TypeError, match="elements are dict.*one input"):
        explain(dataset({"a": X}), model())


def test_ragged_data():
    ragged = tf.ragged.constant([[[1.0], [2.0]], [[3.0]]], ragged_rank=1)
    for x in (ragged, tf.data.Dataset.from_tensors(ragged)):
        explanation = explain(x, model())
        words_in(str(explanation.problems[0]), "unequal length", "x.to_tensor()", "Masking")
    words_in(explain(ragged).problems[0].what, "unequal length: 1, 2")
    assert explain(ragged.to_tensor(), model(shape=(None, 1))).ok
    with pytest.raises(ValueError):
        model(shape=(None, 1)).predict(ragged, verbose=0)


def test_a_tensor_of_unknown_rank():
    with pytest.raises(ValueError, match="does not know how many axes"):
        explain(tf.TensorSpec(None))


def test_a_generator_is_not_consumed():
    batches = (X[i : i + 3] for i in range(0, 9, 3))
    with pytest.raises(TypeError, match="read only once"):
        explain(batches, model())
    assert len(list(batches)) == 3


# Tables -------------------------------------------------------------------------------------


class Kind:
    def __init__(self, kind):
        self.kind = kind


class Frame:
    """Stands in for a pandas DataFrame."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self.values = np.column_stack([np.array(column, object) for column in columns.values()])
        kinds = [np.array(column).dtype.kind for column in columns.values()]
        self.dtypes = [Kind(kind) for kind in kinds]
        if set(kinds) <= set("if"):
            self.values = self.values.astype(float)
        self.shape = self.values.shape

    def to_numpy(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        return self.values if dtype is None else self.values.astype(dtype)


def frames():
    yield Frame
    if importlib.util.find_spec("pandas"):
        import pandas

        yield lambda **columns: pandas.DataFrame(columns)


@pytest.mark.parametrize("frame", list(frames()))
def test_a_table(frame):
    table = frame(pressure=[1.0, 2.0, 3.0], wind=[4.0, 5.0, 6.0])
    explanation = explain(table, keras.Input((None, 2)))
    assert explanation.shape == (3, 2)
    fix = explanation.problems[0].fix
    words_in(fix, "If each row is one moment with 2 features", "x.to_numpy()[np.newaxis]")
    assert explain(table.to_numpy()[np.newaxis], keras.Input((None, 2))).ok
    mixed = frame(day=["Mon", "Tue"], wind=[4.0, 5.0])
    words_in(explain(mixed).problems[0].fix, "These columns hold no plain numbers: day.")


def test_a_series_of_pandas():
    pandas = pytest.importorskip("pandas")
    words_in(explain(pandas.Series([1.0, 2.0])).problems[0].fix, "x.to_numpy()[np.newaxis, :")
    assert explain(X, model(), pandas.Series(np.zeros(9))).ok


@pytest.mark.parametrize(("length", "columns"), [(3, 2), (2, 4)])
def test_the_windows_that_a_fix_names_have_the_shape_that_it_names(length, columns):
    table = np.arange(8.0 * columns).reshape(8, columns)
    fix = explain(table).problems[0].fix
    words_in(fix, "keras.utils.timeseries_dataset_from_array(x, None, length)")
    windows = next(iter(keras.utils.timeseries_dataset_from_array(table, None, length)))
    assert windows.shape == (9 - length, length, columns)
    np.testing.assert_array_equal(windows[1], table[1 : 1 + length])


# Taken home ---------------------------------------------------------------------------------


def test_the_folder_stands_on_its_own(tmp_path):
    shutil.copytree(Path(utils.shapes.__file__).parent, tmp_path / "my_shapes")
    code = (
        "import sys, my_shapes\n"
        "assert not {'keras', 'tensorflow', 'utils', 'pandas'} & set(sys.modules)\n"
        "print(my_shapes.explain((25, 3)))\n"
        "import keras\n"
        "print(my_shapes.explain((25, 3, 1), keras.layers.LSTM(2)).output_shape)\n"
        "assert 'utils' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "x[..., np.newaxis] ->" in done.stdout and done.stdout.endswith("(25, 2)\n")
