"""How many orders were sent lately."""

from collections import deque


class RateWindow:
    """The times of the last orders of one strategy, no more of them than the limit."""

    __slots__ = ("_times_us",)

    def __init__(self, orders_max: int) -> None:
        self._times_us: deque[int] = deque(maxlen=orders_max)

    def sent(self, time_us: int) -> None:
        """Take in an order."""
        self._times_us.append(time_us)

    def count(self, now_us: int, window_us: int) -> int:
        """Return how many were sent within the window that ends now."""
        times = self._times_us
        if times and now_us - times[0] < window_us:
            return len(times)
        return sum(now_us - time_us < window_us for time_us in times)
