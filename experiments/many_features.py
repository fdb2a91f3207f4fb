"""Chapter 5: layouts, changes and forecasters, each trained by `fit` from ten seeds.

The recordings: nine networks on the same numbers, at two learning rates; three of them again after
each recording was shifted or shuffled; and how well they answer before a recording has ended. The
room: four forecasters, and what the state of the LSTM tells of the heater.
"""

import keras
import numpy as np

from experiments import study
from utils.japanese_vowels import load_japanese_vowels
from utils.lstm_numpy import lstm
from utils.windows import sliding_windows

SEEDS, EPOCHS, BATCH, RATES = 10, 20, 54, (0.005, 0.03)
LONGEST, T = 29, 24  # time steps of a padded recording; of a window of the room
LSTM, Dense, Input = keras.layers.LSTM, keras.layers.Dense, keras.Input

SHAPES = {"29×12": (-1, 29, 12), "1×348": (-1, 1, 348), "dense": (-1, 348), "linear": (-1, 348)}
NETWORKS = {
    "29×12, mask": lambda: [Input((None, 12)), keras.layers.Masking(), LSTM(32), nine()],
    "29×12": lambda: [Input((None, 12)), LSTM(32), nine()],
    "1×348": lambda: [Input((1, 348)), LSTM(32), nine()],
    "dense": lambda: [Input((348,)), Dense(32, activation="relu"), nine()],
    "linear": lambda: [Input((348,)), nine()],
}
RUNS = ["29×12, mask, pre"] + [
    f"{layout}, {padding}"
    for layout in ("29×12", "1×348", "dense", "linear")
    for padding in ("pre", "post")
]
WALKS = ("29×12, mask, pre", "29×12, pre")  # against which the others are compared
CHANGED = ("29×12, mask, pre", "1×348, post", "linear, post")
FORECASTERS = {  # name: layers, epochs
    "dense, 10 epochs": (
        lambda: [
            Input((T, 2)),
            keras.layers.Flatten(),
            Dense(32, activation="relu"),
            Dense(1),
        ],
        10,
    ),
    "dense, 100 epochs": (lambda: FORECASTERS["dense, 10 epochs"][0](), 100),
    "LSTM, 10 epochs": (lambda: [Input((T, 2)), LSTM(8), Dense(1)], 10),
    "LSTM, 100 epochs": (lambda: FORECASTERS["LSTM, 10 epochs"][0](), 100),
}


def nine():
    """Return the last layer of a network that names one of nine speakers."""
    return Dense(9, activation="softmax")


# Training


def train(layers, X, y, epochs, batch_size, rate, loss="sparse_categorical_crossentropy"):
    """Train a network once per seed by `fit`; return it and its weights before and after.

    One model serves all seeds, so that it is compiled once. It starts each time from the weights
    that a fresh one has after this seed, and with a fresh optimizer.
    """
    model = keras.Sequential(layers())
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)
    untouched = [keras.ops.convert_to_numpy(variable) for variable in optimizer.variables]
    model.compile(optimizer, loss, jit_compile=True)
    starts, ends = [], []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        starts.append(keras.Sequential(layers()).get_weights())
        model.set_weights(starts[-1])
        for variable, value in zip(optimizer.variables, untouched, strict=True):
            variable.assign(value)
        model.fit(X, y, epochs=epochs, batch_size=batch_size, verbose=0)
        ends.append(model.get_weights())
    return model, starts, ends


def answers(model, weights, X):
    """Return what a model answers with each set of weights, (seeds, N, ...)."""
    found = []
    for one in weights:
        model.set_weights(one)
        found.append(model.predict(X, batch_size=len(X), verbose=0))
    return np.array(found)


# The recordings


def recordings():
    """Return the scaled recordings and speakers: training and test part, each a list and (N,)."""
    vowels = load_japanese_vowels()
    frames = np.concatenate(vowels.X_train)
    mean, std = frames.mean(axis=0), frames.std(axis=0)
    parts = [[(r - mean) / std for r in part] for part in (vowels.X_train, vowels.X_test)]
    return *parts, vowels.y_train, vowels.y_test


def pad(part, padding):
    """Return recordings as one array (N, 29, 12), zeros before ("pre") or after ("post")."""
    return keras.utils.pad_sequences(part, LONGEST, dtype="float32", padding=padding)


def shift(part, rng):
    """Return recordings (N, 29, 12), each at a random place among the 29 steps."""
    X = np.zeros((len(part), LONGEST, 12), "float32")
    for sample, recording in zip(X, part, strict=True):
        start = rng.integers(LONGEST - len(recording) + 1)
        sample[start : start + len(recording)] = recording
    return X


def shuffle(part, rng):
    """Return recordings (N, 29, 12), the steps of each in a random order."""
    return pad([rng.permutation(recording) for recording in part], "post")


def network(run):
    """Return the layers and the shape of a run such as `"1×348, post"`."""
    layout = run.rpartition(", ")[0]
    return NETWORKS[layout], SHAPES[layout.partition(",")[0]]


def compare_layouts():
    """Train every layout at both rates; return accuracies, leads, and trained networks."""
    train_part, test_part, y_train, y_test = recordings()
    test, training, leads, trained = {}, {}, {}, {}
    for rate in RATES:
        named = {}
        test[str(rate)], training[str(rate)], leads[str(rate)] = {}, {}, {}
        for run in RUNS:
            layers, shape = network(run)
            padding = run.rpartition(", ")[2]
            X, X_test = (pad(part, padding).reshape(shape) for part in (train_part, test_part))
            model, _, ends = train(layers, X, y_train, EPOCHS, BATCH, rate)
            trained[run, rate] = model, ends
            named[run] = answers(model, ends, X_test).argmax(axis=-1) == y_test  # (seeds, 370)
            known = answers(model, ends, X).argmax(axis=-1) == y_train
            test[str(rate)][run] = named[run].mean(axis=1).round(4).tolist()
            training[str(rate)][run] = known.mean(axis=1).round(4).tolist()
        for walk in WALKS:
            leads[str(rate)][walk] = {}
            for run in RUNS:
                ahead = named[run].mean(axis=0) - named[walk].mean(axis=0)  # (370,)
                error = ahead.std() / np.sqrt(len(ahead))
                leads[str(rate)][walk][run] = [round(float(n), 5) for n in (ahead.mean(), error)]
    return {"test": test, "training": training, "leads": leads}, trained


def change_recordings(trained):
    """Train three layouts on shifted and on shuffled recordings; return test accuracies."""
    train_part, test_part, y_train, y_test = recordings()
    found = {}
    for change in (shift, shuffle):
        rng = np.random.default_rng(0)
        X_all, X_test_all = change(train_part, rng), change(test_part, rng)
        for run in CHANGED:
            layers, shape = network(run)
            X, X_test = X_all.reshape(shape), X_test_all.reshape(shape)
            model, _, ends = train(layers, X, y_train, EPOCHS, BATCH, RATES[0])
            right = answers(model, ends, X_test).argmax(axis=-1) == y_test
            found.setdefault(run, {})[change.__name__] = right.mean(axis=1).round(4).tolist()
    return found


def answer_early(trained):
    """Return the test accuracy after each step, (seeds, 29), for three ways to ask."""
    train_part, test_part, y_train, y_test = recordings()
    X, X_test = pad(train_part, "post"), pad(test_part, "post")

    def layers():
        states = LSTM(32, return_sequences=True)
        return [Input((None, 12)), keras.layers.Masking(), states, nine()]

    y_every = np.repeat(y_train[:, None], LONGEST, axis=1)  # (270, 29)
    model, _, ends = train(layers, X, y_every, EPOCHS, BATCH, RATES[0])
    prefixes = np.repeat(X_test[:, None], LONGEST, axis=1)  # (370, 29, 29, 12)
    for heard in range(1, LONGEST + 1):
        prefixes[:, heard - 1, heard:] = 0  # the first steps, then zeros
    prefixes = prefixes.reshape(-1, 1, 348)
    once, once_ends = trained["1×348, post", RATES[0]]
    _, walk_ends = trained["29×12, mask, pre", RATES[0]]
    asked = {
        "trained at every step": answers(model, ends, X_test),
        "trained at the end": answers(model, walk_ends, X_test),
        "1×348, zeros for the rest": answers(once, once_ends, prefixes),
    }
    courses = {}
    for name, found in asked.items():
        named = found.argmax(axis=-1).reshape(SEEDS, len(X_test), LONGEST)
        courses[name] = (named == y_test[:, None]).mean(axis=1).round(4).tolist()
    return courses


# The room


def heated_room(length, seed, sigma=0.1):
    """Simulate; return room and outdoor temperature (length, 2), heater, noise."""
    rng = np.random.default_rng(seed)
    noise, gusts = rng.normal(size=(2, length)) * [[sigma], [0.12]]
    weather, room, heater = np.zeros(length), np.full(length, 21.0), np.zeros(length)
    outdoor = 5 + 4 * np.sin(2 * np.pi * np.arange(length) / 288)  # 288 steps are a day
    for k in range(1, length):
        weather[k] = 0.998 * weather[k - 1] + gusts[k]
        outdoor[k] += weather[k]
        before = room[k - 1]
        heater[k] = 1 if before < 20 else 0 if before > 22 else heater[k - 1]
        loss = (before - outdoor[k - 1]) / 120
        room[k] = before - loss + 0.3 * heater[k] + noise[k]
    return np.stack([room, outdoor], axis=1), heater, noise


def forecast():
    """Return the RMSE of four forecasters, and how often a state tells the heater."""
    series, heater, _ = heated_room(10025, seed=1)
    X, following = sliding_windows(series, T)
    change = following[:, 0] - X[:, -1, 0]
    first, last = slice(0, 8000), slice(8000 + T, None)
    center, scale = X[first].mean(axis=(0, 1)), X[first].std(axis=(0, 1))
    unit = change[first].std()
    inputs = ((X - center) / scale).astype("float32")
    targets = (change / unit).astype("float32")
    errors, weights = {}, {}
    for name, (layers, epochs) in FORECASTERS.items():
        model, starts, ends = train(layers, inputs[first], targets[first], epochs, 200, 0.01, "mse")
        found = answers(model, ends, inputs[last])[..., 0] * unit - change[last]
        errors[name] = np.sqrt((found**2).mean(axis=1)).round(5).tolist()
        weights[name] = starts, ends

    heater_next = heater[T:] == 1

    def told(numbers):
        """How often a weighted sum of the numbers tells whether the heater is on."""
        columns, some = np.c_[numbers, np.ones(len(numbers))], slice(0, 8000, 4)
        found = np.linalg.lstsq(columns[some], heater_next[some], rcond=None)[0]
        hits = (columns[last] @ found > 0.5) == heater_next[last]
        return round(float(hits.mean()), 4)

    def states(one):
        return lstm(inputs, *one[:3]).h[:, -1]

    starts, ends = weights["LSTM, 10 epochs"]
    return {
        "rmse": errors,
        "heater": {
            "state, trained": [told(states(one)) for one in ends],
            "state, never trained": [told(states(one)) for one in starts],
            "the window": [told(inputs.reshape(len(inputs), -1))],
            "always off": [round(float(1 - heater_next[last].mean()), 4)],
        },
    }


def measure():
    """Train everything; about a quarter of an hour on two cores."""
    layouts, trained = compare_layouts()
    return {
        "settings": {
            "seeds": SEEDS,
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "rates": list(RATES),
            "optimizer": "Adam",
            "units": 32,
            "forecasters": {"batch_size": 200, "rate": 0.01, "units": 8},
        },
        "results": {
            **layouts,
            "changed": change_recordings(trained),
            "after_each_step": answer_early(trained),
            "forecasts": forecast(),
        },
    }


def main(check=False):
    """Run the study; see `study.run`.

    The tolerance is for threads, which do not round their sums alike in every run.
    """
    return study.run(__name__, measure, check, tolerance=0.03)
