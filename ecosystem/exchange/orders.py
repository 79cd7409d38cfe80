"""The life of an order: every status, every legal transition, and nothing else.

A stop order is WAITING outside the book until its stop price is reached; from then on it is an
order like any other. `docs/exchange-orders.md` is drawn from the table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from ecosystem.errors import IllegalTransitionError
from ecosystem.events.orders import OrderAccepted
from ecosystem.events.words import Side
from ecosystem.exchange.book import Resting
from ecosystem.exchange.charges import worst_price_e8
from ecosystem.units import DAY_US

Status = Literal[
    "SUBMITTED",
    "WAITING",
    "OPEN",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELLED",
    "REJECTED",
    "EXPIRED",
]
OrderFact = Literal[
    "ACCEPTED",
    "ACCEPTED_TO_WAIT",
    "REJECTED",
    "TRIGGERED",
    "FILLED_IN_PART",
    "FILLED_IN_WHOLE",
    "CANCELLED",
    "EXPIRED",
    "REPLACED",
]

NEXT: Final[Mapping[tuple[Status, OrderFact], Status]] = MappingProxyType(
    {
        ("SUBMITTED", "ACCEPTED"): "OPEN",
        ("SUBMITTED", "ACCEPTED_TO_WAIT"): "WAITING",
        ("SUBMITTED", "REJECTED"): "REJECTED",
        ("WAITING", "TRIGGERED"): "OPEN",
        ("WAITING", "CANCELLED"): "CANCELLED",
        ("WAITING", "EXPIRED"): "EXPIRED",
        ("WAITING", "REPLACED"): "WAITING",
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


class Order(Resting):
    """An order that was taken: its terms, what is left of it, and its place in a queue."""

    __slots__ = (
        "accepted",
        "executed_notional_e8",
        "expires_us",
        "fees_e8",
        "instrument",
        "order_type",
        "post_only",
        "quantity_e8",
        "rests",
        "status",
        "stop_price_e8",
        "time_in_force",
        "updated_us",
    )

    def __init__(self, accepted: OrderAccepted) -> None:
        super().__init__(
            accepted.order_id,
            accepted.account,
            accepted.side == "BUY",
            accepted.limit_price_e8,
            accepted.quantity_e8,
            accepted.reduce_only,
        )
        self.accepted = accepted
        """The fact that took it; the terms may have been replaced since."""
        self.instrument = accepted.instrument
        self.order_type = order_type = accepted.order_type
        self.time_in_force = accepted.time_in_force
        self.quantity_e8 = accepted.quantity_e8
        self.stop_price_e8 = accepted.stop_price_e8
        self.post_only = accepted.post_only
        self.status: Status = next_status(
            "SUBMITTED", "ACCEPTED" if self.stop_price_e8 is None else "ACCEPTED_TO_WAIT"
        )
        self.updated_us = accepted.event_time_us
        self.executed_notional_e8 = 0
        self.fees_e8 = 0
        self.expires_us = (accepted.event_time_us // DAY_US + 1) * DAY_US
        """The end of the UTC day, at which a DAY order expires."""
        self.rests = order_type in ("LIMIT", "STOP_LIMIT") and self.time_in_force in ("GTC", "DAY")
        """Whether what is not executed at once stays in the book."""

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return "BUY" if self.buys else "SELL"

    @property
    def worst_price_e8(self) -> int | None:
        """The worst price at which it is executed; None when any will do."""
        return worst_price_e8(self.limit_price_e8, self.stop_price_e8, buys=self.buys)


class NewTerms(NamedTuple):
    """The terms of an order that is replaced."""

    quantity_e8: int
    limit_price_e8: int | None
    stop_price_e8: int | None

    def keep_priority_of(self, order: Order) -> bool:
        """Return whether the order stays where it stands: at its price, asking for no more."""
        if order.status == "WAITING":
            same_place = self.stop_price_e8 == order.stop_price_e8
        else:
            same_place = self.limit_price_e8 == order.limit_price_e8
        return same_place and self.quantity_e8 <= order.quantity_e8
