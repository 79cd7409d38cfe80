"""Feed stale: silence is seen by the time that other events bring."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertRaised, RiskAlertResolved
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.rules.feed_stale import KIND, FeedStaleLimit
from ecosystem.risk.watch import SEVERITIES
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, tick
from tests.ecosystem.risk.rules.levels import LEVELS, SCALE, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LIMIT = FeedStaleLimit(silence_us=30 * SECOND_US)


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    rig = Rig(KIND, FeedStaleLimit(silence_us=E8))
    last = tick(0, 60_000)
    rig.take(last)
    found = rig.wait(at(0) + share_e8)
    assert bool(found) == (severity is not None)
    if found:
        alert = rig.book.decide(found[0], clock(1, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, "BTC-USD", severity)
        assert last.event_id in alert.inputs


def test_the_next_tick_ends_it_and_a_bad_one_does_not() -> None:
    rig = Rig(KIND, LIMIT, guarded=True)
    rig.take(tick(0, 60_000))
    (finding,) = rig.wait(at(30))
    assert finding.message == "BTC-USD has no price since 30.0 s; the limit is 30.0 s"
    rig.book.decide(finding, clock(30, 0))
    assert rig.take(tick(31, 60_000, bid_e8=-1)) == []
    spoken = tick(32, 60_000)
    over = rig.one(spoken)
    assert over is not None
    assert isinstance(rig.book.decide(over, spoken), RiskAlertResolved)


def test_an_instrument_that_never_spoke_is_not_missed() -> None:
    assert Rig(KIND, LIMIT).wait(at(10_000)) == []


def test_a_silence_is_told_at_the_first_event_at_which_it_has_lasted() -> None:
    rig = Rig(KIND, LIMIT)
    rig.take(tick(0, 60_000), tick(4, 3_000, "ETH-USD"))
    assert rig.wait(at(9)) == []
    rig.take(tick(10, 60_000))
    lasted_us = -(-SCALE.shares_e8[0] * LIMIT.silence_us // E8)
    assert rig.wait(at(4) + lasted_us - 1) == []
    (finding,) = rig.wait(at(4) + lasted_us)
    assert finding.watch.subject == "ETH-USD"
    assert finding.measured_e8 == lasted_us * E8 // SECOND_US
    rig.book.decide(finding, clock(20, 0))
    (other,) = rig.wait(at(10) + lasted_us)
    assert other.watch.subject == "BTC-USD"


def test_a_first_tick_that_comes_late_is_seen_within_a_twentieth_of_the_limit() -> None:
    rig = Rig(KIND, LIMIT)
    rig.take(tick(100, 60_000))
    assert rig.wait(at(101)) == []
    rig.take(tick(70, 3_000, "ETH-USD"))
    (finding,) = rig.wait(at(101) + LIMIT.silence_us // 20)
    assert finding.watch.subject == "ETH-USD"


def test_once_every_instrument_has_spoken_it_waits_for_the_oldest_tick() -> None:
    rig = Rig(KIND, LIMIT)
    rig.take(*(tick(n, 100, symbol) for n, symbol in enumerate(sorted(INSTRUMENTS))))
    assert rig.wait(at(10)) == []
    assert rig.rule.due_us == at(0) + -(-SCALE.shares_e8[0] * LIMIT.silence_us // E8)


def test_a_shorter_limit_holds_from_the_next_event_on() -> None:
    rig = Rig(KIND, LIMIT)
    rig.take(tick(0, 60_000))
    assert rig.wait(at(5)) == []
    rig.rule.configure(FeedStaleLimit(silence_us=4 * SECOND_US), SCALE)
    (finding,) = rig.wait(at(6))
    assert finding.measured_e8 == 6 * E8


@given(gaps_s=st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_each_silence_is_measured_from_the_last_tick(gaps_s: list[int]) -> None:
    rig = Rig(KIND, LIMIT, scale=msgspec.structs.replace(SCALE, cooldown_us=0))
    seconds = 0
    rig.take(tick(0, 60_000))
    watch = next(one for one in rig.book.watches() if one.subject == "BTC-USD")
    for number, gap_s in enumerate(gaps_s):
        for waited_s in range(2, gap_s, 2):
            for finding in rig.wait(at(seconds + waited_s)):
                assert finding.measured_e8 == waited_s * E8
                rig.book.decide(finding, clock(seconds + waited_s, number))
            level = watch.level
            told = SEVERITIES[level] if level >= 0 else None
            assert told == severity_of(waited_s * E8 // 30)
        seconds += gap_s
        spoken = tick(seconds, 60_000)
        for finding in rig.take(spoken):
            rig.book.decide(finding, spoken)
        assert rig.book.active_count() == 0
