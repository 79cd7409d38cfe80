"""The event time the monitor has reached: it never runs back, and no record alone leaps ahead.

Records of several partitions come a little out of order, and one that is late is still true; only
the time of the monitor stays. A record far ahead of the clock has a wrong time. Until the first
clock there is nothing a time could be measured by.
"""

from typing import Final

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.risk.data_quality import DataQuality
from ecosystem.units import HOUR_US, MINUTE_US

AHEAD_OF_CLOCK_US: Final = HOUR_US
"""A record further ahead of the last clock than this has a wrong time, not a late clock."""
LATE_US: Final = MINUTE_US
"""A record further behind than this is told as a defect of its source."""
IMPLAUSIBLE: Final = -1
_FOREVER_US: Final = 2**63


class EventTime:
    """Follows the times of events."""

    __slots__ = ("_clock_us", "_horizon_us", "_now_us", "_quality", "_suspect_us")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self._now_us = 0
        self._clock_us: int | None = None
        self._horizon_us = _FOREVER_US
        self._suspect_us: int | None = None

    def of(self, event: Event) -> int:
        """Return the time at which an event is judged; `IMPLAUSIBLE` when that cannot be its time.

        A clock that leaps ahead is believed when the next one goes on from there, as after a
        night in which nothing ran.
        """
        at_us = event.event_time_us
        if type(event) is ClockAdvanced and not self._is_clock(at_us):
            self._suspect_us = at_us
            self._quality.note("TIME_IMPLAUSIBLE", event)
            return IMPLAUSIBLE
        if at_us < self._now_us:
            if self._now_us - at_us > LATE_US:
                self._quality.note("TIME_BACKWARDS", event)
            return self._now_us
        if at_us > self._horizon_us:
            self._quality.note("TIME_IMPLAUSIBLE", event)
            return IMPLAUSIBLE
        self._now_us = at_us
        return at_us

    def _is_clock(self, at_us: int) -> bool:
        suspect_us = self._suspect_us
        follows = suspect_us is not None and 0 <= at_us - suspect_us <= AHEAD_OF_CLOCK_US
        if self._clock_us is None or at_us <= self._clock_us + AHEAD_OF_CLOCK_US or follows:
            if self._clock_us is None or at_us > self._clock_us:
                self._clock_us = at_us
                self._horizon_us = at_us + AHEAD_OF_CLOCK_US
            self._suspect_us = None
            return True
        return False
