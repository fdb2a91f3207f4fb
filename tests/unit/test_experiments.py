"""The six experiments: their samples, the stored table, and the run that fills it."""

import csv

import keras
import numpy as np
import pytest

from experiments.six import run, samples, table
from experiments.six.configurations import CONFIGURATIONS, PUBLISHED, TRAINING_DATA, Configuration
from utils.windows import ALPHABET

TINY = (  # trained in a moment
    Configuration(1, PUBLISHED, samples.letters, 4, 2, 25),
    Configuration(
        *(3, PUBLISHED, samples.windows_as_time_steps, 4, 2, 23),
        questions={"windows of 2": lambda: samples.windows_as_time_steps(2)},
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A complete table of the two, as bytes: made, interrupted, gone on with, and not made twice.

    Nobody may train more than once what a test only reads.
    """
    path = tmp_path_factory.mktemp("six") / "six_experiments.csv"
    with pytest.MonkeyPatch.context() as patch:
        for module in (run, table):
            patch.setattr(module, "CONFIGURATIONS", TINY)
        train, trained, interrupt = run.train, [], [3]

        def noted(one):
            if one.experiment in interrupt:
                raise KeyboardInterrupt
            trained.append(one.experiment)
            return train(one)

        patch.setattr(run, "train", noted)
        with pytest.raises(KeyboardInterrupt):
            run.make_missing(path)
        rows = table.read_table(path, complete=False)
        assert table.missing(rows) == [TINY[1]]
        interrupt.clear()
        run.make_missing(path)
        run.make_missing(path)
        assert trained == [1, 3]
        assert table.read_table(path)[:20] == rows
    return path.read_bytes()


@pytest.fixture
def path(made, tmp_path, monkeypatch):
    """A copy of the table, for one test to spoil."""
    for module in (run, table):
        monkeypatch.setattr(module, "CONFIGURATIONS", TINY)
    path = tmp_path / "six_experiments.csv"
    path.write_bytes(made)
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
    assert list(one_hot.X[:, 0].argmax(axis=1) + 1) == list(one_hot.y)
    windows = samples.windows_as_time_steps()
    repeated, mixed = samples.last_letter_repeated(), samples.first_letters_mixed()
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


def test_the_stored_table_is_complete_and_its_accuracies_follow_from_its_letters():
    rows = {tuple(row[name] for name in table.KEY): row for row in table.read_table()}
    assert len(rows) == sum(len(table.expected(one)) for one in CONFIGURATIONS)
    for one in CONFIGURATIONS:
        data = samples.from_a() if one.stateful else one.data()
        asked = {TRAINING_DATA: data} | {name: make() for name, make in one.questions.items()}
        for seed in range(20):
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
        stored, again = (table.select(r, "predictions", 5, question=question) for r in (rows, done))
        pairs = [
            (a, b)
            for old, new in zip(stored, again, strict=True)
            for a, b in zip(old, new, strict=True)
        ]
        assert np.mean([a == b for a, b in pairs]) > 0.95, question
    again = table.select(done, "accuracy", 5)
    np.testing.assert_allclose(again, table.select(rows, "accuracy", 5), atol=0.05)


# Reading and writing


def change(path, **changes):
    """Change fields of the first row and give it a check sum that fits."""
    rows = table.read_table(path)
    rows[0] |= changes
    table.write_table(rows, path)


def raise_accuracy(path):
    lines = list(csv.reader(path.read_text().splitlines()))
    lines[1][table.COLUMNS.index("accuracy")] = "1"
    path.write_text("".join(",".join(line) + "\n" for line in lines))


SPOILED = [
    (
        lambda p: p.write_text(p.read_text().replace("accuracy", "precision", 1)),
        "wanted .*accuracy",
    ),
    (lambda p: p.write_text("\n"), "the header is"),
    (lambda p: p.write_text(p.read_text()[:-2]), r"row 61: .*(cut short or edited|fields; wanted)"),
    (lambda p: p.write_text(p.read_text()[:-40]), r"row 61: .*(cut short|fields; wanted)"),
    (raise_accuracy, "row 2: .*cut short or edited.*make experiments"),
    (
        lambda p: p.write_text(p.read_text() + p.read_text().splitlines()[-1] + "\n"),
        "row 62: .*twice",
    ),
    (lambda p: change(p, epochs=3), "was made with epochs 3; .* it is 2 now"),
    (lambda p: change(p, control="upside down"), "no configuration for #1 upside down"),
    (lambda p: table.write_table(table.read_table(p)[1:], p), "1 of 2 configurations are missing"),
]


@pytest.mark.parametrize(("spoil", "message"), SPOILED)
def test_a_spoiled_table_is_named(path, spoil, message):
    spoil(path)
    with pytest.raises(ValueError, match=message):
        table.read_table(path)


def test_what_was_written_is_read_and_what_is_not_there_is_named(path):
    rows = table.read_table(path)
    assert len(rows) == 3 * 20
    again = path.with_name("again.csv")
    table.write_table(rows, again)
    assert again.read_bytes() == path.read_bytes()
    assert sorted(file.name for file in path.parent.iterdir()) == ["again.csv", path.name]
    with pytest.raises(FileNotFoundError, match="no such file.*make experiments"):
        table.read_table(path.with_name("no.csv"))
    with pytest.raises(ValueError, match="experiment is 1, control 'no such'"):
        table.select(rows, "accuracy", 1, "no such")
    with pytest.raises(ValueError, match=r"experiment is 7, .*; wanted one of \[1"):
        table.select(rows, "accuracy", 7)


def test_a_failing_write_leaves_the_old_table(path, monkeypatch):
    before, rows = path.read_bytes(), table.read_table(path)

    def fail(fields):
        raise OSError("the disk is full")

    monkeypatch.setattr(table, "_check_sum", fail)
    with pytest.raises(OSError, match="full"):
        table.write_table(rows, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_check_finds_what_differs(path, capsys):
    assert run.check(path) == 0  # and so training twice gives the same rows
    row = table.read_table(path)[0]
    other = "B" if row["predictions"][0] != "B" else "C"
    change(path, predictions=other + row["predictions"][1:])
    before = path.read_bytes()
    capsys.readouterr()
    assert run.check(path) == 1
    assert "#1 as published, seed 0, training data" in capsys.readouterr().out
    assert path.read_bytes() == before
