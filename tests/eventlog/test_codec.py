"""Events to bytes and back, byte by byte where it matters."""

import io
import struct
from typing import Any, get_args

import msgspec
import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.events.control.every import CONTROL_EVENTS
from ecosystem.events.envelope import (
    CAUSATION_ID_AT,
    CORRELATION_ID_AT,
    EVENT_ID_AT,
    EVENT_TIME_AT,
    Event,
)
from ecosystem.events.production import PRODUCTION_EVENTS
from ecosystem.events.words import EventId
from eventlog.codec import Codec, schema_id
from eventlog.errors import CatalogueError, UndecodableRecordError
from eventlog.records import RawRecord
from eventlog.schema.store import released_schemas
from tests.events import event_id, tick

EVERY = (*PRODUCTION_EVENTS, *CONTROL_EVENTS)
CODEC = Codec(EVERY)
INT64 = st.integers(-(2**63), 2**63 - 1)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a field's type."""
    kind = getattr(kind, "__supertype__", kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return structs(kind)
    if kind is int:
        return INT64
    if kind is bool:
        return st.booleans()
    if kind is str:
        return st.text(max_size=20)
    if kind is bytes:
        return st.binary(min_size=16, max_size=16)
    if kind is type(None):
        return st.none()
    arguments = get_args(kind)
    if arguments[-1:] == (Ellipsis,):
        return st.lists(values(arguments[0]), max_size=4).map(tuple)
    if all(isinstance(argument, str) for argument in arguments):
        return st.sampled_from(arguments)
    return st.one_of(*(values(argument) for argument in arguments))


def structs(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for instances of a struct."""
    return st.builds(kind, **{f.name: values(f.type) for f in msgspec.structs.fields(kind)})


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_event_survives_the_way_to_bytes_and_back(kind: type[Event]) -> None:
    @given(structs(kind))
    def survives(event: Event) -> None:
        assert CODEC.decode(CODEC.encode(event)) == event

    survives()


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_event_has_the_bytes_the_general_writer_gives_it(kind: type[Event]) -> None:
    (*_, newest) = [entry for entry in released_schemas() if entry.name == kind.__name__]
    schema = parse_schema(dict(newest.schema), named_schemas={})

    @settings(max_examples=25, deadline=None)
    @given(structs(kind))
    def agrees(event: Event) -> None:
        out = io.BytesIO()
        fields = msgspec.to_builtins(event, builtin_types=(bytes,))
        schemaless_writer(out, schema, fields)
        assert CODEC.encode(event) == struct.pack(">bI", 0, newest.id) + out.getvalue()

    agrees()


@pytest.mark.parametrize("wrong", [{"event_id": EventId(b"short")}, {"volume_e8": 2**63}])
def test_what_a_schema_does_not_allow_is_not_written(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, OverflowError)):
        CODEC.encode(msgspec.structs.replace(tick(1), **wrong))


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_the_envelope_of_every_event_lies_at_fixed_offsets(kind: type[Event]) -> None:
    @given(structs(kind))
    def lies(event: Event) -> None:
        value = CODEC.encode(event)
        ids = {entry.id for entry in released_schemas() if entry.name == kind.__name__}
        assert value[0] == 0
        assert struct.unpack_from(">I", value, 1)[0] in ids
        assert value[EVENT_ID_AT : EVENT_ID_AT + 16] == event.event_id
        assert value[CORRELATION_ID_AT : CORRELATION_ID_AT + 16] == event.correlation_id
        assert value[CAUSATION_ID_AT : CAUSATION_ID_AT + 16] == event.causation_id
        assert zigzag(value, EVENT_TIME_AT) == event.event_time_us

    lies()


def zigzag(value: bytes, at: int) -> int:
    """Read Avro's variable-length long, independently of the codec."""
    number, shift = 0, 0
    while True:
        byte = value[at]
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (number >> 1) ^ -(number & 1)
        at, shift = at + 1, shift + 7


def long(number: int) -> bytes:
    """Write Avro's variable-length long, independently of the codec."""
    rest, out = (number << 1) ^ (number >> 63), bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def text(word: str) -> bytes:
    """Write Avro's string."""
    return long(len(word.encode())) + word.encode()


def test_an_event_is_written_byte_by_byte_as_avro_says() -> None:
    event = tick(1)
    expected = (
        b"\0" + struct.pack(">I", schema_id(CODEC.encode(event))) + event_id(1) * 3
        + long(event.event_time_us) + text("market-data") + text("BTC-USD") + long(1)
        + long(event.bid_price_e8) + long(event.ask_price_e8) + long(event.last_price_e8)
        + long(event.bid_quantity_e8) + long(event.ask_quantity_e8) + long(event.volume_e8)
    )  # fmt: skip
    assert CODEC.encode(event) == expected


def outcome(value: bytes) -> Event | str:
    """Return the event in `value`, or the reason why there is none; other errors pass through."""
    try:
        return CODEC.decode(value)
    except UndecodableRecordError as error:
        return str(error)


@given(st.binary(max_size=80))
def test_any_bytes_are_decoded_or_refused_with_a_reason(value: bytes) -> None:
    assert outcome(value)


@given(st.integers(54, 200), st.integers(0, 255))
def test_a_damaged_record_is_decoded_or_refused_with_a_reason(at: int, byte: int) -> None:
    value = bytearray(CODEC.encode(tick(1)))
    value[at % len(value)] = byte
    assert outcome(bytes(value))


def test_truncated_and_overlong_records_are_refused() -> None:
    value = CODEC.encode(tick(1))
    with pytest.raises(UndecodableRecordError, match="PriceTicked"):
        CODEC.decode(value[:-1])
    with pytest.raises(UndecodableRecordError, match="1 bytes follow"):
        CODEC.decode(value + b"\0")
    with pytest.raises(UndecodableRecordError, match="first byte 0x01"):
        CODEC.decode(b"\1" + value[1:])
    with pytest.raises(UndecodableRecordError, match="schema id 4294967295"):
        CODEC.decode(b"\0\xff\xff\xff\xff" + value[5:])
    with pytest.raises(UndecodableRecordError, match="more than 53"):
        CODEC.decode(value[:53])


def test_a_batch_separates_what_cannot_be_decoded() -> None:
    good = RawRecord("prices", 0, 0, 7, b"", CODEC.encode(tick(1)))
    bad = RawRecord("prices", 0, 1, 8, b"k", b"garbage")
    records, undecodable = CODEC.decode_batch([good, bad])
    assert [(r.offset, r.record_time_ms, r.event) for r in records] == [(0, 7, tick(1))]
    assert [(raw, "more than 53" in cause) for raw, cause in undecodable] == [(bad, True)]


def test_a_codec_refuses_what_it_was_not_given() -> None:
    production = Codec(PRODUCTION_EVENTS)
    event = msgspec.convert(
        {
            **dict.fromkeys(("event_id", "correlation_id", "causation_id"), bytes(16)),
            "event_time_us": 1,
            "strategy": "s",
            "account": "a",
            "instrument": "i",
            "strength_e8": 1,
            "reason": "",
        },
        CONTROL_EVENTS[0],
    )
    with pytest.raises(CatalogueError, match="StrategySignalled"):
        production.encode(event)
    with pytest.raises(UndecodableRecordError, match="schema id"):
        production.decode(CODEC.encode(event))
