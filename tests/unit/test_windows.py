import datetime

import keras
import numpy as np
import pytest
import tensorflow as tf
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


def test_letters_become_codes_and_codes_letters():
    codes = encode("ABZ")
    assert codes.tolist() == [0, 1, 25] and codes.dtype == np.int64
    assert encode("ba", "ab").tolist() == [1, 0]
    assert decode(encode(ALPHABET)) == ALPHABET
    assert decode([2, 0, 1]) == "CAB" and decode([]) == ""


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


def test_windows_of_the_alphabet_and_of_a_list_share_no_elements():
    X, y = sliding_windows(encode(ALPHABET), 3)
    assert X.shape == (23, 3) and decode(X[0]) == "ABC" and decode(y) == ALPHABET[3:]
    X, y = sliding_windows([0, 1, 2, 3], np.int64(2), np.int32(1), np.uint8(1))
    assert X.tolist() == [[0, 1], [1, 2]] and y.tolist() == [2, 3]
    X[0, 1] = 99
    assert X[1, 0] == 1 and X.flags.owndata and y.flags.owndata


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
    assert dropped == size % (length * batch_size)
    X += 1
    np.testing.assert_array_equal(sequence, before)  # a copy, not a view


def test_targets_are_lanes_of_the_shifted_sequence():
    sequence = encode(ALPHABET)
    X, dropped = lanes(sequence[:-1], length=4, batch_size=2)
    y, _ = lanes(sequence[1:], length=4, batch_size=2)
    assert [decode(sample) for sample in X] == ["ABCD", "MNOP", "EFGH", "QRST", "IJKL", "UVWX"]
    np.testing.assert_array_equal(y, X + 1)
    assert dropped == 1


# Bad input ----------------------------------------------------------------------------------

# A call, the error, and words of its message
REFUSED = [
    (lambda: encode("AB1"), ValueError, ["'1'", "position 2", "26 letters", "Remove"]),
    (lambda: encode("Ab"), ValueError, ["'b'", "position 1", "text.upper()"]),
    (lambda: encode(""), ValueError, ["text is empty", "1 letter or more", "'ABC'"]),
    (lambda: encode(["A"]), TypeError, ["text is list", "string", "join"]),
    (lambda: encode("A", ""), ValueError, ["alphabet is ''", "1 letter or more", "Pass 'ABC'"]),
    (lambda: encode("A", "abc"), ValueError, ["holds 'A'", "text.lower()"]),
    (lambda: encode("A", "AA"), ValueError, ["alphabet is 'AA'", "twice", "sorted(set"]),
    (lambda: encode("A", ["A"]), TypeError, ["alphabet is list", "string", "join"]),
    (lambda: decode([0, 26]), ValueError, ["holds 26", "position 1", "0 to 25", "alphabet"]),
    (lambda: decode([-1]), ValueError, ["holds -1", "position 0", "0 to 25"]),
    (lambda: decode([0.0, 1.0]), ValueError, ["float64", "integers", "np.rint"]),
    (lambda: decode([True]), ValueError, ["bool", "integers"]),
    (lambda: decode([[1], [2]]), ValueError, ["shape (2, 1)", "2 axes", "one row at a time"]),
    (lambda: decode([[1], [2, 3]]), ValueError, ["codes", "unequal length", "np.concatenate"]),
    (lambda: sliding_windows([1, 2, 3], 3), ValueError, ["length 3.", "need 4 or more", "longer"]),
    (lambda: sliding_windows(range(4), 3, 2), ValueError, ["length=3", "horizon=2", "5 or more"]),
    (lambda: sliding_windows(None, 2), TypeError, ["sequence is None", "rng.shuffle(x)"]),
    (lambda: sliding_windows({}, 2), TypeError, ["sequence is an empty dict"]),
    (
        lambda: sliding_windows([datetime.date(2020, 1, day) for day in range(1, 9)], 2),
        *(ValueError, ["holds dates (date)"]),
    ),
    (lambda: lanes(range(11), 3, 4), ValueError, ["length 11.", "batch_size=4", "need 12"]),
]
# What no function reads as a sequence
NO_SEQUENCE = [
    ([[1, 2], [3]], ["unequal length", "np.concatenate"]),
    ([1.0, np.nan] * 9, ["NaN", "index (1,)", "Fill or drop"]),
    ([[1.0], [np.inf]] * 9, ["infinite", "index (1, 0)"]),
    (np.zeros((14, 3, 1)), ["(14, 3, 1)", "3 axes", "reads (L,) or (L, F)"]),
    (np.zeros((14, 0)), ["(14, 0)", "0 features", "columns"]),
    (7, ["shape ()", "0 axes", "list"]),
    ("ABC", ["dtype <U3", "numbers", "encode(text)"]),
    ([None, 1], ["dtype object", "numbers"]),
    ([1j, 2j, 3j], ["dtype complex128", "numbers"]),
]
NUMBERS = [
    *((sliding_windows, {"length": 2, "horizon": 1, "stride": 1}, name)
      for name in ("length", "horizon", "stride")),
    *((lanes, {"length": 3, "batch_size": 2}, name) for name in ("length", "batch_size")),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), REFUSED)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert [word for word in words if word not in str(caught.value)] == [], caught.value


@pytest.mark.parametrize("cut", [lambda x: sliding_windows(x, 2), lambda x: lanes(x, 2, 2)])
@pytest.mark.parametrize(("sequence", "words"), NO_SEQUENCE, ids=str)
def test_what_is_no_sequence_of_numbers_is_named(cut, sequence, words):
    with pytest.raises(ValueError) as caught:
        cut(sequence)
    assert [word for word in words if word not in str(caught.value)] == [], caught.value


@pytest.mark.parametrize(("function", "options", "name"), NUMBERS)
def test_a_number_that_is_no_positive_integer_is_named(function, options, name):
    for value in (0, -2, True, 2.0, np.bool_(True), "2", None):
        error = ValueError if type(value) is int else TypeError
        with pytest.raises(error) as caught:
            function(range(30), **(options | {name: value}))
        message = str(caught.value)
        assert message.startswith((f"{name} is {value!r}", f"{name} is {value}"))
        assert "integer of 1 or more" in message and f"{name}=1" in message


class Batches(keras.utils.PyDataset):
    """Three batches of three numbers."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return np.arange(3 * index, 3 * index + 3.0), None


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
            lambda: tf.data.Dataset.range(9),
            "is a dataset (tf.data)",
            "np.array(list(sequence.as_numpy_iterator()))",
        ),
        (
            lambda: tf.data.Dataset.from_tensor_slices((range(9), range(9))),
            "is a dataset (tf.data)",
            "np.array([parts[0] for parts in sequence.as_numpy_iterator()])",
        ),
        (
            Batches,
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
