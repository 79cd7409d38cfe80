"""Which faults act on the custodian, asked at the one place each of them alters."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from ecosystem.custodian.faults import delay, failure, holiday, offline, rejection, slowness
from ecosystem.custodian.faults.delay import Delay
from ecosystem.custodian.faults.failure import FailureDraw
from ecosystem.custodian.faults.holiday import ClosedDays
from ecosystem.custodian.faults.offline import Offline
from ecosystem.custodian.faults.rejection import RejectionDraw
from ecosystem.custodian.faults.slowness import Slowness
from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId, SettlementKind
from ecosystem.injections import Injection, Injections
from ecosystem.units import E8, MINUTE_US

Fault = Delay | FailureDraw | RejectionDraw | ClosedDays | Slowness | Offline
_Kind = TypeVar("_Kind", Delay, FailureDraw, RejectionDraw, ClosedDays, Slowness, Offline)


class Faults:
    """The injections of one custodian."""

    __slots__ = ("_injections",)

    def __init__(self, name: str, seed: int) -> None:
        self._injections: Injections[Fault] = Injections(
            name,
            {
                delay.KIND: delay.read,
                failure.KIND: partial(failure.read, seed=seed),
                rejection.KIND: partial(rejection.read, seed=seed),
                holiday.KIND: holiday.read,
                slowness.KIND: slowness.read,
                offline.KIND: offline.read,
            },
        )

    def learn(self, event: Event) -> None:
        """Take in a schedule, a call to end, or an own note."""
        self._injections.learn(event)

    def due_us(self) -> int | None:
        """Return when the next end is to be announced."""
        return self._injections.due_us()

    def ended(self, now_us: int) -> Sequence[InjectionEnded]:
        """Return the ends to announce, already taken in."""
        return self._injections.ended(now_us)

    def offline(self, at_us: int) -> Injection[Fault] | None:
        """Return what keeps the custodian down at a moment; of several the last to end."""
        found = [one for one, _ in self._active(Offline, at_us)]
        return max(found, key=lambda one: one.ends_at_us, default=None)

    def offline_from_us(self) -> int | None:
        """Return when the next outage that is not over begins, or began."""
        return min(
            (
                one.scheduled.starts_at_us
                for one in self._injections
                if isinstance(one.fault, Offline) and not one.ended
            ),
            default=None,
        )

    def closed(self, at_us: int) -> tuple[Injection[Fault], frozenset[int]] | None:
        """Return the days declared to be closed, as known at a moment."""
        found = self._active(ClosedDays, at_us)
        if not found:
            return None
        return found[0][0], frozenset(day for _, fault in found for day in fault.days)

    def delay(self, kind: SettlementKind, at_us: int) -> tuple[Injection[Fault], Delay] | None:
        """Return what puts off a settlement that is due at a moment: the longest delay."""
        found = [one for one in self._active(Delay, at_us) if one[1].hits(kind)]
        return max(found, key=lambda one: one[1].delay_us, default=None)

    def failure(
        self, kind: SettlementKind, number: int, at_us: int
    ) -> tuple[Injection[Fault], FailureDraw] | None:
        """Return what makes a settlement fail that is due at a moment."""
        found = (one for one in self._active(FailureDraw, at_us) if one[1].hits(kind, number))
        return next(found, None)

    def rejection(
        self, transfer_id: EventId, at_us: int
    ) -> tuple[Injection[Fault], RejectionDraw] | None:
        """Return what makes a transfer refused that was asked for at a moment."""
        found = (one for one in self._active(RejectionDraw, at_us) if one[1].hits(transfer_id))
        return next(found, None)

    def slowness(self, worth_usd_e8: int, at_us: int) -> tuple[Injection[Fault], Slowness] | None:
        """Return what slows an approval that was to be given at a moment: the largest factor."""
        found = [one for one in self._active(Slowness, at_us) if one[1].from_usd_e8 <= worth_usd_e8]
        return max(found, key=lambda one: one[1].factor_e8, default=None)

    def note(
        self,
        injection: Injection[Fault],
        altered: Event,
        measure: str,
        values_e8: tuple[int, int],
    ) -> InjectionApplied | None:
        """Return the note that an event was altered; None when it was not.

        Args:
            values_e8: unaltered and altered.
        """
        if values_e8[0] == values_e8[1]:
            return None
        return self._injections.applied(
            injection, altered, measure, unaltered_e8=values_e8[0], altered_e8=values_e8[1]
        )

    def _active(self, kind: type[_Kind], at_us: int) -> list[tuple[Injection[Fault], _Kind]]:
        return [
            (one, one.fault)
            for one in self._injections.active(at_us)
            if isinstance(one.fault, kind)
        ]


def minutes_e8(duration_us: int) -> int:
    """Return a duration as minutes scaled by 1e8."""
    return duration_us * E8 // MINUTE_US
