"""Histories of whole worlds without a broker: what simulators write, placed on topics in slices."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId
from ecosystem.ids import RootIds, run_key
from ecosystem.run import WORLD_STARTS_AT_US, RunPlan, opening_events
from eventlog.catalogue.load import load_catalogue
from producers.desk import DeskSettings
from producers.test_coordinator.scenario_file import load_scenario
from producers.world.session import build_world
from tests.consumers.risk_monitor.worlds import TOPICS, monitor_view, routes
from tests.ecosystem.risk.facts import Placed

QUIET = """
title: Quiet
description: Nothing is injected.
duration: {duration}
method: []
false-alarms: {{severity: high}}
"""


def quiet(duration: str) -> str:
    """Return a scenario without injections."""
    return QUIET.format(duration=duration)


def slices(
    text: str,
    *,
    seed: int = 1,
    strategies: Sequence[str] = (),
    starts_at_us: int = WORLD_STARTS_AT_US,
    altered: set[EventId] | None = None,
) -> Iterator[list[Placed]]:
    """Yield the production records of a scenario's world, each slice ended by the clock.

    Args:
        text: the scenario, in YAML.
        strategies: further ones, as `package.module:Class@account`.
        altered: takes the ids of the events that injections have altered.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        scenario = load_scenario(path)
    desk = DeskSettings(strategies=tuple(strategies))
    plan = RunPlan(
        run_id="world",
        scenario=scenario,
        scenario_text=text,
        seed=seed,
        starts_at_us=starts_at_us,
        settings_json=json.dumps(desk.recorded()),
    )
    key = run_key(seed, "tests")
    events = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
    world = build_world(plan, key, load_catalogue(TOPICS), events)
    for event in opening_events(plan, key):
        world.publish(event)
    place, offsets = routes(monitor_view()).place, dict[tuple[str, int], int]()
    clock_ids, production = RootIds(key, "clock"), set(PRODUCTION_EVENTS)

    def placed(event: Event) -> Placed:
        topic, _, partition = place(event)
        offset = offsets[topic, partition] = offsets.get((topic, partition), -1) + 1
        return Placed(topic, partition, offset, event)

    for number, at_us in enumerate(
        range(plan.starts_at_us + plan.slice_us, plan.ends_at_us + 1, plan.slice_us)
    ):
        written = [one for run in world.run_until(at_us) for one in run.events]
        if altered is not None:
            altered |= {
                one.altered_event_id for one in written if isinstance(one, InjectionApplied)
            }
        records = [placed(event) for event in written if type(event) in production]
        clock_id = clock_ids.root("advance", number)
        records.append(
            placed(
                ClockAdvanced(
                    event_id=clock_id,
                    correlation_id=clock_id,
                    causation_id=clock_id,
                    event_time_us=at_us,
                    clock_sequence=number,
                    ends=(),
                )
            )
        )
        yield records
