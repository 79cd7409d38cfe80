"""The order book of one instrument: queues of orders by price, first come first served.

A side keeps its prices as sorted keys, the best one last, so that the best price is one look and
its removal one pop. A queue is a linked list through the orders themselves: an order joins and
leaves anywhere in it in constant time.
"""

from bisect import bisect_left
from collections.abc import Iterator

from ecosystem.exchange.orders import Order


class Queue:
    """The orders at one price, oldest first."""

    __slots__ = ("head", "price_e8", "tail")

    def __init__(self, price_e8: int) -> None:
        self.price_e8 = price_e8
        self.head: Order | None = None
        self.tail: Order | None = None


class BookSide:
    """The bids or the asks of a book, as queues by key; a larger key is a better price."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        """1 for bids, whose key is their price; -1 for asks, whose key is its negative."""
        self.keys: list[int] = []
        self.queues: dict[int, Queue] = {}

    def best_price_e8(self) -> int | None:
        """Return the best price of this side; None when it is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    def add(self, order: Order, price_e8: int) -> None:
        """Put an order at the end of the queue of its price."""
        key = price_e8 * self.sign
        queue = self.queues.get(key)
        if queue is None:
            queue = self.queues[key] = Queue(price_e8)
            keys = self.keys
            if not keys or key > keys[-1]:
                keys.append(key)
            else:
                keys.insert(bisect_left(keys, key), key)
        last = queue.tail
        order.previous = last
        order.next = None
        if last is None:
            queue.head = order
        else:
            last.next = order
        queue.tail = order

    def remove(self, order: Order, price_e8: int) -> None:
        """Take an order out of the queue of its price."""
        key = price_e8 * self.sign
        queue = self.queues[key]
        before, after = order.previous, order.next
        if before is None:
            queue.head = after
        else:
            before.next = after
        if after is None:
            queue.tail = before
        else:
            after.previous = before
        if queue.head is None:
            del self.queues[key]
            keys = self.keys
            if keys[-1] == key:
                keys.pop()
            else:
                del keys[bisect_left(keys, key)]

    def __iter__(self) -> Iterator[Order]:
        """Iterate over the orders in the order in which they would be executed."""
        for key in reversed(self.keys):
            order = self.queues[key].head
            while order is not None:
                yield order
                order = order.next


class Book:
    """The two sides of one instrument's market."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids = BookSide(1)
        self.asks = BookSide(-1)

    def place(self, order: Order) -> None:
        """Put a limit order at the end of the queue of its price."""
        assert order.limit_price_e8 is not None, "only limit orders rest"
        (self.bids if order.buys else self.asks).add(order, order.limit_price_e8)

    def remove(self, order: Order) -> None:
        """Take a resting order out of the book."""
        assert order.limit_price_e8 is not None, "only limit orders rest"
        (self.bids if order.buys else self.asks).remove(order, order.limit_price_e8)
