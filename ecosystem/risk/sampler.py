"""Returns of mids, sampled on a grid of event time."""

from typing import NamedTuple

from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.units import E8


class Sample(NamedTuple):
    """A mid at a time of the grid, and the tick that told it."""

    at_us: int
    mid_e8: int
    event_id: EventId


class ReturnSampler:
    """Takes the returns of one instrument, one for each interval of the grid.

    A silent instrument has no return, not one of zero, and none spans a silence.
    """

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last: Sample | None = None
        """The last sample; None while the instrument is silent."""

    def take(self, tick: PriceTicked | None, mid_e8: int, now_us: int, every_us: int) -> int | None:
        """Return the return since the last sample, as a fraction scaled by 1e8, or None.

        Args:
            tick: the last one of the instrument.
            every_us: the interval of the grid; an older tick is none.
        """
        before = self.last
        if tick is None or tick.event_time_us < now_us - every_us:
            self.last = None
            return None
        self.last = Sample(now_us, mid_e8, tick.event_id)
        if before is None or now_us - before.at_us >= 2 * every_us:
            return None
        return (mid_e8 - before.mid_e8) * E8 // before.mid_e8
