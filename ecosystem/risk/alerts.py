"""The life of alerts: raised, escalated, acknowledged, resolved, expired; decisions become events.

One alert for each rule and subject. An alert is escalated when it becomes more severe, and once
each when it has been critical or high for too long or nobody has acknowledged it. One that stays
as it is for very long expires, and is raised anew if its condition still holds. A rule that
raises more alerts in an hour than it may has the rest told in groups, until the hour has room.
"""

from collections import deque
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    RiskAlertAcknowledged,
    RiskAlertEscalated,
    RiskAlertExpired,
    RiskAlertRaised,
    RiskAlertResolved,
    RiskAlertsGrouped,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EscalationReason, EventId
from ecosystem.risk.alert_facts import aged, alert_event_id, expired, inputs_of, resolved, told
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.watch import CRITICAL, QUIET, SEVERITIES, Finding, Watch
from ecosystem.units import DAY_US, HOUR_US, MINUTE_US

_NEVER_US: Final = 2**63 - 1


class AlertTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long an alert may be left as it is, and how many a rule may raise in an hour."""

    critical_after_us: int = 5 * MINUTE_US
    high_after_us: int = 15 * MINUTE_US
    unacknowledged_after_us: int = 10 * MINUTE_US
    expires_after_us: int = DAY_US
    per_hour: int = 50


class AlertBook:
    """All watches. Decisions become events, and only events change a watch."""

    def __init__(self, limit_version: int, times: AlertTimes | None = None) -> None:
        self.limit_version = limit_version
        self.times = times or AlertTimes()
        self.due_us = _NEVER_US
        """Event time from which `wake` may have something to say."""
        self.revision = 0
        """Rises whenever the bounds of a watch may have changed."""
        self._watches: dict[tuple[str, str], Watch] = {}
        self._raised_us: dict[str, deque[int]] = {}
        """When each rule raised its alerts of the last hour."""
        self._active: tuple[Watch, ...] | None = ()
        """The watches that have an alert; None until somebody asks after one has changed."""

    def watch(self, rule: str, subject: str, scale: SeverityScale) -> Watch:
        """Return the watch of `rule` over `subject`, new or known."""
        watch = self._watches.get((rule, subject))
        if watch is None:
            watch = self._watches[rule, subject] = Watch(rule, subject, scale)
        return watch

    def rescale(self, rule: str, scale: SeverityScale) -> None:
        """Give the watches of a rule another scale."""
        self.revision += 1
        for watch in self._watches.values():
            if watch.rule == rule:
                watch.rescale(scale)

    def watches(self) -> tuple[Watch, ...]:
        """Return every watch, in the order in which they began."""
        return tuple(self._watches.values())

    def active(self) -> tuple[Watch, ...]:
        """Return the watches that have an alert, in the order in which they began."""
        if self._active is None:
            self._active = tuple(
                watch for watch in self._watches.values() if watch.alert_id is not None
            )
        return self._active

    def active_count(self) -> int:
        """Return how many alerts are active."""
        return len(self.active())

    def decide(self, finding: Finding, trigger: Event) -> Event | None:
        """Return the event that follows from a finding, already taken in, or None."""
        watch = finding.watch
        level = watch.scale.level(finding.utilisation_e8)
        event: Event | None = None
        if watch.alert_id is None:
            if level > QUIET and not watch.cools(level, trigger.event_time_us):
                event = self._raised_or_grouped(finding, level, trigger)
        elif finding.utilisation_e8 < watch.scale.clear_e8:
            event = resolved(finding, watch.alert_id, trigger)
        elif level > watch.level:
            event = self._escalated(finding, watch.alert_id, level, trigger)
        if event is not None:
            self.evolve(event)
        return event

    def wake(self, trigger: Event) -> list[Event]:
        """Return what follows from the age of alerts at the time of `trigger`, taken in."""
        now_us = trigger.event_time_us
        found: list[Event] = []
        for watch in self.active():
            last = watch.told
            assert last is not None, "an active alert has been told"
            if now_us - watch.level_since_us >= self.times.expires_after_us:
                found.append(expired(watch, last, trigger, "it stayed as it is for too long"))
            else:
                found += [
                    aged(watch, last, trigger, reason)
                    for reason, due_us in self._ages(watch)
                    if now_us >= due_us
                ]
        for event in found:
            self.evolve(event)
        self.due_us = min(
            (due_us for watch in self.active() for due_us in self._dues(watch)), default=_NEVER_US
        )
        return found

    def acknowledge(
        self, alert_id: EventId, author: str, note: str, request_id: EventId, now_us: int
    ) -> RiskAlertAcknowledged:
        """Return the fact that a person took note of an active alert, already taken in.

        Args:
            request_id: the id of the fact.

        Raises:
            InvalidInputError: there is no such active alert, or it was acknowledged before.
        """
        watch = next((one for one in self.active() if one.alert_id == alert_id), None)
        if watch is None or watch.told is None:
            raise InvalidInputError(f"alert {alert_id.hex()}: no active alert has this id")
        if watch.acknowledged:
            raise InvalidInputError(f"alert {alert_id.hex()}: it was acknowledged before")
        event = RiskAlertAcknowledged(
            event_id=request_id,
            correlation_id=watch.told.correlation_id,
            causation_id=watch.told.event_id,
            event_time_us=max(now_us, watch.told.event_time_us),
            alert_id=alert_id,
            rule=watch.rule,
            subject=watch.subject,
            author=author,
            note=note,
        )
        self.evolve(event)
        return event

    def drop(self, rule: str, trigger: Event) -> list[Event]:
        """Return the ends of the alerts of a rule that is switched off, taken in."""
        found: list[Event] = [
            expired(watch, watch.told, trigger, "its rule was switched off")
            for watch in self.active()
            if watch.rule == rule and watch.told is not None
        ]
        for event in found:
            self.evolve(event)
        return found

    def evolve(self, event: Event) -> None:
        """Take in an alert event, just decided or from the log.

        Events of rules that are no longer configured change nothing.
        """
        key = (getattr(event, "rule", ""), getattr(event, "subject", ""))
        watch = self._watches.get(key)
        if watch is None:
            return
        self._active = None
        self.revision += 1
        match event:
            case RiskAlertRaised() | RiskAlertEscalated() if event.severity in SEVERITIES:
                if isinstance(event, RiskAlertRaised):
                    self._recent(watch.rule, event.event_time_us).append(event.event_time_us)
                watch.raised(event)
                self.due_us = min(self.due_us, *self._dues(watch))
            case RiskAlertAcknowledged() if event.alert_id == watch.alert_id:
                watch.acknowledged = True
            case RiskAlertResolved():
                watch.resolved(event.event_time_us)
            case RiskAlertExpired():
                watch.expired()
            case RiskAlertsGrouped():
                watch.held_until_us = event.since_us + HOUR_US
            case _:
                pass

    def _dues(self, watch: Watch) -> list[int]:
        return [
            watch.level_since_us + self.times.expires_after_us,
            *(due_us for _, due_us in self._ages(watch)),
        ]

    def _ages(self, watch: Watch) -> list[tuple[EscalationReason, int]]:
        times = self.times
        ages: list[tuple[EscalationReason, int]] = []
        if watch.level == CRITICAL:
            ages.append(("CRITICAL_PERSISTS", watch.level_since_us + times.critical_after_us))
        elif watch.level == SEVERITIES.index("HIGH"):
            ages.append(("HIGH_PERSISTS", watch.level_since_us + times.high_after_us))
        if not watch.acknowledged:
            ages.append(("UNACKNOWLEDGED", watch.raised_us + times.unacknowledged_after_us))
        return [(reason, due_us) for reason, due_us in ages if reason not in watch.escalated]

    def _recent(self, rule: str, now_us: int) -> deque[int]:
        raised_us = self._raised_us.setdefault(rule, deque())
        while raised_us and raised_us[0] <= now_us - HOUR_US:
            raised_us.popleft()
        return raised_us

    def _raised_or_grouped(self, finding: Finding, level: int, trigger: Event) -> Event | None:
        watch, now_us = finding.watch, trigger.event_time_us
        if now_us < watch.held_until_us:
            return None
        recent = self._recent(watch.rule, now_us)
        if len(recent) < self.times.per_hour:
            event_id = alert_event_id(trigger, "raised", watch)
            return told(
                RiskAlertRaised, event_id, event_id, finding, level, trigger, self.limit_version
            )
        return RiskAlertsGrouped(
            event_id=alert_event_id(trigger, "grouped", watch),
            correlation_id=trigger.correlation_id,
            causation_id=trigger.event_id,
            event_time_us=now_us,
            rule=watch.rule,
            subject=watch.subject,
            severity=SEVERITIES[level],
            alerts_count=len(recent) + 1,
            since_us=recent[0],
            inputs=inputs_of(finding, trigger),
            message=(
                f"{watch.rule} raised {len(recent)} alerts within an hour;"
                f" held back: {finding.message}"
            ),
        )

    def _escalated(
        self, finding: Finding, alert_id: EventId, level: int, trigger: Event
    ) -> RiskAlertEscalated:
        event_id = alert_event_id(trigger, "escalated", finding.watch)
        return told(
            RiskAlertEscalated, event_id, alert_id, finding, level, trigger, self.limit_version
        )
