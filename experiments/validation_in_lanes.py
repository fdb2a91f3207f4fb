"""When may validation start from the end of training? Ten seeds, two ways to cut a series.

A noisy wave of 8,000 values is read in 16 lanes by a stateful LSTM. Its last fifth is the
validation part: the end of the series, cut into lanes of its own, or the end of every lane. Only
in the second case does row i of validation continue row i of training. Chapter 9 shows the result.
"""

import keras
import numpy as np

from experiments import study
from utils.state import ResetStates, reset_states

SEEDS, VALUES, LANES, TIME_STEPS = 10, 8_000, 16, 10
SETTINGS = {"units": 16, "learning_rate": 0.003, "epochs": 20, "data_seed": 0}


def measure():
    """Return the validation loss of each seed: two cuts, with and without a reset before it."""
    data = {"the end of the series": end_of_series(), "the end of every lane": end_of_lanes()}
    results = {name: {"reset": [], "carried on": []} for name in data}
    for seed in range(SEEDS):
        model = trained(seed, data["the end of the series"][0])
        for name, (training, validation) in data.items():
            for start in ("reset", "carried on"):
                callback = ResetStates(validation=start == "reset")
                loss = validation_loss(model, training, validation, callback)
                results[name][start].append(round(loss, 5))
    settings = {"seeds": SEEDS, "values": VALUES, "lanes": LANES, "time steps": TIME_STEPS}
    return {"settings": settings | SETTINGS, "results": results}


def series():
    """Return a fast wave on a slow one, with noise."""
    t = np.arange(VALUES)
    noise = np.random.default_rng(SETTINGS["data_seed"]).normal(0, 0.1, VALUES)
    return 0.5 * np.sin(2 * np.pi * t / 25) + 0.5 * np.sin(2 * np.pi * t / 200) + noise


def in_rows(lanes):
    """Cut lanes (B, length) into samples (N, T, 1), piece by piece, with the next values."""
    length = (lanes.shape[1] - 1) // TIME_STEPS * TIME_STEPS
    parts = []
    for part in (lanes[:, :length], lanes[:, 1 : length + 1]):
        pieces = part.reshape(LANES, -1, TIME_STEPS).swapaxes(0, 1)  # (pieces, B, T)
        parts.append(pieces.reshape(-1, TIME_STEPS, 1).astype("float32"))
    return parts


def end_of_series():
    """Return training and validation: the first four fifths, and the last, each in lanes."""
    values, cut = series(), VALUES * 4 // 5
    return [in_rows(part.reshape(LANES, -1)) for part in (values[:cut], values[cut:])]


def end_of_lanes():
    """Return training and validation: the first four fifths of every lane, and the last."""
    lanes = series().reshape(LANES, -1)
    cut = lanes.shape[1] * 4 // 5
    # The last sample of training ends one value before the first of validation.
    return [in_rows(lanes[:, : cut + 1]), in_rows(lanes[:, cut:])]


def trained(seed, training):
    """Return a model that was trained on these samples, with a reset before each epoch."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input(batch_shape=(LANES, TIME_STEPS, 1))
    h = keras.layers.LSTM(SETTINGS["units"], stateful=True, return_sequences=True)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(h))
    model.compile(keras.optimizers.Adam(SETTINGS["learning_rate"]), "mse")
    fit(model, training, SETTINGS["epochs"], callbacks=[ResetStates()])
    # From here on only the state changes.
    model.compile(keras.optimizers.SGD(0.0), "mse")
    return model


def fit(model, data, epochs, **options):
    """Run `fit` in order, in batches of one sample per lane."""
    return model.fit(
        *data, batch_size=LANES, epochs=epochs, shuffle=False, verbose=0, **options
    ).history


def validation_loss(model, training, validation, callback):
    """Return `val_loss` of one epoch with learning rate 0."""
    reset_states(model)
    history = fit(model, training, 1, validation_data=validation, callbacks=[callback])
    return float(history["val_loss"][0])


def main(check=False):
    """Measure and store, or compare."""
    return study.run(__name__, measure, check, tolerance=0.002)
