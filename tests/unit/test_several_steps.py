"""The study of several steps ahead: what its samples hold, and how its machines are asked."""

import keras
import numpy as np
import pytest

from experiments import several_steps
from experiments.weather import CELSIUS, STD, TEST, TRAIN


@pytest.fixture(scope="module")
def part():
    """The samples of the test part."""
    return several_steps.Part(TEST)


def test_a_piece_holds_two_days_of_one_station_without_a_gap():
    found, start = several_steps.pieces(TRAIN, stride=5)
    assert found.shape[1:] == (48, 8) and np.isfinite(found).all()
    assert (start % 5 == 0).all() and start.max() + 48 <= TRAIN.stop
    assert set(start % 24) == set(range(24))
    told = found[0, :, 0] * STD[0] + several_steps.MEAN[0]
    assert np.allclose(told, CELSIUS[0, start[0] : start[0] + 48], atol=1e-3)


def test_targets_are_changes_from_the_hour_that_they_belong_to(part):
    assert np.allclose(part.every[:, -1], part.change, atol=1e-6)
    assert np.allclose(part.features[..., 0], part.change, atol=1e-6)
    first = part.past[:, 1, 0] - part.past[:, 0, 0]
    assert np.allclose(part.every[:, 0, 0], first, atol=1e-6)
    assert np.array_equal(part.true[:, 1:, 0], part.change[:, :-1])
    assert not part.true[:, 0, 0].any()
    assert np.array_equal(part.true[..., 1:], part.future[..., 6:])


def test_perfect_and_persistent_forecasts_score_as_they_should(part):
    perfect = several_steps.by_week(part, part.change)
    assert perfect.shape == (16, 24) and not perfect.any()
    weekly = several_steps.by_week(part, np.zeros_like(part.change))
    samples = np.bincount(part.start // several_steps.WEEK)
    pooled = several_steps.summary([weekly], samples)["by_seed"][0]
    wanted = np.sqrt((part.change**2).mean(axis=0)) * STD[0]
    assert np.allclose(pooled, wanted, atol=1e-3)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_two_decoders_are_one_fed_in_two_ways(part, bidirectional):
    keras.utils.set_random_seed(0)
    forced, free = several_steps.decoders(bidirectional)
    assert {id(weight) for weight in forced.weights} == {id(weight) for weight in free.weights}
    past, calendar = part.past[:7], part.calendar[:7]
    own = keras.ops.convert_to_numpy(free([past, calendar]))
    before = np.concatenate([np.zeros((7, 1, 1)), own[:, :-1]], axis=1)
    again = forced([past, np.concatenate([before, calendar], axis=2)])
    assert own.shape == (7, 24, 1) and np.abs(own - again).max() < 1e-5


def test_a_recursive_machine_reads_its_own_answers_and_the_known_calendar(part, monkeypatch):
    asked = []

    def tell_one_more(model, window):
        asked.append(window)
        return np.ones((len(window), 6))

    monkeypatch.setattr(several_steps, "ask", tell_one_more)
    _, data, tell = several_steps.recursive()
    told = tell(part)
    assert np.allclose(told, np.arange(1, 25), atol=1e-4)  # one more at each hour
    assert np.array_equal(asked[0], part.past) and len(asked) == 24
    assert np.allclose(asked[2][:, -1, 6:], part.calendar[:, 1])
    assert np.allclose(asked[2][:, -1, :6], part.past[:, -1, :6] + 2, atol=1e-4)
    inputs, targets = data(part)
    assert inputs.shape[1:] == (24, 8) and np.array_equal(targets, part.features[:, 0])
