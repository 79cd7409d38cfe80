"""A short history of a monitor that does everything right, to be broken in one place each."""

from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

import msgspec

from ecosystem.audit.conformance.history import Clock, Known, MonitorHistory, Place, Told
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    ComplianceStatusChanged,
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskHeartbeat,
)
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId, PartitionEnd
from ecosystem.ids import derive_id
from ecosystem.units import E8
from tests.ecosystem.risk.facts import at, clock, event_id, tick

SLICES = 4
SLICE_S = 10.0
NOWHERE = event_id("nowhere", 0)
MAY_WRITE = {
    "risk-alerts": frozenset(
        {
            "RiskAlertRaised",
            "RiskAlertEscalated",
            "RiskAlertAcknowledged",
            "RiskAlertResolved",
            "RiskAlertExpired",
            "RiskAlertsGrouped",
            "ComplianceStatusChanged",
            "CircuitBreakerOpened",
            "CircuitBreakerClosed",
            "RiskHeartbeat",
        }
    ),
    "dead-letters": frozenset({"RecordDeadLettered"}),
}
RUBBISH = Place("prices", 1, 0)


class Envelope(TypedDict):
    """What every event begins with."""

    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int


TICKS: Sequence[PriceTicked] = [tick(SLICE_S * n + 3, 60_000 - 900 * n) for n in range(SLICES)]
"""One in each slice, at prices/0 and the offset of its number."""
CLOCKS: Sequence[ClockAdvanced] = [
    msgspec.structs.replace(
        clock(SLICE_S * (n + 1), n),
        ends=(
            PartitionEnd(topic="prices", partition=0, end_offset=n + 1),
            PartitionEnd(topic="prices", partition=1, end_offset=1),
        ),
    )
    for n in range(SLICES)
]


def after(cause: Event, label: str) -> Envelope:
    """Return the envelope of what follows from a cause."""
    return {
        "event_id": derive_id(cause.event_id, label),
        "correlation_id": cause.correlation_id,
        "causation_id": cause.event_id,
        "event_time_us": cause.event_time_us,
    }


def told_of(cause: Event, utilisation_e8: int) -> dict[str, Any]:
    """Return the fields of an alert that a measure calls for."""
    return {
        "rule": "some_rule",
        "subject": "BTC-USD",
        "severity": "CRITICAL" if utilisation_e8 >= E8 else "HIGH",
        "measured_e8": utilisation_e8 * 2 // 100,
        "limit_e8": 2 * E8 // 100,
        "utilisation_e8": utilisation_e8,
        "unit": "ratio",
        "rule_version": 1,
        "limit_version": 1,
        "inputs": (cause.event_id, TICKS[0].event_id),
        "message": "it moved",
    }


RAISED_ID = derive_id(TICKS[1].event_id, "raised")
RAISED = RiskAlertRaised(
    **after(TICKS[1], "raised"), alert_id=RAISED_ID, **told_of(TICKS[1], 92 * E8 // 100)
)
ESCALATED = RiskAlertEscalated(
    **after(TICKS[2], "escalated"),
    alert_id=RAISED_ID,
    reason="SEVERITY",
    **told_of(TICKS[2], 150 * E8 // 100),
)
BROKEN = ComplianceStatusChanged(
    **after(ESCALATED, "compliance"),
    mandate="some_rule",
    subject="BTC-USD",
    compliant=False,
    utilisation_e8=150 * E8 // 100,
    limit_version=1,
)
OPENED = CircuitBreakerOpened(
    **after(TICKS[2], "opened"),
    breaker="portfolio",
    cause="day loss",
    measured_e8=2 * E8,
    limit_e8=E8,
    unit="USD",
    reset_time_us=at(3_600),
    inputs=(TICKS[2].event_id, ESCALATED.event_id),
)
ACKNOWLEDGED = RiskAlertAcknowledged(
    **after(ESCALATED, "acknowledged"),
    alert_id=RAISED_ID,
    rule="some_rule",
    subject="BTC-USD",
    author="someone",
    note="seen",
)
RESOLVED = RiskAlertResolved(
    **after(TICKS[3], "resolved"),
    alert_id=RAISED_ID,
    rule="some_rule",
    subject="BTC-USD",
    measured_e8=0,
    limit_e8=2 * E8 // 100,
    unit="ratio",
)
CLOSED = CircuitBreakerClosed(
    **after(TICKS[3], "closed"), breaker="portfolio", cause="its time is over", author=""
)


def beat(number: int, active_count: int) -> RiskHeartbeat:
    """Return the heartbeat of a slice."""
    closing = CLOCKS[number]
    own = PartitionEnd(topic="clock", partition=0, end_offset=number + 1)
    return RiskHeartbeat(
        **after(closing, "heartbeat"),
        monitor="risk-monitor",
        slice_sequence=number,
        clock_event_id=closing.event_id,
        ends=(own, *closing.ends),
        events_count=2 * (number + 1),
        alerts_active_count=active_count,
        undecodable_count=0,
    )


BEATS = (beat(0, 0), beat(1, 1), beat(2, 1), beat(3, 0))
STORY: Sequence[Event] = (
    BEATS[0],
    RAISED,
    BEATS[1],
    ESCALATED,
    BROKEN,
    OPENED,
    BEATS[2],
    ACKNOWLEDGED,
    RESOLVED,
    CLOSED,
    BEATS[3],
)
"""Everything the monitor says, in the order of the log."""


def key_of(event: Event) -> bytes:
    """Return the key an event should have."""
    for field in ("subject", "breaker", "monitor", "origin_topic"):
        if hasattr(event, field):
            return str(getattr(event, field)).encode()
    return b""


def told(event: Event, offset: int, topic: str = "risk-alerts") -> Told:
    """Return an event as a record of the monitor, written a second after its event time."""
    return Told(
        place=Place(topic, 0, offset),
        record_time_ms=event.event_time_us // 1_000 + 1_000,
        key=key_of(event),
        due_key=key_of(event),
        event=event,
    )


def history(events: Iterable[Event] = STORY, more: Iterable[Told] = ()) -> MonitorHistory:
    """Return a run in which the monitor said these events, and wrote these records besides."""
    told_events = tuple(told(event, offset) for offset, event in enumerate(events))
    places = [(event, Place("prices", 0, n)) for n, event in enumerate(TICKS)]
    clocks = [(event, Place("clock", 0, n)) for n, event in enumerate(CLOCKS)]
    return MonitorHistory(
        monitor="risk-monitor",
        told=(*told_events, *more),
        known={
            event.event_id: Known(
                correlation_id=event.correlation_id,
                event_time_us=event.event_time_us,
                place=place,
            )
            for event, place in (*places, *clocks)
        },
        clocks=tuple(
            Clock(place=place, record_time_ms=event.event_time_us // 1_000, event=event)
            for event, place in zip(CLOCKS, (place for _, place in clocks), strict=True)
        ),
        ends={("prices", 0): SLICES, ("prices", 1): 1, ("clock", 0): SLICES},
        may_write=MAY_WRITE,
        first_heartbeat_within_ms=40_000,
        heartbeat_within_ms=20_000,
    )


def changed(event: Event, **fields: Any) -> list[Event]:
    """Return the story with other fields in one of its events."""
    return [msgspec.structs.replace(event, **fields) if one is event else one for one in STORY]


def without(*events: Event) -> list[Event]:
    """Return the story without some of its events."""
    return [one for one in STORY if not any(one is event for event in events)]


def inserted(event: Event, before: Event) -> list[Event]:
    """Return the story with one event more."""
    return [new for one in STORY for new in ((event, one) if one is before else (one,))]
