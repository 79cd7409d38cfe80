"""Entries and blocks: the envelopes of many records as a few plain bytes.

An entry says where a record lies and what its envelope says, without decoding the record: its
position, bytes 1 to 63 of its value as they are (schema id, three ids, and the bytes in which the
event time lies), and the broker's timestamp. A block is a header, ends and entries. The ends say
how far every source partition had been read: all entries of those records that belong to this
block's partition are in this block or in one before it.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.envelope import EVENT_TIME_AT
from ecosystem.events.words import EventId

AUDITED_TOPICS: Final = (
    "prices",
    "orders",
    "fills",
    "balances",
    "settlements",
    "clock",
    "venue-status",
    "risk-alerts",
    "dead-letters",
    "strategy-signals",
    "scenario-injections",
    "audit-timelines",
    "audit-reports",
    "books",
    "account-requests",
)
"""Logical topics by code, which is one more than the index: append, never reorder."""
TOPIC_CODES: Final[Mapping[str, int]] = MappingProxyType(
    {topic: code for code, topic in enumerate(AUDITED_TOPICS, 1)}
)
PLACE_BITS: Final = 40
"""A position is topic code (12 bits), partition (12 bits) and offset (40 bits) in one integer."""
OFFSET_MASK: Final = (1 << PLACE_BITS) - 1
PARTITIONS_MAX: Final = 1 << 12

CUT: Final = slice(1, EVENT_TIME_AT + 10)
"""Schema id, three ids and the longest event time there is."""
CUT_BYTES: Final = 62
ENTRY: Final = struct.Struct(f">Q{CUT_BYTES}sQ")
"""Position, cut of the value (padded with zeros), broker timestamp in ms."""
ROW: Final = struct.Struct(">I16s16s16s10sQ")
"""An entry without its position, its cut opened."""
BLOCK_VERSION: Final = 1
_HEADER: Final = struct.Struct(">BH")
_END: Final = struct.Struct(">Q")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One record as the audit knows it."""

    position: int
    schema_id: int
    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int
    record_time_ms: int

    @property
    def place(self) -> tuple[str, int, int]:
        """Logical topic, partition and offset."""
        code, partition = divmod(self.position >> PLACE_BITS, PARTITIONS_MAX)
        return AUDITED_TOPICS[code - 1], partition, self.position & OFFSET_MASK


def place_of(topic: str, partition: int) -> int:
    """Return the upper bits of every position in a partition of the logical `topic`.

    Raises:
        InvalidInputError: the topic is not audited, or the partition out of bounds.
    """
    code = TOPIC_CODES.get(topic)
    if code is None or not 0 <= partition < PARTITIONS_MAX:
        raise InvalidInputError(
            f"partition {topic}/{partition}: 0 to {PARTITIONS_MAX - 1} of"
            f" {', '.join(AUDITED_TOPICS)} are allowed"
        )
    return code * PARTITIONS_MAX + partition


def position_of(topic: str, partition: int, offset: int) -> int:
    """Return the position of a record in one integer; positions sort like places.

    Raises:
        InvalidInputError: the topic is not audited, or a number is out of bounds.
    """
    if not 0 <= offset <= OFFSET_MASK:
        raise InvalidInputError(f"offset {offset}: 0 to {OFFSET_MASK} are allowed")
    return place_of(topic, partition) << PLACE_BITS | offset


def pack_entry(position: int, value: bytes, record_time_ms: int) -> bytes:
    """Return the entry of a record whose value begins with frame and envelope."""
    return ENTRY.pack(position, value[CUT], record_time_ms)


def read_row(position: int, row: bytes | memoryview) -> Entry:
    """Return the entry of an opened row."""
    schema, event, correlation, causation, time, record_time_ms = ROW.unpack(row)
    return Entry(
        position,
        schema,
        EventId(event),
        EventId(correlation),
        EventId(causation),
        event_time_us(time),
        record_time_ms,
    )


def event_time_us(encoded: bytes) -> int:
    """Return the event time in the Avro long (a zigzag varint) at the start of `encoded`.

    Raises:
        InvalidInputError: the varint does not end within its ten bytes.
    """
    number = shift = 0
    for byte in encoded:
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (number >> 1) ^ -(number & 1)
        shift += 7
    raise InvalidInputError(f"event time {encoded.hex()}: a varint of at most 10 bytes is allowed")


def pack_block(ends: Sequence[int], entries: Iterable[bytes]) -> bytes:
    """Return the block of `entries`.

    Args:
        ends: for each source partition the position up to which it had been read.
    """
    return b"".join(
        (_HEADER.pack(BLOCK_VERSION, len(ends)), *map(_END.pack, ends), *entries),
    )


def open_block(block: bytes) -> tuple[list[int], memoryview]:
    """Return the ends of a block, and its entries as they lie there.

    Raises:
        InvalidInputError: the bytes are no block of this version.
    """
    if len(block) < _HEADER.size:
        raise InvalidInputError(f"block of {len(block)} bytes: a header of {_HEADER.size} is due")
    version, ends_count = _HEADER.unpack_from(block)
    entries_at = _HEADER.size + ends_count * _END.size
    if version != BLOCK_VERSION or len(block) < entries_at:
        raise InvalidInputError(
            f"block version {version} with {ends_count} ends in {len(block)} bytes:"
            f" whole blocks of version {BLOCK_VERSION} are allowed"
        )
    view = memoryview(block)
    if (len(block) - entries_at) % ENTRY.size:
        raise InvalidInputError(
            f"block with {len(block) - entries_at} bytes of entries:"
            f" a multiple of {ENTRY.size} is allowed"
        )
    ends = [position for (position,) in _END.iter_unpack(view[_HEADER.size : entries_at])]
    return ends, view[entries_at:]


def entries_of(block: bytes) -> Iterator[Entry]:
    """Yield the entries of a block, opened.

    Raises:
        InvalidInputError: the bytes are no block of this version.
    """
    _, entries = open_block(block)
    for at in range(0, len(entries), ENTRY.size):
        (position,) = _END.unpack_from(entries, at)
        yield read_row(position, entries[at + _END.size : at + ENTRY.size])
