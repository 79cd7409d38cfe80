"""Volatility spike: recent against usual bipower variation, at each severity and at random."""

import itertools
import math
import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.risk.rules.volatility_spike import KIND, VolatilitySpikeLimit
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, tick
from tests.ecosystem.risk.rules.levels import LEVELS, SCALE
from tests.ecosystem.risk.rules.rig import Rig

EVERY_S, WINDOW_S, WARM_S, USUAL_S = 10, 100, 200, 600
PAR_E8 = 10_000 * E8


NEVER = msgspec.structs.replace(SCALE, shares_e8=(10**30, 2 * 10**30, 3 * 10**30, 4 * 10**30))
"""Of which nothing is ever unusual."""


def rule(times_e8: int = 4 * E8, scale: SeverityScale = SCALE) -> Rig:
    limit = VolatilitySpikeLimit(
        times_e8=times_e8,
        every_us=EVERY_S * SECOND_US,
        window_us=WINDOW_S * SECOND_US,
        usual_us=USUAL_S * SECOND_US,
        warm_us=WARM_S * SECOND_US,
    )
    return Rig(KIND, limit, scale=scale)


def watch_of(rig: Rig) -> Watch:
    return next(one for one in rig.book.watches() if one.subject == "BTC-USD")


class Walk:
    """A price of bitcoin that is sampled right after each of its moves."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.seconds = 0
        self.mid_e8 = PAR_E8
        self.returns_e8: list[int] = []

    def to(self, mid_e8: int) -> Finding | None:
        self.returns_e8.append((mid_e8 - self.mid_e8) * E8 // self.mid_e8)
        self.mid_e8 = mid_e8
        self.seconds += EVERY_S
        event = tick(self.seconds, 0, bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)
        self.rig.take(event)
        findings = self.rig.wait(at(self.seconds))
        assert len(findings) <= 1
        return findings[0] if findings else None

    def swing(self, size_e8: int, count: int) -> Sequence[Finding | None]:
        """Go up and down between par and `size_e8` above, so that all returns are as large."""
        return [
            self.to(PAR_E8 + size_e8 if self.mid_e8 == PAR_E8 else PAR_E8) for _ in range(count)
        ]


def tell(rig: Rig, findings: Sequence[Finding | None]) -> Sequence[Event]:
    told = (rig.book.decide(found, clock(0, 0)) for found in findings if found is not None)
    return [event for event in told if event is not None]


def naive_times(returns_e8: Sequence[int]) -> float | None:
    """Return recent over usual volatility, from all returns, the first of which has no sample."""
    sizes = [abs(return_e8) for return_e8 in returns_e8[1:]]
    products = [left * right for left, right in itertools.pairwise(sizes)]
    recent_count, usual_count = WINDOW_S // EVERY_S, USUAL_S // EVERY_S
    recent, usual = products[-recent_count:], products[:-recent_count][-usual_count:]
    if len(usual) * EVERY_S < WARM_S or not sum(usual):
        return None
    return math.sqrt((sum(recent) / len(recent)) / (sum(usual) / len(usual)))


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    def story(last_times_e8: int, last_scale: SeverityScale) -> tuple[Rig, Finding | None]:
        walk = Walk(rule(E8, NEVER))
        walk.swing(PAR_E8 // 1000, 36)
        walk.swing(PAR_E8 // 20, 9)
        walk.rig.rule.configure(rule(last_times_e8).rule.limit, last_scale)
        return walk.rig, walk.swing(PAR_E8 // 20, 1)[0]

    measuring, _ = story(E8, NEVER)
    # The limit of which what was measured is this share, to the last digit.
    limit_e8 = watch_of(measuring).utilisation_e8 * E8 // share_e8
    rig, finding = story(limit_e8, SCALE)
    assert watch_of(rig).utilisation_e8 == share_e8
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, clock(0, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject, alert.severity) == (KIND.name, "BTC-USD", severity)
        assert (alert.limit_e8, alert.unit) == (limit_e8, "times")


def test_ten_times_the_volatility_is_told_and_is_over_when_it_is_usual_again() -> None:
    walk = Walk(rule())
    assert tell(walk.rig, walk.swing(PAR_E8 // 1000, 80)) == []
    told = tell(walk.rig, walk.swing(PAR_E8 // 100, 10))
    assert [getattr(alert, "severity", "") for alert in told] == ["MEDIUM", "CRITICAL"]
    raised, *_, worst = told
    assert isinstance(raised, RiskAlertRaised)
    assert isinstance(worst, RiskAlertEscalated)
    assert worst.message == (
        "the volatility of BTC-USD within 100 s is 4.6 times the usual one; the limit is 4.0 times"
    )
    *_, over = tell(walk.rig, walk.swing(PAR_E8 // 1000, 12))
    assert isinstance(over, RiskAlertResolved)


def test_what_an_alert_tells_of_does_not_become_usual_until_the_usual_is_too_old() -> None:
    walk = Walk(rule())
    walk.swing(PAR_E8 // 1000, 80)
    # The usual reaches ten minutes back: for as long, less the window, the spike is a spike.
    lasting = tell(walk.rig, walk.swing(PAR_E8 // 100, 40))
    assert not any(isinstance(event, RiskAlertResolved) for event in lasting)
    assert walk.swing(PAR_E8 // 100, 1) != [None] or watch_of(walk.rig).utilisation_e8 > E8
    # Nothing is left to compare it with; what comes from now on is the new usual.
    tell(walk.rig, walk.swing(PAR_E8 // 100, 80))
    assert watch_of(walk.rig).utilisation_e8 == pytest.approx(E8 // 4, rel=1e-2)


def test_a_single_jump_is_no_volatility() -> None:
    walk = Walk(rule())
    walk.swing(PAR_E8 // 1000, 80)
    assert walk.to(PAR_E8 * 101 // 100) is None
    assert walk.to(PAR_E8 * 1011 // 1000) is None


def test_nothing_is_judged_while_the_usual_is_short() -> None:
    walk = Walk(rule())
    # Ten samples in the window, and fewer than twenty before it.
    assert walk.swing(PAR_E8 // 1000, 20) == [None] * 20
    assert walk.swing(PAR_E8 // 10, 11) == [None] * 11
    assert walk.swing(PAR_E8 // 10, 1) != [None]


def test_a_price_that_never_moved_has_no_usual() -> None:
    walk = Walk(rule())
    assert walk.swing(0, 60) == [None] * 60
    assert walk.swing(PAR_E8 // 10, 5) == [None] * 5


def test_the_latest_samples_are_named_first() -> None:
    walk = Walk(rule())
    walk.swing(PAR_E8 // 1000, 80)
    *_, finding = walk.swing(PAR_E8 // 100, 10)
    assert finding is not None
    last_s = walk.seconds
    assert finding.inputs[:2] == (tick(last_s, 0).event_id, tick(last_s - 10, 0).event_id)


def test_a_silence_is_not_taken_for_calm() -> None:
    walk = Walk(rule())
    walk.swing(PAR_E8 // 1000, 80)
    *_, loud = walk.swing(PAR_E8 // 100, 10)
    assert loud is not None
    walk.rig.book.decide(loud, clock(0, 0))
    # The window empties, and nothing is said of an empty one.
    for seconds in range(walk.seconds + 10, walk.seconds + 300, 10):
        assert walk.rig.wait(at(seconds)) == []


@given(sizes=st.lists(st.integers(1, 10**6), min_size=1, max_size=120), seed=st.integers(0, 2**32))
def test_it_is_the_ratio_of_the_bipower_variations(sizes: list[int], seed: int) -> None:
    walk, chance = Walk(rule(E8 // 1000, NEVER)), random.Random(seed)
    watch = watch_of(walk.rig)
    for size in sizes:
        walk.to(PAR_E8 + chance.choice((-1, 1)) * size * E8 // 10_000)
        expected = naive_times(walk.returns_e8)
        if expected is not None and expected > 0.001:
            assert watch.utilisation_e8 / E8 == pytest.approx(1000 * expected, rel=1e-5)
