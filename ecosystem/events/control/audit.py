"""What the auditor found."""

from ecosystem.events.control.words import (
    ExpectationResult,
    Hop,
    InjectionResult,
    MonitorStatus,
    UnlinkedAlert,
    Verdict,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, Severity


class TimelineCompleted(Event, frozen=True, kw_only=True, gc=False):
    """The chain from an injection to an alert is complete."""

    run_id: str
    injection_id: EventId
    alert_event_id: EventId
    rule: str
    subject: str
    severity: Severity
    hops: tuple[Hop, ...]
    event_latency_us: int
    wall_latency_ms: int


class AuditReported(Event, frozen=True, kw_only=True, gc=False):
    """The auditor judged a run."""

    run_id: str
    scenario: str
    seed: int
    verdict: Verdict
    reason: str
    events_count: int
    duplicate_events_count: int
    correlations_count: int
    alerts_count: int
    linked_alerts_count: int
    unlinked_events_count: int
    dead_letters_count: int
    expectations: tuple[ExpectationResult, ...]
    injections: tuple[InjectionResult, ...]
    unlinked_alerts: tuple[UnlinkedAlert, ...]
    events_digest: bytes
    monitor_status: MonitorStatus
