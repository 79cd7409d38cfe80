"""The market as the monitor knows it: the last good quote of each instrument."""

from ecosystem.events.prices import PriceTicked
from ecosystem.risk.data_quality import DataQuality


class Market:
    """Follows ticks; what cannot be true was left out before, but for what is late."""

    __slots__ = ("_quality", "mids_e8", "ticks")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self.mids_e8: dict[str, int] = {}
        """The last mid of each instrument."""
        self.ticks: dict[str, PriceTicked] = {}
        """The last good tick of each instrument."""

    def tick(self, tick: PriceTicked) -> int | None:
        """Take in a tick; return its mid, or None when it comes too late."""
        symbol = tick.instrument
        last = self.ticks.get(symbol)
        if last is not None and tick.event_time_us < last.event_time_us:
            self._quality.note("PRICE_OUT_OF_ORDER", tick)
            return None
        self.ticks[symbol] = tick
        self.mids_e8[symbol] = mid_e8 = (tick.bid_price_e8 + tick.ask_price_e8) // 2
        return mid_e8
