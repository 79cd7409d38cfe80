"""Noise traders: one small trade a second in each book, for no reason at all.

Their trades are functions of the second, so nobody has to remember them: the last price and the
volume of a publication are computed when it is due, and a restored venue computes the same.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ecosystem.instruments import Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8, SECOND_US

_SHARE_OF_MAX: Final = 500
"""The largest trade is this part of the largest order an instrument allows."""
_AT_ONCE: Final = 30
"""Trades of so many seconds are drawn in one go."""


class NoiseTrade(NamedTuple):
    """What a noise trader does in one second."""

    buys: bool
    quantity_e8: int


class Noise:
    """The noise traders of one book.

    Args:
        depth_e8: factor of their quantities, of the venue.
    """

    __slots__ = ("_buys", "_first", "_lot_e8", "_lots", "_lots_max", "_stream")

    def __init__(self, seed: int, venue: str, instrument: Instrument, depth_e8: int) -> None:
        self._stream = Stream(seed, venue, "noise", instrument.symbol)
        self._lot_e8 = instrument.lot_size_e8
        most_e8 = instrument.quantity_max_e8 * depth_e8 // (_SHARE_OF_MAX * E8)
        self._lots_max = max(1, most_e8 // self._lot_e8)
        # The trades of some seconds from the first on, as whoever asks for one asks for the next.
        self._first = 0
        self._lots: Sequence[int] = ()
        self._buys: Sequence[int] = ()

    def trade(self, second: int) -> NoiseTrade:
        """Return the trade of a second of event time."""
        at = self._place(second, second + 1)
        return NoiseTrade(bool(self._buys[at]), self._lots[at] * self._lot_e8)

    def buys(self, second: int) -> bool:
        """Tell whether the trade of a second of event time is a purchase."""
        at = self._place(second, second + 1)
        return bool(self._buys[at])

    def volume_e8(self, after_us: int, until_us: int) -> int:
        """Return what was traded in the seconds that began after `after_us`, up to `until_us`."""
        first, end = after_us // SECOND_US + 1, until_us // SECOND_US + 1
        at = self._place(first, end)
        return sum(self._lots[at : at + end - first]) * self._lot_e8

    def _place(self, first: int, end: int) -> int:
        """Return the place of the trade of a second, after which those before `end` follow."""
        at = first - self._first
        if at < 0 or end - self._first > len(self._lots):
            self._first, at = first, 0
            draws, lots_max = self._stream.run(first, max(end, first + _AT_ONCE)), self._lots_max
            # The product of two uniform numbers: many small trades, few large ones.
            self._lots = [
                1 + ((bits >> 1 & 0xFFFF) * ((bits & 0x1_FFFF_FFFF) >> 17) * lots_max >> 32)
                for bits in draws
            ]
            self._buys = [bits & 1 for bits in draws]
        return at
