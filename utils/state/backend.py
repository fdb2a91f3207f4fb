"""Stop where the back end would lose the state of a model, or refuse to train it."""

import functools

import keras
import numpy as np

from utils.state.layers import as_copy

KINDS = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)


def require_state(layers, method):
    """Raise if `fit` or `predict` does not carry the state of these layers on this back end.

    Parameters
    ----------
    layers : list of keras.layers.RNN
        Stateful layers.
    method : {"fit", "predict"}
        What will run; ``evaluate`` and the calls for one batch behave as ``predict``.

    Raises
    ------
    RuntimeError
        Names the back end, what would happen, and what to do instead.
    """
    for layer in layers:
        kind = next((kind for kind in KINDS if isinstance(layer, kind)), keras.layers.LSTM)
        if found := trouble(method, kind):
            raise RuntimeError(_message(found, layer))


@functools.cache
def trouble(method, kind):
    """Try a small model of this kind of layer; return None, "lost" or "refused".

    The answer changes with the back end and with the version of Keras, so it is tried, once.
    """
    if keras.backend.backend() == "tensorflow":
        return None  # carries in all of them: what the tests of this folder run on
    # Ones draw no random number, and a seed of its own none either: the caller's stay in place.
    options = {"kernel_initializer": "ones", "recurrent_initializer": "ones", "seed": 0}
    layer = kind(1, stateful=True, name="trial_of_the_back_end", **options)
    model = keras.Sequential([keras.Input(batch_shape=(1, 1, 1)), layer], name="trial")
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    x, y = np.ones((1, 1, 1), "float32"), np.ones((1, 1), "float32")
    try:
        if method == "fit":
            model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
        else:
            model.predict(x, batch_size=1, verbose=0)
    except RuntimeError:
        return "refused"
    return None if as_copy(layer.states[0]).any() else "lost"


def _message(found, layer):
    """Say what would happen, and what to do."""
    backend, name = keras.backend.backend(), type(layer).__name__
    happens = {
        "lost": "it loses the state in fit, evaluate and predict: no batch starts from the end of "
        "the one before, and no reset is heard. Keras says nothing",
        "refused": f"fit of a stateful {name} stops (modified by an inplace operation)",
    }[found]
    return (
        f"The back end is {backend}, and layer {layer.name!r} is a stateful {name}. With {backend} "
        f"and Keras {keras.__version__} {happens}. Use TensorFlow: set KERAS_BACKEND=tensorflow "
        "before Keras is imported. Or hold the state by hand, with return_state=True and "
        "initial_state, which works on every back end."
    )
