"""How much the house quotes: a quantity for each level, seeded by the number of the tick."""

from collections.abc import Iterator
from typing import Final

from ecosystem.instruments import Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8

LEVELS: Final = 10
DEPTH_LEVELS_MAX: Final = 1_000
"""So many levels can be taken between two ticks before the house has no more to show."""
_DRAW_BITS: Final = 6
_DRAW_MAX: Final = (1 << _DRAW_BITS) - 1
_LOW_SHARE: Final = 200
_HIGH_SHARE: Final = 50
"""A level holds between these parts of the largest order an instrument allows."""


class Sizes:
    """How much the house quotes in one instrument."""

    __slots__ = ("_low_e8", "_span_e8", "_stream", "lot_e8")

    def __init__(self, instrument: Instrument, stream: Stream, depth_e8: int) -> None:
        self._low_e8 = instrument.quantity_max_e8 // _LOW_SHARE * depth_e8 // E8
        high_e8 = instrument.quantity_max_e8 // _HIGH_SHARE * depth_e8 // E8
        self._span_e8 = high_e8 - self._low_e8
        self._stream = stream
        self.lot_e8 = instrument.lot_size_e8

    def quantities_e8(self, number: int, side: int, depth_e8: int) -> Iterator[int]:
        """Yield the quantities of the levels of a side, best first; ten of them from one draw."""
        lot_e8 = self.lot_e8
        for block in range(DEPTH_LEVELS_MAX // LEVELS):
            bits = self._stream.bits((2 * number + side) * DEPTH_LEVELS_MAX + block)
            for _ in range(LEVELS):
                quantity_e8 = self._low_e8 + (bits & _DRAW_MAX) * self._span_e8 // _DRAW_MAX
                bits >>= _DRAW_BITS
                if depth_e8 != E8:
                    quantity_e8 = quantity_e8 * depth_e8 // E8
                # Whoever still quotes at all quotes a lot at the least.
                yield max(quantity_e8 // lot_e8, 1) * lot_e8
