"""How a disturbed venue answers wishes, and what it tells the control plane about it.

To know what a fault altered, the wish is looked at twice before it is decided: as the venue stands,
and as it would stand undisturbed. Looking changes nothing and draws nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.orders import (
    OrderAccepted,
    OrderCancelled,
    OrderCancelRequested,
    OrderRejected,
    OrderReplaced,
    OrderSubmitted,
    OrderTriggered,
)
from ecosystem.exchange.answers import Answers, Request
from ecosystem.exchange.desk import OrderDesk, Outlook
from ecosystem.exchange.faults.active import Fault, VenueFaults
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.faults.rejection import OrderRejection
from ecosystem.exchange.faults.waiting import OPERATIONS, Held
from ecosystem.exchange.order_facts import rejected
from ecosystem.exchange.state import VenueState
from ecosystem.exchange.terms import Refusal
from ecosystem.injections import Injection
from ecosystem.units import E8, SECOND_US

REFUSALS: Final = "refusals"
ORDER_FACTS: Final = (
    OrderAccepted,
    OrderRejected,
    OrderReplaced,
    OrderCancelled,
    OrderTriggered,
    OrderFilled,
)


class Refused(NamedTuple):
    """A wish that a fault refuses."""

    injection: Injection[Fault]
    refusal: Refusal


def accepted_measure(operation: str) -> str:
    """Return the measure of wishes of a kind that were taken."""
    return {"submit": "accepted orders", "cancel": "accepted cancels"}.get(
        operation, "accepted replaces"
    )


def latency_measure(operation: str) -> str:
    """Return the measure of the time in which wishes of a kind are answered, in seconds."""
    return f"latency {operation}"


def price_measure(symbol: str) -> str:
    """Return the measure of the average price at which an order is executed."""
    return f"fill price {symbol}"


def quantity_measure(symbol: str) -> str:
    """Return the measure of the quantity that is executed at once."""
    return f"fill quantity {symbol}"


class DisturbedDesk:
    """Answers wishes as the faults at work let it."""

    __slots__ = ("_desk", "_faults", "_state")

    def __init__(self, state: VenueState, desk: OrderDesk, faults: VenueFaults) -> None:
        self._state = state
        self._desk = desk
        self._faults = faults

    def answer(
        self, request: Request, answers: Answers, held: Held | None = None
    ) -> Sequence[InjectionApplied]:
        """Write what follows from a wish, and return what the control plane is told."""
        usual = self._desk.outlook(request, disturbed=False)
        refused = self._refused(request, usual)
        if refused is not None:
            rejected(answers, request, refused.refusal)
            notes = [self._note_refused(refused, request, answers, usual)]
        else:
            self._desk.answer(request, answers)
            notes = list(self._note_executions(request, answers, usual))
        return [*notes, *self._note_waited(answers, held)]

    def _refused(self, request: Request, usual: Outlook) -> Refused | None:
        symbol, account = request.instrument, request.account
        operation = OPERATIONS[type(request)]
        known = self._state.status_of(request.order_id) is not None
        for injection, fault in self._faults.of(Downtime):
            # Of an order nobody knows there is nothing to cancel or replace, up or down.
            answers_at_all = isinstance(request, OrderSubmitted) or known
            if answers_at_all and fault.hits(symbol, account) and fault.refuses(operation):
                return Refused(injection, fault.refusal)
        if not isinstance(request, OrderSubmitted) or not usual.is_taken:
            return None
        for injection, rejecting in self._faults.of(OrderRejection):
            stream = self._faults.stream(injection)
            if rejecting.hits(symbol, account) and rejecting.refuses(request.order_id, stream):
                return Refused(injection, rejecting.refusal)
        return None

    def _note_refused(
        self, refused: Refused, request: Request, answers: Answers, usual: Outlook
    ) -> InjectionApplied:
        measure = accepted_measure(OPERATIONS[type(request)]) if usual.is_taken else REFUSALS
        return self._faults.injections.applied(
            refused.injection, answers.facts[-1], measure, unaltered_e8=E8, altered_e8=0
        )

    def _note_waited(self, answers: Answers, held: Held | None) -> Iterator[InjectionApplied]:
        if held is None:
            return
        arrived_us = held.request.event_time_us
        measure = latency_measure(OPERATIONS[type(held.request)])
        for fact in answers.facts:
            if isinstance(fact, ORDER_FACTS):
                for injection, _ in held.causes:
                    yield self._faults.injections.applied(
                        injection,
                        fact,
                        measure,
                        unaltered_e8=self._state.terms.delay_us * E8 // SECOND_US,
                        altered_e8=(fact.event_time_us - arrived_us) * E8 // SECOND_US,
                    )

    def _note_executions(
        self, request: Request, answers: Answers, usual: Outlook
    ) -> Iterator[InjectionApplied]:
        if isinstance(request, OrderCancelRequested):
            return
        symbol = request.instrument
        causes = list(self._faults.disturbing(symbol, request.account))
        own = [
            fact
            for fact in answers.facts
            if isinstance(fact, OrderFilled)
            and fact.order_id == request.order_id
            and fact.liquidity == "TAKER"
        ]
        happened = [(fact.price_e8, fact.quantity_e8) for fact in own]
        if not causes or happened == usual.executions:
            return
        altered: Sequence[Event] = (
            own or [fact for fact in answers.facts if isinstance(fact, ORDER_FACTS)][:1]
        )
        before, after = _average(usual.executions), _average(happened)
        for injection, _ in causes:
            for fact in altered:
                for measure, at in ((price_measure(symbol), 0), (quantity_measure(symbol), 1)):
                    # A price nobody paid is no price.
                    if before[at] != after[at] and (at or (before[0] and after[0])):
                        yield self._faults.injections.applied(
                            injection,
                            fact,
                            measure,
                            unaltered_e8=before[at],
                            altered_e8=after[at],
                        )


def _average(executions: Sequence[tuple[int, int]]) -> tuple[int, int]:
    quantity_e8 = sum(quantity for _, quantity in executions)
    if not quantity_e8:
        return 0, 0
    return sum(price * quantity for price, quantity in executions) // quantity_e8, quantity_e8
