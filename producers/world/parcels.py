"""Slices as bytes, on their way from the world's process to the one that writes them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.world import Written

_KINDS_MAX: Final = 256


class _Parcel(msgspec.Struct, frozen=True, array_like=True):
    writers: bytes
    """For each event, in order, the place of its writer."""
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
        for entry in slice_events:
            by_kind[type(entry.event)].append(entry.event)
        parcel = _Parcel(
            writers=bytes([self._places[entry.writer] for entry in slice_events]),
            kinds=bytes([self._kinds[type(entry.event)] for entry in slice_events]),
            events=tuple(
                (self._kinds[kind], msgspec.Raw(self._encode(events)))
                for kind, events in by_kind.items()
            ),
        )
        return self._encode(parcel)

    def unpack(self, parcel: bytes) -> list[Written]:
        """Return the slice that was packed."""
        found = self._parcels.decode(parcel)
        events = {place: iter(self._decoders[place].decode(raw)) for place, raw in found.events}
        return [
            Written(self._writers[writer], next(events[kind]))
            for writer, kind in zip(found.writers, found.kinds, strict=True)
        ]
