"""The first difference between the records on the log and those derived again, pure."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from ecosystem.events.envelope import Event
from ecosystem.events.words import EventId
from eventlog.errors import UndecodableRecordError
from eventlog.records import RawRecord

Decode = Callable[[bytes], Event]
Finding = Literal["DIFFERENT", "MISSING", "EXTRA", "REPEATED", "MOVED"]


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it should lie on the log."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    event: Event


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Where log and derivation part, and how."""

    finding: Finding
    topic: str
    partition: int
    offset: int | None
    """Where the log parts from the derivation; None behind its last record."""
    event_type: str
    event_id: str
    """In hexadecimal; empty where the record cannot be decoded."""
    field: str = ""
    recorded: str = ""
    derived: str = ""

    @property
    def text(self) -> str:
        """The difference in one sentence."""
        end = "end" if self.offset is None else self.offset
        place = f"{self.topic}/{self.partition}/{end}"
        what = f"{self.event_type} {self.event_id}".rstrip()
        match self.finding:
            case "DIFFERENT":
                return (
                    f"{place}: {what}: {self.field} is {self.recorded} on the log"
                    f" and {self.derived} when derived"
                )
            case "MISSING":
                return f"{place}: {what} is derived, and is not on the log"
            case "EXTRA":
                return f"{place}: {what} is on the log, and is not derived"
            case "REPEATED":
                return f"{place}: {what} is on the log more often than it is derived"
            case "MOVED":
                return f"{place}: {what} is on the log here, and is derived at another place"


def first_difference(
    recorded: Sequence[RawRecord],
    derived: Sequence[Derived],
    decode: Decode,
    *,
    unfinished: bool = False,
) -> Difference | None:
    """Return where two sequences of records of one topic part; None where they never do.

    Args:
        unfinished: the log may end before the derivation does, since its writer fell silent.
    """
    for number, (found, due) in enumerate(zip(recorded, derived, strict=False)):
        if (found.key, found.partition, found.value) != (due.key, due.partition, due.value):
            return _explain(number, recorded, derived, decode)
    if len(recorded) > len(derived):
        return _explain_extra(len(derived), recorded, derived, decode)
    if len(derived) > len(recorded) and not unfinished:
        return _missing(None, derived[len(recorded)])
    return None


def each_once(recorded: Sequence[RawRecord]) -> list[RawRecord]:
    """Return the records without exact repetitions, of a writer that writes at least once."""
    unique: dict[tuple[bytes, bytes], RawRecord] = {}
    for record in recorded:
        unique.setdefault((record.key, record.value), record)
    return list(unique.values())


def first_field(recorded: Any, derived: Any, path: str = "") -> tuple[str, str, str] | None:
    """Return the path of the first field that differs with both values, or None."""
    if isinstance(recorded, msgspec.Struct) and type(recorded) is type(derived):
        for field in msgspec.structs.fields(recorded):
            inner = f"{path}.{field.name}" if path else field.name
            left, right = getattr(recorded, field.name), getattr(derived, field.name)
            if (found := first_field(left, right, inner)) is not None:
                return found
        return None
    if isinstance(recorded, tuple) and isinstance(derived, tuple):
        for number, (left, right) in enumerate(zip(recorded, derived, strict=False)):
            if (found := first_field(left, right, f"{path}[{number}]")) is not None:
                return found
        if len(recorded) != len(derived):
            return f"{path}, its length,", str(len(recorded)), str(len(derived))
        return None
    if recorded != derived or type(recorded) is not type(derived):
        return path or "event type", _shown(recorded), _shown(derived)
    return None


def _shown(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex() or "empty"
    return type(value).__name__ if isinstance(value, msgspec.Struct) else repr(value)


def _explain(
    number: int, recorded: Sequence[RawRecord], derived: Sequence[Derived], decode: Decode
) -> Difference:
    found, due = recorded[number], derived[number]
    event = _decoded(found, decode)
    if event is None:
        return _extra(found, None)
    later = {_id(record, decode) for record in recorded[number:]}
    is_derived = event.event_id in {entry.event.event_id for entry in derived}
    if event.event_id == due.event.event_id or not (is_derived or due.event.event_id in later):
        return _different(found, event, due)
    if due.event.event_id not in later:
        return _missing(found.offset, due)
    return _explain_extra(number, recorded, derived, decode)


def _explain_extra(
    number: int, recorded: Sequence[RawRecord], derived: Sequence[Derived], decode: Decode
) -> Difference:
    found = recorded[number]
    event = _decoded(found, decode)
    if event is None:
        return _extra(found, None)
    before = next((d for d in derived[:number] if d.event.event_id == event.event_id), None)
    if before is not None:
        same = before.value == found.value and before.key == found.key
        return _marked("REPEATED", found, event) if same else _different(found, event, before)
    if any(entry.event.event_id == event.event_id for entry in derived[number:]):
        return _marked("MOVED", found, event)
    return _extra(found, event)


def _different(found: RawRecord, event: Event, due: Derived) -> Difference:
    field = first_field(event, due.event)
    if field is None and found.key != due.key:
        field = "the record's key", repr(found.key), repr(due.key)
    if field is None and found.partition != due.partition:
        field = "the record's partition", str(found.partition), str(due.partition)
    if field is None:  # the same event, written in other bytes, e.g. with another schema
        field = "the encoding", found.value.hex(), due.value.hex()
    return msgspec.structs.replace(
        _marked("DIFFERENT", found, event), field=field[0], recorded=field[1], derived=field[2]
    )


def _marked(finding: Finding, found: RawRecord, event: Event) -> Difference:
    return Difference(
        finding=finding,
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        event_type=type(event).__name__,
        event_id=event.event_id.hex(),
    )


def _extra(found: RawRecord, event: Event | None) -> Difference:
    if event is not None:
        return _marked("EXTRA", found, event)
    return Difference(
        finding="EXTRA",
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        event_type="a record that cannot be decoded",
        event_id="",
    )


def _missing(offset: int | None, due: Derived) -> Difference:
    return Difference(
        finding="MISSING",
        topic=due.topic,
        partition=due.partition,
        offset=offset,
        event_type=type(due.event).__name__,
        event_id=due.event.event_id.hex(),
    )


def _decoded(record: RawRecord, decode: Decode) -> Event | None:
    try:
        return decode(record.value)
    except UndecodableRecordError:
        return None


def _id(record: RawRecord, decode: Decode) -> EventId | None:
    event = _decoded(record, decode)
    return None if event is None else event.event_id
