"""The events: each a small function that asks Keras one question and returns a verdict.

Only public Keras is used, and nothing that belongs to one back end. A function returns one of the
words in `VERDICTS`; one that raises has the verdict *raises*, with the message. Each says in its
first line what happens, as the table of the book prints it.
"""

import keras
import numpy as np
from keras import layers

VERDICTS = {
    "carried": "the next batch starts from the end of the one before",
    "lost": "every batch starts from zeros",
    "frozen": "every batch starts from the state that was there when `predict` first ran",
    "kept": "the state that is there afterwards is the end of the last batch",
    "heard": "the next batch starts from what was set",
    "not heard": "the next batch does not start from what was set",
    "broadcast": "no error; the row is spread over all rows of the state",
    "stops": "no gradient; what came before the stored state is not trained by it",
    "passes": "a gradient reaches what came before",
    "skipped": "as if the masked steps were not there",
    "not skipped": "no error, and a different result from the one without the masked steps",
    "zeros": "no error; the output of the empty row is zeros",
    "finite": "no error; all numbers are finite",
    "NaN": "no error; there are numbers that are NaN",
    "raises": "Keras or the back end stops with an error",
    "crashed": "the process ended",
    "neither": "something else",
}
EVENTS = {}
B, T, F, U = 4, 3, 2, 5
SGD = keras.optimizers.SGD


def event(group):
    """Enter a function into `EVENTS` under its name."""

    def enter(function):
        EVENTS[function.__name__] = (group, function)
        return function

    return enter


def numbers(*shape, seed=0):
    """Return the same numbers on every back end, none of them zero."""
    drawn = np.random.default_rng(seed).uniform(0.2, 1.0, size=shape)
    return drawn.astype("float32")


X = numbers(3 * B, T, F)  # three batches
Y = numbers(3 * B, U, seed=1)
FIRST, SECOND, THIRD = X[:B], X[B : 2 * B], X[2 * B :]


def weights_like(model):
    """Draw weights that do not depend on the back end's own generator."""
    return [numbers(*w.shape, seed=9) - 0.5 for w in model.get_weights()]


def stateful(kind=layers.LSTM, rate=0.0, **options):
    """Return a compiled model of one stateful layer; with rate 0 its weights stay."""
    layer = kind(U, stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=(B, T, F)), layer])
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(rate), loss="mse", **options)
    return model


def truth(model, *batches, start=None):
    """Run the batches one after another with the state held by hand; return outputs, last state."""
    kind = type(model.layers[0])
    layer = kind(U, return_state=True)
    layer.build((B, T, F))
    layer.set_weights(model.get_weights())
    outputs, state = [], start
    for batch in batches:
        output, *state = layer(batch, initial_state=state)
        outputs.append(array(output))
    return outputs, [array(one) for one in state]


def array(tensor):
    """Copy a tensor of any back end to NumPy."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def which(found, **candidates):
    """Return the name of the candidate that was found; the candidates must differ."""
    values = list(candidates.values())
    for one, other in zip(values, values[1:], strict=False):
        assert np.abs(np.asarray(one) - np.asarray(other)).max() > 1e-3, "the candidates agree"
    for name, value in candidates.items():
        if np.shape(found) == np.shape(value) and np.allclose(found, value, atol=2e-4):
            return name.replace("_", " ")
    return "neither"


def carried_or_lost(model, found):
    """Judge the output of the second batch, after the first."""
    (_, carried), _ = truth(model, FIRST, SECOND)
    (fresh,), _ = truth(model, SECOND)
    return which(found, carried=carried, lost=fresh)


def loss(outputs, targets):
    """Return the mean squared error of whole batches."""
    return float(np.mean((np.concatenate(outputs) - targets) ** 2))


def two_batch_losses(model):
    """Return the loss of two batches, carried and from zeros."""
    carried, _ = truth(model, FIRST, SECOND)
    fresh = [truth(model, batch)[0][0] for batch in (FIRST, SECOND)]
    return {"carried": loss(carried, Y[: 2 * B]), "lost": loss(fresh, Y[: 2 * B])}


QUIET = {"batch_size": B, "verbose": 0}
IN_ORDER = {**QUIET, "shuffle": False}


# Carry --------------------------------------------------------------------------------------


@event("carry")
def direct_calls():
    """Two direct calls, `model(x)`."""
    model = stateful()
    model(FIRST)
    return carried_or_lost(model, array(model(SECOND)))


@event("carry")
def batches_of_predict():
    """Two batches of one `predict`."""
    model = stateful()
    return carried_or_lost(model, model.predict(X[: 2 * B], **QUIET)[B:])


@event("carry")
def calls_of_predict():
    """Two calls of `predict`."""
    model = stateful()
    model.predict(FIRST, **QUIET)
    return carried_or_lost(model, model.predict(SECOND, **QUIET))


@event("carry")
def batches_of_evaluate():
    """Two batches of `evaluate`."""
    model = stateful()
    return which(model.evaluate(X[: 2 * B], Y[: 2 * B], **QUIET), **two_batch_losses(model))


@event("carry")
def batches_of_fit():
    """Two batches of `fit`."""
    model = stateful()
    history = model.fit(X[: 2 * B], Y[: 2 * B], **IN_ORDER).history
    return which(history["loss"][0], **two_batch_losses(model))


def batches_of_fit_with(kind=layers.LSTM, **options):
    """Do the same with another layer, or compiled otherwise."""
    model = stateful(kind, **options)
    history = model.fit(X[: 2 * B], Y[: 2 * B], **IN_ORDER).history
    return which(history["loss"][0], **two_batch_losses(model))


@event("carry")
def batches_of_fit_gru():
    """Two batches of `fit`, with a `GRU`."""
    return batches_of_fit_with(layers.GRU)


@event("carry")
def batches_of_fit_simple_rnn():
    """Two batches of `fit`, with a `SimpleRNN`."""
    return batches_of_fit_with(layers.SimpleRNN)


@event("carry")
def batches_of_fit_eagerly():
    """Two batches of `fit`, compiled with `run_eagerly=True`."""
    return batches_of_fit_with(run_eagerly=True)


def second_losses(model, before, batch, targets):
    """Return the loss of one batch: after another one, and from zeros."""
    (_, carried), _ = truth(model, before, batch)
    (fresh,), _ = truth(model, batch)
    return {"carried": loss([carried], targets), "lost": loss([fresh], targets)}


@event("carry")
def epochs_of_fit():
    """Epoch 1 to epoch 2 of `fit`."""
    model = stateful()
    history = model.fit(FIRST, Y[:B], epochs=2, **IN_ORDER).history
    return which(history["loss"][1], **second_losses(model, FIRST, FIRST, Y[:B]))


@event("carry")
def training_to_validation():
    """Training to validation inside `fit`."""
    model = stateful()
    history = model.fit(FIRST, Y[:B], validation_data=(SECOND, Y[B : 2 * B]), **IN_ORDER).history
    return which(history["val_loss"][0], **second_losses(model, FIRST, SECOND, Y[B : 2 * B]))


@event("carry")
def train_on_batch():
    """Two calls of `train_on_batch`."""
    model = stateful()
    losses = second_losses(model, FIRST, SECOND, Y[B : 2 * B])
    model.train_on_batch(FIRST, Y[:B])
    # Keras returns the mean over all calls since the metrics were reset.
    model.reset_metrics()
    return which(float(model.train_on_batch(SECOND, Y[B : 2 * B])), **losses)


@event("carry")
def test_on_batch():
    """Two calls of `test_on_batch`."""
    model = stateful()
    losses = second_losses(model, FIRST, SECOND, Y[B : 2 * B])
    model.test_on_batch(FIRST, Y[:B])
    model.reset_metrics()
    return which(float(model.test_on_batch(SECOND, Y[B : 2 * B])), **losses)


@event("carry")
def predict_on_batch():
    """Two calls of `predict_on_batch`."""
    model = stateful()
    model.predict_on_batch(FIRST)
    return carried_or_lost(model, array(model.predict_on_batch(SECOND)))


@event("carry")
def direct_call_then_predict():
    """A direct call, then two batches of `predict`."""
    model = stateful()
    (_, _, carried), _ = truth(model, FIRST, SECOND, THIRD)
    (_, frozen), _ = truth(model, FIRST, THIRD)
    (fresh,), _ = truth(model, THIRD)
    model(FIRST)
    found = model.predict(X[B:], **QUIET)[B:]
    return which(found, carried=carried, frozen=frozen, lost=fresh)


@event("carry")
def states_after_predict():
    """What `layer.states` holds after `predict`."""
    model = stateful()
    _, (h, _) = truth(model, FIRST)
    model.predict(FIRST, **QUIET)
    return which(array(model.layers[0].states[0]), kept=h, lost=np.zeros_like(h))


@event("carry")
def states_after_fit():
    """What `layer.states` holds after `fit`."""
    model = stateful()
    _, (h, _) = truth(model, FIRST)
    model.fit(FIRST, Y[:B], **IN_ORDER)
    return which(array(model.layers[0].states[0]), kept=h, lost=np.zeros_like(h))


# Set and reset ------------------------------------------------------------------------------


class Reset(keras.callbacks.Callback):
    """Reset the layer before each epoch, test and prediction."""

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch."""
        self.model.layers[0].reset_state()

    def on_test_begin(self, logs=None):
        """Before `evaluate`."""
        self.model.layers[0].reset_state()

    def on_predict_begin(self, logs=None):
        """Before `predict`."""
        self.model.layers[0].reset_state()


def heard_from_zeros(model, found):
    """Judge the output of the second batch, after a reset that followed the first."""
    (fresh,), _ = truth(model, SECOND)
    (_, carried), _ = truth(model, FIRST, SECOND)
    return "heard" if which(found, heard=fresh, carried=carried) == "heard" else "not heard"


@event("reset")
def reset_heard_by_call():
    """`layer.reset_state()` between two direct calls."""
    model = stateful()
    model(FIRST)
    model.layers[0].reset_state()
    return heard_from_zeros(model, array(model(SECOND)))


@event("reset")
def reset_heard_by_predict():
    """`layer.reset_state()`, then a `predict` that is not the first."""
    model = stateful()
    model(FIRST)
    model.predict(FIRST, **QUIET)
    model.layers[0].reset_state()
    return heard_from_zeros(model, model.predict(SECOND, **QUIET))


@event("reset")
def reset_heard_by_fit():
    """`layer.reset_state()`, then a `fit` that is not the first."""
    model = stateful()
    (fresh,), _ = truth(model, FIRST)
    model(FIRST)
    model.fit(FIRST, Y[:B], **IN_ORDER)
    model.layers[0].reset_state()
    history = model.fit(FIRST, Y[:B], **IN_ORDER).history
    return "heard" if np.isclose(history["loss"][0], loss([fresh], Y[:B])) else "not heard"


@event("reset")
def callback_heard_by_fit():
    """A callback that resets before each epoch of `fit`."""
    model = stateful()
    (fresh,), _ = truth(model, FIRST)
    model(FIRST)
    model.fit(FIRST, Y[:B], **IN_ORDER)
    history = model.fit(FIRST, Y[:B], epochs=2, callbacks=[Reset()], **IN_ORDER).history
    return "heard" if np.allclose(history["loss"], loss([fresh], Y[:B])) else "not heard"


@event("reset")
def callback_heard_by_predict():
    """A callback that resets before `predict`."""
    model = stateful()
    model(FIRST)
    model.predict(FIRST, **QUIET)
    return heard_from_zeros(model, model.predict(SECOND, callbacks=[Reset()], **QUIET))


def assign_some(model):
    """Give the layer a state by hand, and return it."""
    state = [numbers(B, U, seed=5), numbers(B, U, seed=6)]
    for variable, value in zip(model.layers[0].states, state, strict=True):
        variable.assign(value)
    return state


@event("reset")
def assign_heard_by_call():
    """`layer.states[i].assign(…)`, then a direct call."""
    model = stateful()
    (fresh,), _ = truth(model, FIRST)
    (wanted,), _ = truth(model, FIRST, start=assign_some(model))
    return which(array(model(FIRST)), heard=wanted, not_heard=fresh)


@event("reset")
def assign_heard_by_predict():
    """`layer.states[i].assign(…)`, then a `predict` that is not the first."""
    model = stateful()
    (_, carried), _ = truth(model, FIRST, FIRST)
    (wanted,), _ = truth(model, FIRST, start=assign_some(stateful()))
    model.predict(FIRST, **QUIET)
    assign_some(model)
    found = which(model.predict(FIRST, **QUIET), heard=wanted, carried=carried)
    return "heard" if found == "heard" else "not heard"


@event("reset")
def model_reset_states():
    """`model.reset_states()`, as Keras 2 had it."""
    model = stateful()
    model(FIRST)
    model.reset_states()
    return heard_from_zeros(model, array(model(SECOND)))


# Remainder ----------------------------------------------------------------------------------


def after_remainder(model, rows):
    """Say what has become of the state after a batch that was too small."""
    last = array(model.layers[0].states[0])
    _, (full, _) = truth(model, FIRST)
    spread = last.shape == (B, U) and np.abs(last[-1] - full[-1]).max() > 1e-3
    return "broadcast" if spread else "neither"


def left_over(method, rows, full_first=False):
    """Run `rows` rows through a model that was built for 4."""
    model = stateful()
    if full_first:
        model.predict(FIRST, **QUIET)
    if method == "predict":
        found = model.predict(X[:rows], **QUIET)
        return "broadcast" if len(found) != rows else "neither"
    getattr(model, method)(X[:rows], Y[:rows], **(IN_ORDER if method == "fit" else QUIET))
    return after_remainder(model, rows)


@event("remainder")
def one_row_to_a_new_model():
    """`predict` of 1 row, before any full batch has run."""
    return left_over("predict", 1)


@event("remainder")
def one_row_after_a_full_batch():
    """`predict` of 1 row, after a full batch has run."""
    return left_over("predict", 1, full_first=True)


@event("remainder")
def five_rows_predict():
    """`predict` of 5 rows in batches of 4."""
    return left_over("predict", 5)


@event("remainder")
def five_rows_evaluate():
    """`evaluate` of 5 rows in batches of 4."""
    return left_over("evaluate", 5)


@event("remainder")
def five_rows_fit():
    """`fit` on 5 rows in batches of 4."""
    return left_over("fit", 5)


@event("remainder")
def two_rows_to_a_new_model():
    """`predict` of 2 rows, before any full batch has run."""
    return left_over("predict", 2)


@event("remainder")
def six_rows_predict():
    """`predict` of 6 rows in batches of 4."""
    return left_over("predict", 6)


@event("remainder")
def six_rows_fit():
    """`fit` on 6 rows in batches of 4."""
    return left_over("fit", 6)


@event("remainder")
def one_row_direct_call():
    """A direct call with 1 row."""
    model = stateful()
    model(FIRST)
    model(X[:1])
    return after_remainder(model, 1)


@event("remainder")
def one_row_predict_on_batch():
    """`predict_on_batch` with 1 row."""
    model = stateful()
    model.predict_on_batch(FIRST)
    return "broadcast" if len(model.predict_on_batch(X[:1])) != 1 else "neither"


# Masks --------------------------------------------------------------------------------------


def masked(**options):
    """Return a compiled model with a mask before its stateless layer."""
    model = keras.Sequential(
        [keras.Input((T + 2, F)), layers.Masking(0.0), layers.LSTM(U, **options)]
    )
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(0.1), loss="mse")
    return model


def without_mask(model, x):
    """Return what the same layer makes of the steps that count."""
    layer = layers.LSTM(U)
    layer.build((None, T, F))
    layer.set_weights(model.get_weights())
    return array(layer(x))


def with_zeros_at(*places):
    """Put two steps of zeros among the three real ones of the first batch."""
    x = np.zeros((B, T + 2, F), "float32")
    x[:, [step for step in range(T + 2) if step not in places]] = FIRST
    return x


def is_skipped(x):
    """Judge whether `predict` skips the two masked steps."""
    model = masked()
    same = np.allclose(model.predict(x, **QUIET), without_mask(model, FIRST), atol=2e-4)
    return "skipped" if same else "not skipped"


@event("masks")
def mask_on_the_right():
    """Masked steps at the end of each row."""
    return is_skipped(with_zeros_at(3, 4))


@event("masks")
def mask_on_the_left():
    """Masked steps at the start of each row."""
    return is_skipped(with_zeros_at(0, 1))


@event("masks")
def mask_in_the_middle():
    """A masked gap inside each row."""
    return is_skipped(with_zeros_at(1, 2))


@event("masks")
def mask_zero_on_the_left():
    """`Embedding(mask_zero=True)` and padding on the left."""
    model = keras.Sequential(
        [keras.Input((5,), dtype="int32"), layers.Embedding(9, F, mask_zero=True), layers.LSTM(U)]
    )
    model.set_weights(weights_like(model))
    short = keras.Sequential([keras.Input((3,), dtype="int32"), *model.layers])
    padded = np.array([[0, 0, 3, 1, 4], [0, 0, 2, 7, 1]], "int32")
    same = np.allclose(
        model.predict(padded, verbose=0), short.predict(padded[:, 2:], verbose=0), atol=2e-4
    )
    return "skipped" if same else "not skipped"


@event("masks")
def one_row_all_masked():
    """One row of the batch all masked."""
    x = with_zeros_at(3, 4)
    x[1] = 0.0
    return "zeros" if np.abs(masked().predict(x, **QUIET)[1]).max() == 0 else "not skipped"


@event("masks")
def every_row_all_masked():
    """Every row of the batch all masked."""
    found = masked().predict(np.zeros((B, T + 2, F), "float32"), **QUIET)
    return "zeros" if np.abs(found).max() == 0 else "not skipped"


@event("masks")
def two_lstms_under_a_mask():
    """`Masking` and two `LSTM` layers, padding on the right: the second one skips, too."""
    model = keras.Sequential(
        [
            keras.Input((None, F)),
            layers.Masking(0.0),
            layers.LSTM(U, return_sequences=True),
            layers.LSTM(U),
        ]
    )
    model.set_weights(weights_like(model))
    found = model.predict(with_zeros_at(3, 4), verbose=0)
    same = np.allclose(found, model.predict(FIRST, verbose=0), atol=2e-4)
    return "skipped" if same else "not skipped"


def skipped_with_initial_state(by_argument):
    """Judge whether a layer that is given its first state skips the two masked steps."""
    x, state = keras.Input((T + 2, F)), [keras.Input((U,)), keras.Input((U,))]
    real = keras.ops.any(keras.ops.not_equal(x, 0.0), axis=-1) if by_argument else None
    out = layers.LSTM(U)(layers.Masking(0.0)(x), mask=real, initial_state=state)
    model = keras.Model([x, *state], out)
    model.set_weights(weights_like(model))
    zeros = np.zeros((B, U), "float32")  # what the layer itself would start from
    found = model.predict([with_zeros_at(3, 4), zeros, zeros], **QUIET)
    same = np.allclose(found, without_mask(model, FIRST), atol=2e-4)
    return "skipped" if same else "not skipped"


@event("masks")
def mask_beside_an_initial_state():
    """`Masking`, and an `LSTM` that is called with `initial_state`."""
    return skipped_with_initial_state(by_argument=False)


@event("masks")
def mask_argument_beside_an_initial_state():
    """The same, called with `mask=` as well."""
    return skipped_with_initial_state(by_argument=True)


def finite(*arrays):
    """Judge numbers."""
    return "finite" if all(np.isfinite(one).all() for one in arrays) else "NaN"


@event("masks")
def loss_of_an_all_masked_output():
    """The loss where every step of the output is masked."""
    model = masked(return_sequences=True)
    x, y = np.zeros((B, T + 2, F), "float32"), numbers(B, T + 2, U)
    return finite(model.evaluate(x, y, **QUIET))


def nan_under_a_mask():
    """Return a model with a mask of its own input, and data with NaN in a masked step."""
    x = keras.Input((T + 1, F))
    mask = keras.Input((T + 1,), dtype="bool")
    model = keras.Model([x, mask], layers.LSTM(U)(x, mask=mask))
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(0.1), loss="mse")
    data = np.concatenate([FIRST, np.full((B, 1, F), np.nan, "float32")], axis=1)
    counts = np.tile([True] * T + [False], (B, 1))
    return model, [data, counts]


@event("masks")
def output_over_nan():
    """The output where a masked step holds NaN."""
    model, inputs = nan_under_a_mask()
    return finite(model.predict(inputs, **QUIET))


@event("masks")
def gradients_over_nan():
    """The weights after one update where a masked step holds NaN."""
    model, inputs = nan_under_a_mask()
    model.train_on_batch(inputs, Y[:B])
    return finite(*model.get_weights())


# Labels -------------------------------------------------------------------------------------


def label(value, method):
    """Give a class label that the model of three classes does not have."""
    model = keras.Sequential(
        [keras.Input((T, F)), layers.LSTM(U), layers.Dense(3, activation="softmax")]
    )
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(0.1), loss="sparse_categorical_crossentropy")
    y = np.array([0, 1, 2, value])
    if method == "fit":
        return finite(model.fit(FIRST, y, **IN_ORDER).history["loss"], *model.get_weights())
    return finite(model.evaluate(FIRST, y, **QUIET))


@event("labels")
def label_too_large_fit():
    """`fit` with label 3 of three classes, `sparse_categorical_crossentropy`."""
    return label(3, "fit")


@event("labels")
def label_too_large_evaluate():
    """`evaluate` with label 3 of three classes."""
    return label(3, "evaluate")


@event("labels")
def label_negative_fit():
    """`fit` with label −1."""
    return label(-1, "fit")


# State held by hand -------------------------------------------------------------------------


@event("by hand")
def initial_state_in_direct_calls():
    """`return_state` and `initial_state`, two direct calls."""
    layer = layers.LSTM(U, return_state=True)
    layer.build((None, T, F))
    layer.set_weights([numbers(*w.shape, seed=9) - 0.5 for w in layer.get_weights()])
    whole, *_ = layer(np.concatenate([FIRST, SECOND], axis=1))
    fresh, *_ = layer(SECOND)
    _, *state = layer(FIRST)
    found, *_ = layer(SECOND, initial_state=state)
    return which(array(found), carried=array(whole), lost=array(fresh))


def step_model():
    """Return a stateless model that takes and returns its state, and its layer."""
    x = keras.Input((None, F))
    states = [keras.Input((U,)), keras.Input((U,))]
    layer = layers.LSTM(U, return_state=True)
    model = keras.Model([x, *states], layer(x, initial_state=states))
    model.set_weights(weights_like(model))
    return model


@event("by hand")
def initial_state_through_predict():
    """A model with its state among inputs and outputs, two calls of `predict`."""
    model, zeros = step_model(), np.zeros((B, U), "float32")
    whole, *_ = model.predict(
        [np.concatenate([FIRST, SECOND], axis=1), zeros, zeros], verbose=0, batch_size=B
    )
    fresh, *_ = model.predict([SECOND, zeros, zeros], **QUIET)
    _, *state = model.predict([FIRST, zeros, zeros], **QUIET)
    found, *_ = model.predict([SECOND, *state], **QUIET)
    return which(found, carried=whole, lost=fresh)


@event("by hand")
def initial_state_through_fit():
    """A model that takes its state as an input, in `fit`."""
    x, states = keras.Input((None, F)), [keras.Input((U,)), keras.Input((U,))]
    model = keras.Model([x, *states], layers.LSTM(U)(x, initial_state=states))
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(0.0), loss="mse")
    layer = layers.LSTM(U, return_state=True)
    layer.build((None, T, F))
    layer.set_weights(model.get_weights())
    _, h, c = layer(FIRST)
    carried, *_ = layer(SECOND, initial_state=[h, c])
    fresh, *_ = layer(SECOND)
    history = model.fit([SECOND, array(h), array(c)], Y[B : 2 * B], **IN_ORDER).history
    return which(
        history["loss"][0],
        carried=loss([array(carried)], Y[B : 2 * B]),
        lost=loss([array(fresh)], Y[B : 2 * B]),
    )


@event("by hand")
def one_row_of_state_for_all():
    """One row of `initial_state` for a batch of four, a direct call."""
    layer = layers.LSTM(U, return_state=True)
    layer.build((None, T, F))
    layer.set_weights([numbers(*w.shape, seed=9) - 0.5 for w in layer.get_weights()])
    row = numbers(1, U, seed=2)
    repeated, *_ = layer(FIRST, initial_state=[np.repeat(row, B, axis=0)] * 2)
    fresh, *_ = layer(FIRST)
    found, *_ = layer(FIRST, initial_state=[row, row])
    return which(array(found), broadcast=array(repeated), lost=array(fresh))


# Gradients ----------------------------------------------------------------------------------


class TwoPieces(layers.Layer):
    """Read a sequence in two calls of one LSTM; only the first passes through `before`."""

    def __init__(self, stateful, cut):
        super().__init__()
        self.stateful, self.cut, self.before = stateful, cut, layers.Dense(F)
        self.lstm = layers.LSTM(U, stateful=stateful, return_state=True)

    def build(self, shape):
        """Build both layers for one piece."""
        self.before.build((B, T, F))
        self.lstm.build((B, T, F))

    def call(self, x):
        """Return the last h of the second piece."""
        _, *state = self.lstm(self.before(x[:, :T]))
        if self.cut:
            state = [keras.ops.stop_gradient(one) for one in state]
        return self.lstm(x[:, T:], initial_state=None if self.stateful else state)[0]


def first_piece_is_trained(stateful, cut=False):
    """Train once, by `fit`; say whether the layer moved that only the first call has read."""
    inputs = keras.Input(batch_shape=(B, 2 * T, F))
    pieces = TwoPieces(stateful, cut)
    model = keras.Model(inputs, pieces(inputs))
    model.set_weights(weights_like(model))
    model.compile(optimizer=SGD(1.0), loss="mse")
    kernel = array(pieces.before.kernel)
    model.fit(np.concatenate([FIRST, SECOND], axis=1), Y[:B], **IN_ORDER)
    return "stops" if np.array_equal(array(pieces.before.kernel), kernel) else "passes"


@event("gradients")
def gradient_through_a_stored_state():
    """Two calls of a stateful `LSTM` within one step of `fit`."""
    return first_piece_is_trained(stateful=True)


@event("gradients")
def gradient_through_a_state_handed_over():
    """The same with `return_state` and `initial_state`."""
    return first_piece_is_trained(stateful=False)


@event("gradients")
def gradient_through_a_state_cut_by_hand():
    """The same, cut between the two calls by `keras.ops.stop_gradient`."""
    return first_piece_is_trained(stateful=False, cut=True)
