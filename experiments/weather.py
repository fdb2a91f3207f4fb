"""Forecasts of the temperature in New York, 1, 6 and 24 hours ahead: chapter 14.

The same data, windows and networks as in *A forecast from start to finish*, over many seeds. Stored
is the root mean squared error (RMSE) of each week of the test part, for each seed: weeks are what
the standard errors of the chapter are taken over.

- `persistence`, `yesterday` (the same hour of the day before) and `linear` (least squares on the
  window) have no seed and one list of weeks each.
- `LSTM`: `LSTM(16)` on windows of 24 hours, stopped early. It learns what the linear model leaves.
- `LSTM alone`: it learns the whole change of temperature; three seeds.
- `stateful`: the same layer and the same targets, with the three stations as three lanes, read a
  day at a time. `two days`: it starts from zeros two days before the first forecast; `January`: it
  has read everything since the start of the series.
- `dropout`: `LSTM`, 6 hours ahead, with `dropout` or `recurrent_dropout`; three seeds.
"""

import keras
import numpy as np

from experiments import study
from utils.state import ResetStates, reset_states

SEEDS, FEWER_SEEDS = range(10), range(3)
HORIZONS = (1, 6, 24)  # hours
T, UNITS, EPOCHS, PATIENCE = 24, 16, 10, 3
BATCH, RATE = 256, 0.003  # of windows
LANES_RATE = 0.001  # of the stateful model, which reads 3 rows a batch: more and noisier updates
WEEK = 7 * 24
TRAIN, VALID = slice(0, 30 * WEEK), slice(30 * WEEK + 24, 36 * WEEK)
TEST = slice(36 * WEEK + 24, None)
DROPOUTS = {
    "dropout": {"dropout": 0.2},
    "recurrent_dropout": {"recurrent_dropout": 0.2},
    "both": {"dropout": 0.2, "recurrent_dropout": 0.2},
}


# The data: what the chapter does in its first sections


def carry_forward(x, limit=6):
    """Fill each NaN of (stations, L) with the last value, at most `limit` hours old."""
    hours = np.arange(x.shape[1])
    latest = np.maximum.accumulate(np.where(np.isnan(x), -limit - 1, hours), axis=1)
    return np.where(hours - latest <= limit, np.take_along_axis(x, latest, axis=1), np.nan)


def read_weather():
    """Read the file.

    Returns
    -------
    celsius : np.ndarray, shape (3, L)
        The temperature as published, NaN where it was not.
    features : np.ndarray, shape (3, L, 8)
        What the forecasters read, with short gaps filled from the past.
    """
    weather = np.load(study.DATA / "new_york_weather.npz")
    hour = weather["hour"] - weather["hour"].min()
    grid = np.full((3, hour.max() + 1, len(weather["columns"])), np.nan)
    station = np.searchsorted(["EWR", "JFK", "LGA"], weather["station"])
    grid[station, hour] = weather["values"]
    temp, dewp, _, wind_dir, wind_speed, pressure, _, visib = np.moveaxis(grid, -1, 0)
    wind_speed[wind_speed > 100] = np.nan  # miles an hour
    temp[:, 1:][np.abs(np.diff(temp)) > 20] = np.nan  # °F in one hour
    celsius, dew_point = (temp - 32) / 1.8, (dewp - 32) / 1.8
    wind, angle = carry_forward(wind_speed), np.deg2rad(carry_forward(wind_dir))
    day = 2 * np.pi * (np.arange(grid.shape[1]) + weather["hour"].min()) / 24
    filled = [carry_forward(x) for x in (celsius, dew_point, pressure, visib)]
    others = [wind * np.sin(angle), wind * np.cos(angle), np.sin(day), np.cos(day)]
    return celsius, np.stack(np.broadcast_arrays(*filled, *others), axis=-1)


CELSIUS, FEATURES = read_weather()
MEAN, STD = (of(FEATURES[:, TRAIN], axis=(0, 1)) for of in (np.nanmean, np.nanstd))
SCALED = ((FEATURES - MEAN) / STD).astype("float32")
WINDOWS = np.lib.stride_tricks.sliding_window_view(SCALED, T, axis=1).swapaxes(2, 3)
LENGTH = CELSIUS.shape[1]


class Task:
    """All that depends on the horizon: targets, which hours count, and the simple forecasts.

    Every array is (3, L): a station and the hour in which the forecast is made. Forecasts are of
    the change of temperature, in °C.
    """

    def __init__(self, horizon):
        self.horizon = horizon
        now = FEATURES[..., 0]
        self.change = np.full(CELSIUS.shape, np.nan)
        self.change[:, :-horizon] = CELSIUS[:, horizon:] - now[:, :-horizon]
        self.yesterday = np.full(CELSIUS.shape, np.nan)
        back = 24 - horizon
        self.yesterday[:, back:] = now[:, : LENGTH - back] - now[:, back:]
        whole = np.zeros(CELSIUS.shape, bool)  # is the window that ends here whole?
        whole[:, T - 1 :] = np.isfinite(WINDOWS).all(axis=(2, 3))
        self.counts = {
            name: whole & np.isfinite(self.change) & self.inside(part)
            for name, part in (("train", TRAIN), ("valid", VALID), ("test", TEST))
        }
        X, y = self.windows("train"), self.change[self.counts["train"]]
        weights = np.linalg.lstsq(with_one(X), y, rcond=None)[0]
        self.linear = np.full(CELSIUS.shape, np.nan)
        every = WINDOWS[whole[:, T - 1 :]]
        self.linear[whole] = with_one(every) @ weights

    def inside(self, part):
        """Say of each hour whether a window that ends there lies in a part."""
        start, stop, _ = part.indices(LENGTH)
        hours = np.arange(LENGTH)
        return (hours >= start + T - 1) & (hours < stop)

    def windows(self, name):
        """Return the windows of a part whose targets are known, (N, T, F)."""
        return WINDOWS[self.counts[name][:, T - 1 :]]

    def weekly(self, forecast):
        """Return the RMSE of each week of the test part; `forecast` is (3, L)."""
        hours = np.arange(LENGTH) - TEST.start
        found = []
        for week in range(hours[-1] // WEEK + 1):
            here = self.counts["test"] & (hours // WEEK == week)
            found.append(rmse((forecast - self.change)[here]))
        return found


def with_one(X):
    """Flatten windows and add a column of ones."""
    return np.c_[X.reshape(len(X), -1), np.ones(len(X))]


def rmse(errors):
    """Return the root mean square, rounded to what is worth storing."""
    return round(float(np.sqrt(np.mean(np.square(errors)))), 4)


def network(seed, rate=RATE, batch_shape=(None, T, 8), stateful=False, **dropout):
    """Return the compiled network of one seed."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=batch_shape),
            keras.layers.LSTM(UNITS, stateful=stateful, return_sequences=stateful, **dropout),
            keras.layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), loss="mse")
    return model


def stopped_early():
    """Return the callback that keeps the best weights."""
    return keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)


def stateless(task, seed, start, **dropout):
    """Train on windows; return the forecast (3, L).

    `start` is the forecast (3, L) that the network improves on: zeros, or the linear one.
    """
    X, X_valid, X_test = (task.windows(name) for name in task.counts)
    y, y_valid, _ = ((task.change - start)[here] for here in task.counts.values())
    model, scale = network(seed, **dropout), y.std()
    model.fit(
        X,
        y / scale,
        validation_data=(X_valid, y_valid / scale),
        batch_size=BATCH,
        epochs=EPOCHS,
        callbacks=[stopped_early()],
        verbose=0,
    )
    forecast = np.array(start, float)
    forecast[task.counts["test"]] += scale * model.predict(X_test, batch_size=1024, verbose=0)[:, 0]
    return forecast


def in_days(x, start, stop):
    """Cut whole days of (3, L, ...) into batches of 3 rows: (3 * days, 24, ...)."""
    days = (stop - start) // 24
    x = x[:, start : start + days * 24].reshape(3, days, 24, *x.shape[2:])
    return x.swapaxes(0, 1).reshape(3 * days, 24, *x.shape[3:])


def stateful(task, seed):
    """Train in lanes; return two forecasts (3, L): after two days of reading, and since January."""
    known = task.counts["train"] | task.counts["valid"]
    rest = task.change - task.linear
    scale = rest[task.counts["train"]].std()
    arrays = [
        np.nan_to_num(SCALED),  # what is missing is read as the mean
        np.where(known, rest / scale, 0)[..., None],
        known.astype("float32"),
    ]
    train = [in_days(x, 0, TRAIN.stop) for x in arrays]
    valid = [in_days(x, TRAIN.stop, VALID.stop) for x in arrays]  # goes on where train ends
    model = network(seed, LANES_RATE, (3, 24, 8), stateful=True)
    model.fit(
        *train[:2],
        sample_weight=train[2],
        validation_data=tuple(valid),
        batch_size=3,
        epochs=EPOCHS,
        shuffle=False,
        callbacks=[ResetStates(validation=False), stopped_early()],
        verbose=0,
    )
    test = in_days(arrays[0], VALID.stop, LENGTH)
    forecasts = {}
    for name in ("two days", "January"):
        reset_states(model)
        if name == "January":
            for part in (train, valid):
                model.predict(part[0], batch_size=3, verbose=0)
        answers = model.predict(test, batch_size=3, verbose=0).reshape(-1, 3, 24)
        forecasts[name] = task.linear.copy()
        read = slice(VALID.stop, VALID.stop + 24 * len(answers))
        forecasts[name][:, read] += scale * answers.swapaxes(0, 1).reshape(3, -1)
    return forecasts


def measure():
    """Return the weekly errors of every forecaster, horizon and seed."""
    results = {}
    for horizon in HORIZONS:
        task = Task(horizon)
        nothing = np.zeros(CELSIUS.shape)
        found = {
            "persistence": task.weekly(nothing),
            "yesterday": task.weekly(task.yesterday),
            "linear": task.weekly(task.linear),
        }
        found |= {"LSTM": [], "LSTM alone": [], "stateful": {"two days": [], "January": []}}
        for seed in SEEDS:
            found["LSTM"].append(task.weekly(stateless(task, seed, task.linear)))
            for name, forecast in stateful(task, seed).items():
                found["stateful"][name].append(task.weekly(forecast))
        for seed in FEWER_SEEDS:
            found["LSTM alone"].append(task.weekly(stateless(task, seed, nothing)))
        if horizon == 6:
            found["dropout"] = {
                name: [task.weekly(stateless(task, s, task.linear, **rates)) for s in FEWER_SEEDS]
                for name, rates in DROPOUTS.items()
            }
        results[str(horizon)] = found
        print(f"{horizon} hours ahead: done", flush=True)
    settings = {"seeds": list(SEEDS), "fewer seeds": list(FEWER_SEEDS), "window": T}
    settings |= {
        "units": UNITS,
        "rate": RATE,
        "rate in lanes": LANES_RATE,
        "epochs": EPOCHS,
        "patience": PATIENCE,
    }
    return {"settings": settings | {"batch": BATCH, "dropout": 0.2}, "results": results}


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.1)
