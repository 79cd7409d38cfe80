"""What a venue says about orders; what follows for the funds is written with each fact."""

from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    OrderReplaced,
    OrderSubmitted,
    OrderTriggered,
)
from ecosystem.events.words import CancelReason, EventId, Liquidity
from ecosystem.exchange.answers import Answers, Causes, Request
from ecosystem.exchange.charges import fee_e8, notional_e8
from ecosystem.exchange.orders import NewTerms, Order
from ecosystem.exchange.terms import Refusal
from ecosystem.instruments import INSTRUMENTS


def rejected(answers: Answers, request: Request, refusal: Refusal) -> None:
    """The venue refused a wish."""
    answers.add(
        OrderRejected(
            event_id=answers.derive(request.event_id, "rejected"),
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
            event_time_us=answers.time_us,
            order_id=request.order_id,
            venue=answers.venue,
            account=request.account,
            instrument=request.instrument,
            reason=refusal[0],
            detail=refusal[1],
        )
    )


def accepted(answers: Answers, request: OrderSubmitted) -> Order:
    """The venue took an order."""
    answers.add(
        OrderAccepted(
            event_id=answers.derive(request.event_id, "accepted"),
            correlation_id=request.correlation_id,
            causation_id=request.event_id,
            event_time_us=answers.time_us,
            order_id=request.order_id,
            venue=answers.venue,
            account=request.account,
            instrument=request.instrument,
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            quantity_e8=request.quantity_e8,
            limit_price_e8=request.limit_price_e8,
            stop_price_e8=request.stop_price_e8,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
        )
    )
    return answers.state.orders[request.order_id]


def triggered(answers: Answers, order: Order, price_e8: int, causes: Causes, number: int) -> Causes:
    """The stop price of an order was reached, which causes what follows.

    Args:
        number: tells the orders apart that one cause triggered.
    """
    cause_id, tree_id = causes
    event_id = answers.derive(cause_id, "triggered", number)
    assert order.stop_price_e8 is not None, "only stop orders wait"
    answers.add(
        OrderTriggered(
            event_id=event_id,
            correlation_id=tree_id,
            causation_id=cause_id,
            event_time_us=answers.time_us,
            order_id=order.order_id,
            venue=answers.venue,
            account=order.account,
            instrument=order.instrument,
            stop_price_e8=order.stop_price_e8,
            trigger_price_e8=price_e8,
        )
    )
    return event_id, tree_id


def replaced(
    answers: Answers, order: Order, terms: NewTerms, event_id: EventId, causes: Causes
) -> Causes:
    """An order has new terms, which cause what follows."""
    cause_id, tree_id = causes
    answers.add(
        OrderReplaced(
            event_id=event_id,
            correlation_id=tree_id,
            causation_id=cause_id,
            event_time_us=answers.time_us,
            order_id=order.order_id,
            venue=answers.venue,
            account=order.account,
            instrument=order.instrument,
            quantity_e8=terms.quantity_e8,
            limit_price_e8=terms.limit_price_e8 or 0,
            remaining_quantity_e8=order.remaining_e8 + terms.quantity_e8 - order.quantity_e8,
            priority_kept=terms.keep_priority_of(order),
            stop_price_e8=terms.stop_price_e8,
        )
    )
    return event_id, tree_id


def reduced(answers: Answers, order: Order, room_e8: int, causes: Causes, number: int) -> Causes:
    """A reduce-only order shrank to `room_e8`; its lock is the caller's to change.

    Args:
        number: tells the orders apart that shrank by one cause.
    """
    quantity_e8 = order.quantity_e8 - order.remaining_e8 + room_e8
    terms = NewTerms(quantity_e8, order.limit_price_e8, order.stop_price_e8)
    return replaced(answers, order, terms, answers.derive(causes[0], "reduced", number), causes)


def cancelled(
    answers: Answers, order: Order, reason: CancelReason, causes: Causes, which: str = ""
) -> None:
    """The rest of an order left the book, and its funds are free.

    Args:
        which: tells the cancelled orders of one cause apart.
    """
    cause_id, tree_id = causes
    event_id = answers.derive(cause_id, f"cancelled/{which}" if which else "cancelled")
    funds = answers.funds[order.instrument]
    locked_e8 = funds.locked_e8(order)
    answers.add(
        OrderCancelled(
            event_id=event_id,
            correlation_id=tree_id,
            causation_id=cause_id,
            event_time_us=answers.time_us,
            order_id=order.order_id,
            venue=answers.venue,
            account=order.account,
            instrument=order.instrument,
            remaining_quantity_e8=order.remaining_e8,
            reason=reason,
        )
    )
    funds.lock(answers, order, -locked_e8, (event_id, tree_id))


def expired(answers: Answers, order: Order) -> None:
    """The time of an order was over, and its funds are free."""
    event_id = answers.derive(order.accepted.event_id, "expired")
    funds = answers.funds[order.instrument]
    locked_e8 = funds.locked_e8(order)
    answers.add(
        OrderExpired(
            event_id=event_id,
            correlation_id=order.accepted.correlation_id,
            causation_id=order.accepted.event_id,
            event_time_us=answers.time_us,
            order_id=order.order_id,
            venue=answers.venue,
            account=order.account,
            instrument=order.instrument,
            remaining_quantity_e8=order.remaining_e8,
        )
    )
    funds.lock(answers, order, -locked_e8, (event_id, order.accepted.correlation_id))


def filled(
    answers: Answers,
    order: Order,
    liquidity: Liquidity,
    price_e8: int,
    quantity_e8: int,
    causes: Causes,
    number: int,
    trade_id: EventId | None = None,
) -> OrderFilled:
    """An order was executed: the fill, then what it moves.

    Args:
        number: tells the fills of one cause apart.
        trade_id: names a trade of two accounts; None when the house is on the other side.
    """
    cause_id, tree_id = causes
    event_id = answers.derive(cause_id, "filled", number)
    rates = answers.state.fees[order.instrument]
    value_e8 = notional_e8(price_e8, quantity_e8)
    funds = answers.funds[order.instrument]
    before_e8 = funds.locked_e8(order)
    fill = OrderFilled(
        event_id=event_id,
        correlation_id=tree_id,
        causation_id=cause_id,
        event_time_us=answers.time_us,
        trade_id=event_id if trade_id is None else trade_id,
        order_id=order.order_id,
        venue=answers.venue,
        account=order.account,
        instrument=order.instrument,
        side=order.side,
        liquidity=liquidity,
        price_e8=price_e8,
        quantity_e8=quantity_e8,
        notional_e8=value_e8,
        fee_e8=fee_e8(value_e8, rates.maker_e8 if liquidity == "MAKER" else rates.taker_e8),
        fee_asset=INSTRUMENTS[order.instrument].quote,
        remaining_quantity_e8=order.remaining_e8 - quantity_e8,
    )
    answers.add(fill)
    funds.settle(answers, order, fill, before_e8 - funds.locked_e8(order))
    return fill
