"""Slices: the order in which the records between two offset vectors are judged."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Protocol, TypeVar

from ecosystem.events.envelope import Event


class Placed(Protocol):
    """An event with its place on the log; `topic` is the logical name."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def event(self) -> Event: ...


AnyPlaced = TypeVar("AnyPlaced", bound=Placed)

_place = attrgetter("topic", "partition", "offset")
_time = attrgetter("event.event_time_us")
_event_time = attrgetter("event_time_us")


def in_slice_order(records: Iterable[AnyPlaced]) -> list[AnyPlaced]:
    """Return the records of one slice by event time, topic, partition and offset.

    The result is the same however the partitions interleaved on their way here.
    """
    ordered = sorted(records, key=_place)
    ordered.sort(key=_time)  # stable, and cheaper than one sort by four keys
    return ordered


def events_in_slice_order(records: Iterable[Placed]) -> list[Event]:
    """Return the events of one slice in the order of `in_slice_order`."""
    placed = records if isinstance(records, list) else list(records)
    if not _in_order_of_place(placed):
        placed = sorted(placed, key=_place)
    events = [record.event for record in placed]
    events.sort(key=_event_time)
    return events


def _in_order_of_place(records: Sequence[Placed]) -> bool:
    # Whoever keeps partitions apart gives one after the other, and seeing that is half of a sort.
    topic, partition, offset = "", -1, -1
    for record in records:
        if record.partition == partition and record.topic == topic:
            if record.offset < offset:
                return False
        elif (record.topic, record.partition) < (topic, partition):
            return False
        else:
            topic, partition = record.topic, record.partition
        offset = record.offset
    return True
