"""The book of a venue as its door shows it: the orders and the house's quotes together."""

from ecosystem.exchange.liquidity.levels import levels_of
from ecosystem.exchange.state import VenueState

Levels = list[tuple[int, int]]
"""Prices and quantities, best first."""


def order_book(state: VenueState, symbol: str, depth: int) -> tuple[Levels, Levels]:
    """Return the best bids and asks of an instrument."""
    bids, asks = levels_of(state, symbol, depth)
    return bids, asks
