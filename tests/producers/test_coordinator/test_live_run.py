"""A run in a live environment: bounded by offsets, and honest about who was there."""

from pathlib import Path

import pytest

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.words import MonitorStatus
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.run import RunPlan
from ecosystem.scenario import Scenario
from ecosystem.units import SECOND_US
from eventlog.catalogue.load import load_catalogue
from eventlog.clients import routes_of
from eventlog.codec import Codec
from eventlog.memory_log import MemoryLog
from eventlog.records import Positions
from producers.live.clock import LiveClock, wall_us
from producers.test_coordinator.live_run import ALERTS, LiveRun

EVENTS = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
ROUTES = routes_of(load_catalogue(Path(__file__).parents[3] / "topics.yaml"), EVENTS)
QUIET = Scenario(
    name="quiet",
    title="Quiet",
    description="",
    tags=(),
    duration_us=10 * SECOND_US,
    injections=(),
    effects=(),
    expectations=(),
    false_alarm_severity="HIGH",
)


class Environment:
    """Where every look finds more prices, and more heartbeats for as long as the monitor lives.

    Args:
        heartbeats: how many come one by one before the monitor is gone; it is looked at twice
            before a run can end.
    """

    def __init__(self, heartbeats: int) -> None:
        self.log = MemoryLog(ROUTES, Codec(EVENTS), lambda: 0)
        self.heartbeats_left = heartbeats

    def ends(self) -> Positions:
        self.log.put("prices", 0, b"", b"tick")
        if self.heartbeats_left:
            self.heartbeats_left -= 1
            self.log.put(*ALERTS, b"", b"heartbeat")
        return {place: len(records) for place, records in self.log.partitions.items()}


def run_in(environment: Environment, interrupted: bool = False) -> tuple[str, MonitorStatus]:
    clock = LiveClock(wall_us(), scale=1_000)
    plan = RunPlan(
        run_id="r1",
        scenario=QUIET,
        scenario_text="",
        seed=1,
        host="LIVE",
        starts_at_us=clock.now_us() + SECOND_US * interrupted * 1_000,
    )

    def on_progress(share: float) -> None:
        if interrupted:
            raise KeyboardInterrupt

    run = LiveRun(
        plan, b"key", environment.log.appender(), clock, environment.ends, silence_max_s=0.05
    )
    completed = run.run(on_progress)
    return completed.status, completed.monitor_status


@pytest.mark.parametrize(
    ("heartbeats", "expected"),
    [(1_000, "ANSWERED"), (0, "SILENT"), (2, "SILENT")],
    ids=["alive", "never there", "gone during the run"],
)
def test_only_a_monitor_that_speaks_after_the_end_has_answered(
    heartbeats: int, expected: MonitorStatus
) -> None:
    assert run_in(Environment(heartbeats)) == ("COMPLETED", expected)


def test_an_interrupted_run_is_closed_as_aborted() -> None:
    assert run_in(Environment(1_000), interrupted=True) == ("ABORTED", "ANSWERED")
