"""Compliance: whether each mandate is kept, told when that changes.

A mandate is a rule with its limit. It is broken when an alert of it becomes critical, that is when
all of the limit is used, and kept again when that alert has ended, so that it does not flicker.
"""

from ecosystem.events.alerts import (
    ComplianceStatusChanged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.envelope import Event
from ecosystem.ids import derive_id
from ecosystem.risk.alert_facts import as_long
from ecosystem.units import E8


class Compliance:
    """The mandates that are broken, by rule and subject."""

    def __init__(self) -> None:
        self.broken: dict[tuple[str, str], ComplianceStatusChanged] = {}

    def follow(self, alert: Event, limit_version: int) -> ComplianceStatusChanged | None:
        """Return the change of status that follows from an alert, taken in; None without one."""
        match alert:
            case RiskAlertRaised() | RiskAlertEscalated() if alert.severity == "CRITICAL":
                if (alert.rule, alert.subject) in self.broken:
                    return None
                compliant, utilisation_e8 = False, alert.utilisation_e8
            case RiskAlertResolved() | RiskAlertExpired():
                before = self.broken.get((alert.rule, alert.subject))
                if before is None:
                    return None
                compliant, utilisation_e8 = True, before.utilisation_e8
                if isinstance(alert, RiskAlertResolved) and alert.limit_e8:
                    utilisation_e8 = alert.measured_e8 * E8 // alert.limit_e8
            case _:
                return None
        event = ComplianceStatusChanged(
            event_id=derive_id(alert.event_id, "risk-monitor/compliance"),
            correlation_id=alert.correlation_id,
            causation_id=alert.event_id,
            event_time_us=alert.event_time_us,
            mandate=alert.rule,
            subject=alert.subject,
            compliant=compliant,
            utilisation_e8=as_long(utilisation_e8),
            limit_version=limit_version,
        )
        self.evolve(event)
        return event

    def evolve(self, event: Event) -> None:
        """Take in a change of status, just decided or from the log."""
        if isinstance(event, ComplianceStatusChanged):
            place = (event.mandate, event.subject)
            if event.compliant:
                self.broken.pop(place, None)
            else:
                self.broken[place] = event
