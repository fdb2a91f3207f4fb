"""The look of the book: its colours, and the few drawings that several chapters share.

The colours are those of `_static/tokens.css`, which pages and labs read too. Those of the axes are
from the colour-blind safe palette of Okabe and Ito (2008), darkened where needed so that text in
them is readable on white (contrast of at least 4.5 : 1).

Every figure is drawn once, for a column of 470 pixels (4.8 inches), with panels below each other:
a phone shows it at three quarters of its size, and the smallest letters (11 points) at 11 pixels.
"""

import re
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

TOKENS = Path(__file__).parents[1] / "_static" / "tokens.css"
# The colours of a light page by their names there: --time-steps is COLORS["time-steps"].
LIGHT = TOKENS.read_text(encoding="utf-8").partition("@media")[0]
COLORS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", LIGHT))

SAMPLES = COLORS["samples"]  # blue: the axis of samples, everywhere in the book
TIME_STEPS = COLORS["time-steps"]  # vermilion: that axis, and the 3x1 model named after it
FEATURES = COLORS["features"]  # green: the axis of features, and the 1x3 model named after it
H, C, GATE = COLORS["h"], COLORS["c"], COLORS["gate"]  # hidden state, cell state, gates
GRADIENT = COLORS["gradient"]  # magenta: what flows backwards
RIGHT, WRONG = COLORS["right"], COLORS["wrong"]
INK, MUTED = COLORS["ink"], COLORS["muted"]
AXIS_COLORS = {"samples": SAMPLES, "time steps": TIME_STEPS, "features": FEATURES}

# For values around zero, such as h and c: none of its colours is the colour of an axis. Violet is
# below zero, here and nowhere else.
STATE_MAP = LinearSegmentedColormap.from_list(
    "state", [COLORS["minus"], COLORS["zero"], COLORS["plus"]]
)

# For amounts from zero up: how far, how many, whether.
AMOUNT_MAP = LinearSegmentedColormap.from_list("amount", [COLORS["ground"], INK])


def use_style():
    """Switch Matplotlib to the style of the book, and notebooks to SVG figures.

    Safe to call more than once, and outside a notebook.
    """
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")
    except (ImportError, AttributeError):  # not in a notebook: the style is all there is to set
        pass


def headline(figure, finding, letters=47):
    """Write the finding of a figure above it, from its left edge, in lines that fit its width.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    finding : str
        What the figure shows, as a sentence without a full stop; it may hold its own line breaks.
    letters : int, default 47
        Most letters in a line.
    """
    if "\n" not in finding:
        fewest = len(textwrap.wrap(finding, letters))
        while len(textwrap.wrap(finding, letters - 1)) == fewest:  # lines of similar length
            letters -= 1
        finding = textwrap.fill(finding, letters)
    figure.suptitle(finding, x=0.01, ha="left", size=11.5, weight="bold")


def blank(ax):
    """Turn `ax` into a drawing sheet: equal units, no ticks, no spines, no grid."""
    ax.set_aspect("equal")
    ax.axis("off")
    ax.grid(False)


def sheets(xlim, *ylims, above=0.58, width=4.8):
    """Make a figure of drawing sheets below each other, as high as what they hold.

    Parameters
    ----------
    xlim : (float, float)
        Left and right end of all sheets; they are as wide as the figure.
    *ylims : (float, float)
        Lower and upper end of each sheet, in the same units.
    above : float, default 0.58
        Room for the headline, in inches.
    width : float, default 4.8
        Of the figure, in inches.

    Returns
    -------
    matplotlib.figure.Figure
    list of matplotlib.axes.Axes
        From top to bottom.
    """
    heights = [top - bottom for bottom, top in ylims]
    titles = 0.3 * len(ylims) if len(ylims) > 1 else 0
    inches = sum(heights) * (width - 0.1) / (xlim[1] - xlim[0]) + titles + above
    figure, axes = plt.subplots(
        len(ylims), 1, figsize=(width, inches), height_ratios=heights, squeeze=False
    )
    for ax, ylim in zip(axes[:, 0], ylims, strict=True):
        blank(ax)
        ax.set(xlim=xlim, ylim=ylim)
    return figure, list(axes[:, 0])


def draw_cells(ax, values, left, top, color=INK, size=1.0, fill=None):
    """Draw numbers or letters in a grid of squares.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        A sheet prepared by `blank`; one unit is one cell when `size` is 1.
    values : array-like, shape (rows, columns)
        What to write in the squares, row by row. Text is written as it is, numbers in short form.
    left, top : float
        Place of the upper left corner. Rows grow downwards.
    color : color, default INK
        Colour of the frame and of the text.
    size : float, default 1.0
        Side of a square.
    fill : color, optional
        Colour inside the squares, drawn pale.
    """
    for row, line in enumerate(np.asarray(values, dtype=object)):
        for column, value in enumerate(line):
            x, y = left + column * size, top - (row + 1) * size
            face = COLORS["ground"] if fill is None else (*to_rgb(fill), 0.16)
            ax.add_patch(Rectangle((x, y), size, size, facecolor=face, edgecolor=color, lw=1.2))
            text = value if isinstance(value, str) else f"{value:g}"
            ax.text(x + size / 2, y + size / 2, text, ha="center", va="center", color=color)


def draw_box(ax, left, bottom, width, height, text="", color=INK, fill=0.12):
    """Draw a box with round corners and a word in it.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    left, bottom, width, height : float
    text : str, default ""
    color : color, default INK
        Colour of the frame and of the text.
    fill : float, default 0.12
        How much of the colour is inside, from 0 to 1.
    """
    look = {"facecolor": (*to_rgb(color), fill), "edgecolor": color, "lw": 1.6}
    shape = "round,pad=0,rounding_size=0.15"
    ax.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle=shape, **look))
    middle = (left + width / 2, bottom + height / 2)
    ax.text(*middle, text, ha="center", va="center", color=color, weight="bold")


def draw_arrow(ax, *points, color=MUTED, **options):
    """Draw an arrow from the first of the points, around corners at the next, to the last.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    *points : (float, float)
        At least two.
    color : color, default MUTED
    **options
        For Matplotlib's `FancyArrowPatch`, such as `lw`, `ls` or `connectionstyle`.
    """
    *before, last = points
    look = {"lw": 1.4, "color": color} | options
    if before[1:]:
        line = {"lw": look["lw"], "ls": look.get("ls", "-"), "color": color}
        ax.plot(*zip(*before, strict=True), solid_capstyle="round", **line)
    look = {"arrowstyle": "-|>", "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0} | look
    ax.add_patch(FancyArrowPatch(before[-1], last, **look))


def draw_axis(ax, start, end, axis, label=None, side=0.45):
    """Draw one labelled arrow along an array axis, in the colour of that axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    start, end : (float, float)
        Ends of the arrow: horizontal or vertical.
    axis : {"samples", "time steps", "features"}
        Which axis; sets the colour and, unless `label` is given, the text.
    label : str, optional
    side : float, default 0.45
        Distance of the text from the arrow; negative puts it below (or right of) the arrow.

    Raises
    ------
    ValueError
        If `axis` is not one of the three.
    """
    if axis not in AXIS_COLORS:
        raise ValueError(f"axis is {axis!r}; wanted one of {', '.join(AXIS_COLORS)}.")
    color = AXIS_COLORS[axis]
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=color, lw=1.6)
    ax.add_patch(arrow)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    horizontal = abs(end[0] - start[0]) >= abs(end[1] - start[1])
    place = (middle[0], middle[1] + side) if horizontal else (middle[0] - side, middle[1])
    ax.text(
        *place,
        axis if label is None else label,
        color=color,
        ha="center",
        va="center",
        rotation=0 if horizontal else 90,
        weight="bold",
    )


def draw_loop(ax, step_inputs, left=0.0, top=0.0, gap=2.7, show_state=True):
    """Draw an LSTM unrolled: one box per time step, the input it reads, the state it passes on.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        A sheet prepared by `blank`.
    step_inputs : list of list
        For each time step (T entries) the vector it reads (F entries).
    left, top : float
        Place of the upper left corner of the first box.
    gap : float, default 2.7
        Distance from one box to the next.
    show_state : bool, default True
        Whether to write "zeros" at the entry and "h, c" on the arrows between the steps.
    """
    width, height = 1.7, 1.1
    for step, vector in enumerate(step_inputs):
        x = left + step * gap
        draw_box(ax, x, top - height, width, height, f"step {step + 1}", TIME_STEPS)
        side = 0.85
        first = x + width / 2 - len(vector) * side / 2
        draw_cells(ax, [vector], first, top - height - 0.75, FEATURES, side, FEATURES)
        draw_arrow(ax, (x + width / 2, top - height - 0.72), (x + width / 2, top - height - 0.04))
        if step:
            draw_arrow(ax, (x - gap + width, top - height / 2), (x, top - height / 2))
            if show_state:
                ax.text(x - (gap - width) / 2, top - 0.18, "h, c", ha="center")
        else:
            draw_arrow(ax, (x - 0.9, top - height / 2), (x, top - height / 2))
            if show_state:
                ax.text(x - 0.55, top - 0.18, "zeros", ha="center")
    end = left + (len(step_inputs) - 1) * gap + width
    draw_arrow(ax, (end, top - height / 2), (end + 0.8, top - height / 2))
    ax.text(end + 0.95, top - height / 2, "h", va="center", weight="bold")


def two_machines(letters="ABC"):
    """Draw one window in both layouts: T×1 and below it 1×T.

    Parameters
    ----------
    letters : str, default "ABC"
        The window.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(letters)
    xlim, ylim = (-1.2, 2.7 * count + 0.1), (-2.8, 0.4)
    width = max(4.8, 0.5 * (xlim[1] - xlim[0]))  # more than three steps need more room
    figure, axes = sheets(xlim, ylim, ylim, above=0, width=width)
    draw_loop(axes[0], [[letter] for letter in letters])
    draw_loop(axes[1], [list(letters)])
    axes[0].set_title(f"(N, {count}, 1) walks through the window", weight="bold")
    axes[1].set_title(f"(N, 1, {count}) looks once", weight="bold")
    return figure


def draw_state(ax, state, labels=None, limit=1.0, title=None):
    """Draw a state over time as a heat map: one column per time step, one row per unit.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    state : array-like, shape (T, U)
        Hidden or cell state after each step.
    labels : sequence of str, length T, optional
        What was read at each step; written under the columns.
    limit : float, default 1.0
        The colours run from -limit to +limit. Hidden states lie within 1.
    title : str, optional

    Returns
    -------
    matplotlib.image.AxesImage
        For a colour bar.
    """
    state = np.asarray(state)  # (T, U)
    image = ax.imshow(state.T, cmap=STATE_MAP, vmin=-limit, vmax=limit)
    ax.grid(False)
    ax.set_xlabel("time steps", color=TIME_STEPS)
    ax.set_ylabel("units")
    if labels is not None:
        ax.set_xticks(range(len(labels)), labels)
    if title:
        ax.set_title(title)
    return image


def draw_seeds(ax, groups, ceiling=None, unit="accuracy", rows=False):
    """Draw one dot per seed and a line at the median, one column or row per group.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    groups : dict of str to (array-like, color)
        Name of the group -> its values, one per seed, and its colour.
    ceiling : float, optional
        A limit or baseline, drawn as a dashed line.
    unit : str, default "accuracy"
        Label of the axis of values.
    rows : bool, default False
        Whether groups are rows, from top to bottom, for many of them or long names.
    """
    look = {"marker": "o", "ms": 5, "mec": COLORS["ground"], "mew": 0.6, "ls": "", "zorder": 3}
    for place, (values, color) in enumerate(groups.values()):
        values = np.asarray(values, dtype=float)
        # Spread the dots sideways in a fixed pattern: the same picture at every build.
        offsets = np.linspace(-0.38, 0.38, len(values)) if len(values) > 1 else np.zeros(1)
        dots, ends = (place + offsets, values), (place - 0.44, place + 0.44)
        if rows:
            ax.vlines(np.median(values), *ends, color=color, alpha=0.6, lw=2)
            ax.plot(*dots[::-1], color=color, **look)
        else:
            ax.hlines(np.median(values), *ends, color=color, alpha=0.6, lw=2)
            ax.plot(*dots, color=color, **look)
    if ceiling is not None:
        (ax.axvline if rows else ax.axhline)(ceiling, color=MUTED, ls="--", lw=1.2)
    names = range(len(groups)), list(groups)
    if rows:
        ax.set_yticks(*names)
        ax.set_ylim(len(groups) - 0.5, -0.5)
        ax.set_xlabel(unit)
        ax.grid(axis="x")
        ax.grid(visible=False, axis="y")
    else:
        ax.set_xticks(*names)
        ax.set_xlim(-0.5, len(groups) - 0.5)
        ax.set_ylabel(unit)
