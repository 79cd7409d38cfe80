"""Events to bytes and back: Confluent framing, Avro body, schema ids from the lock."""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from ecosystem.events.envelope import CAUSATION_ID_AT, FRAME_BYTES, Event
from eventlog.avro_bodies import Bodies, Schema, bodies_of
from eventlog.errors import CatalogueError, UndecodableRecordError
from eventlog.records import RawRecord, Record
from eventlog.schema.store import WrittenSchema, released_schemas

ENVELOPE_END: Final = CAUSATION_ID_AT + 16
_FRAME: Final = struct.Struct(">bI")
_BYTES: Final = (bytes,)


class _Form(msgspec.Struct, frozen=True):
    """How one schema id is read and written."""

    event_type: type[Event]
    frame: bytes
    bodies: Bodies
    as_fields: Callable[[Any], dict[str, Any]]


class Codec:
    """Encodes and decodes the event types it was given, and no others.

    Raises:
        CatalogueError: an event type has no released schema.
    """

    def __init__(
        self, events: Iterable[type[Event]], schemas: Sequence[WrittenSchema] | None = None
    ) -> None:
        by_name: dict[str, list[WrittenSchema]] = {}
        for written in released_schemas() if schemas is None else schemas:
            by_name.setdefault(written.name, []).append(written)
        self._writers: dict[type[Event], _Form] = {}
        self._readers: dict[int, _Form] = {}
        for event_type in events:
            versions = by_name.get(event_type.__name__)
            if not versions:
                raise CatalogueError(f"{event_type.__name__}: it has no released schema")
            self._add(event_type, versions)

    def _add(self, event_type: type[Event], versions: Sequence[WrittenSchema]) -> None:
        latest = versions[-1].schema
        for written in versions:
            form = _Form(
                event_type=event_type,
                frame=_FRAME.pack(0, written.id),
                bodies=bodies_of(written.schema, latest),
                as_fields=_as_builtins if _has_records(latest) else msgspec.structs.asdict,
            )
            self._readers[written.id] = form
            self._writers[event_type] = form

    @property
    def event_types(self) -> dict[int, str]:
        """Name of the event type by every schema id this codec reads."""
        return {number: form.event_type.__name__ for number, form in self._readers.items()}

    def encode(self, event: Event) -> bytes:
        """Return the record value of `event`.

        Raises:
            CatalogueError: no schema was given for its type.
        """
        form = self._writers.get(type(event))
        if form is None:
            raise CatalogueError(f"{type(event).__name__}: this codec was not given its schema")
        return form.frame + form.bodies.encode(form.as_fields(event))

    def decode(self, value: bytes) -> Event:
        """Return the event in a record value.

        Raises:
            UndecodableRecordError: says what was found and what is allowed.
        """
        form = self._readers.get(schema_id(value))
        if form is None:
            raise UndecodableRecordError(
                f"schema id {schema_id(value)}: ids of the lock are allowed:"
                f" {', '.join(map(str, sorted(self._readers)))}"
            )
        try:
            fields = form.bodies.decode(value[FRAME_BYTES:])
            return msgspec.convert(fields, form.event_type, builtin_types=_BYTES)
        except (UndecodableRecordError, msgspec.ValidationError) as error:
            raise UndecodableRecordError(f"{form.event_type.__name__}: {error}") from error

    def decode_batch(
        self, records: Iterable[RawRecord]
    ) -> tuple[list[Record], list[tuple[RawRecord, str]]]:
        """Return the decoded records, and the undecodable ones each with its cause."""
        decoded, undecodable = [], []
        decode = self.decode
        for raw in records:
            try:
                event = decode(raw.value)
            except UndecodableRecordError as error:
                undecodable.append((raw, str(error)))
            else:
                decoded.append(
                    Record(raw.topic, raw.partition, raw.offset, raw.record_time_ms, event)
                )
        return decoded, undecodable


def schema_id(value: bytes) -> int:
    """Return the schema id of a record value.

    Raises:
        UndecodableRecordError: the value does not begin with frame and envelope.
    """
    if len(value) <= ENVELOPE_END:
        raise UndecodableRecordError(
            f"{len(value)} bytes: more than {ENVELOPE_END}, frame and envelope, are allowed"
        )
    magic, number = _FRAME.unpack_from(value)
    if magic != 0:
        raise UndecodableRecordError(f"first byte {magic & 0xFF:#04x}: 0x00 is allowed")
    return int(number)


def _has_records(schema: Schema) -> bool:
    """Whether a field holds records, alone or in a list, beside the plain values there are."""
    return any(_names_record(field["type"]) for field in schema["fields"])


def _names_record(kind: Any) -> bool:
    match kind:
        case {"type": "record"}:
            return True
        case {"items": items}:
            return _names_record(items)
        case [*options]:
            return any(map(_names_record, options))
    return False


def _as_builtins(event: Event) -> Any:
    return msgspec.to_builtins(event, builtin_types=_BYTES)
