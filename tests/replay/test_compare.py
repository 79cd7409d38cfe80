"""The first difference between two sequences of records."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.prices import PriceTicked
from eventlog.codec import Codec
from eventlog.records import RawRecord
from replay.compare import Derived, Difference, each_once, first_difference, first_field
from tests.ecosystem.risk.facts import tick

CODEC = Codec([PriceTicked])
TICKS = [tick(float(number), 60_000 + number) for number in range(6)]


def due(event: PriceTicked) -> Derived:
    return Derived(
        topic="prices", partition=0, key=b"BTC-USD", value=CODEC.encode(event), event=event
    )


def on_log(events: list[PriceTicked]) -> list[RawRecord]:
    return [
        RawRecord("prices", 0, offset, 0, b"BTC-USD", CODEC.encode(event))
        for offset, event in enumerate(events)
    ]


def between(
    recorded: list[PriceTicked], derived: list[PriceTicked], *, unfinished: bool = False
) -> Difference | None:
    return first_difference(
        on_log(recorded), [due(event) for event in derived], CODEC.decode, unfinished=unfinished
    )


@given(
    recorded=st.lists(st.sampled_from(TICKS), unique=True),
    derived=st.lists(st.sampled_from(TICKS), unique=True),
    unfinished=st.booleans(),
)
def test_only_equal_sequences_are_without_difference(
    recorded: list[PriceTicked], derived: list[PriceTicked], unfinished: bool
) -> None:
    equal = recorded == (derived[: len(recorded)] if unfinished else derived)
    found = between(recorded, derived, unfinished=unfinished)
    assert (found is None) == equal
    if found is not None and found.offset is not None:
        assert recorded[: found.offset] == derived[: found.offset]


@given(number=st.integers(0, 5), change_e8=st.integers(1, 10**12))
def test_the_changed_field_of_the_changed_record_is_named(number: int, change_e8: int) -> None:
    changed = list(TICKS)
    volume_e8 = TICKS[number].volume_e8 + change_e8
    changed[number] = msgspec.structs.replace(TICKS[number], volume_e8=volume_e8)
    found = between(changed, TICKS)
    assert found is not None
    assert (found.finding, found.offset, found.field) == ("DIFFERENT", number, "volume_e8")
    assert (found.recorded, found.derived) == (str(volume_e8), str(TICKS[number].volume_e8))


@given(number=st.integers(0, 5))
def test_a_record_left_out_is_missing_where_it_was_due(number: int) -> None:
    found = between(TICKS[:number] + TICKS[number + 1 :], TICKS)
    assert found is not None
    assert found.finding == "MISSING"
    assert found.offset == (number if number < 5 else None)
    assert found.event_id == TICKS[number].event_id.hex()


@given(number=st.integers(0, 5))
def test_a_record_put_in_is_extra_where_it_stands(number: int) -> None:
    found = between(TICKS, TICKS[:number] + TICKS[number + 1 :])
    assert found is not None
    assert (found.finding, found.offset) == ("EXTRA", number)


def test_a_record_that_comes_again_is_repeated() -> None:
    found = between([*TICKS[:3], TICKS[1], *TICKS[3:]], TICKS)
    assert found is not None
    assert (found.finding, found.offset) == ("REPEATED", 3)


def test_an_event_under_another_id_is_compared_with_what_was_due() -> None:
    other = msgspec.structs.replace(TICKS[2], event_id=TICKS[2].event_id[::-1])
    found = between([*TICKS[:2], other, *TICKS[3:]], TICKS)
    assert found is not None
    assert (found.finding, found.field) == ("DIFFERENT", "event_id")


def test_the_same_event_in_other_bytes_is_told() -> None:
    (record,) = on_log(TICKS[:1])
    derived = msgspec.structs.replace(due(TICKS[0]), value=record.value + b"!")
    found = first_difference([record], [derived], CODEC.decode)
    assert found is not None
    assert found.field == "the encoding"


def test_exact_repetitions_count_once_and_others_stay() -> None:
    changed = msgspec.structs.replace(TICKS[0], volume_e8=1)
    records = on_log([TICKS[0], TICKS[1], TICKS[0], changed, TICKS[1]])
    assert [record.offset for record in each_once(records)] == [0, 1, 3]


class Inner(msgspec.Struct, frozen=True):
    name: str
    id: bytes


class Outer(msgspec.Struct, frozen=True):
    number: int | None
    inner: tuple[Inner, ...]


def test_a_field_is_named_by_its_whole_path() -> None:
    one = Outer(1, (Inner("a", b"\1"), Inner("b", b"\2")))
    other = Outer(1, (Inner("a", b"\1"), Inner("b", b"\3")))
    assert first_field(one, other) == ("inner[1].id", "02", "03")
    assert first_field(one, Outer(None, one.inner)) == ("number", "1", "None")
    assert first_field(one, Outer(1, one.inner[:1])) == ("inner, its length,", "2", "1")
    assert first_field(one, one) is None
    assert first_field(one, one.inner[0]) == ("event type", "Outer", "Inner")
