"""The search of the site leads to each error by its message, and to each silent mistake.

Messages are pasted as Keras prints them for a model of the reader's own: with numbers and names
that no page of the book has.
"""

import re

import nbformat
import pytest
import rules
from book_files import ROOT

pytestmark = pytest.mark.browser

PAGE = "reference/error_messages"
NOTEBOOK = nbformat.read(ROOT / f"{PAGE}.ipynb", as_version=4)
# The entries, and no more: the page ends with a section about a tool.
HEADINGS = rules.headings(rules.markdown(NOTEBOOK))
TITLES = [title for level, title in HEADINGS if level == 3]

# Messages as they are for models that are not in the book, and the entry that explains them
PASTED = {
    "ValueError: Input 0 with name 'None' of layer 'lstm_93' is incompatible with the layer: "
    "expected ndim=3, found ndim=2. Full shape received: (812, 9)": "expected ndim=3, found ndim=2",
    "Dimensions must be equal, but are 7 and 1 for '{{node sequential_83_1/lstm_93_1/lstm_cell_1/"
    "MatMul}} = MatMul[T=DT_FLOAT]' with input shapes: [?,7], [1,236].": "Dimensions must be equal",
    "InvalidArgumentError: Matrix size-incompatible: In[0]: [37,7], In[1]: [1,236] [Op:MatMul]": (
        "Matrix size-incompatible"
    ),
    "Unrecognized data type: x=[[817, 219], [633, 914]] (of type <class 'list'>)": (
        "Unrecognized data type: x="
    ),
    "ValueError: cannot reshape array of size 80000 into shape (871,37,4)": (
        "cannot reshape array of size"
    ),
    "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' "
    "sizes: 971 'y' sizes: 1003": "Data cardinality is ambiguous",
    "Unrecognized keyword arguments passed to LSTM: {'time_major': False}": (
        "passed to LSTM: {'time_major': False}"
    ),
    "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
    "sequence.shape=(None, 37, 7)": "the batch size must be static",
    "If an RNN is stateful, the batch size of the input sequences must be the same as the batch "
    "size of the initial state. - Expected batch size: 17 - Received batch size: 39": (
        "If an RNN is stateful, the batch size"
    ),
    "tensorflow.python.framework.errors_impl.InvalidArgumentError: Graph execution error: "
    "Incompatible shapes: [7,236] vs. [37,236]": "Incompatible shapes: [2,16] vs. [4,16]",
    "AttributeError: 'Functional' object has no attribute 'reset_states'": (
        "has no attribute 'reset_states'"
    ),
    "Arguments `target` and `output` must have the same rank (ndim). Received: "
    "target.shape=(None,), output.shape=(None, 37)": "must have the same rank (ndim)",
    "Received a label value of 37 which is outside the valid range of [0, 37). Label values: 37 "
    "19 22": "Received a label value of",
    "Layer sequential_73 weight shape (7, 236) is not compatible with provided weight shape (3, "
    "236).": "is not compatible with provided weight shape",
    "You are passing a RNN mask that does not correspond to right-padded sequences, while using "
    "cuDNN, which is not supported.": "does not correspond to right-padded sequences",
}

# What a reader sees where nothing raised, and the beginning of the entry
SEEN = {
    "predict more rows": "predict returns more rows",
    "val_loss bad stateful": "val_loss is bad",
    "stateful shuffle": "A stateful model does not learn: shuffled",
    "stateful overlapping windows": "A stateful model does not learn: overlapping",
    "reshape accuracy": "Accuracy stays at chance",
    "order time steps no difference": "The order of the time steps",
    "loss stops, answers are averages": "The loss stops falling",
    "same input different prediction": "The same input, another prediction",
    "saving loading prediction": "Another prediction after saving",
    "padding prediction": "Another prediction with more padding",
    "mask real zero": "A mask hides a real",
    "values are 0 after padding": "Every value is 0 after",
}


def words(text):
    """Return a text as a reader types it: without capitals, quotation marks and brackets."""
    return " ".join(re.findall(r"[\w=.:-]+", text.lower()))


@pytest.mark.parametrize("title", TITLES)
def test_an_entry_is_found_by_its_title(search, title):
    found = search(words(title))
    assert words(title) in [words(name) for page, name, _ in found if page == PAGE], found


@pytest.mark.parametrize("message", PASTED)
def test_an_entry_is_found_by_a_pasted_message(search, message):
    found = search(message)
    assert PASTED[message] in [title for page, title, _ in found if page == PAGE], found


@pytest.mark.parametrize("typed", SEEN)
def test_a_silent_mistake_is_found_by_what_a_reader_sees(search, typed):
    found = search(typed)
    assert any(title.startswith(SEEN[typed]) for page, title, _ in found if page == PAGE), found
