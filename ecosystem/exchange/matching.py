"""Matching: which executions an incoming order would have, by price-time priority.

Planning looks and does not touch, so that whoever must check funds or refuse an order does so
before anything has changed. At equal price the accounts' orders stand before the house, whose
quotes are renewed with every tick and are therefore always the youngest.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic

import msgspec

from ecosystem.exchange.book import NO_LIMIT, AnyOrder, BookSide
from ecosystem.venues import SelfMatch


class Plan(msgspec.Struct, Generic[AnyOrder], frozen=True, gc=False):
    """What would happen to an incoming order."""

    executions: list[tuple[AnyOrder | None, int, int]]
    """The resting order, None for the house; price, scaled by 1e8; quantity, scaled by 1e8."""
    remaining_e8: int
    meets_itself: bool = False
    """Whether it met an order of its own account, gives way, and matches no further."""
    gives_way: Sequence[AnyOrder] = ()
    """The resting orders of its own account that give way to it."""

    @property
    def meets_anyone(self) -> bool:
        """Whether the order would not simply rest."""
        return bool(self.executions or self.gives_way or self.meets_itself)


def limit_key(opposite: BookSide[AnyOrder], limit_price_e8: int | None) -> int:
    """Return the least key of the opposite side that a limit allows."""
    return NO_LIMIT if limit_price_e8 is None else limit_price_e8 * opposite.sign


def plan(
    opposite: BookSide[AnyOrder],
    worst_key: int,
    quantity_e8: int,
    account: str | None,
    house: Iterable[tuple[int, int]] = (),
    self_match: SelfMatch = "CANCEL_NEWEST",
    reducible_e8: Callable[[str], int] | None = None,
) -> Plan[AnyOrder]:
    """Return the executions of an incoming order against one side of a book.

    Args:
        worst_key: the least key of the opposite side the order takes, from `limit_key`.
        account: the order's own, which `self_match` is about; None when it may meet any.
        house: price and quantity of the house's quotes on that side, best first.
        reducible_e8: for an account with a reduce-only order on that side, by how much its
            holding can shrink.
    """
    executions: list[tuple[AnyOrder | None, int, int]] = []
    gives_way: list[AnyOrder] = []
    keys, queues, sign = opposite.keys, opposite.queues, opposite.sign
    quotes = iter(house)
    quote = next(quotes, None)
    index = len(keys) - 1
    while quantity_e8:
        key = keys[index]
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
        price_e8 = key * sign
        order: AnyOrder | None = queues[key].head
        while order is not None and quantity_e8:
            if order.account == account:
                if self_match != "CANCEL_NEWEST":
                    gives_way.append(order)
                if self_match != "CANCEL_OLDEST":
                    return Plan(executions, quantity_e8, True, gives_way)
            else:
                offered_e8 = order.remaining_e8
                if order.reduce_only and reducible_e8 is not None:
                    room_e8 = _room_e8(reducible_e8(order.account), order.account, executions)
                    offered_e8 = min(offered_e8, room_e8)
                taken_e8 = offered_e8 if offered_e8 < quantity_e8 else quantity_e8
                if taken_e8:
                    executions.append((order, price_e8, taken_e8))
                    quantity_e8 -= taken_e8
            order = order.next
        index -= 1
    return Plan(executions, quantity_e8, False, gives_way)


def _room_e8(
    reducible_e8: int, account: str, executions: list[tuple[AnyOrder | None, int, int]]
) -> int:
    # What the account trades earlier in this plan has reduced its holding already.
    before_e8 = sum(
        taken_e8 for order, _, taken_e8 in executions if order and order.account == account
    )
    return max(reducible_e8 - before_e8, 0)
