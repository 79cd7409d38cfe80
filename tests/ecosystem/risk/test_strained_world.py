"""The rules about the portfolio in a world: each fires under strain, and none in a quiet market."""

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.monitor import RiskEngine
from ecosystem.risk.rules.registry import RULES
from ecosystem.run import WORLD_STARTS_AT_US
from ecosystem.units import MINUTE_US
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE
from tests.ecosystem.risk.worlds import quiet, slices

HOLDER = "tests.ecosystem.risk.perpetual_trader:PerpetualHolder@firm-futures"
WATCHED = (
    "portfolio_notional",
    "instrument_notional",
    "concentration",
    "delta_limit",
    "leverage",
    "value_at_risk",
    "trailing_stop",
)
STRAIN = """
title: A strained portfolio
description: Bitcoin leaps by 15 % and comes back, and then everything falls.
duration: 35m
method:
  - inject: price-shock
    name: leap
    target: market-data
    at: 25m
    for: 1m
    with: {instruments: [BTC-USD], change: 15%}
  - inject: crash
    name: crash
    target: market-data
    at: 28m
    for: 5m
    with: {instruments: [all], change: -12%}
false-alarms: {severity: high}
"""
LEAP_US = 25 * MINUTE_US
TIGHTER = {
    "notional_usd = 10_000_000": "notional_usd = 1_100_000",
    "notional_usd = 2_000_000": "notional_usd = 540_000",
    "BTC = 1.00\nETH = 1.00": "BTC = 0.90\nETH = 0.90",
    "BTC = 15\nETH = 250\ntotal_usd = 5_000_000": "BTC = 8.2\nETH = 170\ntotal_usd = 1_100_000",
    "times = 3": "times = 1.82",
    "var99_usd = 750_000": "var99_usd = 100_000",
}
"""What a quiet firm uses a little less than half of."""


def tight_limits() -> Limits:
    text = LAB_LIMITS_FILE.read_text()
    for shipped, tight in TIGHTER.items():
        assert text.count(shipped) == 1
        text = text.replace(shipped, tight)
    return parse_limits(text, "tight limits")


def told(alerts: list[Event], kind: type[Event]) -> set[tuple[str, str]]:
    """Return rule and subject of the alerts of a kind."""
    return {
        (alert.rule, alert.subject)
        for alert in alerts
        if isinstance(alert, RiskAlertRaised | RiskAlertEscalated | RiskAlertResolved)
        and isinstance(alert, kind)
        and alert.rule in WATCHED
    }


def test_each_rule_fires_under_strain_and_names_what_was_altered() -> None:
    engine, alerts, altered = RiskEngine(tight_limits()), list[Event](), set[EventId]()
    for records in slices(STRAIN, strategies=[HOLDER], altered=altered):
        alerts += engine.process_slice(records)
    assert told(alerts, RiskAlertRaised) == {
        ("portfolio_notional", "portfolio"),
        ("instrument_notional", "BTC-USD"),
        ("concentration", "BTC"),
        ("delta_limit", "BTC"),
        ("delta_limit", "portfolio"),
        ("leverage", "portfolio"),
        ("value_at_risk", "portfolio"),
        ("trailing_stop", "BTC"),
        ("trailing_stop", "ETH"),
    }
    assert {("instrument_notional", "BTC-USD"), ("portfolio_notional", "portfolio")} <= told(
        alerts, RiskAlertResolved
    )
    leapt_us = WORLD_STARTS_AT_US + LEAP_US
    for alert in alerts:
        if isinstance(alert, RiskAlertRaised) and alert.rule in WATCHED:
            assert bool(altered & set(alert.inputs)) == (alert.event_time_us > leapt_us), alert


def test_the_same_limits_are_quiet_in_a_quiet_market() -> None:
    engine, alerts = RiskEngine(tight_limits()), list[Event]()
    for records in slices(quiet("35m")):
        alerts += engine.process_slice(records)
    assert told(alerts, RiskAlertRaised) == set()
    judged = {watch.rule for watch in engine.book.watches() if watch.utilisation_e8}
    assert judged >= set(WATCHED)
    assert set(WATCHED) <= set(RULES)
