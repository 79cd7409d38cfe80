"""Facts of the life of an order; a wish is a fact too."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import CancelReason, EventId, OrderType, RejectReason, Side, TimeInForce


class OrderSubmitted(Event, frozen=True, kw_only=True, gc=False):
    """The trading engine wished an order to be placed."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity_e8: int
    limit_price_e8: int | None
    stop_price_e8: int | None
    post_only: bool
    reduce_only: bool


class OrderAccepted(Event, frozen=True, kw_only=True, gc=False):
    """The venue took the order into its book or to execution; funds are locked."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity_e8: int
    limit_price_e8: int | None
    stop_price_e8: int | None
    post_only: bool
    reduce_only: bool


class OrderRejected(Event, frozen=True, kw_only=True, gc=False):
    """The venue refused the order, and nothing changed."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    reason: RejectReason
    detail: str


class OrderCancelRequested(Event, frozen=True, kw_only=True, gc=False):
    """The owner wished the rest of an order to be cancelled."""

    order_id: EventId
    venue: str
    account: str
    instrument: str


class OrderCancelled(Event, frozen=True, kw_only=True, gc=False):
    """The rest of an order left the book."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    remaining_quantity_e8: int
    reason: CancelReason


class OrderReplaceRequested(Event, frozen=True, kw_only=True, gc=False):
    """The owner wished other terms for an open order."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    quantity_e8: int
    limit_price_e8: int
    stop_price_e8: int | None = None


class OrderReplaced(Event, frozen=True, kw_only=True, gc=False):
    """An open order has new terms."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    quantity_e8: int
    limit_price_e8: int
    remaining_quantity_e8: int
    priority_kept: bool
    stop_price_e8: int | None = None


class OrderExpired(Event, frozen=True, kw_only=True, gc=False):
    """An order left the book because its time was over."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    remaining_quantity_e8: int


class OrderTriggered(Event, frozen=True, kw_only=True, gc=False):
    """The stop price of an order was reached; the order goes to execution."""

    order_id: EventId
    venue: str
    account: str
    instrument: str
    stop_price_e8: int
    trigger_price_e8: int
