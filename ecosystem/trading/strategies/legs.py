"""Legs of an arbitrage: what an order at a venue's touch gives and takes, fees included."""

from typing import Final

from ecosystem.trading.contract import E8, SECOND_US, BookQuoted, Place, Side, View
from ecosystem.venues import VENUES

EDGE_E8_MIN: Final = E8 // 1000
"""Ten basis points after fees: less is not worth the risk that a leg fails."""
CLIP_USD_E8: Final = 3_000 * E8
"""Most that one opportunity is worth."""
BOOK_AGE_US_MAX: Final = 6 * SECOND_US
"""An older book is none."""
_AFTER_FEE_E8: Final = {venue: E8 - terms.taker_fee_e8 for venue, terms in VENUES.items()}


def fresh_book(view: View, venue: str, symbol: str) -> BookQuoted | None:
    """Return a venue's book if it has both sides and is not old."""
    book = view.book(venue, symbol)
    if book is None or not book.bid_prices_e8 or not book.ask_prices_e8:
        return None
    return book if view.now_us - book.event_time_us <= BOOK_AGE_US_MAX else None


def after_fee_e8(venue: str) -> int:
    """Return what is left of one after the taker's fee."""
    return _AFTER_FEE_E8[venue]


def take(venue: str, symbol: str, side: Side, quantity_e8: int, price_e8: int) -> Place:
    """Return an order that takes what is there at a price or better, and leaves nothing."""
    return Place(
        venue=venue,
        instrument=symbol,
        side=side,
        quantity_e8=quantity_e8,
        order_type="LIMIT",
        time_in_force="IOC",
        limit_price_e8=price_e8,
    )
