"""What is run: the six experiments as published, and the controls of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from experiments.six import samples

PUBLISHED = "as published"
TRAINING_DATA = "training data"


@dataclass(frozen=True)
class Configuration:
    """One way to train, run with every seed.

    Attributes
    ----------
    experiment : int
        1 to 6, in the order of the post.
    control : str
        "as published", or what is different.
    data : callable
        Returns the `Samples` to train on.
    units, epochs, batch_size : int
    shuffle, stateful, mask : bool
        `mask`: whether time steps that are filling are skipped.
    network : {"LSTM", "dense"}
    questions : dict of str to callable
        What the trained weights are asked besides the training data; each returns `Samples`.
    """

    experiment: int
    control: str
    data: Callable[[], samples.Samples]
    units: int
    epochs: int
    batch_size: int
    shuffle: bool = True
    stateful: bool = False
    mask: bool = False
    network: str = "LSTM"
    questions: dict = field(default_factory=dict)


def _windows(make, lengths):
    return {f"windows of {length}": partial(make, length) for length in lengths}


AS_FEATURES = _windows(samples.windows_as_features, (1, 2)) | {
    "first letters mixed": samples.first_letters_mixed_as_features
}
AS_TIME_STEPS = _windows(samples.windows_as_time_steps, (1, 2, 3, 4, 5, 6)) | {
    "first letters mixed": samples.first_letters_mixed
}
FROM_A_RESET = {
    "cold": samples.letters,
    "after the letter before": partial(samples.windows_as_time_steps, 2),
    "after the three letters before": partial(samples.windows_as_time_steps, 4),
    "after all letters from A": samples.from_a,
    "after as many As": samples.after_as_many_as,
}
FILLED = _windows(samples.filled_windows, (1, 2, 3, 4, 5, 6))
FILLED_WITH_MINUS_1 = _windows(partial(samples.filled_windows, filling=-1.0), (1, 2, 3, 4, 5, 6))
FILLED_FOR_DENSE = _windows(samples.filled_windows, (1, 2, 3, 4, 5))

# The settings of the post. Each control changes what its name says, and nothing else. The dense
# networks have as many weights as the LSTM they are compared with, to within 0.2 %.
ONE = {"data": samples.letters, "units": 32, "epochs": 500, "batch_size": 1}
TWO = ONE | {"data": samples.windows_as_features, "questions": AS_FEATURES}
THREE = ONE | {"data": samples.windows_as_time_steps, "questions": AS_TIME_STEPS}
FOUR = ONE | {"units": 16, "epochs": 5000, "batch_size": 25, "shuffle": False}
FIVE = ONE | {"units": 50, "epochs": 300, "shuffle": False, "stateful": True}
FIVE |= {"questions": FROM_A_RESET}
SIX = ONE | {"data": samples.random_windows, "questions": FILLED}
STATELESS = {"stateful": False, "questions": {}}
DENSE = {"network": "dense"} | STATELESS

CONFIGURATIONS = (
    Configuration(1, PUBLISHED, **ONE),
    Configuration(1, "5000 epochs", **ONE | {"epochs": 5000}),
    Configuration(1, "one batch, 5000 epochs", **ONE | {"epochs": 5000, "batch_size": 25}),
    Configuration(1, "one-hot", **ONE | {"data": samples.one_hot_letters}),
    Configuration(2, PUBLISHED, **TWO),
    Configuration(2, "31 units", **TWO | {"units": 31}),
    Configuration(2, "136 units", **TWO | {"units": 136}),
    Configuration(2, "5000 epochs", **TWO | {"epochs": 5000}),
    Configuration(3, PUBLISHED, **THREE),
    Configuration(3, "last letter three times", **THREE | {"data": samples.last_letter_repeated}),
    Configuration(
        *(3, "windows of 2 to 5"), **THREE | {"data": samples.windows_of_2_to_5, "mask": True}
    ),
    Configuration(3, "dense", **THREE | DENSE | {"units": 173}),
    Configuration(4, PUBLISHED, **FOUR),
    Configuration(4, "shuffled", **FOUR | {"shuffle": True}),
    Configuration(4, "one letter at a time", **FOUR | {"batch_size": 1}),
    Configuration(4, "dense", **FOUR | DENSE | {"units": 56}),
    Configuration(5, PUBLISHED, **FIVE),
    Configuration(5, "stateless", **FIVE | STATELESS),
    Configuration(5, "dense", **FIVE | DENSE | {"units": 418}),
    Configuration(6, PUBLISHED, **SIX),
    Configuration(6, "mask", **SIX | {"mask": True}),
    Configuration(
        *(6, "filled with -1"),
        **SIX | {"data": partial(samples.random_windows, -1.0), "questions": FILLED_WITH_MINUS_1},
    ),
    Configuration(6, "dense", **SIX | DENSE | {"units": 162, "questions": FILLED_FOR_DENSE}),
)
