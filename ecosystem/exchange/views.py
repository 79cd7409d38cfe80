"""What the venue's doors show of its orders: pure reads of its state, scaled integers."""

import msgspec

from ecosystem.events.orders import OrderRejected
from ecosystem.events.words import EventId, OrderType, RejectReason, Side, TimeInForce
from ecosystem.exchange.orders import Order, Status
from ecosystem.exchange.state import VenueState


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was taken, with the terms it has now and what has become of it."""

    order_id: EventId
    correlation_id: EventId
    account: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    status: Status
    quantity_e8: int
    remaining_quantity_e8: int
    executed_quantity_e8: int
    executed_notional_e8: int
    """What was executed in the quote asset; divided by the quantity it is the average price."""
    fees_e8: int
    """Fees so far, in the quote asset."""
    limit_price_e8: int | None
    stop_price_e8: int | None
    post_only: bool
    reduce_only: bool
    accepted_time_us: int
    updated_time_us: int
    """Event time of the last fact of the order."""


class RefusedOrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was never taken, and why."""

    order_id: EventId
    correlation_id: EventId
    account: str
    instrument: str
    status: Status
    reason: RejectReason
    detail: str
    updated_time_us: int


def order(state: VenueState, order_id: EventId) -> OrderView | RefusedOrderView | None:
    """Return a live order or one that is over; None when it is unknown or was forgotten."""
    found = state.orders.get(order_id) or state.finished.get(order_id)
    match found:
        case Order():
            return _view(found)
        case OrderRejected():
            return _refused(found)
        case None:
            return None


def open_orders(state: VenueState, account: str | None = None) -> tuple[OrderView, ...]:
    """Return the live orders, oldest first: of one account, or of all."""
    return tuple(
        _view(one) for one in state.orders.values() if account is None or one.account == account
    )


def _view(found: Order) -> OrderView:
    accepted = found.accepted
    return OrderView(
        order_id=found.order_id,
        correlation_id=accepted.correlation_id,
        account=found.account,
        instrument=found.instrument,
        side=found.side,
        order_type=found.order_type,
        time_in_force=found.time_in_force,
        status=found.status,
        quantity_e8=found.quantity_e8,
        remaining_quantity_e8=found.remaining_e8,
        executed_quantity_e8=found.quantity_e8 - found.remaining_e8,
        executed_notional_e8=found.executed_notional_e8,
        fees_e8=found.fees_e8,
        limit_price_e8=found.limit_price_e8,
        stop_price_e8=found.stop_price_e8,
        post_only=found.post_only,
        reduce_only=found.reduce_only,
        accepted_time_us=accepted.event_time_us,
        updated_time_us=found.updated_us,
    )


def _refused(event: OrderRejected) -> RefusedOrderView:
    return RefusedOrderView(
        order_id=event.order_id,
        correlation_id=event.correlation_id,
        account=event.account,
        instrument=event.instrument,
        status="REJECTED",
        reason=event.reason,
        detail=event.detail,
        updated_time_us=event.event_time_us,
    )
