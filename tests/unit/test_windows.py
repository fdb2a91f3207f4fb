import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.windows import ALPHABET, decode, encode, lanes, sliding_windows


def naive_windows(sequence, length, horizon, stride):
    """Cut windows with the plainest possible loop."""
    X, y, start = [], [], 0
    while start + length - 1 + horizon < len(sequence):
        X.append([sequence[start + step] for step in range(length)])
        y.append(sequence[start + length - 1 + horizon])
        start += stride
    return np.array(X), np.array(y)


def naive_lanes(sequence, length, batch_size):
    """Cut lanes with the plainest possible loop: batch by batch, row by row, step by step."""
    batches = len(sequence) // (batch_size * length)
    X = []
    for batch in range(batches):
        for row in range(batch_size):
            lane_start = row * batches * length
            X.append([sequence[lane_start + batch * length + step] for step in range(length)])
    return np.array(X)


# encode and decode --------------------------------------------------------------------------


def test_encode_gives_positions_as_int64():
    codes = encode("ABZ")
    assert codes.tolist() == [0, 1, 25]
    assert codes.dtype == np.int64
    assert encode("ba", "ab").tolist() == [1, 0]


@given(st.text(ALPHABET, min_size=1))
def test_decode_inverts_encode(text):
    assert decode(encode(text)) == text


def test_decode_accepts_a_list_and_nothing():
    assert decode([2, 0, 1]) == "CAB"
    assert decode([]) == ""


@pytest.mark.parametrize(
    ("text", "alphabet", "error", "words"),
    [
        ("AB1", ALPHABET, ValueError, ["'1'", "position 2", "26 letters", "Remove"]),
        ("Ab", ALPHABET, ValueError, ["'b'", "position 1", "text.upper()"]),
        ("", ALPHABET, ValueError, ["text is empty", "1 letter or more", "'ABC'"]),
        (["A"], ALPHABET, TypeError, ["text is list", "string", "join"]),
        ("A", "", ValueError, ["alphabet is ''", "1 letter or more", "Pass 'ABC'"]),
        ("A", "abc", ValueError, ["holds 'A'", "text.lower()"]),
        ("A", "AA", ValueError, ["alphabet is 'AA'", "twice", "sorted(set"]),
        ("A", ["A"], TypeError, ["alphabet is list", "string", "join"]),
    ],
)
def test_encode_refuses(text, alphabet, error, words):
    with pytest.raises(error) as caught:
        encode(text, alphabet)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("codes", "error", "words"),
    [
        ([0, 26], ValueError, ["holds 26", "position 1", "0 to 25", "alphabet"]),
        ([-1], ValueError, ["holds -1", "position 0", "0 to 25"]),
        ([0.0, 1.0], ValueError, ["float64", "integers", "np.rint"]),
        ([True], ValueError, ["bool", "integers"]),
        (3, ValueError, ["shape ()", "0 axes", "reads 1"]),
        ([[1], [2]], ValueError, ["shape (2, 1)", "2 axes", "one row at a time"]),
        ([[1], [2, 3]], ValueError, ["codes", "unequal length", "np.concatenate"]),
    ],
)
def test_decode_refuses(codes, error, words):
    with pytest.raises(error) as caught:
        decode(codes)
    assert all(word in str(caught.value) for word in words)


# sliding_windows ----------------------------------------------------------------------------


@given(st.data())
def test_windows_equal_a_naive_loop(data):
    length, horizon = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 5))
    stride = data.draw(st.integers(1, 6))
    size = data.draw(st.integers(length + horizon, length + horizon + 15))
    shape = data.draw(st.sampled_from([(size,), (size, 1), (size, 3)]))
    dtype = data.draw(st.sampled_from(["int64", "float32", "float64"]))
    sequence = data.draw(hnp.arrays(dtype, shape, elements=st.integers(-1000, 1000)))
    before = sequence.copy()

    X, y = sliding_windows(sequence, length, horizon, stride)

    expected_X, expected_y = naive_windows(sequence, length, horizon, stride)
    np.testing.assert_array_equal(X, expected_X)
    np.testing.assert_array_equal(y, expected_y)
    samples = (size - length - horizon) // stride + 1
    assert X.shape == (samples, length, *shape[1:])
    assert y.shape == (samples, *shape[1:])
    assert X.dtype == y.dtype == sequence.dtype
    X += 1
    y += 1
    np.testing.assert_array_equal(sequence, before)  # copies, not views


def test_the_alphabet_gives_23_windows_of_3():
    X, y = sliding_windows(encode(ALPHABET), 3)
    assert X.shape == (23, 3)
    assert decode(X[0]) == "ABC"
    assert decode(y) == ALPHABET[3:]


def test_returned_windows_do_not_share_elements():
    X, y = sliding_windows(np.arange(6), 3)
    assert X.flags.owndata and y.flags.owndata
    X[0, 1] = 99
    assert X[1, 0] == 1


def test_numpy_integers_and_lists_are_accepted():
    X, y = sliding_windows([0, 1, 2, 3], np.int64(2), np.int32(1), np.uint8(1))
    assert X.tolist() == [[0, 1], [1, 2]]
    assert y.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("sequence", "options", "error", "words"),
    [
        ([1, 2, 3], {"length": 3}, ValueError, ["length 3.", "need 4 or more", "longer"]),
        ([], {"length": 1}, ValueError, ["length 0.", "need 2 or more"]),
        (
            range(4),
            {"length": 3, "horizon": 2},
            ValueError,
            ["length=3", "horizon=2", "5 or more"],
        ),
        ([[1, 2], [3]], {"length": 1}, ValueError, ["unequal length", "np.concatenate"]),
        ([1.0, np.nan, 2.0], {"length": 1}, ValueError, ["NaN", "index (1,)", "Fill or drop"]),
        ([[1.0], [np.inf]], {"length": 1}, ValueError, ["infinite", "index (1, 0)"]),
        (
            np.zeros((4, 3, 1)),
            {"length": 2},
            ValueError,
            ["(4, 3, 1)", "3 axes", "windows already"],
        ),
        (np.zeros((4, 3, 1, 1)), {"length": 2}, ValueError, ["4 axes", "reshape(len(sequence)"]),
        (np.zeros((4, 0)), {"length": 2}, ValueError, ["(4, 0)", "0 features", "columns"]),
        (7, {"length": 1}, ValueError, ["shape ()", "0 axes", "list"]),
        ("ABC", {"length": 1}, ValueError, ["dtype <U3", "numbers", "encode(text)"]),
        ([None, 1], {"length": 1}, ValueError, ["dtype object", "numbers"]),
        ([1j, 2j, 3j], {"length": 1}, ValueError, ["dtype complex128", "numbers"]),
    ],
)
def test_sliding_windows_refuses(sequence, options, error, words):
    with pytest.raises(error) as caught:
        sliding_windows(sequence, **options)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("name", ["length", "horizon", "stride"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (-2, ValueError),
        (True, TypeError),
        (2.0, TypeError),
        (np.bool_(True), TypeError),
        ("2", TypeError),
        (None, TypeError),
    ],
)
def test_sliding_windows_refuses_a_number_that_is_no_positive_integer(name, value, error):
    options = {"length": 2, name: value}
    with pytest.raises(error) as caught:
        sliding_windows(range(9), **options)
    message = str(caught.value)
    assert message.startswith(f"{name} is {value!r}") or message.startswith(f"{name} is {value}")
    assert "integer of 1 or more" in message
    assert f"{name}=1" in message


class Batches:
    """Stands for keras.utils.PyDataset."""

    def __init__(self):
        self.batches = [(np.arange(3 * k, 3 * k + 3.0), None) for k in range(3)]

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


class Dataset:
    """Stands for tf.data.Dataset."""

    def __init__(self, elements, element_spec=None):
        self.elements, self.element_spec = elements, element_spec

    def as_numpy_iterator(self):
        return iter(self.elements)


class Table:
    """Stands for a table of pandas or polars."""

    def __init__(self, **columns):
        self.by_name, self.columns = columns, list(columns)

    def __getitem__(self, names):
        if isinstance(names, str):
            return self.by_name[names]
        return Table(**{name: self.by_name[name] for name in names})

    def __array__(self, dtype=None, copy=None):
        kinds = {column.dtype.kind for column in self.by_name.values()}
        columns = [col.astype(object) if kinds & {"M"} else col for col in self.by_name.values()]
        return np.stack(columns, axis=1)


PyDataset = type("PyDataset", (Batches,), {})
DAYS = np.arange("2020-01-01", "2020-01-10", dtype="datetime64[D]")
TABLE = Table(day=DAYS, load=np.arange(9.0), price=np.ones(9))


@pytest.mark.parametrize("cut", [lambda x: sliding_windows(x, 2), lambda x: lanes(x, 2, 2)])
@pytest.mark.parametrize(
    ("make", "kind", "line"),
    [
        (lambda: {"a": np.arange(9), "b": np.ones(9)}, "is a dict", "sequence['a']"),
        (
            lambda: {"a": np.arange(9), "b": np.ones(9)},
            "is a dict",
            "np.column_stack(list(sequence.values()))",
        ),
        (lambda: set(range(9)), "is a set", "np.array(sorted(sequence))"),
        (lambda: (n for n in range(9)), "is a generator", "np.array(list(sequence))"),
        (lambda: map(float, range(9)), "is an iterator", "np.array(list(sequence))"),
        (
            lambda: Dataset(range(9)),
            "is a dataset (tf.data)",
            "np.array(list(sequence.as_numpy_iterator()))",
        ),
        (
            lambda: Dataset([(n, 0) for n in range(9)], (None, None)),
            "is a dataset (tf.data)",
            "np.array([parts[0] for parts in sequence.as_numpy_iterator()])",
        ),
        (
            PyDataset,
            "is a dataset (PyDataset)",
            "np.concatenate([sequence[i][0] for i in range(len(sequence))])",
        ),
        (
            lambda: DAYS,
            "holds dates (dtype datetime64[D])",
            "np.diff(np.asarray(sequence)) / np.timedelta64(1, 's')",
        ),
        (lambda: TABLE, "is a table with dates in column 'day'", "sequence[['load', 'price']]"),
    ],
)
def test_what_is_no_array_is_named_and_the_line_makes_it_one(cut, make, kind, line):
    with pytest.raises((TypeError, ValueError)) as caught:
        cut(make())
    assert f"sequence {kind}" in str(caught.value) and line in str(caught.value)
    cut(eval(line, {"np": np, "sequence": make()}))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, ["sequence is None", "rng.shuffle(x)"]),
        ({}, ["sequence is an empty dict"]),
        ([datetime.date(2020, 1, day) for day in range(1, 9)], ["holds dates (date)"]),
    ],
)
def test_what_no_line_makes_an_array_is_named(given, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        sliding_windows(given, 2)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_datasets_are_told_by_what_keras_and_tensorflow_give():
    import keras
    import tensorflow as tf

    assert keras.utils.PyDataset.__name__ == "PyDataset"
    for dataset, line in [
        (tf.data.Dataset.range(9), "list(sequence.as_numpy_iterator())"),
        (tf.data.Dataset.from_tensor_slices((range(9), range(9))), "[parts[0] for parts in"),
    ]:
        with pytest.raises(TypeError) as caught:
            sliding_windows(dataset, 2)
        assert "is a dataset (tf.data)" in str(caught.value) and line in str(caught.value)


# lanes --------------------------------------------------------------------------------------


@given(st.data())
def test_lanes_equal_a_naive_loop(data):
    length, batch_size = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 5))
    size = data.draw(st.integers(length * batch_size, 4 * length * batch_size))
    shape = data.draw(st.sampled_from([(size,), (size, 1), (size, 3)]))
    dtype = data.draw(st.sampled_from(["int64", "float32", "float64"]))
    sequence = data.draw(hnp.arrays(dtype, shape, elements=st.integers(-1000, 1000)))
    before = sequence.copy()

    X, dropped = lanes(sequence, length, batch_size)

    np.testing.assert_array_equal(X, naive_lanes(sequence, length, batch_size))
    assert X.shape == (size // (length * batch_size) * batch_size, length, *shape[1:])
    assert X.dtype == sequence.dtype
    assert 0 <= dropped < length * batch_size
    X += 1
    np.testing.assert_array_equal(sequence, before)  # a copy, not a view


@given(st.integers(1, 6), st.integers(1, 5), st.integers(1, 4), st.integers(0, 40))
def test_lanes_lose_and_double_nothing(length, batch_size, batches, extra):
    """The property a stateful layer needs: row i of a batch goes on where row i stopped."""
    extra %= length * batch_size
    sequence = np.arange(batches * batch_size * length + extra)
    X, dropped = lanes(sequence, length, batch_size)
    rows = [np.concatenate(X[row::batch_size]) for row in range(batch_size)]
    for row in rows:
        assert (np.diff(row) == 1).all()  # every step follows the step before
    np.testing.assert_array_equal(np.concatenate(rows), sequence[: len(sequence) - dropped])
    assert dropped == extra


def test_targets_are_lanes_of_the_shifted_sequence():
    sequence = encode(ALPHABET)
    X, dropped = lanes(sequence[:-1], length=4, batch_size=2)
    y, _ = lanes(sequence[1:], length=4, batch_size=2)
    assert [decode(sample) for sample in X] == ["ABCD", "MNOP", "EFGH", "QRST", "IJKL", "UVWX"]
    np.testing.assert_array_equal(y, X + 1)
    assert dropped == 1


def test_one_lane_is_a_plain_reshape():
    sequence = np.arange(24).reshape(12, 2)
    result = lanes(sequence, 3, 1)
    np.testing.assert_array_equal(result.X, sequence.reshape(4, 3, 2))
    assert result.dropped == 0
    assert result.X.flags.owndata


@pytest.mark.parametrize(
    ("sequence", "error", "words"),
    [
        (range(11), ValueError, ["length 11.", "batch_size=4", "length=3", "need 12", "longer"]),
        ([], ValueError, ["length 0.", "need 12 or more"]),
        (np.zeros((20, 3, 1)), ValueError, ["(20, 3, 1)", "lanes reads (L,) or (L, F)"]),
        ("ABCDEFGHIJKLMNOP", ValueError, ["dtype", "lanes reads numbers", "encode(text)"]),
        (np.zeros((20, 0)), ValueError, ["0 features", "lanes reads (L, F)"]),
        ([np.nan] * 20, ValueError, ["20 values", "lanes reads finite", "index (0,)"]),
        ([[1, 2], [3]], ValueError, ["unequal length"]),
    ],
)
def test_lanes_refuses(sequence, error, words):
    with pytest.raises(error) as caught:
        lanes(sequence, length=3, batch_size=4)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("name", ["length", "batch_size"])
@pytest.mark.parametrize(
    ("value", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)]
)
def test_lanes_refuses_a_number_that_is_no_positive_integer(name, value, error):
    with pytest.raises(error) as caught:
        lanes(range(30), **({"length": 3, "batch_size": 2} | {name: value}))
    assert str(caught.value).startswith(f"{name} is {value!r}") or f"{name} is {value}" in str(
        caught.value
    )
    assert f"{name}=1" in str(caught.value)
