"""The wishes that wait because the venue is slow, and when each of them is looked at."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange.answers import Request
from ecosystem.exchange.faults.active import NEVER_US, Fault, VenueFaults
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.faults.latency import Latency
from ecosystem.injections import Injection

OPERATIONS: Final[Mapping[type[Event], str]] = MappingProxyType(
    {
        OrderSubmitted: "submit",
        OrderCancelRequested: "cancel",
        OrderReplaceRequested: "replace",
    }
)


class Held(NamedTuple):
    """A wish that waits, and what makes it."""

    request: Request
    causes: tuple[tuple[Injection[Fault], int], ...]
    """Each injection with the time it adds."""

    @property
    def due_us(self) -> int:
        """When it is looked at: an injection that ends lets go of what it holds."""
        arrived_us = self.request.event_time_us
        waited_us = sum(
            min(added_us, max(0, injection.ends_at_us - arrived_us))
            for injection, added_us in self.causes
        )
        return min(arrived_us + waited_us, max(one.ends_at_us for one, _ in self.causes))


class Waiting:
    """The wishes that wait, by their ids.

    Whether a wish waits follows from its event time and from what was scheduled, so a restored
    venue that is shown the wish again has it waiting, until it is shown the answer.
    """

    __slots__ = ("_faults", "_held", "_venue")

    def __init__(self, venue: str, faults: VenueFaults) -> None:
        self._venue = venue
        self._faults = faults
        self._held: dict[EventId, Held] = {}

    def __len__(self) -> int:
        """Return how many wishes wait."""
        return len(self._held)

    def due_us(self) -> int:
        """Return when the next wish is due."""
        return min((held.due_us for held in self._held.values()), default=NEVER_US)

    def hold(self, request: Request) -> bool:
        """Let a wish wait if it has to, and return whether it does."""
        causes = tuple(self._causes(request))
        if not causes or request.venue != self._venue:
            return False
        self._held[request.event_id] = Held(request, causes)
        return True

    def answered(self, cause: EventId) -> None:
        """Forget a wish whose answer was found on the log."""
        self._held.pop(cause, None)

    def release(self, now_us: int) -> list[Held]:
        """Return the wishes that have waited long enough, in the order in which they are due."""
        due = [held for held in self._held.values() if held.due_us <= now_us]
        for held in due:
            del self._held[held.request.event_id]
        return sorted(due, key=lambda held: held.due_us)

    def _causes(self, request: Request) -> list[tuple[Injection[Fault], int]]:
        operation, arrived_us = OPERATIONS[type(request)], request.event_time_us
        causes: list[tuple[Injection[Fault], int]] = []
        for injection in self._faults.injections:
            fault = injection.fault
            if not injection.is_active(arrived_us) or not fault.hits(
                request.instrument, request.account
            ):
                continue
            if isinstance(fault, Downtime) and fault.refuses(operation):
                return []  # who refuses does it at once
            if isinstance(fault, Latency) and fault.added_us(operation):
                causes.append((injection, fault.added_us(operation)))
            elif isinstance(fault, Downtime) and fault.mode == "slow":
                causes.append((injection, fault.delay_us))
        return causes
