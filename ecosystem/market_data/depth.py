"""Ten levels on each side of a quote: the consolidated depth behind the touch."""

from typing import Final

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.lines import Line
from ecosystem.market_data.quotes import DEPTHS_E8, Quote

LEVELS: Final = 10

_SPACING_OF_PRICE: Final = 20_000
"""Levels lie half a basis point apart, or a tick where that is more."""
_FIELDS: Final = 3
_FIELD_BITS: Final = 20

Side = tuple[tuple[int, ...], tuple[int, ...]]
"""Prices, best first, and the quantities at them."""


def sides(line: Line, step: int, quote: Quote) -> tuple[Side, Side]:
    """Return the bids and asks of a step behind a quote, with its quantities at the touch.

    The quantities grow with the distance, with chance in them: twice what the touch may hold at
    the second level, eleven halves at the tenth, times a half to three halves.
    """
    bid_e8, ask_e8, _, bid_quantity_e8, ask_quantity_e8, _ = quote
    tick_e8 = INSTRUMENTS[line.symbol].tick_size_e8
    spacing_e8 = max(tick_e8, bid_e8 // _SPACING_OF_PRICE // tick_e8 * tick_e8)
    return (
        _side(line, 2 * step, bid_e8, -spacing_e8, bid_quantity_e8),
        _side(line, 2 * step + 1, ask_e8, spacing_e8, ask_quantity_e8),
    )


def _side(line: Line, number: int, best_e8: int, spacing_e8: int, quantity_e8: int) -> Side:
    instrument = INSTRUMENTS[line.symbol]
    lot_e8 = instrument.lot_size_e8
    shallow_e8, deep_e8 = DEPTHS_E8[instrument.base]
    unit_e8 = (shallow_e8 + deep_e8) // 4
    prices, quantities = [best_e8], [quantity_e8]
    for level in range(1, LEVELS):
        price_e8 = best_e8 + level * spacing_e8
        if price_e8 <= 0:
            break
        draw, field = divmod(level - 1, _FIELDS)
        if field == 0:
            bits = line.book_draws.bits(number * _FIELDS + draw)
        share = (bits >> field * _FIELD_BITS & 0xF_FFFF) + (1 << _FIELD_BITS - 1)
        drawn_e8 = unit_e8 * (level + 2) * share >> _FIELD_BITS + 1
        prices.append(price_e8)
        quantities.append(max(1, drawn_e8 // lot_e8) * lot_e8)
    return tuple(prices), tuple(quantities)
