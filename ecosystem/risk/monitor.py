"""The risk engine: slices of production events in, alerts out, the same for the same slices."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ecosystem.events.alerts import InputsSilenceObserved, LimitsChanged
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.risk.acting import Acting, same_answer
from ecosystem.risk.acts import Act, is_act
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.breaker import CircuitBreaker
from ecosystem.risk.compliance import Compliance
from ecosystem.risk.event_time import LATE_US, EventTime
from ecosystem.risk.headroom import Headroom
from ecosystem.risk.limits import Limits
from ecosystem.risk.pending_limits import PendingLimits
from ecosystem.risk.rule import NEVER_US, Rule
from ecosystem.risk.rules.inputs_silent import InputsSilent
from ecosystem.risk.state import RiskState
from ecosystem.risk.watch import CRITICAL, Finding
from ecosystem.risk.wiring import UNWATCHED, wire
from ecosystem.slices import Placed, events_in_slice_order


class RiskEngine:
    """Judges slices one after the other.

    A rule about one instrument, asset or venue is judged at each of its events; a rule about the
    whole portfolio when all events of one event time are taken in, since between two legs of a
    trade, or two ticks of one second, the portfolio has a worth it never had; and a rule about
    what does not happen when event time, whoever brings it, has come far enough.

    Between two slices it takes acts, which come from outside the production history.

    Args:
        monitor: its instance name.
    """

    def __init__(self, limits: Limits, monitor: str = "risk-monitor") -> None:
        self.state = RiskState()
        self.quality = self.state.quality
        self.portfolio = self.state.portfolio
        self.book = AlertBook(limits.version, limits.alerts)
        self.breaker = CircuitBreaker(limits.breaker, self.portfolio, self.book)
        self.compliance = Compliance()
        self._headroom = Headroom(self.state, self.book, self.breaker)
        self.rules: dict[str, Rule[Any]] = {}
        self._time = EventTime(self.quality)
        self._last: Event | None = None
        """The last event of the latest slice."""
        self._alerts: list[Event] | None = None
        self._pending = PendingLimits()
        self._acting = Acting(monitor, self.book, self.breaker, self._pending)
        self._configure(limits)

    def _configure(self, limits: Limits) -> None:
        self.book.limit_version = limits.version
        self.book.times = limits.alerts
        self.breaker.configure(limits.breaker)
        self._wired = wire(limits, self.rules, self.state, self.book)
        self.rules = self._wired.rules

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
        """Take in an own event from the log, so that it is known and not decided again.

        Slices and own events are restored in the order in which they were first taken in.
        """
        self._alerts = None
        self._acting.remember(event)
        if is_act(event):
            self._take_act(event)
        else:
            self._evolve(event)

    def act(self, act: Act, request_id: EventId) -> Sequence[Event]:
        """Return the facts that answer an act, taken in; the first has the id of the request.

        The same request again has the same answer.

        Raises:
            InvalidInputError: it cannot be, or its request asked for something else before;
                nothing has changed.
        """
        known = self.acted(request_id)
        if known is not None:
            return same_answer(known, act, request_id)
        return self.follow(self._acting.decide(act, request_id, self.reached_us))

    def acted(self, request_id: EventId) -> Sequence[Event] | None:
        """Return the facts that answered a request before; None when it is new."""
        return self._acting.answer(request_id)

    @property
    def reached_us(self) -> int:
        """The latest event time it has seen and believed; 0 before the first event."""
        return self.state.now_us

    def observe_silence(self, silent_for_us: int) -> Sequence[Event]:
        """Return the fact that no input came for so long, and what follows from it, taken in.

        Args:
            silent_for_us: wall time, at least `silence_due_us`.
        """
        assert self._last is not None, "silence is what follows a word"
        return self.follow(self._acting.silence(self._last, silent_for_us, self.reached_us))

    @property
    def silence_due_us(self) -> int | None:
        """The wall time without any input that calls for a word; None when none does."""
        rule = self.rules.get(InputsSilent.name)
        if self._last is None or not isinstance(rule, InputsSilent):
            return None
        return rule.next_silence_us()

    def follow(self, fact: Event) -> Sequence[Event]:
        """Return the fact of an act and what follows from it, all taken in."""
        self._alerts = told = [fact]
        self._take_act(fact)
        for event in told:
            self._acting.remember(event)
        return tuple(told)

    def _take_act(self, fact: Event) -> None:
        self._evolve(fact)
        if isinstance(fact, LimitsChanged):
            self.change_limits(fact)
            self._switch_off(self._apply_limits(self.reached_us), fact)
        elif isinstance(fact, InputsSilenceObserved):
            for judge in self._wired.handlers.get(InputsSilenceObserved, UNWATCHED)[1]:
                for finding in judge(fact, fact.event_time_us):
                    self._found(finding, fact)

    def _evolve(self, event: Event) -> None:
        self.book.evolve(event)
        self.breaker.evolve(event)
        self.compliance.evolve(event)

    def change_limits(self, event: LimitsChanged) -> None:
        """Take in other limits, which hold from their event time on.

        Raises:
            InvalidInputError: the text is no limits file; nothing has changed.
        """
        self._pending.add(event)

    def _take(self, records: Iterable[Placed]) -> None:
        wired, state, untold = self._wired, self.state, self.quality.untold
        handlers = wired.handlers
        events = events_in_slice_order(records)
        self._last = events[-1] if events else self._last
        for event in events:
            handler = handlers.get(type(event))
            if handler is None:
                continue
            now_us = event.event_time_us
            if now_us != state.now_us:
                now_us = self._time.of(event)
                if now_us > state.now_us:
                    self._move_time(event, now_us)
                    wired = self._wired  # with this time other limits may hold
                    handlers = wired.handlers
                    handler = handlers.get(type(event), UNWATCHED)
            admit, judges = handler
            believed = None if now_us < 0 else admit(event)
            if untold:
                self._judge_defects()
            if believed is None:
                continue
            if type(event) is PriceTicked:
                at_ticks = wired.at_ticks if any(wired.heeded) else wired.at_quiet_ticks
                judges = at_ticks[event.instrument]
            for judge in judges:
                if found := judge(believed, now_us):
                    self._found_at(found, event, now_us)
        self._judge_whole(state.now_us)

    def _take_undecodable(self, letters: Iterable[RecordDeadLettered]) -> None:
        for letter in sorted(
            letters, key=lambda one: (one.origin_topic, one.origin_partition, one.origin_offset)
        ):
            self.quality.note("RECORD_UNDECODABLE", letter)
        if self.quality.untold:
            self._judge_defects()

    def _judge_defects(self) -> None:
        untold, now_us = self.quality.untold, self.state.now_us
        event = untold[-1].event
        for judge in self._wired.of_defects:
            if found := judge(now_us):
                self._found_at(found, event, now_us or event.event_time_us)
        untold.clear()

    def _move_time(self, event: Event, now_us: int) -> None:
        state = self.state
        if state.moved_by is not None:
            self._judge_whole(now_us)
        state.advance(now_us)
        if now_us >= self._pending.due_us:
            self._switch_off(self._apply_limits(now_us), event)
        if now_us >= state.wake_us:
            self._judge_timed(now_us, event)
        if self._alerts is not None:
            if now_us >= self.book.due_us:
                self._tell(self.book.wake(event))
            if now_us >= self.breaker.due_us:
                self._tell([self.breaker.wake(event)])

    def _judge_timed(self, now_us: int, event: Event) -> None:
        wake_us = NEVER_US
        for rule in self._wired.timed:
            due_us = rule.due_us
            if now_us >= due_us:
                for finding in rule.judge_time(now_us):
                    self._found(finding, event)
                due_us = rule.due_us
            wake_us = due_us if due_us < wake_us else wake_us
        self.state.wake_us = wake_us

    def _apply_limits(self, now_us: int) -> list[str]:
        """Let the pending limits hold whose time has come; return the rules switched off."""
        before = set(self.rules)
        for limits in self._pending.pop_due(now_us, self.book.limit_version):
            self._configure(limits)
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
        if self.state.now_us - trigger.event_time_us > LATE_US:
            trigger = msgspec.structs.replace(trigger, event_time_us=self.state.now_us)
        self.portfolio.raise_high_water()
        self.breaker.note(now_us)
        self.state.exposure.settle()
        in_room = self._headroom.lasts()
        for judge in self._wired.whole_in_room if in_room else self._wired.whole:
            for finding in judge():
                self._found(finding, trigger)
        if in_room:
            return
        self._headroom.measure(self._wired.exposed)
        if self._alerts is not None:
            self._tell([self.breaker.judge(trigger)])

    def _found_at(self, found: Iterable[Finding], event: Event, now_us: int) -> None:
        trigger = event
        if now_us != event.event_time_us:
            trigger = msgspec.structs.replace(event, event_time_us=now_us)
        for finding in found:
            self._found(finding, trigger)

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
