"""Say what the axes of an array mean to a Keras LSTM, and what to do where they do not fit.

Only NumPy is needed. Keras is used where a Keras layer is given, and is loaded then already; a
page that explains shapes does not have to load TensorFlow. The folder stands on its own: copy it
into a project of yours, under any name, and import it from there.

`compare` holds `explain`, which goes through the others in this order: `layers` (what does it
read?), `sources` and `data` (what is there?), `trial`, `stack` and `verdict` (what does Keras
say?), `axes`, `faults`, `fit` and `labels` (what is wrong, and what mends it?). `explanation` is
the result, and prints it.
"""

from .compare import explain
from .data import as_samples
from .explanation import Axis, Explanation, LayerOutput, Problem, counted

__all__ = ["Axis", "Explanation", "LayerOutput", "Problem", "as_samples", "counted", "explain"]
