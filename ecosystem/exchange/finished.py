"""The orders that are over, as far back as a venue remembers them.

They are kept in two generations. A new one begins with a new day of event time or when the last
one is full, and the one before the last is forgotten: so an order is known for a day at least on
a day of few orders, and the memory has a bound on any other.
"""

from typing import Final

from ecosystem.events.orders import OrderRejected
from ecosystem.events.words import EventId
from ecosystem.exchange.orders import Order, Status, next_status
from ecosystem.units import DAY_US

GENERATION_MAX: Final = 20_000
"""Orders of one generation at the most."""


class Finished:
    """Orders that are over, and those that were refused."""

    __slots__ = ("_before", "_day", "_now")

    def __init__(self) -> None:
        self._day = 0
        self._now: dict[EventId, Order | OrderRejected] = {}
        self._before: dict[EventId, Order | OrderRejected] = {}

    def get(self, order_id: EventId) -> Order | OrderRejected | None:
        """Return an order that is over, or its refusal; None when it is not remembered."""
        return self._now.get(order_id) or self._before.get(order_id)

    def status_of(self, order_id: EventId) -> Status | None:
        """Return how an order ended; None when it is not remembered."""
        found = self.get(order_id)
        if found is None:
            return None
        return found.status if isinstance(found, Order) else _REJECTED

    def keep(self, order: Order) -> None:
        """Remember an order that is over."""
        self._place(order.order_id, order, order.updated_us)

    def reject(self, event: OrderRejected) -> None:
        """Remember an order that was refused."""
        self._place(event.order_id, event, event.event_time_us)

    def _place(self, order_id: EventId, what: Order | OrderRejected, time_us: int) -> None:
        day = time_us // DAY_US
        if day != self._day or len(self._now) >= GENERATION_MAX:
            self._before = self._now
            self._now = {}
            self._day = day
        self._now[order_id] = what


_REJECTED: Final = next_status("SUBMITTED", "REJECTED")
