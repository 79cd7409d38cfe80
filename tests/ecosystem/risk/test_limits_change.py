"""Limits that change while the monitor runs: from their time on, with what was known before."""

import pytest

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    ComplianceStatusChanged,
    LimitsChanged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
)
from ecosystem.risk.monitor import RiskEngine
from ecosystem.units import E8
from tests.ecosystem.risk.facts import (
    LIMITS_FILE,
    Accounts,
    at,
    clock,
    event_id,
    limits,
    placed,
    with_version,
)

SHIPPED = LIMITS_FILE.read_text()
VERSION = limits().version
NEXT = VERSION + 1


def changed(text: str, version: int, effective_s: float) -> LimitsChanged:
    change_id = event_id("limits", version)
    return LimitsChanged(
        event_id=change_id,
        correlation_id=change_id,
        causation_id=change_id,
        event_time_us=at(0),
        monitor="risk-monitor",
        limit_version=version,
        effective_time_us=at(effective_s),
        author="head of risk",
        reason="new mandate",
        limits_toml=with_version(text, version),
    )


def test_other_limits_hold_from_their_event_time_on() -> None:
    engine, accounts = RiskEngine(limits()), Accounts()
    tight = SHIPPED.replace("BTC = { long = 10, short = 5 }", "BTC = { long = 4, short = 5 }")
    engine.change_limits(changed(tight, NEXT, 60))
    told = engine.process_slice(placed([accounts.change(10, "BTC", 4 * E8)]))
    assert told == []
    told = engine.process_slice(placed([accounts.change(61, "BTC", E8)], 10))
    alert = next(event for event in told if isinstance(event, RiskAlertRaised))
    assert (alert.rule, alert.severity, alert.limit_version) == ("position_limit", "CRITICAL", NEXT)
    assert any(isinstance(event, ComplianceStatusChanged) for event in told)


def test_an_alert_of_before_goes_on_under_the_new_limit() -> None:
    engine, accounts = RiskEngine(limits()), Accounts()
    (alert,) = engine.process_slice(placed([accounts.change(10, "BTC", 6 * E8)]))
    assert isinstance(alert, RiskAlertRaised)
    tight = SHIPPED.replace("BTC = { long = 10, short = 5 }", "BTC = { long = 8, short = 5 }")
    engine.change_limits(changed(tight, NEXT, 20))
    told = engine.process_slice(placed([accounts.change(21, "BTC", E8 // 10)], 10))
    (worse,) = [event for event in told if isinstance(event, RiskAlertEscalated)]
    assert (worse.alert_id, worse.severity, worse.limit_version) == (alert.alert_id, "MEDIUM", NEXT)


def test_a_rule_that_is_switched_off_ends_its_alerts() -> None:
    engine, accounts = RiskEngine(limits()), Accounts()
    engine.process_slice(placed([accounts.change(10, "BTC", 6 * E8)]))
    off = SHIPPED.replace("[position_limit]", "[position_limit]\nenabled = false\n#")
    engine.change_limits(changed(off, NEXT, 20))
    told = engine.process_slice(placed([clock(30, 1)], 10))
    assert [type(event) for event in told] == [RiskAlertExpired]
    assert "position_limit" not in engine.rules
    assert engine.process_slice(placed([accounts.change(31, "BTC", 60 * E8)], 20)) == []


def test_limits_that_cannot_be_read_change_nothing() -> None:
    engine = RiskEngine(limits())
    with pytest.raises(InvalidInputError, match=f"limits version {NEXT}: version"):
        engine.change_limits(changed("version = 0", NEXT, 0))
    assert engine.process_slice(placed([clock(30, 1)])) == []
    assert engine.book.limit_version == VERSION


def test_a_restored_engine_has_the_limits_of_before() -> None:
    engine = RiskEngine(limits())
    tight = SHIPPED.replace("BTC = { long = 10, short = 5 }", "BTC = { long = 4, short = 5 }")
    engine.restore_slice(placed([clock(100, 1)]))
    engine.restore_alert(changed(tight, NEXT, 60))
    assert engine.book.limit_version == NEXT
    assert engine.rules["position_limit"].limit.bounds["BTC"].long_e8 == 4 * E8
