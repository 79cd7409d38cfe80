"""Deciding on acts, and knowing what was answered to each, also in a life after the next."""

from collections.abc import Sequence

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import InputsSilenceObserved
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.ids import derive_id
from ecosystem.risk.acts import (
    Acknowledge,
    Act,
    ChangeLimits,
    CloseBreaker,
    TripBreaker,
    check_words,
    is_act,
    is_answer,
)
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.breaker import CircuitBreaker
from ecosystem.risk.pending_limits import PendingLimits


class Acting:
    """Turns acts into facts, each request once.

    Args:
        monitor: its instance name.
    """

    def __init__(
        self, monitor: str, book: AlertBook, breaker: CircuitBreaker, pending: PendingLimits
    ) -> None:
        self._monitor = monitor
        self._book = book
        self._breaker = breaker
        self._pending = pending
        self._answers: dict[EventId, list[Event]] = {}
        """The facts that answered each request: its own, then what followed from it.

        They stay for life, since a request may come again at any time; people make few.
        """
        self._latest: list[Event] = []
        """The answer of the latest act."""

    def answer(self, request_id: EventId) -> Sequence[Event] | None:
        """Return the facts that answered a request; None when it is new."""
        known = self._answers.get(request_id)
        return None if known is None else tuple(known)

    def decide(self, act: Act, request_id: EventId, now_us: int) -> Event:
        """Return the fact that answers a new act.

        Args:
            now_us: the latest event time seen, 0 before the first event.
        Raises:
            InvalidInputError: it cannot be; nothing has changed.
        """
        check_words(act)
        if not now_us:
            raise InvalidInputError("no event has been seen; acts are allowed from the first on")
        match act:
            case Acknowledge():
                return self._book.acknowledge(
                    act.alert_id, act.author, act.note, request_id, now_us
                )
            case ChangeLimits():
                version = self._book.limit_version
                return self._pending.decide(act, request_id, self._monitor, version, now_us)
            case TripBreaker():
                return self._breaker.trip(act.author, act.reason, request_id, now_us)
            case CloseBreaker():
                return self._breaker.close(act.author, act.reason, request_id, now_us)

    def silence(self, last: Event, silent_for_us: int, now_us: int) -> InputsSilenceObserved:
        """Return the fact that nothing has come since `last`, a root."""
        fact_id = derive_id(last.event_id, "risk-monitor/inputs-silent", silent_for_us)
        return InputsSilenceObserved(
            event_id=fact_id,
            correlation_id=fact_id,
            causation_id=fact_id,
            event_time_us=now_us,
            monitor=self._monitor,
            silent_for_us=silent_for_us,
            last_event_id=last.event_id,
        )

    def remember(self, event: Event) -> None:
        """Take in an own event, in the order of the log."""
        if isinstance(event, InputsSilenceObserved):
            self._latest = [event]  # nobody has asked for it, so nobody asks again
        elif is_act(event):
            self._latest = self._answers[event.event_id] = [event]
        elif any(event.causation_id == one.event_id for one in self._latest):
            self._latest.append(event)


def same_answer(known: Sequence[Event], act: Act, request_id: EventId) -> Sequence[Event]:
    """Return what was answered to the same request before.

    Raises:
        InvalidInputError: it asked for something else then.
    """
    if is_answer(known[0], act):
        return known
    raise InvalidInputError(
        f"request {request_id.hex()}: it asked for something else before; a new request is allowed"
    )
