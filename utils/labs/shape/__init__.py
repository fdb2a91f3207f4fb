"""The Shape lab: one sequence, cut into windows, reshaped, and read by the loop."""

import numpy as np
import traitlets

from utils.labs.lab import Lab, Whole, check_letters
from utils.windows import ALPHABET, encode, sliding_windows

LONGEST_TEXT = 40


class ShapeLab(Lab, module="shape"):
    """Cut a text into windows, reshape them to (N, T, F), and follow each number into the loop.

    Attributes
    ----------
    text : str
        The sequence: 1 to 40 letters A to Z.
    window : int
        Length of a window, 1 to 8. Setting it keeps the layout where it can: all time steps stay
        all time steps; otherwise `time_steps` becomes the largest divisor that is not greater.
    stride : int
        How far the next window starts after this one, 1 to 4.
    time_steps : int
        T, a divisor of `window`. Default: all of the window.
    sample, position : int
        The number that is pointed at: its row and column in `dataX`, from 0. Beyond the end, the
        lab points at the last.

    Raises
    ------
    traitlets.TraitError
        If a value is outside its range, `time_steps` does not divide `window`, or `text` holds
        anything but letters A to Z.

    Examples
    --------
    >>> lab = ShapeLab(text="ABCDEFGHIJ", window=3)
    >>> lab.time_steps, lab.features
    (3, 1)
    >>> lab.window = 4
    >>> lab.time_steps = 2  # a layout in between: two time steps of two features
    >>> lab.features
    2
    """

    text = traitlets.Unicode(ALPHABET[:8]).tag(sync=True)
    window = Whole(3, min=1, max=8).tag(sync=True)
    stride = Whole(1, min=1, max=4).tag(sync=True)
    time_steps = Whole(3, min=1, max=8).tag(sync=True)
    sample = Whole(1, min=0).tag(sync=True)
    position = Whole(1, min=0).tag(sync=True)

    def __init__(self, **settings):
        if "window" in settings:
            settings.setdefault("time_steps", settings["window"])
        super().__init__(**settings)
        self.observe(self._follow_window, "window")

    @property
    def features(self):
        """F: how many numbers of the window each time step reads."""
        return self.window // self.time_steps

    def _follow_window(self, change):
        """Choose a layout for the new window; model.js has the same rule."""
        steps = self.time_steps
        if steps == change.old:
            self.time_steps = change.new
        else:
            self.time_steps = max(n for n in range(1, steps + 1) if change.new % n == 0)

    @traitlets.validate("text")
    def _check_text(self, proposal):
        return check_letters(proposal, LONGEST_TEXT)

    @traitlets.validate("time_steps")
    def _check_time_steps(self, proposal):
        if self.window % proposal.value:
            divisors = [n for n in range(1, self.window + 1) if self.window % n == 0]
            raise traitlets.TraitError(
                f"time_steps is {proposal.value}; wanted a divisor of the window of {self.window}: "
                f"{divisors}. A window is cut into equal time steps, with none left over."
            )
        return proposal.value

    def picture(self):
        """Draw the first windows, and the loop that reads the first of them."""
        import matplotlib.pyplot as plt

        from utils import plots

        codes = encode(self.text)
        if len(codes) <= self.window:
            figure, ax = plt.subplots(figsize=(9, 2.6))
            plots.blank(ax)
            plots.draw_cells(ax, codes[np.newaxis], 0, 0)
            ax.autoscale_view()
            needed = f"A window of {self.window} and the letter after it need {self.window + 1}"
            finding = f"{needed} letters; here are {len(codes)}"
            ax.set_title(finding)
            return figure, f"The text {self.text}, as codes. {finding}: there is no window."
        windows = sliding_windows(codes, self.window, stride=self.stride)[0]
        shown = windows[:4]
        steps = shown[0].reshape(-1, self.features)
        figure, (left, right) = plt.subplots(
            1, 2, figsize=(9, 2.6), width_ratios=(shown.shape[1] + 1, 2.8 * len(steps) + 2)
        )
        for ax in (left, right):
            plots.blank(ax)
        plots.draw_cells(left, shown, 0, 0)
        left.set(xlim=(-0.2, shown.shape[1] + 0.2), ylim=(-4.2, 0.2), title="The first windows")
        plots.draw_loop(right, steps.tolist())
        right.autoscale_view()
        shape = f"({len(windows)}, {self.time_steps}, {self.features})"
        right.set_title(f"As {shape}: a loop of {len(steps)} on vectors of {self.features}")
        description = (
            f"Left, the first windows of the text {self.text}, as codes: "
            f"{'; '.join(' '.join(str(code) for code in row) for row in shown)}. Right, the first "
            f"window in the shape {shape}: the loop runs {len(steps)} times, each time on a vector "
            f"of {self.features}."
        )
        return figure, description
