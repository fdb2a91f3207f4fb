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
PREAMBLE = BLOCKS[0]


# Places ---------------------------------------------------------------------------------------


def test_every_question_has_a_place():
    assert len(PLACES) == QUESTIONS
    assert [name for name in PLACES if not re.fullmatch(r"q\d{3}", name)] == []


def test_places_exist_and_say_where_it_was_asked():
    for name, place in PLACES.items():
        document, _, anchor = place["place"].partition("#")
        found = entries(ROOT / document)
        assert anchor in found, f"{name}: {document} has no heading with the anchor {anchor!r}"
        asked = place["asked"]  # null: asked where there is nothing to link
        assert asked is None or f"]({asked})" in found[anchor], name


def test_every_link_to_a_question_is_on_the_list():
    asked = [part.split("*Asked:*")[1] for part in TEXT.splitlines() if "*Asked:*" in part]
    linked = [target for line in asked for target in rules.links(line)]
    assert sorted(linked) == sorted(place["asked"] for place in PLACES.values() if place["asked"])


# The page as a text ---------------------------------------------------------------------------


def test_the_groups_are_listed_at_the_top():
    groups = [title for level, title in rules.headings(TEXT) if level == 2]
    listed = re.findall(r"^- \[(.+)\]\(#(.+)\)$", TEXT.split("\n## ")[0], flags=re.MULTILINE)
    assert listed == [(title, rules.slug(title)) for title in groups]


def test_answers_are_short_and_lead_on():
    assert rules.twice([rules.slug(title) for _, title in rules.headings(TEXT)]) == []
    for title, text in ANSWERS.items():
        answer, more = text.strip().rsplit("\n\n**More:** ", 1)
        targets = rules.links(more.split("*Asked:*")[0])
        assert any("#" in target for target in targets), f"{title}: no section that shows it"
        code = re.findall(r"```python\n(.*?)```", answer, flags=re.DOTALL)
        assert 10 <= len(" ".join(rules.outside_fences(answer)).split()) <= WORDS, title
        assert sum(block.count("\n") for block in code) <= CODE, title


def test_code_fits_a_phone():
    spans = re.findall(r"`([^`]+)`", "\n".join(rules.outside_fences(TEXT)))
    assert [span for span in spans if len(span) > 45] == []
    assert [line for block in BLOCKS for line in block.splitlines() if len(line) > 80] == []


# The code -------------------------------------------------------------------------------------


def run(block):
    """Run a block after the preamble; return what it printed and what its comments promise."""
    names, printed = {}, io.StringIO()
    exec(PREAMBLE, names)
    with contextlib.redirect_stdout(printed):
        exec(block, names)
    return printed.getvalue().splitlines(), re.findall(r"^print\(.*\)\n# (.+)$", block, re.M)


@pytest.mark.parametrize("block", BLOCKS[1:], ids=lambda block: block.splitlines()[0][:40])
def test_code_runs_and_prints_what_it_says(block):
    printed, promised = run(block)
    assert promised and printed == promised


# What the answers say beyond the sections that they link ---------------------------------------


def stateful(batch_size, *middle):
    inputs = keras.Input(batch_shape=(batch_size, None, 1))
    return keras.Sequential([inputs, *middle, layers.LSTM(4, stateful=True)])


def test_several_classes_have_both_resets():
    kinds = "RNN LSTM GRU SimpleRNN Bidirectional ConvLSTM2D".split()
    for kind in [getattr(layers, name) for name in kinds]:
        assert hasattr(kind, "reset_state") and hasattr(kind, "reset_states")
    assert not hasattr(keras.Model, "reset_state") and not hasattr(keras.Model, "reset_states")


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


def test_what_keras_refuses_on_the_layer():
    for name in ("batch_input_shape", "batch_shape", "batch_size", "input_length", "time_major"):
        with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
            layers.LSTM(4, **{name: 3})


def test_steps_of_input_and_labels_must_agree():
    inputs = keras.Input((3, 1))
    every = layers.LSTM(4, return_sequences=True)(inputs)
    model = keras.Model(inputs, layers.Dense(1)(every))
    model.compile(loss="mse", optimizer="sgd")
    with pytest.raises(ValueError, match="expected shape"):
        model.fit(np.zeros((1, 2, 1)), np.zeros((1, 2, 1)), verbose=0)
    with pytest.raises(ValueError, match="compile_loss"):
        model.fit(np.zeros((1, 3, 1)), np.zeros((1, 2, 1)), verbose=0)
    sequential = keras.Sequential([keras.Input((3, 1)), layers.LSTM(4)])
    assert sequential.predict(np.zeros((1, 2, 1)), verbose=0).shape == (1, 4)


def test_one_sample_for_four_rows_is_refused_until_a_full_batch_has_run():
    model, one = stateful(4), np.zeros((1, 2, 1))
    for _ in range(2):
        with pytest.raises(ValueError, match="batch size"):
            model.predict(one, batch_size=4, verbose=0)
    assert len(model.predict(np.zeros((4, 2, 1)), batch_size=4, verbose=0)) == 4
    assert len(model.predict(one, batch_size=4, verbose=0)) == 4
    assert len(stateful(4).predict(np.zeros((5, 2, 1)), batch_size=4, verbose=0)) == 8


def test_a_text_generator_of_128_rows_cannot_read_one():
    with pytest.raises(ValueError, match="batch size"):
        stateful(128)(np.zeros((1, 1, 1)))


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


def test_a_nan_spoils_the_steps_after_it_and_masking_does_not_find_it():
    x = np.array([0.5, np.nan, 0.7]).reshape(1, 3, 1)
    every = np.isnan(layers.LSTM(4, return_sequences=True)(x)).all(axis=-1)
    assert every[0].tolist() == [False, True, True]
    assert np.array(layers.Masking(np.nan).compute_mask(x)).all()


def test_the_training_loss_is_a_mean_over_the_batches_of_an_epoch():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3, 1)), layers.LSTM(8), layers.Dense(1)])
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.05))
    x, y = np.ones((200, 3, 1)), np.ones((200, 1))
    first = model.fit(x, y, batch_size=10, validation_data=(x, y), verbose=0).history
    assert first["val_loss"][0] < 0.5 * first["loss"][0]  # the same data, without dropout


def test_features_of_one_step_have_no_order_for_the_layer():
    layer, other = layers.LSTM(4), layers.LSTM(4)
    x = np.random.default_rng(0).normal(size=(2, 1, 3)).astype("float32")
    layer(x), other(x)
    kernel, *rest = layer.get_weights()
    other.set_weights([kernel[[2, 0, 1]], *rest])
    np.testing.assert_allclose(layer(x), other(x[..., [2, 0, 1]]), atol=1e-6)


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


def test_a_folder_is_no_file_of_keras_3(tmp_path):
    with pytest.raises(ValueError, match="File format not supported"):
        keras.saving.load_model(tmp_path)


def test_unroll_changes_no_number():
    x = np.ones((2, 5, 1), "float32")
    loop, written_out = layers.LSTM(4), layers.LSTM(4, unroll=True)
    loop(x), written_out(x)
    written_out.set_weights(loop.get_weights())
    np.testing.assert_allclose(loop(x), written_out(x), atol=1e-6)


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
