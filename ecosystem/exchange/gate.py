"""The gate before the desk: what may refuse a wish, or have it wait, before it is looked at.

An undisturbed venue has an `OpenGate`: every wish passes and is answered after the processing
delay of the venue's terms. Whatever disturbs a venue writes another `Gate`; it changes no fact of
the desk's, and what it has done it says on the control plane, by `notes`.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ecosystem.events.envelope import Event
from ecosystem.exchange.answers import Request
from ecosystem.exchange.terms import Refusal


class Passage(NamedTuple):
    """How a wish passes the gate."""

    delay_us: int
    """How long after its arrival it is answered."""
    refusal: Refusal | None = None
    """Why it does not reach the desk; None when it does."""


class Gate(Protocol):
    """What stands between the wishes and the desk."""

    def passage(self, request: Request, now_us: int) -> Passage:
        """Return how a wish that arrived at `now_us` passes."""
        ...

    def notes(self, request: Request, passage: Passage, facts: Sequence[Event]) -> Sequence[Event]:
        """Return what the control plane is told, given the facts that answer the wish."""
        ...


class OpenGate:
    """Lets every wish pass, to be answered after the venue's delay."""

    __slots__ = ("_passage",)

    def __init__(self, delay_us: int) -> None:
        self._passage = Passage(delay_us)

    def passage(self, request: Request, now_us: int) -> Passage:
        """Return the venue's delay, for every wish alike."""
        return self._passage

    def notes(self, request: Request, passage: Passage, facts: Sequence[Event]) -> Sequence[Event]:
        """Return nothing: nothing was disturbed."""
        return ()
