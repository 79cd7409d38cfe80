"""Correlation break: recent against usual correlation, at each severity and at random."""

import random
import statistics
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.risk.rules.correlation_break import (
    CUT_AT,
    CUT_FROM,
    KIND,
    CorrelationBreakLimit,
    Moments,
)
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import at, clock, tick
from tests.ecosystem.risk.rules.levels import LEVELS, SCALE
from tests.ecosystem.risk.rules.rig import Rig

EVERY_S, WINDOW_S, WARM_S, USUAL_S = 10, 200, 300, 1_200
NEVER = msgspec.structs.replace(SCALE, shares_e8=(10**30, 2 * 10**30, 3 * 10**30, 4 * 10**30))
"""Of which nothing is ever unusual."""


def rule(fall_e8: int = E8, scale: SeverityScale = SCALE) -> Rig:
    limit = CorrelationBreakLimit(
        fall_e8=fall_e8,
        every_us=EVERY_S * SECOND_US,
        window_us=WINDOW_S * SECOND_US,
        usual_us=USUAL_S * SECOND_US,
        warm_us=WARM_S * SECOND_US,
    )
    return Rig(KIND, limit, scale=scale)


class Market:
    """Bitcoin and ether, sampled right after each of their moves."""

    def __init__(self, rig: Rig, seed: int = 1) -> None:
        self.rig = rig
        self.seconds = 0
        self.mids_e8 = [60_000 * E8, 3_000 * E8]
        self.returns: list[tuple[int, int]] = []
        self.chance = random.Random(seed)

    def move(self, left: float, right: float) -> Finding | None:
        before = tuple(self.mids_e8)
        self.seconds += EVERY_S
        for side, (symbol, share) in enumerate((("BTC-USD", left), ("ETH-USD", right))):
            mid_e8 = self.mids_e8[side] = round(before[side] * (1 + share))
            self.rig.take(
                tick(self.seconds, 0, symbol, bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)
            )
        shares = [(a - b) * E8 // b for a, b in zip(self.mids_e8, before, strict=True)]
        self.returns.append((shares[0], shares[1]))
        findings = self.rig.wait(at(self.seconds))
        assert len(findings) <= 1
        return findings[0] if findings else None

    def together(self, count: int, sign: int = 1) -> Sequence[Finding | None]:
        """Move by chance, ether with bitcoin or against it, and a little on its own."""
        moves = [(self.chance.gauss(0, 1e-3), self.chance.gauss(0, 3e-4)) for _ in range(count)]
        return [self.move(left, sign * left + alone) for left, alone in moves]


def watch_of(rig: Rig) -> Watch:
    (watch,) = rig.book.watches()
    return watch


def tell(rig: Rig, findings: Sequence[Finding | None]) -> Sequence[Event]:
    told = (rig.book.decide(found, clock(0, 0)) for found in findings if found is not None)
    return [event for event in told if event is not None]


def naive_fall(returns: Sequence[tuple[int, int]]) -> float | None:
    """Return how far recent correlation is below the usual, both from all kept returns."""
    kept: list[tuple[int, int]] = []
    reach = (WINDOW_S + USUAL_S) // EVERY_S
    for pair in returns[1:]:
        window = kept[-reach:]
        if len(window) >= CUT_FROM:
            most = [
                CUT_AT * sum(abs(one[side]) for one in window) // len(window) for side in (0, 1)
            ]
            left, right = (max(-m, min(m, r)) for m, r in zip(most, pair, strict=True))
            pair = (left, right)
        kept.append(pair)
    recent_count, usual_count = WINDOW_S // EVERY_S, USUAL_S // EVERY_S
    recent, usual = kept[-recent_count:], kept[:-recent_count][-usual_count:]
    if len(usual) * EVERY_S < WARM_S:
        return None
    return _correlation(usual) - _correlation(recent)


def _correlation(pairs: Sequence[tuple[int, int]]) -> float:
    return statistics.correlation(*zip(*pairs, strict=True))


@LEVELS
def test_severity_at_each_share_of_the_limit(share_e8: int, severity: str | None) -> None:
    def story(last_fall_e8: int, last_scale: SeverityScale) -> tuple[Rig, Finding | None]:
        market = Market(rule(E8, NEVER))
        market.together(60)
        market.together(17, sign=-1)
        market.rig.rule.configure(rule(last_fall_e8).rule.limit, last_scale)
        return market.rig, market.together(1, sign=-1)[0]

    measuring, _ = story(E8, NEVER)
    # The limit of which what was measured is this share, but for what a limit this small leaves.
    limit_e8 = watch_of(measuring).utilisation_e8 * E8 // share_e8
    rig, finding = story(limit_e8, SCALE)
    assert watch_of(rig).utilisation_e8 - share_e8 in range(share_e8 // limit_e8 + 1)
    assert (finding is None) == (severity is None)
    if finding is not None:
        alert = rig.book.decide(finding, clock(0, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == (KIND.name, "BTC-USD/ETH-USD")
        assert (alert.severity, alert.limit_e8) == (severity, limit_e8)
        assert alert.unit == "correlation"


def test_a_break_is_told_and_is_over_when_they_move_together_again() -> None:
    market = Market(rule())
    assert tell(market.rig, market.together(100)) == []
    told = tell(market.rig, market.together(20, sign=-1))
    raised, *_, worst = told
    assert isinstance(raised, RiskAlertRaised)
    assert isinstance(worst, RiskAlertEscalated)
    assert worst.severity == "CRITICAL"
    *_, over = tell(market.rig, market.together(40))
    assert isinstance(over, RiskAlertResolved)


def test_a_closer_correlation_is_no_break() -> None:
    market = Market(rule())
    for _ in range(60):
        market.move(market.chance.gauss(0, 1e-3), market.chance.gauss(0, 1e-3))
    market.together(20)
    assert watch_of(market.rig).utilisation_e8 == 0


def test_a_single_jump_of_one_of_the_two_is_no_break() -> None:
    # Uncut, this one return of twenty would make the correlation nearly -1, a fall of nearly 2.
    market = Market(rule(fall_e8=2 * E8))
    market.together(100)
    assert tell(market.rig, [market.move(0.05, -0.05), *market.together(19)]) == []


def test_what_an_alert_tells_of_does_not_become_usual_until_the_usual_is_too_old() -> None:
    market = Market(rule())
    market.together(100)
    lasting = tell(market.rig, market.together(60, sign=-1))
    assert not any(isinstance(event, RiskAlertResolved) for event in lasting)
    # Nothing is left to compare it with; what comes from now on is the new usual.
    tell(market.rig, market.together(150, sign=-1))
    assert watch_of(market.rig).utilisation_e8 < E8 // 10


def test_nothing_is_judged_while_the_usual_is_short() -> None:
    market = Market(rule())
    # Twenty samples in the window, and fewer than thirty before it.
    assert market.together(20) == [None] * 20
    assert market.together(30, sign=-1) == [None] * 30
    assert market.together(1) != [None]


def test_what_never_moves_has_no_correlation() -> None:
    market = Market(rule())
    assert [market.move(0.001, 0) for _ in range(80)] == [None] * 80


def test_both_ticks_of_the_latest_samples_are_named_first() -> None:
    market = Market(rule())
    market.together(100)
    *_, finding = market.together(20, sign=-1)
    assert finding is not None
    last_s = market.seconds
    assert finding.inputs[:3] == (
        tick(last_s, 0).event_id,
        tick(last_s, 0, "ETH-USD").event_id,
        tick(last_s - 10, 0).event_id,
    )
    assert finding.message.startswith("the correlation of BTC-USD/ETH-USD within 200 s is -0.9")


@given(seed=st.integers(0, 2**32), count=st.integers(2, 200))
def test_it_is_the_fall_of_the_correlation_of_all_kept_returns(seed: int, count: int) -> None:
    market = Market(rule(scale=NEVER), seed)
    for _ in range(count):
        shared = market.chance.gauss(0, 1e-3)
        market.move(
            shared, shared * market.chance.choice((-1, 0, 1)) + market.chance.gauss(0, 1e-3)
        )
    expected = naive_fall(market.returns)
    if expected is not None:
        found = watch_of(market.rig).utilisation_e8 / E8
        assert found == pytest.approx(max(0.0, expected), abs=1e-6)


@given(
    pairs=st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)), min_size=2
    )
)
def test_moments_agree_with_pearson_whatever_was_taken_out_again(
    pairs: list[tuple[int, int]],
) -> None:
    moments = Moments()
    for pair in [*pairs, *pairs]:
        moments.add(*pair)
    for pair in pairs:
        moments.add(*pair, -1)
    found_e8 = moments.correlation_e8()
    if any(len(set(side)) == 1 for side in zip(*pairs, strict=True)):
        assert found_e8 is None
    else:
        assert found_e8 is not None
        assert found_e8 / E8 == pytest.approx(_correlation(pairs), abs=1e-6)
