"""The attempts of one principal at topics, groups and ids, and what the broker answered.

Nothing here believes metadata where an operation can be tried, and no attempt outlives its bound:
without an answer the outcome is open, which is neither allowed nor denied.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from eventlog.connection import Connection

ATTEMPT_TIMEOUT_S: Final = 10.0
POLL_S: Final = 0.1
OVERHEAD_BYTES: Final = 1_000
"""What framing adds to a record; the client's own bound must lie above the broker's."""
_NO_SUCH_TOPIC: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC})
_DENIED: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)


# librdkafka prints the refusals that are expected here as fatal errors; they are in the report.
_SILENT: Final = logging.Logger("eventlog.access", logging.CRITICAL + 1)


class Outcome(msgspec.Struct, frozen=True):
    """What the broker made of an attempt; `allowed` is None where it did not say."""

    allowed: bool | None
    answer: str


ALLOWED: Final = Outcome(True, "done")
NO_ANSWER: Final = Outcome(None, f"no answer within {ATTEMPT_TIMEOUT_S:.0f} s")


def _failed(error: KafkaError) -> Outcome:
    return Outcome(False if error.code() in _DENIED else None, f"{error.name()}: {error.str()}")


class Attempts:
    """What one principal tries.

    Args:
        record_bytes_max: the largest record each topic takes. Where given, writes are tried with
            a larger one, which the broker refuses after it has looked at the principal's rights.
    """

    def __init__(self, connection: Connection, record_bytes_max: Mapping[str, int] | None) -> None:
        self._record_bytes_max = record_bytes_max
        self._refusal: str | None = None
        self._config: dict[str, Any] = {**connection.client_config(), "error_cb": self._note}
        self._admin = AdminClient(self._config)

    def _note(self, error: KafkaError) -> None:
        # A wrong password is told nowhere else: everything else just times out.
        if error.code() == KafkaError._AUTHENTICATION:
            self._refusal = f"{error.name()}: {error.str()}"

    def _open(self) -> Outcome:
        return NO_ANSWER if self._refusal is None else Outcome(None, self._refusal)

    def list_all(self, topics: Collection[str]) -> dict[str, Outcome]:
        """Return whether each topic stands in the list of all topics."""
        try:
            found = self._admin.list_topics(timeout=ATTEMPT_TIMEOUT_S).topics
        except KafkaException as error:
            self._admin.poll(0)  # lets librdkafka tell `_note` what it knows
            outcome = _failed(error.args[0]) if self._refusal is None else self._open()
            return dict.fromkeys(topics, outcome)
        invisible = Outcome(False, "not in the list")
        return {topic: ALLOWED if topic in found else invisible for topic in topics}

    def describe(self, topics: Collection[str]) -> dict[str, Outcome]:
        """Return whether the broker describes each topic when it is named."""
        if self._refusal is not None or not topics:
            return dict.fromkeys(topics, self._open())
        futures = self._admin.describe_topics(
            TopicCollection(list(topics)), request_timeout=ATTEMPT_TIMEOUT_S
        )
        return {topic: _result(future) for topic, future in futures.items()}

    def use_groups(self, groups: Collection[str], absent_topic: str) -> dict[str, Outcome]:
        """Return whether each group takes a commit; none is stored, the topic does not exist."""
        if self._refusal is not None:
            return dict.fromkeys(groups, self._open())
        futures = {
            group: self._admin.alter_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, [TopicPartition(absent_topic, 0, 0)])],
                request_timeout=ATTEMPT_TIMEOUT_S,
            )[group]
            for group in groups
        }
        return {group: _commit_result(future) for group, future in futures.items()}

    def fence(self, transactional_ids: Collection[str]) -> dict[str, Outcome]:
        """Return whether transactions can be initialised under each id."""
        outcomes = {}
        for name in transactional_ids:
            if self._refusal is not None:
                outcomes[name] = self._open()
                continue
            producer = Producer({**self._config, "transactional.id": name, "logger": _SILENT})
            try:
                producer.init_transactions(ATTEMPT_TIMEOUT_S)
                outcomes[name] = ALLOWED
            except KafkaException as error:
                outcomes[name] = _failed(error.args[0])
        return outcomes

    def write(self, topics: Collection[str]) -> dict[str, Outcome]:
        """Return whether each topic takes a record of this principal."""
        if self._refusal is not None:
            return dict.fromkeys(topics, self._open())
        sizes = self._record_bytes_max or {}
        largest = max(sizes.values(), default=0) + 2 * OVERHEAD_BYTES
        producer = Producer(
            {
                **self._config,
                "acks": "all",
                "linger.ms": 0,
                "message.max.bytes": max(largest, 1_000_000),
                "message.timeout.ms": int(ATTEMPT_TIMEOUT_S * 1_000),
                "topic.metadata.propagation.max.ms": int(ATTEMPT_TIMEOUT_S * 1_000),
            }
        )
        outcomes: dict[str, Outcome] = {}

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            outcomes[str(message.topic())] = self._written(error)

        for topic in topics:
            value = b"access-check"
            if self._record_bytes_max is not None:
                value = bytes(sizes[topic] + OVERHEAD_BYTES)
            try:
                producer.produce(
                    topic, key=b"access-check", value=value, partition=0, on_delivery=on_delivery
                )
            except KafkaException as error:  # the client knows of the denial already
                outcomes[topic] = _failed(error.args[0])
        producer.flush(2 * ATTEMPT_TIMEOUT_S)
        return {topic: outcomes.get(topic, self._open()) for topic in topics}

    def _written(self, error: KafkaError | None) -> Outcome:
        if self._record_bytes_max is None:
            return ALLOWED if error is None else _failed(error)
        if error is None:
            return Outcome(None, "the broker has kept a record that it should have found too large")
        if error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            return Outcome(True, "allowed, then refused by its size")
        return _failed(error)

    def read(self, topics: Collection[str]) -> dict[str, Outcome]:
        """Return whether a fetch from each topic is answered.

        A client fetches from the leader, and to a principal that may not even describe a topic the
        broker names none; since READ implies DESCRIBE, this refusal is the answer to the fetch.
        """
        if self._refusal is not None:
            return dict.fromkeys(topics, self._open())
        described = self.describe(topics)
        outcomes = {topic: what for topic, what in described.items() if what.allowed is not True}
        consumer = Consumer(
            {
                **self._config,
                "group.id": "unused",  # the client wants one; partitions are assigned by hand
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        shown = [topic for topic in topics if topic not in outcomes]
        try:
            consumer.assign([TopicPartition(topic, 0, OFFSET_END) for topic in shown])
            deadline_s = time.monotonic() + ATTEMPT_TIMEOUT_S
            while len(outcomes) < len(topics) and time.monotonic() < deadline_s:
                message = consumer.poll(POLL_S)
                if message is not None and message.topic() in topics:
                    outcomes.setdefault(str(message.topic()), _fetched(message.error()))
        finally:
            consumer.close()
        return {topic: outcomes.get(topic, self._open()) for topic in topics}


def _fetched(error: KafkaError | None) -> Outcome:
    if error is None or error.code() == KafkaError._PARTITION_EOF:
        return ALLOWED
    return _failed(error)


def _result(future: Any) -> Outcome:
    try:
        future.result()
    except KafkaException as error:
        return _failed(error.args[0])
    return ALLOWED


def _commit_result(future: Any) -> Outcome:
    try:
        partitions: Iterable[TopicPartition] = future.result().topic_partitions
    except KafkaException as error:
        return _failed(error.args[0])
    for refusal in (partition.error for partition in partitions):
        if refusal is None:
            return Outcome(None, "the broker has kept an offset of a topic that does not exist")
        if refusal.code() not in _NO_SUCH_TOPIC | {KafkaError.TOPIC_AUTHORIZATION_FAILED}:
            return _failed(refusal)
    return Outcome(True, "allowed, then refused by its topic")
