"""One production history, fed in any batches and through any number of deaths: the same alerts."""

from functools import cache

import pytest

from consumers.risk_monitor.slices import SliceMode
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    ComplianceStatusChanged,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskHeartbeat,
)
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.risk.acts import Act, TripBreaker, is_act
from ecosystem.risk.limits import parse_limits
from eventlog.errors import AppendError
from eventlog.memory_log import MemoryLog
from replay.monitor_again import Cuts, MonitorAgain, recorded_acts
from tests.consumers.risk_monitor.histories import (
    CODEC,
    DEEDS_AFTER,
    NEAR_LIMITS,
    SHIPPED,
    SLICES,
    STEWARD_OF,
    WATCHED,
    ShuffledReader,
    TimelyReader,
    history,
    monitor_of,
    much_done,
    new_log,
    nothing_done,
    said_on,
    step,
    unanswered,
    values_of,
    world_on,
)

SEEDS = range(24)
STEPS_MAX = 20_000


def beats_on(log: MemoryLog) -> int:
    return sum(isinstance(event, RiskHeartbeat) for event in said_on(log))


def records_count(log: MemoryLog) -> int:
    return sum(len(records) for place, records in log.partitions.items() if place[0] in WATCHED)


def test_the_history_has_everything_in_it() -> None:
    said = said_on(history())
    assert {type(event) for event in said} == {
        RiskHeartbeat,
        RiskAlertRaised,
        RiskAlertEscalated,
        RiskAlertResolved,
        RiskAlertExpired,
        RiskAlertAcknowledged,
        LimitsChanged,
        ComplianceStatusChanged,
        CircuitBreakerOpened,
        CircuitBreakerClosed,
    }
    assert sum(is_act(event) for event in said) == 6
    assert beats_on(history()) == SLICES
    assert records_count(history()) > 4_000


@pytest.mark.parametrize("seed", SEEDS)
def test_under_a_clock_batches_and_interleavings_change_nothing(seed: int) -> None:
    log = unanswered()
    service = monitor_of(log, much_done, reader=ShuffledReader(log, seed, DEEDS_AFTER))
    answered = 0
    for _ in range(STEPS_MAX):
        answered += step(service)
        if answered == SLICES:
            break
    assert values_of(log) == values_of(history())


@cache
def by_arrival() -> MemoryLog:
    """Return what a monitor by arrival says to the history; nobody may write to it."""
    log = unanswered()
    reader = TimelyReader(log, 1_000)
    service = monitor_of(log, much_done, mode="arrival", reader=reader)
    for _ in range(STEPS_MAX):
        if not step(service) and not reader.lag_records():
            return log
    raise AssertionError("the history was not read to its end")


def derived_from(log: MemoryLog, seed: int) -> list[bytes]:
    """Return what a monitor says to the slices and acts that a log has recorded, read anyhow."""
    said = said_on(log)
    beats = [event for event in said if isinstance(event, RiskHeartbeat)]
    cuts = Cuts(mode="arrival", heartbeats=beats)
    acts = recorded_acts((event, True) for event in said)
    monitor = MonitorAgain(NEAR_LIMITS, cuts, STEWARD_OF, acts=acts)
    reader, derived = ShuffledReader(log, seed), list[Event]()
    while reader.lag_records():
        batch = reader.poll(0.0)
        derived += monitor.take(batch, reader.positions())
    return [CODEC.encode(event) for event in (*derived, *monitor.finish())]


@pytest.mark.parametrize("seed", SEEDS)
def test_recorded_slices_by_arrival_give_the_same_bytes_in_any_batches(seed: int) -> None:
    log = by_arrival()
    assert sum(is_act(event) for event in said_on(log)) >= 5
    assert derived_from(log, seed) == values_of(log)


@pytest.mark.parametrize("mode", ["clock", "arrival"])
def test_a_monitor_that_dies_at_every_transaction_before_and_after_it_says_the_same(
    mode: SliceMode,
) -> None:
    log = unanswered()
    deaths, after = 0, False
    while True:
        by_clock = ShuffledReader(log, deaths, range(SLICES))  # a transaction for each slice
        reader = by_clock if mode == "clock" else TimelyReader(log, deaths)
        service = monitor_of(log, much_done, mode=mode, reader=reader, dies_at=0, after=after)
        try:
            while step(service) or reader.lag_records():
                pass
        except AppendError:
            deaths, after = deaths + 1, not after
        else:
            break
    assert deaths >= (2 * SLICES if mode == "clock" else 50)
    ids = [event.event_id for event in said_on(log)]
    assert len(set(ids)) == len(ids)
    # By arrival each life cuts its own slices: they are held against an undisturbed derivation.
    assert values_of(log) == (values_of(history()) if mode == "clock" else derived_from(log, 1))


def orders_us(log: MemoryLog) -> list[int]:
    values = [r.value for p, rs in log.partitions.items() if p[0] == "orders" for r in rs]
    events = [CODEC.decode(value) for value in values]
    return [event.event_time_us for event in events if isinstance(event, OrderSubmitted)]


def tripped(said: object, sequence: int) -> list[Act]:
    return [TripBreaker(author="desk", reason="enough")] if sequence == 20 else []


def test_in_a_world_the_trading_engine_heeds_a_breaker_that_a_person_opened() -> None:
    untouched, touched = new_log(), new_log()
    calm = parse_limits(SHIPPED.replace("move = 0.02", "move = 0.2"), "calm limits")
    world_on(untouched, nothing_done, calm)
    world_on(touched, tripped, calm)
    (opened,) = [event for event in said_on(touched) if isinstance(event, CircuitBreakerOpened)]
    heeded_us = opened.event_time_us + 30_000_000
    assert any(at_us > heeded_us for at_us in orders_us(untouched))
    assert [at_us for at_us in orders_us(touched) if at_us > heeded_us] == []
