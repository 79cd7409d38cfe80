"""Who comes to the orders that rest in a book: the house with its new quotes, and noise traders."""

from collections.abc import Iterator

from ecosystem.events.words import EventId
from ecosystem.exchange.book import BookSide
from ecosystem.exchange.liquidity.noise import NoiseTrade
from ecosystem.exchange.matching import Plan
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8

Comer = tuple[BookSide[Order], int, int]
"""Which side is met, the worst price the comer takes, and how much of it."""


def comers_to(
    state: VenueState, symbol: str, noise: NoiseTrade | None, *, disturbed: bool = True
) -> Iterator[Comer]:
    """Yield who comes to the orders of a book, one after the other, as the house then stands.

    Args:
        noise: the noise trade that meets them, if there is one; it comes last.
        disturbed: whether what disturbs the house counts.
    """
    book, instrument, house = state.books[symbol], INSTRUMENTS[symbol], state.house
    # The quotes of both sides stand before any of them is executed.
    quotes = [
        (resting, price_e8, quantity_e8)
        for resting, buys in ((book.bids, True), (book.asks, False))
        for price_e8, quantity_e8 in house.offers(instrument, buys=buys, disturbed=disturbed)
        if resting.reaches(price_e8)
    ]
    yield from quotes
    if noise is not None:
        price_e8, most_e8 = house.noise_bound_e8(instrument, buys=noise.buys)
        resting = book.asks if noise.buys else book.bids
        yield resting, price_e8, min(noise.quantity_e8, most_e8)


def usual_fills_e8(state: VenueState, symbol: str, noise: NoiseTrade | None) -> dict[EventId, int]:
    """Return how much of each resting order would be executed if nothing disturbed the house."""
    executed: dict[EventId, int] = {}
    for resting, price_e8, quantity_e8 in comers_to(state, symbol, noise, disturbed=False):
        worst_key = price_e8 * resting.sign
        for order in resting:
            assert order.limit_price_e8 is not None, "only limit orders rest"
            if not quantity_e8 or order.limit_price_e8 * resting.sign < worst_key:
                break
            before_e8 = executed.get(order.order_id, 0)
            taken_e8 = min(quantity_e8, order.remaining_e8 - before_e8)
            executed[order.order_id] = before_e8 + taken_e8
            quantity_e8 -= taken_e8
    return executed


def share_of_e8(quantity_e8: int, lot_e8: int, share_e8: int) -> int:
    """Return a share of an execution in whole lots, one lot at the least."""
    return min(quantity_e8, max(lot_e8, quantity_e8 * share_e8 // E8 // lot_e8 * lot_e8))


def cut(found: Plan[Order], lot_e8: int, share_e8: int) -> Plan[Order]:
    """Return a plan of which only a share of each execution happens."""
    executions = [
        (order, price_e8, share_of_e8(taken_e8, lot_e8, share_e8))
        for order, price_e8, taken_e8 in found.executions
    ]
    before_e8 = sum(taken_e8 for _, _, taken_e8 in found.executions)
    after_e8 = sum(taken_e8 for _, _, taken_e8 in executions)
    return Plan(
        executions,
        found.remaining_e8 + before_e8 - after_e8,
        found.meets_itself,
        found.gives_way,
    )
