"""Causal graphs: entries folded by correlation id, each once, however often it arrives.

Every entry is kept as a row of seventy bytes at its source position, in chunks of consecutive
offsets; so a second arrival finds its place taken and changes nothing. An event with a cause is
also listed under its correlation id; a tree of one event, such as a tick nobody acted on, costs
its row alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from struct import Struct
from typing import Final

import msgspec

from ecosystem.audit.block import (
    OFFSET_MASK,
    PLACE_BITS,
    ROW,
    Entry,
    open_block,
    place_of,
    position_of,
    read_row,
)
from ecosystem.events.control.words import PartitionRange

CHUNK_BITS: Final = 10
_CHUNK_ROWS: Final = 1 << CHUNK_BITS
_CHUNK_MASK: Final = _CHUNK_ROWS - 1
_CHUNK_BYTES: Final = _CHUNK_ROWS * ROW.size
_ABSENT: Final = bytes(4)
"""No released schema has the id zero."""
_PLACED_ROW: Final = Struct(f">Q{ROW.size}s")
_CONTROL_FIRST: Final = position_of("scenario-injections", 0, 0)
_CONTROL_LAST: Final = position_of("scenario-injections", 4095, OFFSET_MASK)


class Folded(msgspec.Struct, frozen=True):
    """What was new in a block."""

    entries_count: int
    control: Mapping[bytes, list[int]]
    """New positions on the topic of scenario control, by correlation id: one key for each run."""


class CausalGraphs:
    """The fold of blocks; the order and number of their arrivals make no difference.

    Args:
        block_partitions: number of partitions over which blocks are spread by correlation id.
    """

    def __init__(self, block_partitions: int = 1) -> None:
        self._chunks: dict[int, bytearray] = {}
        self._members: dict[bytes, list[int]] = {}
        self._ends: list[dict[int, int]] = [{} for _ in range(block_partitions)]

    def fold(self, block: bytes, block_partition: int = 0) -> Folded:
        """Take in a block and return what was new in it.

        Raises:
            InvalidInputError: the bytes are no block.
        """
        ends, entries = open_block(block)
        chunks, members = self._chunks, self._members
        control: dict[bytes, list[int]] = {}
        count = 0
        for position, row in _PLACED_ROW.iter_unpack(entries):
            chunk = chunks.get(position >> CHUNK_BITS)
            if chunk is None:
                chunk = chunks[position >> CHUNK_BITS] = bytearray(_CHUNK_BYTES)
            at = (position & _CHUNK_MASK) * 70
            if chunk[at : at + 4] != _ABSENT:
                continue
            chunk[at : at + 70] = row
            count += 1
            if row[4:20] != row[36:52]:
                tree = members.get(row[20:36])
                if tree is None:
                    members[row[20:36]] = [position]
                else:
                    tree.append(position)
            if _CONTROL_FIRST <= position <= _CONTROL_LAST:
                control.setdefault(row[20:36], []).append(position)
        self._advance(self._ends[block_partition], ends)
        return Folded(count, control)

    @staticmethod
    def _advance(reached: dict[int, int], ends: Iterable[int]) -> None:
        for end in ends:
            place = end >> PLACE_BITS
            reached[place] = max(reached.get(place, 0), end & OFFSET_MASK)

    def covers(self, ranges: Iterable[PartitionRange]) -> bool:
        """Return whether every record of `ranges` that exists has been folded.

        Raises:
            InvalidInputError: a range lies on a topic that is not audited.
        """
        return all(
            reached.get(place_of(part.topic, part.partition), 0) >= part.end_offset
            for part in ranges
            if part.end_offset > part.start_offset
            for reached in self._ends
        )

    def entry(self, position: int) -> Entry | None:
        """Return the entry at `position`; None where none was folded."""
        chunk = self._chunks.get(position >> CHUNK_BITS)
        if chunk is None:
            return None
        at = (position & _CHUNK_MASK) * ROW.size
        if chunk[at : at + 4] == _ABSENT:
            return None
        return read_row(position, bytes(chunk[at : at + ROW.size]))

    @property
    def trees(self) -> Mapping[bytes, list[int]]:
        """Positions of the events with a cause, by correlation id, in order of arrival."""
        return self._members

    def rows(self, part: PartitionRange) -> Iterator[tuple[int, memoryview]]:
        """Yield stretches of consecutive rows of a range, with the position of their first.

        Rows whose schema id is zero hold no record.
        """
        first = position_of(part.topic, part.partition, part.start_offset)
        last = position_of(part.topic, part.partition, max(part.end_offset, part.start_offset))
        while first < last:
            stop = min((first >> CHUNK_BITS) + 1 << CHUNK_BITS, last)
            chunk = self._chunks.get(first >> CHUNK_BITS)
            if chunk is not None:
                at = (first & _CHUNK_MASK) * ROW.size
                yield first, memoryview(chunk)[at : at + (stop - first) * ROW.size]
            first = stop

    def forget(self, ranges: Iterable[PartitionRange]) -> None:
        """Drop what lies before the ends of `ranges`, whose run is judged; runs follow runs."""
        ends = {place_of(part.topic, part.partition): part.end_offset for part in ranges}
        place_shift = PLACE_BITS - CHUNK_BITS
        for chunk in list(self._chunks):
            last = ((chunk + 1) << CHUNK_BITS) - 1
            if (last & OFFSET_MASK) < ends.get(chunk >> place_shift, 0):
                del self._chunks[chunk]
        for correlation in list(self._members):
            kept = [
                position
                for position in self._members[correlation]
                if position & OFFSET_MASK >= ends.get(position >> PLACE_BITS, 0)
            ]
            if kept:
                self._members[correlation] = kept
            else:
                del self._members[correlation]
