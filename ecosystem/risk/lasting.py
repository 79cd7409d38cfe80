"""The deviation that has lasted: a bad print moves it no more than a good one does."""

from collections import deque

from ecosystem.events.words import EventId

_Stretch = tuple[int, int, EventId]
"""When it ended, the deviation that held until then, and its event."""


class LastingDeviation:
    """Follows a deviation as far as that has stayed on one side for a while.

    It rises to the lowest value of the last while and falls to the highest: what has not been
    reached, or left, all the time has not lasted. A value holds until the next one is told.
    """

    __slots__ = ("_highs", "_last", "_lows", "_since_us", "event_id", "value_e8")

    def __init__(self) -> None:
        # Each holds the candidates for its extreme: from the oldest, the extreme, inwards.
        self._highs: deque[_Stretch] = deque()
        self._lows: deque[_Stretch] = deque()
        self._last: tuple[int, EventId] | None = None
        self._since_us = 0
        self.value_e8 = 0
        self.event_id = EventId(b"")
        """The event whose deviation has lasted."""

    def take(self, now_us: int, deviation_e8: int, event_id: EventId, width_us: int) -> int:
        """Take in a deviation, signed, and return the one that has lasted for `width_us`."""
        highs, lows, last = self._highs, self._lows, self._last
        if last is None:
            self._since_us = now_us
            self._last = (deviation_e8, event_id)
        elif last[0] == deviation_e8:
            # What has lasted and goes on has nothing to follow; what is too old can wait.
            if deviation_e8 == self.value_e8:
                return deviation_e8
        else:
            before_e8, before_id = last
            stretch = (now_us, before_e8, before_id)
            while highs and highs[-1][1] <= before_e8:
                highs.pop()
            highs.append(stretch)
            while lows and lows[-1][1] >= before_e8:
                lows.pop()
            lows.append(stretch)
            self._last = (deviation_e8, event_id)
        since_us = now_us - width_us
        while highs and highs[0][0] <= since_us:
            highs.popleft()
        while lows and lows[0][0] <= since_us:
            lows.popleft()
        if deviation_e8 != self.value_e8 and self._since_us <= since_us:
            self._follow(deviation_e8, event_id)
        return self.value_e8

    def _follow(self, deviation_e8: int, event_id: EventId) -> None:
        if deviation_e8 > self.value_e8:
            lows = self._lows
            if lows and lows[0][1] < deviation_e8:
                _, deviation_e8, event_id = lows[0]
            if deviation_e8 > self.value_e8:
                self.value_e8, self.event_id = deviation_e8, event_id
        else:
            highs = self._highs
            if highs and highs[0][1] > deviation_e8:
                _, deviation_e8, event_id = highs[0]
            if deviation_e8 < self.value_e8:
                self.value_e8, self.event_id = deviation_e8, event_id
