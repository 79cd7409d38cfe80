"""Entries and blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.audit.block import (
    AUDITED_TOPICS,
    entries_of,
    event_time_us,
    open_block,
    pack_block,
    pack_entry,
    position_of,
)
from ecosystem.errors import InvalidInputError
from tests.ecosystem.audit.runs import zigzag

LONGS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
IDS = st.binary(min_size=16, max_size=16)


def value(schema_id: int, ids: bytes, time_us: int, body: bytes) -> bytes:
    return b"\0" + schema_id.to_bytes(4, "big") + ids + zigzag(time_us) + body


@given(
    st.sampled_from(AUDITED_TOPICS),
    st.integers(0, 4095),
    st.integers(0, 2**40 - 1),
    st.integers(0, 2**32 - 1),
    IDS,
    IDS,
    IDS,
    LONGS,
    st.binary(max_size=20),
    st.integers(0, 2**63),
)
def test_an_entry_gives_back_what_the_record_says(
    topic: str,
    partition: int,
    offset: int,
    schema_id: int,
    event_id: bytes,
    correlation_id: bytes,
    causation_id: bytes,
    time_us: int,
    body: bytes,
    wall_ms: int,
) -> None:
    record = value(schema_id, event_id + correlation_id + causation_id, time_us, body)
    packed = pack_entry(position_of(topic, partition, offset), record, wall_ms)
    (entry,) = entries_of(pack_block((), [packed]))
    assert entry.place == (topic, partition, offset)
    assert entry.schema_id == schema_id
    assert entry.event_id == event_id
    assert entry.correlation_id == correlation_id
    assert entry.causation_id == causation_id
    assert entry.event_time_us == time_us
    assert entry.record_time_ms == wall_ms


@given(st.lists(st.integers(0, 2**52), max_size=5), st.integers(0, 4))
def test_a_block_gives_back_its_ends_and_entries(ends: list[int], entries_count: int) -> None:
    packed = [pack_entry(number, b"\0" * 70, number) for number in range(entries_count)]
    found_ends, entries = open_block(pack_block(ends, packed))
    assert found_ends == ends
    assert bytes(entries) == b"".join(packed)


def test_positions_sort_like_places() -> None:
    places = [("prices", 1, 5), ("prices", 0, 2**40 - 1), ("orders", 0, 0), ("prices", 1, 4)]
    by_code = sorted(places, key=lambda place: (AUDITED_TOPICS.index(place[0]), *place[1:]))
    assert sorted(places, key=lambda place: position_of(*place)) == by_code


@pytest.mark.parametrize(
    ("topic", "partition", "offset"),
    [("gossip", 0, 0), ("prices", 4096, 0), ("prices", -1, 0), ("prices", 0, 2**40)],
)
def test_a_place_out_of_bounds_is_refused(topic: str, partition: int, offset: int) -> None:
    with pytest.raises(InvalidInputError, match="are allowed"):
        position_of(topic, partition, offset)


@pytest.mark.parametrize("bad", [b"", b"\2\0\0", b"\1\0\1", b"\1\0\0half an entry"])
def test_bytes_that_are_no_block_are_refused(bad: bytes) -> None:
    with pytest.raises(InvalidInputError):
        open_block(bad)


def test_an_endless_event_time_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="varint"):
        event_time_us(b"\xff" * 10)
