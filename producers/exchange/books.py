"""The book of a venue as its door shows it: the orders and the house's quotes together."""

from collections import defaultdict

from ecosystem.exchange.state import VenueState
from ecosystem.instruments import INSTRUMENTS

Levels = list[tuple[int, int]]
"""Prices and quantities, best first."""


def order_book(state: VenueState, symbol: str, depth: int) -> tuple[Levels, Levels]:
    """Return the best bids and asks of an instrument."""
    book, instrument = state.books[symbol], INSTRUMENTS[symbol]
    sides = []
    for resting, buys in ((book.bids, False), (book.asks, True)):
        quantities: dict[int, int] = defaultdict(int)
        for order in resting:
            assert order.limit_price_e8 is not None, "only limit orders rest"
            quantities[order.limit_price_e8] += order.remaining_e8
        for price_e8, quantity_e8 in state.house.offers(instrument, buys=buys):
            quantities[price_e8] += quantity_e8
        best_first = sorted(quantities.items(), reverse=not buys)
        sides.append(best_first[:depth])
    return sides[0], sides[1]
