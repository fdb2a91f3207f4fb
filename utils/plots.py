"""The look of the book: its colours, and the few drawings that several chapters share.

The colours are those of `_static/tokens.css`, which pages and labs read too. Those of the axes are
from the colour-blind safe palette of Okabe and Ito (2008), darkened where needed so that text in
them is readable on white (contrast of at least 4.5 : 1).
"""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
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


def blank(ax):
    """Turn `ax` into a drawing sheet: equal units, no ticks, no spines, no grid."""
    ax.set_aspect("equal")
    ax.axis("off")
    ax.grid(False)


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
            face = COLORS["ground"] if fill is None else (*plt.matplotlib.colors.to_rgb(fill), 0.16)
            ax.add_patch(Rectangle((x, y), size, size, facecolor=face, edgecolor=color, lw=1.2))
            text = value if isinstance(value, str) else f"{value:g}"
            ax.text(x + size / 2, y + size / 2, text, ha="center", va="center", color=color)


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
        ax.add_patch(
            FancyBboxPatch(
                (x, top - height),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=0.15",
                facecolor=(*plt.matplotlib.colors.to_rgb(TIME_STEPS), 0.12),
                edgecolor=TIME_STEPS,
                lw=1.6,
            )
        )
        ax.text(
            x + width / 2,
            top - height / 2,
            f"step {step + 1}",
            ha="center",
            va="center",
            color=TIME_STEPS,
            weight="bold",
        )
        side = 0.85
        first = x + width / 2 - len(vector) * side / 2
        draw_cells(ax, [vector], first, top - height - 0.75, FEATURES, side, FEATURES)
        _arrow(ax, (x + width / 2, top - height - 0.72), (x + width / 2, top - height - 0.04))
        if step:
            _arrow(ax, (x - gap + width, top - height / 2), (x, top - height / 2))
            if show_state:
                ax.text(x - (gap - width) / 2, top - 0.18, "h, c", ha="center", fontsize=8)
        else:
            _arrow(ax, (x - 0.9, top - height / 2), (x, top - height / 2))
            if show_state:
                ax.text(x - 0.55, top - 0.18, "zeros", ha="center", fontsize=8)
    end = left + (len(step_inputs) - 1) * gap + width
    _arrow(ax, (end, top - height / 2), (end + 0.8, top - height / 2))
    ax.text(end + 0.95, top - height / 2, "h", va="center", weight="bold")


def two_machines(letters="ABC"):
    """Draw one window in both layouts: T×1 and below it 1×T, large enough for a phone.

    Parameters
    ----------
    letters : str, default "ABC"
        The window.

    Returns
    -------
    matplotlib.figure.Figure
    """
    count = len(letters)
    width = 2.7 * count + 1.3
    figure, axes = plt.subplots(2, 1, figsize=(0.58 * width, 4.5))
    for ax in axes:
        blank(ax)
        ax.set(xlim=(-1.2, width - 1.2), ylim=(-2.8, 0.4))
    draw_loop(axes[0], [[letter] for letter in letters])
    draw_loop(axes[1], [list(letters)])
    axes[0].set_title(f"(N, {count}, 1) walks through the window")
    axes[1].set_title(f"(N, 1, {count}) looks once")
    return figure


def _arrow(ax, start, end):
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, color=MUTED, lw=1.3)
    )


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


def draw_seeds(ax, groups, ceiling=None, unit="accuracy"):
    """Draw one dot per seed and a line at the median, one column per group.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    groups : dict of str to (array-like, color)
        Name of the group -> its values, one per seed, and its colour.
    ceiling : float, optional
        A limit or baseline, drawn as a dashed line.
    unit : str, default "accuracy"
        Label of the vertical axis.
    """
    for place, (values, color) in enumerate(groups.values()):
        values = np.asarray(values, dtype=float)
        # Spread the dots sideways in a fixed pattern: the same picture at every build.
        offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else np.zeros(1)
        ax.plot(place + offsets, values, "o", color=color, alpha=0.75, ms=5)
        ax.hlines(np.median(values), place - 0.26, place + 0.26, color=color, lw=2.5)
    if ceiling is not None:
        ax.axhline(ceiling, color=MUTED, ls="--", lw=1.2)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set_xlim(-0.5, len(groups) - 0.5)
    ax.set_ylabel(unit)
