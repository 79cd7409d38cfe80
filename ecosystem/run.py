"""The plan of a run, and the events that open it on the control plane."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from ecosystem.events.control.scenario import InjectionScheduled, RunCompleted, RunStarted
from ecosystem.events.control.words import (
    HostKind,
    MonitorStatus,
    PartitionRange,
    RunStatus,
)
from ecosystem.ids import RootIds, derive_id
from ecosystem.scenario import Scenario
from ecosystem.units import SECOND_US

COORDINATOR: Final = "test-coordinator"
TOPIC: Final = "scenario-injections"
WORLD_STARTS_AT_US: Final = 1_767_571_200 * SECOND_US
"""2026-01-05T00:00:00Z, a Monday: where the event time of a world begins unless told."""
SLICE_US: Final = 10 * SECOND_US
REACTION_SLICES: Final = 2
"""Alerts of slice k reach the trading engine when slice k+2 begins."""


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that determines a run, the software and the secret aside."""

    run_id: str
    scenario: Scenario
    scenario_text: str
    seed: int
    host: HostKind = "WORLD"
    twin: bool = False
    """Leave the injections out: the control group of the experiment."""
    starts_at_us: int = WORLD_STARTS_AT_US
    slice_us: int = SLICE_US
    reaction_slices: int = REACTION_SLICES
    settings_json: str = "{}"
    software_version: str = ""

    @property
    def ends_at_us(self) -> int:
        """Event time at which the run ends."""
        return self.starts_at_us + self.scenario.duration_us


def opening_events(plan: RunPlan, key: bytes) -> Sequence[RunStarted | InjectionScheduled]:
    """Return the events that open a run: its start, and each injection unless it is a twin.

    Args:
        key: the key of the run's root ids, from `ecosystem.ids.run_key`.
    """
    root = RootIds(key, COORDINATOR).root(f"run/{plan.run_id}", 0)
    started = RunStarted(
        event_id=root,
        correlation_id=root,
        causation_id=root,
        event_time_us=plan.starts_at_us,
        run_id=plan.run_id,
        scenario=plan.scenario.name,
        scenario_text=plan.scenario_text,
        scenario_json=msgspec.json.encode(plan.scenario).decode(),
        seed=plan.seed,
        host=plan.host,
        ends_at_us=plan.ends_at_us,
        slice_us=plan.slice_us if plan.host == "WORLD" else 0,
        reaction_slices=plan.reaction_slices,
        twin=plan.twin,
        settings_json=plan.settings_json,
        software_version=plan.software_version,
    )
    if plan.twin:
        return (started,)
    return (started, *(_scheduled(plan, started, n) for n in range(len(plan.scenario.injections))))


def _scheduled(plan: RunPlan, started: RunStarted, number: int) -> InjectionScheduled:
    injection = plan.scenario.injections[number]
    event_id = derive_id(started.event_id, "test-coordinator/injection", number)
    starts_at_us = plan.starts_at_us + injection.starts_after_us
    return InjectionScheduled(
        event_id=event_id,
        correlation_id=started.event_id,
        causation_id=started.event_id,
        event_time_us=plan.starts_at_us,
        run_id=plan.run_id,
        injection_id=event_id,
        name=injection.name,
        kind=injection.kind,
        target=injection.target,
        starts_at_us=starts_at_us,
        ends_at_us=starts_at_us + injection.duration_us,
        parameters_json=msgspec.json.encode(injection.parameters, order="sorted").decode(),
    )


def closing_event(
    started: RunStarted,
    *,
    status: RunStatus,
    reason: str,
    monitor_status: MonitorStatus,
    event_time_us: int,
    ends: Mapping[tuple[str, int], int],
    starts: Mapping[tuple[str, int], int] | None = None,
) -> RunCompleted:
    """Return the event that closes a run and bounds its records, itself included.

    Args:
        ends: the offset after the last record of each partition, before this event.
        starts: the first offset of each partition; 0 where left out, as in a fresh namespace.
    """
    own = (TOPIC, 0)
    return RunCompleted(
        event_id=derive_id(started.event_id, "test-coordinator/completed"),
        correlation_id=started.correlation_id,
        causation_id=started.event_id,
        event_time_us=event_time_us,
        run_id=started.run_id,
        status=status,
        reason=reason,
        monitor_status=monitor_status,
        ranges=tuple(
            PartitionRange(
                topic=place[0],
                partition=place[1],
                start_offset=(starts or {}).get(place, 0),
                end_offset=end + 1 if place == own else end,
            )
            for place, end in sorted(ends.items())
        ),
    )
