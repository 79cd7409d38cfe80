"""Returns on a grid: none of a silent instrument, and none that spans a silence."""

from ecosystem.risk.sampler import ReturnSampler
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, tick

EVERY_US = 10 * SECOND_US


def test_a_return_is_the_change_since_the_sample_before() -> None:
    sampler = ReturnSampler()
    assert sampler.take(tick(0, 100), 100 * E8, at(0), EVERY_US) is None
    assert sampler.take(tick(9, 110), 110 * E8, at(10), EVERY_US) == E8 // 10
    assert sampler.take(tick(19, 99), 99 * E8, at(20), EVERY_US) == -E8 // 10
    assert sampler.last is not None
    assert sampler.last.event_id == tick(19, 99).event_id


def test_nothing_is_sampled_before_the_first_tick() -> None:
    sampler = ReturnSampler()
    assert sampler.take(None, 0, at(0), EVERY_US) is None
    assert sampler.last is None


def test_a_silent_instrument_has_no_return_and_none_spans_its_silence() -> None:
    sampler = ReturnSampler()
    sampler.take(tick(0, 100), 100 * E8, at(0), EVERY_US)
    assert sampler.take(tick(0, 100), 100 * E8, at(20), EVERY_US) is None
    assert sampler.last is None
    assert sampler.take(tick(29, 120), 120 * E8, at(30), EVERY_US) is None
    assert sampler.take(tick(39, 120), 120 * E8, at(40), EVERY_US) == 0


def test_no_return_spans_a_time_in_which_nobody_looked() -> None:
    sampler = ReturnSampler()
    sampler.take(tick(0, 100), 100 * E8, at(0), EVERY_US)
    assert sampler.take(tick(95, 120), 120 * E8, at(100), EVERY_US) is None
