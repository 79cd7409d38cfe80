"""The log in memory: the same contract as the broker's, for tests and for re-derivations."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from ecosystem.events.envelope import Event
from eventlog.codec import Codec
from eventlog.log import LogReader
from eventlog.records import Partition, Positions, RawRecord
from eventlog.routes import Routes


class MemoryLog:
    """Keeps partitions as lists; readers and appenders of one process meet in it."""

    def __init__(self, routes: Routes, codec: Codec, now_ms: Callable[[], int]) -> None:
        self.routes = routes
        self.codec = codec
        self.partitions: dict[Partition, list[RawRecord]] = {
            (route.topic, partition): []
            for route in routes.topics.values()
            for partition in range(route.partitions)
        }
        self.committed: dict[str, dict[Partition, int]] = defaultdict(dict)
        self._now_ms = now_ms

    def put(self, topic: str, partition: int, key: bytes, value: bytes) -> int:
        """Append bytes as they are and return their offset."""
        records = self.partitions[topic, partition]
        offset = len(records)
        records.append(RawRecord(topic, partition, offset, self._now_ms(), key, value))
        return offset

    def reader(self, topics: Sequence[str], group: str | None = None) -> "MemoryReader":
        """Return a reader of `topics`, from the group's committed offsets or the beginning."""
        return MemoryReader(self, topics, group)

    def appender(self) -> "MemoryAppender":
        """Return an appender; it is transactional as well."""
        return MemoryAppender(self)


class MemoryReader:
    """A `LogReader` over a `MemoryLog`; it never waits, since nobody else is running."""

    def __init__(self, log: MemoryLog, topics: Sequence[str], group: str | None) -> None:
        self._log = log
        self.group = group
        start = log.committed[group] if group is not None else {}
        self._held: frozenset[Partition] = frozenset()
        self._next = {
            place: start.get(place, 0) for place in sorted(log.partitions) if place[0] in topics
        }

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        """Return what is there."""
        batch: list[RawRecord] = []
        for place, position in self._next.items():
            if place in self._held:
                continue
            fresh = self._log.partitions[place][position : position + records_max - len(batch)]
            self._next[place] += len(fresh)
            batch += fresh
        return batch

    def positions(self) -> Positions:
        """Return for each partition the offset up to which everything was handed out."""
        return dict(self._next)

    def end_offsets(self) -> Positions:
        """Return for each partition the offset after its last record."""
        return {place: len(self._log.partitions[place]) for place in self._next}

    def lags(self) -> Mapping[Partition, int]:
        """Return for each partition how many records have not been handed out."""
        return {place: end - self._next[place] for place, end in self.end_offsets().items()}

    def lag_records(self) -> int | None:
        """Return how many records have not been handed out."""
        return sum(self.lags().values())

    def seek(self, positions: Positions) -> None:
        """Continue at these offsets in the partitions named."""
        self._next.update(positions)

    def hold(self, places: Collection[Partition]) -> None:
        """Hand out nothing of these partitions until the next call, and all of the others."""
        self._held = frozenset(places)

    def close(self) -> None:
        """Stop reading."""


class MemoryAppender:
    """A `TransactionalAppender` over a `MemoryLog`."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def append(self, event: Event) -> Partition:
        """Append `event` and return where it went."""
        topic, key, partition = self._log.routes.place(event)
        self._log.put(topic, partition, key, self._log.codec.encode(event))
        return topic, partition

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        """Append bytes as they are."""
        self._log.put(topic, partition, key, value)

    def settled(self) -> bool:
        """Return True: what was appended is there."""
        return True

    def flush(self) -> None:
        """Return at once: what was appended is there."""

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        """Append `events`, all or nothing, with the positions of `reader`."""
        placed = [(self._log.routes.place(e), self._log.codec.encode(e)) for e in events]
        for (topic, key, partition), value in placed:
            self._log.put(topic, partition, key, value)
        if isinstance(reader, MemoryReader) and reader.group is not None:
            self._log.committed[reader.group].update(reader.positions())

    def close(self) -> None:
        """Do nothing: there is no connection."""
