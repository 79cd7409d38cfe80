"""Everything that can disturb a venue, in one hand: what the machine asks before it decides."""

from collections.abc import Sequence
from typing import Final

from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.desk import OrderDesk
from ecosystem.exchange.faults.active import VenueFaults
from ecosystem.exchange.faults.announcing import Announcer
from ecosystem.exchange.faults.answering import DisturbedDesk
from ecosystem.exchange.faults.market import DisturbedMarket
from ecosystem.exchange.faults.waiting import OPERATIONS, Waiting
from ecosystem.exchange.state import VenueState

SCENARIO_EVENTS: Final = frozenset(
    {InjectionScheduled, InjectionCancelRequested, InjectionApplied, InjectionEnded}
)


class Faults:
    """The faults of a venue with all they do.

    Args:
        seed: of the run; each injection has a stream of chance of its own under it.
    """

    __slots__ = ("_active", "_announcer", "desk", "look", "market", "waiting")

    def __init__(self, state: VenueState, desk: OrderDesk, seed: int) -> None:
        self._active = VenueFaults(state, seed)
        self.look = self._active.look
        """Lets the faults begin and end whose time has come."""
        self._announcer = Announcer(self._active)
        self.desk = DisturbedDesk(state, desk, self._active)
        self.market = DisturbedMarket(state, self._active)
        self.waiting = Waiting(state.venue, self._active)

    @property
    def at_work(self) -> bool:
        """Whether any fault is at work."""
        return bool(self._active.working)

    def due_us(self) -> int:
        """Return when a fault begins or ends, or a wish has waited long enough."""
        due_us = self._active.due_us()
        return min(due_us, self.waiting.due_us()) if self.waiting else due_us

    def learn(self, event: Event, answers: Answers, now_us: int) -> Sequence[Event]:
        """Take in an event of the control plane, and return what follows at once."""
        if isinstance(event, InjectionApplied | InjectionEnded):
            return ()  # its own, read back, or another machine's
        if event.target != answers.venue:  # type: ignore[attr-defined] # both kinds have one
            return ()
        self._active.learn(event)
        notes = self.announce(answers, now_us)
        return (*answers.facts, *notes)

    def announce(
        self, answers: Answers, now_us: int
    ) -> Sequence[InjectionApplied | InjectionEnded]:
        """Write what the venue says of faults that began or ended, and return the notes."""
        if not answers.state.status_changes or now_us < self._active.due_us():
            return ()
        return self._announcer.announce(answers, now_us)

    def restore(self, event: Event) -> None:
        """Take in an event of the venue's past."""
        kind = type(event)
        if kind in OPERATIONS:
            self.waiting.hold(event)  # type: ignore[arg-type] # checked by kind
        elif kind in SCENARIO_EVENTS:
            self._active.learn(event)
            if isinstance(event, InjectionApplied):
                self._announcer.restored(event)
        else:
            self.waiting.answered(event.causation_id)
