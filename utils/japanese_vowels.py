"""The Japanese Vowels data: 640 utterances of nine speakers, read from `data/`. NumPy only.

`data/README.md` says where the file comes from, how it was made, and whom to cite.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data" / "japanese_vowels.npz"
SHA256 = "6d4a7f92a901af5bbbac9f8eeae32c7d64ecfa75901633537682139fc7ce7ce3"
TRAINING_SAMPLES = 270  # the authors' split: the first 270 utterances


class Vowels(NamedTuple):
    """What `load_japanese_vowels` returns, split into training and test as the authors did.

    Attributes
    ----------
    X_train : list of np.ndarray
        270 utterances, each of shape (T_i, 12), float32; T_i runs from 7 to 26.
    y_train : np.ndarray, shape (270,)
        The speaker of each, 0 to 8.
    X_test : list of np.ndarray
        370 utterances, each of shape (T_i, 12), float32; T_i runs from 7 to 29.
    y_test : np.ndarray, shape (370,)
        The speaker of each, 0 to 8.
    """

    X_train: list
    y_train: np.ndarray
    X_test: list
    y_test: np.ndarray


def load_japanese_vowels(path=FILE):
    """Read the utterances as they were published: not scaled, not padded, in their order.

    Nine men said the two vowels /ae/. Each utterance was cut into overlapping pieces of 25.6 ms,
    a new one every 6.4 ms. Each piece became one time step: 12 numbers (LPC cepstrum coefficients)
    that describe the shape of its spectrum.

    Parameters
    ----------
    path : path-like, default `data/japanese_vowels.npz` of the book
        The file.

    Returns
    -------
    Vowels

    Raises
    ------
    FileNotFoundError
        If there is no file at `path`.
    ValueError
        If the file is not byte by byte the one that the book was written with.

    Notes
    -----
    Source: M. Kudo, J. Toyama and M. Shimbo, "Multidimensional curve classification using
    passing-through regions", Pattern Recognition Letters 20 (1999) 1103-1111; from the UCI Machine
    Learning Repository, https://doi.org/10.24432/C5NS47, licence CC BY 4.0.

    Examples
    --------
    >>> vowels = load_japanese_vowels()
    >>> len(vowels.X_train), len(vowels.X_test), vowels.X_train[0].shape
    (270, 370, (20, 12))
    """
    path = Path(path)
    advice = "Fetch data/japanese_vowels.npz from the book's repository again."
    if not path.is_file():
        raise FileNotFoundError(f"path is {path}, and there is no such file. {advice}")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(
            f"path is {path}, a file with the SHA-256 {found}; wanted {SHA256}: the file has been "
            f"altered or was not fetched completely. {advice}"
        )
    with np.load(path, allow_pickle=False) as file:
        frames, lengths, speakers = file["frames"], file["lengths"], file["speakers"]
    ends = np.cumsum(lengths, dtype=np.int64)
    utterances = [part.copy() for part in np.split(frames, ends[:-1])]  # each (T_i, 12)
    speakers = speakers.astype(np.int64)
    first = TRAINING_SAMPLES
    return Vowels(utterances[:first], speakers[:first], utterances[first:], speakers[first:])
