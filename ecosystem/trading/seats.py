"""Seats: a strategy at work on an account, what it has on order, and what it sees."""

from collections.abc import Sequence

from ecosystem.events.books import BookQuoted
from ecosystem.events.control.words import StrategyState
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId, Side
from ecosystem.ids import derive_id
from ecosystem.injections import Injection
from ecosystem.rng import Stream
from ecosystem.trading.accounts import Accounts
from ecosystem.trading.contract import Strategy
from ecosystem.trading.gate.window import RateWindow
from ecosystem.trading.market import Market
from ecosystem.trading.misbehaving.faults import Fault
from ecosystem.trading.orders import WorkingOrder
from ecosystem.trading.portfolio import Portfolio, PositionKey


class Seat:
    """One strategy on one account; the implementation may change, the seat stays.

    Whose order it is, its id tells: it is derived from the cause, the seat, and how many orders of
    the seat the cause had before. So a restarted engine finds the seat of each of its orders.
    """

    __slots__ = (
        "_cause_id",
        "_cause_orders",
        "_label",
        "_reduced_label",
        "_reductions",
        "account",
        "implementation",
        "injection",
        "last_order_us",
        "may_rest",
        "name",
        "orders",
        "orders_count",
        "pending_e8",
        "sent",
        "state",
        "strategy",
        "strengths_e8",
        "view",
    )

    view: "SeatView"
    """What its strategy sees; set by who seats it."""

    def __init__(
        self,
        engine: str,
        name: str,
        account: str,
        implementation: str,
        strategy: Strategy,
        rate_orders: int,
        injection: Injection[Fault] | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.implementation = implementation
        self.strategy = strategy
        self.injection = injection
        """Of a seat that is there because of a fault; it acts only while that is active."""
        self.may_rest = injection is not None
        """Whether there are times at which its strategy is not asked."""
        self.state: StrategyState = "RUNNING"
        self.orders: dict[EventId, WorkingOrder] = {}
        self.orders_count = 0
        self.pending_e8: dict[str, int] = {}
        """Bought less sold on order, by instrument."""
        self.strengths_e8: dict[str, int] = {}
        self.last_order_us: dict[str, dict[str, int]] = {}
        """By instrument and venue."""
        self.sent = RateWindow(rate_orders)
        self._label = f"{engine}/submitted/{name}"
        self._reduced_label = f"{engine}/reduced/{name}"
        self._cause_id = EventId(b"")
        self._cause_orders = 0
        self._reductions: dict[EventId, int] = {}

    def next_order_id(self, cause_id: EventId) -> EventId:
        """Return the id of the next order that follows from `cause_id`."""
        number = self._cause_orders if cause_id == self._cause_id else 0
        return derive_id(cause_id, self._label, number)

    def next_reduction_id(self, breaker_id: EventId) -> EventId:
        """Return the id of the next order that reduces because of an opened breaker."""
        return derive_id(breaker_id, self._reduced_label, self._reductions.get(breaker_id, 0))

    def submitted(self, event: OrderSubmitted) -> bool:
        """Take in an order if it is of this seat; return whether it is."""
        cause_id = event.causation_id
        if event.order_id == self.next_order_id(cause_id):
            count = self._cause_orders if cause_id == self._cause_id else 0
            self._cause_id, self._cause_orders = cause_id, count + 1
        elif event.order_id == self.next_reduction_id(cause_id):
            self._reductions[cause_id] = self._reductions.get(cause_id, 0) + 1
        else:
            return False
        self.orders[event.order_id] = WorkingOrder(event)
        self.orders_count += 1
        self.sent.sent(event.event_time_us)
        self.tried(event.instrument, event.venue, event.event_time_us)
        return True

    def tried(self, instrument: str, venue: str, time_us: int) -> None:
        """Take in that an order was placed, or withheld."""
        self.last_order_us.setdefault(instrument, {})[venue] = time_us

    def resumed(self) -> None:
        """Forget the breakers that are closed."""
        self._reductions.clear()

    def change(self, state: StrategyState) -> None:
        """Take in that the strategy was started, halted or stopped."""
        self.state = state
        self.may_rest = self.injection is not None or state == "STOPPED"

    def acts(self, now_us: int) -> bool:
        """Return whether its strategy is asked at `now_us`."""
        if self.injection is not None:
            return self.injection.is_active(now_us)
        return self.state != "STOPPED"

    def bypasses(self, check: str, now_us: int) -> bool:
        """Return whether a fault has put a check out of order for this seat."""
        injection = self.injection
        return (
            injection is not None
            and injection.is_active(now_us)
            and check in injection.fault.bypassed
        )


class SeatView:
    """What the strategy of a seat sees; see `contract.View`."""

    __slots__ = ("_accounts", "_market", "_portfolio", "_seat", "_seed", "now_us")

    def __init__(
        self, seat: Seat, market: Market, accounts: Accounts, portfolio: Portfolio, seed: int
    ) -> None:
        self._seat = seat
        self._market = market
        self._accounts = accounts
        self._portfolio = portfolio
        self._seed = seed
        self.now_us = 0

    @property
    def account(self) -> str:
        """The account of the seat."""
        return self._seat.account

    def tick(self, instrument: str) -> PriceTicked | None:
        """Return the feed's last quote."""
        return self._market.ticks.get(instrument)

    def book(self, venue: str, instrument: str) -> BookQuoted | None:
        """Return a venue's last published book."""
        return self._market.books.get((venue, instrument))

    def total_e8(self, venue: str, asset: str) -> int | None:
        """Return what the account holds; None until the venue has said so."""
        return self._accounts.at(venue, self._seat.account).total_e8.get(asset)

    def free_e8(self, venue: str, asset: str) -> int:
        """Return what an order may still use."""
        return self._accounts.at(venue, self._seat.account).free_e8(asset)

    def affordable_e8(
        self, venue: str, instrument: str, side: Side, limit_price_e8: int | None = None
    ) -> int:
        """Return the largest quantity the account can fund."""
        account = self._seat.account
        return self._accounts.affordable_e8(venue, account, instrument, side, limit_price_e8)

    def position_e8(self, instrument: str, venue: str | None = None) -> int:
        """Return what the seat has bought less sold."""
        seat = self._seat
        if venue is None:
            return self._portfolio.held_e8(seat.name, instrument)
        position = self._portfolio.positions.get(
            PositionKey(seat.name, seat.account, venue, instrument)
        )
        return 0 if position is None else position.quantity_e8

    def exposure_e8(self, asset: str) -> int:
        """Return how far the seat's trading has moved the holding of an asset, fees left out."""
        return self._portfolio.exposure_e8(self._seat.name, asset)

    def strength_e8(self, instrument: str) -> int:
        """Return the last signal; 0 when there was none."""
        return self._seat.strengths_e8.get(instrument, 0)

    def orders(self, instrument: str, venue: str | None = None) -> Sequence[WorkingOrder]:
        """Return the open orders of the seat."""
        if not self._seat.orders:
            return ()
        return [
            order
            for order in self._seat.orders.values()
            if order.instrument == instrument and venue in (None, order.venue)
        ]

    def last_order_us(self, instrument: str, venue: str | None = None) -> int | None:
        """Return when an order was last placed or withheld."""
        times_us = self._seat.last_order_us.get(instrument)
        if times_us is None:
            return None
        return max(times_us.values()) if venue is None else times_us.get(venue)

    def orders_count(self) -> int:
        """Return how many orders the seat has submitted."""
        return self._seat.orders_count

    def stream(self, name: str) -> Stream:
        """Return a stream of chance of this seat."""
        return Stream(self._seed, "trading-engine", self._seat.name, name)
