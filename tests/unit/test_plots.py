"""The look of the book: readable colours, and the drawing that the landing page shows."""

import json
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

from utils import plots
from utils.labs.lab import without_comments

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


TEXTS = [
    *plots.AXIS_COLORS.values(),
    *(
        plots.INK,
        plots.MUTED,
        plots.H,
        plots.C,
        plots.GATE,
        plots.GRADIENT,
        plots.RIGHT,
        plots.WRONG,
    ),
]


@pytest.mark.parametrize("color", TEXTS)
def test_text_in_every_colour_is_readable_on_white(color):
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


def test_the_three_axes_have_three_colours():
    assert set(plots.AXIS_COLORS) == {"samples", "time steps", "features"}
    assert len(set(plots.AXIS_COLORS.values())) == 3
    picture = (ROOT / "_static" / "two-machines.svg").read_text(encoding="utf-8")
    assert plots.AXIS_COLORS["time steps"] in picture
    assert plots.AXIS_COLORS["features"] in picture


COLOR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(|\b(?:purple|violet|white)\b(?=[\"\';])"
)


def test_colours_are_written_down_once():
    tokens = plots.TOKENS.read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+)", part)) for part in tokens.split("@media"))
    assert set(dark) >= set(light) - {"faint", "shade"}  # paper alone; a shadow
    assert len(set(light.values()) - {light["on-accent"]}) >= len(light) - 2
    files = [ROOT / "utils" / "plots.py", *(ROOT / "_static").glob("*.css")]
    files += [path for end in ("css", "js") for path in (ROOT / "utils" / "labs").rglob(f"*.{end}")]
    for path in files:
        if path == plots.TOKENS or path.parent.name == "vendor":
            continue
        code = without_comments(path.read_text(encoding="utf-8"))
        assert COLOR.findall(code) == [], path
    for path in [*ROOT.glob("chapters/*.ipynb"), *ROOT.glob("reference/*.ipynb")]:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            code = "".join(cell["source"])
            assert "plt." not in code or COLOR.findall(code) == [], (path, cell["id"])
    # Violet means below zero, and nothing else has its hue.
    hues = {name: rgb_to_hsv(to_rgb(color)) for name, color in light.items() if len(color) == 7}
    violet = [
        name for name, (hue, saturation, _) in hues.items() if 0.7 < hue < 0.85 and saturation > 0.2
    ]
    assert violet == ["minus"]


def test_a_headline_has_lines_of_similar_length_and_keeps_its_own():
    figure = plt.figure()
    plots.headline(figure, "one two three four five six seven", letters=20)
    assert figure._suptitle.get_text() == "one two three four\nfive six seven"
    plots.headline(figure, "a line\nand another one", letters=5)
    assert figure._suptitle.get_text() == "a line\nand another one"
    plots.headline(figure, "short")
    assert figure._suptitle.get_text() == "short"
    plt.close(figure)


def test_sheets_are_as_high_as_what_they_hold():
    figure, axes = plots.sheets((0, 10), (0, 2), (-1, 3))
    assert [ax.get_ylim() for ax in axes] == [(0, 2), (-1, 3)]
    assert {ax.get_xlim() for ax in axes} == {(0, 10)}
    width, height = figure.get_size_inches()
    assert width == 4.8 and height == pytest.approx(6 * 0.47 + 2 * 0.3 + 0.58)
    plt.close(figure)


def test_an_arrow_goes_around_corners_and_ends_at_the_last_point(ax):
    plots.draw_arrow(ax, (0, 0), (0, 1), (2, 1), color="k", ls="--")
    (line,), (arrow,) = ax.lines, ax.patches
    assert line.get_xydata().tolist() == [[0, 0], [0, 1]] and line.get_linestyle() == "--"
    assert arrow._posA_posB == [(0, 1), (2, 1)] and arrow.get_linestyle() == "--"
    plots.draw_arrow(ax, (0, 0), (1, 1))
    assert len(ax.lines) == 1 and len(ax.patches) == 2


def test_an_unknown_axis_is_named(ax):
    with pytest.raises(ValueError, match="axis is 'time'; wanted one of samples, time steps"):
        plots.draw_axis(ax, (0, 0), (1, 0), "time")


def test_every_seed_is_a_dot_and_the_line_is_the_median(ax):
    plots.draw_seeds(ax, {"one": ([0.1, 0.2, 0.9], "k"), "two": ([0.5], "k")}, ceiling=0.7)
    assert [len(line.get_ydata()) for line in ax.lines[:2]] == [3, 1]
    assert [lines.get_segments()[0][0][1] for lines in ax.collections] == [0.2, 0.5]


def test_groups_can_be_rows_from_top_to_bottom(ax):
    plots.draw_seeds(ax, {"one": ([0.1, 0.2, 0.9], "k"), "two": ([0.5], "k")}, 0.7, rows=True)
    assert [line.get_xdata().tolist() for line in ax.lines[:2]] == [[0.1, 0.2, 0.9], [0.5]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]
    assert ax.yaxis_inverted() and ax.get_xlabel() == "accuracy"
