"""Offsets of the log on the broker: where partitions begin and end, what groups have committed."""

import time
from collections.abc import Iterable
from typing import Final

from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from eventlog.catalogue.namespace import Namespace
from eventlog.connection import METADATA_TIMEOUT_S, Connection
from eventlog.kafka_errors import as_log_error
from eventlog.records import Partition, Positions

_NO_COORDINATOR: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)


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
