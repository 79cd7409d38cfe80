"""What faults do to the market of a venue: books that look otherwise, and matching that waits."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ecosystem.events.books import BookQuoted
from ecosystem.events.control.scenario import InjectionApplied
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.exchange.faults.active import Fault, VenueFaults
from ecosystem.exchange.faults.answering import ORDER_FACTS, quantity_measure
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.liquidity.levels import Levels
from ecosystem.exchange.state import VenueState
from ecosystem.injections import Injection
from ecosystem.units import E8, SECOND_US

Missed = tuple[int, Injection[Fault]]
"""Since when matching has waited in an instrument, and for what."""
MATCHING: Final = "latency match"


def spread_measure(symbol: str) -> str:
    """Return the measure of a published book's spread."""
    return f"spread {symbol}"


def depth_measure(symbol: str) -> str:
    """Return the measure of the quantity in a published book."""
    return f"depth {symbol}"


class DisturbedMarket:
    """Notes what was altered by ticks and in published books."""

    __slots__ = ("_faults", "_state", "missed")

    def __init__(self, state: VenueState, faults: VenueFaults) -> None:
        self._state = state
        self._faults = faults
        self.missed: dict[str, Missed] = {}
        """The instruments in which ticks should have been matched, but matching waits."""

    def miss(self, symbol: str, time_us: int) -> None:
        """Note that a tick should have been matched in an instrument that is halted."""
        if symbol in self.missed:
            return
        for injection, fault in self._faults.of(Downtime):
            if fault.halts and fault.hits_instrument(symbol):
                self.missed[symbol] = (time_us, injection)
                return

    def take_missed(self, symbol: str) -> Missed | None:
        """Return what a tick that is matched again makes up for, and forget it."""
        return self.missed.pop(symbol, None)

    def note_matched(
        self,
        tick: PriceTicked,
        facts: Sequence[Event],
        usual_e8: Mapping[EventId, int],
        missed: Missed | None,
    ) -> Iterator[InjectionApplied]:
        """Yield what was altered in the facts that follow from a tick.

        Args:
            usual_e8: how much of each resting order would have been executed undisturbed; empty
                when nothing is disturbed.
            missed: from `take_missed`.
        """
        symbol = tick.instrument
        fills = [
            fact
            for fact in facts
            if isinstance(fact, OrderFilled) and fact.causation_id == tick.event_id
        ]
        executed_e8 = dict.fromkeys((fill.order_id for fill in fills), 0)
        for fill in fills:
            executed_e8[fill.order_id] += fill.quantity_e8
        for fill in fills if usual_e8 else ():
            before_e8, after_e8 = usual_e8.get(fill.order_id, 0), executed_e8[fill.order_id]
            for injection, _ in self._faults.disturbing(symbol, fill.account):
                if before_e8 != after_e8:
                    yield self._faults.injections.applied(
                        injection,
                        fill,
                        quantity_measure(symbol),
                        unaltered_e8=before_e8,
                        altered_e8=after_e8,
                    )
        if missed is None:
            return
        since_us, injection = missed
        for fact in facts:
            if isinstance(fact, ORDER_FACTS):
                yield self._faults.injections.applied(
                    injection,
                    fact,
                    MATCHING,
                    unaltered_e8=self._state.terms.delay_us * E8 // SECOND_US,
                    altered_e8=(fact.event_time_us - since_us) * E8 // SECOND_US,
                )

    def note_books(
        self, disturbed: Sequence[tuple[BookQuoted, Levels]]
    ) -> Iterator[InjectionApplied]:
        """Yield what was altered in books, each given with what it would have been."""
        for quoted, usual in disturbed:
            symbol = quoted.instrument
            seen = Levels(
                list(zip(quoted.bid_prices_e8, quoted.bid_quantities_e8, strict=True)),
                list(zip(quoted.ask_prices_e8, quoted.ask_quantities_e8, strict=True)),
            )
            values = (
                (spread_measure(symbol), usual.spread_e8, seen.spread_e8),
                (depth_measure(symbol), usual.depth_e8, seen.depth_e8),
            )
            for injection, _ in self._faults.disturbing(symbol, None):
                for measure, before_e8, after_e8 in values:
                    if before_e8 != after_e8:
                        yield self._faults.injections.applied(
                            injection,
                            quoted,
                            measure,
                            unaltered_e8=before_e8,
                            altered_e8=after_e8,
                        )
