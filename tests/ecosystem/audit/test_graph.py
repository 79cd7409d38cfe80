"""The fold of blocks into causal graphs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.audit.block import entries_of, pack_block, pack_entry, position_of
from ecosystem.audit.graph import CausalGraphs
from ecosystem.errors import InvalidInputError
from ecosystem.events.control.words import PartitionRange
from tests.ecosystem.audit.runs import Run, crash_run, named


def part(topic: str, start: int, end: int, partition: int = 0) -> PartitionRange:
    return PartitionRange(topic=topic, partition=partition, start_offset=start, end_offset=end)


def long_run() -> Run:
    run = crash_run()
    for number in range(3_000):
        run.tick(f"tick {number}", number, partition=number % 2)
        if number % 3 == 0:
            run.put("OrderSubmitted", f"order {number}", f"tick {number}", number, "orders")
    return run


def test_every_entry_folded_is_found_at_its_position() -> None:
    run = long_run()
    block = pack_block((), run.entries)
    graphs = CausalGraphs()
    assert graphs.fold(block).entries_count == len(run.entries)
    assert [graphs.entry(entry.position) for entry in entries_of(block)] == list(entries_of(block))
    assert graphs.entry(position_of("fills", 0, 0)) is None
    assert graphs.entry(position_of("orders", 0, 1_010)) is None


def test_an_entry_that_comes_again_changes_nothing() -> None:
    run = long_run()
    graphs = CausalGraphs()
    first = graphs.fold(pack_block((), run.entries))
    trees = {key: list(tree) for key, tree in graphs.trees.items()}
    again = graphs.fold(pack_block((), run.entries[::-1]))
    assert first.control
    assert (again.entries_count, again.control) == (0, {})
    assert graphs.trees == trees


def test_events_with_a_cause_are_listed_under_their_correlation_id() -> None:
    graphs = CausalGraphs()
    graphs.fold(pack_block((), crash_run().entries))
    (tree,) = graphs.trees.values()
    members = [graphs.entry(position) for position in tree]
    assert [member.event_id for member in members if member is not None] == [
        named("plan crash"),
        named("crash>altered tick"),
    ]


def test_a_range_is_covered_once_every_partition_of_blocks_says_so() -> None:
    graphs = CausalGraphs(block_partitions=2)
    ranges = [part("prices", 0, 10), part("orders", 5, 5)]
    reached = pack_block([position_of("prices", 0, 10)], ())
    assert not graphs.covers(ranges)
    graphs.fold(reached, 0)
    assert not graphs.covers(ranges)
    graphs.fold(reached, 1)
    assert graphs.covers(ranges)
    graphs.fold(pack_block([position_of("prices", 0, 3)], ()), 1)
    assert graphs.covers(ranges), "an old block does not take back what was reached"
    assert not graphs.covers([part("prices", 0, 11)])


@given(st.integers(0, 2_500), st.integers(0, 2_500))
def test_rows_of_a_range_are_those_between_its_offsets(start: int, length: int) -> None:
    graphs = CausalGraphs()
    value = b"\0\0\0\0\1" + bytes(60)
    entries = [pack_entry(position_of("prices", 0, n), value, n) for n in range(2_200)]
    graphs.fold(pack_block((), entries))
    rows_count = 0
    at = position_of("prices", 0, start)
    for first, rows in graphs.rows(part("prices", start, start + length)):
        assert first == at + rows_count
        rows_count += len(rows) // 70
    known = max(0, min(start + length, 3_072) - start)  # three chunks hold all offsets below
    assert rows_count == known


def test_a_judged_run_is_forgotten_and_what_follows_is_kept() -> None:
    run = long_run()
    graphs = CausalGraphs()
    graphs.fold(pack_block((), run.entries))
    graphs.forget([part("prices", 0, 1_100), part("orders", 0, 1_000)])
    assert graphs.entry(position_of("prices", 0, 1_023)) is None
    assert graphs.entry(position_of("prices", 0, 1_100)) is not None
    assert graphs.entry(position_of("scenario-injections", 0, 0)) is not None
    assert len(graphs.trees) == 1, "the run's own tree, whose topic was not named"


def test_a_range_on_a_topic_nobody_audits_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="gossip"):
        CausalGraphs().covers([part("gossip", 0, 1)])
