"""The risk engine: slices of production events in, alerts out, the same for the same slices."""

from collections.abc import Iterable
from typing import Any, Final

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.risk.alerts import AlertBook, Finding
from ecosystem.risk.limits import Limits
from ecosystem.risk.rule import Judge, Rule
from ecosystem.risk.rules.registry import RULES
from ecosystem.risk.state import RiskState, Take
from ecosystem.slices import Placed, in_slice_order
from ecosystem.units import HOUR_US

AHEAD_OF_CLOCK_US: Final = HOUR_US
"""A record further ahead of the last clock than this has a wrong time, not a late clock."""
_FOREVER_US: Final = 2**63
_NOBODY: Final[tuple[Judge, ...]] = ()


def _is(event: Event) -> bool:
    return True


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
        self.book = AlertBook(limits.version)
        self.rules: list[Rule[Any]] = [
            kind.rule(found.limit, found.scale, self.state, self.book)
            for name, kind in RULES.items()
            if (found := limits.rules.get(name)) is not None
        ]
        self._whole = [
            rule.judge_whole
            for rule in self.rules
            if type(rule).judge_whole is not Rule.judge_whole
        ]
        self._timed = [rule for rule in self.rules if type(rule).judge_time is not Rule.judge_time]
        self._handlers = self._handlers_by_type()
        self._now_us = 0
        self._horizon_us = _FOREVER_US
        self._alerts: list[Event] | None = None

    def _handlers_by_type(self) -> dict[type[Event], tuple[Take, tuple[Judge, ...]]]:
        judges: dict[type[Event], list[Judge]] = {ClockAdvanced: []}
        for rule in self.rules:
            for kind, judge in rule.judges().items():
                judges.setdefault(kind, []).append(judge)
        takes = self.state.takes
        return {
            kind: (takes.get(kind, _is), tuple(judges.get(kind, _NOBODY)))
            for kind in (*takes, *(kind for kind in judges if kind not in takes))
        }

    def process_slice(self, records: Iterable[Placed]) -> list[Event]:
        """Return the alerts that follow from the records of the next slice, in any order given."""
        alerts = self._alerts = []
        self._take(records)
        return alerts

    def restore_slice(self, records: Iterable[Placed]) -> None:
        """Take in a slice that was judged before; its alerts come by `restore_alert`."""
        self._alerts = None
        self._take(records)

    def restore_alert(self, event: Event) -> None:
        """Take in an own alert from the log, so that it is known and not raised again."""
        self.book.evolve(event)

    def _take(self, records: Iterable[Placed]) -> None:
        handlers = self._handlers
        for record in in_slice_order(records):
            event = record.event
            kind = type(event)
            handler = handlers.get(kind)
            if handler is None:
                continue
            now_us = event.event_time_us
            if now_us != self._now_us and not self._time_moves(event, now_us):
                continue
            take, judges = handler
            if not take(event):
                continue
            for judge in judges:
                for finding in judge(event, now_us):
                    self._found(finding, event)
            if kind is ClockAdvanced:
                self._horizon_us = now_us + AHEAD_OF_CLOCK_US
        self._judge_whole(self._now_us)

    def _time_moves(self, event: Event, now_us: int) -> bool:
        """Come to the time of an event; return whether that can be its time."""
        if now_us > self._horizon_us and type(event) is not ClockAdvanced:
            self.quality.note("TIME_IMPLAUSIBLE")
            return False
        self._judge_whole(now_us)
        self._now_us = now_us
        if now_us >= self.portfolio.day_ends_us:
            self.portfolio.start_day(now_us)
        for rule in self._timed:
            if now_us >= rule.due_us:
                for finding in rule.judge_time(now_us):
                    self._found(finding, event)
        return True

    def _judge_whole(self, now_us: int) -> None:
        trigger = self.state.moved_by
        if trigger is None or self.portfolio.between_legs(now_us):
            return
        self.state.moved_by = None
        self.portfolio.raise_high_water()
        for judge in self._whole:
            for finding in judge():
                self._found(finding, trigger)

    def _found(self, finding: Finding, trigger: Event) -> None:
        if self._alerts is None:
            return
        event = self.book.decide(finding, trigger)
        if event is not None:
            self._alerts.append(event)
