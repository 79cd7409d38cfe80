"""Ten levels on each side of a quote: the consolidated depth behind the touch."""

from typing import Final

from ecosystem.ahead import Ahead
from ecosystem.instruments import Instrument
from ecosystem.market_data.quotes import DEPTHS_E8
from ecosystem.rng import Stream

LEVELS: Final = 10

_SPACING_OF_PRICE: Final = 20_000
"""Levels lie half a basis point apart, or a tick where that is more."""
_SHIFTS: Final = tuple(range(0, 7 * (LEVELS - 1), 7))
"""Where in the 64 bits of a draw the seven of each level behind the touch lie."""

Level = tuple[int, int]
"""A price and the quantity at it."""
Side = tuple[tuple[int, ...], tuple[int, ...]]
"""Prices, best first, and the quantities at them."""


class DepthModel:
    """Draws the levels behind the quotes of one instrument.

    Quantities grow with the distance and have chance in them: from three quarters of the mean at
    the touch at the second level to eleven quarters at the tenth, times a half to three halves.
    """

    __slots__ = ("_behind", "_draws", "_lot_e8", "_tick_e8", "_units")

    def __init__(self, instrument: Instrument, draws: Stream) -> None:
        shallow_e8, deep_e8 = DEPTHS_E8[instrument.base]
        lots = (shallow_e8 + deep_e8) // 8 // instrument.lot_size_e8
        self._units = tuple(
            (shift, lots * (level + 2))
            for level, shift in zip(range(1, LEVELS), _SHIFTS, strict=True)
        )
        self._lot_e8 = instrument.lot_size_e8
        self._tick_e8 = instrument.tick_size_e8
        self._draws = draws
        self._behind = Ahead(self._drawn)

    def sides(self, step: int, bid: Level, ask: Level) -> tuple[Side, Side]:
        """Return bids and asks of a step behind the touch."""
        tick_e8 = self._tick_e8
        bid_e8, bid_quantity_e8 = bid
        ask_e8, ask_quantity_e8 = ask
        spacing_e8 = bid_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8 or tick_e8
        bids_behind_e8, asks_behind_e8 = self._behind.of(step)
        return (
            (_prices_e8(bid_e8, -spacing_e8), (bid_quantity_e8, *bids_behind_e8)),
            (_prices_e8(ask_e8, spacing_e8), (ask_quantity_e8, *asks_behind_e8)),
        )

    def _drawn(self, steps: range) -> list[tuple[list[int], list[int]]]:
        first, end, step = 2 * steps.start, 2 * steps.stop, 2 * steps.step
        bids, asks = self._draws.run(first, end, step), self._draws.run(first + 1, end + 1, step)
        return [
            (self._quantities_e8(bid), self._quantities_e8(ask))
            for bid, ask in zip(bids, asks, strict=True)
        ]

    def _quantities_e8(self, bits: int) -> list[int]:
        lot_e8 = self._lot_e8
        return [
            ((units * (64 + (bits >> shift & 0x7F)) >> 7) or 1) * lot_e8
            for shift, units in self._units
        ]


def _prices_e8(best_e8: int, spacing_e8: int) -> tuple[int, ...]:
    # However low the price, every level has one above zero.
    spacing_e8 = max(spacing_e8, -((best_e8 - 1) // LEVELS))
    return tuple(range(best_e8, best_e8 + spacing_e8 * LEVELS, spacing_e8))
