"""What a contract check sees of a run: what the monitor wrote, and what it could have read."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a record lies; the topic is the logical name."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the monitor wrote."""

    place: Place
    record_time_ms: int
    """The broker's wall time."""
    key: bytes
    due_key: bytes
    """The key that the event says it should have; its own where the event cannot be decoded."""
    event: Event | None
    """None when the record cannot be decoded."""
    cause: str = ""
    """Why it cannot be decoded."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """An event of somebody else on the production plane."""

    correlation_id: EventId
    event_time_us: int
    place: Place


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """An advance of the clock and where it lies."""

    place: Place
    record_time_ms: int
    event: ClockAdvanced

    @property
    def ends(self) -> dict[tuple[str, int], int]:
        """The end of each partition that belongs to this slice, the clock's own included."""
        ends = {(end.topic, end.partition): end.end_offset for end in self.event.ends}
        return ends | {(self.place.topic, self.place.partition): self.place.offset + 1}


class MonitorHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A finished run of a world as far as the monitor's contract is concerned."""

    monitor: str
    """The principal under which it wrote."""
    told: tuple[Told, ...]
    """What it wrote, each topic in the order of the log."""
    known: Mapping[EventId, Known]
    clocks: tuple[Clock, ...]
    """Every advance of the clock, in order."""
    ends: Mapping[tuple[str, int], int]
    """The end of every production partition after the run."""
    may_write: Mapping[str, frozenset[str]]
    """Names of the event types that the monitor may write, by topic."""
    undecodable: frozenset[Place] = frozenset()
    """Records of others on production topics that nobody can decode."""
    strangers: Mapping[tuple[str, int], int] = {}
    """How many records of a simulators' partition no simulator wrote."""
    first_heartbeat_within_ms: int
    """Wall time from the first clock on the log to the heartbeat that answers it."""
    heartbeat_within_ms: int
    """The same for every later one."""

    def events(self) -> Iterator[tuple[Told, Event]]:
        """Yield the decodable events the monitor wrote, with their records."""
        for told in self.told:
            if told.event is not None:
                yield told, told.event

    def own(self) -> dict[EventId, tuple[Told, Event]]:
        """Return the first record of each event the monitor wrote, by id."""
        own: dict[EventId, tuple[Told, Event]] = {}
        for told, event in self.events():
            own.setdefault(event.event_id, (told, event))
        return own


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One breach of the contract."""

    found: str
    """What was found, as a clause."""
    place: Place | None = None
    """The record that breaks the contract, where one does."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One clause of the contract."""

    name: str
    asks: str
    """What the contract asks, as a clause."""
    find: Callable[[MonitorHistory], Iterable[Finding]]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one clause of the contract came out."""

    name: str
    asks: str
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> bool:
        """Whether the clause was kept."""
        return not self.findings

    def sentences(self) -> Iterator[str]:
        """Yield for each finding what was found, what the contract asks, and where."""
        for finding in self.findings:
            where = "" if finding.place is None else f"{finding.place}: "
            yield f"{where}{finding.found}; the contract asks that {self.asks}"


def named(event: Event) -> str:
    """Return what an event is, for people: its type, and what it is about where it says so."""
    words = [type(event).__name__]
    words += [
        str(getattr(event, field))
        for field in ("rule", "mandate", "breaker", "subject", "slice_sequence")
        if hasattr(event, field)
    ]
    return " ".join(words)
