"""The Race lab: the same windows train a T×1 and a 1×T model side by side, in the page."""

import traitlets

from utils.labs.lab import Lab, Whole
from utils.windows import ALPHABET

CLASSES = len(ALPHABET)
LEARNING_RATES = (0.0005, 0.001, 0.002, 0.005, 0.01)


class RaceLab(Lab, module="race"):
    """Train two LSTMs on all windows of the alphabet: as T×1 and, the same numbers, as 1×T.

    Both have LSTM, Dense with softmax, and Adam, and are trained one window per update, in the
    same order. They start from the same recurrent kernel and the same Dense layer. The page does
    the training; no Keras and no TensorFlow is asked.

    Attributes
    ----------
    seed : int
        0 to 99. Sets the start of both models and the order of the windows.
    window : int
        T, the letters in a window: 2 to 6.
    units : int
        U, the units of each LSTM: 4 to 32.
    learning_rate : float
        Of Adam: 0.0005, 0.001, 0.002, 0.005 or 0.01.
    epochs : int
        Where training ends: 10 to 1000, in tens.
    running : bool
        Whether the page is training. Set it to start, to stop, and to go on. It turns to False by
        itself at the end, or at once where nothing is left to train. Setting any of the first four
        starts over, from epoch 0.
    epoch : int, read only
        Complete epochs, noted when training stops.
    loss_steps, loss_features : float or None, read only
        Cross-entropy, mean over all windows, of T×1 and of 1×T, noted when training stops.
    accuracy_steps, accuracy_features : float or None, read only
        Share of the windows that get the right letter, from 0 to 1, noted when training stops.
    results : list of dict, read only
        One for each finished run: seed, window, units, learning_rate, epochs, and the four numbers
        above. A run that is repeated is noted once.
    saved : dict, read only
        Weights and curves when training stopped, from which a saved notebook shows them again.

    Raises
    ------
    traitlets.TraitError
        If a value is outside its range, or a trait is set that can only be read.

    Examples
    --------
    >>> lab = RaceLab(seed=3)
    >>> lab.layouts
    ((3, 1), (1, 3))
    >>> lab.window = 4
    >>> lab.running = True  # as pressing Train does
    >>> lab.results  # filled by the page, when it has trained to the end
    []
    """

    seed = Whole(0, min=0, max=99).tag(sync=True)
    window = Whole(3, min=2, max=6).tag(sync=True)
    units = Whole(32, min=4, max=32).tag(sync=True)
    learning_rate = traitlets.Enum(LEARNING_RATES, 0.001).tag(sync=True)
    epochs = Whole(500, min=10, max=1000).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)

    epoch = Whole(0, read_only=True).tag(sync=True)
    loss_steps = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    loss_features = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    accuracy_steps = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    accuracy_features = traitlets.Float(None, allow_none=True, read_only=True).tag(sync=True)
    results = traitlets.List(traitlets.Dict(), read_only=True).tag(sync=True)
    saved = traitlets.Dict(read_only=True).tag(sync=True)

    @property
    def layouts(self):
        """(T, F) of both models."""
        return (self.window, 1), (1, self.window)

    @traitlets.validate("epochs")
    def _check_epochs(self, proposal):
        if proposal.value % 10:
            raise traitlets.TraitError(
                f"epochs is {proposal.value}; wanted a multiple of 10, from 10 to 1000. "
                f"Write epochs={max(10, round(proposal.value, -1))}."
            )
        return proposal.value

    def count_weights(self):
        """Count the weights of both models, and those that no gradient can reach.

        Returns
        -------
        tuple of (int, int)
            For T×1, then for 1×T: all weights, and those whose gradient is exactly 0. With one
            time step these are the recurrent kernel and the forget gate's part of kernel and bias.
        """
        counts = []
        for time_steps, features in self.layouts:
            lstm = 4 * self.units * (features + self.units + 1)
            dense = (self.units + 1) * CLASSES
            idle = 4 * self.units**2 + self.units * (features + 1) if time_steps == 1 else 0
            counts.append((lstm + dense, idle))
        return tuple(counts)

    def picture(self):
        """Draw both machines before training, with the weights that no gradient can reach."""
        from utils import plots

        letters = ALPHABET[: self.window]
        figure = plots.two_machines(letters)
        sentences = []
        for ax, (time_steps, features), (total, idle) in zip(
            figure.axes, self.layouts, self.count_weights(), strict=True
        ):
            ax.set_xlim(left=min(-1.2, 0.7 - 0.43 * self.window))  # room for a vector of six
            name = f"{time_steps}×{features}"
            steps = "1 step" if time_steps == 1 else f"{time_steps} steps"
            ax.set_title(f"{name}: {steps}; no gradient for {idle} of {total} weights")
            sentences.append(f"{name} reads {letters} in {steps}; {idle} of its {total} weights")
        description = (
            f"Two LSTMs with {self.units} units before training. {sentences[0]} have a gradient of "
            f"exactly 0. {sentences[1]} do: the recurrent kernel and the forget gate, which "
            "multiply zeros. In the lab both are trained side by side, from the same seed."
        )
        return figure, description
