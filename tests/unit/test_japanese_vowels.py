"""The Japanese Vowels data are complete, as published, and read only when they are unaltered."""

import numpy as np
import pytest

from utils.japanese_vowels import FILE, load_japanese_vowels


@pytest.fixture(scope="module")
def vowels():
    return load_japanese_vowels()


def test_the_split_is_that_of_the_authors(vowels):
    assert (len(vowels.X_train), len(vowels.X_test)) == (270, 370)
    assert vowels.y_train.shape == (270,) and vowels.y_test.shape == (370,)
    assert np.bincount(vowels.y_train).tolist() == [30] * 9
    assert np.bincount(vowels.y_test).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_utterances_have_12_features_and_lengths_of_their_own(vowels):
    for utterances, longest, steps in ((vowels.X_train, 26, 4274), (vowels.X_test, 29, 5687)):
        assert {utterance.shape[1] for utterance in utterances} == {12}
        assert {utterance.dtype for utterance in utterances} == {np.dtype("float32")}
        lengths = [len(utterance) for utterance in utterances]
        assert (min(lengths), max(lengths), sum(lengths)) == (7, longest, steps)


def test_values_are_the_published_ones(vowels):
    every = np.concatenate(vowels.X_train + vowels.X_test)
    assert every.shape == (9961, 12)
    assert np.isfinite(every).all()
    assert (every.min(), every.max()) == (np.float32(-1.852765), np.float32(2.203141))
    first, last = vowels.X_train[0], vowels.X_test[-1]
    # as printed in ae.train, first line
    assert first[0, :3].tolist() == np.float32([1.860936, -0.207383, 0.261557]).tolist()
    assert first[1, 0] == np.float32(1.891651)  # the next time step, not the next feature
    # all six published decimals survive in float32
    assert np.abs(last - np.round(last.astype(float), 6)).max() < 5e-7
    assert len({utterance.tobytes() for utterance in vowels.X_train + vowels.X_test}) == 640


def test_each_call_returns_new_arrays(vowels):
    again = load_japanese_vowels()
    again.X_train[0][:] = 0
    assert vowels.X_train[0].any() and load_japanese_vowels().X_train[0].any()
    assert not np.shares_memory(again.X_train[0], again.X_train[1])


def test_a_file_that_is_missing_altered_or_cut_short_is_named(tmp_path):
    file = tmp_path / "vowels.npz"
    with pytest.raises(FileNotFoundError, match="no such file") as error:
        load_japanese_vowels(file)
    assert str(file) in str(error.value) and "repository" in str(error.value)
    content = bytearray(FILE.read_bytes())
    file.write_bytes(content[:1000])
    with pytest.raises(ValueError, match="not fetched completely"):
        load_japanese_vowels(file)
    content[5000] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="altered"):
        load_japanese_vowels(file)
