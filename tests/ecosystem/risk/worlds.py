"""Histories of whole worlds without a broker: what simulators write, placed on topics in slices."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import Event
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.ids import RootIds, run_key
from ecosystem.run import WORLD_STARTS_AT_US, RunPlan, opening_events
from ecosystem.trading.gate.limits import DEFAULT_TEXT
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
LARGE_ORDERS = (
    DEFAULT_TEXT.replace("BTC = 0.5", "BTC = 5")
    .replace("usd = 25_000", "usd = 250_000")
    .replace("share = 0.70", "share = 1")
)
"""Limits of the trading engine that let one account trade the perpetual with leverage."""


def quiet(duration: str) -> str:
    """Return a scenario without injections."""
    return QUIET.format(duration=duration)


def slices(
    text: str,
    *,
    seed: int = 1,
    strategies: Sequence[str] = (),
    starts_at_us: int = WORLD_STARTS_AT_US,
) -> Iterator[list[Placed]]:
    """Yield the production records of a scenario's world, each slice ended by the clock.

    Args:
        text: the scenario, in YAML.
        strategies: further ones, as `package.module:Class@account`.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        scenario = load_scenario(path)
    desk = DeskSettings(strategies=tuple(strategies), limits_toml=LARGE_ORDERS)
    plan = RunPlan(
        run_id="world",
        scenario=scenario,
        scenario_text=text,
        seed=seed,
        starts_at_us=starts_at_us,
        settings_json=json.dumps(desk.recorded() if strategies else {}),
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
        records = [
            placed(one.event) for one in world.run_until(at_us) if type(one.event) in production
        ]
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
