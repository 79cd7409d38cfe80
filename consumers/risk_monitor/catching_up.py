"""Reading a backlog in the order of event time, where slices are cut by arrival. Pure.

A broker hands out a backlog by the megabyte, one partition hours ahead of another, and to a risk
monitor all that comes after the first hour would be late. So as long as a partition has a backlog,
the others are judged up to the event time it has reached and no further, as Kafka Streams chooses
the record with the smallest timestamp and waits for partitions it knows to have more. A partition
is waited for until it has been read to its end once, or has given nothing for `PATIENCE_S`; then
records are judged as they come, and nothing waits, until so many are unread again that it matters.
Source: Kafka Streams, `max.task.idle.ms` (KIP-353, KIP-695).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from eventlog.records import Partition, Positions, Record

BACKLOG_RECORDS: Final = 5_000
"""So many unread records are a backlog: as many as one read hands out."""
PATIENCE_S: Final = 1.0
"""Wall time for which a partition that gives nothing is waited for, while reads hand out all there
is: it may end with a transaction that is open, and an alert must not wait for that."""
_FULL_RECORDS: Final = BACKLOG_RECORDS // 2
"""A read of so many has left some: ends of partitions take places in it, but never so many."""


class CatchUp:
    """Follows how far the partitions of a backlog were read; a monitor begins with one."""

    def __init__(self) -> None:
        self._is_open = True
        self._reached_us: dict[Partition, int] = {}
        self._caught_up: set[Partition] = set()
        self._moved: dict[Partition, tuple[int, float]] = {}
        """The position of each partition, and when it was first seen there."""

    def note(
        self,
        records: Sequence[Record],
        positions: Positions,
        lags: Mapping[Partition, int],
        held: Collection[Partition],
        now_s: float,
    ) -> None:
        """Take in what was read, how far that is, and what is known to be left.

        Args:
            lags: of the partitions of which it is known; one that is missing may have any.
            held: the partitions that were not read because enough of them waits.
            now_s: a clock that never steps back.
        """
        if not self._is_open and sum(lags.values()) >= BACKLOG_RECORDS:
            self._is_open = True
            self._reached_us.clear()
            self._caught_up.clear()
            self._moved.clear()
        if not self._is_open:
            return
        self._reach(records)
        left_some = len(records) >= _FULL_RECORDS
        for place, position in positions.items():
            moved = self._moved.get(place)
            if moved is None or moved[0] != position or left_some or place in held:
                moved = self._moved[place] = (position, now_s)
            if lags.get(place) == 0 or now_s - moved[1] > PATIENCE_S:
                self._caught_up.add(place)
        self._is_open = not positions or len(self._caught_up) < len(positions)

    def _reach(self, records: Sequence[Record]) -> None:
        reached_us = self._reached_us
        for record in records:
            place, at_us = (record.topic, record.partition), record.event.event_time_us
            if at_us > reached_us.get(place, 0):
                reached_us[place] = at_us

    def is_ahead(self, place: Partition) -> bool:
        """Whether a partition was read further than records may be judged."""
        horizon_us = self.horizon_us()
        return horizon_us is not None and self._reached_us.get(place, 0) > horizon_us

    def horizon_us(self) -> int | None:
        """The event time up to which records may be judged; None: all of them may."""
        if not self._is_open:
            return None
        behind = self._moved.keys() - self._caught_up
        return min((self._reached_us.get(place, 0) for place in behind), default=0)
