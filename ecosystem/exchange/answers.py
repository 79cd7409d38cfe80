"""How a venue answers: each fact gets its id from its cause and its time, and is taken in at once.

No two facts of a venue carry the same time, so a merge by event time gives the order in which it
decided, whatever the topics they went to. What the facts say is written by functions that are
given the answers: `order_facts`, `balance_facts`, `venue_facts`. A new family of facts gets a
module of its own beside them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted
from ecosystem.events.words import EventId
from ecosystem.exchange.state import VenueState
from ecosystem.ids import RootIds, derive_id

if TYPE_CHECKING:
    from ecosystem.exchange.funds import Funds

Causes = tuple[EventId, EventId]
"""The direct cause and the root of its tree."""
Request = OrderSubmitted | OrderCancelRequested | OrderReplaceRequested


class Answers:
    """The facts of one decision, in order.

    Args:
        roots: names facts that nothing on the log caused.
        funds: for each instrument, how its orders are paid for.
        earliest_us: the event time of the first fact, later if the venue's last one has it.
    """

    __slots__ = ("facts", "funds", "roots", "state", "time_us", "venue")

    def __init__(
        self,
        state: VenueState,
        roots: RootIds,
        funds: "Mapping[str, Funds]",
        earliest_us: int,
    ) -> None:
        self.state = state
        self.venue = state.venue
        self.roots = roots
        self.funds = funds
        self.time_us = max(earliest_us, state.time_us + 1)
        """The event time of the next fact."""
        self.facts: list[Event] = []

    def add(self, event: Event) -> None:
        """Take in a fact that carries `time_us`, and count the time on."""
        self.state.evolve(event)
        self.facts.append(event)
        self.time_us += 1

    def derive(self, cause: EventId, what: str, number: int = 0) -> EventId:
        """Return the id of the fact of this venue that follows from `cause`."""
        return derive_id(cause, f"{self.venue}/{what}", number)
