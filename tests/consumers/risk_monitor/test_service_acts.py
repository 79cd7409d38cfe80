"""Acts on the log: between two slices, once each, and known to the next life at their place."""

from collections.abc import Sequence, Set
from threading import Thread

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from consumers.risk_monitor.counter import NotTakenError
from consumers.risk_monitor.service import POLL_MAX_S, RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertRaised,
    RiskHeartbeat,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.acts import Acknowledge, Act, ChangeLimits, CloseBreaker, TripBreaker
from eventlog.errors import AppendError
from tests.consumers.risk_monitor.test_service import FailingAppender, served
from tests.consumers.risk_monitor.worlds import CRASH, SmallWorld
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE, event_id, limits, tick, with_version

SHIPPED = LAB_LIMITS_FILE.read_text()
VERSION = limits().version
TRIP = TripBreaker(author="desk", reason="drill")


def acted(service: RiskMonitorService, act: Act, number: int) -> Sequence[Event]:
    """Submit an act, let the loop go once, and return the answer."""
    answer = service.counter.submit(act, event_id("request", number))
    served(service)
    return answer.result(0)


def shock(version: int, move: str, window_s: int = 300) -> ChangeLimits:
    text = with_version(SHIPPED, version)
    text = text.replace("move = 0.02\nwindow_s = 300", f"move = {move}\nwindow_s = {window_s}")
    return ChangeLimits(
        limits_toml=text,
        effective_time_us=None,
        author="desk",
        reason="calmer markets",
    )


def test_an_act_stands_between_the_heartbeats_of_two_slices() -> None:
    world = SmallWorld()
    service = world.service()
    world.write_slice(1.0)
    served(service)
    facts = acted(service, TRIP, 1)
    world.write_slice(1.0)
    served(service)
    kinds = [type(event) for event in world.events("risk-alerts")]
    assert kinds == [RiskHeartbeat, CircuitBreakerOpened, RiskHeartbeat]
    assert [world.events("risk-alerts")[1]] == list(facts)


def test_an_act_takes_effect_with_the_next_slice() -> None:
    world = SmallWorld()
    service = world.service()
    world.write_slice(1.0)
    served(service)
    acted(service, shock(VERSION + 1, "0.2"), 1)
    world.write_slice(0.97)
    served(service)
    assert not any(isinstance(event, RiskAlertRaised) for event in world.events("risk-alerts"))


def test_an_act_that_cannot_be_is_refused_and_leaves_no_trace() -> None:
    world = SmallWorld()
    service = world.service()
    world.write_slice(1.0)
    served(service)
    before = world.values("risk-alerts")
    with pytest.raises(InvalidInputError, match="is closed"):
        acted(service, CloseBreaker(author="desk", reason="all clear"), 1)
    assert world.values("risk-alerts") == before


def test_the_same_request_is_one_act_in_this_life_and_the_next() -> None:
    world = SmallWorld()
    service = world.service()
    world.write_slice(1.0)
    served(service)
    both = [service.counter.submit(TRIP, event_id("request", 1)) for _ in range(2)]
    served(service)
    facts = both[0].result(0)
    assert both[1].result(0) == facts
    assert acted(world.service(), TRIP, 1) == facts
    assert sum(isinstance(e, CircuitBreakerOpened) for e in world.events("risk-alerts")) == 1


def test_acts_come_after_the_heartbeats_that_were_held_back() -> None:
    world = SmallWorld()
    service = world.service("arrival", hold_s=60.0)
    world.append([tick(0, 60_000)])
    served(service)
    assert world.values("risk-alerts") == []
    acted(service, TRIP, 1)
    kinds = [type(event) for event in world.events("risk-alerts")]
    assert kinds == [RiskHeartbeat, CircuitBreakerOpened]


@pytest.mark.parametrize("after", [False, True])
def test_an_act_is_answered_only_when_it_is_on_the_log(*, after: bool) -> None:
    world = SmallWorld()
    service = world.service(appender=FailingAppender(world, 1, after=after))
    world.write_slice(1.0)
    served(service)
    answer = service.counter.submit(TRIP, event_id("request", 1))
    with pytest.raises(AppendError, match="killed"):
        served(service)
    with pytest.raises(AppendError, match="killed"):
        answer.result(0)
    assert [e.is_root for e in acted(world.service(), TRIP, 1)] == [True]
    assert sum(isinstance(e, CircuitBreakerOpened) for e in world.events("risk-alerts")) == 1


def test_a_service_that_stops_refuses_what_waits() -> None:
    service = SmallWorld().service()
    answer = service.counter.submit(TRIP, event_id("request", 1))
    service.close()
    with pytest.raises(NotTakenError):
        answer.result(0)


def test_an_act_is_taken_while_nothing_arrives() -> None:
    world = SmallWorld()
    service = world.service()
    world.write_slice(1.0)
    served(service)
    stopping: list[int] = []
    with capture_logs():
        loop = Thread(target=service.run, args=(lambda: bool(stopping),))
        loop.start()
        try:
            answer = service.counter.submit(TRIP, event_id("request", 1))
            (fact,) = answer.result(100 * POLL_MAX_S)
        finally:
            stopping.append(1)
            loop.join()
    assert fact == world.events("risk-alerts")[-1]


def lived_through(world: SmallWorld, mode: SliceMode, killed_after: Set[int] = frozenset()) -> None:
    """Let a monitor watch the crash while people act, and kill it after some slices and acts."""
    service = world.service(mode)
    for number, factor in enumerate(CRASH):
        world.write_slice(factor)
        served(service)
        if 2 * number in killed_after:
            service = world.service(mode)
        if number == 1:  # a short window forgets what a later, longer one would know
            acted(service, shock(VERSION + 1, "0.02", window_s=10), 0)
        if number == 3:
            alert = next(e for e in world.events("risk-alerts") if isinstance(e, RiskAlertRaised))
            acted(service, Acknowledge(alert_id=alert.alert_id, author="desk", note=""), 1)
        if number == 4:
            acted(service, shock(VERSION + 2, "0.17"), 2)
            acted(service, TRIP, 3)
        if number == 6:
            acted(service, CloseBreaker(author="desk", reason="over"), 4)
        if 2 * number + 1 in killed_after:
            service = world.service(mode)


@pytest.mark.parametrize("mode", ["clock", "arrival"])
@given(killed_after=st.sets(st.integers(0, 2 * len(CRASH) - 1)))
@example(killed_after=set(range(2 * len(CRASH))))
@settings(max_examples=25)
def test_a_monitor_killed_among_acts_writes_the_same_log(
    mode: SliceMode, killed_after: set[int]
) -> None:
    world, expected = SmallWorld(), SmallWorld()
    lived_through(expected, mode)
    lived_through(world, mode, killed_after)
    for kind in (RiskAlertAcknowledged, LimitsChanged, CircuitBreakerOpened, CircuitBreakerClosed):
        assert any(isinstance(event, kind) for event in expected.events("risk-alerts"))
    assert world.values("risk-alerts") == expected.values("risk-alerts")
