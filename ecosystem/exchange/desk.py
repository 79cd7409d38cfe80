"""What the venue decides about orders: take or refuse, execute, cancel, replace."""

from collections.abc import Mapping

from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.funds import Funds, Wanted
from ecosystem.exchange.matching import Plan, limit_key, plan
from ecosystem.exchange.order_facts import accepted, cancelled, filled, rejected, replaced
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal, refuse_order, refuse_price, refuse_quantity
from ecosystem.ids import derive_id
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.units import format_e8


class OrderDesk:
    """Decides on the wishes of accounts, all checks first, so that a refusal changes nothing."""

    __slots__ = ("_funds", "_state")

    def __init__(self, state: VenueState, funds: Mapping[str, Funds]) -> None:
        self._state = state
        self._funds = funds

    def submit(self, request: OrderSubmitted, answers: Answers) -> None:
        """Take an order and execute what can be executed, or refuse it."""
        refusal = self._refuse(request)
        if refusal is not None:
            rejected(answers, request, refusal)
            return
        instrument = INSTRUMENTS[request.instrument]
        found = self._plan(
            instrument,
            request.account,
            buys=request.side == "BUY",
            limit_price_e8=request.limit_price_e8,
            quantity_e8=request.quantity_e8,
        )
        wanted = Wanted(
            instrument,
            request.account,
            request.side == "BUY",
            request.limit_price_e8,
            request.quantity_e8,
            request.reduce_only,
        )
        funds = self._funds[request.instrument]
        needed_e8 = funds.needed_e8(wanted, found)
        refusal = _refuse_plan(request, found) or funds.refuse(wanted, needed_e8)
        if refusal is not None:
            rejected(answers, request, refusal)
            return
        order = accepted(answers, request)
        causes = (order.accepted_id, order.correlation_id)
        funds.lock(answers, order, needed_e8, causes)
        _execute(answers, order, found, causes)

    def cancel(self, request: OrderCancelRequested, answers: Answers) -> None:
        """Take the rest of an order out of the book, or refuse the wish."""
        order = self._state.orders.get(request.order_id)
        if order is None or not _owns(request, order):
            rejected(answers, request, self._unknown(request, order))
        else:
            cancelled(answers, order, "REQUESTED", (request.event_id, request.correlation_id))

    def replace(self, request: OrderReplaceRequested, answers: Answers) -> None:
        """Give an open order new terms, or refuse them.

        The order keeps its place in the queue when its price stays and its quantity does not grow.
        A new price may be executed at once.
        """
        order = self._state.orders.get(request.order_id)
        if order is None or not _owns(request, order):
            rejected(answers, request, self._unknown(request, order))
            return
        refusal = _refuse_terms(request, order)
        if refusal is not None:
            rejected(answers, request, refusal)
            return
        instrument = INSTRUMENTS[order.instrument]
        price_e8 = request.limit_price_e8
        remaining_e8 = request.quantity_e8 - order.quantity_e8 + order.remaining_e8
        found = self._plan(
            instrument,
            order.account,
            buys=order.buys,
            limit_price_e8=price_e8,
            quantity_e8=remaining_e8,
        )
        wanted = Wanted(instrument, order.account, order.buys, price_e8, remaining_e8, False)
        funds = self._funds[order.instrument]
        more_e8 = funds.needed_e8(wanted, found) - funds.locked_e8(order)
        if order.post_only and (found.executions or found.meets_itself):
            refusal = _would_cross(price_e8)
        else:
            refusal = funds.refuse(wanted, more_e8)
        if refusal is not None:
            rejected(answers, request, refusal)
            return
        kept = price_e8 == order.limit_price_e8 and request.quantity_e8 <= order.quantity_e8
        causes = replaced(answers, request, remaining_e8, priority_kept=kept)
        funds.lock(answers, order, more_e8, causes)
        _execute(answers, order, found, causes)

    def meet_house(self, tick: PriceTicked, answers: Answers) -> None:
        """Execute the orders that rest where the house now quotes.

        The house comes to them, so they are the makers and get their own prices.
        """
        instrument = INSTRUMENTS[tick.instrument]
        book = self._state.books[tick.instrument]
        causes = (tick.event_id, tick.correlation_id)
        number = 0
        for resting in (book.bids, book.asks):
            offers = self._state.house.offers(instrument, buys=resting is book.bids)
            for price_e8, quantity_e8 in offers:
                found = plan(resting, limit_key(resting, price_e8), quantity_e8, "")
                for order, at_e8, taken_e8 in found.executions:
                    assert order is not None, "the house does not meet itself"
                    filled(answers, order, "MAKER", at_e8, taken_e8, causes, number)
                    number += 1
                if found.remaining_e8:
                    break

    def _plan(
        self,
        instrument: Instrument,
        account: str,
        *,
        buys: bool,
        limit_price_e8: int | None,
        quantity_e8: int,
    ) -> Plan:
        book = self._state.books[instrument.symbol]
        opposite = book.asks if buys else book.bids
        house = self._state.house.offers(instrument, buys=buys)
        return plan(opposite, limit_key(opposite, limit_price_e8), quantity_e8, account, house)

    def _refuse(self, request: OrderSubmitted) -> Refusal | None:
        status = self._state.status_of(request.order_id)
        if status is not None:
            return (
                "DUPLICATE_ORDER",
                f"order id {request.order_id.hex()} is known and {status}; allowed: a new id",
            )
        refusal = refuse_order(request)
        if refusal is None and request.account not in self._state.accounts:
            accounts = ", ".join(self._state.accounts.names)
            return "UNKNOWN_ACCOUNT", f"account {request.account!r}; allowed: {accounts}"
        return refusal

    def _unknown(
        self, request: OrderCancelRequested | OrderReplaceRequested, order: Order | None
    ) -> Refusal:
        # Whose order it is is nobody else's business: a stranger's order is as good as none.
        status = self._state.status_of(request.order_id) if order is None else None
        found = f"is {status}" if status else "is none of the account's in this instrument"
        return (
            "UNKNOWN_ORDER",
            f"order {request.order_id.hex()} {found}; allowed: an OPEN or PARTIALLY_FILLED order "
            f"of {request.account} in {request.instrument}",
        )


def _owns(request: OrderCancelRequested | OrderReplaceRequested, order: Order) -> bool:
    return order.account == request.account and order.instrument == request.instrument


def _refuse_terms(request: OrderReplaceRequested, order: Order) -> Refusal | None:
    instrument = INSTRUMENTS[order.instrument]
    executed_e8 = order.quantity_e8 - order.remaining_e8
    refusal = refuse_quantity(instrument, request.quantity_e8) or refuse_price(
        instrument, request.limit_price_e8
    )
    if refusal is None and request.quantity_e8 <= executed_e8:
        return (
            "INVALID_QUANTITY",
            f"quantity {format_e8(request.quantity_e8)}; allowed: more than the "
            f"{format_e8(executed_e8)} already executed",
        )
    return refusal


def _refuse_plan(request: OrderSubmitted, found: Plan) -> Refusal | None:
    if request.post_only and (found.executions or found.meets_itself):
        assert request.limit_price_e8 is not None, "post-only orders are limit orders"
        return _would_cross(request.limit_price_e8)
    if request.time_in_force == "FOK" and found.remaining_e8:
        fillable_e8 = request.quantity_e8 - found.remaining_e8
        return (
            "NOT_FILLABLE",
            f"quantity {format_e8(request.quantity_e8)}; fillable at once: "
            f"{format_e8(fillable_e8)}",
        )
    if request.order_type == "MARKET" and not found.executions and not found.meets_itself:
        return "NO_LIQUIDITY", f"nobody quotes for a {request.side} of {request.instrument}"
    return None


def _would_cross(price_e8: int) -> Refusal:
    return (
        "WOULD_CROSS",
        f"post-only limit price {format_e8(price_e8)} would be executed at once; allowed: a price "
        "that rests",
    )


def _execute(answers: Answers, order: Order, found: Plan, causes: Causes) -> None:
    number = 0
    for resting, price_e8, quantity_e8 in found.executions:
        trade_id = None
        if resting is not None:
            trade_id = derive_id(causes[0], "exchange/trade", number)
            filled(answers, resting, "MAKER", price_e8, quantity_e8, causes, number, trade_id)
            number += 1
        filled(answers, order, "TAKER", price_e8, quantity_e8, causes, number, trade_id)
        number += 1
    if not found.remaining_e8:
        return
    # The newer order gives way, so an account never trades with itself.
    if found.meets_itself:
        cancelled(answers, order, "SELF_MATCH", causes)
    elif order.order_type == "MARKET":
        cancelled(answers, order, "NO_LIQUIDITY", causes)
    elif not order.rests:
        cancelled(answers, order, "IMMEDIATE_REMAINDER", causes)
