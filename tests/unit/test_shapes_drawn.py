"""What `explain` says is what Keras does: drawn models and data, both tried, in every container.

500 draws; with BOOK_NIGHTLY=1, 20,000.
"""

import os
import random
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers as kl
from test_shapes import Batches, Own, batches, dataset, functional, sequential, two_inputs, used

from utils.shapes import explain

NIGHTLY = os.environ.get("BOOK_NIGHTLY") == "1"
DRAWS = 20_000 if NIGHTLY else 500
sequential, functional = (partial(make, loss="mse") for make in (sequential, functional))


MODELS = {
    "LSTM": lambda: kl.LSTM(2),
    "LSTM with weights": lambda: used(kl.LSTM(2), (2, 3, 2)),
    "stateful LSTM": lambda: used(kl.LSTM(2, stateful=True), (2, 3, 2)),
    "Bidirectional": lambda: used(kl.Bidirectional(kl.GRU(2)), (2, 3, 2)),
    "list": lambda: [kl.LSTM(2, return_sequences=True), kl.LSTM(2)],
    "list that is no model": lambda: [keras.Input((3, 2)), kl.LSTM(2), kl.LSTM(2)],
    "unbuilt": lambda: sequential(kl.LSTM(2), kl.Dense(1)),
    "Sequential": lambda: sequential(kl.LSTM(2), kl.Dense(1), shape=(3, 2)),
    "one feature": lambda: sequential(kl.LSTM(2), kl.Dense(1), shape=(3, 1)),
    "any length": lambda: sequential(kl.Masking(-7.0), kl.LSTM(2), kl.Dense(5), shape=(None, 2)),
    "functional": lambda: functional(kl.LSTM(2), kl.Dense(1), shape=(3, 2)),
    "every step": lambda: functional(
        kl.LSTM(2, return_sequences=True), kl.Dense(2), shape=(None, 2)
    ),
    "horizon": lambda: sequential(
        kl.LSTM(2), kl.RepeatVector(2), kl.GRU(3, return_sequences=True), shape=(3, 2)
    ),
    "classes": lambda: sequential(
        kl.LSTM(2), kl.Dense(5, "softmax"), loss="sparse_categorical_crossentropy", shape=(3, 2)
    ),
    "codes": lambda: sequential(kl.Embedding(9, 2), kl.LSTM(2), shape=(3,)),
    "Conv1D": lambda: sequential(kl.Conv1D(3, 2), kl.LSTM(2), shape=(None, 2)),
    "flattened": lambda: sequential(kl.TimeDistributed(kl.Flatten()), kl.LSTM(2), shape=(3, 2, 2)),
    "ConvLSTM": lambda: sequential(kl.ConvLSTM1D(2, 2), kl.Flatten(), shape=(3, 4, 2)),
    "Dense": lambda: sequential(kl.Dense(1), shape=(2,)),
    "own": lambda: used(Own(), (2, 3, 2)),
    "nested": lambda: sequential(sequential(kl.LSTM(2), shape=(3, 2)), kl.Dense(1), shape=(3, 2)),
    "two inputs": lambda: two_inputs((3, 2)),
    "stateful": lambda: sequential(
        kl.LSTM(2, stateful=True), kl.Dense(1), batch_shape=(2, None, 2)
    ),
    "stateful, functional": lambda: functional(
        kl.LSTM(2, stateful=True, return_sequences=True),
        kl.LSTM(2, stateful=True),
        batch_shape=(3, 3, 2),
    ),
}
NATURAL = {"codes": (3,), "flattened": (3, 2, 2), "ConvLSTM": (3, 4, 2), "Dense": (2,)}
NATURAL |= {"one feature": (3, 1)}
UNBUILT = ("LSTM", "list", "list that is no model", "unbuilt")
keras.utils.clear_session()
SUBJECTS = {name: make() for name, make in MODELS.items()}
keras.utils.clear_session()  # so that the layers of both have the same names
TWINS = {name: make() for name, make in MODELS.items()}  # these really run
for one in (SUBJECTS["stateful"], SUBJECTS["stateful, functional"]):
    one(np.ones((*one.input_shape[:1], 3, 2)))  # states that are not zero


CONTAINERS = {
    "array": lambda x, y: (x, y),
    "tensor": lambda x, y: (tf.constant(x), y),
    "shape": lambda x, y: (x.shape, y),
    "nested list": lambda x, y: (x.tolist(), y),
    "list of samples": lambda x, y: (list(x), y),
    "dict": lambda x, y: ({"x": x}, y),
    "pair": lambda x, y: (x, y) if y is None else ((x, y), None),
    "generator": lambda x, y: (batches(x, y), None),
    "PyDataset": lambda x, y: (Batches(x, y), None),
    "batched dataset": lambda x, y: (dataset(*([x] if y is None else [x, y])).batch(4), None),
    "dataset": lambda x, y: (dataset(*([x] if y is None else [x, y])), None),
}
size = st.integers(0, 9)


@st.composite
def cases(draw):
    """Draw a model, a shape that is often near to what it reads, a container, and labels."""
    name = draw(st.sampled_from(list(MODELS)))
    inside = NATURAL.get(name, (3, 2))
    near = [inside, inside, inside[::-1], inside[:-1], (*inside, 1), (5, *inside[1:]), (3, 1)]
    shape = (draw(size), *draw(st.sampled_from(near)))
    if draw(st.integers(0, 3)) == 0:
        shape = tuple(draw(st.lists(size, min_size=1, max_size=5)))
    container = draw(st.sampled_from([*CONTAINERS, *["array"] * 6]))
    label = draw(st.sampled_from([None, (), (1,), (2,), (5,), (3, 1), (2, 3), (3, 2)]))
    rows = draw(st.sampled_from([shape[0]] * 5 + [shape[0] + 1]))
    if container not in ("array", "tensor", "shape", "nested list", "list of samples", "dict"):
        rows = shape[0]
    return name, shape, container, label if label is None else (rows, *label)


def made(shape, container, label):
    x = np.ones(shape, "float32")
    return CONTAINERS[container](x, None if label is None else np.ones(label, "float32"))


def fresh(name):
    """Return a model that may run: a new one where running would build it."""
    return MODELS[name]() if name in UNBUILT else TWINS[name]


def batches_of(x, y, size):
    """Return the batches that fit would make, and whether Keras takes batches for samples."""
    if isinstance(x, tuple) and all(isinstance(part, int) for part in x):
        x = np.ones(x, "float32")
    if isinstance(x, (tf.data.Dataset, Batches)) or hasattr(x, "__next__"):
        return [one if isinstance(one, tuple) else (one, None) for one in x]
    if isinstance(x, tuple):
        x, y = x
    arrays = keras.tree.flatten(x)
    if not all(hasattr(one, "shape") and one.shape for one in arrays):
        raise ValueError("no arrays")
    if len({len(one) for one in arrays}) > 1 or y is not None and len(y) != len(arrays[0]):
        raise ValueError("unequal numbers of samples")
    count = len(arrays[0]) if arrays else 0
    parts = [slice(start, start + size) for start in range(0, count, size)]
    return [
        (keras.tree.map_structure(lambda one: one[part], x), None if y is None else y[part])  # noqa: B023
        for part in parts
    ]


def really(model, x, y=None):
    """Run Keras on the first and the last batch; return whether all is as it should be.

    Raises what Keras raises, and returns False where it runs and does something else.
    """
    if isinstance(model, list):
        model = keras.Sequential(model)
    whole = isinstance(model, keras.Model)
    shape = getattr(model, "input_shape", None) if whole else None
    fixed = shape[0] if isinstance(shape, tuple) else None
    parts = batches_of(x, y, (fixed or 32) if whole else 10**9)
    if not parts or any(0 in part.shape[:1] for part in keras.tree.flatten(parts[0][0])):
        raise ValueError("no samples")
    good = not isinstance(parts[0][0], (list, tuple)) or isinstance(shape, list)
    if isinstance(x, tf.data.Dataset) and not any("Batch" in kind for kind in chain(x)):
        good = False
    if fixed and len(parts) > 1 and len(parts[-1][0]) == 1:
        good, parts = False, parts[:-1]  # broadcast without an error
    for part, label in (parts[0], parts[-1]):
        out = model(part)
        if label is not None:
            loss = getattr(model, "loss", None)
            if keras.tree.is_nested(out):
                return False
            if loss is not None:
                model.compute_loss(y=label, y_pred=out)
            target, answer = tuple(label.shape), tuple(out.shape)
            fits = answer in (target, (*target, 1)) or target == (*answer, 1)
            classes = target in (answer[:-1], (*answer[:-1], 1))
            if loss is None and not fits and not classes:
                raise ValueError("no loss fits")
            if loss is not None:
                good = good and (classes if "sparse" in str(loss) else fits)
        if any(0 in one.shape for one in keras.tree.flatten(part)):
            good = False
    return good


def chain(x):
    while x is not None:
        yield type(x).__name__
        x = getattr(x, "_input_dataset", None)


def seen(machine):
    """Return what can be seen of a model: weights, states, graph, flags."""
    parts = [
        part
        for one in (machine if isinstance(machine, list) else [machine])
        if isinstance(one, kl.Layer)
        for part in one._flatten_layers()
    ]
    return [
        [
            part.built,
            len(part._inbound_nodes),
            len(part.losses),
            [keras.ops.convert_to_numpy(v) for v in part.variables],
            [keras.ops.convert_to_numpy(v) for v in getattr(part, "states", None) or []],
            getattr(getattr(part, "optimizer", None), "built", None),
        ]
        for part in parts
    ]


@settings(
    max_examples=DRAWS,
    deadline=None,
    derandomize=not NIGHTLY,
    suppress_health_check=list(HealthCheck),
)
@given(cases())
def test_the_verdict_is_that_of_keras(case):
    name, shape, container, label = case
    x, y = made(shape, container, label)
    subject = SUBJECTS[name]
    layer, before = kl.Dense(1).name, seen(subject)
    state = random.getstate()
    drawn = np.random.get_state()[1].tolist()
    result = explain(x, subject, y)
    text = f"{case}\n{result}"
    assert str(before) == str(seen(subject)), text
    assert random.getstate() == state and np.random.get_state()[1].tolist() == drawn, text
    number = int(layer.rpartition("_")[2]) if "_" in layer else 0
    assert kl.Dense(1).name == f"dense_{number + 1}", text
    if container == "generator":
        assert len(list(x)) == len(list(made(shape, container, label)[0])), text
    x, y = made(shape, container, label)
    try:
        good, error = really(fresh(name), x, y), None
    except Exception as raised:
        good, error = False, f"{type(raised).__name__}: {raised}"[:300]
    text += f"\nKeras: {error or good}"
    if result.tried or error:
        assert result.raises == bool(error), text
        assert result.ok == good, text
    for problem in result.problems:
        for fix in problem.fixes:
            x, y = made(shape, container, label)
            x = np.ones(x, "float32") if container == "shape" else x
            model = fresh(name)
            if "model.compile" in fix.code and "model = " not in fix.code:
                model = keras.models.clone_model(model)
            names = {"x": x, "y": y, "model": model, "np": np, "keras": keras}
            exec(fix.code, names)
            try:
                assert really(names["model"], names["x"], names["y"]), f"{text}\n{fix}"
            except Exception as raised:
                raise AssertionError(f"{text}\n{fix}\n{raised}") from raised
