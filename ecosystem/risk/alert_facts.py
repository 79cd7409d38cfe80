"""The facts of an alert's life, each named after what caused it."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from ecosystem.events.alerts import (
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EscalationReason, EventId
from ecosystem.ids import derive_id
from ecosystem.risk.watch import SEVERITIES, Finding, Watch
from ecosystem.units import MINUTE_US

AGED: Final[Mapping[EscalationReason, str]] = {
    "CRITICAL_PERSISTS": "critical",
    "HIGH_PERSISTS": "high",
    "UNACKNOWLEDGED": "not acknowledged",
}
INPUTS_MAX: Final = 64
"""Inputs named by one alert at most: the trigger first, then in the rule's order."""
_LONG_MAX: Final = 2**63 - 1
_Told = TypeVar("_Told", RiskAlertRaised, RiskAlertEscalated)


def told(
    kind: type[_Told],
    event_id: EventId,
    alert_id: EventId,
    finding: Finding,
    level: int,
    trigger: Event,
    limit_version: int,
) -> _Told:
    fields: dict[str, Any] = {"reason": "SEVERITY"} if kind is RiskAlertEscalated else {}
    return kind(
        event_id=event_id,
        correlation_id=trigger.correlation_id,
        causation_id=trigger.event_id,
        event_time_us=trigger.event_time_us,
        alert_id=alert_id,
        rule=finding.watch.rule,
        subject=finding.watch.subject,
        severity=SEVERITIES[level],
        measured_e8=as_long(finding.measured_e8),
        limit_e8=finding.limit_e8,
        utilisation_e8=as_long(finding.utilisation_e8),
        unit=finding.unit,
        rule_version=finding.rule_version,
        limit_version=limit_version,
        inputs=inputs_of(finding, trigger),
        message=finding.message,
        **fields,
    )


def resolved(finding: Finding, alert_id: EventId, trigger: Event) -> RiskAlertResolved:
    return RiskAlertResolved(
        event_id=alert_event_id(trigger, "resolved", finding.watch),
        correlation_id=trigger.correlation_id,
        causation_id=trigger.event_id,
        event_time_us=trigger.event_time_us,
        alert_id=alert_id,
        rule=finding.watch.rule,
        subject=finding.watch.subject,
        measured_e8=as_long(finding.measured_e8),
        limit_e8=finding.limit_e8,
        unit=finding.unit,
    )


def aged(
    watch: Watch,
    told: RiskAlertRaised | RiskAlertEscalated,
    trigger: Event,
    reason: EscalationReason,
) -> RiskAlertEscalated:
    minutes = (trigger.event_time_us - watch.raised_us) // MINUTE_US
    fields = msgspec.structs.asdict(told) | {
        "event_id": derive_id(told.event_id, f"risk-monitor/aged/{reason}"),
        "correlation_id": trigger.correlation_id,
        "causation_id": trigger.event_id,
        "event_time_us": trigger.event_time_us,
        "inputs": (trigger.event_id, told.event_id),
        "message": f"{AGED[reason]} for {minutes} minutes: {watch.message}",
        "reason": reason,
    }
    return RiskAlertEscalated(**fields)


def expired(
    watch: Watch, told: RiskAlertRaised | RiskAlertEscalated, trigger: Event, reason: str
) -> RiskAlertExpired:
    assert watch.alert_id is not None, "only an active alert expires"
    return RiskAlertExpired(
        event_id=derive_id(told.event_id, "risk-monitor/expired"),
        correlation_id=trigger.correlation_id,
        causation_id=trigger.event_id,
        event_time_us=trigger.event_time_us,
        alert_id=watch.alert_id,
        rule=watch.rule,
        subject=watch.subject,
        reason=reason,
    )


def alert_event_id(trigger: Event, kind: str, watch: Watch) -> EventId:
    return derive_id(trigger.event_id, f"risk-monitor/{kind}/{watch.rule}/{watch.subject}")


def inputs_of(finding: Finding, trigger: Event) -> tuple[EventId, ...]:
    return tuple(dict.fromkeys((trigger.event_id, *finding.inputs)))[:INPUTS_MAX]


def as_long(value: int) -> int:
    """Return a value as near to it as a record can hold."""
    # A record holds 64 bits; absurd input must not stop the monitor.
    return max(-_LONG_MAX, min(_LONG_MAX, value))
