"""Slices as bytes, on their way from the world's process to the one that writes them."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.world import Written

_KINDS_MAX: Final = 256


class _Parcel(msgspec.Struct, frozen=True, array_like=True):
    runs: Sequence[tuple[int, int]]
    """In order, the place of a writer and how many events in a row are its own."""
    kinds: bytes
    """For each event, in order, the place of its type."""
    events: tuple[tuple[int, msgspec.Raw], ...]
    """By type, in order: all of one type are encoded and decoded in one go."""


class Parcels:
    """Packs and unpacks slices; both sides are given the same lists.

    Args:
        writers: every principal that may write.
        events: every type it may write.
    """

    def __init__(self, writers: Sequence[str], events: Sequence[type[Event]]) -> None:
        assert len(events) <= _KINDS_MAX, "the place of a type is one byte"
        self._writers = tuple(writers)
        self._places = {writer: place for place, writer in enumerate(writers)}
        self._kinds = {kind: place for place, kind in enumerate(events)}
        self._encode = msgspec.msgpack.Encoder().encode
        self._parcels = msgspec.msgpack.Decoder(_Parcel)
        self._decoders = [self._decoder(kind) for kind in events]

    @staticmethod
    def _decoder(kind: Any) -> msgspec.msgpack.Decoder[list[Event]]:
        return msgspec.msgpack.Decoder(list[kind])

    def pack(self, slice_events: Sequence[Written]) -> bytes:
        """Return a slice as bytes."""
        by_kind: dict[type[Event], list[Event]] = defaultdict(list)
        kinds = []
        for run in slice_events:
            for event in run.events:
                kind = type(event)
                kinds.append(kind)
                by_kind[kind].append(event)
        parcel = _Parcel(
            runs=[(self._places[run.writer], len(run.events)) for run in slice_events],
            kinds=bytes(map(self._kinds.__getitem__, kinds)),
            events=tuple(
                (self._kinds[kind], msgspec.Raw(self._encode(events)))
                for kind, events in by_kind.items()
            ),
        )
        return self._encode(parcel)

    def unpack(self, parcel: bytes) -> list[Written]:
        """Return the slice that was packed."""
        found = self._parcels.decode(parcel)
        by_kind = {place: iter(self._decoders[place].decode(raw)) for place, raw in found.events}
        events = (next(by_kind[kind]) for kind in found.kinds)
        return [
            Written(self._writers[writer], list(islice(events, count)))
            for writer, count in found.runs
        ]
