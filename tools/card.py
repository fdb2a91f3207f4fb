"""Draw the picture that messengers show beside a link to the book: `python -m tools.card`."""

from pathlib import Path

import matplotlib.pyplot as plt

from utils.plots import FEATURES, INK, MUTED, SAMPLES, TIME_STEPS, blank, draw_loop, use_style

CARD = Path(__file__).parents[1] / "_static" / "card.png"
SIZE = (1200, 630)  # pixels: what messengers ask for
TITLE = "LSTM shape and state"
QUESTION = "What [samples, time steps, features] means to a Keras LSTM"


def main():
    """Draw the title of the book above its two machines; the same PNG every time."""
    use_style()
    dots = 200  # per inch. Many, so that the letters are large: cards are shown small.
    with plt.rc_context({"savefig.bbox": "standard", "figure.constrained_layout.use": False}):
        figure = plt.figure(figsize=(SIZE[0] / dots, SIZE[1] / dots), dpi=dots)
        # A band in the colours of the three axes
        for place, color in enumerate((SAMPLES, TIME_STEPS, FEATURES)):
            figure.add_artist(plt.Rectangle((place / 3, 0.965), 1 / 3, 0.035, color=color))
        figure.text(0.045, 0.76, TITLE, size=23, weight="bold", color=INK)
        figure.text(0.045, 0.655, QUESTION, size=10.2, color=MUTED)
        machines = {
            "(N, 3, 1) walks through the window": ([["A"], ["B"], ["C"]], 0.045, 9.3),
            "(N, 1, 3) looks once": ([["A", "B", "C"]], 0.71, 4.7),
        }
        for title, (steps, left, units) in machines.items():
            ax = figure.add_axes((left, 0.02, units * 0.0635, 0.48))
            blank(ax)
            ax.set(xlim=(-0.9, units - 0.9), ylim=(-3.1, 0.3), anchor="NW")
            draw_loop(ax, steps, show_state=False)
            ax.text(-0.9, 0.55, title, size=9, weight="bold", color=INK)
        figure.savefig(CARD)


if __name__ == "__main__":
    main()
