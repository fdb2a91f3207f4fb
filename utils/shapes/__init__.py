"""Say what the axes of an array mean to a Keras LSTM, and what to do where they do not fit.

Only NumPy is needed. Keras objects are read through their attributes (``input_shape``, ``units``
and so on), so that a page that explains shapes does not have to load TensorFlow.
"""

from utils.shapes.compare import explain
from utils.shapes.data import as_samples
from utils.shapes.explanation import Axis, Explanation, Problem, counted

__all__ = ["Axis", "Explanation", "Problem", "as_samples", "counted", "explain"]
