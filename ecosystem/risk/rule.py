"""What a rule is: judged at events, at the whole of one event time, or when time passes.

A rule sees the state of the monitor and the event that was just taken in, and no clock. It returns
what it found where its watch does not stay quiet; the book of alerts decides what follows.
"""

from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import EventId
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding, Watch
from ecosystem.units import E8

NOTHING: Final[Sequence[Finding]] = ()
NEVER_US: Final = 2**63 - 1
Judge = Callable[[Any, int], Sequence[Finding]]
"""Given an event that was just taken in and its event time, returns what was found."""
Limit = TypeVar("Limit", bound=msgspec.Struct)


class Rule(Generic[Limit]):
    """The ground of all rules; a rule overrides the moments at which it is judged.

    A limit may change while a rule lives: what it remembers of the past stays.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised when the rule measures differently; every alert names it."""
    instruments: ClassVar[frozenset[str]] = frozenset(INSTRUMENTS)
    """Those at whose ticks it is judged, if at ticks."""

    def __init__(
        self, limit: Limit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        self.limit = limit
        self.scale = scale
        self.state = state
        self.book = book
        self.due_us = NEVER_US
        self.heeds: Sized | None = None
        """What must hold something for it to be judged at ticks; None: it always is."""

    @property
    def due_us(self) -> int:
        """Event time from which `judge_time` wants to be asked; set by the rule itself."""
        return self._due_us

    @due_us.setter
    def due_us(self, due_us: int) -> None:
        self._due_us = due_us
        # One time for all rules: while it is not reached, none of them needs to be looked at.
        if due_us < self.state.wake_us:
            self.state.wake_us = due_us

    def configure(self, limit: Limit, scale: SeverityScale) -> None:
        """Take in another limit and scale; what the rule remembers of the past stays."""
        self.limit = limit
        self.scale = scale
        self.book.rescale(self.name, scale)

    def watch(self, subject: str) -> Watch:
        """Return the rule's watch over a subject, new or known."""
        return self.book.watch(self.name, subject, self.scale)

    def least_told_e8(self, limit_e8: int) -> int:
        """Return the least measure of which a watch without an alert has something to tell."""
        return -(-self.scale.shares_e8[0] * limit_e8 // E8)

    def found(
        self,
        watch: Watch,
        measured_e8: int,
        limit_e8: int,
        unit: str,
        inputs: Callable[[], Sequence[EventId]],
        message: Callable[[], str],
    ) -> Sequence[Finding]:
        """Return what was found of one subject, where its watch does not stay quiet.

        Args:
            inputs: the events that determined the measured value, asked for only when told.
            message: what happened, in words, asked for only when told.
        """
        if watch.holds(measured_e8, limit_e8):
            return NOTHING
        utilisation_e8 = measured_e8 * E8 // limit_e8
        if watch.holds_back(utilisation_e8, self.state.now_us):
            return NOTHING
        finding = Finding(
            watch=watch,
            measured_e8=measured_e8,
            limit_e8=limit_e8,
            utilisation_e8=utilisation_e8,
            unit=unit,
            rule_version=self.version,
            inputs=tuple(inputs()),
            message=message(),
        )
        return (finding,)

    def judges(self) -> Mapping[type[Event], Judge]:
        """Return, by event type, what is judged after each such event; the default: nothing."""
        return {}

    def judges_ticks_of(self, symbol: str) -> Judge | None:
        """Return what is judged after each tick of one instrument, or None; by default as others.

        For a rule that keeps something of each instrument, and need not look it up at each tick.
        """
        return self.judges().get(PriceTicked) if symbol in self.instruments else None

    def judge_whole(self) -> Sequence[Finding]:
        """Return what was found when all events of one event time were taken in."""
        return NOTHING

    def judge_defects(self, now_us: int) -> Sequence[Finding]:
        """Return what was found when a record was noted that has a defect."""
        return NOTHING

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found since time has come to `now_us`; asked from `due_us` on."""
        return NOTHING


class RuleKind(msgspec.Struct, frozen=True, kw_only=True):
    """One rule as the catalogue shows it and limits files configure it."""

    rule: type[Rule[Any]]
    title: str
    watches: str
    limit: str
    clears: str
    inputs: str
    unit: str
    keys: tuple[str, ...]
    """Keys of its table in a limits file, besides `enabled` and `severity`."""
    subjects: tuple[str, ...]
    """What an alert can be about."""
    read: Callable[[Table], Any]
    """Makes the limit of its table; keeps a mistake where that is wrong."""

    @property
    def name(self) -> str:
        """The rule's name, in limits files, alerts and scenarios."""
        return self.rule.name
