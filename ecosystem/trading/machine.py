"""The machine `trading-engine`: strategies, and what becomes of their wishes.

An event is first taken in by everybody it concerns, then the strategies that want it are asked what
follows. Opinions become `StrategySignalled`, orders pass the gate and become `OrderSubmitted`, and
what the gate keeps becomes `OrderWithheld`. Each names the event it followed from as its cause.

While a circuit breaker is open nothing is ordered but what reduces positions, and opinions are
formed all the same. Strategies start, stop and change at run time by events.

After a restart, signals, open orders, states and counts come back from own events. Ticks, books,
fills, balances, answers of venues and the breaker are inputs: given again through `restore`, in
order, the engine goes on identically. Without them it waits: for a balance, before it orders
anything, and for the strategies to learn anew; and it has forgotten what it holds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    RiskAlertEscalated,
    RiskAlertRaised,
    RiskAlertResolved,
)
from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.control.signals import (
    OrderWithheld,
    StrategyRequestRefused,
    StrategySignalled,
    StrategyStateChanged,
)
from ecosystem.events.control.words import StrategyState
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import OrderCancelRequested, OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.firm import FEED
from ecosystem.machine import TickFacts
from ecosystem.trading.contract import Alert
from ecosystem.trading.dealing import Dealer
from ecosystem.trading.facts import Facts
from ecosystem.trading.gate.limits import DEFAULT_LIMITS, TradingLimits
from ecosystem.trading.registry import FIRM, Registry
from ecosystem.trading.requests import REQUESTS, Request, answer
from ecosystem.trading.state import TradingState

NAME: Final = "trading-engine"

_OWN: Final = frozenset(
    {
        InjectionApplied,
        InjectionEnded,
        OrderCancelRequested,
        OrderSubmitted,
        OrderWithheld,
        StrategyRequestRefused,
        StrategySignalled,
        StrategyStateChanged,
    }
)
_INJECTION: Final = frozenset({InjectionScheduled, InjectionCancelRequested, InjectionEnded})


class TradingEngine:
    """Trades for the firm; knows only what the log tells it."""

    def __init__(
        self,
        *,
        seed: int = 0,
        name: str = NAME,
        feed: str = FEED,
        registry: Registry = FIRM,
        limits: TradingLimits = DEFAULT_LIMITS,
    ) -> None:
        """Begin with no opinion and no order, and wait for balances and prices.

        Args:
            seed: of the chance that strategies use.
            feed: whose ticks are believed.
            registry: what may run, and what runs from the beginning.
        """
        self._name = name
        self._feed = feed
        self.state = TradingState(name, seed, feed, registry, limits)
        self._facts = Facts(name)
        self._dealer = Dealer(self.state, self._facts)
        self._due_us: int | None = None
        self._decisions: Mapping[type[Event], Callable[[Any, int, list[Event]], None]] = {
            RiskAlertRaised: self._alerted,
            RiskAlertEscalated: self._alerted,
            RiskAlertResolved: self._alerted,
            CircuitBreakerOpened: self._breaker_opened,
            CircuitBreakerClosed: self._breaker_closed,
            VenueStatusChanged: self._status_changed,
            **dict.fromkeys(REQUESTS, self._requested),
        }

    @property
    def name(self) -> str:
        """The service, and the principal under which its events are written."""
        return self._name

    def due_us(self) -> int | None:
        """Return when the end of an injection is to be announced; else the engine is never due."""
        return self._due_us

    def wake(self, now_us: int) -> Sequence[Event]:
        """Return the ends of injections; what they left open is cancelled with the next tick."""
        ended = self.state.injections.ended(now_us)
        self._due_us = self.state.injections.due_us()
        return ended

    def handle(self, event: Event, now_us: int) -> Sequence[Event]:
        """Return what follows from `event`: opinions, orders, cancellations, changes of state.

        Raises:
            InvalidInputError: an injection for this machine that it cannot apply.
        """
        kind = type(event)
        if kind is PriceTicked:
            return self._priced(event, now_us)  # type: ignore[arg-type]  # checked by kind
        if kind is BookQuoted:
            return self._book_quoted(event, now_us)  # type: ignore[arg-type]  # checked by kind
        if kind in _OWN:
            return ()
        if kind is OrderFilled:
            return self._filled(event, now_us)  # type: ignore[arg-type]  # checked by kind
        self.restore(event)
        decide = self._decisions.get(kind)
        if decide is None:
            return ()
        events: list[Event] = []
        decide(event, now_us, events)
        return events

    def handle_ticks(self, ticks: Sequence[PriceTicked], now_us: int) -> TickFacts:
        """Return what follows from ticks of one moment, one after the other."""
        found: list[tuple[int, Sequence[Event]]] = []
        for place, tick in enumerate(ticks):
            if events := self._priced(tick, now_us):
                found.append((place, events))
        return found

    def restore(self, event: Event) -> None:
        """Take in an event of the past, own or read, deciding nothing."""
        self.state.evolve(event)
        if type(event) in _INJECTION:
            self._due_us = self.state.injections.due_us()

    def _priced(self, tick: PriceTicked, now_us: int) -> Sequence[Event]:
        state, dealer = self.state, self._dealer
        asked = state.priced(tick)
        if asked is None or not (asked or state.halts.breakers or state.resting):
            return ()
        events: list[Event] = []
        for seat in asked:
            dealer.act(seat, tick, now_us, events)
        if state.halts.breakers and state.limits.breaker.reduces:
            dealer.reduce(tick.instrument, now_us, events)
        if state.resting and state.seat_of:
            dealer.sweep(tick, now_us, events)
        return events

    def _book_quoted(self, book: BookQuoted, now_us: int) -> Sequence[Event]:
        events: list[Event] = []
        for seat in self.state.quoted(book):
            self._dealer.act(seat, book, now_us, events)
        return events

    def _filled(self, fill: OrderFilled, now_us: int) -> Sequence[Event]:
        # The last execution takes the order away; whose it was must be known before.
        seat = self.state.seat_of.get(fill.order_id)
        self.restore(fill)
        events: list[Event] = []
        if seat is not None:
            self._dealer.act(seat, fill, now_us, events)
        return events

    def _alerted(self, alert: Alert, now_us: int, events: list[Event]) -> None:
        for seat in list(self.state.seats.values()):
            self._dealer.act(seat, alert, now_us, events)

    def _breaker_opened(
        self, opened: CircuitBreakerOpened, now_us: int, events: list[Event]
    ) -> None:
        self._dealer.cancel_all(opened, now_us, events)
        self._change_states("RUNNING", "HALTED", f"{opened.breaker} opened", opened, now_us, events)
        self._alerted(opened, now_us, events)

    def _breaker_closed(
        self, closed: CircuitBreakerClosed, now_us: int, events: list[Event]
    ) -> None:
        if not self.state.halts.breakers:
            reason = f"{closed.breaker} closed"
            self._change_states("HALTED", "RUNNING", reason, closed, now_us, events)
        self._alerted(closed, now_us, events)

    def _status_changed(self, status: VenueStatusChanged, now_us: int, events: list[Event]) -> None:
        # A venue that is down answers nobody: its orders are cancelled when it is back. A feed
        # that is down leaves resting orders without a price to stand by.
        if status.venue == self._feed:
            if status.state == "DOWN":
                self._dealer.cancel_all(status, now_us, events)
        elif status.state != "DOWN":
            self._dealer.cancel_all(status, now_us, events, venue=status.venue)

    def _requested(self, request: Request, now_us: int, events: list[Event]) -> None:
        for fact in answer(self.state, self._facts, request, now_us):
            self.state.evolve(fact)
            events.append(fact)

    def _change_states(
        self,
        old: StrategyState,
        new: StrategyState,
        reason: str,
        cause: Event,
        now_us: int,
        events: list[Event],
    ) -> None:
        for seat in list(self.state.seats.values()):
            if seat.injection is None and seat.state == old:
                fact = self._facts.state_changed(
                    seat.name, seat.account, seat.implementation, new, reason, cause, now_us
                )
                self.state.evolve(fact)
                events.append(fact)
