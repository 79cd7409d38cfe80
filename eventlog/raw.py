"""Records as bytes, for readers that never decode most of what they read.

`RawReader` hands out librdkafka's own messages: making a struct of each would cost more than the
tap does with it. It assigns its partitions itself, so that a successor does not wait until the
group has noticed that its predecessor died; the transactional id keeps the predecessor from
committing anything more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from eventlog.catalogue.namespace import Namespace
from eventlog.connection import Connection
from eventlog.errors import EventLogError, LogUnreachableError
from eventlog.kafka_errors import as_log_error
from eventlog.kafka_offsets import committed_of
from eventlog.records import Partition, Positions, RawRecord

READ_TIMEOUT_S: Final = 30.0
_POLL_S: Final = 1.0
_BATCH_RECORDS: Final = 5_000


class RawMessage(Protocol):
    """A record as librdkafka hands it out; the topic is the physical name."""

    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def timestamp(self) -> tuple[int, int]: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...


class TakenPositions:
    """Positions of a moment, whatever the reader does next."""

    def __init__(self, at: list[TopicPartition], member: object) -> None:
        self._at = at
        self._member = member

    def transaction_positions(self) -> tuple[list[TopicPartition], object]:
        """Return what `send_offsets_to_transaction` wants: positions and group metadata."""
        return self._at, self._member


class RawReader:
    """Reads partitions from a group's committed offsets, alone and without joining the group."""

    def __init__(
        self,
        connection: Connection,
        namespace: Namespace,
        partitions: Sequence[Partition],
        group: str,
    ) -> None:
        self._who = connection.principal
        self._failure: EventLogError | None = None
        self._places = {
            (namespace.topic(topic), number): (topic, number) for topic, number in partitions
        }
        self._consumer = _consumer(connection, namespace.group(group), self._on_error)
        try:
            committed = committed_of(self._consumer, self._places)
        except KafkaException as error:
            self._consumer.close()
            raise as_log_error(error.args[0], f"{self._who} group {group}") from error
        self._ends = {self._places[at.topic, at.partition]: max(at.offset, 0) for at in committed}
        self._consumer.assign(
            [TopicPartition(*at, self._ends[place]) for at, place in self._places.items()]
        )

    def read(self, wait_s: float, records_max: int, gather_s: float) -> list[RawMessage]:
        """Return up to `records_max` records.

        Args:
            wait_s: bound on the wait for the first.
            gather_s: bound on the wait for the rest: fewer, fuller batches when little happens.

        Raises:
            EventLogError: the broker refused or cannot be reached.
        """
        first = self._consumer.poll(wait_s)
        if first is None:
            if self._failure is not None:
                raise self._failure
            return []
        batch: list[Any] = [first, *self._consumer.consume(records_max - 1, gather_s)]
        records = [m for m in batch if m.error() is None or self._is_record(m)]
        for at in self._consumer.position([TopicPartition(*at) for at in self._places]):
            self._advance(at.topic, at.partition, at.offset)
        return records

    def _is_record(self, message: Any) -> bool:
        error = message.error()
        if error.code() != KafkaError._PARTITION_EOF:
            raise as_log_error(error, f"{self._who} reading {message.topic()}")
        self._advance(message.topic(), message.partition(), message.offset())
        return False

    def _advance(self, topic: str, partition: int, end: int) -> None:
        place = self._places[topic, partition]
        self._ends[place] = max(self._ends[place], end)

    def positions(self) -> Positions:
        """Return for each partition the offset up to which everything was handed out.

        Offsets that hold no record (transaction markers) count once the end was seen.
        """
        return dict(self._ends)

    def taken(self) -> "TakenPositions":
        """Return the positions as they are now, for the transaction that commits them."""
        at = [TopicPartition(*at, self._ends[place]) for at, place in self._places.items()]
        return TakenPositions(at, self._consumer.consumer_group_metadata())

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN or not error.retriable():
            self._failure = as_log_error(error, self._who)


def read_ranges(
    connection: Connection,
    namespace: Namespace,
    ranges: Mapping[Partition, tuple[int, int]],
) -> Iterator[RawRecord]:
    """Yield the committed records between the offsets of each partition, without a group.

    Each partition comes in order; how they interleave is up to the broker.

    Raises:
        LogUnreachableError: the broker fell silent before the ends were reached.
        EventLogError: the broker refused a topic.
    """
    open_ends = {
        (namespace.topic(topic), number): (topic, end)
        for (topic, number), (start, end) in ranges.items()
        if end > start
    }
    if not open_ends:
        return
    errors: list[KafkaError] = []
    consumer = _consumer(connection, namespace.group("none"), errors.append)
    consumer.assign(
        [
            TopicPartition(namespace.topic(topic), number, start)
            for (topic, number), (start, end) in ranges.items()
            if end > start
        ]
    )
    waited_s = 0.0
    try:
        while open_ends:
            first = consumer.poll(_POLL_S)
            if first is None:
                waited_s += _POLL_S
                if waited_s >= READ_TIMEOUT_S:
                    raise LogUnreachableError(
                        f"{connection.principal}: {', '.join(f'{t}/{n}' for t, n in open_ends)}"
                        f" gave nothing for {READ_TIMEOUT_S:.0f} s {errors[-1:]}"
                    )
                continue
            waited_s = 0.0
            for message in (first, *consumer.consume(_BATCH_RECORDS, 0)):
                yield from _within(message, open_ends, connection.principal)
    finally:
        consumer.close()


def read_places(
    connection: Connection, namespace: Namespace, places: Iterable[tuple[str, int, int]]
) -> Iterator[RawRecord]:
    """Yield the records at these topics, partitions and offsets, as far as they are there.

    Raises:
        LogUnreachableError: the broker fell silent.
        EventLogError: the broker refused a topic.
    """
    waiting: dict[Partition, list[int]] = {}
    for topic, number, offset in sorted(set(places), reverse=True):
        waiting.setdefault((topic, number), []).append(offset)
    while waiting:  # one record of each partition at a time: seldom more than a handful
        ranges = {place: (offsets[-1], offsets[-1] + 1) for place, offsets in waiting.items()}
        yield from read_ranges(connection, namespace, ranges)
        for place in list(waiting):
            waiting[place].pop()
            if not waiting[place]:
                del waiting[place]


def _within(
    message: Any, open_ends: dict[tuple[str, int], tuple[str, int]], who: str
) -> Iterator[RawRecord]:
    at = (message.topic(), message.partition())
    error = message.error()
    if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return  # librdkafka looks for a group's coordinator though partitions are only assigned
    if error is not None and error.code() != KafkaError._PARTITION_EOF:
        raise as_log_error(error, f"{who} reading {message.topic()}")
    if at not in open_ends:
        return
    topic, end = open_ends[at]
    offset = message.offset()
    if error is None and offset < end:
        yield RawRecord(
            topic,
            at[1],
            offset,
            message.timestamp()[1],
            message.key() or b"",
            message.value() or b"",
        )
    if offset >= end - (error is None):
        del open_ends[at]


def _consumer(connection: Connection, group_id: str, on_error: Any) -> Consumer:
    return Consumer(
        {
            **connection.client_config(),
            "group.id": group_id,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",  # a history that was cut must not look like a short one
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 2,
            "fetch.wait.max.ms": 50,
            "queued.min.messages": 50_000,
            "queued.max.messages.kbytes": 32_768,
        },
        error_cb=on_error,
    )
