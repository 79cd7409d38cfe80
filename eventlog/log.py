"""The ports of the log: what a service may ask of it, whoever keeps it.

Implementations: `eventlog.kafka_reader` and `eventlog.kafka_appender` (the broker), and
`eventlog.memory_log` (one process). One contract suite runs over both.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from ecosystem.events.envelope import Event
from eventlog.records import Partition, Positions, RawRecord


class LogReader(Protocol):
    """Reads committed records of several topics, each partition in order."""

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        """Return what is there, waiting at most `timeout_s` for the first record.

        Raises:
            AccessDeniedError: the broker refused a topic or the group.
            LogUnreachableError: no broker answers.
        """
        ...

    def positions(self) -> Positions:
        """Return for each partition the offset up to which everything was handed out.

        Offsets that hold no record (transaction markers) count as handed out once passed.
        """
        ...

    def end_offsets(self) -> Positions:
        """Return for each partition of the topics the offset after its last committed record."""
        ...

    def lags(self) -> Mapping[Partition, int]:
        """Return for each partition how many offsets lie between its position and its end.

        Nothing is asked of the broker: what it told with the last records counts. A partition of
        which it has not told is missing.
        """
        ...

    def lag_records(self) -> int | None:
        """Return the sum of the lags; None before that of every partition is known."""
        ...

    def seek(self, positions: Positions) -> None:
        """Continue at these offsets in the partitions named."""
        ...

    def hold(self, places: Collection[Partition]) -> None:
        """Hand out nothing of these partitions until the next call, and all of the others."""
        ...

    def close(self) -> None:
        """Stop reading; a group is left."""
        ...


class LogAppender(Protocol):
    """Appends events under one principal."""

    def append(self, event: Event) -> Partition:
        """Put `event` on its way to its topic and return where it goes."""
        ...

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        """Put bytes as they are on their way to a partition of the logical `topic`."""
        ...

    def settled(self) -> bool:
        """Return whether everything appended is acknowledged, without waiting."""
        ...

    def flush(self) -> None:
        """Wait until everything appended is acknowledged.

        Raises:
            AppendError: something was not; the run is broken.
            AccessDeniedError: the broker refused a topic.
        """
        ...

    def close(self) -> None:
        """Flush and let go of the connection."""
        ...


class TransactionalAppender(LogAppender, Protocol):
    """Appends batches of which readers see all or nothing."""

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        """Append `events` as one transaction, with the positions of `reader` where given.

        After it returns the events are there for good; after an error none of them is.

        Raises:
            AppendError: the transaction was aborted, or another process has taken our place.
        """
        ...
