"""What a venue announces of itself when faults begin and end."""

from collections.abc import Sequence
from typing import Final

from ecosystem.events.control.scenario import InjectionApplied, InjectionEnded
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId, VenueState
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.faults.active import Fault, VenueFaults
from ecosystem.exchange.faults.downtime import Downtime
from ecosystem.exchange.venue_facts import status_changed
from ecosystem.injections import Injection
from ecosystem.units import E8

AVAILABILITY: Final = "availability"
AVAILABILITIES_E8: Final[dict[VenueState, int]] = {"UP": E8, "DEGRADED": E8 // 2, "DOWN": 0}
UP_AGAIN: Final = "trading has resumed"


class Announcer:
    """Compares what was announced with what is, and says the difference."""

    __slots__ = ("_faults", "_said_by")

    def __init__(self, faults: VenueFaults) -> None:
        self._faults = faults
        self._said_by: dict[EventId, None] = {}
        """The injections for which announcements were made, the last one last."""

    def restored(self, event: InjectionApplied) -> None:
        """Take in a note of the past."""
        if event.measure == AVAILABILITY:
            self._say_by(event.injection_id)

    def announce(
        self, answers: Answers, now_us: int
    ) -> Sequence[InjectionApplied | InjectionEnded]:
        """Write the venue's new state if it has one, and return what the control plane is told."""
        # A restarted venue is woken for what it has announced already, too.
        now_us = max(now_us, answers.state.status_us)
        self._faults.look(now_us)
        notes: list[InjectionApplied | InjectionEnded] = []
        state, reason, injection = self._wanted()
        said_state, said_reason = answers.state.status
        if state != said_state or (state != "UP" and reason != said_reason):
            injection = injection or self._last()
            fact = status_changed(answers, state, reason)
            if injection is not None:
                notes.append(self._note(injection, fact))
        # An end counts what was altered before it, and answers are later than their decision.
        return [*notes, *self._faults.ended(now_us, answers.time_us)]

    def _wanted(self) -> tuple[VenueState, str, Injection[Fault] | None]:
        found = [
            (*fault.announcement, injection)
            for injection, fault in self._faults.of(Downtime)
            if fault.hits_everybody
        ]
        for one in found:
            if one[0] == "DOWN":
                return one
        return found[0] if found else ("UP", UP_AGAIN, None)

    def _last(self) -> Injection[Fault] | None:
        # Notes of other machines may stand among those that were restored.
        known = {one.scheduled.injection_id: one for one in self._faults.injections}
        said_by = [known[one] for one in self._said_by if one in known]
        return said_by[-1] if said_by else None

    def _say_by(self, injection_id: EventId) -> None:
        self._said_by.pop(injection_id, None)
        self._said_by[injection_id] = None

    def _note(self, injection: Injection[Fault], fact: VenueStatusChanged) -> InjectionApplied:
        self._say_by(injection.scheduled.injection_id)
        return self._faults.injections.applied(
            injection,
            fact,
            AVAILABILITY,
            unaltered_e8=E8,
            altered_e8=AVAILABILITIES_E8[fact.state],
        )
