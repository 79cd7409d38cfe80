"""The levels of a book as everybody sees them: the house's quotes and the accounts' orders."""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby, islice
from typing import NamedTuple

from ecosystem.exchange.book import BookSide
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.instruments import INSTRUMENTS


class Levels(NamedTuple):
    """Price and quantity of each level of both sides, best first."""

    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]

    @property
    def spread_e8(self) -> int:
        """Distance between the best prices; 0 when a side is empty."""
        return self.asks[0][0] - self.bids[0][0] if self.bids and self.asks else 0

    @property
    def depth_e8(self) -> int:
        """Quantity of all levels of both sides."""
        return sum(quantity_e8 for side in self for _, quantity_e8 in side)


def levels_of(state: VenueState, symbol: str, count: int, *, disturbed: bool = True) -> Levels:
    """Return the best levels of a book.

    Args:
        disturbed: whether what disturbs the house counts.
    """
    book = state.books[symbol]
    if not (book.bids.queues or book.asks.queues):
        instrument, house = INSTRUMENTS[symbol], state.house
        return Levels(
            list(islice(house.offers(instrument, buys=False, disturbed=disturbed), count)),
            list(islice(house.offers(instrument, buys=True, disturbed=disturbed), count)),
        )
    return Levels(
        _merged(state, symbol, book.bids, count, disturbed=disturbed),
        _merged(state, symbol, book.asks, count, disturbed=disturbed),
    )


def _merged(
    state: VenueState, symbol: str, side: BookSide[Order], count: int, *, disturbed: bool
) -> list[tuple[int, int]]:
    buys, book = side.sign < 0, state.books[symbol]
    beyond_e8 = (book.bids if buys else book.asks).best_price_e8()
    house = state.house.offers(
        INSTRUMENTS[symbol], buys=buys, beyond_e8=beyond_e8, disturbed=disturbed
    )
    sign = side.sign
    quotes = ((-price_e8 * sign, quantity_e8) for price_e8, quantity_e8 in house)
    both = merge(_resting(side), quotes)
    found = groupby(both, key=lambda level: level[0])
    return [
        (-key * sign, sum(quantity_e8 for _, quantity_e8 in same))
        for key, same in islice(found, count)
    ]


def _resting(side: BookSide[Order]) -> Iterator[tuple[int, int]]:
    for key in reversed(side.keys[1:]):  # the first one is the bottom, no price
        quantity_e8 = 0
        order: Order | None = side.queues[key].head
        while order is not None:
            quantity_e8 += order.remaining_e8
            order = order.next
        yield -key, quantity_e8
