"""The faults of a venue: which are scheduled, which are at work, and what follows for the state.

A fault works from its start until its end or until it is called off. `look` is called before
anything is decided, and costs one comparison while nothing begins or ends.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from ecosystem.events.control.scenario import InjectionEnded, InjectionScheduled
from ecosystem.events.envelope import Event
from ecosystem.exchange.faults import downtime, latency, partial, rejection, spread, thinning
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.faults.latency import Latency
from ecosystem.exchange.faults.partial import PartialFills
from ecosystem.exchange.faults.rejection import OrderRejection
from ecosystem.exchange.faults.spread import SpreadMultiplication
from ecosystem.exchange.faults.thinning import LiquidityReduction
from ecosystem.exchange.liquidity.house import Disturbance
from ecosystem.exchange.state import VenueState
from ecosystem.injections import Injection, Injections
from ecosystem.instruments import INSTRUMENTS
from ecosystem.rng import Stream

Fault = (
    Latency | OrderRejection | Downtime | SpreadMultiplication | LiquidityReduction | PartialFills
)
Disturbing = SpreadMultiplication | LiquidityReduction | PartialFills
_Kind = TypeVar("_Kind", Latency, OrderRejection, Downtime)

READERS: Final[Mapping[str, Callable[[InjectionScheduled], Fault]]] = MappingProxyType(
    {
        latency.KIND: latency.read,
        rejection.KIND: rejection.read,
        downtime.KIND: downtime.read,
        spread.KIND: spread.read,
        thinning.KIND: thinning.read,
        partial.KIND: partial.read,
    }
)
"""Every kind of injection a venue applies."""
NEVER_US: Final = 1 << 62


class Working(NamedTuple):
    """A fault at work, and the injection it belongs to."""

    injection: Injection[Fault]
    fault: Fault


class VenueFaults:
    """All faults of one venue."""

    __slots__ = (
        "_boundary_us",
        "_changes_us",
        "_seed",
        "_state",
        "_streams",
        "injections",
        "working",
    )

    def __init__(self, state: VenueState, seed: int) -> None:
        self._state = state
        self._seed = seed
        self._streams: dict[str, Stream] = {}
        self.injections: Injections[Fault] = Injections(state.venue, READERS)
        self.working: Sequence[Working] = ()
        """Those at work now, in the order in which they were learned."""
        self._changes_us = NEVER_US
        self._boundary_us: int | None = NEVER_US

    def learn(self, event: Event) -> None:
        """Take in a schedule, a call to end, or an own fact of the control plane."""
        self.injections.learn(event)
        self._changes_us = 0
        self._boundary_us = None

    def look(self, now_us: int) -> None:
        """Let the faults begin and end whose time has come."""
        if now_us < self._changes_us:
            return
        self.working = [Working(one, one.fault) for one in self.injections.active(now_us)]
        bounds = (
            bound_us
            for one in self.injections
            for bound_us in (one.scheduled.starts_at_us, one.ends_at_us)
            if bound_us > now_us
        )
        self._changes_us = min(bounds, default=NEVER_US)
        self._state.halted = frozenset(
            symbol
            for symbol in INSTRUMENTS
            for _, fault in self.of(Downtime)
            if fault.halts and fault.hits_instrument(symbol)
        )
        self._state.house.disturbances = {
            symbol: found for symbol in INSTRUMENTS if (found := tuple(self._disturbances(symbol)))
        }

    def due_us(self) -> int:
        """Return when the next fault begins or its end is to be announced."""
        if self._boundary_us is None:
            # After a restart beginnings are looked at again, which changes nothing.
            self._boundary_us = min(
                (
                    bound_us
                    for one in self.injections
                    if not one.ended
                    for bound_us in (one.scheduled.starts_at_us, one.ends_at_us)
                ),
                default=NEVER_US,
            )
        return self._boundary_us

    def ended(self, now_us: int, at_us: int) -> Sequence[InjectionEnded]:
        """Return the ends to announce at `at_us`; what begins or ends later is due then."""
        facts = self.injections.ended(at_us)
        starts_us = self.injections.starts_us(now_us)
        ends_us = self.injections.due_us()
        bounds = [bound_us for bound_us in (starts_us, ends_us) if bound_us is not None]
        self._boundary_us = min(bounds, default=NEVER_US)
        return facts

    def of(self, kind: type[_Kind]) -> Iterator[tuple[Injection[Fault], _Kind]]:
        """Yield the faults of a kind that are at work."""
        for injection, fault in self.working:
            if isinstance(fault, kind):
                yield injection, fault

    def disturbing(
        self, symbol: str, account: str | None
    ) -> Iterator[tuple[Injection[Fault], Disturbing]]:
        """Yield the faults that disturb what an account, or the public, is quoted."""
        for injection, fault in self.working:
            if (
                isinstance(fault, SpreadMultiplication | LiquidityReduction | PartialFills)
                and fault.hits_instrument(symbol)
                and fault.disturbance.meets(account)
            ):
                yield injection, fault

    def stream(self, injection: Injection[Fault]) -> Stream:
        """Return the chance of an injection, which nothing else draws from."""
        name = injection.scheduled.name
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = Stream(self._seed, self._state.venue, "fault", name)
        return found

    def _disturbances(self, symbol: str) -> Iterator[Disturbance]:
        for _, fault in self.working:
            if isinstance(
                fault, SpreadMultiplication | LiquidityReduction | PartialFills
            ) and fault.hits_instrument(symbol):
                yield fault.disturbance
