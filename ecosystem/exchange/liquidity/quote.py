"""Where the house stands in one instrument since the last tick.

Most ticks are followed by the next before anybody looks, so a tick is only kept, and the prices
around it are computed for the first one who asks.
"""

from collections import deque
from typing import Final

from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.liquidity.impact import Impact, Memory
from ecosystem.units import E8, SECOND_US

SECONDS_KEPT: Final = 200

SILENT: tuple[int, int] = (0, 0)
"""The touch of a house that does not quote."""


class Quote:
    """The house's quote in one instrument.

    Args:
        step_e8: what prices are multiples of.
        widening_e8: factor of the feed's spread, of the venue.
    """

    __slots__ = (
        "_second_ends_us",
        "_step_e8",
        "_touch_e8",
        "_widening_e8",
        "impact",
        "pending",
        "seconds",
        "since_us",
        "taken",
        "tick",
    )

    def __init__(self, impact: Impact, step_e8: int, widening_e8: int) -> None:
        self._step_e8 = step_e8
        self._widening_e8 = widening_e8
        self._touch_e8: tuple[int, int] | None = SILENT
        self.tick: PriceTicked | None = None
        self.since_us = 0
        self.taken = [0, 0]
        """Quantity taken since the tick: from the bids, from the asks."""
        self.pending: list[tuple[int, int, int]] = []
        """Executions the impact has not yet: time, side (1 when asks were taken), quantity."""
        self.impact = impact
        self.seconds: deque[tuple[PriceTicked, Memory]] = deque(maxlen=SECONDS_KEPT)
        """The ticks that seconds began with, and what the impact remembered then."""
        self._second_ends_us = SECOND_US

    def stand(self, tick: PriceTicked) -> bool:
        """Quote around a tick, and return whether a second of event time began with it.

        Ticks older than the quote are passed over. Executions decided at or after the time of the
        tick count against the new quote, those before it move it: the log tells their times, so a
        restored house that is given the last tick stands where it stood.
        """
        time_us = tick.event_time_us
        if time_us < self.since_us:
            return False
        if self.pending:
            self._fold(time_us)
        self.tick = tick
        self.since_us = time_us
        self._touch_e8 = None
        if time_us < self._second_ends_us:
            return False
        self._second_ends_us = time_us - time_us % SECOND_US + SECOND_US
        self.seconds.append((tick, self.impact.memory))
        return True

    @property
    def number(self) -> int:
        """The sequence of the tick it stands around; 0 before the first."""
        return 0 if self.tick is None else self.tick.feed_sequence

    def touch_e8(self) -> tuple[int, int]:
        """Return the best bid and ask; zeros when the house is silent."""
        touch_e8 = self._touch_e8
        if touch_e8 is None:
            assert self.tick is not None, "it stands around a tick"
            # The memory changes with the next tick at the earliest.
            touch_e8 = self._touch_e8 = self.touch_around_e8(self.tick, self.impact.memory)
        return touch_e8

    def touch_around_e8(self, tick: PriceTicked, memory: Memory) -> tuple[int, int]:
        """Return the best bid and ask around a tick, moved by the impact there was.

        A crossed or empty tick makes the house withdraw until the next.
        """
        feed_bid_e8, feed_ask_e8 = tick.bid_price_e8, tick.ask_price_e8
        half_e8 = (feed_ask_e8 - feed_bid_e8) * (self._widening_e8 - E8) // (2 * E8)
        step_e8 = self._step_e8
        shift_e8 = self.impact.shift_e8(feed_bid_e8, tick.event_time_us, step_e8, memory)
        bid_e8 = (feed_bid_e8 - half_e8 + shift_e8) // step_e8 * step_e8
        ask_e8 = -(-(feed_ask_e8 + half_e8 + shift_e8) // step_e8) * step_e8
        if feed_bid_e8 <= 0 or feed_bid_e8 >= feed_ask_e8 or bid_e8 <= 0:
            return SILENT
        return bid_e8, ask_e8

    def _fold(self, before_us: int) -> None:
        """Let the impact take in the executions decided before a time."""
        later = [one for one in self.pending if one[0] >= before_us]
        for time_us, side, quantity_e8 in self.pending[: len(self.pending) - len(later)]:
            self.impact.took(quantity_e8 if side else -quantity_e8, time_us)
        self.pending = later
        self.taken = [0, 0]
        for _, side, quantity_e8 in later:
            self.taken[side] += quantity_e8
