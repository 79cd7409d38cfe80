"""The order book of one instrument: queues of orders by price, first come first served.

A side keeps its prices as sorted keys, the best one last, so that the best price is one look and
its removal one pop. A queue is a linked list through the orders themselves: an order joins and
leaves anywhere in it in constant time.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final, Generic, Self, TypeVar

from ecosystem.events.words import EventId

NO_LIMIT: Final = -(1 << 100)
"""The limit key of an order that takes any price: below every key."""
_BOTTOM: Final = NO_LIMIT - 1
"""The first key of every side, below all others, so that the last one can always be read."""


class Resting:
    """What the book knows of an order: whose it is, what is left of it, and its place."""

    __slots__ = (
        "account",
        "buys",
        "limit_price_e8",
        "next",
        "order_id",
        "previous",
        "queue",
        "reduce_only",
        "remaining_e8",
    )

    # Its neighbours and its queue are set when it joins one and mean nothing before.
    next: Self | None
    previous: Self | None
    queue: "Queue[Self]"

    def __init__(
        self,
        order_id: EventId,
        account: str,
        buys: bool,
        limit_price_e8: int | None,
        remaining_e8: int,
        reduce_only: bool = False,
    ) -> None:
        self.order_id = order_id
        self.account = account
        self.buys = buys
        self.limit_price_e8 = limit_price_e8
        self.remaining_e8 = remaining_e8
        self.reduce_only = reduce_only

    def leave(self) -> None:
        """Take the order out of the queue it stands in."""
        queue, before, after = self.queue, self.previous, self.next
        if before is None:
            if after is None:
                queue.side.drop(queue)
                return
            queue.head = after
            after.previous = None
        else:
            before.next = after
            if after is None:
                queue.tail = before
            else:
                after.previous = before

    def retire(self) -> None:
        """Leave, and let go of the neighbours, so that whoever keeps it keeps nobody else."""
        self.leave()
        self.next = self.previous = None
        del self.queue


AnyOrder = TypeVar("AnyOrder", bound=Resting)


class Queue(Generic[AnyOrder]):
    """The orders at one price, oldest first; a queue that empties is dropped by its side."""

    __slots__ = ("head", "key", "side", "tail")

    def __init__(self, key: int, side: "BookSide[AnyOrder]", order: AnyOrder) -> None:
        self.key = key
        self.side = side
        self.head = order
        self.tail = order


class BookSide(Generic[AnyOrder]):
    """The bids or the asks of a book, as queues by key; a larger key is a better price."""

    __slots__ = ("keys", "queues", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        """1 for bids, whose key is their price; -1 for asks, whose key is its negative."""
        self.keys = [_BOTTOM]
        self.queues: dict[int, Queue[AnyOrder]] = {}

    def best_price_e8(self) -> int | None:
        """Return the best price of this side; None when it is empty."""
        return self.keys[-1] * self.sign if self.queues else None

    def reaches(self, price_e8: int) -> bool:
        """Tell whether an order of the other side at a price would meet one of this side."""
        return self.keys[-1] >= price_e8 * self.sign

    def add(self, order: AnyOrder, price_e8: int) -> None:
        """Put an order at the end of the queue of a price."""
        key = price_e8 * self.sign
        queue = self.queues.get(key)
        order.next = None
        if queue is None:
            order.previous = None
            order.queue = self.queues[key] = Queue(key, self, order)
            keys = self.keys
            if key > keys[-1]:
                keys.append(key)
            else:
                insort(keys, key)
        else:
            order.queue = queue
            last = order.previous = queue.tail
            last.next = queue.tail = order

    def drop(self, queue: Queue[AnyOrder]) -> None:
        """Forget a queue whose last order left."""
        key = queue.key
        del self.queues[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]

    def __iter__(self) -> Iterator[AnyOrder]:
        """Iterate over the orders in the order in which they would be executed."""
        for key in self.keys[:0:-1]:
            order: AnyOrder | None = self.queues[key].head
            while order is not None:
                yield order
                order = order.next


class Book(Generic[AnyOrder]):
    """The two sides of one instrument's market."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids: BookSide[AnyOrder] = BookSide(1)
        self.asks: BookSide[AnyOrder] = BookSide(-1)

    def place(self, order: AnyOrder) -> None:
        """Put a limit order at the end of the queue of its price."""
        assert order.limit_price_e8 is not None, "only limit orders rest"
        (self.bids if order.buys else self.asks).add(order, order.limit_price_e8)
