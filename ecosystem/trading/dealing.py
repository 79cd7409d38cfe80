"""Dealing: what becomes of a strategy's wishes, and of orders nobody wants any more."""

from collections.abc import Iterator
from typing import Final

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.injections import Injection
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.contract import Cancel, Cause, Place, Signal, Together
from ecosystem.trading.facts import Facts
from ecosystem.trading.gate.gate import first_excess
from ecosystem.trading.gate.words import Excess, Proposal
from ecosystem.trading.misbehaving.faults import BREAKER, ORDER_QUANTITY, POSITION_OF, Fault
from ecosystem.trading.orders import WorkingOrder
from ecosystem.trading.reduction import reduction
from ecosystem.trading.seats import Seat
from ecosystem.trading.state import TradingState
from ecosystem.units import E8, MINUTE_US
from ecosystem.venues import VENUES

CANCEL_AGAIN_US: Final = MINUTE_US
"""A cancellation that was not answered is wished again after this time."""


class Dealer:
    """Turns wishes into facts, each taken in at once."""

    __slots__ = ("_facts", "_state")

    def __init__(self, state: TradingState, facts: Facts) -> None:
        self._state = state
        self._facts = facts

    def act(self, seat: Seat, cause: Cause, now_us: int, events: list[Event]) -> None:
        """Ask a seat's strategy what follows from `cause`, and do what may be done."""
        if seat.may_rest and not seat.acts(now_us):
            return
        view = seat.view
        view.now_us = now_us
        for number, wish in enumerate(seat.strategy.decide(cause, view)):
            match wish:
                case Signal():
                    self._signal(seat, wish, cause, number, now_us, events)
                case Place():
                    self._send(seat, (wish,), cause, number, now_us, events)
                case Together():
                    self._send(seat, wish.orders, cause, number, now_us, events)
                case Cancel():
                    order = seat.orders.get(wish.order_id)
                    if order is not None and not self._too_late(order, now_us):
                        self._cancel(order, cause, now_us, events)

    def cancel_all(
        self, cause: Event, now_us: int, events: list[Event], venue: str | None = None
    ) -> None:
        """Cancel the open orders (at one venue) of every seat that obeys the breaker."""
        for seat in self._state.seats.values():
            if seat.bypasses(BREAKER, now_us):
                continue
            for order in list(seat.orders.values()):
                if venue in (None, order.venue) and order.cancelled_us != now_us:
                    self._cancel(order, cause, now_us, events, at_once=True)

    def sweep(self, cause: Event, now_us: int, events: list[Event]) -> None:
        """Cancel what is still open of seats that are not at work any more."""
        for seat in self._state.resting:
            if seat.orders and not seat.acts(now_us):
                for order in list(seat.orders.values()):
                    self._cancel(order, cause, now_us, events)

    def reduce(self, symbol: str, now_us: int, events: list[Event]) -> None:
        """Bring positions in an instrument nearer to nothing, because a breaker is open."""
        state = self._state
        opened = next(iter(state.halts.breakers.values()))
        for key in list(state.portfolio.positions):
            seat = state.seats.get(key.strategy)
            if key.instrument != symbol or seat is None or seat.bypasses(BREAKER, now_us):
                continue
            wish = reduction(state, seat, key, now_us)
            if wish is not None:
                order_id = seat.next_reduction_id(opened.event_id)
                fact = self._facts.submitted(order_id, seat, wish, opened, now_us)
                self._decide(fact, events)

    def _signal(
        self, seat: Seat, wish: Signal, cause: Event, number: int, now_us: int, events: list[Event]
    ) -> None:
        if not -E8 <= wish.strength_e8 <= E8:
            raise InvalidInputError(
                f"{seat.implementation}: a signal of {wish.strength_e8} found;"
                f" {-E8} to {E8} are allowed"
            )
        if wish.strength_e8 != seat.strengths_e8.get(wish.instrument, 0):
            self._decide(self._facts.signalled(seat, wish, cause, number, now_us), events)

    def _send(
        self,
        seat: Seat,
        wishes: tuple[Place, ...],
        cause: Event,
        number: int,
        now_us: int,
        events: list[Event],
    ) -> None:
        state = self._state
        for wish in wishes:
            _check_words(seat, wish)
        if state.halts.breakers and not seat.bypasses(BREAKER, now_us):
            return
        if any(state.halts.keeps_from(wish.venue) for wish in wishes):
            return
        sent = [self._bent(seat, wish, now_us, at) for at, wish in enumerate(wishes)]
        kept = [(wish, excess) for wish in sent if (excess := self._excess(seat, wish, now_us))]
        for at, (wish, excess) in enumerate(kept):
            # A decision has far fewer wishes than this, so the numbers stay distinct.
            fact = self._facts.withheld(seat, wish, excess, cause, number * 1000 + at, now_us)
            self._decide(fact, events)
        if kept:
            return
        for honest, wish in zip(wishes, sent, strict=True):
            order_id = seat.next_order_id(cause.event_id)
            order = self._facts.submitted(order_id, seat, wish, cause, now_us)
            notes = list(self._notes(seat, honest, wish, order, now_us))
            self._decide(order, events)
            events.extend(notes)

    def _bent(self, seat: Seat, wish: Place, now_us: int, at: int) -> Place:
        for injection_id in self._state.active_leaks(seat, now_us):
            leak = self._state.leaks[injection_id]
            if leak.bends(seat.orders_count + at):
                wish = leak.bent(wish)
        return wish

    def _excess(self, seat: Seat, wish: Place, now_us: int) -> Excess | None:
        state = self._state
        proposal = Proposal(wish=wish, account=seat.account, now_us=now_us, sent=seat.sent)
        bypassed: frozenset[str] = frozenset()
        if seat.injection is not None:
            bypassed = seat.injection.fault.bypassed
        return first_excess(proposal, state.ground, state.limits.gate, bypassed)

    def _notes(
        self, seat: Seat, honest: Place, wish: Place, order: OrderSubmitted, now_us: int
    ) -> Iterator[InjectionApplied]:
        """Yield what a fault did to an order, told before the order is taken in."""
        state = self._state
        base = INSTRUMENTS[wish.instrument].base
        held_e8 = state.accounts.at(wish.venue, seat.account).total_e8.get(base, 0)
        on_order_e8 = held_e8 + seat.pending_e8.get(wish.instrument, 0)
        if seat.injection is not None:
            without_e8 = held_e8 - state.portfolio.exposure_e8(seat.name, base)
            yield from self._noted(
                seat.injection,
                order,
                (0, wish.signed_e8),
                (without_e8, on_order_e8 + wish.signed_e8),
            )
        elif wish is not honest:
            for injection in state.injections.active(now_us):
                if injection.scheduled.injection_id in state.active_leaks(seat, now_us):
                    yield from self._noted(
                        injection,
                        order,
                        (honest.signed_e8, wish.signed_e8),
                        (on_order_e8 + honest.signed_e8, on_order_e8 + wish.signed_e8),
                    )

    def _noted(
        self,
        injection: Injection[Fault],
        order: OrderSubmitted,
        quantity: tuple[int, int],
        position: tuple[int, int],
    ) -> Iterator[InjectionApplied]:
        symbol = order.instrument
        for measure, (unaltered_e8, altered_e8) in (
            (f"{ORDER_QUANTITY} {symbol}", quantity),
            (f"{POSITION_OF} {INSTRUMENTS[symbol].base}", position),
        ):
            yield self._state.injections.applied(
                injection, order, measure, unaltered_e8=unaltered_e8, altered_e8=altered_e8
            )

    def _too_late(self, order: WorkingOrder, now_us: int) -> bool:
        limit_e8, market = order.limit_price_e8, self._state.market
        if limit_e8 is None:
            return False
        if market.shows_books(order.venue, order.instrument, now_us):
            return market.is_moving(order.instrument, now_us)
        return market.just_reached(order.instrument, order.side, limit_e8)

    def _cancel(
        self,
        order: WorkingOrder,
        cause: Event,
        now_us: int,
        events: list[Event],
        *,
        at_once: bool = False,
    ) -> None:
        asked_us = order.cancelled_us
        if self._state.halts.is_down(order.venue):
            return  # nobody would answer; when the venue is up again, all of it is cancelled
        if at_once or asked_us is None or now_us - asked_us >= CANCEL_AGAIN_US:
            self._decide(self._facts.cancel_requested(order, cause, now_us), events)

    def _decide(self, event: Event, events: list[Event]) -> None:
        events.append(event)
        self._state.evolve(event)


def _check_words(seat: Seat, wish: Place) -> None:
    # What no venue would ever answer must not wait for an answer; it is a mistake in the code.
    for what, found, allowed in (
        ("venue", wish.venue, VENUES),
        ("instrument", wish.instrument, INSTRUMENTS),
    ):
        if found not in allowed:
            raise InvalidInputError(
                f"{seat.implementation}: {what} {found!r} found; {', '.join(allowed)} are allowed"
            )
    if wish.quantity_e8 <= 0:
        raise InvalidInputError(
            f"{seat.implementation}: quantity {wish.quantity_e8} found; more than 0 is allowed"
        )
