"""What a venue knows, and the one path on which it moves: a fact that is taken in.

The machine decides by looking at this state, writes a fact, and takes it in here; a restored
machine takes the same facts in from the log. Nothing else changes the state, except that the
house quotes anew with each tick.
"""

from collections.abc import Callable, Container, Mapping
from typing import Any, Final, TypeVar

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.accounts import (
    AccountOpened,
    AccountRequestRejected,
    AccountStateChanged,
    PositionChanged,
    PositionLiquidated,
)
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted, FundingRateSet
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderTriggered,
)
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.events.words import VenueState as VenueStatus
from ecosystem.exchange.accounts import Accounts
from ecosystem.exchange.book import Book
from ecosystem.exchange.charges import fee_schedule
from ecosystem.exchange.finished import Finished
from ecosystem.exchange.liquidity.house import House
from ecosystem.exchange.liquidity.tape import Tape
from ecosystem.exchange.margin.ledger import BOOKED_REASONS, Perpetuals
from ecosystem.exchange.margin.sub_accounts import SubAccounts
from ecosystem.exchange.margin.terms import PERPETUALS
from ecosystem.exchange.orders import Order, OrderFact, Status, next_status
from ecosystem.exchange.stops import Stops
from ecosystem.instruments import INSTRUMENTS
from ecosystem.venues import VenueTerms

_Key = TypeVar("_Key")
_OfOrder = OrderFilled | OrderCancelled | OrderExpired | OrderReplaced | OrderTriggered


ANSWERED_KEPT: Final = 10_000
"""How many wishes about accounts are remembered, so that none is answered twice."""


class VenueState:
    """Books, live orders, balances, the house, and what waits for settlement."""

    __slots__ = (
        "_evolve",
        "accounts",
        "answered",
        "books",
        "day_orders",
        "fees",
        "finished",
        "halted",
        "house",
        "orders",
        "perpetuals",
        "reduce_only",
        "settling",
        "status",
        "status_changes",
        "status_us",
        "stops",
        "sub_accounts",
        "tapes",
        "terms",
        "time_us",
        "venue",
        "waiting",
    )

    def __init__(self, terms: VenueTerms, house: House) -> None:
        self.venue = terms.name
        self.terms = terms
        self.fees = fee_schedule(terms)
        self.house = house
        self.sub_accounts = SubAccounts()
        self.accounts = Accounts()
        self.perpetuals = Perpetuals(house)
        self.answered: dict[EventId, None] = {}
        """The last wishes about accounts that were answered, oldest first."""
        self.books: dict[str, Book[Order]] = {symbol: Book() for symbol in INSTRUMENTS}
        self.tapes = {symbol: Tape() for symbol in INSTRUMENTS}
        self.halted: Container[str] = ()
        """The instruments in which nothing is executed or published now."""
        self.stops = {symbol: Stops() for symbol in INSTRUMENTS}
        self.waiting = {
            symbol: (book.bids.queues, book.asks.queues, *self.stops[symbol].queues)
            for symbol, book in self.books.items()
        }
        """The queues of each instrument: all are empty while no order rests or waits in it."""
        self.orders: dict[EventId, Order] = {}
        """The live orders, oldest first."""
        self.reduce_only: dict[tuple[str, str], dict[EventId, None]] = {}
        """The live reduce-only orders, oldest first, by account and instrument."""
        self.finished = Finished()
        self.day_orders: dict[int, dict[EventId, None]] = {}
        """The live DAY orders, oldest first, by the event time at which they expire."""
        self.settling: dict[EventId, tuple[str, str, int]] = {}
        """Account, asset and amount locked for each open settlement."""
        self.status: tuple[VenueStatus, str] = ("UNKNOWN", "")
        """What the venue last said of itself, and why."""
        self.status_us = 0
        """When it said so."""
        self.status_changes = 0
        self.time_us = 0
        """The time of the last fact; no two facts of a venue have the same."""
        self._evolve: Mapping[type[Event], Callable[[Any], None]] = {
            OrderAccepted: self._accepted,
            OrderRejected: self._rejected,
            OrderFilled: self._filled,
            OrderCancelled: self._cancelled,
            OrderExpired: self._expired,
            OrderReplaced: self._replaced,
            OrderTriggered: self._triggered,
            BalanceChanged: self._balance_changed,
            BookQuoted: self._book_quoted,
            VenueStatusChanged: self._status_changed,
            AccountOpened: self._account_opened,
            AccountStateChanged: self._account_changed,
            AccountRequestRejected: self._account_request_rejected,
            PositionChanged: self.perpetuals.announced,
            PositionLiquidated: _nothing,
            FundingRateSet: self.perpetuals.rate_set,
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
        """Return the status of an order; None when it is unknown or was forgotten."""
        order = self.orders.get(order_id)
        return order.status if order is not None else self.finished.status_of(order_id)

    def _accepted(self, event: OrderAccepted) -> None:
        order_id = event.order_id
        if self.status_of(order_id) is not None:
            raise IllegalTransitionError(f"order {order_id.hex()} was accepted twice")
        order = self.orders[order_id] = Order(event)
        if order.status == "WAITING":
            self.stops[event.instrument].wait(order)
        elif order.rests:
            self.books[event.instrument].place(order)
        if event.time_in_force == "DAY":
            self.day_orders.setdefault(order.expires_us, {})[order_id] = None
        if event.reduce_only:
            place = (event.account, event.instrument)
            self.reduce_only.setdefault(place, {})[order_id] = None
        elif event.instrument in PERPETUALS:
            self.perpetuals.placed(order)

    def _triggered(self, event: OrderTriggered) -> None:
        order = self._live(event)
        order.status = next_status(order.status, "TRIGGERED")
        order.updated_us = event.event_time_us
        order.retire()
        if order.rests:
            self.books[order.instrument].place(order)

    def _rejected(self, event: OrderRejected) -> None:
        # A refused wish to cancel or replace, and a second order under a known id, leave the
        # order they name as it is.
        if event.reason != "UNKNOWN_ORDER" and self.status_of(event.order_id) is None:
            self.finished.reject(event)

    def _filled(self, event: OrderFilled) -> None:
        order = self._live(event)
        remaining_e8 = event.remaining_quantity_e8
        if remaining_e8 != order.remaining_e8 - event.quantity_e8 or remaining_e8 < 0:
            raise IllegalTransitionError(
                f"order {event.order_id.hex()} with {order.remaining_e8} remaining was filled by "
                f"{event.quantity_e8} to {remaining_e8}"
            )
        fact: OrderFact = "FILLED_IN_PART" if remaining_e8 else "FILLED_IN_WHOLE"
        status = next_status(order.status, fact)
        order.remaining_e8 = remaining_e8
        order.executed_notional_e8 += event.notional_e8
        order.fees_e8 += event.fee_e8
        if remaining_e8:
            order.status = status
            order.updated_us = event.event_time_us
        else:
            self._end(order, status, event.event_time_us)
        house = self.house
        house.fees_e8[event.fee_asset] += event.fee_e8
        self.tapes[event.instrument].filled(event)
        if event.instrument in PERPETUALS:
            self.perpetuals.filled(event)
        # A trade with the house has one published side and is named by it.
        if event.trade_id == event.event_id:
            house.apply(event, INSTRUMENTS[event.instrument])

    def _cancelled(self, event: OrderCancelled) -> None:
        order = self._live(event)
        self._end(order, next_status(order.status, "CANCELLED"), event.event_time_us)

    def _expired(self, event: OrderExpired) -> None:
        order = self._live(event)
        self._end(order, next_status(order.status, "EXPIRED"), event.event_time_us)

    def _replaced(self, event: OrderReplaced) -> None:
        order = self._live(event)
        order.status = next_status(order.status, "REPLACED")
        order.updated_us = event.event_time_us
        if not event.priority_kept:
            order.leave()
        order.limit_price_e8 = event.limit_price_e8 or None
        order.stop_price_e8 = event.stop_price_e8
        order.quantity_e8 = event.quantity_e8
        order.remaining_e8 = event.remaining_quantity_e8
        if not event.priority_kept:
            if order.status == "WAITING":
                self.stops[order.instrument].wait(order)
            else:
                self.books[order.instrument].place(order)

    def _balance_changed(self, event: BalanceChanged) -> None:
        grown_e8 = self.accounts.apply(event)
        if event.reason == "SETTLEMENT_LOCK":
            self.settling[event.reference_id] = (event.account, event.asset, grown_e8)
        elif event.reason in ("SETTLEMENT", "UNLOCK"):
            self.settling.pop(event.reference_id, None)
        elif event.reason in BOOKED_REASONS:
            self.perpetuals.balance_changed(event, grown_e8)
        elif event.reason == "TRANSFER":
            self._answered(event.reference_id)

    def _account_opened(self, event: AccountOpened) -> None:
        self.sub_accounts.opened(event)
        self._answered(event.causation_id)

    def _account_changed(self, event: AccountStateChanged) -> None:
        self.sub_accounts.changed(event)
        self._answered(event.causation_id)

    def _account_request_rejected(self, event: AccountRequestRejected) -> None:
        self._answered(event.request_id)

    def _answered(self, request_id: EventId) -> None:
        self.answered[request_id] = None
        if len(self.answered) > ANSWERED_KEPT:
            del self.answered[next(iter(self.answered))]

    def _book_quoted(self, event: BookQuoted) -> None:
        self.tapes[event.instrument].published(event)

    def _status_changed(self, event: VenueStatusChanged) -> None:
        self.status_changes += 1
        self.status = (event.state, event.reason)
        self.status_us = event.event_time_us

    def _live(self, event: _OfOrder) -> Order:
        order = self.orders.get(event.order_id)
        if order is None:
            status = self.status_of(event.order_id) or "unknown"
            raise IllegalTransitionError(
                f"{type(event).__name__} for order {event.order_id.hex()}, which is {status}"
            )
        return order

    def _end(self, order: Order, status: Status, time_us: int) -> None:
        order_id = order.order_id
        if order.rests or order.status == "WAITING":
            order.retire()
        del self.orders[order_id]
        if order.time_in_force == "DAY":
            _discard(self.day_orders, order.expires_us, order_id)
        if order.reduce_only:
            _discard(self.reduce_only, (order.account, order.instrument), order_id)
        elif order.instrument in PERPETUALS:
            self.perpetuals.ended(order)
        order.status = status
        order.updated_us = time_us
        self.finished.keep(order)


def _discard(sets: dict[_Key, dict[EventId, None]], key: _Key, order_id: EventId) -> None:
    one = sets[key]
    del one[order_id]
    if not one:
        del sets[key]


def _nothing(event: PositionLiquidated) -> None:
    # The executions that follow move the position; the announcement itself moves but the time.
    pass
