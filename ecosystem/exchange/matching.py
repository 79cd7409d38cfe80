"""Matching: which executions an incoming order would have, by price-time priority.

Planning looks and does not touch, so that whoever must check funds or refuse an order does so
before anything has changed. At equal price the accounts' orders stand before the house, whose
quotes are renewed with every tick and are therefore always the youngest.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ecosystem.exchange.book import BookSide
from ecosystem.exchange.orders import Order

NO_LIMIT: Final = -(1 << 100)
"""The limit key of an order that takes any price: below every key."""
_NOTHING: Final = NO_LIMIT - 1

Execution = tuple[Order | None, int, int]
"""The resting order, None for the house; price, scaled by 1e8; quantity, scaled by 1e8."""


class Plan(NamedTuple):
    """What would happen to an incoming order."""

    executions: list[Execution]
    remaining_e8: int
    meets_itself: bool
    """Whether the next best order belongs to the same account, which ends the matching."""


def limit_key(opposite: BookSide, limit_price_e8: int | None) -> int:
    """Return the least key of the opposite side that a limit allows."""
    return NO_LIMIT if limit_price_e8 is None else limit_price_e8 * opposite.sign


def plan(
    opposite: BookSide,
    worst_key: int,
    quantity_e8: int,
    account: str,
    house: Iterable[tuple[int, int]] = (),
) -> Plan:
    """Return the executions of an incoming order against one side of a book.

    Args:
        worst_key: the least key of the opposite side the order takes, from `limit_key`.
        house: price and quantity of the house's quotes on that side, best first.
    """
    executions: list[Execution] = []
    keys, queues, sign = opposite.keys, opposite.queues, opposite.sign
    if house == () and (not keys or keys[-1] < worst_key):
        return Plan(executions, quantity_e8, False)
    quotes = iter(house)
    quote = next(quotes, None)
    index = len(keys) - 1
    while quantity_e8:
        key = keys[index] if index >= 0 else _NOTHING
        if quote is not None and quote[0] * sign > key:
            price_e8, offered_e8 = quote
            if price_e8 * sign < worst_key:
                break
            taken_e8 = offered_e8 if offered_e8 < quantity_e8 else quantity_e8
            executions.append((None, price_e8, taken_e8))
            quantity_e8 -= taken_e8
            quote = next(quotes, None)
            continue
        if key < worst_key:
            break
        queue = queues[key]
        price_e8 = queue.price_e8
        order = queue.head
        while order is not None and quantity_e8:
            if order.account == account:
                return Plan(executions, quantity_e8, True)
            offered_e8 = order.remaining_e8
            taken_e8 = offered_e8 if offered_e8 < quantity_e8 else quantity_e8
            executions.append((order, price_e8, taken_e8))
            quantity_e8 -= taken_e8
            order = order.next
        index -= 1
    return Plan(executions, quantity_e8, False)
