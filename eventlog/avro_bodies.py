"""The Avro bodies of one schema: fields to bytes and back, by the library that is at hand.

`GeneralBodies` is fastavro, which runs everywhere, reads what older schemas wrote, and is the one
that says what is wrong with a record. `CompiledBodies` is cavro, at half the time or less where
there is a wheel of it; what it refuses is asked of fastavro, so a record is accepted or refused
alike with and without it.
Source: Apache Avro 1.12 specification, binary encoding and schema resolution.
"""

import io
import secrets
from collections.abc import Mapping
from typing import Any, Final, Protocol

from fastavro import parse_schema, schemaless_reader, schemaless_writer

from eventlog.errors import UndecodableRecordError

try:
    import cavro
except ImportError:  # no wheel for this platform or interpreter
    cavro = None

Fields = dict[str, Any]
Schema = Mapping[str, Any]
END: Final = "__end__"
"""The field that `CompiledBodies` puts behind each record; no event has one of that name."""


class Bodies(Protocol):
    """Encodes and decodes the records of one schema, its names, lists and records as builtins."""

    def encode(self, fields: Fields) -> bytes:
        """Return the body of a record that has these fields, and no others.

        A value the schema does not allow raises; each library has errors of its own.
        """
        ...

    def decode(self, body: bytes) -> Fields:
        """Return the fields of the record that fills `body`; the end mark may be among them.

        Raises:
            UndecodableRecordError: says what was found; no name of the record is in it.
        """
        ...


class GeneralBodies:
    """Bodies by fastavro.

    Args:
        latest: the schema whose fields are returned, where it is not the one that wrote the body.
    """

    def __init__(self, schema: Schema, latest: Schema | None = None) -> None:
        self._schema = parse_schema(dict(schema), named_schemas={})
        self._latest = None if latest is None else parse_schema(dict(latest), named_schemas={})

    def encode(self, fields: Fields) -> bytes:
        """Return the body of a record that has these fields."""
        out = io.BytesIO()
        schemaless_writer(out, self._schema, fields)
        return out.getvalue()

    def decode(self, body: bytes) -> Fields:
        """Return the fields of the record that fills `body`."""
        source = io.BytesIO(body)
        try:
            fields: Any = schemaless_reader(source, self._schema, self._latest)
        except Exception as error:  # fastavro raises a dozen kinds on bytes that are not its own
            raise UndecodableRecordError(f"{type(error).__name__}: {error}") from error
        if source.tell() != len(body):
            raise UndecodableRecordError(f"{len(body) - source.tell()} bytes follow its end")
        return dict(fields)


class CompiledBodies:
    """Bodies by cavro, of a schema that is the latest of its name."""

    def __init__(self, schema: Schema) -> None:
        options = cavro.Options(record_decodes_to_dict=True, logical_types=())
        self._general = GeneralBodies(schema)
        self.encode = cavro.Schema(dict(schema), options).binary_encode
        # cavro ignores what follows a record. So a number that nobody can guess is put there, and
        # stands where its field is only when nothing came between.
        self._end = secrets.randbits(62)
        self._end_bytes = cavro.Schema({"type": "long"}).binary_encode(self._end)
        ended = {**schema, "fields": [*schema["fields"], {"name": END, "type": "long"}]}
        self._read = cavro.Schema(ended, options).binary_decode

    def decode(self, body: bytes) -> Fields:
        """Return the fields of the record that fills `body`."""
        try:
            fields: Fields = self._read(body + self._end_bytes)
        except Exception:  # cavro raises kinds of its own; fastavro finds it again and says what
            fields = {}
        return fields if fields.get(END) == self._end else self._general.decode(body)


def bodies_of(schema: Schema, latest: Schema) -> Bodies:
    """Return the fastest bodies of what `schema` wrote, told by the fields of `latest`."""
    if schema is not latest:
        return GeneralBodies(schema, latest)
    return GeneralBodies(schema) if cavro is None else CompiledBodies(schema)
