"""Train the same small classifier from many seeds at once.

One run proves nothing: another seed may say the opposite. Twenty runs of `fit`, one after the
other, take minutes. Here all seeds are one extra axis of one compiled computation, so twenty take
seconds. It is Keras's own arithmetic (LSTM, Dense with softmax, Adam) from Keras's own initial
weights; `tests/unit/test_training.py` holds it to `fit`.

`models` says what is computed, `updates` how one update changes the weights, `trainer` puts them
together, `progress` shows how far a long training is.
"""

from utils.training.models import classifier
from utils.training.trainer import Training, predict_seeds, train_seeds

__all__ = ["Training", "classifier", "predict_seeds", "train_seeds"]
