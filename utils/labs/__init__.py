"""Labs: change shapes and state by hand, in a notebook or in a page of the book.

Each lab is one Python class here and one JavaScript module beside it. The module computes the LSTM
itself, so that a lab works in a page with no Python behind it.
"""

from utils.labs.lanes import LanesLab
from utils.labs.race import RaceLab
from utils.labs.shape import ShapeLab
from utils.labs.state import StateLab
from utils.labs.step import StepLab

__all__ = ["LanesLab", "RaceLab", "ShapeLab", "StateLab", "StepLab"]
