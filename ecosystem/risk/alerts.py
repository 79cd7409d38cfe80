"""The life of an alert: raised, escalated, resolved; once for each rule and subject.

Hysteresis keeps an alert from flapping: it is raised at the lowest severity's share of the limit,
resolved only below the lower `clear` share, and never lowered in between. After it is resolved, a
cooldown holds back what is no worse than what was resolved; what is worse is raised at once.
"""

from typing import Final, TypeVar

import msgspec

from ecosystem.events.alerts import RiskAlertEscalated, RiskAlertRaised, RiskAlertResolved
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, Severity
from ecosystem.ids import derive_id
from ecosystem.risk.severity import SeverityScale

SEVERITIES: Final[tuple[Severity, ...]] = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
INPUTS_MAX: Final = 64
"""Inputs named by one alert at most: the trigger first, then in the rule's order."""
QUIET: Final = -1
"""The level of a watch without an alert; otherwise an index into `SEVERITIES`."""
_LONG_MAX: Final = 2**63 - 1
_NEVER_E8: Final = 2**200
_Told = TypeVar("_Told", RiskAlertRaised, RiskAlertEscalated)


class Watch:
    """One rule's watch over one subject: the alert it has, and between which bounds it is quiet."""

    __slots__ = (
        "_lower_e8",
        "_upper_e8",
        "alert_id",
        "level",
        "resolved_at_us",
        "resolved_level",
        "rule",
        "scale",
        "subject",
        "utilisation_e8",
    )

    def __init__(self, rule: str, subject: str, scale: SeverityScale) -> None:
        self.rule = rule
        self.subject = subject
        self.scale = scale
        self.alert_id: EventId | None = None
        self.resolved_at_us = 0
        self.resolved_level = QUIET
        self.utilisation_e8 = 0
        """The last utilisation measured."""
        self._settle(QUIET)

    def stays(self, utilisation_e8: int) -> bool:
        """Note a utilisation; return whether nothing can follow from it."""
        self.utilisation_e8 = utilisation_e8
        return self._lower_e8 <= utilisation_e8 < self._upper_e8

    def _settle(self, level: int) -> None:
        self.level = level
        shares_e8 = self.scale.shares_e8
        self._lower_e8 = -_NEVER_E8 if level == QUIET else self.scale.clear_e8
        self._upper_e8 = shares_e8[level + 1] if level + 1 < len(shares_e8) else _NEVER_E8

    def raised(self, alert_id: EventId, level: int) -> None:
        """Take in that the alert is there, or is more severe."""
        self.alert_id = alert_id
        self._settle(level)

    def resolved(self, at_us: int) -> None:
        """Take in that the alert is over."""
        self.alert_id = None
        self.resolved_at_us = at_us
        self.resolved_level = self.level
        self._settle(QUIET)

    def cools(self, level: int, now_us: int) -> bool:
        """Return whether the cooldown holds back an alert of `level`."""
        over_us = self.resolved_at_us + self.scale.cooldown_us
        return level <= self.resolved_level and now_us < over_us


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule measured where its watch does not stay quiet."""

    watch: Watch
    measured_e8: int
    limit_e8: int
    utilisation_e8: int
    unit: str
    rule_version: int
    inputs: tuple[EventId, ...]
    """The events that determined the measured value, besides the trigger."""
    message: str


class AlertBook:
    """All watches. Decisions become events, and only events change a watch."""

    __slots__ = ("_limit_version", "_watches")

    def __init__(self, limit_version: int) -> None:
        self._limit_version = limit_version
        self._watches: dict[tuple[str, str], Watch] = {}

    def watch(self, rule: str, subject: str, scale: SeverityScale) -> Watch:
        """Return the watch of `rule` over `subject`, new or known."""
        return self._watches.setdefault((rule, subject), Watch(rule, subject, scale))

    def watches(self) -> tuple[Watch, ...]:
        """Return every watch, in the order in which they began."""
        return tuple(self._watches.values())

    def active_count(self) -> int:
        """Return how many alerts are active."""
        return sum(watch.alert_id is not None for watch in self._watches.values())

    def decide(self, finding: Finding, trigger: Event) -> Event | None:
        """Return the event that follows from a finding, already taken in, or None."""
        watch = finding.watch
        level = watch.scale.level(finding.utilisation_e8)
        event: Event | None = None
        if watch.alert_id is None:
            if level > QUIET and not watch.cools(level, trigger.event_time_us):
                event = self._raised(finding, level, trigger)
        elif finding.utilisation_e8 < watch.scale.clear_e8:
            event = _resolved(finding, watch.alert_id, trigger)
        elif level > watch.level:
            event = self._escalated(finding, watch.alert_id, level, trigger)
        if event is not None:
            self.evolve(event)
        return event

    def evolve(self, event: Event) -> None:
        """Take in an alert event, just decided or from the log.

        Events of rules that are no longer configured change nothing.
        """
        match event:
            case RiskAlertRaised() | RiskAlertEscalated():
                watch = self._watches.get((event.rule, event.subject))
                if watch is not None and event.severity in SEVERITIES:
                    watch.raised(event.alert_id, SEVERITIES.index(event.severity))
            case RiskAlertResolved():
                watch = self._watches.get((event.rule, event.subject))
                if watch is not None:
                    watch.resolved(event.event_time_us)
            case _:
                pass

    def _raised(self, finding: Finding, level: int, trigger: Event) -> RiskAlertRaised:
        event_id = _id(trigger, "raised", finding.watch)
        return self._told(RiskAlertRaised, event_id, event_id, finding, level, trigger)

    def _escalated(
        self, finding: Finding, alert_id: EventId, level: int, trigger: Event
    ) -> RiskAlertEscalated:
        event_id = _id(trigger, "escalated", finding.watch)
        return self._told(RiskAlertEscalated, event_id, alert_id, finding, level, trigger)

    def _told(
        self,
        kind: type[_Told],
        event_id: EventId,
        alert_id: EventId,
        finding: Finding,
        level: int,
        trigger: Event,
    ) -> _Told:
        return kind(
            event_id=event_id,
            correlation_id=trigger.correlation_id,
            causation_id=trigger.event_id,
            event_time_us=trigger.event_time_us,
            alert_id=alert_id,
            rule=finding.watch.rule,
            subject=finding.watch.subject,
            severity=SEVERITIES[level],
            measured_e8=_as_long(finding.measured_e8),
            limit_e8=finding.limit_e8,
            utilisation_e8=_as_long(finding.utilisation_e8),
            unit=finding.unit,
            rule_version=finding.rule_version,
            limit_version=self._limit_version,
            inputs=_inputs(finding, trigger),
            message=finding.message,
        )


def _resolved(finding: Finding, alert_id: EventId, trigger: Event) -> RiskAlertResolved:
    return RiskAlertResolved(
        event_id=_id(trigger, "resolved", finding.watch),
        correlation_id=trigger.correlation_id,
        causation_id=trigger.event_id,
        event_time_us=trigger.event_time_us,
        alert_id=alert_id,
        rule=finding.watch.rule,
        subject=finding.watch.subject,
        measured_e8=_as_long(finding.measured_e8),
        limit_e8=finding.limit_e8,
        unit=finding.unit,
    )


def _id(trigger: Event, kind: str, watch: Watch) -> EventId:
    return derive_id(trigger.event_id, f"risk-monitor/{kind}/{watch.rule}/{watch.subject}")


def _inputs(finding: Finding, trigger: Event) -> tuple[EventId, ...]:
    return tuple(dict.fromkeys((trigger.event_id, *finding.inputs)))[:INPUTS_MAX]


def _as_long(value: int) -> int:
    # A record holds 64 bits; absurd input must not stop the monitor.
    return max(-_LONG_MAX, min(_LONG_MAX, value))
