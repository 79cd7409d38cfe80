"""The machine that says how far event time has come where no host of a world does."""

from collections.abc import Sequence

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.ids import RootIds
from ecosystem.units import SECOND_US


class Clock:
    """Writes `ClockAdvanced` at a steady pace of event time, without offsets.

    Args:
        interval_us: event time between two advances.
    """

    name = "clock"

    def __init__(self, key: bytes, starts_at_us: int, interval_us: int = SECOND_US) -> None:
        self._ids = RootIds(key, self.name)
        self._interval_us = interval_us
        self._due_us = starts_at_us
        self._sequence = 0

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return nothing: time follows from nothing."""
        return ()

    def due_us(self) -> int:
        """Return the event time of the next advance."""
        return self._due_us

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the advance to `now_us`; advances that were missed are not made up for."""
        event_id = self._ids.root("clock", self._sequence)
        event = ClockAdvanced(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=now_us,
            clock_sequence=self._sequence,
            ends=(),
        )
        self._evolve(event)
        return (event,)

    def restore(self, event: Event) -> None:
        """Take in an advance of the past."""
        if isinstance(event, ClockAdvanced):
            self._evolve(event)

    def _evolve(self, event: ClockAdvanced) -> None:
        self._sequence = event.clock_sequence + 1
        self._due_us = event.event_time_us + self._interval_us
