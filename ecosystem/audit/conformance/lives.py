"""The contract of an alert: how its life goes, and what it says of measure and limit."""

from collections.abc import Iterator

import msgspec

from ecosystem.audit.conformance.history import Check, Finding, MonitorHistory, named
from ecosystem.audit.verdict import SEVERITIES
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskAlertsGrouped,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.units import E8

_LONG_MAX = 2**63 - 1
_LATER = (RiskAlertEscalated, RiskAlertAcknowledged, RiskAlertResolved, RiskAlertExpired)


class _Active(msgspec.Struct):
    rule: str
    subject: str
    level: int


class Lives:
    """Follows the alerts that are active, event by event."""

    def __init__(self) -> None:
        self.active: dict[EventId, _Active] = {}
        self._ended: set[EventId] = set()
        self._breakers: set[str] = set()

    def follow(self, event: Event) -> str:
        """Take in the next event; return what is wrong with it, empty when nothing is."""
        match event:
            case RiskAlertRaised():
                return self._raised(event)
            case RiskAlertEscalated() | RiskAlertAcknowledged():
                return self._later(event)
            case RiskAlertResolved() | RiskAlertExpired():
                wrong = self._later(event)
                self._ended.add(event.alert_id)
                self.active.pop(event.alert_id, None)
                return wrong
            case CircuitBreakerOpened():
                wrong = "opens a breaker that is open" if event.breaker in self._breakers else ""
                self._breakers.add(event.breaker)
                return wrong
            case CircuitBreakerClosed():
                wrong = "" if event.breaker in self._breakers else "closes a breaker that is closed"
                self._breakers.discard(event.breaker)
                return wrong
            case _:
                return ""

    def _raised(self, event: RiskAlertRaised) -> str:
        wrong = ""
        if event.alert_id != event.event_id:
            wrong = f"has the alert_id {event.alert_id.hex()}, which is not its own event_id"
        elif event.alert_id in self.active or event.alert_id in self._ended:
            wrong = "is raised a second time"
        elif any(
            (one.rule, one.subject) == (event.rule, event.subject) for one in self.active.values()
        ):
            wrong = "is raised while another alert of that rule and subject is active"
        level = SEVERITIES.index(event.severity)
        self.active.setdefault(event.alert_id, _Active(event.rule, event.subject, level))
        return wrong

    def _later(
        self,
        event: RiskAlertEscalated | RiskAlertAcknowledged | RiskAlertResolved | RiskAlertExpired,
    ) -> str:
        alert = self.active.get(event.alert_id)
        if alert is None:
            ended = event.alert_id in self._ended
            state = "has ended before" if ended else "was never raised"
            return f"is about the alert {event.alert_id.hex()}, which {state}"
        if (event.rule, event.subject) != (alert.rule, alert.subject):
            return f"is about an alert that was raised as {alert.rule} {alert.subject}"
        if not isinstance(event, RiskAlertEscalated):
            return ""
        before, alert.level = alert.level, SEVERITIES.index(event.severity)
        if alert.level < before:
            return f"goes from {SEVERITIES[before]} down to {event.severity}"
        if event.reason == "SEVERITY" and alert.level == before:
            return f"gives severity as its reason, and the alert was {event.severity} before"
        return ""


def _life(history: MonitorHistory) -> Iterator[Finding]:
    lives = Lives()
    for told, event in history.events():
        if wrong := lives.follow(event):
            yield Finding(place=told.place, found=f"{named(event)} {wrong}")


def _words(history: MonitorHistory) -> Iterator[Finding]:
    for told, event in history.events():
        wrong = [
            f"an unknown {field}"
            for field in ("severity", "reason")
            if getattr(event, field, "") == "UNKNOWN"
        ]
        wrong += [
            f"an empty {field}"
            for field in ("rule", "subject", "unit", "message", "monitor")
            if getattr(event, field, " ") == ""
        ]
        if wrong:
            yield Finding(place=told.place, found=f"{named(event)} has {' and '.join(wrong)}")


def agrees(measured_e8: int, limit_e8: int, utilisation_e8: int) -> bool:
    """Return whether a utilisation is what measure and limit make of it.

    Measured over limit, or limit over measured where the limit is the least that is allowed;
    each rounded to a unit of its last place, and values too large for a record taken as given.
    """
    measured_e8, limit_e8 = abs(measured_e8), abs(limit_e8)
    if limit_e8 == 0 or _LONG_MAX in (measured_e8, utilisation_e8):
        return True
    return _is_ratio(measured_e8, limit_e8, utilisation_e8) or _is_ratio(
        limit_e8, measured_e8, utilisation_e8
    )


def _is_ratio(over_e8: int, under_e8: int, ratio_e8: int) -> bool:
    # One unit of the ratio is worth `under_e8`, one unit of either of the others at most E8 plus
    # the ratio itself.
    return under_e8 > 0 and abs(ratio_e8 * under_e8 - over_e8 * E8) <= under_e8 + E8 + ratio_e8


def _measures(history: MonitorHistory) -> Iterator[Finding]:
    for told, event in history.events():
        if isinstance(event, RiskAlertRaised | RiskAlertEscalated) and not agrees(
            event.measured_e8, event.limit_e8, event.utilisation_e8
        ):
            found = (
                f"{named(event)} says that {event.measured_e8} of {event.limit_e8} are a"
                f" utilisation of {event.utilisation_e8}"
            )
            yield Finding(place=told.place, found=found)


def _groups(history: MonitorHistory) -> Iterator[Finding]:
    for told, event in history.events():
        if isinstance(event, RiskAlertsGrouped) and event.since_us > event.event_time_us:
            yield Finding(place=told.place, found=f"{named(event)} begins after it was told")


CHECKS = (
    Check(
        name="alert lives",
        asks="an alert is raised once, under its own event_id and one at a time for each rule and"
        " subject; it is escalated upwards, acknowledged, and resolved or expired once, under the"
        " same rule and subject; a breaker opens and closes in turns",
        find=_life,
    ),
    Check(
        name="words",
        asks="severity and reason are among the known ones, and rule, subject, unit, message and"
        " monitor say something",
        find=_words,
    ),
    Check(
        name="measures",
        asks="utilisation_e8 is measured over limit, times 1e8",
        find=_measures,
    ),
    Check(
        name="groups",
        asks="alerts told in a group lie in the past",
        find=_groups,
    ),
)
