"""Cutting the stream of records into slices, pure: records and positions in, slices out.

First the slices that an earlier life of this monitor has recorded, by the offset vectors of its
heartbeats; then slices of its own. Under `clock` a slice is what lies below the ends that a
ClockAdvanced names, so nobody's speed decides what is judged together; under `arrival` it is
whatever is there, and of a backlog what its slowest partition has reached.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from consumers.risk_monitor.catching_up import CatchUp
from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.clock import ClockAdvanced
from ecosystem.events.words import PartitionEnd
from eventlog.records import Partition, Positions, RawRecord, Record

SliceMode = Literal["clock", "arrival"]
LAG_UNKNOWN: Final = -1
MANY_RECORDS: Final = 50_000
"""So many records of one partition in memory are enough, if the next slice waits for others."""
FEW_RECORDS: Final = 25_000
"""From here on more of it are read again."""
_NOT_KNOWN: Final[Mapping[Partition, int]] = {}


class Undecodable(msgspec.Struct, frozen=True, gc=False):
    """A record that nobody can decode, and why."""

    raw: RawRecord
    cause: str


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged together, in no particular order."""

    sequence: int
    recorded: bool
    """Whether an earlier life has judged it, so that nothing may be written for it."""
    clock: ClockAdvanced | None
    """The clock event that closed it, where one did."""
    records: Sequence[Record]
    undecodable: Sequence[Undecodable]
    ends: tuple[PartitionEnd, ...]
    lag_records: int
    """Offsets on the log beyond the ends: 0 where a clock says the ends, -1 where not known."""


class SliceAssembler:
    """Buffers records by partition and yields complete slices.

    Args:
        recorded: the heartbeats of an earlier life, oldest first.
    """

    def __init__(self, mode: SliceMode, recorded: Iterable[RiskHeartbeat] = ()) -> None:
        self._mode = mode
        self._recorded = deque(recorded)
        self._next_sequence = self._recorded[-1].slice_sequence + 1 if self._recorded else 0
        self._buffers: dict[Partition, deque[Record | Undecodable]] = {}
        self._clocks: deque[Record] = deque()
        self._positions: dict[Partition, int] = {}
        self._lag_records = LAG_UNKNOWN
        self._catch_up = CatchUp()
        self._crowded: set[Partition] = set()

    @property
    def recorded_left(self) -> int:
        """How many recorded slices have not come yet."""
        return len(self._recorded)

    def add(
        self,
        records: Sequence[Record],
        undecodable: Iterable[Undecodable],
        positions: Positions,
        lags: Mapping[Partition, int] = _NOT_KNOWN,
        now_s: float = 0.0,
    ) -> None:
        """Take in records, each partition in order, and how far each partition was read.

        Args:
            lags: how much was left to read then, of the partitions of which it is known; only
                slices by arrival need it.
            now_s: the time on a clock that never steps back.
        """
        if self._mode == "arrival":
            self._lag_records = LAG_UNKNOWN if len(lags) < len(positions) else sum(lags.values())
            self._catch_up.note(records, positions, lags, self._crowded, now_s)
        buffers = self._buffers
        for record in records:
            place = (record.topic, record.partition)
            buffer = buffers.get(place)
            if buffer is None:
                buffer = buffers[place] = deque()
            buffer.append(record)
            if type(record.event) is ClockAdvanced:
                self._clocks.append(record)
        for bad in undecodable:
            place = (bad.raw.topic, bad.raw.partition)
            self._insert(buffers.setdefault(place, deque()), bad)
        self._positions.update(positions)

    def _insert(self, buffer: deque[Record | Undecodable], bad: Undecodable) -> None:
        after = []
        while buffer and _offset(buffer[-1]) > bad.raw.offset:
            after.append(buffer.pop())
        buffer.append(bad)
        buffer.extend(reversed(after))

    def crowded(self) -> Collection[Partition]:
        """Return the partitions to read no further for now: the next slice has enough of them.

        So a backlog is not in memory as a whole, where one partition is read faster than another.
        """
        ends = self._next_ends()
        self._crowded = {
            place
            for place, buffer in self._buffers.items()
            if len(buffer) > (FEW_RECORDS if place in self._crowded else MANY_RECORDS)
            and (self._catch_up.is_ahead(place) if ends is None else self._reaches(place, ends))
        }
        return self._crowded

    def _next_ends(self) -> Mapping[Partition, int] | None:
        """Where the next slice ends, as far as is known; None: where the records by then end."""
        if self._recorded:
            return _ends_of(self._recorded[0].ends)
        if self._mode == "arrival":
            return None
        clock = self._clocks[0].event if self._clocks else None
        return _ends_of(clock.ends) if isinstance(clock, ClockAdvanced) else {}

    def _reaches(self, place: Partition, ends: Mapping[Partition, int]) -> bool:
        return self._positions.get(place, 0) >= ends.get(place, 0)

    def next_slice(self) -> Slice | None:
        """Return the next complete slice, or None until more records are there.

        Raises:
            InvalidInputError: a clock that names no ends, where slices are cut by the clock.
        """
        if self._recorded:
            return self._next_recorded()
        return self._next_by_clock() if self._mode == "clock" else self._next_by_arrival()

    def _next_recorded(self) -> Slice | None:
        heartbeat = self._recorded[0]
        ends = _ends_of(heartbeat.ends)
        if not self._covers(ends):
            return None
        self._recorded.popleft()
        lag_records = heartbeat.lag_records
        return self._cut(heartbeat.slice_sequence, ends, lag_records, recorded=True)

    def _next_by_clock(self) -> Slice | None:
        if not self._clocks:
            return None
        record = self._clocks[0]
        clock = record.event
        assert isinstance(clock, ClockAdvanced)
        if not clock.ends:
            raise InvalidInputError(
                f"{record.topic}/{record.partition} offset {record.offset}: a ClockAdvanced without"
                " ends; slices by the clock need them, slices by arrival are allowed"
            )
        ends = _ends_of(clock.ends)
        ends[record.topic, record.partition] = record.offset + 1
        if not self._covers(ends):
            return None
        return self._cut(clock.clock_sequence, ends, 0, recorded=False)

    def _next_by_arrival(self) -> Slice | None:
        horizon_us = self._catch_up.horizon_us()
        ends = dict(self._positions)
        if horizon_us is not None:
            ends |= self._later_than(horizon_us)
        begins = ((place, buffer[0]) for place, buffer in self._buffers.items() if buffer)
        if all(_offset(first) >= ends[place] for place, first in begins):
            return None
        lag_records = self._lag_records
        if lag_records != LAG_UNKNOWN:
            lag_records += sum(self._positions.values()) - sum(ends.values())
        return self._cut(self._next_sequence, ends, lag_records, recorded=False)

    def _later_than(self, horizon_us: int) -> Positions:
        """Where the first record beyond an event time lies, in each partition that has one."""
        return {
            place: later
            for place, buffer in self._buffers.items()
            if (later := _first_later(buffer, horizon_us)) is not None
        }

    def _covers(self, ends: Mapping[Partition, int]) -> bool:
        return all(self._reaches(place, ends) for place in ends)

    def _cut(
        self, sequence: int, ends: Mapping[Partition, int], lag_records: int, *, recorded: bool
    ) -> Slice:
        records: list[Record] = []
        undecodable: list[Undecodable] = []
        for place, end in ends.items():
            buffer = self._buffers.get(place, ())
            while buffer and _offset(buffer[0]) < end:
                item = buffer.popleft()
                if isinstance(item, Record):
                    records.append(item)
                else:
                    undecodable.append(item)
        clock = None
        while self._clocks and self._is_below(self._clocks[0], ends):
            event = self._clocks.popleft().event
            clock = event if isinstance(event, ClockAdvanced) else None
        self._next_sequence = sequence + 1
        return Slice(
            sequence=sequence,
            recorded=recorded,
            clock=clock if self._mode == "clock" else None,
            records=records,
            undecodable=undecodable,
            ends=tuple(
                PartitionEnd(topic=topic, partition=partition, end_offset=end)
                for (topic, partition), end in sorted(ends.items())
            ),
            lag_records=lag_records,
        )

    def _is_below(self, record: Record, ends: Mapping[Partition, int]) -> bool:
        return record.offset < ends.get((record.topic, record.partition), 0)


def _ends_of(ends: Iterable[PartitionEnd]) -> dict[Partition, int]:
    return {(end.topic, end.partition): end.end_offset for end in ends}


def _first_later(buffer: Iterable[Record | Undecodable], horizon_us: int) -> int | None:
    for item in buffer:
        if isinstance(item, Record) and item.event.event_time_us > horizon_us:
            return item.offset
    return None


def _offset(item: Record | Undecodable) -> int:
    return item.offset if isinstance(item, Record) else item.raw.offset
