"""A reader of the log on the broker, through librdkafka.

Settings and traps are measured facts: `fetch.queue.backoff.ms` defaults to a second and throttles
fast readers; `consume(n, t)` returns only with n records or at the time-out, so a batch is one
`poll` for the first record and one `consume` without waiting for the rest.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from eventlog.catalogue.namespace import Namespace
from eventlog.connection import METADATA_TIMEOUT_S, Connection
from eventlog.errors import AccessDeniedError, EventLogError
from eventlog.kafka_errors import DENIED, as_log_error
from eventlog.records import Partition, Positions, RawRecord

PROGRESS_EVERY_S: Final = 1.0


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
        self._held: set[Partition] = set()
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

    def lags(self) -> Mapping[Partition, int]:
        """Return for each partition how many offsets lie behind its position, where known."""
        lags = {}
        for place, position in self._next.items():
            known = self._consumer.get_watermark_offsets(self._at(place), cached=True)
            if known is not None and known[1] >= 0:
                lags[place] = max(0, known[1] - position)
        return lags

    def lag_records(self) -> int | None:
        """Return how many offsets lie behind the positions, as far as the fetches have told."""
        lags = self.lags()
        return sum(lags.values()) if lags and len(lags) == len(self._next) else None

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

    def hold(self, places: Collection[Partition]) -> None:
        """Hand out nothing of these partitions until the next call, and all of the others."""
        held = self._next.keys() & set(places)
        if paused := held - self._held:
            self._consumer.pause([self._at(place) for place in sorted(paused)])
        if resumed := self._held - held:
            self._consumer.resume([self._at(place) for place in sorted(resumed)])
        self._held = held

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
        self._held.clear()  # what is assigned anew is not paused
        consumer.assign(partitions)

    def _is_of_no_group(self, error: KafkaError) -> bool:
        # librdkafka looks for a group's coordinator even where partitions are only assigned.
        return not self._grouped and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED

    def _on_error(self, error: KafkaError) -> None:
        if self._is_of_no_group(error):
            return
        if error.code() in DENIED or error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._failure = as_log_error(error, self._who)
