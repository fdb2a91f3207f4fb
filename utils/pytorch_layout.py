"""Weights of an LSTM or a GRU, from the layout of Keras to that of PyTorch and back, in NumPy.

Shapes are written with F features and U units. An LSTM has four blocks of U, a GRU three.

================  ===========================  =====================================
What              Keras                        PyTorch
================  ===========================  =====================================
for the input     ``kernel`` (F, 4U)           ``weight_ih_l0`` (4U, F)
for h             ``recurrent_kernel`` (U, 4U)  ``weight_hh_l0`` (4U, U)
bias              ``bias`` (4U,)               ``bias_ih_l0``, ``bias_hh_l0``, each (4U,)
LSTM blocks       i, f, candidate, o           i, f, g (the candidate), o
GRU blocks        z, r, candidate              r, z, n (the candidate)
================  ===========================  =====================================

PyTorch itself is not needed. The states h and c mean the same in both; in PyTorch each has one
axis more in front, (number of layers, B, U).

References
----------
The formulas under ``torch.nn.LSTM`` and ``torch.nn.GRU`` in the documentation of PyTorch.
"""

from typing import NamedTuple

import numpy as np

# Where the blocks of a GRU are found in the other layout. The exchange undoes itself.
_GRU_BLOCKS = (1, 0, 2)  # z, r, candidate <-> r, z, candidate


class PyTorchWeights(NamedTuple):
    """The parameters of one layer and direction, in the order of PyTorch's ``state_dict``."""

    weight_ih: np.ndarray  # (4U, F); a GRU has 3U in place of 4U, here and below
    weight_hh: np.ndarray  # (4U, U)
    bias_ih: np.ndarray | None  # (4U,)
    bias_hh: np.ndarray | None  # (4U,)


def lstm_to_pytorch(kernel, recurrent_kernel, bias=None):
    """Give the weights of a Keras LSTM the layout of PyTorch.

    Parameters
    ----------
    kernel : array_like
        Shape (F, 4U).
    recurrent_kernel : array_like
        Shape (U, 4U).
    bias : None or array_like
        Shape (4U,). None for a layer with ``use_bias=False``.

    Returns
    -------
    PyTorchWeights
        weight_ih (4U, F), weight_hh (4U, U), bias_ih (4U,), bias_hh (4U,); copies. The whole bias
        is in bias_ih, and bias_hh is zeros. Without a bias, both are None.

    Raises
    ------
    ValueError
        If a shape does not fit the others.

    Examples
    --------
    With a layer: ``lstm_to_pytorch(*layer.get_weights())``.

    >>> weights = lstm_to_pytorch(np.ones((3, 8)), np.ones((2, 8)), np.ones(8))
    >>> [array.shape for array in weights]
    [(8, 3), (8, 2), (8,), (8,)]
    """
    kernel, recurrent_kernel, bias = _keras_arrays(kernel, recurrent_kernel, bias, 4, "LSTM")
    _check(bias, "bias", (4 * len(recurrent_kernel),), "LSTM")
    # The same order of blocks: all that differs is which axis comes first.
    rest = None if bias is None else np.zeros_like(bias)
    return PyTorchWeights(kernel.T.copy(), recurrent_kernel.T.copy(), bias, rest)


def lstm_from_pytorch(weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """Give the weights of a PyTorch LSTM the layout of Keras.

    Parameters
    ----------
    weight_ih : array_like
        Shape (4U, F).
    weight_hh : array_like
        Shape (4U, U).
    bias_ih, bias_hh : None or array_like
        Shape (4U,). None, both of them, for a layer with ``bias=False``.

    Returns
    -------
    list of np.ndarray
        kernel (F, 4U), recurrent_kernel (U, 4U), bias (4U,), for ``layer.set_weights``; copies.
        The bias is the sum of the two. Without biases, the list has two arrays.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or one bias is missing.

    Examples
    --------
    >>> weights = lstm_from_pytorch(np.ones((8, 3)), np.ones((8, 2)), np.ones(8), np.ones(8))
    >>> [array.shape for array in weights]
    [(3, 8), (2, 8), (8,)]
    >>> weights[2].tolist()  # the two biases, added
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    weight_ih, weight_hh, *biases = _pytorch_arrays(
        weight_ih, weight_hh, bias_ih, bias_hh, 4, "LSTM"
    )
    # Both biases are added before the same activation, so one that is their sum does the same.
    bias = [] if biases[0] is None else [biases[0] + biases[1]]
    return [weight_ih.T.copy(), weight_hh.T.copy(), *bias]


def gru_to_pytorch(kernel, recurrent_kernel, bias=None):
    """Give the weights of a Keras GRU the layout of PyTorch.

    Parameters
    ----------
    kernel : array_like
        Shape (F, 3U).
    recurrent_kernel : array_like
        Shape (U, 3U).
    bias : None or array_like
        Shape (2, 3U): the layer has ``reset_after=True``, as is the default. None for a layer
        with ``use_bias=False``; then make sure yourself that it has ``reset_after=True``.

    Returns
    -------
    PyTorchWeights
        weight_ih (3U, F), weight_hh (3U, U), bias_ih (3U,), bias_hh (3U,); copies.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or the bias is that of ``reset_after=False``, which
        PyTorch does not have.

    Examples
    --------
    >>> weights = gru_to_pytorch(np.ones((3, 6)), np.ones((2, 6)), np.ones((2, 6)))
    >>> [array.shape for array in weights]
    [(6, 3), (6, 2), (6,), (6,)]
    """
    kernel, recurrent_kernel, bias = _keras_arrays(kernel, recurrent_kernel, bias, 3, "GRU")
    columns = 3 * len(recurrent_kernel)
    if bias is not None and bias.shape == (columns,):
        raise ValueError(
            f"bias has shape {bias.shape}, that of a layer with reset_after=False. PyTorch's GRU "
            f"computes reset_after=True, with a bias of shape (2, {columns}). Such a layer cannot "
            "be moved: train one with reset_after=True, the default of Keras."
        )
    _check(bias, "bias", (2, columns), "GRU")
    bias_ih, bias_hh = (None, None) if bias is None else _swap_gates(bias)
    return PyTorchWeights(
        _swap_gates(kernel).T.copy(), _swap_gates(recurrent_kernel).T.copy(), bias_ih, bias_hh
    )


def gru_from_pytorch(weight_ih, weight_hh, bias_ih=None, bias_hh=None):
    """Give the weights of a PyTorch GRU the layout of Keras.

    Parameters
    ----------
    weight_ih : array_like
        Shape (3U, F).
    weight_hh : array_like
        Shape (3U, U).
    bias_ih, bias_hh : None or array_like
        Shape (3U,). None, both of them, for a layer with ``bias=False``.

    Returns
    -------
    list of np.ndarray
        kernel (F, 3U), recurrent_kernel (U, 3U), bias (2, 3U), for ``set_weights`` of a layer with
        ``reset_after=True``; copies. Without biases, the list has two arrays.

    Raises
    ------
    ValueError
        If a shape does not fit the others, or one bias is missing.

    Examples
    --------
    >>> weights = gru_from_pytorch(np.ones((6, 3)), np.ones((6, 2)), np.ones(6), np.ones(6))
    >>> [array.shape for array in weights]
    [(3, 6), (2, 6), (2, 6)]
    """
    weight_ih, weight_hh, *biases = _pytorch_arrays(
        weight_ih, weight_hh, bias_ih, bias_hh, 3, "GRU"
    )
    # The reset gate stands between the two biases of the candidate, so they stay apart.
    bias = [] if biases[0] is None else [_swap_gates(np.stack(biases))]
    return [_swap_gates(weight_ih.T), _swap_gates(weight_hh.T), *bias]


def _swap_gates(array):
    """Exchange the first two of the three blocks on the last axis; a copy."""
    blocks = np.split(array, 3, axis=-1)
    return np.concatenate([blocks[place] for place in _GRU_BLOCKS], axis=-1)


def _keras_arrays(kernel, recurrent_kernel, bias, blocks, layer):
    """Return the three as arrays (bias may be None), with the two kernels checked."""
    kernel, recurrent_kernel = np.asarray(kernel), np.asarray(recurrent_kernel)
    bias = None if bias is None else np.array(bias)
    units = recurrent_kernel.shape[0] if recurrent_kernel.ndim == 2 else 0
    features = kernel.shape[0] if kernel.ndim == 2 else 0
    wanted = (features, blocks * units), (units, blocks * units)
    if not (units and features and (kernel.shape, recurrent_kernel.shape) == wanted):
        raise ValueError(
            f"kernel has shape {kernel.shape} and recurrent_kernel {recurrent_kernel.shape}. A "
            f"Keras {layer} has (F, {blocks}U) and (U, {blocks}U). Pass the weights of one {layer} "
            f"layer: {layer.lower()}_to_pytorch(*layer.get_weights())."
        )
    return kernel, recurrent_kernel, bias


def _pytorch_arrays(weight_ih, weight_hh, bias_ih, bias_hh, blocks, layer):
    """Return the four as arrays (both biases may be None), all of them checked."""
    weight_ih, weight_hh = np.asarray(weight_ih), np.asarray(weight_hh)
    units = weight_hh.shape[1] if weight_hh.ndim == 2 else 0
    features = weight_ih.shape[1] if weight_ih.ndim == 2 else 0
    wanted = (blocks * units, features), (blocks * units, units)
    if not (units and features and (weight_ih.shape, weight_hh.shape) == wanted):
        raise ValueError(
            f"weight_ih has shape {weight_ih.shape} and weight_hh {weight_hh.shape}. A PyTorch "
            f"{layer} has ({blocks}U, F) and ({blocks}U, U). Pass weight_ih_l0, weight_hh_l0, "
            "bias_ih_l0 and bias_hh_l0 of one layer as NumPy arrays, in this order."
        )
    if (bias_ih is None) != (bias_hh is None):
        missing = "bias_ih" if bias_ih is None else "bias_hh"
        raise ValueError(
            f"{missing} is missing. PyTorch has two biases or none. Pass both, or neither for a "
            "layer with bias=False."
        )
    biases = []
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        bias = None if bias is None else np.asarray(bias)
        _check(bias, name, (blocks * units,), layer)
        biases.append(bias)
    return weight_ih, weight_hh, *biases


def _check(bias, name, wanted, layer):
    """Check the shape of a bias, if there is one."""
    if bias is not None and bias.shape != wanted:
        raise ValueError(
            f"{name} has shape {bias.shape}. With these weights, that of a {layer} has the shape "
            f"{wanted}. Pass the bias of the same layer."
        )
