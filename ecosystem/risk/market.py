"""The market as the monitor knows it: the last good quote of each instrument."""

from collections.abc import Callable
from typing import Final

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import DataQuality

TakeMark = Callable[[PriceTicked, int], None]
"""Takes in a tick and its mid."""


class Market:
    """Follows ticks; what cannot be true was left out before, but for what is late."""

    __slots__ = ("_quality", "marks", "mids_e8", "ticks")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self.mids_e8: dict[str, int] = {}
        """The last mid of each instrument."""
        self.ticks: dict[str, PriceTicked] = {}
        """The last good tick of each instrument."""
        self.marks: Final[dict[str, TakeMark]] = {}
        """What takes in the mid of an instrument that marks something, once it is here."""

    def tick(self, tick: PriceTicked) -> bool:
        """Take in a tick; return whether it can be believed, as none that comes too late can."""
        symbol = tick.instrument
        last = self.ticks.get(symbol)
        if last is not None and tick.event_time_us < last.event_time_us:
            self._quality.note("PRICE_OUT_OF_ORDER", tick)
            return False
        self.ticks[symbol] = tick
        self.mids_e8[symbol] = mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        if (mark := self.marks.get(symbol)) is not None:
            mark(tick, mid_e8)
        return True
