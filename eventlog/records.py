"""Records of the log, raw and decoded, and the deterministic order in which they are judged."""

import heapq
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ecosystem.events.envelope import Event

Partition = tuple[str, int]
"""Logical topic name and partition number."""
Positions = Mapping[Partition, int]
"""An offset for each partition: the next record to read, or the end that was reached."""


class RawRecord(msgspec.Struct, frozen=True, gc=False):
    """A record as it lies on the log; `topic` is the logical name."""

    topic: str
    partition: int
    offset: int
    record_time_ms: int
    key: bytes
    value: bytes


class Record(msgspec.Struct, frozen=True, gc=False):
    """A decoded record; `topic` is the logical name, `record_time_ms` the broker's wall time."""

    topic: str
    partition: int
    offset: int
    record_time_ms: int
    event: Event


def merge_order(record: Record) -> tuple[int, str, int, int]:
    """Return the key that orders records of several partitions: event time, then place."""
    return (record.event.event_time_us, record.topic, record.partition, record.offset)


def merged(partitions: Iterable[Iterable[Record]]) -> Iterator[Record]:
    """Yield the records of several partitions by event time, topic, partition and offset.

    Each partition is taken in order of its offsets; where event times inside one partition step
    back, its records keep their order.
    """
    return heapq.merge(*partitions, key=merge_order)
