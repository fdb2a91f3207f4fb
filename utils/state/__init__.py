"""Read, write, reset and record the state of Keras recurrent layers.

Keras 3 models have no ``reset_states``; the layers have ``reset_state``. The functions here
reach every recurrent layer of a model, also inside nested models and wrappers. Shapes are written
with N samples, B batch size, T time steps, F features and U units.

With TensorFlow a stateful layer carries its state through all calls. With JAX it does so in direct
calls only, and with PyTorch ``fit`` of a stateful LSTM or GRU stops (Keras 3.15). What depends on a
carried state tries that first, once, on a small model (`backend`), and stops with a message.
"""

from utils.state.batches import check_batches, ordered_batches
from utils.state.callbacks import ResetStates, StateRecorder
from utils.state.history import state_history
from utils.state.layers import recurrent_layers, stateful_layers
from utils.state.values import read_states, reset_states, write_states

__all__ = [
    "ResetStates",
    "StateRecorder",
    "check_batches",
    "ordered_batches",
    "read_states",
    "recurrent_layers",
    "reset_states",
    "state_history",
    "stateful_layers",
    "write_states",
]
