"""Which injections a service knows of, as its doors tell it."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from ecosystem.events.control.scenario import (
    InjectionApplied,
    InjectionCancelRequested,
    InjectionEnded,
    InjectionScheduled,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.injections import Injection, Injections
from producers.test_coordinator.vocabulary.tables import INJECTIONS
from producers.test_coordinator.vocabulary.words import InjectionWord

InjectionState = Literal["SCHEDULED", "ACTIVE", "ENDED"]
CONTROL: Final = (InjectionScheduled, InjectionCancelRequested, InjectionApplied, InjectionEnded)
_CONTROL_TYPES: Final = frozenset(CONTROL)


class KnownInjection(msgspec.Struct, frozen=True, kw_only=True):
    """One injection as it stands."""

    scheduled: InjectionScheduled
    state: InjectionState
    ends_at_us: int
    applied_count: int


def kinds_for(target: str) -> Mapping[str, InjectionWord]:
    """Return what can be injected into `target`, by kind."""
    return {kind: word for kind, word in INJECTIONS.items() if target in word.targets}


class ChaosBoard:
    """The injections of one service; a `Witness`."""

    def __init__(self, target: str) -> None:
        self.kinds = tuple(kinds_for(target))
        self._injections = Injections[InjectionScheduled](
            target, dict.fromkeys(self.kinds, lambda scheduled: scheduled)
        )
        self._lock = threading.Lock()

    def remember(self, event: Event) -> None:
        """Take in a control event of the past."""
        if isinstance(event, CONTROL):
            with self._lock:
                self._injections.learn(event)

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Take in the control events among what came and what followed."""
        for event in (*inputs, *facts):
            if type(event) in _CONTROL_TYPES:  # a look for each event of a busy service
                self.remember(event)

    def all(self, now_us: int) -> list[KnownInjection]:
        """Return every injection known, oldest first."""
        with self._lock:
            return [_known(injection, now_us) for injection in self._injections]

    def get(self, injection_id: EventId, now_us: int) -> KnownInjection | None:
        """Return one injection; None when it is unknown."""
        known = (one for one in self.all(now_us) if one.scheduled.injection_id == injection_id)
        return next(known, None)

    def active_by_kind(self, now_us: int) -> Counter[str]:
        """Return how many injections of each kind apply now."""
        with self._lock:
            return Counter(one.scheduled.kind for one in self._injections.active(now_us))


def _known(injection: Injection[InjectionScheduled], now_us: int) -> KnownInjection:
    state: InjectionState = "SCHEDULED"
    if injection.ended or injection.ends_at_us <= now_us:
        state = "ENDED"
    elif injection.is_active(now_us):
        state = "ACTIVE"
    return KnownInjection(
        scheduled=injection.scheduled,
        state=state,
        ends_at_us=injection.ends_at_us,
        applied_count=injection.applied_count,
    )
