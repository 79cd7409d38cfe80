"""A backlog is judged in the order of event time; what comes live waits for nothing."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.risk_monitor.catching_up import BACKLOG_RECORDS, PATIENCE_S, CatchUp
from consumers.risk_monitor.slices import MANY_RECORDS, Slice, SliceAssembler, SliceMode
from eventlog.records import Partition, Record
from tests.consumers.risk_monitor.test_slices import CLOCK, clock_record
from tests.ecosystem.risk.facts import at, tick

FAST: Partition = ("prices", 0)
SLOW: Partition = ("fills", 0)
IDLE: Partition = ("settlements", 0)


def records(place: Partition, *seconds: int, first: int = 0) -> list[Record]:
    return [Record(*place, first + n, 0, tick(at_s, 60_000)) for n, at_s in enumerate(seconds)]


def times_of(cut: Slice | None) -> list[int] | None:
    """Return the event times of a slice, in order of time, in seconds of the story."""
    if cut is None:
        return None
    return sorted((record.event.event_time_us - at(0)) // 1_000_000 for record in cut.records)


def test_a_backlog_is_judged_as_far_as_its_slowest_partition_was_read() -> None:
    assembler = SliceAssembler("arrival")
    assembler.add(
        [*records(FAST, 1, 5, 9), *records(SLOW, 2, 6)], [], {FAST: 3, SLOW: 2}, {FAST: 7, SLOW: 4}
    )
    cut = assembler.next_slice()
    assert cut is not None
    assert times_of(cut) == [1, 2, 5, 6]
    assert {(end.topic, end.end_offset) for end in cut.ends} == {("prices", 2), ("fills", 2)}
    assert cut.lag_records == 7 + 4 + 1  # the record that was read and waits is one of them
    assert assembler.next_slice() is None
    assembler.add(records(SLOW, 8, 9, first=2), [], {FAST: 3, SLOW: 4}, {FAST: 7, SLOW: 2})
    assert times_of(assembler.next_slice()) == [8, 9, 9]


def test_a_partition_of_which_nothing_is_known_yet_is_waited_for() -> None:
    assembler = SliceAssembler("arrival")
    assembler.add(records(FAST, 1, 2), [], {FAST: 2, SLOW: 0}, {FAST: 9})
    assert assembler.next_slice() is None
    assembler.add([], [], {FAST: 2, SLOW: 0}, {FAST: 9, SLOW: 0})
    assert times_of(assembler.next_slice()) == [1, 2]


def test_records_that_come_live_wait_for_nothing() -> None:
    assembler = SliceAssembler("arrival")
    assembler.add([], [], {FAST: 0, SLOW: 0}, {FAST: 0, SLOW: 0})
    assembler.add(records(FAST, 7, 8), [], {FAST: 2, SLOW: 0}, {FAST: 3, SLOW: 1})
    assert times_of(assembler.next_slice()) == [7, 8]


def test_a_partition_that_gives_nothing_is_waited_for_only_so_long() -> None:
    lags = {FAST: 0, SLOW: 3}  # those three may be of a transaction that is still open
    assembler = SliceAssembler("arrival")
    assembler.add(records(FAST, 1, 2), [], {FAST: 2, SLOW: 0}, lags, now_s=50.0)
    assembler.add([], [], {FAST: 2, SLOW: 0}, lags, now_s=50.0 + PATIENCE_S)
    assert assembler.next_slice() is None
    assembler.add([], [], {FAST: 2, SLOW: 0}, lags, now_s=50.1 + PATIENCE_S)
    assert times_of(assembler.next_slice()) == [1, 2]


def test_time_spent_on_full_reads_is_no_waiting() -> None:
    full, lags = BACKLOG_RECORDS - 9, {FAST: 1, SLOW: 3}
    catch_up = CatchUp()
    for turn in range(3):
        batch = records(FAST, *range(turn * full, (turn + 1) * full))
        catch_up.note(batch, {FAST: (turn + 1) * full, SLOW: 0}, lags, (), now_s=10 * turn)
        assert catch_up.horizon_us() == 0
    positions = {FAST: 3 * full, SLOW: 0}
    catch_up.note([], positions, lags, (), now_s=20 + PATIENCE_S)
    assert catch_up.horizon_us() == 0
    catch_up.note([], positions, lags, (), now_s=20.1 + PATIENCE_S)
    assert catch_up.horizon_us() is None


def test_a_new_backlog_is_put_in_order_again() -> None:
    catch_up = CatchUp()
    positions = {FAST: 1, SLOW: 1}
    catch_up.note([], positions, {FAST: 0, SLOW: 0}, (), 0.0)
    assert catch_up.horizon_us() is None
    almost, much = {FAST: 0, SLOW: BACKLOG_RECORDS - 1}, {FAST: 4, SLOW: BACKLOG_RECORDS}
    catch_up.note(records(FAST, 3), {FAST: 2, SLOW: 1}, almost, (), 0.0)
    assert catch_up.horizon_us() is None
    catch_up.note(records(FAST, 5), {FAST: 3, SLOW: 1}, much, (), 0.0)
    assert catch_up.horizon_us() == 0
    catch_up.note(records(SLOW, 4), {FAST: 3, SLOW: 2}, {FAST: 4, SLOW: 3}, (), 0.1)
    assert catch_up.horizon_us() == at(4)


def test_a_partition_that_is_not_read_for_now_is_still_waited_for() -> None:
    catch_up, positions, lags = CatchUp(), {FAST: 1, SLOW: 1}, {FAST: 2, SLOW: 2}
    catch_up.note([*records(FAST, 9), *records(SLOW, 3)], positions, lags, (), 0.0)
    catch_up.note([], positions, lags, {FAST}, 9 * PATIENCE_S)
    assert catch_up.horizon_us() == at(9)  # the slow one gives nothing any more, the fast one may
    assert not catch_up.is_ahead(FAST)


@pytest.mark.parametrize("mode", ["clock", "arrival"])
def test_of_a_backlog_only_so_much_of_one_partition_is_in_memory(mode: SliceMode) -> None:
    assembler = SliceAssembler(mode)
    many = records(FAST, *range(MANY_RECORDS + 1))
    lags = {FAST: 9, SLOW: 9}
    assembler.add([*many, *records(SLOW, 7)], [], {FAST: len(many), SLOW: 1}, lags)
    if mode == "clock":
        clock = clock_record(0, {FAST: 10, SLOW: 2})
        assembler.add([clock], [], {FAST: len(many), SLOW: 1, CLOCK: 1}, {**lags, CLOCK: 0})
    assert assembler.crowded() == {FAST}
    assembler.add(records(SLOW, 8 + MANY_RECORDS, first=1), [], {FAST: len(many), SLOW: 2}, lags)
    taken = assembler.next_slice()
    assert taken is not None
    assert assembler.crowded() == ({FAST} if mode == "clock" else set())


@pytest.mark.parametrize("mode", ["clock", "arrival"])
def test_what_the_next_slice_needs_is_read_however_much_of_it_is_there(mode: SliceMode) -> None:
    assembler = SliceAssembler(mode)
    many = records(FAST, *range(MANY_RECORDS + 1))
    assembler.add(many, [], {FAST: len(many), SLOW: 0}, {FAST: 9, SLOW: 0})
    if mode == "clock":
        clock = clock_record(0, {FAST: len(many) + 1})
        assembler.add([clock], [], {FAST: len(many), SLOW: 0, CLOCK: 1})
    assert not assembler.crowded()


@st.composite
def backlogs(draw: st.DrawFn) -> Mapping[Partition, list[Record]]:
    """A backlog of partitions, each in the order of event time."""
    return {
        place: records(place, *sorted(draw(st.lists(st.integers(0, 50), max_size=12))))
        for place in (FAST, SLOW, IDLE)
    }


@given(backlogs(), st.lists(st.tuples(st.sampled_from([FAST, SLOW, IDLE]), st.integers(1, 5))))
def test_however_a_backlog_is_read_its_slices_never_step_back_in_time(
    backlog: Mapping[Partition, list[Record]], reads: list[tuple[Partition, int]]
) -> None:
    assembler = SliceAssembler("arrival")
    positions = dict.fromkeys(backlog, 0)
    seen: list[int] = []
    for place, count in [*reads, *((place, 99) for place in backlog)]:
        batch = backlog[place][positions[place] : positions[place] + count]
        positions[place] += len(batch)
        lags = {each: len(backlog[each]) - position for each, position in positions.items()}
        assembler.add(batch, [], dict(positions), lags)
        while (times := times_of(assembler.next_slice())) is not None:
            assert not seen or not times or times[0] >= seen[-1]
            seen += times
    assert len(seen) == sum(map(len, backlog.values()))
