"""The page of questions: each has its place, each answer leads on, and all of its code runs.

`question_places.json` says where each question of readers is answered, and where it was asked.
"""

import contextlib
import functools
import io
import json
import re
import warnings
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import rules
import tensorflow as tf
from book_files import ROOT
from keras import layers

FILE = ROOT / "reference" / "questions.md"
TEXT = FILE.read_text(encoding="utf-8")
PLACES = json.loads(Path(__file__).with_name("question_places.json").read_text(encoding="utf-8"))
QUESTIONS = 93  # collected from forums and issue trackers before the book was written
WORDS, CODE = 90, 17  # the longest answer, without its links and its code; the longest code


@functools.cache
def entries(path):
    """Return the text under each heading of a page, a notebook or a text: {anchor: text}."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = rules.markdown(nbformat.reads(text, as_version=4))
    parts = re.split(r"^#{2,3} (.+)$", text, flags=re.MULTILINE)
    return {rules.slug(title): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


TITLES = re.findall(r"^### (.+)$", TEXT, flags=re.MULTILINE)
ANSWERS = {rules.slug(title): entries(FILE)[rules.slug(title)] for title in TITLES}
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


# Places ---------------------------------------------------------------------------------------


def test_every_question_has_a_place_that_says_where_it_was_asked():
    assert len(PLACES) == QUESTIONS
    for name, place in PLACES.items():
        document, _, anchor = place["place"].partition("#")
        found = entries(ROOT / document)
        assert anchor in found, f"{name}: {document} has no heading with the anchor {anchor!r}"
        asked = place["asked"]  # null: asked where there is nothing to link
        assert asked is None or f"]({asked})" in found[anchor], name
    asked = [part.split("*Asked:*")[1] for part in TEXT.splitlines() if "*Asked:*" in part]
    linked = [target for line in asked for target in rules.links(line)]
    assert sorted(linked) == sorted(place["asked"] for place in PLACES.values() if place["asked"])


# The page as a text ---------------------------------------------------------------------------


def test_answers_are_short_and_lead_on():
    assert rules.twice([rules.slug(title) for _, title in rules.headings(TEXT)]) == []
    for title, text in ANSWERS.items():
        answer, more = text.strip().rsplit("\n\n**More:** ", 1)
        targets = rules.links(more.split("*Asked:*")[0])
        assert any("#" in target for target in targets), f"{title}: no section that shows it"
        code = re.findall(r"```python\n(.*?)```", answer, flags=re.DOTALL)
        assert 10 <= len(" ".join(rules.outside_fences(answer)).split()) <= WORDS, title
        assert sum(block.count("\n") for block in code) <= CODE, title


# The code -------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", BLOCKS[1:], ids=lambda block: block.splitlines()[0][:40])
def test_code_runs_and_prints_what_it_says(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some of it writes files
    names, printed = {}, io.StringIO()
    exec(BLOCKS[0], names)
    with contextlib.redirect_stdout(printed):
        exec(block, names)
    promised = re.findall(r"^print\(.*\)\n# (.+)$", block, re.M)
    assert promised and printed.getvalue().splitlines() == promised


# What the answers say, and neither a chapter nor the page of error messages shows ---------------


def stateful(batch_size, *middle):
    inputs = keras.Input(batch_shape=(batch_size, None, 1))
    return keras.Sequential([inputs, *middle, layers.LSTM(4, stateful=True)])


def test_a_reset_of_a_stateless_layer_does_nothing():
    layer = layers.LSTM(4)
    layer.build((None, 3, 1))
    layer.reset_states()
    assert layer.states is None


def test_an_input_shape_on_the_second_layer_is_ignored():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        second = layers.LSTM(7, input_shape=(3, 1))
    keras.Sequential([keras.Input((3, 1)), layers.LSTM(50, return_sequences=True), second])
    assert second.get_weights()[0].shape == (50, 28)


def test_one_sample_for_four_rows_is_refused_until_a_full_batch_has_run():
    model, one = stateful(4), np.zeros((1, 2, 1))
    for _ in range(2):
        with pytest.raises(ValueError, match="batch size"):
            model.predict(one, batch_size=4, verbose=0)
    assert len(model.predict(np.zeros((4, 2, 1)), batch_size=4, verbose=0)) == 4
    assert len(model.predict(one, batch_size=4, verbose=0)) == 4
    assert len(stateful(4).predict(np.zeros((5, 2, 1)), batch_size=4, verbose=0)) == 8


def test_the_backward_half_goes_on_from_the_beginning_of_the_piece_before():
    both = layers.Bidirectional(layers.LSTM(4, stateful=True, return_sequences=True))
    keras.Sequential([keras.Input(batch_shape=(1, 3, 1)), both])
    x = np.random.default_rng(0).normal(size=(1, 6, 1)).astype("float32")
    both(x[:, :3])
    second = np.array(both(x[:, 3:]))[..., 4:]
    alone = layers.LSTM(4, return_sequences=True)
    alone.build((1, None, 1))
    alone.set_weights(both.backward_layer.get_weights())
    # It read step 3, 2, 1, and then step 6, 5, 4.
    order = x[:, [2, 1, 0, 5, 4, 3]]
    np.testing.assert_allclose(np.array(alone(order))[:, 3:][:, ::-1], second, atol=1e-6)


def test_the_training_loss_is_a_mean_over_the_batches_of_an_epoch():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3, 1)), layers.LSTM(8), layers.Dense(1)])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.05))
    x, y = np.ones((200, 3, 1)), np.ones((200, 1))
    first = model.fit(x, y, batch_size=10, validation_data=(x, y), verbose=0).history
    assert first["val_loss"][0] < 0.5 * first["loss"][0]  # the same data, without dropout


def test_other_layers_that_read_the_three_axes():
    x = np.zeros((2, 5, 3), "float32")
    assert layers.Conv1D(4, 3)(x).shape == (2, 3, 4)
    assert layers.MultiHeadAttention(2, 4)(x, x).shape == (2, 5, 3)
    assert not hasattr(layers, "CuDNNLSTM")


def test_fit_leaves_the_order_of_a_dataset_alone():
    x = np.random.default_rng(0).normal(size=(8, 3, 1)).astype("float32")
    model = keras.Sequential([keras.Input(batch_shape=(1, 3, 1)), layers.LSTM(4, stateful=True)])
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))
    pieces = tf.data.Dataset.from_tensor_slices((x, np.zeros((8, 4))))
    with warnings.catch_warnings(action="ignore"):  # "shuffle=True was passed, but ..."
        model.fit(pieces.batch(1, drop_remainder=True), verbose=0)
    h = model.layers[0].states[0].numpy()
    model.layers[0].reset_states()
    np.testing.assert_allclose(model(x.reshape(1, 24, 1)), h, atol=1e-6)


def test_one_value_that_is_no_number_makes_every_weight_nan():
    model = keras.Sequential([keras.Input((3, 1)), layers.LSTM(4), layers.Dense(1)])
    model.compile(loss="mse")
    x = np.ones((8, 3, 1))
    x[5, 1] = np.nan
    assert np.isnan(model.fit(x, np.ones((8, 1)), verbose=0).history["loss"][0])
    assert all(np.isnan(weight).all() for weight in model.get_weights())


def test_relu_takes_the_bounds_from_h():
    layer = layers.LSTM(1, "relu", kernel_initializer="ones", recurrent_initializer="ones")
    assert layer(np.full((1, 50, 1), 5.0)).numpy().max() > 1


def test_a_folder_is_no_file_of_keras_3(tmp_path):
    with pytest.raises(ValueError, match="File format not supported"):
        keras.saving.load_model(tmp_path)


def test_a_fit_that_was_cut_short_resumes_with_its_epoch_and_without_its_state(tmp_path):
    class Crash(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def run(*crash):
        keras.utils.set_random_seed(0)
        model = stateful(2, layers.LSTM(4, return_sequences=True))
        model.compile(loss="mse", optimizer="adam")
        states = []
        look = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: states.append(model.layers[1].states[0].numpy())
        )
        backup = keras.callbacks.BackupAndRestore(tmp_path)
        x, options = np.ones((4, 3, 1)), {"batch_size": 2, "shuffle": False, "verbose": 0}
        history = model.fit(
            x, np.zeros((4, 4)), epochs=4, callbacks=[backup, look, *crash], **options
        )
        return history.epoch, states, model.optimizer.iterations

    with pytest.raises(KeyboardInterrupt):
        run(Crash())
    epochs, states, updates = run()
    assert epochs == [2, 3] and updates == 8  # the optimizer continues, too
    assert not states[0].any() and states[1].any()  # no state came back


def test_a_constant_state_of_one_row_stops_predict():
    x = keras.Input((3, 2))
    model = keras.Model(x, layers.LSTM(4)(x, initial_state=[np.ones((1, 4), "float32")] * 2))
    with pytest.raises(ValueError, match="enters the loop with shape"):
        model.predict(np.ones((5, 3, 2)), verbose=0)


def test_the_argument_that_theano_had_is_gone():
    with pytest.raises(ValueError, match="truncate_gradient"):
        layers.LSTM(4, truncate_gradient=-1)
