"""The State lab: calls one after the other, and the state that goes from one to the next."""

import numpy as np
import traitlets

from utils.labs.lab import Lab, Weights, Whole, check_letters, shuffled_order, softmax
from utils.lstm_numpy import lstm_step
from utils.windows import ALPHABET, decode, encode

LONGEST_TEXT, LARGEST_BATCH = 26, 5
LETTERS = len(ALPHABET)


class StateLab(Lab, module="state"):
    """Feed letters to an LSTM, one time step per call, and see what each call starts from.

    The letters are N samples of shape (1, 1), cut into calls of `batch_size` rows in order. A rest
    that fills no batch is left out. Each call answers every row with a letter.

    Attributes
    ----------
    weights : list of np.ndarray
        The five arrays of `model.get_weights()`: one LSTM with F = 1, then Dense with 26 classes.
        The model reads ``encode(text) / 26``. Read back, a dict of arrays by name.
    text : str
        What is read in one pass: 1 to 26 letters A to Z.
    stateful : bool
        Whether row i of a call goes on from row i of the call before. If not, from zeros.
    batch_size : int
        B, 1 to 5: letters per call, each in a row of its own.
    shuffle : bool
        Whether the letters are read in a shuffled order; `order` says which.
    shuffle_seed : int
        Another seed, another order; 0 to 2147483647.
    passes : int
        1 or 2: how often the letters are read. Nothing resets between the passes by itself.
    resets : list of int
        Calls before which `reset_states()` runs. Calls count from 1 through both passes. A reset
        before call 1 would change nothing, and one after the last call is not reached.
    call, row : int
        The selected call (from 1) and row (from 0). Beyond the end, the last.
    state : str
        "h" or "c": the state that the heat map shows.

    Raises
    ------
    traitlets.TraitError
        If a value is outside its range, or `weights` are missing or not those of such a model.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = (1, 16), (4, 16), (16,), (4, 26), (26,)  # LSTM(4) and Dense(26)
    >>> lab = StateLab(weights=[rng.normal(size=shape) for shape in shapes])
    >>> lab.resets = [7]  # before the seventh call
    >>> lab.shuffle = True
    >>> decode(encode(lab.text)[lab.order])
    'HKDFBICEGJLA'
    """

    weights = Weights()
    text = traitlets.Unicode(ALPHABET[:12]).tag(sync=True)
    stateful = traitlets.Bool(True).tag(sync=True)
    batch_size = Whole(1).tag(sync=True)
    shuffle = traitlets.Bool(False).tag(sync=True)
    shuffle_seed = Whole(7).tag(sync=True)
    passes = Whole(1).tag(sync=True)
    resets = traitlets.List(Whole()).tag(sync=True)
    call = Whole(1).tag(sync=True)
    row = Whole(0).tag(sync=True)
    state = traitlets.Unicode("h").tag(sync=True)

    def __init__(self, **settings):
        if "weights" not in settings:
            raise traitlets.TraitError(
                "weights is missing; wanted those of the model that reads. Pass "
                "StateLab(weights=model.get_weights())."
            )
        super().__init__(**settings)

    @property
    def order(self):
        """The order in which the letters are read: positions in `text`, shape (N,)."""
        count = len(self.text)
        return shuffled_order(count, self.shuffle_seed) if self.shuffle else np.arange(count)

    def read(self):
        """Read all calls with NumPy, as the lab does in the page.

        Returns
        -------
        letters : np.ndarray, shape (calls, B)
            The codes that are read.
        h, c : np.ndarray, shape (calls, B, U)
            The state after each call.
        probabilities : np.ndarray, shape (calls, B, 26)
            The answers.
        """
        weights = list(self.weights.values())
        units = len(weights[1])
        codes = encode(self.text)[self.order]
        whole = len(codes) // self.batch_size * self.batch_size
        letters = np.tile(codes[:whole].reshape(-1, self.batch_size), (self.passes, 1))
        zeros = np.zeros((self.batch_size, units), dtype=np.float32)
        hs, cs, answers = [zeros], [zeros], []
        for call, batch in enumerate(letters, start=1):
            fresh = not self.stateful or call in self.resets
            h, c = (zeros, zeros) if fresh else (hs[-1], cs[-1])
            step = lstm_step((batch[:, None] / LETTERS).astype(np.float32), h, c, *weights[:3])
            hs.append(step.h)
            cs.append(step.c)
            answers.append(softmax(step.h @ weights[3] + weights[4]))
        rows = (len(letters), self.batch_size)
        h, c = (np.array(states[1:]).reshape(*rows, units) for states in (hs, cs))
        return letters, h, c, np.array(answers).reshape(*rows, LETTERS)

    @traitlets.validate("weights")
    def _check_weights(self, proposal):
        shapes = {name: array.shape for name, array in proposal.value.items()}
        if len(shapes) != 5 or shapes["kernel"][0] != 1 or shapes["dense_bias"] != (LETTERS,):
            raise traitlets.TraitError(
                f"weights has the shapes {list(shapes.values())}; wanted an LSTM with 1 feature "
                f"and a Dense layer with {LETTERS} classes. Train a model that reads one letter "
                "per time step, encode(text) / 26, and pass its get_weights()."
            )
        return proposal.value

    @traitlets.validate("text")
    def _check_text(self, proposal):
        return check_letters(proposal, LONGEST_TEXT)

    @traitlets.validate("batch_size", "passes", "shuffle_seed", "call", "row")
    def _check_range(self, proposal):
        name, value = proposal.trait.name, proposal.value
        low, high, meaning = {
            "batch_size": (1, LARGEST_BATCH, "letters per call"),
            "passes": (1, 2, "how often the letters are read"),
            "shuffle_seed": (0, 2**31 - 1, "the seed of the shuffled order"),
            "call": (1, 2 * LONGEST_TEXT, "calls count from 1"),
            "row": (0, LARGEST_BATCH - 1, "rows count from 0"),
        }[name]
        if not low <= value <= high:
            raise traitlets.TraitError(
                f"{name} is {value}; wanted {low} to {high}: {meaning}. Choose one of these."
            )
        return value

    @traitlets.validate("resets")
    def _check_resets(self, proposal):
        wrong = [call for call in proposal.value if not 2 <= call <= 2 * LONGEST_TEXT]
        if wrong:
            raise traitlets.TraitError(
                f"resets holds {wrong[0]}; wanted numbers of calls from 2 to {2 * LONGEST_TEXT}. "
                "Calls count from 1, and call 1 starts from zeros without a reset."
            )
        return sorted(set(proposal.value))

    @traitlets.validate("state")
    def _check_state(self, proposal):
        if proposal.value not in ("h", "c"):
            raise traitlets.TraitError(
                f"state is {proposal.value!r}; wanted 'h' or 'c'. Pass 'h' for the hidden state."
            )
        return proposal.value

    def picture(self):
        """Draw the first row: what it reads and answers, and its state after each call."""
        import matplotlib.pyplot as plt

        from utils.plots import INK, MUTED, draw_state

        letters, h, c, probabilities = self.read()
        figure, ax = plt.subplots(figsize=(7.2, 3.6))
        if not len(letters):
            ax.set(title=f"{len(self.text)} letters fill no batch of {self.batch_size}")
            return figure, "An empty timeline: the letters fill no batch."
        calls = min(len(letters), LONGEST_TEXT)  # more would not be readable
        read = decode(letters[:calls, 0])
        said = decode(probabilities[:calls, 0].argmax(axis=1))
        state = {"h": h, "c": c}[self.state][:calls, 0]  # (calls, U)
        units = np.argsort(state.argmax(axis=0), kind="stable")
        limit = 1 if self.state == "h" else np.abs(state).max()
        labels = [f"{letter}\n{answer}" for letter, answer in zip(read, said, strict=True)]
        image = draw_state(ax, state[:, units], labels, limit)
        image.set_interpolation("none")  # one pixel a number: a small file
        ax.set_aspect("auto")
        ax.tick_params(bottom=False)
        fresh = [
            call
            for call in range(1, calls + 1)
            if call == 1 or not self.stateful or call in self.resets
        ]
        for call in fresh[1:]:
            ax.axvline(call - 1.5, color=INK, lw=2)
        ax.set_xlabel("calls: above what row 0 reads, below what it answers", color=MUTED)
        figure.colorbar(image, ax=ax, label=self.state, ticks=[-limit, 0, limit], format="{x:.0f}")
        right = int((encode(read) + 1 == encode(said)).sum())
        kind = "Stateful" if self.stateful else "Stateless"
        ax.set_title(f"{kind}: {right} of {calls} next letters are right in row 0")
        zeros = ", ".join(map(str, fresh))
        description = (
            f"A {kind.lower()} LSTM, {'the first ' if calls < len(letters) else ''}{calls} calls. "
            f"Row 0 reads {read} and answers {said}. Above, as a heat map, the state {self.state} "
            f"of its {len(units)} units after each call. It starts from zeros at call {zeros}."
        )
        return figure, description
