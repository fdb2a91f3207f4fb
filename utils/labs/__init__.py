"""Labs: change shapes and state by hand, in a notebook or in a page of the book.

Each lab is a folder: a Python class, and in JavaScript a model without a page, a view, its words.
It computes the LSTM itself, so that it works in a page with no Python behind it.
"""

from utils.labs.lanes import LanesLab
from utils.labs.race import RaceLab
from utils.labs.shape import ShapeLab
from utils.labs.state import StateLab
from utils.labs.step import StepLab

__all__ = ["LanesLab", "RaceLab", "ShapeLab", "StateLab", "StepLab"]
