"""Sliding windows over event time, constant work for each event."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from ecosystem.events.envelope import Event
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


Sighted = tuple[int, int, Event]
"""When a value was seen, the value, and the event that told it."""


class Extremes:
    """The highest and the lowest value of the last while; constant work for each on average.

    Values that lie between the extremes are only kept until somebody asks.
    """

    __slots__ = ("_highs", "_lows", "_waiting", "keep")

    def __init__(self) -> None:
        # Each holds the candidates for its extreme: from the oldest, the extreme, inwards.
        self._highs: deque[Sighted] = deque()
        self._lows: deque[Sighted] = deque()
        self._waiting: list[Sighted] = []
        self.keep: Callable[[Sighted], None] = self._waiting.append
        """Takes in a value, seen not before those taken in."""

    def __bool__(self) -> bool:
        """Return whether any value was seen."""
        return bool(self._waiting or self._highs)

    def since(self, since_us: int) -> tuple[Sighted, Sighted]:
        """Return the highest and the lowest value from a time on; of equal ones the last.

        What was before is forgotten; at least one value must be from that time on.
        """
        self._fold()
        highs, lows = self._highs, self._lows
        while highs[0][0] < since_us:
            highs.popleft()
        while lows[0][0] < since_us:
            lows.popleft()
        return highs[0], lows[0]

    @property
    def last(self) -> Sighted:
        """The value seen last."""
        return (self._waiting or self._highs)[-1]

    def _fold(self) -> None:
        waiting = self._waiting
        if not waiting:
            return
        # Seen from the end, a value is a candidate where it is beyond all that came after it.
        last = waiting.pop()
        rising, falling = [last], [last]
        high = low = last[1]
        for one in reversed(waiting):
            value = one[1]
            if value > high:
                high = value
                rising.append(one)
            elif value < low:
                low = value
                falling.append(one)
        waiting.clear()
        highs, lows = self._highs, self._lows
        while highs and highs[-1][1] <= rising[-1][1]:
            highs.pop()
        highs.extend(reversed(rising))
        while lows and lows[-1][1] >= falling[-1][1]:
            lows.pop()
        lows.extend(reversed(falling))
