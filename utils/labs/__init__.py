"""Labs: change shapes and state by hand, in a notebook or in a page of the book.

Each lab is one Python class here and one JavaScript module beside it. The module computes the LSTM
itself, so that a lab works in a page with no Python behind it.
"""

from utils.labs.lanes import LanesLab
from utils.labs.shape import ShapeLab

__all__ = ["LanesLab", "ShapeLab"]
