"""The Step lab: a trained LSTM reads a word, one letter at a time; every number of every step."""

import numpy as np
import traitlets

from utils.labs.lab import Lab, Weights, Whole, check_letters, softmax
from utils.windows import ALPHABET, encode

LONGEST_WORD = 10


class StepLab(Lab, module="step"):
    """Step through an LSTM that reads a word: gates, c, h, and the answer after each step.

    The word becomes an array of shape (1, T, 1): one sample, as many time steps as letters, one
    feature, which is the letter's place in the alphabet divided by 26.

    Attributes
    ----------
    weights : list of array
        Of an LSTM that reads one feature: kernel (1, 4U), recurrent kernel (U, 4U), bias (4U,);
        and, for answers, of a Dense layer with softmax over the 26 letters: kernel (U, 26), bias
        (26,). As `model.get_weights()` gives them. Read back, they are a dict by name.
    word : str
        1 to 10 letters A to Z. Small letters become capitals.
    step : int
        The time step that is shown, from 0. A shorter word moves it to the last.
    unit : int
        The unit whose cell is drawn, from 0 to U - 1.
    trained_to : int
        How many letters the longest word of the training had. The lab marks the steps beyond.
        0, the default: it is not known, and none are marked.

    Raises
    ------
    traitlets.TraitError
        If weights are missing or do not fit, or a value is outside its range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = [(1, 32), (8, 32), (32,), (8, 26), (26,)]  # 8 units
    >>> lab = StepLab(weights=[rng.normal(size=shape) for shape in shapes], word="klm")
    >>> lab.word, lab.time_steps, lab.units
    ('KLM', 3, 8)
    >>> lab.step = 2  # moves the lab to the last letter
    >>> lab.word = "NO"
    >>> lab.step
    1
    """

    weights = Weights()
    word = traitlets.Unicode("KLM").tag(sync=True)
    step = Whole(0, min=0, max=LONGEST_WORD - 1).tag(sync=True)
    unit = Whole(0, min=0).tag(sync=True)
    trained_to = Whole(0, min=0).tag(sync=True)

    def __init__(self, weights=None, **settings):
        if weights is None:
            raise traitlets.TraitError(
                "weights is missing; wanted the arrays of a trained LSTM, and of a Dense layer for "
                "answers. Pass weights=model.get_weights()."
            )
        super().__init__(weights=weights, **settings)

    @property
    def time_steps(self):
        """T: the number of letters."""
        return len(self.word)

    @property
    def units(self):
        """U: the length of h and of c."""
        return len(self.weights["recurrent_kernel"])

    @traitlets.validate("weights")
    def _check_weights(self, proposal):
        weights = proposal.value
        features = len(weights["kernel"])
        if features != 1:
            raise traitlets.TraitError(
                f"weights: kernel has shape {weights['kernel'].shape}, so the layer reads "
                f"{features} features; wanted (1, 4U), a layer that reads one letter per time "
                "step. Train it on X of shape (N, T, 1)."
            )
        classes = weights["dense_bias"].size if "dense_bias" in weights else 26
        if classes != 26:
            raise traitlets.TraitError(
                f"weights: dense_bias has shape ({classes},); wanted (26,), one class for each "
                "letter. Train with 26 classes, or pass the three arrays of the LSTM alone."
            )
        return weights

    @traitlets.validate("word")
    def _check_word(self, proposal):
        proposal.value = proposal.value.upper()
        return check_letters(proposal, LONGEST_WORD)

    @traitlets.validate("step")
    def _check_step(self, proposal):
        if proposal.value >= self.time_steps:
            raise traitlets.TraitError(
                f"step is {proposal.value}; wanted 0 to {self.time_steps - 1}, since {self.word} "
                f"has {self.time_steps} letters. Steps count from 0."
            )
        return proposal.value

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        if proposal.value >= self.units:
            raise traitlets.TraitError(
                f"unit is {proposal.value}; wanted 0 to {self.units - 1}, since the layer has "
                f"{self.units} units. Units count from 0."
            )
        return proposal.value

    @traitlets.observe("word", "weights")
    def _stay_inside(self, _):
        """Move step and unit to the last there is; model.js has the same rule."""
        self.step = min(self.step, self.time_steps - 1)
        if self.trait_has_value("weights"):
            self.unit = min(self.unit, self.units - 1)

    def picture(self):
        """Draw the loop over the word, its answers, and h and c after every step."""
        import matplotlib.pyplot as plt

        from utils import lstm_numpy, plots

        lstm = [self.weights[name] for name in ("kernel", "recurrent_kernel", "bias")]
        x = encode(self.word).reshape(1, -1, 1) / 26  # (1, T, 1)
        run = lstm_numpy.lstm(x, *lstm)
        c, h = run.c[0], run.h[0]  # each (T, U)
        answers = self._answers(h)
        t, u = self.step, self.unit
        before = c[t - 1, u] if t else 0.0
        i, f, g = (getattr(run, gate)[0, t, u] for gate in "ifg")
        sums = (
            f"Step {t + 1}, unit {u + 1}: c = f × old c + i × g = "
            f"{f:.2f} × {before:.2f} + {i:.2f} × {g:.2f} = {c[t, u]:.2f}"
        )
        figure = plt.figure(figsize=(7.2, 5.2))
        top, bottom = figure.subfigures(2, 1, height_ratios=(2, 3))
        loop = top.subplots()
        plots.blank(loop)
        shown = self.word[:5]  # more would not be readable
        plots.draw_loop(loop, [[letter] for letter in shown])
        for step, answer in enumerate(answers[: len(shown)]):
            loop.text(2.7 * step + 0.85, 0.25, answer, ha="center", color=plots.INK)
        loop.set(xlim=(-1.2, 2.7 * len(shown) + 0.3), ylim=(-2.8, 0.6))
        title = f"The loop runs once for each letter of {self.word}"
        loop.set_title(title if shown == self.word else f"{title}; here its first 5 steps")
        limit = max(1.0, float(np.abs(c).max()))
        maps = [("cell state c", c, limit), ("hidden state h", h, 1.0)]
        for ax, (name, state, reach) in zip(bottom.subplots(1, 2), maps, strict=True):
            image = plots.draw_state(ax, state, labels=list(self.word), limit=reach, title=name)
            ax.set_yticks(range(self.units), range(1, self.units + 1))
            bottom.colorbar(image, ax=ax)
        bottom.supxlabel(sums, fontsize=9)
        steps = "; ".join(
            f"step {step + 1} reads {letter}" + (f" and answers {answers[step]}" if answers else "")
            for step, letter in enumerate(self.word)
        )
        description = (
            f"An LSTM of {self.units} units reads {self.word}, starting from zeros: {steps}. "
            f"Below, two heat maps show the cell state c and the hidden state h of every unit "
            f"after each step. {sums}."
        )
        return figure, description

    def _answers(self, h):
        """Return the most probable next letter after each step, or nothing without Dense."""
        if "dense_kernel" not in self.weights:
            return []
        logits = h @ self.weights["dense_kernel"] + self.weights["dense_bias"]  # (T, 26)
        return [f"{ALPHABET[row.argmax()]} {row.max():.0%}" for row in softmax(logits)]
