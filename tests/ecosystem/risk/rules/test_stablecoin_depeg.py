"""Stablecoin depeg: what lasts counts, at each severity and over random paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.risk.rules.stablecoin_depeg import KIND, StablecoinDepegLimit
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.risk.facts import limits, tick
from tests.ecosystem.risk.rules.levels import LEVELS, severity_of
from tests.ecosystem.risk.rules.rig import Rig

LASTS_S = 60
SHIPPED = limits().rules[KIND.name]
PATHS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(-3 * E8 // 100, 3 * E8 // 100)),
    min_size=1,
    max_size=40,
)


def rule(deviation_e8: int = E8) -> Rig:
    return Rig(KIND, StablecoinDepegLimit(deviation_e8=deviation_e8, lasts_us=LASTS_S * SECOND_US))


def shipped() -> Rig:
    return Rig(KIND, SHIPPED.limit, scale=SHIPPED.scale)


def priced(seconds: float, mid_e8: int, instrument: str = "USDT-USD") -> PriceTicked:
    return tick(seconds, 0, instrument, bid_e8=mid_e8, ask_e8=mid_e8, last_e8=mid_e8)


def hold(rig: Rig, since_s: int, until_s: int, mid_e8: int) -> list[Event]:
    """Tick once a second, and let every finding become the alert it makes."""
    told = []
    for second in range(since_s, until_s):
        event = priced(second, mid_e8)
        told += [rig.book.decide(finding, event) for finding in rig.take(event)]
    return [event for event in told if event is not None]


@LEVELS
@pytest.mark.parametrize("sign", [-1, 1])
def test_severity_of_what_has_lasted(share_e8: int, severity: str | None, sign: int) -> None:
    depeg = rule(deviation_e8=E8 // 4)
    deviation_e8 = share_e8 // 4
    assert depeg.take(priced(0, E8 + sign * deviation_e8)) == []
    finding = depeg.one(priced(LASTS_S, E8 + sign * deviation_e8))
    expected = severity_of(deviation_e8 * 4)
    assert expected == severity or share_e8 % 4
    assert (finding is None) == (expected is None)
    if finding is not None:
        alert = depeg.book.decide(finding, tick(LASTS_S, 0))
        assert isinstance(alert, RiskAlertRaised)
        assert (alert.rule, alert.subject) == ("stablecoin_depeg", "USDT")
        assert (alert.severity, alert.measured_e8) == (expected, deviation_e8)
        assert (alert.limit_e8, alert.unit) == (E8 // 4, "ratio")


@pytest.mark.parametrize(
    ("deviation_e8", "severity"),
    [
        (479_999, None),
        (480_000, "LOW"),
        (480_001, "LOW"),
        (499_999, "LOW"),
        (500_000, "MEDIUM"),
        (500_001, "MEDIUM"),
        (999_999, "MEDIUM"),
        (1_000_000, "HIGH"),
        (1_000_001, "HIGH"),
        (1_999_999, "HIGH"),
        (2_000_000, "CRITICAL"),
        (2_000_001, "CRITICAL"),
    ],
)
def test_shipped_limits_warn_at_half_a_per_cent_and_are_critical_at_two(
    deviation_e8: int, severity: str | None
) -> None:
    depeg = shipped()
    (*_, last) = hold(depeg, 0, LASTS_S + 1, E8 - deviation_e8) or (None,)
    assert (last.severity if isinstance(last, RiskAlertRaised) else None) == severity


def test_a_depeg_is_told_when_it_lasts_escalates_and_is_over_when_the_recovery_lasts() -> None:
    depeg = shipped()
    assert hold(depeg, 0, 100, E8) == []
    assert hold(depeg, 100, 160, 99_400_000) == []
    (raised,) = hold(depeg, 160, 200, 99_400_000)
    assert isinstance(raised, RiskAlertRaised)
    assert (raised.severity, raised.event_time_us) == ("MEDIUM", priced(160, 0).event_time_us)
    assert raised.message == ("USDT has been 0.60 % below its dollar for 60 s; the limit is 2.00 %")
    (worse,) = hold(depeg, 200, 300, 97_000_000)
    assert isinstance(worse, RiskAlertEscalated)
    assert (worse.severity, worse.event_time_us) == ("CRITICAL", priced(260, 0).event_time_us)
    assert hold(depeg, 300, 360, 99_900_000) == []
    (over,) = hold(depeg, 360, 400, 99_900_000)
    assert isinstance(over, RiskAlertResolved)


def test_single_prints_neither_raise_an_alert_nor_end_it() -> None:
    depeg = shipped()
    assert hold(depeg, 0, 100, E8) == []
    assert hold(depeg, 100, 101, 90_000_000) == []
    assert hold(depeg, 101, 200, E8) == []
    assert len(hold(depeg, 200, 300, 97_000_000)) == 1
    assert hold(depeg, 300, 301, E8) == []
    assert hold(depeg, 301, 400, 97_000_000) == []


def test_the_tick_and_the_least_deviation_are_named() -> None:
    depeg = rule(deviation_e8=E8 // 100)
    least = priced(30, 99_000_000)
    depeg.take(priced(0, 98_000_000), least)
    last = priced(60, 97_000_000)
    finding = depeg.one(last)
    assert finding is not None
    assert finding.inputs == (last.event_id, least.event_id)


def test_other_instruments_have_no_peg() -> None:
    depeg = rule(deviation_e8=E8 // 100)
    assert depeg.take(priced(0, 2 * E8, "BTC-USD"), priced(100, 2 * E8, "BTC-USD")) == []


@given(path=PATHS)
def test_it_measures_the_least_deviation_that_held_all_the_while(
    path: list[tuple[int, int]],
) -> None:
    depeg = rule(deviation_e8=E8 // 50)
    seconds, told, lasted_e8 = 0, [(0, 0)], 0
    depeg.take(priced(0, E8))
    for gap_s, deviation_e8 in path:
        seconds += gap_s
        told.append((seconds, deviation_e8))
        finding: Finding | None = depeg.one(priced(seconds, E8 + deviation_e8))
        ends_s = [*(at_s for at_s, _ in told[1:]), seconds + 1]
        held = [
            value
            for (_, value), end_s in zip(told, ends_s, strict=True)
            if end_s > seconds - LASTS_S
        ]
        if seconds >= LASTS_S:
            lasted_e8 = min(max(lasted_e8, min(held)), max(held))
        expected = severity_of(abs(lasted_e8) * 50)
        assert (finding is None) == (expected is None)
        if finding is not None:
            assert finding.measured_e8 == abs(lasted_e8)
