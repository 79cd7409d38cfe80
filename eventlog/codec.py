"""Events to bytes and back: Confluent framing, Avro body, schema ids from the lock."""

import io
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from fastavro import parse_schema, schemaless_reader, schemaless_writer

from ecosystem.events.envelope import CAUSATION_ID_AT, FRAME_BYTES, Event
from eventlog.errors import CatalogueError, UndecodableRecordError
from eventlog.plain_records import plain_encoder
from eventlog.records import RawRecord, Record
from eventlog.schema.store import WrittenSchema, released_schemas

ENVELOPE_END: Final = CAUSATION_ID_AT + 16
_FRAME: Final = struct.Struct(">bI")
_PLAIN: Final = (int, str, bool, bytes)


class _Form(msgspec.Struct, frozen=True):
    """How one schema id is read and written."""

    event_type: type[Event]
    frame: bytes
    schema: Any
    latest: Any
    """The schema the struct has now, when it is not the one the record was written with."""
    flat: bool
    """No field holds a record or a list, so the struct can be built without conversion."""
    encode: Callable[[Event], bytes] | None
    """What encodes it in one go; None when only the general writer can."""


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
        parsed = [parse_schema(dict(written.schema), named_schemas={}) for written in versions]
        flat = _is_flat(event_type)
        for written, schema in zip(versions, parsed, strict=True):
            form = _Form(
                event_type=event_type,
                frame=_FRAME.pack(0, written.id),
                schema=schema,
                latest=None if schema is parsed[-1] else parsed[-1],
                flat=flat,
                encode=plain_encoder(written.schema, _FRAME.pack(0, written.id)),
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
        if form.encode is not None:
            return form.encode(event)
        out = io.BytesIO(form.frame)
        out.seek(FRAME_BYTES)
        body = msgspec.structs.asdict(event) if form.flat else _as_builtins(event)
        schemaless_writer(out, form.schema, body)
        return out.getvalue()

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
        body = io.BytesIO(value)
        body.seek(FRAME_BYTES)
        try:
            fields: Any = schemaless_reader(body, form.schema, form.latest)
            if body.tell() != len(value):
                raise UndecodableRecordError(
                    f"{form.event_type.__name__}: {len(value) - body.tell()} bytes follow its end"
                )
            if form.flat:
                return form.event_type(**fields)
            return msgspec.convert(fields, form.event_type, builtin_types=(bytes,))
        except UndecodableRecordError:
            raise
        except Exception as error:  # fastavro raises a dozen kinds on bytes that are not its own
            raise UndecodableRecordError(
                f"{form.event_type.__name__}: {type(error).__name__}: {error}"
            ) from error

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


def _is_flat(event_type: type[Event]) -> bool:
    plain: tuple[Any, ...] = (*_PLAIN, type(None))
    for field in msgspec.structs.fields(event_type):
        kind = getattr(field.type, "__supertype__", field.type)
        options = getattr(kind, "__args__", (kind,))
        values = (getattr(option, "__supertype__", option) for option in options)
        if not all(isinstance(value, str) or value in plain for value in values):
            return False
    return True


def _as_builtins(event: Event) -> Any:
    return msgspec.to_builtins(event, builtin_types=(bytes,))


Encode = Callable[[Event], bytes]
