"""Every reader and writer of Avro bodies gives and takes the same bytes, and refuses the same."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.envelope import FRAME_BYTES
from ecosystem.events.production import PRODUCTION_EVENTS
from eventlog.avro_bodies import END, Bodies, CompiledBodies, GeneralBodies, Schema, bodies_of
from eventlog.codec import Codec
from eventlog.errors import UndecodableRecordError
from eventlog.schema.store import released_schemas
from tests.events import tick

LATEST = {written.name: written.schema for written in released_schemas()}
TICKS = LATEST["PriceTicked"]
BOOKS = LATEST["BookQuoted"]
CODEC = Codec(PRODUCTION_EVENTS)
BODY = CODEC.encode(tick(1))[FRAME_BYTES:]
QUOTE: dict[str, Any] = {
    **dict.fromkeys(("event_id", "correlation_id", "causation_id"), bytes(range(16))),
    "event_time_us": 1,
    "venue": "exchange-okx",
    "instrument": "BTC-USD",
    "book_sequence": 7,
    "bid_prices_e8": [3, 2, 1],
    "bid_quantities_e8": [10**8, 2**62, 5],
    "ask_prices_e8": [4],
    "ask_quantities_e8": [-(2**63)],
    "last_price_e8": 3,
    "volume_e8": 0,
}
READERS = pytest.mark.parametrize("made", [GeneralBodies, CompiledBodies])
Made = Callable[[Schema], Bodies]


def told(bodies: Bodies, body: bytes) -> dict[str, Any] | str:
    """Return the fields in `body`, or why there are none."""
    try:
        fields = bodies.decode(body)
    except UndecodableRecordError as error:
        return str(error)
    fields.pop(END, None)
    return fields


@READERS
def test_what_was_written_is_read(made: Made) -> None:
    bodies = made(BOOKS)
    assert told(bodies, bodies.encode(QUOTE)) == QUOTE


@READERS
def test_a_body_is_the_codecs_without_its_frame(made: Made) -> None:
    assert made(TICKS).encode(msgspec.structs.asdict(tick(1))) == BODY


@READERS
@pytest.mark.parametrize(
    "wrong",
    [{"event_id": b"short"}, {"event_time_us": 2**63}, {"instrument": 7}, {"volume_e8": None}],
)
def test_a_value_that_the_schema_does_not_allow_is_not_written(
    made: Made, wrong: dict[str, Any]
) -> None:
    fields = {**msgspec.structs.asdict(tick(1)), **wrong}
    with pytest.raises((ValueError, TypeError, OverflowError)):
        made(TICKS).encode(fields)


@READERS
def test_what_follows_a_record_is_an_error(made: Made) -> None:
    bodies = made(TICKS)
    for rest in (b"\0", b"\x02", BODY, BODY[:9]):
        assert told(bodies, BODY + rest) == f"{len(rest)} bytes follow its end"


@READERS
def test_a_record_that_ends_too_soon_is_an_error(made: Made) -> None:
    bodies = made(TICKS)
    for length in range(len(BODY)):
        assert isinstance(told(bodies, BODY[:length]), str)


@given(st.data())
def test_a_damaged_record_is_read_or_refused_alike_by_all(data: st.DataObject) -> None:
    schema, whole = data.draw(st.sampled_from([(TICKS, BODY), (BOOKS, _book_body())]))
    at = data.draw(st.integers(0, len(whole) - 1))
    to = data.draw(st.integers(at, min(len(whole), at + 4)))
    body = whole[:at] + data.draw(st.binary(max_size=11)) + whole[to:]
    assert told(CompiledBodies(schema), body) == told(GeneralBodies(schema), body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_alike_by_all(body: bytes) -> None:
    for schema in LATEST.values():
        assert told(CompiledBodies(schema), body) == told(GeneralBodies(schema), body)


def test_where_there_is_no_cavro_the_general_reader_does_it_all() -> None:
    code = (
        "import sys; sys.modules['cavro'] = None\n"
        "from tests.eventlog.test_avro_bodies import CODEC, TICKS, bodies_of, tick\n"
        "assert CODEC.decode(CODEC.encode(tick(1))) == tick(1)\n"
        "print(type(bodies_of(TICKS, TICKS)).__name__)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "GeneralBodies"


def test_what_an_older_schema_wrote_is_told_by_the_fields_of_the_latest() -> None:
    older = {**TICKS, "fields": [f for f in TICKS["fields"] if f["name"] != "volume_e8"]}
    latest = {**older, "fields": [*older["fields"], {"name": "more", "type": "int", "default": 5}]}
    fields = msgspec.structs.asdict(tick(1))
    del fields["volume_e8"]
    body = GeneralBodies(older).encode(fields)
    assert told(bodies_of(older, latest), body) == {**fields, "more": 5}
    assert isinstance(bodies_of(latest, latest), CompiledBodies)


def _book_body() -> bytes:
    return GeneralBodies(BOOKS).encode(QUOTE)
