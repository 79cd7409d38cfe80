"""A finished run on the log: its bounds, whether all of it is there, and bounded reads of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import RunCompleted, RunStarted
from ecosystem.events.envelope import Event
from ecosystem.run import TOPIC as SCENARIO_TOPIC
from eventlog.clients import Clients
from eventlog.codec import Codec, schema_id
from eventlog.errors import AccessDeniedError, SecretError, UndecodableRecordError
from eventlog.memory_log import MemoryLog
from eventlog.raw import read_ranges
from eventlog.records import Partition, Positions, RawRecord
from replay.errors import HistoryCutError, UnfinishedRunError, UnknownRunError

PRINCIPAL: Final = "replayer"
Ranges = Mapping[Partition, tuple[int, int]]
"""For each partition the first offset and the one after the last."""


class History(Protocol):
    """The records of a log, read between offsets and without any group."""

    def bounds(self, topics: Sequence[str]) -> Ranges:
        """Return for each partition of the topics the first offset that is left, and the end.

        Raises:
            AccessDeniedError: there is no such topic, or none that may be read.
        """
        ...

    def read(self, ranges: Ranges) -> Iterator[RawRecord]:
        """Yield the records in the ranges, each partition in order."""
        ...


class KafkaHistory:
    """The history of one namespace on the broker, read by the replayer."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def bounds(self, topics: Sequence[str]) -> Ranges:
        """Return for each partition of the topics the first offset that is left, and the end."""
        reader = self._clients.reader(PRINCIPAL, topics)  # names topics that are not there
        reader.close()
        starts = self._clients.starts(PRINCIPAL, topics)
        ends = self._clients.ends(PRINCIPAL, topics)
        return {place: (starts[place], end) for place, end in ends.items()}

    def read(self, ranges: Ranges) -> Iterator[RawRecord]:
        """Yield the committed records in the ranges, each partition in order."""
        connection = self._clients.broker.connection(PRINCIPAL)
        return read_ranges(connection, self._clients.namespace, ranges)


class MemoryHistory:
    """The history of a log in memory.

    Args:
        starts: the first offset that is left of each partition, where something is cut off.
    """

    def __init__(self, log: MemoryLog, starts: Positions | None = None) -> None:
        self._log = log
        self._starts = starts or {}

    def bounds(self, topics: Sequence[str]) -> Ranges:
        """Return for each partition of the topics the first offset that is left, and the end."""
        return {
            place: (self._starts.get(place, 0), len(records))
            for place, records in self._log.partitions.items()
            if place[0] in topics
        }

    def read(self, ranges: Ranges) -> Iterator[RawRecord]:
        """Yield the records in the ranges, partition after partition."""
        for place, (start, end) in ranges.items():
            yield from self._log.partitions[place][start:end]


class FinishedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The two events that bound a run."""

    started: RunStarted
    completed: RunCompleted

    @property
    def ranges(self) -> dict[Partition, tuple[int, int]]:
        """Where the records of the run lie."""
        return {
            (part.topic, part.partition): (part.start_offset, part.end_offset)
            for part in self.completed.ranges
        }


def find_run(history: History, codec: Codec, run_id: str) -> FinishedRun:
    """Return the finished run of this name.

    Raises:
        UnknownRunError: nothing on the log is called so.
        UnfinishedRunError: it has begun, and its end is not on the log.
        HistoryCutError: its start is no longer on the log.
    """
    if not run_id:
        raise InvalidInputError("run '': the id of a run is allowed, e.g. r3f2a9c0d1e")
    try:
        bounds = history.bounds([SCENARIO_TOPIC])
    except (AccessDeniedError, SecretError) as error:
        raise UnknownRunError(f"run {run_id}: the log has no run of this name ({error})") from error
    started = completed = None
    for event in _run_events(history.read(bounds), codec):
        if isinstance(event, RunStarted) and event.run_id == run_id:
            started = event
        elif isinstance(event, RunCompleted) and event.run_id == run_id:
            completed = event
    if completed is None and started is None:
        raise UnknownRunError(f"run {run_id}: the log has no run of this name")
    if completed is None:
        raise UnfinishedRunError(
            f"run {run_id}: it has begun, and its end is not on the log;"
            " a run can be replayed once it is completed or aborted"
        )
    if started is None:
        raise HistoryCutError(f"run {run_id}: its end is on the log, and its start is not")
    return FinishedRun(started=started, completed=completed)


def _run_events(records: Iterable[RawRecord], codec: Codec) -> Iterator[Event]:
    # A topic full of injections need not be decoded for the two events that bound a run.
    names = {RunStarted.__name__, RunCompleted.__name__}
    wanted = {number for number, name in codec.event_types.items() if name in names}
    for record in records:
        try:
            if schema_id(record.value) in wanted:
                yield codec.decode(record.value)
        except UndecodableRecordError:
            continue  # its steward has put it into the dead letters; it bounds no run


def check_complete(run_id: str, needed: Ranges, bounds: Ranges) -> None:
    """Do nothing when every record that is needed can still be read.

    Raises:
        HistoryCutError: one cannot; names every partition that lacks records.
    """
    mistakes = []
    for place, (start, end) in sorted(needed.items()):
        first, last = bounds.get(place, (0, 0))
        name = f"{place[0]}/{place[1]}"
        if first > start:
            mistakes.append(f"{name}: offset {start} is needed, {first} is the first that is left")
        if last < end:
            mistakes.append(f"{name}: offset {end} must be reached, the log ends at {last}")
    if mistakes:
        raise HistoryCutError(
            "\n  ".join([f"run {run_id}: its history on the log is not full", *mistakes])
        )


def windows(ranges: Ranges, cuts: Iterable[Positions], records_max: int) -> Iterator[Ranges]:
    """Yield successive parts of `ranges` that end at a cut, and at last what is left.

    Partitions are of very different lengths and a broker hands them out in any order. Who reads
    window by window never holds more than one window of records that wait for their slice.

    Args:
        cuts: offset vectors at which slices end, in order.
        records_max: a window ends at the first cut by which it has this many records.
    """
    at = {place: start for place, (start, _) in ranges.items()}
    upto = dict(at)
    for cut in cuts:
        for place, end in cut.items():
            if place in upto:
                upto[place] = min(max(upto[place], end), ranges[place][1])
        if sum(upto.values()) - sum(at.values()) >= records_max:
            yield {place: (at[place], upto[place]) for place in at}
            at = dict(upto)
    yield {place: (at[place], end) for place, (_, end) in ranges.items()}
