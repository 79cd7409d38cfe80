"""Injections as a machine keeps them: what is scheduled for it, what is active, what was altered.

Every machine that can be made to fail has one `Injections`. It learns what is scheduled and called
off, says what is active, and builds the facts of the control plane, each named after its cause.
A restored machine shows it the same events again, in any order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id

Fault = TypeVar("Fault")
"""What a machine makes of a scheduled injection: its parameters, read and checked."""
_Parameters = TypeVar("_Parameters", bound=msgspec.Struct)


class Injection(Generic[Fault]):
    """One injection of this machine."""

    __slots__ = ("applied_count", "ended", "ends_at_us", "fault", "scheduled")

    def __init__(self, scheduled: InjectionScheduled, fault: Fault) -> None:
        self.scheduled = scheduled
        self.fault = fault
        self.ends_at_us = scheduled.ends_at_us
        """When it is over: as scheduled, or when it was called off."""
        self.applied_count = 0
        self.ended = False
        """Whether its end has been announced."""

    def is_active(self, now_us: int) -> bool:
        """Return whether it applies at `now_us`; its end is not part of it."""
        return self.scheduled.starts_at_us <= now_us < self.ends_at_us


class Injections(Generic[Fault]):
    """The injections of one machine.

    Args:
        target: the machine; what is scheduled for others is none of its business.
        readers: for each kind the machine applies, what makes a fault of the schedule; raises
            `InvalidInputError` when the parameters are not allowed.
    """

    def __init__(
        self, target: str, readers: Mapping[str, Callable[[InjectionScheduled], Fault]]
    ) -> None:
        self._target = target
        self._readers = readers
        self._all: dict[EventId, Injection[Fault]] = {}
        # After a restart the facts may come before the schedule they belong to.
        self._applied_counts: dict[EventId, int] = {}
        self._ended: set[EventId] = set()
        self._cancelled_us: dict[EventId, int] = {}

    def __iter__(self) -> Iterator[Injection[Fault]]:
        """Iterate over all injections, in the order in which they were learned."""
        return iter(self._all.values())

    def learn(self, event: Event) -> None:
        """Take in a schedule, a call to end, or an own fact; other events change nothing.

        Raises:
            InvalidInputError: an injection for this machine that it cannot apply.
        """
        match event:
            case InjectionScheduled() if event.target == self._target:
                self._schedule(event)
            case InjectionCancelRequested() if event.target == self._target:
                self._cancel(event)
            case InjectionApplied():
                self._count(event)
            case InjectionEnded():
                self._ended.add(event.injection_id)
                if (known := self._all.get(event.injection_id)) is not None:
                    known.ended = True
            case _:
                pass

    def active(self, now_us: int) -> list[Injection[Fault]]:
        """Return the injections that apply at `now_us`, in the order in which they were learned."""
        return [injection for injection in self._all.values() if injection.is_active(now_us)]

    def due_us(self) -> int | None:
        """Return when the next end is to be announced; None when there is none."""
        return min((one.ends_at_us for one in self._all.values() if not one.ended), default=None)

    def starts_us(self, now_us: int) -> int | None:
        """Return when the next injection begins after `now_us`; None when there is none."""
        starts = (one.scheduled.starts_at_us for one in self._all.values() if not one.ended)
        return min((start for start in starts if start > now_us), default=None)

    def ended(self, now_us: int) -> Sequence[InjectionEnded]:
        """Return the ends that are to be announced at `now_us`, already taken in."""
        facts = [
            _ended(one, now_us)
            for one in self._all.values()
            if not one.ended and one.ends_at_us <= now_us
        ]
        for fact in facts:
            self.learn(fact)
        return facts

    def applied(
        self,
        injection: Injection[Fault],
        altered: Event,
        measure: str,
        *,
        unaltered_e8: int,
        altered_e8: int,
    ) -> InjectionApplied:
        """Return the note that an injection altered an event, already taken in.

        Args:
            measure: what was altered, e.g. `price BTC-USD`, as scenarios name it.
            unaltered_e8: the value without this machine's injections.
        """
        scheduled = injection.scheduled
        fact = InjectionApplied(
            event_id=derive_id(
                altered.event_id, f"{self._target}/applied/{measure}/{scheduled.name}"
            ),
            correlation_id=scheduled.correlation_id,
            causation_id=scheduled.event_id,
            event_time_us=altered.event_time_us,
            run_id=scheduled.run_id,
            injection_id=scheduled.injection_id,
            altered_event_id=altered.event_id,
            altered_correlation_id=altered.correlation_id,
            measure=measure,
            unaltered_e8=unaltered_e8,
            altered_e8=altered_e8,
        )
        self.learn(fact)
        return fact

    def _schedule(self, scheduled: InjectionScheduled) -> None:
        if scheduled.injection_id in self._all:
            return
        reader = self._readers.get(scheduled.kind)
        if reader is None:
            allowed = ", ".join(sorted(self._readers)) or "none"
            raise InvalidInputError(
                f"injection {scheduled.name!r}: kind {scheduled.kind!r} found; {self._target}"
                f" applies {allowed}"
            )
        injection = Injection(scheduled, reader(scheduled))
        injection_id = scheduled.injection_id
        injection.applied_count = self._applied_counts.get(injection_id, 0)
        injection.ended = injection_id in self._ended
        injection.ends_at_us = min(
            injection.ends_at_us, self._cancelled_us.get(injection_id, injection.ends_at_us)
        )
        self._all[injection_id] = injection

    def _cancel(self, request: InjectionCancelRequested) -> None:
        named = request.injection_id
        at_us = request.event_time_us
        if named is not None:
            self._cancelled_us.setdefault(named, at_us)
        for injection_id, injection in self._all.items():
            if named in (None, injection_id):
                injection.ends_at_us = min(injection.ends_at_us, at_us)

    def _count(self, fact: InjectionApplied) -> None:
        injection_id = fact.injection_id
        count = self._applied_counts.get(injection_id, 0) + 1
        self._applied_counts[injection_id] = count
        if (known := self._all.get(injection_id)) is not None:
            known.applied_count = count


def read_parameters(scheduled: InjectionScheduled, kind: type[_Parameters]) -> _Parameters:
    """Return the parameters of a scheduled injection as a struct that forbids unknown fields.

    Raises:
        InvalidInputError: not the parameters of such an injection.
    """
    try:
        return msgspec.json.decode(scheduled.parameters_json, type=kind)
    except msgspec.DecodeError as error:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: {error}; found {scheduled.parameters_json}"
        ) from error


def check_bounds(scheduled: InjectionScheduled, *bounds: tuple[str, int, int, int]) -> None:
    """Check values against their bounds, each given as name, value, least and greatest.

    Raises:
        InvalidInputError: a value is outside.
    """
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise InvalidInputError(
                f"injection {scheduled.name!r}: {name} {value} found; {low} to {high} is allowed"
            )


def _ended(injection: Injection[Fault], now_us: int) -> InjectionEnded:
    scheduled = injection.scheduled
    return InjectionEnded(
        event_id=derive_id(scheduled.event_id, f"{scheduled.target}/ended"),
        correlation_id=scheduled.correlation_id,
        causation_id=scheduled.event_id,
        event_time_us=now_us,
        run_id=scheduled.run_id,
        injection_id=scheduled.injection_id,
        applied_count=injection.applied_count,
    )
