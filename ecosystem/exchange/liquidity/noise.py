"""Noise traders: one small trade a second in each book, for no reason at all.

Their trades are functions of the second, so nobody has to remember them: the last price and the
volume of a publication are computed when it is due, and a restored venue computes the same.
"""

from collections.abc import Sequence
from itertools import accumulate
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

    __slots__ = ("_draws", "_first", "_lot_e8", "_lots_max", "_stream", "_sums")

    def __init__(self, seed: int, venue: str, instrument: Instrument, depth_e8: int) -> None:
        self._stream = Stream(seed, venue, "noise", instrument.symbol)
        self._lot_e8 = instrument.lot_size_e8
        most_e8 = instrument.quantity_max_e8 * depth_e8 // (_SHARE_OF_MAX * E8)
        self._lots_max = max(1, most_e8 // self._lot_e8)
        # The chance of some seconds from the first on, and the lots traded in those before each:
        # whoever asks for one asks for the next.
        self._first = 0
        self._draws: Sequence[int] = ()
        self._sums: Sequence[int] = ()

    def trade(self, second: int) -> NoiseTrade:
        """Return the trade of a second of event time."""
        bits = self._bits(second)
        return NoiseTrade(bool(bits & 1), self._lots(bits) * self._lot_e8)

    def buys(self, second: int) -> bool:
        """Tell whether the trade of a second of event time is a purchase."""
        return bool(self._bits(second) & 1)

    def volume_e8(self, after_us: int, until_us: int) -> int:
        """Return what was traded in the seconds that began after `after_us`, up to `until_us`."""
        first, end = after_us // SECOND_US + 1, until_us // SECOND_US + 1
        if first < self._first or end - self._first > len(self._draws):
            self._first = first
            self._draws = self._stream.run(first, max(end, first + _AT_ONCE))
            self._sums = list(accumulate(map(self._lots, self._draws), initial=0))
        sums, at = self._sums, self._first
        return (sums[end - at] - sums[first - at]) * self._lot_e8

    def _bits(self, second: int) -> int:
        at = second - self._first
        return self._draws[at] if 0 <= at < len(self._draws) else self._stream.bits(second)

    def _lots(self, bits: int) -> int:
        # The product of two uniform numbers: many small trades, few large ones.
        return 1 + ((bits >> 1 & 0xFFFF) * (bits >> 17 & 0xFFFF) * self._lots_max >> 32)
