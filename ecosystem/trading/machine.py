"""The machine `trading-engine`: strategies that lean on their accounts as their signals tell them.

Opinions (`StrategySignalled`) and orders follow from ticks, and name the tick as their cause. An
open order is cancelled when it grows old, or when a circuit breaker opens; while one is open no
order is submitted, and opinions are formed all the same.

After a restart levels, open orders and pauses come back from own events. Balances, answers of the
venue and the breaker are inputs: given again through `restore`, in order, together with the ticks,
the engine goes on identically. Without them it waits: for a balance, before it orders anything,
and for the indicators to fill, five to ten minutes of event time, before it changes its mind.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ecosystem.events.alerts import CircuitBreakerClosed, CircuitBreakerOpened
from ecosystem.events.balances import BalanceChanged
from ecosystem.events.control.signals import StrategySignalled
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
from ecosystem.events.words import EventId, Side
from ecosystem.firm import VENUE
from ecosystem.ids import derive_id
from ecosystem.trading.desk import Account, Desk, WorkingOrder
from ecosystem.trading.strategies import (
    CLIPS_E8,
    LEVEL_MAX,
    ORDER_AGE_US_MAX,
    ORDER_INTERVAL_US,
    STRATEGIES,
    next_level,
)
from ecosystem.units import E8

NAME: Final = "trading-engine"

_OWN: Final = (OrderSubmitted, OrderCancelRequested, StrategySignalled)


class TradingEngine:
    """Trades for the firm; knows only what the log tells it."""

    def __init__(self) -> None:
        """Begin with no opinion and no order, and wait for balances and prices."""
        self._accounts = {strategy.account: Account(strategy.account) for strategy in STRATEGIES}
        self._desks = {
            (strategy.account, symbol): Desk(strategy, symbol, self._accounts[strategy.account])
            for symbol in CLIPS_E8
            for strategy in STRATEGIES
        }
        self._desks_on = {
            symbol: tuple(self._desks[strategy.account, symbol] for strategy in STRATEGIES)
            for symbol in CLIPS_E8
        }
        self._desk_of: dict[EventId, Desk] = {}
        self._open_breakers: set[str] = set()
        self._venue_down = False
        self._evolutions: Mapping[type[Event], Callable[..., None]] = {
            PriceTicked: self._priced,
            BalanceChanged: self._balance_changed,
            OrderSubmitted: self._submitted,
            OrderCancelRequested: self._cancel_requested,
            StrategySignalled: self._signalled,
            OrderAccepted: self._accepted,
            OrderRejected: self._rejected,
            OrderFilled: self._filled,
            OrderCancelled: self._gone,
            OrderExpired: self._gone,
            CircuitBreakerOpened: self._breaker_opened,
            CircuitBreakerClosed: self._breaker_closed,
            VenueStatusChanged: self._venue_status_changed,
        }

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return NAME

    def due_us(self) -> None:
        """Return None: the engine acts on what it reads."""
        return

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return nothing: the engine is never due."""
        return ()

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return opinions, orders and cancellations that follow from `event`."""
        kind = type(event)
        if kind is PriceTicked:
            desks = self._desks_on.get(event.instrument)  # type: ignore[attr-defined]  # checked by kind
            return () if desks is None else self._trade(event, desks, now_us)  # type: ignore[arg-type]  # checked by kind
        if kind in _OWN:
            return ()
        self.restore(event)
        if isinstance(event, CircuitBreakerOpened):
            return self._cancel_all(event, now_us)
        return ()

    def restore(self, event: Event) -> None:
        """Take in an event of the past, own or read, deciding nothing."""
        evolution = self._evolutions.get(type(event))
        if evolution is not None:
            evolution(event)

    def _trade(self, tick: PriceTicked, desks: tuple[Desk, ...], now_us: int) -> Sequence[Event]:
        events: list[Event] = []
        for desk in desks:
            desk.price(tick)
            signal = desk.indicator.signal()
            if signal is None:
                continue
            level = next_level(desk.level, signal)
            if level != desk.level:
                self._decide(_signalled(desk, tick, level, signal, now_us), events)
            if desk.order is not None:
                if _is_old(desk.order, now_us):
                    self._decide(_cancel_requested(desk, desk.order, tick, now_us), events)
            elif not (self._open_breakers or self._venue_down) and _may_order(desk, now_us):
                wanted = desk.wanted()
                if wanted is not None:
                    self._decide(_submitted(desk, tick, *wanted, now_us), events)
        return events

    def _cancel_all(self, cause: CircuitBreakerOpened, now_us: int) -> Sequence[Event]:
        events: list[Event] = []
        for desk in self._desks.values():
            if desk.order is not None:
                self._decide(_cancel_requested(desk, desk.order, cause, now_us), events)
        return events

    def _decide(self, event: Event, events: list[Event]) -> None:
        events.append(event)
        self.restore(event)

    def _priced(self, tick: PriceTicked) -> None:
        for desk in self._desks_on.get(tick.instrument, ()):
            desk.price(tick)

    def _balance_changed(self, event: BalanceChanged) -> None:
        if event.venue == VENUE and event.account in self._accounts:
            self._accounts[event.account].learn(event)

    def _signalled(self, event: StrategySignalled) -> None:
        desk = self._desks[event.account, event.instrument]
        desk.level = event.strength_e8 * LEVEL_MAX // E8

    def _submitted(self, event: OrderSubmitted) -> None:
        desk = self._desks[event.account, event.instrument]
        desk.submitted(event)
        self._desk_of[event.order_id] = desk

    def _cancel_requested(self, event: OrderCancelRequested) -> None:
        order = self._order(event.order_id)
        if order is not None:
            order.cancelled_us = event.event_time_us

    def _accepted(self, event: OrderAccepted) -> None:
        order = self._order(event.order_id)
        if order is not None:
            order.accepted = True

    def _rejected(self, event: OrderRejected) -> None:
        # A refused cancellation leaves the order open, unless the venue does not know the order.
        order = self._order(event.order_id)
        if order is not None and (not order.accepted or event.reason == "UNKNOWN_ORDER"):
            self._gone(event)

    def _filled(self, event: OrderFilled) -> None:
        if event.remaining_quantity_e8 == 0:
            self._gone(event)

    def _gone(self, event: OrderCancelled | OrderExpired | OrderRejected | OrderFilled) -> None:
        desk = self._desk_of.pop(event.order_id, None)
        if desk is not None:
            desk.order = None

    def _breaker_opened(self, event: CircuitBreakerOpened) -> None:
        self._open_breakers.add(event.breaker)

    def _breaker_closed(self, event: CircuitBreakerClosed) -> None:
        self._open_breakers.discard(event.breaker)

    def _venue_status_changed(self, event: VenueStatusChanged) -> None:
        if event.venue == VENUE:
            self._venue_down = event.state == "DOWN"

    def _order(self, order_id: EventId) -> WorkingOrder | None:
        desk = self._desk_of.get(order_id)
        return None if desk is None else desk.order


def _is_old(order: WorkingOrder, now_us: int) -> bool:
    since_us = order.submitted_us if order.cancelled_us is None else order.cancelled_us
    return now_us - since_us >= ORDER_AGE_US_MAX


def _may_order(desk: Desk, now_us: int) -> bool:
    return desk.last_order_us is None or now_us - desk.last_order_us >= ORDER_INTERVAL_US


def _signalled(
    desk: Desk, tick: PriceTicked, level: int, signal: float, now_us: int
) -> StrategySignalled:
    return StrategySignalled(
        event_id=derive_id(tick.event_id, f"{NAME}/signalled/{desk.strategy.name}"),
        correlation_id=tick.correlation_id,
        causation_id=tick.event_id,
        event_time_us=now_us,
        strategy=desk.strategy.name,
        account=desk.account.name,
        instrument=desk.symbol,
        strength_e8=level * E8 // LEVEL_MAX,
        reason=f"signal {signal:+.3f} steps, level {desk.level:+d} to {level:+d}",
    )


def _submitted(
    desk: Desk,
    tick: PriceTicked,
    side: Side,
    quantity_e8: int,
    limit_price_e8: int | None,
    now_us: int,
) -> OrderSubmitted:
    order_id = derive_id(tick.event_id, f"{NAME}/submitted/{desk.strategy.name}")
    return OrderSubmitted(
        event_id=order_id,
        correlation_id=tick.correlation_id,
        causation_id=tick.event_id,
        event_time_us=now_us,
        order_id=order_id,
        venue=VENUE,
        account=desk.account.name,
        instrument=desk.symbol,
        side=side,
        order_type=desk.strategy.order_type,
        time_in_force=desk.strategy.time_in_force,
        quantity_e8=quantity_e8,
        limit_price_e8=limit_price_e8,
        stop_price_e8=None,
        post_only=False,
        reduce_only=False,
    )


def _cancel_requested(
    desk: Desk, order: WorkingOrder, cause: Event, now_us: int
) -> OrderCancelRequested:
    return OrderCancelRequested(
        event_id=derive_id(cause.event_id, f"{NAME}/cancel/{desk.strategy.name}/{desk.symbol}"),
        correlation_id=cause.correlation_id,
        causation_id=cause.event_id,
        event_time_us=now_us,
        order_id=order.order_id,
        venue=VENUE,
        account=desk.account.name,
        instrument=desk.symbol,
    )
