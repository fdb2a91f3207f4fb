"""The look of the book: readable colours, and the drawing that the landing page shows."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from utils import plots

ROOT = Path(plots.__file__).parent.parent


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def luminance(color):
    """Return the relative luminance of WCAG 2."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return np.dot(channels, [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("color", [*plots.AXIS_COLORS.values(), plots.INK, plots.MUTED])
def test_text_in_every_colour_is_readable_on_white(color):
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


def test_the_three_axes_have_three_colours():
    assert set(plots.AXIS_COLORS) == {"samples", "time steps", "features"}
    assert len(set(plots.AXIS_COLORS.values())) == 3
    css = (ROOT / "_static" / "book.css").read_text(encoding="utf-8")
    assert all(color in css for color in plots.AXIS_COLORS.values())
    picture = (ROOT / "_static" / "two-machines.svg").read_text(encoding="utf-8")
    assert plots.AXIS_COLORS["time steps"] in picture
    assert plots.AXIS_COLORS["features"] in picture


def test_an_unknown_axis_is_named(ax):
    with pytest.raises(ValueError, match="axis is 'time'; wanted one of samples, time steps"):
        plots.draw_axis(ax, (0, 0), (1, 0), "time")


def test_every_seed_is_a_dot_and_the_line_is_the_median(ax):
    plots.draw_seeds(ax, {"one": ([0.1, 0.2, 0.9], "k"), "two": ([0.5], "k")}, ceiling=0.7)
    assert [len(line.get_ydata()) for line in ax.lines[:2]] == [3, 1]
    assert [lines.get_segments()[0][0][1] for lines in ax.collections] == [0.2, 0.5]
