"""The contract of causality: what an alert names must exist, and must have happened by then."""

from collections.abc import Iterator

import msgspec

from ecosystem.audit.conformance.history import Check, Finding, MonitorHistory, Told, named
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    InputsSilenceObserved,
    LimitsChanged,
    RiskAlertAcknowledged,
)
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId

ROOTS = (
    RiskAlertAcknowledged,
    LimitsChanged,
    InputsSilenceObserved,
    CircuitBreakerOpened,
    CircuitBreakerClosed,
    RecordDeadLettered,
)
"""What a person does, the log itself, or nothing at all; everything else has a cause on the log."""


class _Cause(msgspec.Struct, frozen=True):
    correlation_id: EventId
    event_time_us: int


class _Causes:
    def __init__(self, history: MonitorHistory) -> None:
        self._known = history.known
        self._own = history.own()

    def find(self, named_id: EventId, by: Told) -> _Cause | None:
        """Return what `by` names, unless it is nowhere, or lies behind `by` on its own topic."""
        known = self._known.get(named_id)
        if known is not None:
            return _Cause(known.correlation_id, known.event_time_us)
        told, event = self._own.get(named_id, (by, None))
        behind = told.place.topic == by.place.topic and told.place >= by.place
        if event is None or behind:
            return None
        return _Cause(event.correlation_id, event.event_time_us)


def _is_lawful_root(event: Event) -> bool:
    return event.is_root and isinstance(event, ROOTS)


def _causation(history: MonitorHistory) -> Iterator[Finding]:
    causes = _Causes(history)
    for told, event in history.events():
        if event.is_root and not isinstance(event, ROOTS):
            found = f"{named(event)} names itself as its cause"
            yield Finding(place=told.place, found=found)
        elif not event.is_root and causes.find(event.causation_id, told) is None:
            found = (
                f"{named(event)} has the causation_id {event.causation_id.hex()}, which names no"
                " production event and no earlier one of the monitor's own"
            )
            yield Finding(place=told.place, found=found)


def _correlation(history: MonitorHistory) -> Iterator[Finding]:
    causes = _Causes(history)
    for told, event in history.events():
        cause = None if event.is_root else causes.find(event.causation_id, told)
        due = event.event_id if cause is None else cause.correlation_id
        if (cause is not None or event.is_root) and event.correlation_id != due:
            found = (
                f"{named(event)} has the correlation_id {event.correlation_id.hex()},"
                f" and {due.hex()} is that of its cause"
            )
            yield Finding(place=told.place, found=found)


def _inputs(history: MonitorHistory) -> Iterator[Finding]:
    causes = _Causes(history)
    for told, event in history.events():
        inputs: tuple[EventId, ...] | None = getattr(event, "inputs", None)
        if inputs is None or _is_lawful_root(event):
            continue
        if not inputs or inputs[0] != event.causation_id:
            found = f"{named(event)} does not name its cause as the first of its inputs"
            yield Finding(place=told.place, found=found)
        missing = [one for one in inputs[1:] if causes.find(one, told) is None]
        if missing:
            found = (
                f"{named(event)} names {len(missing)} inputs that are nowhere, the first is"
                f" {missing[0].hex()}"
            )
            yield Finding(place=told.place, found=found)


def _times(history: MonitorHistory) -> Iterator[Finding]:
    causes = _Causes(history)
    for told, event in history.events():
        if event.is_root:
            continue
        for named_id in dict.fromkeys((event.causation_id, *getattr(event, "inputs", ()))):
            cause = causes.find(named_id, told)
            if cause is not None and cause.event_time_us > event.event_time_us:
                early_us = cause.event_time_us - event.event_time_us
                found = (
                    f"{named(event)} happens {early_us} us before {named_id.hex()}, which it names"
                )
                yield Finding(place=told.place, found=found)


CHECKS = (
    Check(
        name="causation",
        asks="causation_id names the event that called for this one: an event on a production"
        " topic, or an earlier one of the monitor's own; only what a person did names itself",
        find=_causation,
    ),
    Check(
        name="correlation",
        asks="correlation_id is copied from the cause",
        find=_correlation,
    ),
    Check(
        name="inputs",
        asks="an alert's inputs name the events that determined its measured value, its cause"
        " first, all of them on the log",
        find=_inputs,
    ),
    Check(
        name="event times",
        asks="nothing happens before its cause or its inputs, in event time",
        find=_times,
    ),
)
