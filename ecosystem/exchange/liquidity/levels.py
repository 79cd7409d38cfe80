"""The levels of a book as everybody sees them: the house's quotes and the accounts' orders."""

from itertools import islice
from typing import NamedTuple

from ecosystem.exchange.book import BookSide
from ecosystem.exchange.liquidity.house import Side
from ecosystem.exchange.liquidity.sizes import LEVELS
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
    bids, asks = sides_of(state, symbol, count, disturbed=disturbed)
    return Levels(list(zip(*bids, strict=True)), list(zip(*asks, strict=True)))


def sides_of(
    state: VenueState, symbol: str, count: int, *, disturbed: bool = True
) -> tuple[Side, Side]:
    """Return the bids and the asks of a book, as it is published.

    Args:
        disturbed: whether what disturbs the house counts.
    """
    book = state.books[symbol]
    bids, asks = state.house.whole_sides(INSTRUMENTS[symbol])
    return (
        _side(state, symbol, book.bids, book.asks, bids, count, disturbed=disturbed),
        _side(state, symbol, book.asks, book.bids, asks, count, disturbed=disturbed),
    )


def _side(
    state: VenueState,
    symbol: str,
    resting: BookSide[Order],
    other: BookSide[Order],
    quotes: Side | None,
    count: int,
    *,
    disturbed: bool,
) -> Side:
    buys = resting.sign < 0
    if quotes is None or count > LEVELS or (other.queues and other.reaches(quotes[0][0])):
        offers = state.house.offers(
            INSTRUMENTS[symbol], buys=buys, beyond_e8=other.best_price_e8(), disturbed=disturbed
        )
        quotes = _unzipped(list(islice(offers, count)))
    prices_e8, sign, best_key = quotes[0], resting.sign, resting.keys[-1]
    if len(prices_e8) >= count and best_key < prices_e8[count - 1] * sign:
        return quotes if len(prices_e8) == count else (prices_e8[:count], quotes[1][:count])
    return _joined(quotes, resting, count)


def _joined(quotes: Side, resting: BookSide[Order], count: int) -> Side:
    """Return the levels of the house and of the orders at a side."""
    prices_e8, quantities_e8, sign, at = list(quotes[0]), list(quotes[1]), resting.sign, 0
    for key in islice(reversed(resting.keys), min(count, len(resting.queues))):
        while at < len(prices_e8) and prices_e8[at] * sign > key:
            at += 1
        total_e8 = _total_e8(resting.queues[key].head)
        if at < len(prices_e8) and prices_e8[at] * sign == key:
            quantities_e8[at] += total_e8
        else:
            prices_e8.insert(at, key * sign)
            quantities_e8.insert(at, total_e8)
    return tuple(prices_e8[:count]), tuple(quantities_e8[:count])


def _unzipped(levels: list[tuple[int, int]]) -> Side:
    return (
        tuple([price_e8 for price_e8, _ in levels]),
        tuple([quantity_e8 for _, quantity_e8 in levels]),
    )


def _total_e8(order: Order | None) -> int:
    total_e8 = 0
    while order is not None:
        total_e8 += order.remaining_e8
        order = order.next
    return total_e8
