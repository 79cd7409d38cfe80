"""The tap's cut: entries as the records say, dead letters for what is no event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.audit.block import entries_of, pack_block
from ecosystem.events.prices import PriceTicked
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import Codec
from streams.audit_correlator.cutting import Cutter, places_that_moved
from tests.events import tick
from tests.streams.audit_correlator.log_runs import EVENTS

CODEC = Codec(EVENTS)
PARTITIONS = [("prices", 0), ("prices", 1), ("risk-alerts", 0)]


class Message:
    """A record as librdkafka hands it out."""

    def __init__(self, topic: str, partition: int, offset: int, value: bytes | None) -> None:
        self._at = (topic, partition, offset)
        self._value = value

    def topic(self) -> str:
        return self._at[0]

    def partition(self) -> int:
        return self._at[1]

    def offset(self) -> int:
        return self._at[2]

    def timestamp(self) -> tuple[int, int]:
        return 1, 123

    def key(self) -> bytes | None:
        return b"key"

    def value(self) -> bytes | None:
        return self._value


def cutter(block_partitions: int = 4) -> Cutter:
    return Cutter(
        Namespace("ns"), PARTITIONS, block_partitions, CODEC, ["risk-alerts"], "audit-correlator"
    )


def test_an_event_becomes_the_entry_that_its_record_says() -> None:
    event = tick(77)
    cut = cutter().cut([Message("ns.prices", 1, 5, CODEC.encode(event))])
    (entry,) = entries_of(pack_block((), [entry for own in cut.entries for entry in own]))
    assert entry.place == ("prices", 1, 5)
    assert CODEC.event_types[entry.schema_id] == PriceTicked.__name__
    assert (entry.event_id, entry.correlation_id, entry.causation_id) == (event.event_id,) * 3
    assert (entry.event_time_us, entry.record_time_ms) == (event.event_time_us, 123)
    assert (cut.undecodable_count, cut.dead_letters) == (0, [])


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=30))
def test_events_of_one_tree_go_to_one_partition_of_blocks(correlation_ids: list[bytes]) -> None:
    frame = CODEC.encode(tick(1))[:5]
    messages = [
        Message("ns.prices", 0, n, frame + bytes(16) + correlation_id + bytes(16) + b"\2body")
        for n, correlation_id in enumerate(correlation_ids)
    ]
    cut = cutter().cut(messages)
    seen: dict[bytes, int] = {}
    for number, own in enumerate(cut.entries):
        for entry in entries_of(pack_block((), own)):
            assert seen.setdefault(entry.correlation_id, number) == number
    assert sum(map(len, cut.entries)) == len(messages)


BAD = {
    "nothing": None,
    "too short": b"\0\0\0\0\1" + bytes(48),
    "wrong magic": b"\1" + CODEC.encode(tick(1))[1:],
    "unknown schema id": b"\0\0\0\xff\xff" + bytes(60),
    "endless event time": CODEC.encode(tick(1))[:53] + b"\xff" * 20,
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_what_is_no_event_becomes_no_entry(value: bytes | None) -> None:
    cut = cutter().cut([Message("ns.prices", 0, 1, value)])
    assert (cut.entries, cut.undecodable_count) == ([[], [], [], []], 1)
    assert cut.dead_letters == [], "another principal is the steward of prices"


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_what_is_no_event_on_a_topic_of_ours_becomes_a_dead_letter(value: bytes | None) -> None:
    cut = cutter().cut([Message("ns.risk-alerts", 0, 9, value)])
    (letter,) = cut.dead_letters
    assert (letter.origin_topic, letter.origin_partition, letter.origin_offset) == (
        "risk-alerts",
        0,
        9,
    )
    assert letter.record_value == (value or b"")
    assert letter.record_key == b"key"
    assert letter.cause


def test_a_body_that_cannot_be_decoded_is_noticed_on_topics_of_ours_only() -> None:
    cut_off = CODEC.encode(tick(1))[:-3]
    ours = cutter().cut([Message("ns.risk-alerts", 0, 1, cut_off)])
    others = cutter().cut([Message("ns.prices", 0, 1, cut_off)])
    assert (len(ours.dead_letters), ours.undecodable_count) == (1, 1)
    assert (len(others.dead_letters), others.undecodable_count) == (0, 0)


def test_the_dead_letter_of_a_record_has_the_same_id_every_time() -> None:
    first, again, other = (
        cutter().cut([Message("ns.risk-alerts", 0, offset, b"bad")]).dead_letters[0].event_id
        for offset in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_a_short_event_time_is_whole_too() -> None:
    early = CODEC.encode(tick(1))[:53] + b"\2"
    cut = cutter(1).cut([Message("ns.prices", 0, 1, early)])
    (entry,) = entries_of(pack_block((), cut.entries[0]))
    assert entry.event_time_us == 1


def test_partitions_of_blocks_must_be_a_power_of_two() -> None:
    with pytest.raises(ValueError, match="power of two"):
        cutter(3)


def test_only_positions_that_moved_are_said() -> None:
    before = {("prices", 0): 1, ("prices", 1): 2}
    after = {("prices", 0): 1, ("prices", 1): 3, ("orders", 0): 0}
    assert places_that_moved(before, after) == {("prices", 1): 3, ("orders", 0): 0}
