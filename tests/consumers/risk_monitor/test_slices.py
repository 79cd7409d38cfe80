"""Slices are the same however records arrive, and the clock alone cuts them under `clock`."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.risk_monitor.slices import Slice, SliceAssembler, Undecodable
from ecosystem.errors import InvalidInputError
from ecosystem.events.alerts import RiskHeartbeat
from ecosystem.events.words import PartitionEnd
from eventlog.records import Partition, RawRecord, Record
from tests.ecosystem.risk.facts import NOBODY, clock, tick

PLACES: list[Partition] = [("prices", 0), ("prices", 1), ("fills", 0)]
CLOCK: Partition = ("clock", 0)


def record(place: Partition, offset: int) -> Record:
    return Record(*place, offset, 0, tick(offset, 60_000))


def undecodable(place: Partition, offset: int) -> Undecodable:
    return Undecodable(RawRecord(*place, offset, 0, b"", b"?"), "odd")


def clock_record(number: int, ends: dict[Partition, int]) -> Record:
    event = msgspec.structs.replace(
        clock(10 * (number + 1), number),
        ends=tuple(
            PartitionEnd(topic=topic, partition=partition, end_offset=end)
            for (topic, partition), end in ends.items()
        ),
    )
    return Record(*CLOCK, number, 0, event)


def heartbeat_of(cut: Slice) -> RiskHeartbeat:
    return RiskHeartbeat(
        event_id=NOBODY,
        correlation_id=NOBODY,
        causation_id=NOBODY,
        event_time_us=0,
        monitor="risk-monitor",
        slice_sequence=cut.sequence,
        clock_event_id=NOBODY,
        ends=cut.ends,
        events_count=0,
        alerts_active_count=0,
        undecodable_count=0,
    )


Log = dict[Partition, list[Record | Undecodable]]


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log of some slices: records, undecodable ones among them, and the clocks between."""
    log: Log = {place: [] for place in (*PLACES, CLOCK)}
    for number in range(draw(st.integers(0, 5))):
        for place in PLACES:
            for _ in range(draw(st.integers(0, 4))):
                bad = draw(st.integers(0, 9)) == 0
                offset = len(log[place])
                log[place].append((undecodable if bad else record)(place, offset))
        log[CLOCK].append(clock_record(number, {place: len(log[place]) for place in PLACES}))
    return log


class Feeder:
    """Hands a log to an assembler in batches that follow no order between partitions."""

    def __init__(self, log: Log, assembler: SliceAssembler) -> None:
        self._log = log
        self._assembler = assembler
        self._at = dict.fromkeys(log, 0)

    def feed(self, place: Partition, count: int) -> None:
        batch = self._log[place][self._at[place] : self._at[place] + count]
        self._at[place] += len(batch)
        self._assembler.add(
            [item for item in batch if isinstance(item, Record)],
            [item for item in batch if isinstance(item, Undecodable)],
            dict(self._at),
            {place: len(self._log[place]) - at for place, at in self._at.items()},
        )

    def feed_all(self) -> None:
        for place in self._log:
            self.feed(place, len(self._log[place]))


def drained(assembler: SliceAssembler) -> list[Slice]:
    slices = []
    while (cut := assembler.next_slice()) is not None:
        slices.append(cut)
    return slices


def content(cut: Slice) -> tuple[object, ...]:
    places = sorted((r.topic, r.partition, r.offset) for r in cut.records)
    bad = sorted((u.raw.topic, u.raw.partition, u.raw.offset) for u in cut.undecodable)
    return (cut.sequence, places, bad, cut.ends, cut.clock)


def by_clock(log: Log, feeds: Sequence[tuple[Partition, int]]) -> list[Slice]:
    assembler = SliceAssembler("clock")
    feeder = Feeder(log, assembler)
    slices = []
    for place, count in feeds:
        feeder.feed(place, count)
        slices += drained(assembler)
    feeder.feed_all()
    return slices + drained(assembler)


FEEDS = st.lists(st.tuples(st.sampled_from([*PLACES, CLOCK]), st.integers(1, 6)), max_size=30)


@given(log=logs(), one=FEEDS, other=FEEDS)
def test_slices_by_the_clock_do_not_depend_on_how_records_arrive(
    log: Log, one: list[tuple[Partition, int]], other: list[tuple[Partition, int]]
) -> None:
    assert list(map(content, by_clock(log, one))) == list(map(content, by_clock(log, other)))


@given(log=logs(), feeds=FEEDS)
def test_slices_by_the_clock_hold_every_record_once_and_each_in_its_slice(
    log: Log, feeds: list[tuple[Partition, int]]
) -> None:
    slices = by_clock(log, feeds)
    assert [cut.sequence for cut in slices] == list(range(len(log[CLOCK])))
    seen: list[object] = []
    lows = dict.fromkeys(log, 0)
    for cut in slices:
        ends = {(end.topic, end.partition): end.end_offset for end in cut.ends}
        items: list[Record | RawRecord] = [*cut.records, *(u.raw for u in cut.undecodable)]
        for item in items:
            place = (item.topic, item.partition)
            assert lows[place] <= item.offset < ends[place]
            seen.append((place, item.offset))
        lows = ends
    assert len(seen) == len(set(seen)) == sum(map(len, log.values()))


@given(log=logs(), feeds=FEEDS)
def test_slices_by_arrival_are_what_is_there_and_replay_as_recorded(
    log: Log, feeds: list[tuple[Partition, int]]
) -> None:
    assembler = SliceAssembler("arrival")
    feeder = Feeder(log, assembler)
    lived = []
    for place, count in feeds:
        feeder.feed(place, count)
        lived += drained(assembler)
    feeder.feed_all()
    lived += drained(assembler)
    again = SliceAssembler("arrival", map(heartbeat_of, lived))
    Feeder(log, again).feed_all()
    replayed = drained(again)
    assert [content(cut)[:4] for cut in replayed] == [content(cut)[:4] for cut in lived]
    assert all(cut.recorded for cut in replayed)
    assert sum(len(cut.records) + len(cut.undecodable) for cut in lived) == sum(
        map(len, log.values())
    )


@given(log=logs(), data=st.data())
def test_recorded_slices_come_first_and_the_clock_goes_on_after_them(
    log: Log, data: st.DataObject
) -> None:
    lived = by_clock(log, [])
    cut_at = data.draw(st.integers(0, len(lived)))
    again = SliceAssembler("clock", map(heartbeat_of, lived[:cut_at]))
    assert again.recorded_left == cut_at
    Feeder(log, again).feed_all()
    slices = drained(again)
    assert list(map(content, slices)) == list(map(content, lived))
    assert [cut.recorded for cut in slices] == [n < cut_at for n in range(len(lived))]


def test_a_slice_waits_until_every_partition_is_covered() -> None:
    log: Log = {
        ("prices", 0): [record(("prices", 0), 0)],
        CLOCK: [clock_record(0, {("prices", 0): 1})],
    }
    assembler = SliceAssembler("clock")
    feeder = Feeder(log, assembler)
    feeder.feed(CLOCK, 1)
    assert assembler.next_slice() is None
    feeder.feed(("prices", 0), 1)
    assert assembler.next_slice() is not None


def test_a_partition_that_ends_with_offsets_without_records_is_covered_by_its_position() -> None:
    assembler = SliceAssembler("clock")
    assembler.add(
        [record(("prices", 0), 0), clock_record(0, {("prices", 0): 2})],
        [],
        {("prices", 0): 1, CLOCK: 1},
    )
    assert assembler.next_slice() is None
    assembler.add([], [], {("prices", 0): 2})
    cut = assembler.next_slice()
    assert cut is not None
    assert len(cut.records) == 2


def test_a_clock_without_ends_is_refused_where_the_clock_cuts() -> None:
    assembler = SliceAssembler("clock")
    assembler.add([clock_record(0, {})], [], {CLOCK: 1})
    with pytest.raises(InvalidInputError, match=r"clock/0 offset 0.*slices by arrival are allowed"):
        assembler.next_slice()
