"""Where the gradient is cut, when the state is handed over: chapter 12, trained by `fit`.

The stream is that of chapter 11 (`experiments.delays`): sequences of 12 steps, a marked value, and
at the last step the question for its sign. A model of one layer reads each sequence in three pieces
of 4 steps, hands h and c on, and cuts the gradient before the last `reach` pieces. Its control is
the same layer with `stateful=True`, whose last piece is trained after a reset and two pieces.

Chapter 12 trains one of the seeds, and a hidden test there compares it with what is stored.
"""

import keras
import numpy as np

from experiments import study
from experiments.delays import balanced_values, random_values, stream

UNITS, SEEDS, BATCH, UPDATES, RATE = 4, 10, 8, 200, 0.01
LENGTH, PIECE = 12, 4
DELAYS, REACHES = (3, 7, 11), (1, 2, 3)


def step_model():
    """Return a model of one piece: `[x, h, c]` in, `[answer, h, c]` out."""
    x, h, c = keras.Input((None, 2)), keras.Input((UNITS,)), keras.Input((UNITS,))
    out, *state = keras.layers.LSTM(UNITS, return_state=True)(x, initial_state=[h, c])
    return keras.Model([x, h, c], [keras.layers.Dense(2, "softmax")(out), *state])


class InPieces(keras.Model):
    """Read sequences in pieces; let the gradient through the last `reach` of them."""

    def __init__(self, step, length, reach):
        super().__init__()
        self.step, self.length, self.reach = step, length, reach

    def call(self, x):
        """Return the answer after the last piece, (B, 2)."""
        pieces = keras.ops.split(x, x.shape[1] // self.length, axis=1)
        h = c = keras.ops.zeros((keras.ops.shape(x)[0], UNITS))
        for number, piece in enumerate(pieces):
            if number == len(pieces) - self.reach:
                h, c = keras.ops.stop_gradient(h), keras.ops.stop_gradient(c)
            answer, h, c = self.step([piece, h, c])
        return answer


def compiled(model):
    """Compile the model, build its optimizer, and return it."""
    model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    return model


def stateful_model():
    """Return the control: the same layers, which keep their state themselves."""
    rows = keras.Input(batch_shape=(BATCH, None, 2))
    lstm = keras.layers.LSTM(UNITS, stateful=True)
    return compiled(keras.Sequential([rows, lstm, keras.layers.Dense(2, "softmax")]))


def begin(model, seed):
    """Give the model the first weights of a seed and a fresh optimizer; no new graph is traced."""
    keras.utils.set_random_seed(seed)
    model.set_weights(step_model().get_weights())
    fresh = keras.optimizers.Adam(RATE)
    fresh.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, fresh.variables, strict=True):
        variable.assign(value)


def train_in_pieces(model, x, y):
    """Train by `fit`, one update for each `BATCH` sequences; return the weights."""
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    return model.get_weights()


def train_stateful(model, x, y):
    """Train the last piece of each sequence with `stateful=True`; return the weights."""
    for start in range(0, len(x), BATCH):
        rows = slice(start, start + BATCH)
        model.layers[0].reset_states()
        model.predict_on_batch(x[rows, :-PIECE])  # values cross
        model.train_on_batch(x[rows, -PIECE:], y[rows])  # gradients: in this piece only
    return model.get_weights()


def measure():
    """Return accuracies by delay, and how far reach 1 and `stateful=True` are apart."""
    models = {f"reach {reach}": compiled(InPieces(step_model(), PIECE, reach)) for reach in REACHES}
    models["stateful"] = stateful_model()
    reader = keras.Sequential([keras.Input((LENGTH, 2)), keras.layers.LSTM(UNITS)])
    reader.add(keras.layers.Dense(2, "softmax"))  # reads whole sequences, for the accuracies
    results = {str(delay): {name: [] for name in models} for delay in DELAYS}
    apart = []
    values = random_values(np.random.default_rng(0), BATCH * UPDATES, LENGTH)
    for delay in DELAYS:
        x, y = stream(values, delay)
        x_new, y_new = stream(balanced_values(LENGTH), delay)
        for seed in range(SEEDS):
            trained = {}
            for name, model in models.items():
                begin(model, seed)
                train = train_stateful if name == "stateful" else train_in_pieces
                trained[name] = train(model, x, y)
                reader.set_weights(trained[name])
                answers = reader.predict(x_new, batch_size=len(x_new), verbose=0).argmax(axis=1)
                results[str(delay)][name].append(float(np.mean(answers == y_new)))
            pairs = zip(trained["reach 1"], trained["stateful"], strict=True)
            apart.append(max(float(np.abs(one - other).max()) for one, other in pairs))
        print(f"  delay {delay} is done.", flush=True)
    settings = {
        "units": UNITS, "seeds": list(range(SEEDS)), "batch": BATCH, "updates": UPDATES,
        "learning_rate": RATE, "steps": LENGTH, "piece": PIECE,
        "delays": list(DELAYS), "reaches": list(REACHES),
    }  # fmt: skip
    return {
        "settings": settings,
        "results": {"accuracy": results, "reach 1 and stateful apart by": max(apart)},
    }


def main(check=False):
    """Run the study; see `experiments.study.run`."""
    return study.run(__name__, measure, check, tolerance=0.02)
