"""The log on the broker, through librdkafka.

Settings and traps are measured facts: `fetch.queue.backoff.ms` defaults to a second and throttles
fast readers; `consume(n, t)` returns only with n records or at the time-out, so a batch is one
`poll` for the first record and one `consume` without waiting for the rest.
"""

import time
from collections.abc import Iterable
from typing import Any, Final, Protocol, runtime_checkable

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from ecosystem.events.envelope import Event
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.errors import AccessDeniedError, AppendError, EventLogError, LogUnreachableError
from eventlog.log import LogReader
from eventlog.records import Partition, Positions, RawRecord
from eventlog.routes import Routes

METADATA_TIMEOUT_S: Final = 10.0
FLUSH_TIMEOUT_S: Final = 60.0
TRANSACTION_TIMEOUT_S: Final = 30.0
PROGRESS_EVERY_S: Final = 1.0
_DENIED: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError._AUTHENTICATION,
    }
)
_NO_COORDINATOR: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
_PURGED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})
_UNREACHABLE: Final = frozenset(
    {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT}
)


@runtime_checkable
class TransactionPositions(Protocol):
    """A reader whose positions can be committed with a transaction."""

    def transaction_positions(self) -> tuple[list[TopicPartition], object]:
        """Return what `send_offsets_to_transaction` wants: positions and group metadata."""
        ...


def as_log_error(error: KafkaError, what: str) -> EventLogError:
    """Return the error of our tree for one of librdkafka's."""
    text = f"{what}: {error.str()}"
    if error.code() in _DENIED:
        return AccessDeniedError(text)
    return LogUnreachableError(text) if error.code() in _UNREACHABLE else AppendError(text)


class KafkaReader:
    """A `LogReader` of some topics of a namespace.

    Args:
        group: joins this logical group; None reads all partitions without one. The principal is
            the member's static name, so a restarted process takes its predecessor's place at once
            and shuts it out.
        from_beginning: begin at the first record also where the group has committed offsets. What
            was read is then committed about once a second, so that tools can see the lag.
    """

    def __init__(
        self,
        connection: Connection,
        namespace: Namespace,
        topics: Iterable[str],
        *,
        group: str | None = None,
        from_beginning: bool = False,
        committed_only: bool = True,
        fetch_wait_ms: int = 10,
    ) -> None:
        self._namespace = namespace
        self._topics = {namespace.topic(topic): topic for topic in topics}
        self._who = connection.principal
        self._next: dict[Partition, int] = {}
        self._from_beginning = from_beginning
        self._grouped = group is not None
        self._progress_due_s = 0.0
        self._failure: EventLogError | None = None
        self._consumer = Consumer(
            {
                **connection.client_config(),
                "group.id": namespace.group(group or "none"),
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,  # positions pass transaction markers this way
                "isolation.level": "read_committed" if committed_only else "read_uncommitted",
                "fetch.queue.backoff.ms": 2,
                "fetch.wait.max.ms": fetch_wait_ms,
                "queued.min.messages": 20_000,
                "queued.max.messages.kbytes": 16_384,
                "topic.metadata.refresh.interval.ms": 30_000,
                "session.timeout.ms": 10_000,
                **({} if group is None else {"group.instance.id": connection.principal}),
            },
            error_cb=self._on_error,
        )
        if group is None:
            places = list(self.partitions())
            self._consumer.assign([self._at(place, OFFSET_BEGINNING) for place in places])
            self._next = dict.fromkeys(places, 0)
        else:
            self._consumer.subscribe(list(self._topics), on_assign=self._on_assign)

    def partitions(self) -> list[Partition]:
        """Return every partition of the topics, sorted.

        Raises:
            AccessDeniedError: the broker hides or refuses a topic.
            LogUnreachableError: no broker answers.
        """
        try:
            known = self._consumer.list_topics(timeout=METADATA_TIMEOUT_S).topics
        except KafkaException as error:
            raise self._failure or as_log_error(error.args[0], self._who) from error
        if hidden := sorted(set(self._topics) - set(known)):
            raise AccessDeniedError(
                f"{self._who}: the broker shows it no topic {', '.join(hidden)}:"
                " missing, or not allowed to this principal"
            )
        return sorted(
            (logical, partition)
            for physical, logical in self._topics.items()
            for partition in known[physical].partitions
        )

    def poll(self, timeout_s: float, records_max: int = 5_000) -> list[RawRecord]:
        """Return what is there, waiting at most `timeout_s` for the first record."""
        first = self._consumer.poll(timeout_s)
        messages = [] if first is None else [first]
        if first is not None and records_max > 1:
            messages += self._consumer.consume(records_max - 1, 0)
        if self._failure is not None and not messages:
            raise self._failure
        if self._from_beginning and self._grouped:
            self._show_progress()
        return [record for message in messages if (record := self._taken(message)) is not None]

    def _show_progress(self) -> None:
        if time.monotonic() < self._progress_due_s or not self._next:
            return
        self._progress_due_s = time.monotonic() + PROGRESS_EVERY_S
        offsets = [self._at(place, offset) for place, offset in self._next.items()]
        self._consumer.commit(offsets=offsets, asynchronous=True)

    def _taken(self, message: Message) -> RawRecord | None:
        if (error := message.error()) is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                place = (self._topics[str(message.topic())], int(message.partition() or 0))
                offset = int(message.offset() or 0)
                self._next[place] = max(self._next.get(place, 0), offset)
                return None
            if self._is_of_no_group(error):
                return None
            raise as_log_error(error, f"{self._who} reading {message.topic()}")
        topic, partition = self._topics[str(message.topic())], int(message.partition() or 0)
        offset = int(message.offset() or 0)
        self._next[topic, partition] = offset + 1
        return RawRecord(
            topic,
            partition,
            offset,
            message.timestamp()[1],
            message.key() or b"",
            message.value() or b"",
        )

    def positions(self) -> Positions:
        """Return for each assigned partition the offset up to which all was handed out."""
        return dict(self._next)

    def end_offsets(self) -> Positions:
        """Return for each partition the offset after its last committed record."""
        ends = {}
        for place in self.partitions():
            at = self._at(place)
            ends[place] = self._consumer.get_watermark_offsets(at, METADATA_TIMEOUT_S)[1]
        return ends

    def seek(self, positions: Positions) -> None:
        """Continue at these offsets in the partitions named."""
        for place, offset in positions.items():
            self._next[place] = offset
            if place in self._assigned():
                self._consumer.seek(self._at(place, offset))
        if missing := sorted(set(positions) - self._assigned()):
            self._consumer.incremental_assign(
                [self._at(place, positions[place]) for place in missing]
            )

    def close(self) -> None:
        """Stop reading; a group is left."""
        self._consumer.close()

    def transaction_positions(self) -> tuple[list[TopicPartition], object]:
        """Return what `send_offsets_to_transaction` wants: positions and group metadata."""
        at = [self._at(place, offset) for place, offset in sorted(self._next.items())]
        return at, self._consumer.consumer_group_metadata()

    def _assigned(self) -> set[Partition]:
        return {(self._topics[a.topic], a.partition) for a in self._consumer.assignment()}

    def _at(self, place: Partition, offset: int | None = None) -> TopicPartition:
        topic = self._namespace.topic(place[0])
        return TopicPartition(topic, place[1], *(() if offset is None else (offset,)))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if self._from_beginning:
            for at in partitions:
                at.offset = OFFSET_BEGINNING
        else:
            partitions = consumer.committed(partitions, METADATA_TIMEOUT_S)
        for at in partitions:
            self._next[self._topics[at.topic], at.partition] = max(at.offset, 0)
        consumer.assign(partitions)

    def _is_of_no_group(self, error: KafkaError) -> bool:
        # librdkafka looks for a group's coordinator even where partitions are only assigned.
        return not self._grouped and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED

    def _on_error(self, error: KafkaError) -> None:
        if self._is_of_no_group(error):
            return
        if error.code() in _DENIED or error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._failure = as_log_error(error, self._who)


class KafkaAppender:
    """A `LogAppender` under one principal; with a transactional id a `TransactionalAppender`.

    Idempotent with acks=all; the partition is computed here, so a host knows every offset.
    """

    def __init__(
        self,
        connection: Connection,
        namespace: Namespace,
        routes: Routes,
        codec: Codec,
        *,
        transactional_id: str | None = None,
        linger_ms: int = 5,
    ) -> None:
        self._prefix = namespace.prefix
        self._place = routes.place
        self._encode = codec.encode
        self._who = connection.principal
        self._failure: EventLogError | None = None
        config: dict[str, Any] = {
            **connection.client_config(),
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "linger.ms": linger_ms,
            "queue.buffering.max.messages": 1_000_000,
            "delivery.report.only.error": True,
            "on_delivery": self._on_delivery,
            "error_cb": self._on_error,
        }
        if transactional_id is not None:
            config["transactional.id"] = namespace.group(transactional_id)
        self._producer = Producer(config)
        if transactional_id is not None:
            self._try(lambda: self._producer.init_transactions(TRANSACTION_TIMEOUT_S))

    def append(self, event: Event) -> Partition:
        """Put `event` on its way to its topic and return where it goes."""
        topic, key, partition = self._place(event)
        self.append_raw(topic, partition, key, self._encode(event))
        return topic, partition

    def append_raw(self, topic: str, partition: int, key: bytes, value: bytes) -> None:
        """Put bytes as they are on their way to a partition of the logical `topic`."""
        while True:
            try:
                self._producer.produce(self._prefix + topic, value, key or None, partition)
                return
            except BufferError:  # the queue is full: let librdkafka send for a moment
                self._producer.poll(0.05)
                self._raise_failure()

    def flush(self) -> None:
        """Wait until everything appended is acknowledged."""
        deadline = time.monotonic() + FLUSH_TIMEOUT_S
        while self._producer.flush(0.5):
            self._raise_failure()
            if time.monotonic() > deadline:
                raise AppendError(
                    f"{self._who}: {len(self._producer)} records without acknowledgement"
                    f" after {FLUSH_TIMEOUT_S:.0f} s"
                )
        self._raise_failure()

    def poll(self) -> None:
        """Take in delivery reports without waiting, and raise what they say."""
        self._producer.poll(0)
        self._raise_failure()

    def commit(self, events: Iterable[Event], reader: LogReader | None = None) -> None:
        """Append `events` as one transaction, with the positions of `reader` where given."""
        self._try(self._producer.begin_transaction)
        try:
            for event in events:
                self.append(event)
            self.commit_begun(reader)
        except BaseException:
            self.abort()
            raise

    def begin(self) -> None:
        """Begin a transaction, for `append_raw` and `commit_begun`."""
        self._try(self._producer.begin_transaction)

    def commit_begun(self, reader: LogReader | TransactionPositions | None = None) -> None:
        """Commit the transaction begun, with the positions of `reader` where given."""
        if isinstance(reader, TransactionPositions):
            at, member = reader.transaction_positions()
            if at:
                self._try(
                    lambda: self._producer.send_offsets_to_transaction(
                        at, member, TRANSACTION_TIMEOUT_S
                    )
                )
        self._try(lambda: self._producer.commit_transaction(TRANSACTION_TIMEOUT_S))

    def abort(self) -> None:
        """Abort the transaction begun; nothing of it will be seen."""
        self._try(lambda: self._producer.abort_transaction(TRANSACTION_TIMEOUT_S))

    def close(self) -> None:
        """Flush and let go of the connection."""
        self.flush()

    def _try(self, step: Any) -> None:
        try:
            step()
        except KafkaException as error:
            raise as_log_error(error.args[0], self._who) from error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None or error.code() in _PURGED:  # purged: the abort we asked for
            return
        self._failure = self._failure or as_log_error(
            error, f"{self._who} writing {message.topic()}"
        )

    def _on_error(self, error: KafkaError) -> None:
        if self._failure is None and (error.code() in _DENIED or error.fatal()):
            self._failure = as_log_error(error, self._who)


def end_offsets(
    connection: Connection, namespace: Namespace, partitions: Iterable[Partition]
) -> Positions:
    """Return the offset after the last record of each partition, markers included.

    Needs the right to describe the topics, and nothing more.

    Raises:
        AccessDeniedError: the broker refused a topic.
    """
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call] # published without types
    return _listed_offsets(connection, namespace, partitions, latest)


def start_offsets(
    connection: Connection, namespace: Namespace, partitions: Iterable[Partition]
) -> Positions:
    """Return the first offset of each partition that retention has left.

    Raises:
        AccessDeniedError: the broker refused a topic.
    """
    earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # published without types
    return _listed_offsets(connection, namespace, partitions, earliest)


def _listed_offsets(
    connection: Connection, namespace: Namespace, partitions: Iterable[Partition], which: OffsetSpec
) -> Positions:
    admin = AdminClient(connection.client_config())
    wanted = {
        TopicPartition(namespace.topic(topic), number): (topic, number)
        for topic, number in partitions
    }
    futures = admin.list_offsets(
        dict.fromkeys(wanted, which),
        isolation_level=IsolationLevel.READ_UNCOMMITTED,
        request_timeout=METADATA_TIMEOUT_S,
    )
    offsets = {}
    for at, future in futures.items():
        try:
            offsets[wanted[at]] = future.result().offset
        except KafkaException as error:
            raise as_log_error(error.args[0], f"{connection.principal} {at.topic}") from error
    return offsets


def committed_of(consumer: Consumer, partitions: Iterable[tuple[str, int]]) -> list[TopicPartition]:
    """Return what the group of `consumer` has committed, asking again while it has no coordinator.

    Raises:
        KafkaException: refused, or no answer within the bound.
    """
    wanted = [TopicPartition(*at) for at in partitions]
    deadline = time.monotonic() + METADATA_TIMEOUT_S
    while True:
        try:
            return consumer.committed(wanted, METADATA_TIMEOUT_S)
        except KafkaException as error:
            # A broker that has just started tells so while it loads the group's partition.
            if error.args[0].code() not in _NO_COORDINATOR or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def committed_offsets(
    connection: Connection, namespace: Namespace, group: str, partitions: Iterable[Partition]
) -> Positions:
    """Return the offsets a group has committed; 0 where it has none yet.

    Raises:
        AccessDeniedError: the group is another principal's.
        LogUnreachableError: no broker answers.
    """
    consumer = Consumer({**connection.client_config(), "group.id": namespace.group(group)})
    wanted = {(namespace.topic(topic), number): (topic, number) for topic, number in partitions}
    try:
        found = committed_of(consumer, wanted)
    except KafkaException as error:
        raise as_log_error(error.args[0], f"{connection.principal} group {group}") from error
    finally:
        consumer.close()
    return {wanted[at.topic, at.partition]: max(at.offset, 0) for at in found}
