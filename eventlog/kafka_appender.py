"""An appender to the log on the broker, through librdkafka."""

import time
from collections.abc import Iterable
from typing import Any, Final, Protocol, runtime_checkable

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from ecosystem.events.envelope import Event
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from eventlog.connection import Connection
from eventlog.errors import AppendError, EventLogError
from eventlog.kafka_errors import DENIED, as_log_error
from eventlog.log import LogReader
from eventlog.records import Partition
from eventlog.routes import Routes

FLUSH_TIMEOUT_S: Final = 60.0
TRANSACTION_TIMEOUT_S: Final = 30.0
_PURGED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})


@runtime_checkable
class TransactionPositions(Protocol):
    """A reader whose positions can be committed with a transaction."""

    def transaction_positions(self) -> tuple[list[TopicPartition], object]:
        """Return what `send_offsets_to_transaction` wants: positions and group metadata."""
        ...


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

    def settled(self) -> bool:
        """Return whether everything appended is acknowledged, without waiting."""
        self._producer.poll(0)
        self._raise_failure()
        return len(self._producer) == 0

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
        if self._failure is None and (error.code() in DENIED or error.fatal()):
            self._failure = as_log_error(error, self._who)
