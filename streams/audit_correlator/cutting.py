"""The tap's one hot loop: records in, entries by block partition out, nothing decoded twice.

A record counts as undecodable when it has no frame, no known schema id or no whole envelope. On
topics whose steward is the auditor it is decoded in full as well, so that what the judge must
understand later is known to be sound.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from ecosystem.audit.block import CUT, ENTRY, PLACE_BITS, place_of
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.envelope import CORRELATION_ID_AT, EVENT_TIME_AT, FRAME_BYTES
from eventlog.catalogue.namespace import Namespace
from eventlog.codec import ENVELOPE_END, Codec
from eventlog.dead_letters import dead_letter
from eventlog.errors import UndecodableRecordError
from eventlog.raw import RawMessage
from eventlog.records import Partition, RawRecord

_TIME_LAST: Final = EVENT_TIME_AT + 7
"""Where the varint of any event time between 1987 and 2255 ends."""


class Cut(msgspec.Struct, frozen=True):
    """What became of a batch of records."""

    entries: list[list[bytes]]
    """By block partition."""
    dead_letters: list[RecordDeadLettered]
    undecodable_count: int


class Cutter:
    """Cuts the envelope out of records.

    Args:
        block_partitions: a power of two; an entry goes by the first byte of its correlation id.
        stewarded: topics whose undecodable records become dead letters here.
    """

    def __init__(
        self,
        namespace: Namespace,
        partitions: Iterable[Partition],
        block_partitions: int,
        codec: Codec,
        stewarded: Collection[str],
        steward: str,
    ) -> None:
        if block_partitions & (block_partitions - 1):
            raise ValueError(f"{block_partitions} block partitions: a power of two is allowed")
        self._bases: dict[str, dict[int, int]] = {}
        for topic, number in partitions:
            bases = self._bases.setdefault(namespace.topic(topic), {})
            bases[number] = place_of(topic, number) << PLACE_BITS
        self._block_partitions = block_partitions
        self._codec = codec
        self._namespace = namespace
        self._stewarded = frozenset(namespace.topic(topic) for topic in stewarded)
        self._steward = steward
        self._frames = frozenset(b"\0" + number.to_bytes(4, "big") for number in codec.event_types)

    def cut(self, records: Iterable[RawMessage]) -> Cut:
        """Return the entries of a batch, and the dead letters of what is no event."""
        entries: list[list[bytes]] = [[] for _ in range(self._block_partitions)]
        letters: list[RecordDeadLettered] = []
        undecodable_count = 0
        mask, pack, bases = self._block_partitions - 1, ENTRY.pack, self._bases
        frames, stewarded = self._frames, self._stewarded
        for record in records:
            value, topic = record.value() or b"", record.topic()
            if (
                value[:FRAME_BYTES] not in frames
                or not ((len(value) > _TIME_LAST and value[_TIME_LAST] < 0x80) or _is_whole(value))
                or topic in stewarded
            ):
                cause = self._mistake(topic, value)
                if cause is not None:
                    undecodable_count += 1
                    if topic in stewarded:
                        letters.append(self._letter(record, cause))
                    continue
            position = bases[topic][record.partition()] + record.offset()
            entries[value[CORRELATION_ID_AT] & mask].append(
                pack(position, value[CUT], record.timestamp()[1])
            )
        return Cut(entries, letters, undecodable_count)

    def _mistake(self, topic: str, value: bytes) -> str | None:
        if topic in self._stewarded:
            try:
                self._codec.decode(value)
            except UndecodableRecordError as error:
                return str(error)
        if value[:FRAME_BYTES] not in self._frames:
            return "unknown schema"
        return None if _is_whole(value) else "the envelope is not whole"

    def _letter(self, record: RawMessage, cause: str) -> RecordDeadLettered:
        raw = RawRecord(
            self._namespace.logical(record.topic()),
            record.partition(),
            record.offset(),
            record.timestamp()[1],
            record.key() or b"",
            record.value() or b"",
        )
        return dead_letter(raw, cause, self._steward)


def _is_whole(value: bytes) -> bool:
    time = value[EVENT_TIME_AT : EVENT_TIME_AT + 10]
    return len(value) > ENVELOPE_END and any(byte < 0x80 for byte in time)


def places_that_moved(
    before: Mapping[Partition, int], after: Mapping[Partition, int]
) -> dict[Partition, int]:
    """Return the positions of `after` that differ from those of `before`."""
    return {place: end for place, end in after.items() if before.get(place) != end}
