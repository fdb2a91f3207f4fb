"""Helper code shared by the chapters of the book.

``windows``, ``shapes`` and ``lstm_numpy`` need only NumPy. ``state`` needs Keras. This file
imports nothing, so that importing one of the first three does not load TensorFlow.
"""
