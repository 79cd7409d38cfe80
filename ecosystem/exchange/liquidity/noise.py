"""Noise traders: one small trade a second in each book, for no reason at all.

Their trades are functions of the second, so nobody has to remember them: the last price and the
volume of a publication are computed when it is due, and a restored venue computes the same.
"""

from typing import Final, NamedTuple

from ecosystem.instruments import Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US

_SHARE_OF_MAX: Final = 500
"""The largest trade is this part of the largest order an instrument allows."""


class NoiseTrade(NamedTuple):
    """What a noise trader does in one second."""

    buys: bool
    quantity_e8: int


class Noise:
    """The noise traders of one book.

    Args:
        depth_e8: factor of their quantities, of the venue.
    """

    __slots__ = ("_lot_e8", "_lots_max", "_stream")

    def __init__(self, seed: int, venue: str, instrument: Instrument, depth_e8: int) -> None:
        self._stream = Stream(seed, venue, "noise", instrument.symbol)
        self._lot_e8 = instrument.lot_size_e8
        most_e8 = instrument.quantity_max_e8 * depth_e8 // (_SHARE_OF_MAX * E8)
        self._lots_max = max(1, most_e8 // self._lot_e8)

    def trade(self, second: int) -> NoiseTrade:
        """Return the trade of a second of event time."""
        return NoiseTrade(self.buys(second), self._lots(second, second + 1) * self._lot_e8)

    def buys(self, second: int) -> bool:
        """Tell whether the trade of a second of event time is a purchase."""
        return bool(self._stream.bits(second) & 1)

    def volume_e8(self, after_us: int, until_us: int) -> int:
        """Return what was traded in the seconds that began after `after_us`, up to `until_us`."""
        return self._lots(after_us // SECOND_US + 1, until_us // SECOND_US + 1) * self._lot_e8

    def _lots(self, first: int, end: int) -> int:
        draws, lots_max = self._stream.run(first, end), self._lots_max
        lots = len(draws)
        for bits in draws:
            # The product of two uniform numbers: many small trades, few large ones.
            lots += (bits >> 1 & 0xFFFF) * (bits >> 17 & 0xFFFF) * lots_max >> 32
        return lots
