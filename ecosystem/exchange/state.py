"""What a venue knows, and the one path on which it moves: a fact that is taken in.

The machine decides by looking at this state, writes a fact, and takes it in here; a restored
machine takes the same facts in from the log. Nothing else changes the state, except that the
house quotes anew with each tick.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.exchange.accounts import Accounts
from ecosystem.exchange.book import Book
from ecosystem.exchange.charges import fee_schedule
from ecosystem.exchange.liquidity import House
from ecosystem.exchange.orders import Order, OrderFact, Status, next_status
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import DAY_US
from ecosystem.venues import VenueTerms


class VenueState:
    """Books, live orders, balances, the house, and what waits for settlement."""

    __slots__ = (
        "_day",
        "_evolve",
        "_finished",
        "_finished_before",
        "accounts",
        "books",
        "day_orders",
        "fees",
        "house",
        "orders",
        "settling",
        "status_changes",
        "terms",
        "time_us",
        "venue",
    )

    def __init__(self, terms: VenueTerms, house: House) -> None:
        self.venue = terms.name
        self.terms = terms
        self.fees = fee_schedule(terms)
        self.house = house
        self.accounts = Accounts()
        self.books = {symbol: Book() for symbol in INSTRUMENTS}
        self.orders: dict[EventId, Order] = {}
        self.day_orders: dict[int, dict[EventId, None]] = {}
        """The live DAY orders, oldest first, by the event time at which they expire."""
        self.settling: dict[EventId, tuple[str, str, int]] = {}
        """Account, asset and amount locked for each open settlement."""
        self.status_changes = 0
        self.time_us = 0
        """The time of the last fact; no two facts of a venue have the same."""
        self._day = 0
        self._finished: dict[EventId, Status] = {}
        self._finished_before: dict[EventId, Status] = {}
        self._evolve: Mapping[type[Event], Callable[[Any], None]] = {
            OrderAccepted: self._accepted,
            OrderRejected: self._rejected,
            OrderFilled: self._filled,
            OrderCancelled: self._cancelled,
            OrderExpired: self._expired,
            OrderReplaced: self._replaced,
            BalanceChanged: self._balance_changed,
            VenueStatusChanged: self._status_changed,
        }

    def evolve(self, event: Event) -> None:
        """Take in a fact of this venue; facts of other kinds or of other venues change nothing.

        Raises:
            IllegalTransitionError: the state does not allow the fact.
        """
        apply = self._evolve.get(type(event))
        if apply is None or event.venue != self.venue:  # type: ignore[attr-defined] # all have one
            return
        apply(event)
        self.time_us = event.event_time_us

    def status_of(self, order_id: EventId) -> Status | None:
        """Return the status of an order; None when it is unknown or ended before yesterday."""
        order = self.orders.get(order_id)
        if order is not None:
            return order.status
        return self._finished.get(order_id) or self._finished_before.get(order_id)

    def _accepted(self, event: OrderAccepted) -> None:
        if self.status_of(event.order_id) is not None:
            raise IllegalTransitionError(f"order {event.order_id.hex()} was accepted twice")
        order = Order(
            event.order_id,
            event.account,
            event.instrument,
            event.side,
            event.order_type,
            event.time_in_force,
            event.quantity_e8,
            event.limit_price_e8,
            event.post_only,
            (event.event_id, event.correlation_id, event.event_time_us),
        )
        order.status = next_status(order.status, "ACCEPTED")
        self.orders[event.order_id] = order
        if order.rests:
            self.books[event.instrument].place(order)
            if event.time_in_force == "DAY":
                self.day_orders.setdefault(order.expires_us, {})[event.order_id] = None

    def _rejected(self, event: OrderRejected) -> None:
        # A refused wish to cancel or replace, and a second order under a known id, leave the
        # order they name as it is.
        if event.reason != "UNKNOWN_ORDER" and self.status_of(event.order_id) is None:
            status = next_status("SUBMITTED", "REJECTED")
            self._finish(event.order_id, status, event.event_time_us)

    def _filled(self, event: OrderFilled) -> None:
        order = self._live(event)
        remaining_e8 = event.remaining_quantity_e8
        if remaining_e8 != order.remaining_e8 - event.quantity_e8 or remaining_e8 < 0:
            raise IllegalTransitionError(
                f"order {event.order_id.hex()} with {order.remaining_e8} remaining was filled by "
                f"{event.quantity_e8} to {remaining_e8}"
            )
        order.remaining_e8 = remaining_e8
        if remaining_e8:
            order.status = next_status(order.status, "FILLED_IN_PART")
        else:
            self._end(order, "FILLED_IN_WHOLE", event.event_time_us)
        house = self.house
        house.fees_e8[event.fee_asset] += event.fee_e8
        # A trade with the house has one published side and is named by it.
        if event.trade_id == event.event_id:
            house.apply(event, INSTRUMENTS[event.instrument])

    def _cancelled(self, event: OrderCancelled) -> None:
        self._end(self._live(event), "CANCELLED", event.event_time_us)

    def _expired(self, event: OrderExpired) -> None:
        self._end(self._live(event), "EXPIRED", event.event_time_us)

    def _replaced(self, event: OrderReplaced) -> None:
        order = self._live(event)
        order.status = next_status(order.status, "REPLACED")
        if not event.priority_kept:
            self.books[order.instrument].remove(order)
        order.limit_price_e8 = event.limit_price_e8
        order.quantity_e8 = event.quantity_e8
        order.remaining_e8 = event.remaining_quantity_e8
        if not event.priority_kept:
            self.books[order.instrument].place(order)

    def _balance_changed(self, event: BalanceChanged) -> None:
        grown_e8 = self.accounts.apply(event)
        if event.reason == "SETTLEMENT_LOCK":
            self.settling[event.reference_id] = (event.account, event.asset, grown_e8)
        elif event.reason in ("SETTLEMENT", "UNLOCK"):
            self.settling.pop(event.reference_id, None)

    def _status_changed(self, event: VenueStatusChanged) -> None:
        self.status_changes += 1

    def _live(self, event: OrderFilled | OrderCancelled | OrderExpired | OrderReplaced) -> Order:
        order = self.orders.get(event.order_id)
        if order is None:
            status = self.status_of(event.order_id) or "unknown"
            raise IllegalTransitionError(
                f"{type(event).__name__} for order {event.order_id.hex()}, which is {status}"
            )
        return order

    def _end(self, order: Order, fact: OrderFact, time_us: int) -> None:
        order.status = next_status(order.status, fact)
        order_id = order.order_id
        del self.orders[order_id]
        if order.rests:
            self.books[order.instrument].remove(order)
            if order.time_in_force == "DAY":
                of_the_day = self.day_orders[order.expires_us]
                del of_the_day[order_id]
                if not of_the_day:
                    del self.day_orders[order.expires_us]
        self._finish(order_id, order.status, time_us)

    def _finish(self, order_id: EventId, status: Status, time_us: int) -> None:
        # Ids of finished orders are kept for at least a day, so that the memory has a bound.
        day = time_us // DAY_US
        if day != self._day:
            self._finished_before = self._finished
            self._finished = {}
            self._day = day
        self._finished[order_id] = status
