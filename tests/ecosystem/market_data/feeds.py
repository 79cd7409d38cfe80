"""Feeds for tests, with and without a crash."""

import json
from collections import Counter
from collections.abc import Sequence

from ecosystem.events.control.scenario import InjectionCancelRequested, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.market_data.machine import MarketData
from ecosystem.units import SECOND_US

STARTS_AT_US = 1_767_571_200 * SECOND_US
KEY = b"k" * 32
ROOT = EventId(b"r" * 16)


def injection(
    kind: str,
    *,
    starts_s: float = 60,
    lasts_s: float = 300,
    name: str = "",
    **parameters: object,
) -> InjectionScheduled:
    """Return a scheduled fault of the feed; its name is its kind unless told."""
    named = name or kind
    injection_id = EventId(named.encode()[:16].ljust(16, b"-"))
    starts_at_us = STARTS_AT_US + round(starts_s * SECOND_US)
    return InjectionScheduled(
        event_id=injection_id,
        correlation_id=ROOT,
        causation_id=ROOT,
        event_time_us=STARTS_AT_US,
        run_id="run",
        injection_id=injection_id,
        name=named,
        kind=kind,
        target="market-data",
        starts_at_us=starts_at_us,
        ends_at_us=starts_at_us + round(lasts_s * SECOND_US),
        parameters_json=json.dumps(parameters),
    )


def crash(
    change_e8: int = -15_000_000,
    *,
    starts_s: int = 60,
    lasts_s: int = 300,
    instruments: Sequence[str] = ("all",),
    name: str = "crash",
    **more: object,
) -> InjectionScheduled:
    """Return a scheduled crash."""
    return injection(
        "crash",
        starts_s=starts_s,
        lasts_s=lasts_s,
        name=name,
        instruments=instruments,
        change_e8=change_e8,
        **more,
    )


def called_off(
    scheduled: InjectionScheduled | None, at_s: float, number: int = 0
) -> InjectionCancelRequested:
    """Return a request to end an injection, or all of them, at a second."""
    event_id = EventId(b"off-%012d" % number)
    return InjectionCancelRequested(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=STARTS_AT_US + round(at_s * SECOND_US),
        run_id="run",
        injection_id=None if scheduled is None else scheduled.injection_id,
        target="market-data",
        reason="a test",
    )


def feed(seed: int, *injections: InjectionScheduled) -> MarketData:
    """Return a feed that knows these injections."""
    machine = MarketData(KEY, seed, STARTS_AT_US)
    for injection in injections:
        assert not machine.handle(injection, STARTS_AT_US)
    return machine


def run(machine: MarketData, wakes: int) -> list[Event]:
    """Return what the feed publishes when it is woken so often, each time when it is due."""
    events: list[Event] = []
    for _ in range(wakes):
        events.extend(machine.wake(machine.due_us()))
    return events


def ticks(events: Sequence[Event], instrument: str = "") -> list[PriceTicked]:
    """Return the ticks, or those of one instrument."""
    return [
        event
        for event in events
        if isinstance(event, PriceTicked) and instrument in ("", event.instrument)
    ]


def counts(events: Sequence[Event]) -> Counter[str]:
    """Return how many events there are of each type."""
    return Counter(type(event).__name__ for event in events)
