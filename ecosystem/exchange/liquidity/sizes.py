"""How much the house quotes: a quantity for each level, seeded by the number of the tick."""

from collections.abc import Iterator
from typing import Final

from ecosystem.ahead import Ahead
from ecosystem.instruments import Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8

LEVELS: Final = 10
DEPTH_LEVELS_MAX: Final = 1_000
"""So many levels can be taken between two ticks before the house has no more to show."""
_DRAW_BITS: Final = 6
_DRAWS: Final = 1 << _DRAW_BITS
_FIVE_DRAWS: Final = (1 << 5 * _DRAW_BITS) - 1
_SHIFTS: Final = tuple(range(0, LEVELS * _DRAW_BITS, _DRAW_BITS))
_LOW_SHARE: Final = 200
_HIGH_SHARE: Final = 50
"""A level holds between these parts of the largest order an instrument allows."""
Sides = tuple[tuple[int, ...], tuple[int, ...]]
"""Quantities of the bids and of the asks, best first."""


class Sizes:
    """How much the house quotes in one instrument.

    Args:
        depth_e8: factor of the quantities, of the venue.
    """

    __slots__ = (
        "_best",
        "_lot_e8",
        "_quantities_e8",
        "_stream",
        "most_e8",
    )

    def __init__(self, instrument: Instrument, stream: Stream, depth_e8: int) -> None:
        low_e8 = instrument.quantity_max_e8 // _LOW_SHARE * depth_e8 // E8
        span_e8 = instrument.quantity_max_e8 // _HIGH_SHARE * depth_e8 // E8 - low_e8
        self._lot_e8 = instrument.lot_size_e8
        self._stream = stream
        self._best = Ahead(self._drawn)
        self._quantities_e8 = [
            self._lots_e8(low_e8 + drawn * span_e8 // (_DRAWS - 1)) for drawn in range(_DRAWS)
        ]
        self.most_e8 = LEVELS * max(self._quantities_e8)
        """The most that the best levels of a side can hold."""

    def best_e8(self, number: int) -> Sides:
        """Return the quantities of the best levels of both sides that nothing was taken from."""
        return self._best.of(number)

    def _drawn(self, numbers: range) -> list[Sides]:
        first, end, step = (
            2 * one * DEPTH_LEVELS_MAX for one in (numbers.start, numbers.stop, numbers.step)
        )
        bids = self._stream.run(first, end, step)
        asks = self._stream.run(first + DEPTH_LEVELS_MAX, end + DEPTH_LEVELS_MAX, step)
        return [(self._ten_e8(bid), self._ten_e8(ask)) for bid, ask in zip(bids, asks, strict=True)]

    def _ten_e8(self, bits: int) -> tuple[int, ...]:
        found = self._quantities_e8
        # Numbers of 30 bits are what Python is fastest with.
        near, far = bits & _FIVE_DRAWS, bits >> 5 * _DRAW_BITS & _FIVE_DRAWS
        return (
            found[near & 63],
            found[near >> 6 & 63],
            found[near >> 12 & 63],
            found[near >> 18 & 63],
            found[near >> 24],
            found[far & 63],
            found[far >> 6 & 63],
            found[far >> 12 & 63],
            found[far >> 18 & 63],
            found[far >> 24],
        )

    def quantities_e8(self, number: int, side: int, depth_e8: int) -> Iterator[int]:
        """Yield the quantities of all levels of a side, best first; ten of them from one draw.

        Args:
            depth_e8: factor of the quantities.
        """
        for block in range(DEPTH_LEVELS_MAX // LEVELS):
            bits = self._stream.bits((2 * number + side) * DEPTH_LEVELS_MAX + block)
            for shift in _SHIFTS:
                quantity_e8 = self._quantities_e8[bits >> shift & _DRAWS - 1]
                yield quantity_e8 if depth_e8 == E8 else self._lots_e8(quantity_e8 * depth_e8 // E8)

    def _lots_e8(self, quantity_e8: int) -> int:
        # Whoever quotes at all quotes a lot at the least.
        return max(quantity_e8 // self._lot_e8, 1) * self._lot_e8
