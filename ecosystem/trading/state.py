"""What the engine remembers, and how each event changes it; deciding is `machine`'s business."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.control.signals import (
    OrderWithheld,
    StrategySignalled,
    StrategyStateChanged,
)
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderExpired,
    OrderRejected,
    OrderSubmitted,
)
from ecosystem.events.prices import PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.injections import Injections
from ecosystem.trading.accounts import Accounts
from ecosystem.trading.audience import Audience
from ecosystem.trading.contract import Alert
from ecosystem.trading.exposure import Exposure
from ecosystem.trading.gate.limits import TradingLimits
from ecosystem.trading.gate.words import Ground
from ecosystem.trading.halts import Halts
from ecosystem.trading.market import Market
from ecosystem.trading.misbehaving.faults import READERS, Fault
from ecosystem.trading.misbehaving.slow_leak import SlowLeak
from ecosystem.trading.orders import WorkingOrder
from ecosystem.trading.performance import SAMPLE_US, Performance
from ecosystem.trading.portfolio import Portfolio
from ecosystem.trading.registry import Registry
from ecosystem.trading.seats import Seat, SeatView
from ecosystem.trading.tallies import Tallies

MANUAL: Final = "manual"
"""To whom executions of orders are attributed that no strategy of this engine sent."""


class TradingState:
    """Everything the engine knows, from its own events and those it read."""

    def __init__(
        self, engine: str, seed: int, feed: str, registry: Registry, limits: TradingLimits
    ) -> None:
        self.engine = engine
        self.limits = limits
        self.registry = registry
        self.market = Market()
        self.accounts = Accounts(self.market)
        self.exposure = Exposure()
        self.ground = Ground(self.market, self.accounts, self.exposure)
        self.halts = Halts(feed)
        self.portfolio = Portfolio()
        self.performances: dict[str, Performance] = {}
        self.tallies = Tallies()
        self.injections: Injections[Fault] = Injections(engine, READERS)
        self.leaks: dict[EventId, SlowLeak] = {}
        self.seats: dict[str, Seat] = {}
        self.seat_of: dict[EventId, Seat] = {}
        """Whose each working order is."""
        self._feed = feed
        self._seed = seed
        self.audience = Audience(self.seats)
        self.resting: tuple[Seat, ...] = ()
        """The seats that may not be at work: those of faults, and those that were stopped."""
        self._sample_us = 0
        self.time_us = 0
        """Event time of the last tick."""
        for plan in registry.seats:
            self._seat(plan.name, plan.account, plan.implementation)
        self._evolutions: Mapping[type[Event], Callable[..., object]] = {
            PriceTicked: self.priced,
            BookQuoted: self.quoted,
            BalanceChanged: self._balance_changed,
            OrderSubmitted: self._submitted,
            OrderCancelRequested: self._cancel_requested,
            OrderAccepted: self._accepted,
            OrderRejected: self._rejected,
            OrderFilled: self._filled,
            OrderCancelled: self._gone,
            OrderExpired: self._gone,
            StrategySignalled: self._signalled,
            StrategyStateChanged: self._state_changed,
            OrderWithheld: self._withheld,
            RiskAlertRaised: self._alerted,
            RiskAlertEscalated: self._alerted,
            RiskAlertResolved: self._alerted,
            CircuitBreakerOpened: self._breaker_opened,
            CircuitBreakerClosed: self._breaker_closed,
            VenueStatusChanged: self.halts.status,
            InjectionScheduled: self._injection_scheduled,
            InjectionCancelRequested: self.injections.learn,
            InjectionApplied: self.injections.learn,
            InjectionEnded: self.injections.learn,
        }

    def evolve(self, event: Event) -> None:
        """Take in an event, own or read; what the engine has no use for changes nothing."""
        evolution = self._evolutions.get(type(event))
        if evolution is not None:
            evolution(event)

    def active_leaks(self, seat: Seat, now_us: int) -> Iterator[EventId]:
        """Yield the active injections that bend a seat's decisions."""
        if self.leaks and seat.injection is None:
            for injection in self.injections.active(now_us):
                injection_id = injection.scheduled.injection_id
                if injection_id in self.leaks and injection.fault.account == seat.account:
                    yield injection_id

    def _seat(self, name: str, account: str, implementation: str) -> None:
        strategy = self.registry.implementations[implementation]()
        seat = self.seats.get(name)
        if seat is None:
            rate = self.limits.gate.rate_orders
            self._take(Seat(self.engine, name, account, implementation, strategy, rate))
        elif seat.implementation != implementation:
            seat.strategy, seat.implementation = strategy, implementation
            self._seats_changed()

    def _take(self, seat: Seat) -> None:
        self.seats[seat.name] = seat
        seat.view = SeatView(seat, self.market, self.accounts, self.portfolio, self._seed)
        self._seats_changed()

    def _seats_changed(self) -> None:
        self.audience.forget()
        self.resting = tuple(seat for seat in self.seats.values() if seat.may_rest)

    def priced(self, tick: PriceTicked) -> tuple[Seat, ...] | None:
        """Take in a tick, and return the seats that are asked; None where it is not believed."""
        if tick.feed != self._feed:
            return None
        time_us = self.time_us = tick.event_time_us
        if time_us >= self._sample_us:
            self._sample(time_us)
        self.market.priced(tick)
        learning, asked = self.audience.of_ticks(tick.instrument)
        for learn in learning:
            learn(tick)
        return asked

    def _sample(self, now_us: int) -> None:
        if self._sample_us:
            for strategy in self.portfolio.strategies():
                performance = self.performances.setdefault(strategy, Performance())
                performance.sample(self.portfolio.profit(strategy, self.market).total_e8)
        self._sample_us = now_us - now_us % SAMPLE_US + SAMPLE_US

    def quoted(self, book: BookQuoted) -> tuple[Seat, ...]:
        """Take in a book, and return the seats that are asked."""
        self.market.quoted(book)
        learning, asked = self.audience.of_books(book.venue, book.instrument)
        for learn in learning:
            learn(book)
        return asked

    def _balance_changed(self, event: BalanceChanged) -> None:
        self.accounts.at(event.venue, event.account).learn(event)

    def _signalled(self, event: StrategySignalled) -> None:
        seat = self.seats.get(event.strategy)
        if seat is not None:
            seat.strengths_e8[event.instrument] = event.strength_e8

    def _submitted(self, event: OrderSubmitted) -> None:
        for seat in self.seats.values():
            if seat.account == event.account and seat.submitted(event):
                break
        else:
            return  # somebody else's, posted past the engine
        self.seat_of[event.order_id] = seat
        account, symbol, side = event.account, event.instrument, event.side
        asset, amount_e8 = self.accounts.needed(
            event.venue, account, symbol, side, event.quantity_e8, event.limit_price_e8
        )
        self.accounts.at(event.venue, account).reserve(event.order_id, asset, amount_e8)
        self._opened(seat, seat.orders[event.order_id], event.quantity_e8)
        self.tallies.orders_count += 1

    def _cancel_requested(self, event: OrderCancelRequested) -> None:
        seat = self.seat_of.get(event.order_id)
        if seat is not None:
            seat.orders[event.order_id].cancelled_us = event.event_time_us

    def _accepted(self, event: OrderAccepted) -> None:
        seat = self.seat_of.get(event.order_id)
        if seat is not None:
            seat.orders[event.order_id].accepted = True

    def _rejected(self, event: OrderRejected) -> None:
        # A refused cancellation leaves the order open, unless the venue does not know the order.
        seat = self.seat_of.get(event.order_id)
        if seat is not None and (
            not seat.orders[event.order_id].accepted or event.reason == "UNKNOWN_ORDER"
        ):
            self._gone(event)

    def _filled(self, event: OrderFilled) -> None:
        seat = self.seat_of.get(event.order_id)
        self.exposure.filled(event)
        self.portfolio.fill(MANUAL if seat is None else seat.name, event)
        self.tallies.traded(event.side)
        if seat is None:
            return
        order = seat.orders[event.order_id]
        self._opened(seat, order, -event.quantity_e8)
        order.remaining_e8 -= event.quantity_e8
        seat.strategy.on_fill(event)
        for injection_id in self.active_leaks(seat, event.event_time_us):
            self.leaks[injection_id].traded()
        if event.remaining_quantity_e8 == 0:
            self._gone(event)

    def _gone(self, event: OrderCancelled | OrderExpired | OrderRejected | OrderFilled) -> None:
        seat = self.seat_of.pop(event.order_id, None)
        if seat is None:
            return
        order = seat.orders.pop(event.order_id)
        self.accounts.at(order.venue, order.account).release(order.order_id)
        self._opened(seat, order, -order.remaining_e8)

    def _opened(self, seat: Seat, order: WorkingOrder, quantity_e8: int) -> None:
        symbol, side = order.instrument, order.side
        self.exposure.opened(order.account, symbol, side, quantity_e8)
        signed_e8 = quantity_e8 if side == "BUY" else -quantity_e8
        seat.pending_e8[symbol] = seat.pending_e8.get(symbol, 0) + signed_e8

    def _state_changed(self, event: StrategyStateChanged) -> None:
        if event.implementation in self.registry.implementations:
            self._seat(event.strategy, event.account, event.implementation)
        self.seats[event.strategy].change(event.state)
        self._seats_changed()

    def _withheld(self, event: OrderWithheld) -> None:
        self.tallies.withheld(event.check)
        seat = self.seats.get(event.strategy)
        if seat is not None:
            seat.tried(event.instrument, event.venue, event.event_time_us)

    def _alerted(self, alert: Alert) -> None:
        for seat in self.seats.values():
            seat.strategy.on_alert(alert)

    def _breaker_opened(self, event: CircuitBreakerOpened) -> None:
        self.halts.opened(event)
        self._alerted(event)

    def _breaker_closed(self, event: CircuitBreakerClosed) -> None:
        self.halts.closed(event)
        self._alerted(event)
        if not self.halts.breakers:
            for seat in self.seats.values():
                seat.resumed()

    def _injection_scheduled(self, event: InjectionScheduled) -> None:
        self.injections.learn(event)
        for injection in self.injections:
            scheduled, fault = injection.scheduled, injection.fault
            injection_id = scheduled.injection_id
            name = f"{scheduled.kind}-{injection_id.hex()[:12]}"
            if fault.leak is not None:
                self.leaks.setdefault(injection_id, fault.leak(self._seed))
            if fault.strategy is not None and name not in self.seats:
                rate = self.limits.gate.rate_orders
                self._take(
                    Seat(
                        self.engine,
                        name,
                        fault.account,
                        scheduled.kind,
                        fault.strategy(),
                        rate,
                        injection,
                    )
                )
