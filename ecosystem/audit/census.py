"""One walk over the rows of a run: counts, digest, and where the events lie that were asked for."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from struct import Struct
from typing import Final

import msgspec

from ecosystem.audit.block import (
    CUT_BYTES,
    OFFSET_MASK,
    PLACE_BITS,
    ROW,
    Entry,
    place_of,
    read_row,
)
from ecosystem.audit.graph import CausalGraphs
from ecosystem.events.control.words import PartitionRange
from ecosystem.events.words import EventId

_CUT_OF_ROW: Final = Struct(f">{CUT_BYTES}s{ROW.size - CUT_BYTES}x")
_IDS_OF_ROW: Final = Struct(">I16s16s16s18x")


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """What a run consists of."""

    events_count: int
    duplicate_events_count: int
    correlations_count: int
    unlinked_events_count: int
    count_by_schema_id: Mapping[int, int]
    digest: bytes


class RunGraph:
    """The graphs of one run: the records inside its ranges and no others.

    Args:
        wanted: ids of events that will be asked for by `find`.
    """

    def __init__(
        self,
        graphs: CausalGraphs,
        ranges: Iterable[PartitionRange],
        wanted: Iterable[EventId],
    ) -> None:
        self._graphs = graphs
        self._ranges = sorted(ranges, key=lambda part: (part.topic, part.partition))
        self._bounds = {
            place_of(part.topic, part.partition): (part.start_offset, part.end_offset)
            for part in self._ranges
        }
        self._found: dict[bytes, Entry] = {}
        self._opened: set[bytes] = set()
        self._roots: set[bytes] = set()
        self.census = self._walk(set(wanted))

    def find(self, event_id: EventId) -> Entry | None:
        """Return the entry of an event that was wanted, or met on the way from one."""
        return self._found.get(event_id)

    def cause(self, entry: Entry) -> Entry | None:
        """Return the entry of the direct cause; None when it is not among the run's records."""
        if entry.causation_id not in self._found:
            self._open(entry.correlation_id)
        return self._found.get(entry.causation_id)

    def _open(self, correlation_id: bytes) -> None:
        if correlation_id in self._opened:
            return
        self._opened.add(correlation_id)
        for entry in self._members(correlation_id):
            self._found.setdefault(entry.event_id, entry)

    def _members(self, correlation_id: bytes) -> list[Entry]:
        positions = sorted(filter(self._inside, self._graphs.trees.get(correlation_id, ())))
        return [entry for at in positions if (entry := self._graphs.entry(at)) is not None]

    def _inside(self, position: int) -> bool:
        start, end = self._bounds.get(position >> PLACE_BITS, (0, 0))
        return start <= position & OFFSET_MASK < end

    def _walk(self, wanted: set[EventId]) -> Census:
        digest, by_schema = sha256(), Counter[int]()
        events_count = duplicates_count = 0
        for part in self._ranges:
            digest.update(f"{part.topic}/{part.partition}\n".encode())
            seen: set[bytes] = set()  # a repeated event has the same key, so the same partition
            rows_count = 0
            for first, rows in self._graphs.rows(part):
                rows_count += self._take_stretch(first, rows, wanted, seen, by_schema)
                digest.update(b"".join(_present_cuts(rows)))
            events_count += len(seen)
            duplicates_count += rows_count - len(seen)
        trees_count, unlinked_count = self._count_trees()
        return Census(
            events_count=events_count,
            duplicate_events_count=duplicates_count,
            correlations_count=trees_count,
            unlinked_events_count=unlinked_count,
            count_by_schema_id=by_schema,
            digest=digest.digest(),
        )

    def _take_stretch(
        self,
        first: int,
        rows: memoryview,
        wanted: set[EventId],
        seen: set[bytes],
        by_schema: Counter[int],
    ) -> int:
        trees, found = self._graphs.trees, self._found
        schemas: list[int] = []
        for index, (schema, event_id, correlation_id, causation_id) in enumerate(
            _IDS_OF_ROW.iter_unpack(rows)
        ):
            if not schema:
                continue
            schemas.append(schema)
            seen.add(event_id)
            if event_id == causation_id:
                self._roots.add(correlation_id)
            if (event_id in trees or event_id in wanted) and event_id not in found:
                row = bytes(rows[index * ROW.size : (index + 1) * ROW.size])
                found[event_id] = read_row(first + index, row)
        by_schema.update(schemas)
        return len(schemas)

    def _count_trees(self) -> tuple[int, int]:
        rootless_count = unlinked_count = 0
        for correlation_id in self._graphs.trees:
            members = self._members(correlation_id)
            if not members:
                continue
            ids: set[bytes] = {member.event_id for member in members}
            if correlation_id in self._roots:
                ids.add(correlation_id)
            else:
                rootless_count += 1
            unlinked_count += len(
                {member.event_id for member in members if member.causation_id not in ids}
            )
        return len(self._roots) + rootless_count, unlinked_count


def _present_cuts(rows: Sequence[int] | memoryview) -> list[bytes]:
    absent = bytes(4)
    return [cut for (cut,) in _CUT_OF_ROW.iter_unpack(rows) if cut[:4] != absent]  # type: ignore[arg-type]
