"""Forecasts of the next 24 hours of temperature in New York, by every machine of chapter 15.

The same weather as in chapter 14, prepared by `experiments.weather`. A sample is two days of one
station: the first day is read, the temperature of the second is told. Stored is the root mean
squared error (RMSE) in °C at each hour ahead: `by_seed` over the whole test part, for each seed;
`by_week` for each week of the test part, the mean over the seeds.

- `persistence`, `yesterday` (the same hour of the day that was read) and `linear` (least squares
  on the day that was read, one sum for each hour ahead) have no seed.
- `vector`, `every step`, `several features`: one layer, and all hours at once.
- `vector after linear`: it learns what the linear model leaves.
- `recursive`, `recursive, temperature`: one hour ahead, fed with its own answers; it reads all
  features, or the temperature and the calendar.
- `repeat`, `calendar`: a decoder that reads copies of one vector, or the calendar.
- `teacher forcing`: the decoder reads the temperature before, true in training, its own answer in
  use. `teacher forcing, true temperatures`: the same weights, asked with the true ones.
- `own answers`: the same decoder, trained on its own answers.
- `bidirectional`: as `own answers`, after an encoder that reads in both directions.
- `vector, every hour`, `recursive, every hour`: trained on samples that start at every hour, not at
  every fifth, in batches five times as large; five seeds.
"""

import keras
import numpy as np

from experiments import study
from experiments.weather import CELSIUS, MEAN, SCALED, STD, TEST, TRAIN, VALID, WEEK
from experiments.weather import rmse as rounded_rmse

SEEDS, FEWER_SEEDS = range(10), range(5)
T, H = 24, 24  # hours that are read, and told
KNOWN = slice(6, 8)  # the columns of the calendar: known for every hour to come
TOLD = slice(0, 6)  # the columns of the weather, temperature first
UNITS, RATE, BATCH, EPOCHS, PATIENCE = 16, 0.005, 64, 30, 5
STRIDE = 5  # hours between two samples: no divisor of 24, so every hour of the day occurs

SERIES = SCALED.copy()
SERIES[..., 0] = (CELSIUS - MEAN[0]) / STD[0]  # not filled: each hour may be a target


def pieces(part, stride):
    """Cut the two days of each sample.

    Parameters
    ----------
    part : slice
        Hours; every piece lies inside it.
    stride : int
        Hours from one start to the next.

    Returns
    -------
    found : np.ndarray, shape (N, T + H, 8)
    start : np.ndarray, shape (N,)
        The first hour of each, from the start of the part.
    """
    found, start = [], []
    for station in SERIES[:, part]:
        cut = np.lib.stride_tricks.sliding_window_view(station, T + H, axis=0)[::stride]
        whole = np.isfinite(cut).all(axis=(1, 2))
        found.append(cut[whole].swapaxes(1, 2))
        start.append(stride * np.flatnonzero(whole))
    return np.concatenate(found), np.concatenate(start)


class Part:
    """The samples of one part, and what the machines read and learn of them."""

    def __init__(self, part, stride=STRIDE):
        both, self.start = pieces(part, stride)
        temperature = both[..., 0]
        self.past, self.future = both[:, :T], both[:, T:]  # (N, T, 8), (N, H, 8)
        self.now = self.past[:, -1:, 0]  # (N, 1)
        self.change = self.future[..., 0] - self.now  # (N, H): the target
        ahead = np.lib.stride_tricks.sliding_window_view(temperature[:, 1:], H, axis=1)
        self.every = ahead - temperature[:, :T, None]  # (N, T, H): from each hour of the past
        self.features = self.future[..., TOLD] - self.past[:, -1:, TOLD]  # (N, H, 6)
        self.calendar = self.future[..., KNOWN]  # (N, H, 2)
        before = np.concatenate([np.zeros_like(self.now), self.change[:, :-1]], axis=1)
        self.true = np.concatenate([before[..., None], self.calendar], axis=2)  # (N, H, 3)
        self.linear = None  # forecasts, set by `load`


def load():
    """Return the parts, with the forecasts of the linear model."""
    parts = {"train": Part(TRAIN), "valid": Part(VALID), "test": Part(TEST)}
    parts["every hour"] = dense = Part(TRAIN, stride=1)  # costs least squares nothing
    weights = np.linalg.lstsq(with_one(dense.past), dense.change, rcond=None)[0]
    for part in parts.values():
        part.linear = (with_one(part.past) @ weights).astype("float32")
    return parts


def with_one(X):
    """Flatten windows and add a column of ones."""
    return np.c_[X.reshape(len(X), -1), np.ones(len(X))]


def by_week(part, told):
    """Return the RMSE in °C of each week and hour ahead, (16, H).

    `told` are changes of the scaled temperature, (N, H).
    """
    errors, week = (told - part.change) * STD[0], part.start // WEEK
    return np.array([[rounded_rmse(e) for e in errors[week == w].T] for w in range(week.max() + 1)])


# The machines: each gives what `fit` takes, and a function that tells the changes of a part


def sequential(*layers, features=8):
    """Stack layers on the day that is read."""
    return keras.Sequential([keras.Input((T, features)), *layers])


def lstm(units=UNITS, **options):
    """Return an LSTM; the options are those of Keras."""
    return keras.layers.LSTM(units, **options)


def vector():
    """Tell all hours at once, (N, H)."""
    model = sequential(lstm(), keras.layers.Dense(H))
    return model, lambda p: (p.past, p.change), lambda p: ask(model, p.past)


def vector_after_linear():
    """Tell all hours of what the linear model leaves."""
    model = sequential(lstm(), keras.layers.Dense(H))
    return (
        model,
        lambda p: (p.past, p.change - p.linear),
        lambda p: p.linear + ask(model, p.past),
    )


def every_step():
    """Tell all hours ahead after each hour read, (N, T, H); in use, the last row counts."""
    model = sequential(lstm(return_sequences=True), keras.layers.Dense(H))
    return model, lambda p: (p.past, p.every), lambda p: ask(model, p.past)[:, -1]


def several_features():
    """Tell all hours of six features, (N, H, 6)."""
    model = sequential(lstm(), keras.layers.Dense(H * 6), keras.layers.Reshape((H, 6)))
    return model, lambda p: (p.past, p.features), lambda p: ask(model, p.past)[..., 0]


def recursive(columns=TOLD):
    """Tell the next hour of some columns, and read the answer as the next hour."""
    told = np.arange(8)[columns]
    reads = np.r_[told, 6, 7]
    model = sequential(lstm(), keras.layers.Dense(len(told)), features=len(reads))

    def tell(p):
        window, answers = p.past[..., reads], []
        for k in range(H):
            row = window[:, -1, : len(told)] + ask(model, window)
            answers.append(row[:, 0])
            row = np.concatenate([row, p.calendar[:, k]], axis=1)
            window = np.concatenate([window[:, 1:], row[:, None]], axis=1)
        return np.stack(answers, axis=1) - p.now

    return model, lambda p: (p.past[..., reads], p.features[:, 0, : len(told)]), tell


def repeat():
    """Decode H copies of the encoder's last h, (N, H, 1)."""
    model = sequential(
        lstm(),
        keras.layers.RepeatVector(H),
        lstm(return_sequences=True),
        keras.layers.Dense(1),
    )
    return model, lambda p: (p.past, p.change[..., None]), lambda p: ask(model, p.past)[..., 0]


def calendar():
    """Hand the state over; the decoder reads the calendar, (N, H, 2)."""
    past, known = keras.Input((T, 8)), keras.Input((H, 2))
    _, *state = lstm(return_state=True)(past)
    decoded = lstm(return_sequences=True)(known, initial_state=state)
    model = keras.Model([past, known], keras.layers.Dense(1)(decoded))
    return (
        model,
        lambda p: ((p.past, p.calendar), p.change[..., None]),
        lambda p: ask(model, (p.past, p.calendar))[..., 0],
    )


def decoders(bidirectional=False):
    """Return two models of the same layers: fed with the truth, and with their own answers."""
    past, known, true = keras.Input((T, 8)), keras.Input((H, 2)), keras.Input((H, 3))
    if bidirectional:
        both = keras.layers.Bidirectional(lstm(UNITS // 2, return_state=True))
        _, forward_h, forward_c, backward_h, backward_c = both(past)
        join = keras.layers.Concatenate()
        state = [join([forward_h, backward_h]), join([forward_c, backward_c])]
    else:
        _, *state = lstm(return_state=True)(past)
    decoder, dense = lstm(return_sequences=True), keras.layers.Dense(1)
    forced = keras.Model([past, true], dense(decoder(true, initial_state=state)))
    answer, answers = keras.ops.zeros_like(past[:, 0, :1]), []  # (N, 1): no change yet
    for k in range(H):
        row = keras.ops.concatenate([answer, known[:, k]], axis=-1)
        out, state = decoder.cell(row, state)  # one step of the decoder's loop
        answer = dense(out)
        answers.append(answer)
    free = keras.Model([past, known], keras.ops.stack(answers, axis=1))
    return forced, free


def ask(model, inputs):
    """Predict in large batches."""
    return model.predict(inputs, batch_size=1024, verbose=0)


def train(model, data, parts, name="train", batch=BATCH):
    """Compile and fit a model on one part, stopped early."""
    model.compile(keras.optimizers.Adam(RATE), loss="mse")
    early = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    return model.fit(
        *data(parts[name]),
        validation_data=data(parts["valid"]),
        batch_size=batch,
        epochs=EPOCHS,
        callbacks=[early],
        verbose=0,
    )


SIMPLE = {
    "vector": vector,
    "vector after linear": vector_after_linear,
    "every step": every_step,
    "several features": several_features,
    "recursive": recursive,
    "recursive, temperature": lambda: recursive(slice(0, 1)),
    "repeat": repeat,
    "calendar": calendar,
}
MACHINES = [*SIMPLE, "teacher forcing", "own answers", "bidirectional"]
CONTROLS = ["vector, every hour", "recursive, every hour"]
SEEDS_OF = dict.fromkeys(MACHINES, SEEDS) | dict.fromkeys(CONTROLS, FEWER_SEEDS)


def told_by(name, seed, parts):
    """Train one machine with one seed; return what it tells of the test part: {name: (N, H)}."""
    keras.utils.set_random_seed(seed)
    test = parts["test"]
    machine = name.removesuffix(", every hour")
    if machine in SIMPLE:
        model, data, tell = SIMPLE[machine]()
        if name == machine:
            train(model, data, parts)
        else:
            train(model, data, parts, "every hour", STRIDE * BATCH)
        return {name: tell(test)}
    forced, free = decoders(bidirectional=name == "bidirectional")
    if name == "teacher forcing":
        train(forced, lambda p: ((p.past, p.true), p.change[..., None]), parts)
    else:
        train(free, lambda p: ((p.past, p.calendar), p.change[..., None]), parts)
    told = {name: ask(free, (test.past, test.calendar))[..., 0]}
    if name == "teacher forcing":
        told[f"{name}, true temperatures"] = ask(forced, (test.past, test.true))[..., 0]
    return told


def baselines(parts):
    """Return what the simple forecasters tell of the test part: {name: (N, H)}."""
    test = parts["test"]
    return {
        "persistence": np.zeros_like(test.change),
        "yesterday": test.past[..., 0] - test.now,
        "linear": test.linear,
    }


def summary(errors, samples):
    """Return what is stored of errors (seeds, weeks, H); `samples` (weeks,) are their numbers."""
    errors = np.asarray(errors)
    whole = np.sqrt(np.average(errors**2, axis=1, weights=samples))  # (seeds, H)
    return {"by_seed": whole.round(4).tolist(), "by_week": errors.mean(axis=0).round(4).tolist()}


def measure():
    """Return the errors of every forecaster at every hour ahead."""
    parts = load()
    errors = {name: [by_week(parts["test"], t)] for name, t in baselines(parts).items()}
    for name, seeds in SEEDS_OF.items():
        for seed in seeds:
            for told_name, told in told_by(name, seed, parts).items():
                errors.setdefault(told_name, []).append(by_week(parts["test"], told))
        print(f"{name}: done", flush=True)
    return assemble(errors, parts)


def assemble(errors, parts):
    """Return settings and results, from errors {name: (seeds, weeks, H)}."""
    settings = {
        "seeds": list(SEEDS), "fewer seeds": list(FEWER_SEEDS), "window": T, "hours": H,
        "units": UNITS, "rate": RATE, "batch": BATCH, "epochs": EPOCHS, "patience": PATIENCE,
        "stride": STRIDE, "samples": {name: len(part.past) for name, part in parts.items()},
    }  # fmt: skip
    samples = np.bincount(parts["test"].start // WEEK)  # of each week
    return {"settings": settings, "results": {n: summary(e, samples) for n, e in errors.items()}}


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.15)
