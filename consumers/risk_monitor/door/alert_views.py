"""Views of what the monitor said: alerts with what they rest on, the timeline, limits."""

from typing import Final

from consumers.risk_monitor.door.answers import (
    AcknowledgementAnswer,
    AlertAnswer,
    AlertDetailAnswer,
    LimitsChangeAnswer,
    LimitsTextAnswer,
    TimelineAnswer,
)
from consumers.risk_monitor.door.memory import Case, Told
from doors.fields import decimal
from doors.identity import utc_text
from doors.wording import event_words
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    ComplianceStatusChanged,
    InputsSilenceObserved,
    LimitsChanged,
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskAlertsGrouped,
)
from ecosystem.units import SECOND_US, format_e8

REASONS: Final = {
    "SEVERITY": "more severe",
    "CRITICAL_PERSISTS": "critical for too long",
    "HIGH_PERSISTS": "high for too long",
    "UNACKNOWLEDGED": "not acknowledged in time",
}


def alert(case: Case) -> AlertAnswer:
    """Return an alert as last told."""
    first, last, ended, noted = case.first, case.last, case.ended, case.acknowledged
    return AlertAnswer(
        alert_id=first.alert_id.hex(),
        rule=last.rule,
        subject=last.subject,
        state=case.state,
        severity=last.severity,
        raised_time=utc_text(first.event_time_us),
        told_time=utc_text(last.event_time_us),
        ended_time=None if ended is None else utc_text(ended.event_time_us),
        measured=decimal(last.measured_e8),
        limit=decimal(last.limit_e8),
        utilisation=decimal(last.utilisation_e8),
        unit=last.unit,
        message=last.message,
        escalations_count=sum(isinstance(word, RiskAlertEscalated) for word in case.words),
        acknowledged=None
        if noted is None
        else AcknowledgementAnswer(
            author=noted.author, note=noted.note, time=utc_text(noted.event_time_us)
        ),
    )


def alert_detail(case: Case) -> AlertDetailAnswer:
    """Return an alert with everything it rests on."""
    last = case.last
    return AlertDetailAnswer(
        **alert(case).model_dump(),
        correlation_id=case.first.correlation_id.hex(),
        trigger=case.first.causation_id.hex(),
        inputs=[one.hex() for one in last.inputs],
        rule_version=last.rule_version,
        limit_version=last.limit_version,
        events=[event_words(word) for word in case.words],
    )


def timeline(event: Told) -> TimelineAnswer:
    """Return something the monitor said, in words."""
    title, text = _said(event)
    alert_id = getattr(event, "alert_id", None)
    return TimelineAnswer(
        event_id=event.event_id.hex(),
        event=type(event).__name__,
        time=utc_text(event.event_time_us),
        severity=getattr(event, "severity", None),
        alert_id=alert_id and alert_id.hex(),
        title=title,
        text=text,
    )


def _said(event: Told) -> tuple[str, str]:
    rule, subject = getattr(event, "rule", "").replace("_", " "), getattr(event, "subject", "")
    match event:
        case RiskAlertRaised():
            return f"{rule} on {subject} raised", event.message
        case RiskAlertEscalated():
            why = REASONS.get(event.reason, event.reason)
            return f"{rule} on {subject} escalated: {why}", event.message
        case RiskAlertAcknowledged():
            return f"{rule} on {subject} acknowledged by {event.author}", event.note
        case RiskAlertResolved():
            return f"{rule} on {subject} resolved", f"{_amount(event)} measured"
        case RiskAlertExpired():
            return f"{rule} on {subject} expired", event.reason
        case RiskAlertsGrouped():
            return f"{rule}: {event.alerts_count} alerts told together", event.message
        case ComplianceStatusChanged():
            mandate = event.mandate.replace("_", " ")
            kept = "kept again" if event.compliant else "broken"
            share = f"{format_e8(event.utilisation_e8 * 100, 0)} % of the limit"
            return f"mandate {mandate} on {subject} {kept}", share
        case CircuitBreakerOpened():
            return "circuit breaker opened", event.cause
        case CircuitBreakerClosed():
            return "circuit breaker closed", " by ".join(filter(None, (event.cause, event.author)))
        case InputsSilenceObserved():
            return "all inputs are silent", f"for {event.silent_for_us // SECOND_US} s on the wall"
        case LimitsChanged():
            return f"limits version {event.limit_version} from {event.author}", event.reason


def _amount(event: RiskAlertResolved) -> str:
    if event.unit == "ratio":
        return f"{format_e8(event.measured_e8 * 100, 2)} %"
    return f"{format_e8(event.measured_e8, 4)} {event.unit}"


def limits_change(event: LimitsChanged, now_us: int) -> LimitsChangeAnswer:
    """Return a change of the limits, without its text."""
    return LimitsChangeAnswer(
        event_id=event.event_id.hex(),
        version=event.limit_version,
        time=utc_text(event.event_time_us),
        effective_time=utc_text(event.effective_time_us),
        pending=event.effective_time_us > now_us,
        author=event.author,
        reason=event.reason,
    )


def limits_text(event: LimitsChanged, now_us: int) -> LimitsTextAnswer:
    """Return a change of the limits with its text."""
    return LimitsTextAnswer(
        **limits_change(event, now_us).model_dump(), limits_toml=event.limits_toml
    )
