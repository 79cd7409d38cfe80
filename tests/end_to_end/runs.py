"""Helpers of whole runs: plans, what stands on the log afterwards, and short scenarios."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ecosystem.events.control.scenario import RunCompleted
from ecosystem.run import RunPlan
from eventlog.clients import Clients
from eventlog.records import RawRecord, Record
from producers.world.host import Progress
from tse.running.environment import Environment
from tse.running.findings import Findings
from tse.running.plans import world_plan
from tse.running.world_run import WorldOptions, run_world

RunResult = tuple[RunCompleted, Findings]
PRODUCTION: Final = (
    "prices",
    "orders",
    "fills",
    "books",
    "account-requests",
    "balances",
    "settlements",
    "clock",
    "venue-status",
    "risk-alerts",
    "dead-letters",
)
SHORT_CRASH: Final = """
title: Short crash
description: A crash of 8 % in 8 minutes, for tests that need one but not its length.
tags: [test]
duration: 15m
method:
  - inject: crash
    name: crash
    target: market-data
    at: 3m
    for: 8m
    with: {{instruments: [all], change: {change}}}
effect:
  - {{injection: crash, measure: price BTC-USD, deviation: {effect}}}
expect:
  - alert: price_shock
    subject: BTC-USD
    severity: high
    since: {{injection: crash, measure: price BTC-USD, deviation: 1.2%}}
    within: 2m
false-alarms: {{severity: high}}
"""


def short_crash(folder: Path, change: str = "-8%", effect: str = "7%") -> str:
    """Write a short crash scenario and return its path."""
    path = folder / "short-crash.yaml"
    path.write_text(SHORT_CRASH.format(change=change, effect=effect))
    return str(path)


def unwatched(progress: Progress) -> None:
    """Watch nothing but that the run moves."""
    assert progress.slices_done > 0


def run(
    environment: Environment,
    plan: RunPlan,
    options: WorldOptions | None = None,
    on_progress: Callable[[Progress], None] = unwatched,
) -> RunResult:
    """Run a plan and return how it ended and was judged."""
    completed, findings = run_world(environment, plan, options or WorldOptions(), on_progress)
    assert findings is not None
    return completed, findings


def plan_of(scenario: str, seed: int = 1, **more: bool) -> RunPlan:
    """Return a fresh plan."""
    return world_plan(scenario, seed, **more)  # type: ignore[arg-type] # flags only


def raw_records(
    clients: Clients, topics: Sequence[str] = PRODUCTION, principal: str = "replayer"
) -> list[RawRecord]:
    """Return every committed record of the topics, by place."""
    reader = clients.reader(principal, topics)
    ends = reader.end_offsets()
    records: list[RawRecord] = []
    while any(reader.positions()[place] < end for place, end in ends.items()):
        records += reader.poll(0.2)
    reader.close()
    return sorted(records, key=lambda r: (r.topic, r.partition, r.offset))


def records(clients: Clients, topics: Sequence[str] = PRODUCTION) -> list[Record]:
    """Return every decodable record of the topics, by place."""
    return clients.codec.decode_batch(raw_records(clients, topics))[0]


def content(clients: Clients) -> list[tuple[str, int, bytes, bytes]]:
    """Return what a repetition must repeat: every production record but its wall time.

    Offsets are left out: where a monitor's transactions end depends on how often it committed.
    """
    return [(r.topic, r.partition, r.key, r.value) for r in raw_records(clients)]
