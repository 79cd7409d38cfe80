"""Event time as it passes on the clock on the wall."""

import time
from collections.abc import Callable

from ecosystem.errors import InvalidInputError


def wall_us() -> int:
    """Return the time on the wall, microseconds UTC."""
    return time.time_ns() // 1_000


class LiveClock:
    """Event time that began with wall time at `epoch_us` and runs `scale` times as fast.

    Every service of an environment is given the same epoch and scale, and so agrees on the time.
    With scale 1 event time is wall time.

    Raises:
        InvalidInputError: the scale is not positive.
    """

    def __init__(
        self, epoch_us: int, scale: float = 1.0, wall: Callable[[], int] = wall_us
    ) -> None:
        if scale <= 0:
            raise InvalidInputError(f"clock scale {scale}: numbers above 0 are allowed")
        self.epoch_us = epoch_us
        self.scale = scale
        self._wall = wall

    def now_us(self) -> int:
        """Return the event time now."""
        return self.epoch_us + int((self._wall() - self.epoch_us) * self.scale)

    def wall_s_until(self, event_time_us: int) -> float:
        """Return how many seconds on the wall it is until `event_time_us`; 0 when it is past."""
        return max(0.0, (event_time_us - self.now_us()) / self.scale / 1e6)
