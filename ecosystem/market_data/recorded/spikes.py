"""Spikes: returns far beyond the returns before them, by a scale that spikes do not move."""

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Final

WINDOW: Final = 61
"""Returns that make the scale."""
WARM: Final = 21
"""Returns needed before any can be called a spike."""
TIMES: Final = 12.0
"""A spike is beyond so many scales. Returns of markets have fat tails: six of them are common."""
LEAST: Final = 0.005
"""A move below half a percent is no spike, however calm the market was."""
_MAD_TO_SIGMA: Final = 1.4826
# Of a normal distribution; the median absolute deviation resists up to half of the data being
# outliers (Hampel: The influence curve and its role in robust estimation, JASA 69, 1974).


class Spikes:
    """Tells spikes in a series of prices, one after the other."""

    __slots__ = ("_order", "_price_e8", "_sorted")

    def __init__(self) -> None:
        self._order: deque[float] = deque()
        self._sorted: list[float] = []
        self._price_e8 = 0

    def move(self, price_e8: int) -> tuple[float, float] | None:
        """Return the return to this price and the greatest usual one when it is a spike."""
        before_e8, self._price_e8 = self._price_e8, price_e8
        if not before_e8:
            return None
        found = price_e8 / before_e8 - 1
        limit = self._limit()
        self._remember(abs(found))
        return (found, limit) if abs(found) > limit else None

    def _limit(self) -> float:
        if len(self._sorted) < WARM:
            return math.inf
        return max(LEAST, TIMES * _MAD_TO_SIGMA * self._sorted[len(self._sorted) // 2])

    def _remember(self, size: float) -> None:
        if len(self._order) == WINDOW:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._order.append(size)
        insort(self._sorted, size)
