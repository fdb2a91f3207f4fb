"""What the networks of the six experiments read. The code of a letter is its place divided by 26.

Shapes: N samples, T time steps, F features. Every function returns `Samples`.
"""

from typing import NamedTuple

import numpy as np

from utils.windows import ALPHABET, encode, sliding_windows

LETTERS = len(ALPHABET)
LONGEST_RANDOM = 5  # letters in a random window
RANDOM_WINDOWS = 1000
DATA_SEED = 7  # the seed that the post sets before it draws its windows


class Samples(NamedTuple):
    """Samples and what they should be answered with.

    Attributes
    ----------
    X : np.ndarray, shape (N, T, F), float32
    y : np.ndarray, shape (N,), int
        The right answers: places of letters in the alphabet.
    lengths : np.ndarray, shape (N,), int
        How many of its last time steps each sample really has; the others are filling.
    """

    X: np.ndarray
    y: np.ndarray
    lengths: np.ndarray


def letters():
    """One letter, answered with the next: (25, 1, 1)."""
    return windows_as_time_steps(1)


def one_hot_letters():
    """One letter as 26 features, one of them 1: (25, 1, 26)."""
    places = np.arange(LETTERS - 1)
    return _samples(np.eye(LETTERS)[places][:, None, :], places + 1)


def windows_as_time_steps(length=3):
    """Windows of so many letters, one letter per time step: (26 - length, length, 1)."""
    windows, y = sliding_windows(encode(ALPHABET), length)
    return _samples(windows[..., None] / LETTERS, y)


def windows_as_features(length=3, features=3):
    """Windows in one time step, shorter ones with zeros before them: (26 - length, 1, features)."""
    windows, y = sliding_windows(encode(ALPHABET), length)
    filled = np.zeros((len(windows), 1, features))
    filled[:, 0, features - length :] = windows / LETTERS
    return _samples(filled, y)


def last_letter_repeated():
    """Return the last letter of each window three times: steps without context (23, 3, 1)."""
    X, y, _ = windows_as_time_steps()
    return _samples(np.repeat(X[:, 2:], 3, axis=1), y)


def first_letters_mixed():
    """Windows whose first two letters come from another window: (23, 3, 1)."""
    X, y, _ = windows_as_time_steps()
    X = X.copy()
    X[:, :2] = np.roll(X[:, :2], 5, axis=0)
    return _samples(X, y)


def first_letters_mixed_as_features():
    """Return the same as one time step: (23, 1, 3)."""
    X, y, _ = first_letters_mixed()
    return _samples(X.reshape(-1, 1, 3), y)


def windows_of_2_to_5():
    """All windows of two to five letters, filled up on the left: (90, 5, 1)."""
    parts = [sliding_windows(encode(ALPHABET), length) for length in (2, 3, 4, 5)]
    rows = [row for windows, _ in parts for row in windows]
    return _filled(rows, 5, 0.0)


def random_windows(filling=0.0):
    """Return the 1000 random windows of 1 to 5 letters that the post draws: (1000, 5, 1).

    Filled up on the left, in the post with 0, which is also the code of A.
    """
    rng = np.random.RandomState(DATA_SEED)
    rows = []
    for _ in range(RANDOM_WINDOWS):
        start = rng.randint(LETTERS - 2)
        end = rng.randint(start, min(start + LONGEST_RANDOM, LETTERS - 1))
        rows.append(np.arange(start, end + 1))
    return _filled(rows, LONGEST_RANDOM, filling)


def filled_windows(length, filling=0.0):
    """All windows of one length, filled up on the left to five time steps or more."""
    windows, _ = sliding_windows(encode(ALPHABET), length)
    return _filled(list(windows), max(length, LONGEST_RANDOM), filling)


def from_a():
    """Each letter after all the letters before it: (25, 25, 1)."""
    return _filled([np.arange(place + 1) for place in range(LETTERS - 1)], LETTERS - 1, 0.0)


def after_as_many_as():
    """Each letter after as many letters A as there are letters before it: (25, 25, 1)."""
    rows = [np.array([0] * place + [place]) for place in range(LETTERS - 1)]
    return _filled(rows, LETTERS - 1, 0.0)


def _samples(X, y):
    X = np.asarray(X, np.float32)
    return Samples(X, np.asarray(y), np.full(len(X), X.shape[1]))


def _filled(rows, time_steps, filling):
    """Put windows of several lengths, given as places, into one array, filled up on the left."""
    X = np.full((len(rows), time_steps, 1), filling, np.float32)
    for sample, row in zip(X, rows, strict=True):
        sample[time_steps - len(row) :, 0] = row / LETTERS
    y = np.array([row[-1] + 1 for row in rows])
    return Samples(X, y, np.array([len(row) for row in rows]))
