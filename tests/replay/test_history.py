"""Bounded reads of a history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.records import Partition
from replay.errors import HistoryCutError
from replay.history import check_complete, windows

PLACES: list[Partition] = [("prices", 0), ("prices", 1), ("fills", 0)]
VECTORS = st.lists(
    st.fixed_dictionaries({}, optional={place: st.integers(0, 120) for place in PLACES}),
    max_size=12,
)


@given(
    starts=st.tuples(*[st.integers(0, 10)] * 3),
    lengths=st.tuples(*[st.integers(0, 100)] * 3),
    cuts=VECTORS,
    records_max=st.integers(1, 80),
)
def test_windows_cover_the_ranges_once_and_in_order(
    starts: tuple[int, ...],
    lengths: tuple[int, ...],
    cuts: list[dict[Partition, int]],
    records_max: int,
) -> None:
    ranges = {
        place: (start, start + length)
        for place, start, length in zip(PLACES, starts, lengths, strict=True)
    }
    parts = list(windows(ranges, cuts, records_max))
    for place, (start, end) in ranges.items():
        edges = [edge for part in parts for edge in part[place]]
        assert (edges[0], edges[-1]) == (start, end)
        assert edges[1:-1:2] == edges[2:-1:2], "each window begins where the last one ended"
        assert edges == sorted(edges)
    sizes = [sum(end - start for start, end in part.values()) for part in parts[:-1]]
    assert all(size >= records_max for size in sizes)


def test_a_window_is_no_longer_than_its_slices_make_it() -> None:
    place = ("prices", 0)
    cuts = [{place: end} for end in range(10, 101, 10)]
    parts = list(windows({place: (0, 105)}, cuts, 25))
    assert [part[place] for part in parts] == [(0, 30), (30, 60), (60, 90), (90, 105)]


def test_every_partition_that_lacks_records_is_named() -> None:
    needed = {("prices", 0): (0, 10), ("prices", 1): (5, 10), ("fills", 0): (0, 3)}
    bounds = {("prices", 0): (2, 10), ("prices", 1): (5, 9)}
    with pytest.raises(HistoryCutError) as caught:
        check_complete("r1", needed, bounds)
    assert str(caught.value).splitlines() == [
        "run r1: its history on the log is not full",
        "  fills/0: offset 3 must be reached, the log ends at 0",
        "  prices/0: offset 0 is needed, 2 is the first that is left",
        "  prices/1: offset 10 must be reached, the log ends at 9",
    ]
    check_complete("r1", {("prices", 1): (5, 9)}, bounds)
