"""The six experiments: their samples, the stored table, and the run that fills it."""

import os

import keras
import numpy as np
import pytest

from experiments.six import run, samples, table
from experiments.six.configurations import CONFIGURATIONS, PUBLISHED, TRAINING_DATA, Configuration
from utils.windows import ALPHABET

TINY = (
    Configuration(1, PUBLISHED, samples.letters, 4, 2, 25),
    Configuration(
        *(3, PUBLISHED, samples.windows_as_time_steps, 4, 2, 23),
        questions={"windows of 2": lambda: samples.windows_as_time_steps(2)},
    ),
)


@pytest.fixture
def tiny(monkeypatch):
    """Two configurations that train in a moment."""
    for module in (run, table):
        monkeypatch.setattr(module, "CONFIGURATIONS", TINY)


@pytest.fixture
def path(tiny, tmp_path):
    """A complete table of the two."""
    path = tmp_path / "six_experiments.csv"
    run.make_missing(path)
    return path


# The samples


@pytest.mark.parametrize("length", [1, 2, 3, 6])
def test_windows_are_those_of_a_loop(length):
    inputs, answers = [], []
    for start in range(len(ALPHABET) - length):
        inputs.append([ALPHABET.index(letter) for letter in ALPHABET[start : start + length]])
        answers.append(ALPHABET.index(ALPHABET[start + length]))
    as_steps = samples.windows_as_time_steps(length)
    np.testing.assert_allclose(as_steps.X[:, :, 0], np.array(inputs) / 26, atol=1e-7)
    assert as_steps.X.shape == (26 - length, length, 1)
    assert list(as_steps.y) == answers
    assert set(as_steps.lengths) == {length}
    if length <= 3:
        as_features = samples.windows_as_features(length)
        padded = keras.utils.pad_sequences(np.array(inputs) / 26, 3, dtype="float32")
        np.testing.assert_allclose(as_features.X, padded[:, None, :], atol=1e-7)


def test_random_windows_are_those_of_the_post():
    # As the post draws them: the global generator, seed 7, 1000 windows of at most 5 letters.
    state = np.random.get_state()
    np.random.seed(7)
    inputs, answers = [], []
    for _ in range(1000):
        start = np.random.randint(len(ALPHABET) - 2)
        end = np.random.randint(start, min(start + 5, len(ALPHABET) - 1))
        window = ALPHABET[start : end + 1]
        inputs.append([ALPHABET.index(letter) for letter in window])
        answers.append(ALPHABET.index(ALPHABET[end + 1]))
    np.random.set_state(state)
    X = keras.utils.pad_sequences(inputs, maxlen=5, dtype="float32") / 26
    ours = samples.random_windows()
    np.testing.assert_allclose(ours.X[:, :, 0], X, atol=1e-7)
    assert list(ours.y) == answers
    assert list(ours.lengths) == [len(window) for window in inputs]
    filled = samples.random_windows(-1.0).X[:, :, 0]
    skipped = np.arange(5) < 5 - ours.lengths[:, None]
    assert (filled[skipped] == -1).all()
    np.testing.assert_array_equal(filled[~skipped], ours.X[:, :, 0][~skipped])


def test_the_other_samples_are_what_they_say():
    assert samples.letters().X.shape == (25, 1, 1)
    one_hot = samples.one_hot_letters()
    assert one_hot.X.shape == (25, 1, 26)
    assert list(one_hot.X[:, 0].argmax(axis=1) + 1) == list(one_hot.y)
    windows = samples.windows_as_time_steps()
    repeated = samples.last_letter_repeated()
    mixed = samples.first_letters_mixed()
    for step in range(3):
        np.testing.assert_array_equal(repeated.X[:, step], windows.X[:, 2])
    np.testing.assert_array_equal(mixed.X[:, 2], windows.X[:, 2])
    assert (mixed.X[:, :2] != windows.X[:, :2]).all()
    assert samples.first_letters_mixed_as_features().X.shape == (23, 1, 3)
    several = samples.windows_of_2_to_5()
    assert [int((several.lengths == length).sum()) for length in (2, 3, 4, 5)] == [24, 23, 22, 21]
    from_a, after_a = samples.from_a(), samples.after_as_many_as()
    for place in range(25):
        assert from_a.lengths[place] == after_a.lengths[place] == place + 1
        read = from_a.X[place, 24 - place :, 0] * 26
        np.testing.assert_allclose(read, np.arange(place + 1), atol=1e-5)
        read = after_a.X[place, 24 - place :, 0] * 26
        np.testing.assert_allclose(read, [0] * place + [place], atol=1e-5)
        assert from_a.y[place] == after_a.y[place] == place + 1


def test_dense_networks_have_as_many_weights_as_their_lstm():
    def weights(one):
        _, time_steps, features = one.data().X.shape
        if one.network == "dense":
            first = (time_steps * features + 1) * one.units
        else:
            first = 4 * one.units * (features + one.units + 1)
        return first + (one.units + 1) * samples.LETTERS

    published = {one.experiment: weights(one) for one in CONFIGURATIONS if one.control == PUBLISHED}
    dense = [one for one in CONFIGURATIONS if one.network == "dense"]
    assert len(dense) == 4
    for one in dense:
        assert weights(one) == pytest.approx(published[one.experiment], rel=0.005)


# The stored table


def test_the_stored_table_is_complete():
    rows = table.read_table()
    assert len(rows) == sum(len(table.expected(one)) for one in CONFIGURATIONS)
    for one in CONFIGURATIONS:
        for question in (TRAINING_DATA, *one.questions):
            seeds = table.select(rows, "seed", one.experiment, one.control, question)
            assert list(seeds) == list(range(20))


def test_stored_accuracies_follow_from_the_stored_letters():
    rows = {tuple(row[name] for name in table.KEY): row for row in table.read_table()}
    for one in CONFIGURATIONS:
        data = samples.from_a() if one.stateful else one.data()
        asked = {TRAINING_DATA: data} | {name: make() for name, make in one.questions.items()}
        for seed in table.SEEDS:
            for question, (X, y, _) in asked.items():
                row = rows[one.experiment, one.control, seed, question]
                said = np.array([ALPHABET.index(letter) for letter in row["predictions"]])
                assert row["samples"] == len(said) == len(X)
                assert row["accuracy"] == pytest.approx((said == y).mean(), abs=1e-8)


def test_a_stored_configuration_comes_out_again():
    # Another processor may round differently: a letter near a tie may change, not more.
    rows = table.read_table()
    five = next(one for one in CONFIGURATIONS if (one.experiment, one.control) == (5, PUBLISHED))
    done = run.train(five)
    for question in (TRAINING_DATA, *five.questions):
        stored = table.select(rows, "predictions", 5, question=question)
        again = table.select(done, "predictions", 5, question=question)
        equal = [
            a == b
            for old, new in zip(stored, again, strict=True)
            for a, b in zip(old, new, strict=True)
        ]
        assert np.mean(equal) > 0.95, question
    again = table.select(done, "accuracy", 5)
    np.testing.assert_allclose(again, table.select(rows, "accuracy", 5), atol=0.05)


def test_training_twice_gives_the_same_rows():
    assert run.train(TINY[1]) == run.train(TINY[1])


# Reading and writing


def test_what_was_written_is_read(path):
    rows = table.read_table(path)
    assert len(rows) == 3 * 20
    again = path.with_name("again.csv")
    table.write_table(rows, again)
    assert again.read_bytes() == path.read_bytes()
    assert sorted(file.name for file in path.parent.iterdir()) == ["again.csv", path.name]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: "\n",
        lambda text: text[:-1],
        lambda text: text[: text.index("# sha256")],  # cut between two rows
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("accuracy", "precision", 1),
        lambda text: text.replace(",0,", ",1,", 1),
        lambda text: text + text.splitlines()[1] + "\n",
    ],
)
def test_a_damaged_file_is_named(path, damage):
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match="six_experiments.csv: .*edited or cut short.*make exper"):
        table.read_table(path)


def test_line_ends_of_windows_do_no_harm(path):
    rows = table.read_table(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert table.read_table(path) == rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [rows[0] | {"epochs": 3}, *rows[1:]], "made with epochs 3; .* it is 2 now"),
        (
            lambda rows: [rows[0] | {"control": "upside down"}, *rows[1:]],
            "row 2: there is no configuration for #1 upside down",
        ),
        (lambda rows: [*rows, rows[-1]], "row 62: .* stands here twice"),
        (lambda rows: rows[1:], "1 of 2 configurations are missing .* #1 as published"),
    ],
)
def test_rows_that_do_not_fit_the_configurations_are_named(path, change, message):
    table.write_table(change(table.read_table(path)), path)
    with pytest.raises(ValueError, match=message):
        table.read_table(path)


def test_another_header_is_named(path, monkeypatch):
    rows = table.read_table(path)
    with monkeypatch.context() as older:
        older.setattr(table, "COLUMNS", table.COLUMNS[:-1])
        table.write_table(rows, path)
    with pytest.raises(ValueError, match="the header is .*; wanted .*,numpy'"):
        table.read_table(path)


def test_no_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file.*make experiments"):
        table.read_table(tmp_path / "no.csv")
    assert table.read_table(tmp_path / "no.csv", complete=False) == []


def test_asking_for_what_is_not_there_is_named(path):
    with pytest.raises(ValueError, match="experiment is 1, control 'no such'"):
        table.select(table.read_table(path), "accuracy", 1, "no such")
    with pytest.raises(ValueError, match=r"experiment is 7, .*; wanted one of \[1"):
        table.select(table.read_table(path), "accuracy", 7)


def test_what_is_there_is_named_for_that_experiment(path):
    with pytest.raises(ValueError) as caught:
        table.select(table.read_table(path), "accuracy", 1, "no such")
    known = {row["control"] for row in table.read_table(path) if row["experiment"] == 1}
    for row in table.read_table(path):
        assert (repr(row["control"]) in str(caught.value)) == (row["control"] in known)


def test_a_failing_write_leaves_the_old_table(path, monkeypatch):
    before = path.read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    rows = table.read_table(path)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        table.write_table(rows, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# Running


def count_training(monkeypatch, stop_at=None):
    """Note which experiments are trained; press Ctrl-C in one of them."""
    trained, train = [], run.train

    def noted(one):
        if one.experiment == stop_at:
            raise KeyboardInterrupt
        trained.append(one.experiment)
        return train(one)

    monkeypatch.setattr(run, "train", noted)
    return trained


def test_an_interrupted_run_keeps_what_was_finished_and_goes_on(tiny, tmp_path, monkeypatch):
    path = tmp_path / "six_experiments.csv"
    with monkeypatch.context() as interrupted:
        count_training(interrupted, stop_at=3)
        with pytest.raises(KeyboardInterrupt):
            run.make_missing(path)
    rows = table.read_table(path, complete=False)
    assert table.missing(rows) == [TINY[1]]
    trained = count_training(monkeypatch)
    run.make_missing(path)
    assert trained == [3]
    assert table.read_table(path)[:20] == rows
    run.make_missing(path)
    assert trained == [3]


def test_check_finds_what_differs(path, capsys):
    assert run.check(path) == 0
    rows = table.read_table(path)
    said = rows[0]["predictions"]
    rows[0]["predictions"] = ("C" if said[0] == "B" else "B") + said[1:]
    table.write_table(rows, path)
    before = path.read_bytes()
    capsys.readouterr()
    assert run.check(path) == 1
    assert "#1 as published, seed 0, training data" in capsys.readouterr().out
    assert path.read_bytes() == before
