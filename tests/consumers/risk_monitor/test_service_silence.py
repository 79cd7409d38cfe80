"""The wall clock finds all inputs silent; lag and watermark say how far the monitor is."""

import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from consumers.risk_monitor.metrics import Metrics
from consumers.risk_monitor.service import RiskMonitorService
from consumers.risk_monitor.slices import SliceMode
from ecosystem.events.alerts import (
    InputsSilenceObserved,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskHeartbeat,
)
from ecosystem.events.envelope import Event
from ecosystem.risk.limits import parse_limits
from ecosystem.risk.monitor import RiskEngine
from tests.consumers.risk_monitor.test_service import TricklingReader, served
from tests.consumers.risk_monitor.worlds import SmallWorld, crashed
from tests.ecosystem.risk.facts import LAB_LIMITS_FILE, at, tick

IMPATIENT = parse_limits(
    LAB_LIMITS_FILE.read_text().replace("silence_s = 60", "silence_s = 1"), "impatient limits"
)
WAIT_S = 20.0


def said_until(
    service: RiskMonitorService, world: SmallWorld, enough: Callable[[list[Event]], bool]
) -> list[Event]:
    deadline_s = time.monotonic() + WAIT_S
    while not enough(events := world.events("risk-alerts")):
        assert time.monotonic() < deadline_s, events
        served(service)
    return events


def has(kind: type[Event]) -> Callable[[list[Event]], bool]:
    return lambda events: any(isinstance(event, kind) for event in events)


def test_a_silence_on_the_wall_is_told_and_is_over_with_the_next_record() -> None:
    world = SmallWorld()
    service = world.service("arrival", silence_s=0.5, engine=RiskEngine(IMPATIENT))
    world.append([tick(0, 60_000)])
    served(service)
    told = said_until(service, world, has(RiskAlertRaised))
    assert [type(event) for event in told] == [
        RiskHeartbeat,
        InputsSilenceObserved,
        RiskAlertRaised,
    ]
    observed, alert = told[1:]
    assert isinstance(alert, RiskAlertRaised)
    assert (alert.rule, alert.event_time_us) == ("inputs_silent", at(0))
    assert alert.causation_id == observed.event_id
    again = world.service("arrival", engine=RiskEngine(IMPATIENT))
    world.append([tick(1, 60_000)])
    served(again)
    assert isinstance(world.events("risk-alerts")[-2], RiskAlertResolved)


@pytest.mark.parametrize(("mode", "silence_s"), [("clock", 0.01), ("arrival", 0.0)])
def test_no_silence_is_told_where_a_clock_cuts_or_where_it_is_switched_off(
    mode: SliceMode, silence_s: float
) -> None:
    world = SmallWorld()
    service = world.service(mode, silence_s=silence_s, engine=RiskEngine(IMPATIENT))
    world.write_slice(1.0)
    served(service)
    over_s = time.monotonic() + 1.1
    while time.monotonic() < over_s:
        with capture_logs():
            service.step(0.0)
    assert [type(event) for event in world.events("risk-alerts")] == [RiskHeartbeat]


def test_under_a_clock_the_clock_is_the_watermark_and_nothing_lags() -> None:
    world = crashed()
    served(world.service())
    beats = [event for event in world.events("risk-alerts") if isinstance(event, RiskHeartbeat)]
    assert all(beat.watermark_us == beat.event_time_us for beat in beats)
    assert {beat.lag_records for beat in beats} == {0}


def test_by_arrival_the_heartbeat_tells_the_latest_time_and_what_is_left_to_read() -> None:
    world = SmallWorld()
    service = world.service("arrival", reader=TricklingReader(world, [1, 1]))
    world.append([tick(5, 60_000)])
    world.append([tick(3, 60_000), tick(4, 60_000)])
    for _ in range(2):
        served(service)
    beats = [event for event in world.events("risk-alerts") if isinstance(event, RiskHeartbeat)]
    assert [(beat.watermark_us, beat.lag_records) for beat in beats] == [(at(5), 2), (at(5), 1)]
    assert [beat.event_time_us for beat in beats] == [at(5), at(3)]


def test_metrics_tell_lag_and_watermark() -> None:
    world, metrics = SmallWorld(), Metrics()
    service = world.service("arrival", reader=TricklingReader(world, [1]), metrics=metrics)
    world.append([tick(0, 60_000), tick(1, 60_000), tick(2, 60_000)])
    served(service)
    value = metrics.registry.get_sample_value
    assert value("risk_monitor_lag_records") == 2
    assert value("risk_monitor_event_time_seconds") == at(0) / 1e6
