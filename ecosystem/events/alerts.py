"""What the risk monitor says."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import EscalationReason, EventId, PartitionEnd, Severity


class RiskAlertRaised(Event, frozen=True, kw_only=True, gc=False):
    """A rule found its limit used to a notable degree."""

    alert_id: EventId
    rule: str
    subject: str
    severity: Severity
    measured_e8: int
    limit_e8: int
    utilisation_e8: int
    unit: str
    rule_version: int
    limit_version: int
    inputs: tuple[EventId, ...]
    message: str


class RiskAlertEscalated(Event, frozen=True, kw_only=True, gc=False):
    """An active alert became more severe, or has waited too long."""

    alert_id: EventId
    rule: str
    subject: str
    severity: Severity
    measured_e8: int
    limit_e8: int
    utilisation_e8: int
    unit: str
    rule_version: int
    limit_version: int
    inputs: tuple[EventId, ...]
    message: str
    reason: EscalationReason


class RiskAlertAcknowledged(Event, frozen=True, kw_only=True, gc=False):
    """A person took note of an alert."""

    alert_id: EventId
    rule: str
    subject: str
    author: str
    note: str


class RiskAlertResolved(Event, frozen=True, kw_only=True, gc=False):
    """The condition behind an alert is over."""

    alert_id: EventId
    rule: str
    subject: str
    measured_e8: int
    limit_e8: int
    unit: str


class RiskAlertExpired(Event, frozen=True, kw_only=True, gc=False):
    """An alert is no longer followed, though nobody saw its condition end."""

    alert_id: EventId
    rule: str
    subject: str
    reason: str


class RiskAlertsGrouped(Event, frozen=True, kw_only=True, gc=False):
    """Alerts of one rule came so often that they are told together."""

    rule: str
    subject: str
    severity: Severity
    alerts_count: int
    since_us: int
    inputs: tuple[EventId, ...]
    message: str


class LimitsChanged(Event, frozen=True, kw_only=True, gc=False):
    """Somebody gave the monitor other limits."""

    monitor: str
    limit_version: int
    effective_time_us: int
    author: str
    reason: str
    limits_toml: str


class InputsSilenceObserved(Event, frozen=True, kw_only=True, gc=False):
    """No record came from any input for a while, by the monitor's wall clock."""

    monitor: str
    silent_for_us: int
    last_event_id: EventId


class ComplianceStatusChanged(Event, frozen=True, kw_only=True, gc=False):
    """A mandate is kept, or no longer kept, for one subject."""

    mandate: str
    subject: str
    compliant: bool
    utilisation_e8: int
    limit_version: int


class CircuitBreakerOpened(Event, frozen=True, kw_only=True, gc=False):
    """Trading must stop."""

    breaker: str
    cause: str
    measured_e8: int
    limit_e8: int
    unit: str
    reset_time_us: int
    inputs: tuple[EventId, ...]


class CircuitBreakerClosed(Event, frozen=True, kw_only=True, gc=False):
    """Trading may resume."""

    breaker: str
    cause: str
    author: str


class RiskHeartbeat(Event, frozen=True, kw_only=True, gc=False):
    """The monitor has processed every record below these offsets."""

    monitor: str
    slice_sequence: int
    clock_event_id: EventId
    ends: tuple[PartitionEnd, ...]
    events_count: int
    alerts_active_count: int
    undecodable_count: int
    watermark_us: int = 0
    lag_records: int = -1
