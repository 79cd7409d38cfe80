"""Order rejection: the venue refuses a share of the orders it would have taken.

Which ones is drawn from a stream of the injection's own, keyed by the order's id, so that no draw
of anything else is consumed and a restarted venue refuses the same ones.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.words import EventId, RejectReason
from ecosystem.exchange.faults.scope import Scoped, read_scoped
from ecosystem.exchange.terms import Refusal
from ecosystem.injections import check_bounds
from ecosystem.rng import Stream
from ecosystem.units import E8

KIND: Final = "order-rejection"
RATE_E8: Final = (E8 // 1_000, E8)
REASONS: Final[Mapping[str, tuple[RejectReason, str]]] = MappingProxyType(
    {
        "venue-busy": ("VENUE_BUSY", "too many orders at the venue; try again later"),
        "rate-limited": ("RATE_LIMITED", "too many orders of the account; try again later"),
        "venue-down": ("VENUE_DOWN", "the venue takes no orders at the moment"),
        "price-collar": ("PRICE_COLLAR", "the price is outside the venue's collar"),
        "no-liquidity": ("NO_LIQUIDITY", "nobody quotes for such an order at the moment"),
        "insufficient-balance": (
            "INSUFFICIENT_BALANCE",
            "the funds of the account cannot be locked at the moment",
        ),
        "account-inactive": ("ACCOUNT_INACTIVE", "the account may not trade at the moment"),
    }
)
"""The reasons a rejection can give, as scenarios name them: reason and detail."""
REASON_DEFAULT: Final = "venue-busy"


class OrderRejection(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many orders are refused, and why."""

    rate_e8: int
    reason: str = REASON_DEFAULT

    @property
    def refusal(self) -> Refusal:
        """What the venue says."""
        return REASONS[self.reason]

    def refuses(self, order_id: EventId, stream: Stream) -> bool:
        """Tell whether it is the turn of an order."""
        key = int.from_bytes(order_id[:8], "big") ^ int.from_bytes(order_id[8:], "big")
        return stream.integer(key, 0, E8 - 1) < self.rate_e8


def read(scheduled: InjectionScheduled) -> OrderRejection:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, OrderRejection)
    check_bounds(scheduled, ("rate_e8", found.rate_e8, *RATE_E8))
    if found.reason not in REASONS:
        raise InvalidInputError(
            f"injection {scheduled.name!r}: reason {found.reason!r} found; allowed are"
            f" {', '.join(REASONS)}"
        )
    return found
