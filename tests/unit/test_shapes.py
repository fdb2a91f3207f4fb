import html.parser

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from utils.shapes import Axis, as_samples, explain


def words_in(text, *words):
    missing = [word for word in words if word not in text]
    assert not missing, f"{missing} not in: {text}"


def problem_of(explanation):
    """Return the text of the only problem."""
    assert len(explanation.problems) == 1, explanation.problems
    return str(explanation.problems[0])


class Table:
    """Stands in for a DataFrame: it has a shape and turns into an array when asked."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype) if dtype else self.values


# as_samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "float32", "float64"])
def test_as_samples_gives_a_float32_copy(dtype):
    x = np.ones((4, 3, 2), dtype)
    samples = as_samples(x)
    assert samples.shape == (4, 3, 2)
    assert samples.dtype == np.float32
    samples[:] = 7
    assert (x == 1).all()


def test_as_samples_reads_lists_tables_and_tensors():
    rows = [[[1.0], [2.0]], [[3.0], [4.0]]]
    for x in (rows, tuple(rows), Table(rows), keras.ops.convert_to_tensor(rows)):
        np.testing.assert_array_equal(as_samples(x), np.array(rows, "float32"))


NAN = np.zeros((4, 3, 1))
NAN[2, 1, 0] = np.nan
NAN[3, 0, 0] = np.inf

BAD = {
    "scalar": (5.0, ["shape ()", "0 axes", "reads 3", "np.reshape(x, (1, 1, 1))"]),
    "one axis": (np.zeros(7), ["(7,)", "1 axis", "reads 3", "-> (1, 7, 1)", "sliding_window_view"]),
    "two axes": (
        np.zeros((25, 3)),
        [
            "x has shape (25, 3): 2 axes. An LSTM reads 3: (samples, time steps, features).",
            "If each row is one sequence of 3 steps, write x[..., np.newaxis] -> (25, 3, 1).",
            "x[np.newaxis] -> (1, 25, 3)",
        ],
    ),
    "table": (Table(np.zeros((25, 1))), ["(25, 1)", "2 axes", "1 step,", "1 feature,"]),
    "four axes": (np.zeros((5, 3, 2, 2)), ["4 axes", "reads 3", "x.reshape(5, 3, 4)"]),
    "four axes, one of size 1": (
        np.zeros((5, 3, 1, 2)),
        ["(5, 3, 1, 2)", "np.squeeze(x, axis=2) -> (5, 3, 2)"],
    ),
    "five axes": (np.zeros((5, 3, 2, 2, 2)), ["5 axes", "x.reshape(5, 3, 8)"]),
    "empty axis": (np.zeros((0, 3, 1)), ["(0, 3, 1)", "axis 0 has size 0", "1 or more", "slice"]),
    "ragged": ([[1, 2], [3], [4, 5, 6]], ["1, 2, 3", "pad_sequences(x", 'padding="post"', "Mask"]),
    "ragged inside": ([[[1], [2]], [[3], [4, 5]]], ["unequal length: 1, 2", "Masking"]),
    "ragged arrays": ([np.zeros((2, 1)), np.zeros((3, 1))], ["unequal length: 2, 3", "Masking"]),
    "ragged object array": (
        np.array([[1, 2], [3]], dtype=object),
        ["unequal length: 1, 2", "pad_sequences"],
    ),
    "many lengths": ([[0] * n for n in range(1, 9)], ["1, 2, 3, 4, 5, 6, ..."]),
    "arrays in an array": (
        Table(np.array([[None]])).values,
        ["dtype object", "real numbers", "NoneType", 'astype("float32")'],
    ),
    "mixed list": (
        [1, [2, 3]],
        ["x is list", "mixes single values", "3 axes"],
    ),
    "text array": (np.full((2, 3, 1), "A"), ["dtype <U1", "real numbers", "one per letter"]),
    "objects": (np.full((2, 3, 1), None), ["dtype object", "NoneType", "float32"]),
    "dates": (np.zeros((2, 3, 1), "M8[s]"), ["datetime64", "real numbers", "float32"]),
    "complex": (np.zeros((2, 3, 1), complex), ["complex128", "real numbers"]),
    "NaN": (NAN, ["NaN or infinite values in float32: 2", "x[2, 1, 0]", "finite", "fill"]),
    "too large": (np.full((1, 1, 1), 1e300), ["infinite", "x[0, 0, 0]", "scale very large"]),
}
WRONG_KIND = {
    "None": (None, ["x is NoneType", "3 axes", "Pass an array"]),
    "text": ("ABC", ["x is str", "3 axes", "one per letter"]),
    "dict": ({"a": [1]}, ["x is dict", "3 axes", "Pass an array"]),
    "generator": ((i for i in range(3)), ["x is generator"]),
    "function": (len, ["x is builtin_function", "3 axes"]),
}


@pytest.mark.parametrize("case", BAD)
def test_as_samples_raises_what_explain_says(case):
    x, words = BAD[case]
    with pytest.raises(ValueError) as caught:
        as_samples(x)
    words_in(str(caught.value), *words)
    explanation = explain(x)
    assert str(caught.value) == str(explanation.problems[0])
    assert not explanation.ok


@pytest.mark.parametrize("case", WRONG_KIND)
def test_as_samples_raises_type_error_for_a_wrong_kind_of_thing(case):
    x, words = WRONG_KIND[case]
    with pytest.raises(TypeError) as caught:
        as_samples(x)
    words_in(str(caught.value), *words)
    with pytest.raises(TypeError) as caught:
        explain(x)
    words_in(str(caught.value), words[0])


def test_the_argument_is_called_by_its_name():
    with pytest.raises(ValueError, match=r"^train has shape \(3,\).*train\[np.newaxis"):
        as_samples([1, 2, 3], name="train")


def test_a_table_of_stacked_arrays_names_np_stack():
    x = np.empty(2, dtype=object)
    x[:] = [np.zeros((3, 1)), np.zeros((3, 1))]
    with pytest.raises(ValueError, match=r"2 objects.*np\.stack\(list\(x\)\)"):
        as_samples(x)
    assert as_samples(np.stack(list(x))).shape == (2, 3, 1)


@pytest.mark.parametrize("shape", [(), (7,), (25, 3), (25, 3, 1, 1), (4, 3, 2, 2)])
def test_the_suggested_lines_give_the_shapes_that_they_name(shape):
    """Run every `code -> shape` of a fix."""
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    fix = explain(shape).problems[0].fix.replace("write ", "\n").replace("merge them: ", "\n")
    fix = fix.replace("too many: ", "\n")
    ran = 0
    for line in fix.splitlines():
        code, arrow, rest = line.partition(" -> ")
        if arrow and code.startswith(("x[", "x.", "np.")):
            promised = eval(rest[: rest.index(")") + 1])
            assert eval(code, {"x": x, "np": np}).shape == promised
            ran += 1
    assert ran or shape == ()
    if shape == ():
        assert np.reshape(x, (1, 1, 1)).shape == (1, 1, 1)


# explain: data alone ------------------------------------------------------------------------


def test_explain_names_the_axes_and_the_loop():
    explanation = explain(np.zeros((25, 3, 1)))
    assert explanation.ok
    assert explanation.shape == (25, 3, 1)
    assert [axis[:3] for axis in explanation.axes] == [
        ("N", "samples", 25),
        ("T", "time steps", 3),
        ("F", "features", 1),
    ]
    assert isinstance(explanation.axes[0], Axis)
    assert explanation.runs == "The loop runs 3 times; each time it reads a vector of length 1."
    assert explanation.notes == ()
    assert explanation.output_shape is None


def test_one_time_step_is_noted():
    explanation = explain((25, 1, 3))
    assert explanation.ok
    assert explanation.runs == "The loop runs once; it reads a vector of length 3."
    words_in(explanation.notes[0], "With 1 time step and zero initial state", "nothing to read")
    words_in(explanation.notes[1], "3 features", "no order", "(25, 3, 1)")
    assert len(explain((25, 1, 1)).notes) == 1


def test_a_loop_that_stops_would_run():
    assert explain((25, 3, 2), (3, 1)).runs.startswith("The loop would run 3 times; each time")
    silent = explain((25, 6, 1), sequential(LSTM(2), shape=(3, 1)))
    assert not silent.ok and silent.runs.startswith("The loop runs 6 times")


def test_open_sizes_are_allowed_in_a_shape():
    explanation = explain((None, None, 2))
    assert explanation.ok
    assert explanation.runs.startswith("The loop runs once per time step")
    words_in(problem_of(explain((None, 3))), "(None, 3)", "(None, 3, 1)")
    words_in(problem_of(explain((5, 3, None, 2))), "x.reshape(5, 3, -1)")


def test_a_negative_size_is_a_problem():
    words_in(str(explain((-1, 3, 1)).problems[0]), "(-1, 3, 1)", "0 or more", "None")


def test_a_tuple_of_floats_is_data():
    assert explain((25.0, 3.0, 1.0)).shape == (3,)
    assert explain((True, False)).shape == (2,)
    assert explain((np.int64(25), 3, 1)).ok


def test_explanation_is_frozen():
    explanation = explain((25, 3, 1))
    with pytest.raises(AttributeError):
        explanation.shape = (1, 1, 1)


# explain: against a layer -------------------------------------------------------------------


def built(layer, shape):
    layer(np.zeros(shape, "float32"))
    return layer


def sequential(*layers, **options):
    return keras.Sequential([keras.Input(**options), *layers])


LSTM = keras.layers.LSTM


@pytest.mark.parametrize(
    ("layer", "output"),
    [
        (LSTM(32), (25, 32)),
        (LSTM(32, return_sequences=True), (25, 3, 32)),
        (keras.layers.GRU(5), (25, 5)),
        (built(LSTM(8), (2, 3, 1)), (25, 8)),
        (built(LSTM(8), (2, 7, 1)), (25, 8)),
        (keras.layers.RNN(keras.layers.LSTMCell(6)), (25, 6)),
        (keras.layers.Bidirectional(LSTM(4, return_sequences=True)), (25, 3, 8)),
        (keras.layers.Bidirectional(LSTM(4), merge_mode="sum"), (25, 4)),
        (sequential(LSTM(9), keras.layers.Dense(2), shape=(3, 1)), (25, 2)),
        (sequential(keras.layers.Masking(), LSTM(9), shape=(None, 1)), (25, 9)),
        (sequential(sequential(LSTM(7), shape=(3, 1)), shape=(3, 1)), (25, 7)),
    ],
)
def test_output_shape_is_what_the_layer_returns(layer, output):
    explanation = explain((25, 3, 1), layer)
    assert explanation.problems == ()
    assert explanation.output_shape == output
    if isinstance(layer, keras.layers.RNN | keras.layers.Bidirectional):
        assert layer.compute_output_shape((25, 3, 1)) == output


@pytest.mark.parametrize(
    "layer",
    [(3, 1), (None, 3, 1), [3, 1], keras.Input((3, 1)), sequential(LSTM(2), shape=(3, 1))],
)
def test_expectations_can_be_given_in_many_ways(layer):
    assert explain((25, 3, 1), layer).ok
    text = problem_of(explain((25, 1, 3), layer))
    words_in(text, "x has shape (25, 1, 3)", "expects (None, 3, 1)", "look exchanged")


def test_swapped_axes_name_transpose_and_say_when_reshape_scrambles():
    with_one = problem_of(explain((25, 1, 3), (3, 1)))
    words_in(with_one, "np.transpose(x, (0, 2, 1)) -> (25, 3, 1)", "size 1", "same numbers")
    x = np.arange(75).reshape(25, 1, 3)
    np.testing.assert_array_equal(np.transpose(x, (0, 2, 1)), x.reshape(25, 3, 1))

    both_longer = problem_of(explain((25, 2, 3), (3, 2)))
    words_in(both_longer, "np.transpose(x, (0, 2, 1)) -> (25, 3, 2)", "Do not write x.reshape")
    x = np.arange(150).reshape(25, 2, 3)
    assert (np.transpose(x, (0, 2, 1)) != x.reshape(25, 3, 2)).any()

    # An open or a remembered number of time steps does not hide the exchange.
    words_in(problem_of(explain((25, 1, 3), (None, 1))), "look exchanged")
    words_in(problem_of(explain((25, 1, 4), built(LSTM(2), (2, 3, 1)))), "look exchanged")


def test_wrong_features():
    for layer in ((3, 1), sequential(LSTM(2), shape=(3, 1))):
        text = problem_of(explain((25, 3, 2), layer))
        words_in(text, "(25, 3, 2)", "expects (None, 3, 1)", "Select 1", "Input((3, 2))")
    words_in(problem_of(explain((25, 9, 4), (None, 2))), "Input((None, 4))")
    assert explain((25, 3, 2), (3, 1)).output_shape is None


def test_wrong_time_steps():
    for layer in ((3, 1), sequential(LSTM(2), shape=(3, 1))):
        text = problem_of(explain((25, 5, 1), layer))
        words_in(text, "(25, 5, 1)", "expects (None, 3, 1)", "Input((None, 1))", "windows of 3")
    # A layer on its own reads any number of time steps.
    explanation = explain((25, 5, 1), built(LSTM(2), (2, 3, 1)))
    assert explanation.ok
    words_in(explanation.notes[0], "built with 3 time steps", "any number")


def test_wrong_time_steps_and_wrong_features_are_two_problems():
    assert len(explain((25, 5, 4), (3, 1)).problems) == 2


def test_what_is_said_about_keras_is_so():
    """The notes name silent behaviour of Keras 3; hold it."""
    functional_input = keras.Input((3, 1))
    functional = keras.Model(functional_input, LSTM(2)(functional_input))
    model = sequential(LSTM(2), shape=(3, 1))
    for one in (functional, model):
        assert one(np.zeros((5, 3))).shape == (5, 2)  # adds an axis
        assert one(np.zeros((5, 3, 1, 1))).shape == (5, 2)  # drops an axis
    assert model(np.zeros((5, 4, 1))).shape == (5, 2)  # another T, without a word
    with pytest.raises(ValueError, match="incompatible"):
        functional(np.zeros((5, 4, 1)))
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        LSTM(2)(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=4"):
        sequential(LSTM(2), shape=(25, 3, 1))

    two, four = explain((5, 3), model), explain((5, 3, 1, 1), model)
    assert not two.ok and not four.ok
    words_in(two.notes[0], "adds the missing axis", "no message")
    words_in(four.notes[0], "drops a fourth axis", "no message")
    words_in(problem_of(two), "(5, 3)", "x[..., np.newaxis] -> (5, 3, 1)")
    assert explain((5, 3), sequential(LSTM(2), shape=(3, 2))).notes == ()


def stateful(batch_size):
    return sequential(LSTM(2, stateful=True), batch_shape=(batch_size, None, 1))


def test_samples_that_do_not_fill_the_batches_of_a_stateful_layer():
    assert explain((24, 3, 1), stateful(4)).ok
    one_left = problem_of(explain((25, 3, 1), stateful(4)))
    words_in(one_left, "25 samples", "batch size 4", "1 row", "multiple of 4")
    words_in(one_left, "broadcast", "21183", "Drop 1 row, x[:24]", "pad 3")
    two_left = problem_of(explain((26, 3, 1), stateful(4)))
    words_in(two_left, "2 rows", "stop", "x[:24]", "pad 2")
    assert "broadcast" not in two_left
    too_few = problem_of(explain((3, 3, 1), stateful(4)))
    words_in(too_few, "3 samples", "Pad 1 more")
    assert "Drop" not in too_few
    bare = built(LSTM(2, stateful=True), (4, 3, 1))
    assert explain((8, 3, 1), bare).ok
    assert not explain((9, 3, 1), bare).ok
    # A stateless model may take any number, whatever batch it was built with.
    assert explain((25, 3, 1), built(LSTM(2), (4, 3, 1))).ok
    assert explain((25, 3, 1), sequential(LSTM(2), batch_shape=(4, 3, 1))).ok
    # Of a tuple it is not known.
    words_in(problem_of(explain((25, 3, 1), (4, 3, 1))), "fixes the batch size 4", "If the layer")


def test_one_time_step_of_a_stateful_layer_is_no_waste():
    passing, note = explain((8, 1, 1), stateful(4)).notes
    words_in(note, "state that goes from call to call", "Reset it")
    words_in(passing, "batch_size=4", "shuffle=False")
    assert explain((4, 3, 1), stateful(4)).notes == ()  # one batch needs no such words


@pytest.mark.parametrize("layer", [keras.Input((25, 3, 1)), (None, 25, 3, 1)])
def test_the_number_of_samples_inside_input_shape(layer):
    text = problem_of(explain((25, 3, 1), layer))
    words_in(text, "(None, 25, 3, 1)", "4 axes", "Input((3, 1)) instead of Input((25, 3, 1))")
    words_in(text, "batch_shape=(25, 3, 1)")


def test_an_input_of_one_axis():
    text = problem_of(explain((25, 3, 1), keras.Input((3,))))
    words_in(text, "(None, 3)", "2 axes", "keras.Input((T, F))")


def test_a_model_that_starts_with_an_embedding_reads_two_axes():
    layers = keras.layers
    model = sequential(layers.Embedding(26, 4), LSTM(8), shape=(3,))
    explanation = explain(np.zeros((25, 3), int), model)
    assert explanation.ok
    assert [axis.name for axis in explanation.axes] == ["samples", "time steps"]
    assert explanation.output_shape == (25, 8) == (25, *model.output_shape[1:])
    words_in(explanation.runs, "each of the 3 time steps into a vector")
    words_in(problem_of(explain((25, 3, 1), model)), "expects (None, 3)", "x[..., 0]")
    words_in(problem_of(explain((25, 4), model)), "(25, 4)", "expects (None, 3)", "Pad")
    words_in(problem_of(explain((25,), model)), "(25,)", "2 axes")
    assert explain((25, 3, 1), model).problems[0].silent  # Keras drops the axis without a word
    too_large = explain(np.full((25, 3), 26), model)
    words_in(problem_of(too_large), "26 to 26", "codes 0 to 25", "Embedding(27, ...)")
    with pytest.raises(Exception, match="26 is not in"):
        model(np.full((25, 3), 26))
    scaled = explain(np.full((25, 3), 0.9), model)
    words_in(problem_of(scaled), "cuts", "not scaled")
    assert scaled.problems[0].silent and not scaled.raises
    np.testing.assert_array_equal(model(np.full((2, 3), 0.9)), model(np.zeros((2, 3))))
    words_in(problem_of(explain(np.full((25, 3), np.inf), model)), "NaN or infinite")
    negative = explain(np.full((25, 3), -1), model)
    words_in(problem_of(negative), "negative code")
    assert negative.problems[0].silent


def test_layers_in_front_that_change_the_shape_are_noted():
    model = sequential(keras.layers.Conv1D(4, 2), LSTM(8), shape=(5, 1))
    explanation = explain((25, 5, 1), model)
    assert explanation.ok
    words_in(explanation.notes[0], "in front", "(None, 4, 4)")
    assert explanation.output_shape == (25, 8)
    assert [shape for _, shape in explanation.layers] == [(25, 4, 4), (25, 8)]


def test_subclassed_and_unbuilt_models():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.lstm = LSTM(3)

        def call(self, x):
            return self.lstm(x)

    unbuilt = explain((25, 3, 1), Own())
    assert unbuilt.output_shape is None
    words_in(unbuilt.notes[0], "Keras was not asked", "call it once")
    model = Own()
    model(np.zeros((2, 3, 1)))
    assert explain((25, 5, 1), model).ok
    words_in(problem_of(explain((25, 5, 2), model)), "expects (None, None, 1)")
    assert explain((25, 3, 1), keras.Sequential([LSTM(2)])).output_shape == (25, 2)


def test_a_model_of_several_inputs_is_noted():
    first, second = keras.Input((3, 1)), keras.Input((3, 1))
    model = keras.Model([first, second], LSTM(2)(keras.layers.Add()([first, second])))
    words_in(explain((25, 3, 1), model).notes[0], "several inputs", "pass the layer")
    with pytest.raises(ValueError, match="several inputs.*one at a time"):
        explain([np.zeros((25, 3, 1)), np.zeros((25, 3, 1))], model)


@pytest.mark.parametrize("layer", [5, "LSTM", object(), np.zeros(3), len])
def test_what_is_no_layer_is_refused(layer):
    with pytest.raises(TypeError) as caught:
        explain((25, 3, 1), layer)
    words_in(str(caught.value), f"layer is {type(layer).__name__}", "leave layer out")


@pytest.mark.parametrize("layer", [(3.0, 1), ["5"], [LSTM(2), None], [keras.Input((3, 1))]])
def test_a_list_of_other_things_is_refused(layer):
    with pytest.raises(TypeError, match="list of Keras layers"):
        explain((25, 3, 1), layer)


def test_a_class_instead_of_a_layer_is_refused():
    with pytest.raises(TypeError, match=r"the class LSTM\. Make a layer of it"):
        explain((25, 3, 1), LSTM)


def test_a_layer_without_a_loop_is_told_apart():
    explanation = explain((25, 3), keras.layers.Dense(2))
    assert explanation.ok and explanation.output_shape == (25, 2)
    words_in(explanation.runs, "No recurrent layer", "no loop runs")


# How it looks -------------------------------------------------------------------------------


def test_print_is_a_table_then_sentences():
    lines = str(explain((25, 1, 3), (3, 1))).splitlines()
    assert lines[0] == "shape (25, 1, 3)"
    assert lines[1].split() == ["axis", "letter", "name", "size", "meaning"]
    assert lines[3].startswith("1     T       time steps     1  runs of the loop")
    assert lines[2].index("sequences") == lines[3].index("runs") == lines[4].index("numbers")
    text = "\n".join(lines)
    words_in(text, "\nProblem: ", "\nFix: ", "\nNote: ", "np.transpose(x, (0, 2, 1))")
    assert max(map(len, lines)) <= 80
    assert "\0" not in text


def test_silent_problems_have_a_label_of_their_own():
    explanation = explain((25, 6, 1), sequential(LSTM(2), shape=(3, 1)))
    assert "\nSilent problem: x has shape" in str(explanation)
    assert "<strong>Silent problem:</strong> x has shape" in explanation._repr_html_()
    assert "\nProblem: x has shape" in str(explain((25, 6, 1), (3, 1)))


class Tags(html.parser.HTMLParser):
    """Collects tags, and checks that they are closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read_html(explanation):
    tags = Tags()
    tags.feed(explanation._repr_html_())
    assert tags.open == []
    return tags


def test_html_is_an_accessible_table_with_classes_and_no_colours():
    tags = read_html(explain((25, 3, 1), LSTM(2)))
    names = [tag for tag, _ in tags.seen]
    assert names.count("caption") == 1
    heads = [attributes["scope"] for tag, attributes in tags.seen if tag == "th"]
    assert heads == ["col"] * 4 + ["row"] * 3
    classes = [attributes.get("class") for tag, attributes in tags.seen if tag == "tr"]
    assert classes == [None, "axis-samples", "axis-time", "axis-features"]
    assert not any("style" in attributes for _, attributes in tags.seen)
    words_in(tags.text, "shape (25, 3, 1)", "time steps (T)", "The loop runs 3 times", "(25, 2)")


def test_html_sets_code_as_code():
    source = explain((25, 2, 3), (3, 2))._repr_html_()
    words_in(source, "<code>np.transpose(x, (0, 2, 1))</code> -&gt; (25, 3, 2). Do not write")
    words_in(source, "<code>x.reshape(25, 3, 2)</code>: it scrambles")
    words_in(explain((25, 3))._repr_html_(), "<code>x[..., np.newaxis]</code> -&gt;")
    assert "<code>" not in explain((25, 3, 1), LSTM(2))._repr_html_()  # prose has no code


def test_html_gives_unnamed_axes_no_colour_class():
    classes = [a.get("class") for tag, a in read_html(explain((25, 3))).seen if tag == "tr"]
    assert classes == [None, None, None]


def test_html_escapes_what_it_was_given():
    evil = type("<script>alert(1)</script>", (), {})()
    source = explain(np.full((1, 1, 1), evil))._repr_html_()
    assert "<script" not in source
    assert "&lt;script&gt;" in source
    assert "->" in read_html(explain((25, 3))).text


# Properties ---------------------------------------------------------------------------------

any_shape = st.lists(st.none() | st.integers(-2, 10**9), max_size=6).map(tuple)
any_array = hnp.arrays(
    st.sampled_from(["float32", "float64", "int64", "bool", "complex64", "U2", "M8[s]", "O"]),
    hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
)
any_list = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=1), inner),
    max_leaves=12,
)
some_layers = st.sampled_from(
    [
        None,
        (3, 1),
        (4, 3, 1),
        (None, None),
        (),
        (1, 2, 3, 4),
        keras.Input((3, 2)),
        built(LSTM(2), (2, 3, 1)),
        LSTM(2),
        stateful(4),
        sequential(keras.layers.Embedding(26, 4), LSTM(8), shape=(3,)),
        keras.layers.Dense(1),
        [LSTM(2), LSTM(2)],
        [keras.Input((3, 1)), LSTM(2)],
    ]
)


@settings(max_examples=150)
@given(any_shape | any_array | any_list, some_layers)
def test_explain_raises_type_errors_only_and_fits_80_columns(x, layer):
    try:
        explanation = explain(x, layer)
    except TypeError as error:
        assert "gives no array of numbers" in str(error)
        return
    assert explanation.ok == (not explanation.problems)
    text = str(explanation)
    assert max(map(len, text.splitlines())) <= 80
    read_html(explanation)
    assert all(problem.what and problem.fix for problem in explanation.problems)
    if explanation.problems:
        assert explanation.output_shape is None


@settings(max_examples=300)
@given(any_array | any_list)
def test_explain_is_ok_exactly_where_as_samples_accepts(x):
    try:
        as_samples(x)
        accepted = True
    except (TypeError, ValueError):
        accepted = False
    try:
        assert explain(x).ok == accepted
    except TypeError:
        assert not accepted


@settings(max_examples=50)
@given(
    hnp.arrays(
        "float32", hnp.array_shapes(min_dims=3, max_dims=3), elements=st.floats(-9, 9, width=32)
    )
)
def test_every_finite_array_of_three_axes_is_accepted(x):
    np.testing.assert_array_equal(as_samples(x), x)
    assert explain(x).ok


class Hostile:
    """Raises whatever it is asked."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise KeyError(name)


def test_hostile_objects_are_refused_in_clear_words():
    for x in (Hostile(), Table):
        with pytest.raises(TypeError, match="gives no array of numbers"):
            explain(x)
    endless = []
    endless.append(endless)
    assert not explain(endless).ok
    with pytest.raises(TypeError, match="layer is Hostile"):
        explain((25, 3, 1), Hostile())
