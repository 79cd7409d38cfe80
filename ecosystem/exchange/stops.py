"""Stop orders of one instrument, which wait outside the book until a price reaches them.

A stop to buy is reached by a price at or above its stop price, a stop to sell by one at or below.
Those reached first are the ones nearest to the market; of several at one stop price, the oldest.
"""

from collections.abc import Iterator

from ecosystem.exchange.book import BookSide
from ecosystem.exchange.orders import Order


class Stops:
    """The waiting stop orders of one instrument."""

    __slots__ = ("_buys", "_sells", "queues")

    def __init__(self) -> None:
        self._buys: BookSide[Order] = BookSide(-1)
        self._sells: BookSide[Order] = BookSide(1)
        self.queues = (self._buys.queues, self._sells.queues)
        """The orders by price, of each side; empty while none waits."""

    def wait(self, order: Order) -> None:
        """Let an order wait behind those of its stop price; it goes with `order.leave()`."""
        assert order.stop_price_e8 is not None, "only stop orders wait"
        (self._buys if order.buys else self._sells).add(order, order.stop_price_e8)

    def reached(self, price_e8: int) -> Order | None:
        """Return the first order that a price reaches; None when it reaches none."""
        for side in (self._buys, self._sells):
            key = side.keys[-1]
            if key >= price_e8 * side.sign:
                return side.queues[key].head
        return None

    def __bool__(self) -> bool:
        """Tell whether any order waits."""
        return any(self.queues)

    def __iter__(self) -> Iterator[Order]:
        """Iterate over all of them: the buys, then the sells, nearest first."""
        yield from self._buys
        yield from self._sells
