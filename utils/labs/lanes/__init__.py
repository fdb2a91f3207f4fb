"""The Lanes lab: one long sequence cut into batches, and which row goes on where it ended."""

import itertools

import numpy as np
import traitlets

from utils.labs.lab import Lab, Weights, Whole, shuffled_order
from utils.lstm_numpy import lstm

CUTS = ("lanes", "one after another", "overlapping")
MOST_CALLS_DRAWN, PER_LINE = 3, 24


class LanesLab(Lab, module="lanes"):
    """Cut a long sequence into batches for a stateful LSTM, and see which row continues which.

    Element n of the sequence has the value sin(n).

    Attributes
    ----------
    length : int
        L, the number of elements, 12 to 60.
    batch_size : int
        B, the number of lanes and of rows of state, 1 to 6.
    time_steps : int
        T, how many elements of each row one call reads, 1 to 8.
    cut : {"lanes", "one after another", "overlapping"}
        How the samples of X are cut. "lanes": row i of call k reads steps k·T to (k+1)·T - 1 of
        lane i. "one after another": windows side by side, in the order of the sequence.
        "overlapping": a window starts at every element.
    shuffle : bool
        Whether the samples come in a drawn order, as with the default of ``fit``.
    shuffle_seed : int
        Which order is drawn, from 0. TensorFlow draws others.
    remainder : {"run", "drop"}
        What happens to a last batch of fewer than B rows: Keras runs it, or it is left out.
    selected : int
        The element that is pointed at, from 0. Beyond the end, the lab points at the last.
    weights : dict of str to numpy.ndarray
        Weights of an LSTM of one feature, as ``layer.get_weights()`` gives them: kernel (1, 4U),
        recurrent_kernel (U, 4U), bias (4U,). Default: 8 units, drawn as Keras draws them.

    Raises
    ------
    traitlets.TraitError
        If a value is outside its range, or the weights are for more than one feature.

    Examples
    --------
    >>> lab = LanesLab(length=24, batch_size=3, time_steps=4)
    >>> lab.samples()[:3].tolist()  # the rows of call 0
    [[0, 1, 2, 3], [8, 9, 10, 11], [16, 17, 18, 19]]
    >>> lab.cut = "one after another"
    >>> lab.samples()[:3].tolist()
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    """

    length = Whole(24, min=12, max=60).tag(sync=True)
    batch_size = Whole(3, min=1, max=6).tag(sync=True)
    time_steps = Whole(4, min=1, max=8).tag(sync=True)
    cut = traitlets.Enum(CUTS, "lanes").tag(sync=True)
    shuffle = traitlets.Bool(False).tag(sync=True)
    shuffle_seed = Whole(0, min=0).tag(sync=True)
    remainder = traitlets.Enum(("run", "drop"), "run").tag(sync=True)
    selected = Whole(4, min=0, max=59).tag(sync=True)
    weights = Weights()

    @traitlets.default("weights")
    def _new_layer(self):
        """Draw the weights of a layer of 8 units as Keras does."""
        rng, units = np.random.default_rng(0), 8
        limit = np.sqrt(6 / (1 + 4 * units))
        orthogonal = np.linalg.qr(rng.normal(size=(4 * units, units)))[0].T  # (U, 4U)
        bias = np.repeat([0.0, 1.0, 0.0, 0.0], units)  # the forget gate starts open
        return [rng.uniform(-limit, limit, (1, 4 * units)), orthogonal, bias]

    @traitlets.validate("weights")
    def _check_weights(self, proposal):
        features = proposal.value["kernel"].shape[0]
        if features != 1:
            raise traitlets.TraitError(
                f"weights are for {features} features; wanted 1: the sequence of this lab has one "
                "number at each time step. Pass layer.get_weights() of a layer built on (B, T, 1)."
            )
        return proposal.value

    def samples(self):
        """Return which elements X holds.

        Returns
        -------
        np.ndarray
            Shape (N, T): the number of each element, sample by sample, before any shuffling.
        """
        steps, rows = self.time_steps, self.batch_size
        if self.cut == "overlapping":
            starts = np.arange(self.length - steps + 1)
        elif self.cut == "one after another":
            starts = np.arange(self.length // steps) * steps
        else:
            calls = self.length // (rows * steps)
            lane, call = np.arange(rows), np.arange(calls)[:, np.newaxis]
            starts = (lane * calls * steps + call * steps).ravel()  # call by call, lane by lane
        return starts[:, np.newaxis] + np.arange(steps)

    def calls(self):
        """Return which samples each call reads.

        Returns
        -------
        list of np.ndarray
            For each call the samples of its rows. A single row left over is there B times, as
            Keras broadcasts it. With 2 or more left over Keras stops: their call is not there.
        """
        rows, count = self.batch_size, len(self.samples())
        if self.remainder == "drop":  # the last samples, before any shuffling
            count -= count % rows
        order = shuffled_order(count, self.shuffle_seed) if self.shuffle else np.arange(count)
        calls = [order[at : at + rows] for at in range(0, len(order), rows)]
        if calls and len(calls[-1]) < rows:
            rest = calls.pop()
            if len(rest) == 1 and self.remainder == "run":
                calls.append(np.repeat(rest, rows))
        return calls

    def arrows(self):
        """Return which rows go on where they ended.

        Returns
        -------
        np.ndarray
            bool, shape (calls - 1, B): whether row i of a call goes on where row i of the call
            before it ended.
        """
        rows = [self.samples()[call] for call in self.calls()]  # (B, T) for each call
        right = [now[:, 0] == then[:, -1] + 1 for then, now in zip(rows, rows[1:], strict=False)]
        return np.array(right, dtype=bool).reshape(-1, self.batch_size)

    def end_states(self):
        """Compute the state of each row at the end, and what it would be without a break.

        Returns
        -------
        calls : np.ndarray
            Shape (B, 2, U): h and c of each row after the calls.
        whole : np.ndarray
            The same shape: after one call up to the same last element, over as many elements or,
            where there are fewer before it, over all of them.
        """
        weights = [self.weights[name] for name in ("kernel", "recurrent_kernel", "bias")]
        values = np.sin(np.arange(self.length)).astype("float32")
        samples, calls = self.samples(), self.calls()
        zeros = np.zeros((self.batch_size, weights[1].shape[0]), "float32")
        state, whole = [zeros, zeros], []
        for call in calls:
            run = lstm(values[samples[call], np.newaxis], *weights, initial_state=state)
            state = [run.h[:, -1], run.c[:, -1]]
        for sample in calls[-1] if calls else []:
            end = samples[sample, -1] + 1
            start = max(0, end - len(calls) * self.time_steps)
            run = lstm(values[np.newaxis, start:end, np.newaxis], *weights)
            whole.append([run.h[0, -1], run.c[0, -1]])
        state = np.stack(state, axis=1)  # (B, 2, U)
        return state, np.array(whole) if whole else state

    def picture(self):
        """Draw the sequence, and the first calls with the arrows between them."""
        import matplotlib.pyplot as plt

        from utils import plots

        samples, calls, right = self.samples(), self.calls(), self.arrows()
        shown, width = calls[:MOST_CALLS_DRAWN], self.time_steps + 2.4
        lines = -(-self.length // PER_LINE)
        figure, (strip, tables) = plt.subplots(
            2, 1, figsize=(8, 4), height_ratios=(lines + 1, self.batch_size + 2)
        )
        rows = {}  # the row that reads an element, if there is only one
        for row in range(self.batch_size):
            for n in np.unique([samples[call[row]] for call in calls]):
                rows[int(n)] = None if n in rows else row
        for line in range(lines):
            places = range(line * PER_LINE, min(self.length, (line + 1) * PER_LINE))
            for row, run in itertools.groupby(places, rows.get):
                run = list(run)
                _draw_elements(strip, run, run[0] % PER_LINE, -line, row)
        for k, call in enumerate(shown):
            tables.text(k * width, 0.4, f"call {k}", weight="bold")
            for row, sample in enumerate(call):
                _draw_elements(tables, samples[sample], k * width, -row, row)
                if k:
                    sign = "→" if right[k - 1, row] else "broken"
                    tables.text(k * width - 1.2, -row - 0.5, sign, ha="center", va="center")
        for row in range(self.batch_size):
            tables.text(
                -0.3, -row - 0.5, f"row {row}", ha="right", va="center", color=plots.SAMPLES
            )
        for ax, columns, height in (
            (strip, min(PER_LINE, self.length), lines),
            (tables, max(PER_LINE / 2, len(shown) * width), self.batch_size),
        ):
            plots.blank(ax)
            ax.set(xlim=(-2, columns + 0.2), ylim=(-height - 0.2, 1))
        strip.set_title(f"The sequence: {self.length} elements")
        arrows = f"{right.sum()} of {right.size} arrows are right"
        tables.set_title(f"Cut {self.cut}: {arrows}" if calls else "It does not fill one call")

        gap = np.abs(np.subtract(*self.end_states())).max()
        reads = "; ".join(
            f"call {k}: " + ", ".join(f"{samples[s, 0]} to {samples[s, -1]}" for s in call)
            for k, call in enumerate(shown)
        )
        more = "" if len(calls) == len(shown) else f" (and {len(calls) - len(shown)} calls more)"
        description = (
            f"A sequence of {self.length} elements, cut {self.cut} with batch size "
            f"{self.batch_size} and {self.time_steps} time steps per call. "
        )
        if not calls:
            return figure, description + "It does not fill one call."
        return figure, description + (
            f"The rows of the batches read these elements: {reads}{more}. {arrows} from call to "
            "call. The state at the end differs from that of an uninterrupted reading by at most "
            f"{gap:.6f}."
        )


def _draw_elements(ax, numbers, left, top, row):
    """Draw neighbouring elements as a bar, in a shade of the colour of samples for each row."""
    from utils import plots

    strength = 0 if row is None else (0.10, 0.45, 0.26, 0.38, 0.18, 0.32)[row]
    shade = (*plots.plt.matplotlib.colors.to_rgb(plots.SAMPLES), strength)
    size = {"width": len(numbers), "height": 0.9}
    ax.add_patch(
        plots.Rectangle((left, top - 0.95), **size, facecolor=shade, ec=plots.MUTED, lw=0.6)
    )
    first, last = numbers[0], numbers[-1]
    text = f"{first} to {last}" if last - first > 1 else " ".join(map(str, numbers))
    ax.text(left + len(numbers) / 2, top - 0.5, text, ha="center", va="center", fontsize=8)
