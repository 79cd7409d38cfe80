"""Feed gap: what a feed lost while it talked on, by its own numbers."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.rules.feed_gap import KIND, FeedGapLimit
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, event_id, tick
from tests.ecosystem.risk.rules.levels import SCALE, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LINE = "market-data/BTC-USD"


def numbered(number: int, seconds: float) -> PriceTicked:
    made = tick(seconds, 60_000)
    return msgspec.structs.replace(
        made, feed_sequence=number, event_id=event_id("numbered", number), volume_e8=number
    )


@pytest.mark.parametrize("lost", [49, 50, 51, 74, 75, 76, 89, 90, 91, 99, 100, 101, 250])
def test_severity_at_each_share_of_the_limit(lost: int) -> None:
    rig = Rig(KIND, FeedGapLimit(ticks=100, window_us=60 * SECOND_US), guarded=True)
    before, after = numbered(7, 1), numbered(8 + lost, 2)
    found = rig.take(before, after)
    severity = severity_of(lost * E8 // 100)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[-1], after)
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, LINE, severity)
        assert (alert.measured_e8, alert.unit) == (lost * E8, "ticks")
        assert alert.inputs == (after.event_id, before.event_id)


def test_a_story_of_lost_ticks_that_leave_the_window() -> None:
    rig = Rig(KIND, FeedGapLimit(ticks=4, window_us=60 * SECOND_US), guarded=True)
    rig.take(numbered(0, 0), numbered(1, 1))
    after = numbered(4, 4)
    found = rig.one(after)
    assert found is not None
    assert found.message == "market-data/BTC-USD lost 2 ticks within 60 s; the limit is 4"
    assert isinstance(rig.book.decide(found, after), RiskAlertRaised)
    assert rig.take(numbered(5, 5)) == []
    assert rig.wait(at(63)) == []
    (over,) = rig.wait(at(74))
    assert isinstance(rig.book.decide(over, clock(74, 1)), RiskAlertResolved)
    assert rig.rule.due_us > at(10**9)


def test_a_tick_that_comes_after_its_successor_was_only_late() -> None:
    rig = Rig(KIND, FeedGapLimit(ticks=1, window_us=60 * SECOND_US), guarded=True)
    skipping = numbered(3, 3)
    found = rig.one(numbered(1, 1), skipping)
    assert found is not None
    rig.book.decide(found, skipping)
    assert rig.take(numbered(2, 3)) == []
    following = numbered(4, 4)
    over = rig.one(following)
    assert over is not None
    assert isinstance(rig.book.decide(over, following), RiskAlertResolved)


@pytest.mark.parametrize(("silence_s", "counts"), [(14, True), (15, True), (16, False)])
def test_what_is_missing_after_a_long_silence_is_no_gap(silence_s: int, counts: bool) -> None:
    rig = Rig(KIND, FeedGapLimit(ticks=1, window_us=60 * SECOND_US), guarded=True)
    assert bool(rig.take(numbered(1, 1), numbered(9, 1 + silence_s))) is counts


def test_a_feed_without_gaps_is_quiet() -> None:
    rig = Rig(KIND, FeedGapLimit(ticks=1, window_us=60 * SECOND_US), guarded=True)
    assert [one for n in range(300) for one in rig.take(numbered(n, n))] == []


@given(jumps=st.lists(st.integers(1, 5), max_size=60))
def test_the_measure_is_what_the_numbers_of_the_window_lack(jumps: list[int]) -> None:
    scale = msgspec.structs.replace(SCALE, shares_e8=(1, E8, 2 * E8, 3 * E8), clear_e8=0)
    rig = Rig(KIND, FeedGapLimit(ticks=10, window_us=30 * SECOND_US), scale=scale, guarded=True)
    seconds = 0
    rig.take(numbered(0, 0))
    came = [(0, 0)]
    for jump in jumps:
        seconds += jump
        found = rig.take(numbered(came[-1][1] + jump, seconds))
        came.append((seconds, came[-1][1] + jump))
        lacking = sum(
            number - before - 1
            for (_, before), (at_s, number) in itertools.pairwise(came)
            if at_s > seconds - 30
        )
        if found:
            assert [one.measured_e8 for one in found] == [lacking * E8]
        else:
            assert jump == 1 or lacking == 0
