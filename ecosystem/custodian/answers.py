"""How the custodian answers: each fact gets its id from its cause and its time, and is taken in."""

from ecosystem.custodian.state import CustodyState
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import RootIds, derive_id


class Answers:
    """The facts of one decision, in order; no two of a custodian's carry the same time."""

    __slots__ = ("facts", "now_us", "roots", "state")

    def __init__(self, state: CustodyState, roots: RootIds, now_us: int) -> None:
        self.state = state
        self.roots = roots
        self.now_us = now_us
        self.facts: list[Event] = []

    @property
    def time_us(self) -> int:
        """The event time of the next fact: after the delivery, and after all before it."""
        return max(self.now_us, self.state.time_us) + 1

    def add(self, event: Event) -> None:
        """Take in a fact that carries `time_us`."""
        self.state.evolve(event)
        self.facts.append(event)

    def note(self, event: Event | None) -> None:
        """Add a note of the control plane, if there is one."""
        if event is not None:
            self.facts.append(event)

    def derive(self, cause: EventId, what: str, number: int = 0) -> EventId:
        """Return the id of the fact of this custodian that follows from `cause`."""
        return derive_id(cause, f"{self.state.name}/{what}", number)
