"""The words of the control plane."""

from typing import Literal

import msgspec

from ecosystem.events.words import EventId, Severity

StrategyState = Literal["UNKNOWN", "RUNNING", "STOPPED", "HALTED"]
HostKind = Literal["UNKNOWN", "WORLD", "LIVE"]
RunStatus = Literal["UNKNOWN", "COMPLETED", "ABORTED"]
MonitorStatus = Literal["UNKNOWN", "ANSWERED", "SILENT", "ABSENT"]
Verdict = Literal["UNKNOWN", "PASS", "MISSED", "LATE", "FALSE_ALARM", "INVALID", "ABORTED", "ERROR"]


class PartitionRange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The records of one partition that belong to a run."""

    topic: str
    partition: int
    start_offset: int
    end_offset: int


class Hop(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event of a causal chain, with where it lies on the log."""

    hop_event_id: EventId
    hop_causation_id: EventId
    event_type: str
    topic: str
    partition: int
    offset: int
    hop_time_us: int
    record_time_ms: int


class ExpectationResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How one expectation of the scenario came out."""

    name: str
    injection: str
    rule: str
    subject: str
    severity: Severity
    outcome: Verdict
    condition_time_us: int | None
    within_us: int
    alert_event_id: EventId | None
    event_latency_us: int | None
    wall_latency_ms: int | None


class InjectionResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one injection did to the market."""

    injection_id: EventId
    name: str
    kind: str
    applied_count: int
    first_event_id: EventId | None
    first_event_time_us: int | None
    effect_time_us: int | None


class UnlinkedAlert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An alert that no injection explains, and why."""

    alert_event_id: EventId
    alert_time_us: int
    rule: str
    subject: str
    severity: Severity
    reason: str
