"""Two venues: buy where it is cheap, sell where it is dear."""

from typing import Final

from ecosystem.trading.contract import E8, INSTRUMENTS, BookQuoted, Place, View, parse_e8
from ecosystem.trading.strategies.legs import (
    CLIP_USD_E8,
    EDGE_E8_MIN,
    after_fee_e8,
    fresh_book,
    take,
)
from ecosystem.venues import VENUES

LEAN_E8_MAX = {"BTC-USD": parse_e8("0.25"), "ETH-USD": 5 * E8}
"""How far opportunities that all point one way may shift an asset from venue to venue."""
_GOT_E16: Final = {venue: after_fee_e8(venue) * E8 for venue in VENUES}
"""What is got for one at a price, by the venue that it is sold at."""
_PAID_E16: Final = {venue: (2 * E8 - after_fee_e8(venue)) * (E8 + EDGE_E8_MIN) for venue in VENUES}
"""What must be got for one at the least, by the venue that it was bought at."""


def pays(buy_at: str, ask_price_e8: int, sell_at: str, bid_price_e8: int) -> bool:
    """Return whether ten basis points or more are left after the fees of both venues."""
    return bid_price_e8 * _GOT_E16[sell_at] >= ask_price_e8 * _PAID_E16[buy_at]


def crossing(view: View, symbol: str, one: str, other: str) -> tuple[Place, ...] | None:
    """Return the two orders of an opportunity between two venues; None when there is none.

    What is bought at the first is looked at first.
    """
    here, there = fresh_book(view, one, symbol), fresh_book(view, other, symbol)
    if here is None or there is None:
        return None
    for cheap, dear in ((here, there), (there, here)):
        ask_e8, bid_e8 = cheap.ask_prices_e8[0], dear.bid_prices_e8[0]
        if pays(cheap.venue, ask_e8, dear.venue, bid_e8):
            legs = _legs(view, symbol, cheap, dear)
            if legs is not None:
                return legs
    return None


def _legs(view: View, symbol: str, cheap: BookQuoted, dear: BookQuoted) -> tuple[Place, ...] | None:
    """As much as both touches hold, both accounts can fund, a clip allows, and the lean leaves."""
    buy_at, sell_at = cheap.venue, dear.venue
    ask_e8, bid_e8 = cheap.ask_prices_e8[0], dear.bid_prices_e8[0]
    instrument = INSTRUMENTS[symbol]
    room_e8 = LEAN_E8_MAX[symbol] - max(
        view.position_e8(symbol, buy_at), -view.position_e8(symbol, sell_at)
    )
    quantity_e8 = min(
        cheap.ask_quantities_e8[0],
        dear.bid_quantities_e8[0],
        view.affordable_e8(buy_at, symbol, "BUY", ask_e8),
        view.affordable_e8(sell_at, symbol, "SELL", bid_e8),
        CLIP_USD_E8 * E8 // ask_e8,
        room_e8,
    )
    quantity_e8 -= quantity_e8 % instrument.lot_size_e8
    if quantity_e8 < instrument.quantity_min_e8:
        return None
    return (
        take(buy_at, symbol, "BUY", quantity_e8, ask_e8),
        take(sell_at, symbol, "SELL", quantity_e8, bid_e8),
    )
