"""The risk engine: slices of production events in, alerts out, the same for the same slices."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ecosystem.events.alerts import LimitsChanged
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.breaker import CircuitBreaker
from ecosystem.risk.compliance import Compliance
from ecosystem.risk.event_time import LATE_US, EventTime
from ecosystem.risk.intake.intake import Admit
from ecosystem.risk.limits import Limits, parse_limits
from ecosystem.risk.rule import Judge, Rule
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.state import RiskState
from ecosystem.risk.watch import SEVERITIES, Finding
from ecosystem.slices import Placed, in_slice_order

CRITICAL: Final = SEVERITIES.index("CRITICAL")
_NOBODY: Final[tuple[Judge, ...]] = ()


def _is(event: Event) -> bool:
    return True


def _itself(event: Event) -> Event:
    return event


class RiskEngine:
    """Judges slices one after the other.

    A rule about one instrument, asset or venue is judged at each of its events; a rule about the
    whole portfolio when all events of one event time are taken in, since between two legs of a
    trade, or two ticks of one second, the portfolio has a worth it never had; and a rule about
    what does not happen when event time, whoever brings it, has come far enough.
    """

    def __init__(self, limits: Limits) -> None:
        self.state = RiskState()
        self.quality = self.state.quality
        self.portfolio = self.state.portfolio
        self.book = AlertBook(limits.version, limits.alerts)
        self.breaker = CircuitBreaker(limits.breaker, self.portfolio, self.book)
        self.compliance = Compliance()
        self.rules: dict[str, Rule[Any]] = {}
        self._time = EventTime(self.quality)
        self._now_us = 0
        self._alerts: list[Event] | None = None
        self._pending: list[LimitsChanged] = []
        """Other limits that do not hold yet, in the order in which they were decided."""
        self._configure(limits)

    def _configure(self, limits: Limits) -> None:
        self.book.limit_version = limits.version
        self.book.times = limits.alerts
        self.breaker.limit = limits.breaker
        rules: dict[str, Rule[Any]] = {}
        for name, kind in RULES.items():
            found = limits.rules.get(name)
            if found is None:
                continue
            rule = self.rules.get(name)
            if rule is None:
                rule = kind.rule(found.limit, found.scale, self.state, self.book)
            else:
                rule.configure(found.limit, found.scale)
            rules[name] = rule
        self.rules = rules
        self._whole = [
            rule.judge_whole
            for rule in rules.values()
            if type(rule).judge_whole is not Rule.judge_whole
        ]
        self._of_defects = [
            rule.judge_defects
            for rule in rules.values()
            if type(rule).judge_defects is not Rule.judge_defects
        ]
        self._timed = [
            rule for rule in rules.values() if type(rule).judge_time is not Rule.judge_time
        ]
        self._handlers = self._handlers_by_type()

    def _handlers_by_type(self) -> dict[type[Event], tuple[Admit, tuple[Judge, ...]]]:
        judges: dict[type[Event], list[Judge]] = {ClockAdvanced: []}
        for rule in self.rules.values():
            for kind, judge in rule.judges().items():
                judges.setdefault(kind, []).append(judge)
        takes, guarded = self.state.takes, self.state.intake.guarded
        kinds = dict.fromkeys((*takes, *judges, *self.state.intake.inspected))
        return {
            kind: (
                _itself if kind is ClockAdvanced else guarded(kind, takes.get(kind, _is)),
                tuple(judges.get(kind, _NOBODY)),
            )
            for kind in kinds
        }

    def process_slice(
        self, records: Iterable[Placed], undecodable: Iterable[RecordDeadLettered] = ()
    ) -> list[Event]:
        """Return the alerts that follow from the records of the next slice, in any order given.

        Args:
            undecodable: the dead letters of the slice's records that nobody can decode.
        """
        alerts = self._alerts = []
        self._take(records)
        self._take_undecodable(undecodable)
        return alerts

    def restore_slice(
        self, records: Iterable[Placed], undecodable: Iterable[RecordDeadLettered] = ()
    ) -> None:
        """Take in a slice that was judged before; its alerts come by `restore_alert`."""
        self._alerts = None
        self._take(records)
        self._take_undecodable(undecodable)

    def restore_alert(self, event: Event) -> None:
        """Take in an own event from the log, so that it is known and not decided again."""
        self.book.evolve(event)
        self.breaker.evolve(event)
        self.compliance.evolve(event)
        if isinstance(event, LimitsChanged):
            self.change_limits(event)
            self._apply_limits(self._now_us)

    def change_limits(self, event: LimitsChanged) -> None:
        """Take in other limits, which hold from their event time on.

        Raises:
            InvalidInputError: the text is no limits file; nothing has changed.
        """
        parse_limits(event.limits_toml, f"limits version {event.limit_version}")
        self._pending.append(event)

    def _take(self, records: Iterable[Placed]) -> None:
        handlers, untold = self._handlers, self.quality.untold
        for record in in_slice_order(records):
            event = record.event
            handler = handlers.get(type(event))
            if handler is None:
                continue
            now_us = event.event_time_us
            if now_us != self._now_us:
                now_us = self._time.of(event)
                if now_us > self._now_us:
                    self._move_time(event, now_us)
                    handlers = self._handlers
                    handler = handlers[type(event)]
            admit, judges = handler
            believed = None if now_us < 0 else admit(event)
            if untold:
                self._judge_defects()
            if believed is None:
                continue
            trigger = event
            if now_us != event.event_time_us:
                trigger = msgspec.structs.replace(event, event_time_us=now_us)
            for judge in judges:
                for finding in judge(believed, now_us):
                    self._found(finding, trigger)
        self._judge_whole(self._now_us)

    def _take_undecodable(self, letters: Iterable[RecordDeadLettered]) -> None:
        for letter in sorted(
            letters, key=lambda one: (one.origin_topic, one.origin_partition, one.origin_offset)
        ):
            self.quality.note("RECORD_UNDECODABLE", letter)
        if self.quality.untold:
            self._judge_defects()

    def _judge_defects(self) -> None:
        untold = self.quality.untold
        trigger = untold[-1].event
        if self._now_us:
            trigger = msgspec.structs.replace(trigger, event_time_us=self._now_us)
        for judge in self._of_defects:
            for finding in judge(self._now_us):
                self._found(finding, trigger)
        untold.clear()

    def _move_time(self, event: Event, now_us: int) -> None:
        self._judge_whole(now_us)
        self._now_us = now_us
        self.state.advance(now_us)
        if self._pending:
            self._switch_off(self._apply_limits(now_us), event)
        for rule in self._timed:
            if now_us >= rule.due_us:
                for finding in rule.judge_time(now_us):
                    self._found(finding, event)
        if self._alerts is not None:
            if now_us >= self.book.due_us:
                self._tell(self.book.wake(event))
            if now_us >= self.breaker.due_us:
                self._tell([self.breaker.wake(event)])

    def _apply_limits(self, now_us: int) -> list[str]:
        """Let the pending limits hold whose time has come; return the rules switched off."""
        before = set(self.rules)
        for change in [one for one in self._pending if one.effective_time_us <= now_us]:
            self._pending.remove(change)
            self._configure(parse_limits(change.limits_toml, f"version {change.limit_version}"))
        return sorted(before - set(self.rules))

    def _switch_off(self, rules: Sequence[str], trigger: Event) -> None:
        if self._alerts is not None:
            for rule in rules:
                self._tell(self.book.drop(rule, trigger))

    def _judge_whole(self, now_us: int) -> None:
        trigger = self.state.moved_by
        if trigger is None or self.portfolio.between_legs(now_us):
            return
        self.state.moved_by = None
        if self._now_us - trigger.event_time_us > LATE_US:
            trigger = msgspec.structs.replace(trigger, event_time_us=self._now_us)
        self.portfolio.raise_high_water()
        self.breaker.note(now_us)
        for judge in self._whole:
            for finding in judge():
                self._found(finding, trigger)
        if self._alerts is not None:
            self._tell([self.breaker.judge(trigger)])

    def _found(self, finding: Finding, trigger: Event) -> None:
        if self._alerts is None:
            return
        event = self.book.decide(finding, trigger)
        self._tell([event])
        if finding.watch.level == CRITICAL and event is not None:
            self._tell([self.breaker.judge(trigger)])

    def _tell(self, events: Iterable[Event | None]) -> None:
        assert self._alerts is not None, "nothing is told of what was judged before"
        for event in events:
            if event is not None:
                self._alerts.append(event)
                status = self.compliance.follow(event, self.book.limit_version)
                if status is not None:
                    self._alerts.append(status)
