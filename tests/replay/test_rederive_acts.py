"""What people did to the monitor is taken in again where it stood, and what followed is derived."""

import pytest

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskHeartbeat,
)
from ecosystem.events.control.words import HostKind
from ecosystem.events.envelope import Event
from ecosystem.risk.acts import is_act
from tests.replay.runs import (
    CRASH,
    SHIPPED_VERSION,
    InMemory,
    RunOnLog,
    acted_on,
    other_limits,
)
from tests.replay.test_rederive import difference, replayed

ACTS = {RiskAlertAcknowledged, LimitsChanged, CircuitBreakerOpened, CircuitBreakerClosed}
HOSTS: list[HostKind] = ["WORLD", "LIVE"]


@pytest.fixture
def log() -> InMemory:
    """An empty log in memory."""
    return InMemory()


def number_of(events: list[Event], kind: type[Event]) -> int:
    return next(number for number, event in enumerate(events) if isinstance(event, kind))


@pytest.mark.parametrize("host", HOSTS)
def test_a_run_in_which_people_acted_is_identical(log: InMemory, host: HostKind) -> None:
    acted_on(log, host)
    events = log.events("risk-alerts")
    assert {type(event) for event in events if is_act(event)} == ACTS
    outcome = replayed(log)
    assert outcome.identical, outcome.difference and outcome.difference.text
    assert outcome.compared["risk-alerts"] == len(events)


@pytest.mark.parametrize("host", HOSTS)
def test_an_act_that_did_not_change_what_it_should_have_is_found(
    log: InMemory, host: HostKind
) -> None:
    acted_on(log, host)
    number = number_of(log.events("risk-alerts"), LimitsChanged)
    wide = other_limits(SHIPPED_VERSION + 1, move="5").limits_toml
    log.alter("risk-alerts", number, limits_toml=wide)
    assert "risk-alerts/0/" in difference(replayed(log))


@pytest.mark.parametrize("host", HOSTS)
def test_an_act_that_stands_elsewhere_than_it_took_effect_is_found(
    log: InMemory, host: HostKind
) -> None:
    acted_on(log, host)
    events = log.events("risk-alerts")
    number = len(events) - 1 - number_of(events[::-1], LimitsChanged)
    later = next(
        place
        for place, event in enumerate(events)
        if place > number + 4 and isinstance(event, RiskHeartbeat)
    )
    log.rewrite(
        "risk-alerts",
        lambda records: [
            *records[:number],
            *records[number + 1 : later + 1],
            records[number],
            *records[later + 1 :],
        ],
    )
    assert "risk-alerts/0/" in difference(replayed(log))


def test_what_followed_from_an_act_is_derived(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open()
    run.fill(CRASH[:5])
    run.watch(5)
    off = other_limits(SHIPPED_VERSION + 1, move="0.02\nenabled = false")
    expired = run.act(off, 1)[1:]
    assert expired
    run.complete()
    run.audit()
    assert replayed(log).identical
    number = len(log.events("risk-alerts")) - len(expired)
    log.alter("risk-alerts", number, reason="nobody knows")
    assert "reason is 'nobody knows' on the log" in difference(replayed(log))


def test_what_was_done_before_a_run_is_remembered_and_not_compared(log: InMemory) -> None:
    run = RunOnLog(log)
    run.open("r0", host="LIVE")
    run.fill(CRASH[:2])
    run.watch(1, "arrival")
    run.act(other_limits(SHIPPED_VERSION + 1, window_s="10"), 1)
    run.complete()
    run.open("r1", host="LIVE")
    for factor in CRASH[2:]:
        run.fill([factor])
        run.watch(1, "arrival")
    run.complete()
    run.audit()
    assert replayed(log).identical
    before = number_of(log.events("risk-alerts"), LimitsChanged)
    wide = other_limits(SHIPPED_VERSION + 1, move="5").limits_toml
    log.alter("risk-alerts", before, limits_toml=wide)
    assert "risk-alerts/0/" in difference(replayed(log))
