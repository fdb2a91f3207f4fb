"""Say what the axes of an array mean to a Keras LSTM, and what to do where they do not fit.

Only NumPy is needed; Keras is used where it is loaded already. The folder stands on its own: copy
it into a project of yours, under any name. In a terminal: `python -m NAME data.npy --model
model.keras`.

`verdict` holds `explain`. It reads the data (`sources`), tries it on the model (`trial`), and where
that fails executes lines of code that may mend it (`candidates`) and tries again; `explanation` is
the result, and prints it. Its sentences, and the lines that need no more than names and sizes, are
in `explanation.toml`. A line that was not executed with success is not offered.
"""

from .explanation import Axis, Explanation, Fix, LayerOutput, Problem, counted
from .sources import as_samples
from .verdict import explain

__all__ = ["Axis", "Explanation", "Fix", "LayerOutput", "Problem", "as_samples", "counted"]
__all__ += ["explain"]
