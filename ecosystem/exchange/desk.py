"""What the venue decides about orders: take or refuse, execute, cancel, replace."""

from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.exchange.answers import Answers, Causes
from ecosystem.exchange.charges import fee_e8, lock_e8, notional_e8
from ecosystem.exchange.matching import Plan, limit_key, plan
from ecosystem.exchange.orders import Order
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal, refuse_order, refuse_price, refuse_quantity
from ecosystem.ids import derive_id
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.units import format_e8


class OrderDesk:
    """Decides on the wishes of accounts, all checks first, so that a refusal changes nothing."""

    __slots__ = ("_state",)

    def __init__(self, state: VenueState) -> None:
        self._state = state

    def submit(self, request: OrderSubmitted, answers: Answers) -> None:
        """Take an order and execute what can be executed, or refuse it."""
        refusal = self._refuse(request)
        if refusal is not None:
            answers.rejected(request, refusal)
            return
        instrument = INSTRUMENTS[request.instrument]
        found = self._plan(
            instrument,
            request.account,
            buys=request.side == "BUY",
            limit_price_e8=request.limit_price_e8,
            quantity_e8=request.quantity_e8,
        )
        needed_e8 = _needed_e8(instrument, request, found)
        refusal = _refuse_plan(request, found) or self._refuse_funds(
            instrument, request.account, buys=request.side == "BUY", needed_e8=needed_e8
        )
        if refusal is not None:
            answers.rejected(request, refusal)
            return
        order = answers.accepted(request)
        causes = (order.accepted_id, order.correlation_id)
        answers.locked(order, needed_e8, causes)
        _execute(answers, order, found, causes)

    def cancel(self, request: OrderCancelRequested, answers: Answers) -> None:
        """Take the rest of an order out of the book, or refuse the wish."""
        order = self._state.orders.get(request.order_id)
        if order is None or not _owns(request, order):
            answers.rejected(request, self._unknown(request, order))
        else:
            answers.cancelled(order, "REQUESTED", (request.event_id, request.correlation_id))

    def replace(self, request: OrderReplaceRequested, answers: Answers) -> None:
        """Give an open order new terms, or refuse them.

        The order keeps its place in the queue when its price stays and its quantity does not grow.
        A new price may be executed at once.
        """
        order = self._state.orders.get(request.order_id)
        if order is None or not _owns(request, order):
            answers.rejected(request, self._unknown(request, order))
            return
        refusal = _refuse_terms(request, order)
        if refusal is not None:
            answers.rejected(request, refusal)
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
        more_e8 = lock_e8(
            instrument, buys=order.buys, limit_price_e8=price_e8, quantity_e8=remaining_e8
        ) - answers.locked_e8(order)
        if order.post_only and (found.executions or found.meets_itself):
            refusal = _would_cross(price_e8)
        else:
            refusal = self._refuse_funds(
                instrument, order.account, buys=order.buys, needed_e8=more_e8
            )
        if refusal is not None:
            answers.rejected(request, refusal)
            return
        kept = price_e8 == order.limit_price_e8 and request.quantity_e8 <= order.quantity_e8
        causes = answers.replaced(request, remaining_e8, priority_kept=kept)
        answers.locked(order, more_e8, causes)
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
                    answers.filled(order, "MAKER", at_e8, taken_e8, causes, number)
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

    def _refuse_funds(
        self, instrument: Instrument, account: str, *, buys: bool, needed_e8: int
    ) -> Refusal | None:
        asset = instrument.quote if buys else instrument.base
        available_e8 = self._state.accounts.balance(account, asset).available_e8
        # An order that frees funds needs none, whatever else is locked.
        if needed_e8 <= max(available_e8, 0):
            return None
        return (
            "INSUFFICIENT_BALANCE",
            f"{format_e8(needed_e8)} {asset} needed; available: {format_e8(available_e8)}",
        )

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


def _needed_e8(instrument: Instrument, request: OrderSubmitted, found: Plan) -> int:
    buys = request.side == "BUY"
    if request.limit_price_e8 is not None:
        return lock_e8(
            instrument,
            buys=buys,
            limit_price_e8=request.limit_price_e8,
            quantity_e8=request.quantity_e8,
        )
    if not buys:
        return request.quantity_e8
    needed_e8 = 0
    for _, price_e8, quantity_e8 in found.executions:
        value_e8 = notional_e8(price_e8, quantity_e8)
        needed_e8 += value_e8 + fee_e8(value_e8, instrument.taker_fee_e8)
    return needed_e8


def _execute(answers: Answers, order: Order, found: Plan, causes: Causes) -> None:
    number = 0
    for resting, price_e8, quantity_e8 in found.executions:
        trade_id = None
        if resting is not None:
            trade_id = derive_id(causes[0], "exchange/trade", number)
            answers.filled(resting, "MAKER", price_e8, quantity_e8, causes, number, trade_id)
            number += 1
        answers.filled(order, "TAKER", price_e8, quantity_e8, causes, number, trade_id)
        number += 1
    if not found.remaining_e8:
        return
    # The newer order gives way, so an account never trades with itself.
    if found.meets_itself:
        answers.cancelled(order, "SELF_MATCH", causes)
    elif order.order_type == "MARKET":
        answers.cancelled(order, "NO_LIQUIDITY", causes)
    elif not order.rests:
        answers.cancelled(order, "IMMEDIATE_REMAINDER", causes)
