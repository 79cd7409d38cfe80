"""Acts: what changes the monitor from outside the production history.

An act is a wish; the engine answers it with facts, or refuses it. The facts stand on the log
between the answers to two slices, and there a restored or replayed monitor takes them in again.
"""

from typing import Final, TypeAlias

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import (
    CircuitBreakerClosed,
    CircuitBreakerOpened,
    InputsSilenceObserved,
    LimitsChanged,
    RiskAlertAcknowledged,
)
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from ecosystem.risk.breaker import by_hand

AUTHOR_CHARS_MAX: Final = 200
REASON_CHARS_MAX: Final = 2_000
LIMITS_CHARS_MAX: Final = 60_000


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True):
    """A person takes note of an active alert."""

    alert_id: EventId
    author: str
    note: str
    """May be empty."""


class ChangeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """A person gives the monitor other limits."""

    limits_toml: str
    """All limits, as a limits file says them, under a higher version."""
    effective_time_us: int | None
    """Event time from which they hold; None: at once."""
    author: str
    reason: str


class TripBreaker(msgspec.Struct, frozen=True, kw_only=True):
    """A person opens the circuit breaker."""

    author: str
    reason: str


class CloseBreaker(msgspec.Struct, frozen=True, kw_only=True):
    """A person closes the circuit breaker before its time is over."""

    author: str
    reason: str


Act: TypeAlias = Acknowledge | ChangeLimits | TripBreaker | CloseBreaker


def check_words(act: Act) -> None:
    """Do nothing when an act says who wants it and why, in words of a bearable length.

    Raises:
        InvalidInputError: it does not; lists every mistake.
    """
    mistakes: list[str] = []
    _bound(mistakes, "author", act.author, 1, AUTHOR_CHARS_MAX)
    match act:
        case Acknowledge():
            _bound(mistakes, "note", act.note, 0, REASON_CHARS_MAX)
        case ChangeLimits():
            _bound(mistakes, "reason", act.reason, 1, REASON_CHARS_MAX)
            _bound(mistakes, "limits_toml", act.limits_toml, 1, LIMITS_CHARS_MAX)
        case TripBreaker() | CloseBreaker():
            _bound(mistakes, "reason", act.reason, 1, REASON_CHARS_MAX)
    if mistakes:
        raise InvalidInputError("\n".join(mistakes))


def _bound(mistakes: list[str], name: str, text: str, chars_min: int, chars_max: int) -> None:
    if not chars_min <= len(text.strip()) <= len(text) <= chars_max:
        least = "" if chars_min == 0 else f"{chars_min} to "
        mistakes.append(
            f"{name}: {len(text)} characters found ({len(text.strip())} without blanks around"
            f" them); {least}{chars_max} are allowed"
        )


def is_answer(fact: Event, act: Act) -> bool:
    """Return whether `fact` is what `act` asks for."""
    match act, fact:
        case Acknowledge(), RiskAlertAcknowledged():
            return (fact.alert_id, fact.author, fact.note) == (act.alert_id, act.author, act.note)
        case ChangeLimits(), LimitsChanged():
            return (
                (fact.limits_toml, fact.author, fact.reason)
                == (act.limits_toml, act.author, act.reason)
            ) and act.effective_time_us in (None, fact.effective_time_us)
        case TripBreaker(), CircuitBreakerOpened():
            return fact.cause == by_hand(act.author, act.reason)
        case CloseBreaker(), CircuitBreakerClosed():
            return (fact.author, fact.cause) == (act.author, act.reason)
        case _:
            return False


def is_act(event: Event) -> bool:
    """Return whether an event of the monitor follows from no slice: an act's, or a silence's."""
    match event:
        case RiskAlertAcknowledged() | LimitsChanged() | InputsSilenceObserved():
            return True
        case CircuitBreakerOpened():
            return event.is_root
        case CircuitBreakerClosed():
            return event.author != ""
        case _:
            return False
