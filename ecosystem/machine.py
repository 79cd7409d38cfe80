"""The one shape of every simulator: a deterministic machine that owns no clock and no socket."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked

TickFacts = Sequence[tuple[int, Sequence[Event]]]
"""The places of the ticks that something follows from, and what does; the others are left out."""


class Machine(Protocol):
    """Decides which facts follow from a fact.

    A host delivers events, wakes the machine when it is due, and appends what it returns. The
    state changes only in these calls, so the same calls give the same facts.
    """

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        ...

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return the facts that follow from `event`; unknown kinds of event give none.

        Args:
            now_us: event time of the delivery; never before `event.event_time_us`. Returned
                facts carry times at or after it.
        """
        ...

    def due_us(self) -> int | None:
        """Return the event time at which `wake` wants to be called; None when never."""
        ...

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the facts that are due at `now_us`, which is at or after `due_us()`."""
        ...

    def restore(self, event: Event) -> None:
        """Take in an event of the machine's own past, from the log, deciding nothing.

        After the own events of a run in order, the machine goes on as if it had never stopped.
        """
        ...


@runtime_checkable
class TickReader(Protocol):
    """A machine to which ticks of one moment may be handed in one go, which costs less."""

    def handle_ticks(self, ticks: Sequence[PriceTicked], now_us: int) -> TickFacts:
        """Return what `handle` would return for one after the other."""
        ...
