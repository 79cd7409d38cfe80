"""The life of an order: every status, every legal transition, and nothing else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.words import EventId, OrderType, Side, TimeInForce
from ecosystem.units import DAY_US

Status = Literal[
    "SUBMITTED", "OPEN", "PARTIALLY_FILLED", "FILLED", "CANCELLED", "REJECTED", "EXPIRED"
]
OrderFact = Literal[
    "ACCEPTED", "REJECTED", "FILLED_IN_PART", "FILLED_IN_WHOLE", "CANCELLED", "EXPIRED", "REPLACED"
]

NEXT: Final[Mapping[tuple[Status, OrderFact], Status]] = MappingProxyType(
    {
        ("SUBMITTED", "ACCEPTED"): "OPEN",
        ("SUBMITTED", "REJECTED"): "REJECTED",
        ("OPEN", "FILLED_IN_PART"): "PARTIALLY_FILLED",
        ("OPEN", "FILLED_IN_WHOLE"): "FILLED",
        ("OPEN", "CANCELLED"): "CANCELLED",
        ("OPEN", "EXPIRED"): "EXPIRED",
        ("OPEN", "REPLACED"): "OPEN",
        ("PARTIALLY_FILLED", "FILLED_IN_PART"): "PARTIALLY_FILLED",
        ("PARTIALLY_FILLED", "FILLED_IN_WHOLE"): "FILLED",
        ("PARTIALLY_FILLED", "CANCELLED"): "CANCELLED",
        ("PARTIALLY_FILLED", "EXPIRED"): "EXPIRED",
        ("PARTIALLY_FILLED", "REPLACED"): "PARTIALLY_FILLED",
    }
)
"""Every legal transition; FILLED, CANCELLED, REJECTED and EXPIRED are the end."""


def next_status(status: Status, fact: OrderFact) -> Status:
    """Return the status of an order after `fact`.

    Raises:
        IllegalTransitionError: the status does not allow the fact.
    """
    after = NEXT.get((status, fact))
    if after is None:
        allowed = ", ".join(sorted(allows for before, allows in NEXT if before == status))
        raise IllegalTransitionError(
            f"an order that is {status} was {fact}; allowed: {allowed or 'nothing, it is over'}"
        )
    return after


class Order:
    """An order that is alive: its terms, what is left of it, and its place in a queue."""

    __slots__ = (
        "accepted_id",
        "account",
        "buys",
        "correlation_id",
        "expires_us",
        "instrument",
        "limit_price_e8",
        "next",
        "order_id",
        "order_type",
        "post_only",
        "previous",
        "quantity_e8",
        "remaining_e8",
        "rests",
        "status",
        "time_in_force",
    )

    def __init__(
        self,
        order_id: EventId,
        account: str,
        instrument: str,
        side: Side,
        order_type: OrderType,
        time_in_force: TimeInForce,
        quantity_e8: int,
        limit_price_e8: int | None,
        post_only: bool,
        accepted: tuple[EventId, EventId, int],
    ) -> None:
        self.order_id = order_id
        self.account = account
        self.instrument = instrument
        self.buys = side == "BUY"
        self.order_type = order_type
        self.time_in_force = time_in_force
        self.quantity_e8 = quantity_e8
        self.limit_price_e8 = limit_price_e8
        self.remaining_e8 = quantity_e8
        self.post_only = post_only
        self.status: Status = "SUBMITTED"
        self.accepted_id, self.correlation_id, accepted_us = accepted
        self.expires_us = (accepted_us // DAY_US + 1) * DAY_US
        """The end of the UTC day, at which a DAY order expires."""
        self.rests = order_type == "LIMIT" and time_in_force in ("GTC", "DAY")
        """Whether what is not executed at once waits in the book."""
        self.next: Order | None = None
        self.previous: Order | None = None

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return "BUY" if self.buys else "SELL"
