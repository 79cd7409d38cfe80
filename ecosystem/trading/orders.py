"""The engine's own orders between submission and end."""

from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.words import EventId, Side


class WorkingOrder:
    """One order, as far as the venue has answered."""

    __slots__ = (
        "accepted",
        "account",
        "cancelled_us",
        "instrument",
        "limit_price_e8",
        "order_id",
        "remaining_e8",
        "side",
        "submitted_us",
        "venue",
    )

    def __init__(self, submitted: OrderSubmitted) -> None:
        self.order_id: EventId = submitted.order_id
        self.venue = submitted.venue
        self.account = submitted.account
        self.instrument = submitted.instrument
        self.side: Side = submitted.side
        self.remaining_e8 = submitted.quantity_e8
        self.limit_price_e8 = submitted.limit_price_e8
        self.submitted_us = submitted.event_time_us
        self.accepted = False
        self.cancelled_us: int | None = None
        """When its cancellation was last requested."""
