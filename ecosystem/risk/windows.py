"""Sliding windows over event time, constant work for each event."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from ecosystem.events.words import EventId


class EventWindow:
    """Counts what happened within the last `width_us`; the oldest leaves as time passes."""

    __slots__ = ("_seen", "width_us")

    def __init__(self, width_us: int) -> None:
        self.width_us = width_us
        self._seen: deque[tuple[int, EventId]] = deque()

    def add(self, at_us: int, event_id: EventId) -> None:
        """Take in something that happened at `at_us`, not before what was taken in."""
        self._seen.append((at_us, event_id))

    def count(self, now_us: int) -> int:
        """Return how much happened after `now_us - width_us`."""
        seen, since_us = self._seen, now_us - self.width_us
        while seen and seen[0][0] <= since_us:
            seen.popleft()
        return len(seen)

    def latest(self, count: int) -> Sequence[EventId]:
        """Return the ids of the latest `count`, the latest first."""
        return [event_id for _, event_id in islice(reversed(self._seen), count)]
