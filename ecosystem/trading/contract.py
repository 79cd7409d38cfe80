"""The contract of a strategy: all that one needs to know of the engine, and may import from it.

A strategy learns and decides, apart from each other. The callbacks `on_price`, `on_book`, `on_fill`
and `on_alert` take in an event and return nothing. `decide` says what follows from what was
learned, and changes nothing of the strategy. An engine that restarts shows a strategy its past
through the callbacks alone, so whatever a strategy remembers belongs there; what it once decided
(signals, orders, positions) the engine remembers for it and shows it through the `View`.

No clock, no chance of its own, no IO: time is `View.now_us`, chance is `View.stream`. Then the same
seed gives the same orders, to the byte.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol

import msgspec

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.books import BookQuoted
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId, OrderType, Side, TimeInForce
from ecosystem.firm import SECOND_VENUE, VENUE
from ecosystem.instruments import INSTRUMENTS, Instrument
from ecosystem.rng import Stream
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US, parse_e8

__all__ = [
    "E8",
    "HOUR_US",
    "INSTRUMENTS",
    "MINUTE_US",
    "SECOND_US",
    "SECOND_VENUE",
    "VENUE",
    "Alert",
    "BookQuoted",
    "Cancel",
    "Cause",
    "CircuitBreakerClosed",
    "CircuitBreakerOpened",
    "Instrument",
    "OpenOrder",
    "OrderFilled",
    "Place",
    "PriceTicked",
    "RiskAlertEscalated",
    "RiskAlertRaised",
    "RiskAlertResolved",
    "Side",
    "Signal",
    "Strategy",
    "Stream",
    "Together",
    "View",
    "Wish",
    "parse_e8",
]

Alert = (
    RiskAlertRaised
    | RiskAlertEscalated
    | RiskAlertResolved
    | CircuitBreakerOpened
    | CircuitBreakerClosed
)
Cause = PriceTicked | BookQuoted | OrderFilled | Alert
"""What a strategy is called with, and so what its wishes follow from."""


class Signal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An opinion; told on the log when it differs from the last one of the instrument."""

    instrument: str
    strength_e8: int
    """From -1 (sell) to 1 (buy), scaled by 1e8."""
    reason: str


class Place(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wish for an order."""

    venue: str
    instrument: str
    side: Side
    quantity_e8: int
    order_type: OrderType = "MARKET"
    time_in_force: TimeInForce = "IOC"
    limit_price_e8: int | None = None
    post_only: bool = False

    @property
    def signed_e8(self) -> int:
        """Quantity, negative for a sale."""
        return self.quantity_e8 if self.side == "BUY" else -self.quantity_e8


class Together(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Orders of which one makes no sense without the others: all are sent, or none."""

    orders: tuple[Place, ...]


class Cancel(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A wish that the rest of an own open order be cancelled.

    Right after a tick the venue may be executing it, so the wish is granted when the venue next
    shows its book: wish it in answer to a `BookQuoted` too. Of a venue that shows none, an order
    that the tick has just reached is left to be filled: wish again with the next.
    """

    order_id: EventId


Wish = Signal | Place | Together | Cancel


class OpenOrder(Protocol):
    """An own order between its submission and its end."""

    @property
    def order_id(self) -> EventId: ...
    @property
    def venue(self) -> str: ...
    @property
    def instrument(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def remaining_e8(self) -> int: ...
    @property
    def limit_price_e8(self) -> int | None: ...
    @property
    def submitted_us(self) -> int: ...
    @property
    def cancelled_us(self) -> int | None:
        """When its cancellation was last requested."""
        ...


class View(Protocol):
    """What a strategy sees when it decides: the market, its account, and its own past."""

    @property
    def now_us(self) -> int:
        """Event time of the decision."""
        ...

    @property
    def account(self) -> str: ...

    def tick(self, instrument: str) -> PriceTicked | None:
        """Return the feed's last quote."""
        ...

    def book(self, venue: str, instrument: str) -> BookQuoted | None:
        """Return a venue's last published book; the venue `market-data` is the feed's depth."""
        ...

    def total_e8(self, venue: str, asset: str) -> int | None:
        """Return what the account holds; None until the venue has said so."""
        ...

    def free_e8(self, venue: str, asset: str) -> int:
        """Return what an order may still use, less what own orders will lock."""
        ...

    def affordable_e8(
        self, venue: str, instrument: str, side: Side, limit_price_e8: int | None = None
    ) -> int:
        """Return the largest quantity the account can fund; at the touch without a limit."""
        ...

    def position_e8(self, instrument: str, venue: str | None = None) -> int:
        """Return what this strategy has bought less sold, at one venue or all."""
        ...

    def exposure_e8(self, asset: str) -> int:
        """Return how far this strategy's trading has moved the account's holding of an asset."""
        ...

    def strength_e8(self, instrument: str) -> int:
        """Return this strategy's last signal; 0 when it never gave one."""
        ...

    def orders(self, instrument: str, venue: str | None = None) -> Sequence[OpenOrder]:
        """Return this strategy's open orders, oldest first."""
        ...

    def last_order_us(self, instrument: str, venue: str | None = None) -> int | None:
        """Return when this strategy last placed an order, or was kept from it."""
        ...

    def orders_count(self) -> int:
        """Return how many orders this strategy has submitted: a counter for `stream`."""
        ...

    def stream(self, name: str) -> Stream:
        """Return a stream of chance under the seed of the run and the strategy's name."""
        ...


class Strategy:
    """What every strategy is; the default learns nothing and wants nothing."""

    instruments: ClassVar[tuple[str, ...]] = ()
    """Whose ticks, books and fills it wants."""
    asked_at_ticks_of: ClassVar[tuple[str, ...] | None] = None
    """At whose ticks it is asked for a decision; None for all of its instruments."""
    venues: ClassVar[tuple[str, ...]] = (VENUE,)
    """Where it trades, and whose books it wants."""

    def on_price(self, tick: PriceTicked) -> None:
        """Learn a quote of the feed."""

    def on_book(self, book: BookQuoted) -> None:
        """Learn ten levels of a book."""

    def on_fill(self, fill: OrderFilled) -> None:
        """Learn that an own order was executed."""

    def on_alert(self, alert: Alert) -> None:
        """Learn what the risk monitor said."""

    def decide(self, cause: Cause, view: View) -> Iterable[Wish]:
        """Return or yield what follows; after each wish the view shows what came of it."""
        return ()
