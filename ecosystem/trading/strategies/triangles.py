"""Triangles: three instruments of one venue that lead from dollars back to dollars."""

from typing import Final

from ecosystem.trading.contract import E8, INSTRUMENTS, BookQuoted, Place, Side, View
from ecosystem.trading.strategies.legs import (
    CLIP_USD_E8,
    EDGE_E8_MIN,
    after_fee_e8,
    fresh_book,
    take,
)
from ecosystem.venues import VENUES

TRIANGLES: Final = (
    ("BTC-USD", "ETH-BTC", "ETH-USD"),
    ("USDT-USD", "BTC-USDT", "BTC-USD"),
    ("USDT-USD", "ETH-USDT", "ETH-USD"),
)
"""First, second and third instrument: forward, the first two are bought and the third is sold."""
_LEAST_E24: Final = (E8 + EDGE_E8_MIN) * E8 * E8
"""What must become of a dollar, at the least."""
_KEPT_E24: Final = {venue: after_fee_e8(venue) ** 3 for venue in VENUES}
"""What the fees of three legs leave of it."""


def triangle(view: View, venue: str, symbols: tuple[str, str, str]) -> tuple[Place, ...] | None:
    """Return the three orders of an opportunity; None when there is none.

    Forward: dollars buy the first asset, that buys the second, that is sold for dollars. Backward
    the other way round. With a, b, c the touches taken, a dollar becomes c / (a b) dollars forward,
    and a b / c backward.
    """
    first = fresh_book(view, venue, symbols[0])
    second = fresh_book(view, venue, symbols[1])
    third = fresh_book(view, venue, symbols[2])
    if first is None or second is None or third is None:
        return None
    kept_e24 = _KEPT_E24[venue]
    bids_e16 = first.bid_prices_e8[0] * second.bid_prices_e8[0]
    asks_e16 = first.ask_prices_e8[0] * second.ask_prices_e8[0]
    got_e16, paid_e16 = third.bid_prices_e8[0] * E8, third.ask_prices_e8[0] * E8
    # Hardly ever is one of them worth the fees of three legs.
    books = (first, second, third)
    if got_e16 * kept_e24 >= asks_e16 * _LEAST_E24:
        legs = _legs(view, venue, symbols, books, forward=True)
        if legs is not None:
            return legs
    if bids_e16 * kept_e24 >= paid_e16 * _LEAST_E24:
        return _legs(view, venue, symbols, books, forward=False)
    return None


def _legs(
    view: View,
    venue: str,
    symbols: tuple[str, str, str],
    books: tuple[BookQuoted, BookQuoted, BookQuoted],
    *,
    forward: bool,
) -> tuple[Place, ...] | None:
    sides: tuple[Side, Side, Side] = ("BUY", "BUY", "SELL") if forward else ("SELL", "SELL", "BUY")
    (a, a_size), (b, b_size), (c, c_size) = (
        _touch(book, side) for book, side in zip(books, sides, strict=True)
    )
    quantity_e8 = min(
        b_size,
        c_size,
        a_size * E8 // b,
        CLIP_USD_E8 * E8 // c,
        view.affordable_e8(venue, symbols[0], sides[0], a) * E8 // b,
        view.affordable_e8(venue, symbols[1], sides[1], b),
        view.affordable_e8(venue, symbols[2], sides[2], c),
    )
    lot_e8 = max(INSTRUMENTS[symbols[1]].lot_size_e8, INSTRUMENTS[symbols[2]].lot_size_e8)
    quantity_e8 -= quantity_e8 % lot_e8
    bridge_e8 = quantity_e8 * b // E8
    bridge_e8 -= bridge_e8 % INSTRUMENTS[symbols[0]].lot_size_e8
    sizes = (bridge_e8, quantity_e8, quantity_e8)
    if any(
        size < INSTRUMENTS[symbol].quantity_min_e8
        for symbol, size in zip(symbols, sizes, strict=True)
    ):
        return None
    return tuple(
        take(venue, symbol, side, size, price)
        for symbol, side, size, price in zip(symbols, sides, sizes, (a, b, c), strict=True)
    )


def _touch(book: BookQuoted, side: Side) -> tuple[int, int]:
    if side == "BUY":
        return book.ask_prices_e8[0], book.ask_quantities_e8[0]
    return book.bid_prices_e8[0], book.bid_quantities_e8[0]
