"""What the venue decides about orders: take or refuse, execute, cancel, replace."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.exchange.answers import Answers, Causes, Request
from ecosystem.exchange.charges import worst_price_e8
from ecosystem.exchange.floor import Floor
from ecosystem.exchange.funds import Funds, Wanted
from ecosystem.exchange.margin.sub_accounts import refuse_trader
from ecosystem.exchange.matching import Plan
from ecosystem.exchange.order_facts import accepted, cancelled, reduced, rejected, replaced
from ecosystem.exchange.orders import NewTerms, Order
from ecosystem.exchange.refusals import (
    refuse_kind_of_instrument,
    refuse_plan,
    unknown_order,
    would_cross,
    would_increase,
)
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal, refuse_new_terms, refuse_order
from ecosystem.instruments import INSTRUMENTS


class Considered(NamedTuple):
    """An order that can be taken."""

    wanted: Wanted
    found: Plan[Order]
    needed_e8: int


class Outlook(NamedTuple):
    """What would become of a wish."""

    is_taken: bool
    executions: Sequence[tuple[int, int]] = ()
    """Price and quantity of what would be executed at once."""


class OrderDesk:
    """Decides on the wishes of accounts, all checks first, so that a refusal changes nothing."""

    __slots__ = ("_floor", "_funds", "_state")

    def __init__(self, state: VenueState, funds: Mapping[str, Funds], floor: Floor) -> None:
        self._state = state
        self._funds = funds
        self._floor = floor

    def submit(self, request: OrderSubmitted, answers: Answers) -> None:
        """Take an order and execute what can be executed, or refuse it."""
        considered = self.consider(request)
        if not isinstance(considered, Considered):
            rejected(answers, request, considered)
            return
        wanted, found, needed_e8 = considered
        order = accepted(answers, request)
        causes = (order.accepted.event_id, request.correlation_id)
        if wanted.quantity_e8 < order.remaining_e8:
            causes = reduced(answers, order, wanted.quantity_e8, causes, 0)
        self._funds[order.instrument].lock(answers, order, needed_e8, causes)
        if order.status == "WAITING":
            self._trigger(answers, order.instrument, causes)
        else:
            self._floor.carry_out(answers, order, found, causes)

    def answer(self, request: Request, answers: Answers) -> None:
        """Do what is wished, or refuse it."""
        match request:
            case OrderSubmitted():
                self.submit(request, answers)
            case OrderCancelRequested():
                self.cancel(request, answers)
            case OrderReplaceRequested():
                self.replace(request, answers)

    def outlook(self, request: Request, *, disturbed: bool = True) -> Outlook:
        """Return what would become of a wish; nothing changes.

        Args:
            disturbed: whether what disturbs the venue's liquidity counts.
        """
        considered: Considered | Refusal | None = None
        match request:
            case OrderSubmitted():
                considered = self.consider(request, disturbed=disturbed)
            case OrderCancelRequested():
                return Outlook(self._owned(request) is not None)
            case OrderReplaceRequested():
                order = self._owned(request)
                if order is not None:
                    terms = _new_terms(request, order)
                    considered = self._reconsider(request, order, terms, disturbed=disturbed)
        if not isinstance(considered, Considered):
            return Outlook(False)
        return Outlook(True, [(price, taken) for _, price, taken in considered.found.executions])

    def consider(self, request: OrderSubmitted, *, disturbed: bool = True) -> Considered | Refusal:
        """Return what would follow from an order, or why it is refused; nothing changes."""
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        symbol, buys, quantity_e8 = request.instrument, request.side == "BUY", request.quantity_e8
        waits = request.stop_price_e8 is not None
        if request.reduce_only:
            room_e8 = self._floor.room_e8(request.account, symbol, buys=buys)
            if room_e8 <= 0:
                return would_increase(request.account, symbol, request.side, room_e8)
            if not waits:
                quantity_e8 = min(quantity_e8, room_e8)
        wanted = Wanted(
            INSTRUMENTS[symbol],
            request.account,
            buys,
            worst_price_e8(request.limit_price_e8, request.stop_price_e8, buys=buys),
            quantity_e8,
            request.reduce_only,
        )
        found = Plan[Order]([], quantity_e8) if waits else self._plan(wanted, disturbed=disturbed)
        refusal = None if waits else refuse_plan(request, found)
        if refusal is None:
            funds = self._funds[symbol]
            needed_e8 = funds.needed_e8(wanted, found)
            refusal = funds.refuse(wanted, needed_e8)
        return refusal or Considered(wanted, found, needed_e8)

    def cancel(self, request: OrderCancelRequested, answers: Answers) -> None:
        """Take the rest of an order out of the book, or refuse the wish."""
        order = self._owned(request)
        if order is None:
            rejected(answers, request, self._unknown(request))
        else:
            cancelled(answers, order, "REQUESTED", (request.event_id, request.correlation_id))

    def replace(self, request: OrderReplaceRequested, answers: Answers) -> None:
        """Give a live order new terms, or refuse them.

        The order keeps its place in the queue when its price stays and its quantity does not grow.
        A new price may be executed at once, a new stop price be reached at once.
        """
        order = self._owned(request)
        if order is None:
            rejected(answers, request, self._unknown(request))
            return
        terms = _new_terms(request, order)
        considered = self._reconsider(request, order, terms)
        if not isinstance(considered, Considered):
            rejected(answers, request, considered)
            return
        event_id = answers.derive(request.event_id, "replaced")
        asked = (request.event_id, request.correlation_id)
        causes = replaced(answers, order, terms, event_id, asked)
        self._funds[order.instrument].lock(answers, order, considered.needed_e8, causes)
        if order.status == "WAITING":
            self._trigger(answers, order.instrument, causes)
        else:
            self._floor.carry_out(answers, order, considered.found, causes)

    def _reconsider(
        self,
        request: OrderReplaceRequested,
        order: Order,
        terms: NewTerms,
        *,
        disturbed: bool = True,
    ) -> Considered | Refusal:
        refusal = refuse_new_terms(request, order, terms)
        if refusal is not None:
            return refusal
        wanted = Wanted(
            INSTRUMENTS[order.instrument],
            order.account,
            order.buys,
            worst_price_e8(terms.limit_price_e8, terms.stop_price_e8, buys=order.buys),
            order.remaining_e8 + terms.quantity_e8 - order.quantity_e8,
            order.reduce_only,
            order,
        )
        waits = order.status == "WAITING"
        if order.reduce_only and not waits:
            room_e8 = self._floor.room_e8(order.account, order.instrument, buys=order.buys)
            if wanted.quantity_e8 > room_e8:
                return would_increase(order.account, order.instrument, order.side, room_e8)
        found = (
            Plan[Order]([], wanted.quantity_e8)
            if waits
            else self._plan(wanted, disturbed=disturbed)
        )
        if order.post_only and found.meets_anyone:
            return would_cross(request.limit_price_e8)
        funds = self._funds[order.instrument]
        more_e8 = funds.needed_e8(wanted, found) - funds.locked_e8(order)
        return funds.refuse(wanted, more_e8) or Considered(wanted, found, more_e8)

    def _plan(self, wanted: Wanted, *, disturbed: bool) -> Plan[Order]:
        return self._floor.plan(
            wanted.instrument.symbol,
            wanted.account,
            buys=wanted.buys,
            worst_price_e8=wanted.worst_price_e8,
            quantity_e8=wanted.quantity_e8,
            disturbed=disturbed,
        )

    def _trigger(self, answers: Answers, symbol: str, causes: Causes) -> None:
        # A stop that has been reached already does not wait for the next price.
        price_e8 = self._floor.mark_price_e8(symbol)
        if price_e8 is not None:
            self._floor.trigger(answers, symbol, price_e8, causes)

    def _refuse(self, request: OrderSubmitted) -> Refusal | None:
        status = self._state.status_of(request.order_id)
        if status is not None:
            return (
                "DUPLICATE_ORDER",
                f"order id {request.order_id.hex()} is known and {status}; allowed: a new id",
            )
        return (
            refuse_order(request)
            or refuse_kind_of_instrument(request, self._funds)
            or refuse_trader(self._state.sub_accounts, request)
        )

    def _owned(self, request: OrderCancelRequested | OrderReplaceRequested) -> Order | None:
        order = self._state.orders.get(request.order_id)
        if order is None or order.account != request.account:
            return None
        return order if order.instrument == request.instrument else None

    def _unknown(self, request: OrderCancelRequested | OrderReplaceRequested) -> Refusal:
        # Whose order it is is nobody else's business: a stranger's order is as good as none.
        finished = request.order_id not in self._state.orders
        return unknown_order(request, self._state.status_of(request.order_id) if finished else None)


def _new_terms(request: OrderReplaceRequested, order: Order) -> NewTerms:
    return NewTerms(
        request.quantity_e8,
        request.limit_price_e8 or None,
        order.stop_price_e8 if request.stop_price_e8 is None else request.stop_price_e8,
    )
