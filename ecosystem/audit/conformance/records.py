"""The contract of single records: what may be written, where, under which key and id."""

from collections.abc import Iterator

from ecosystem.audit.conformance.history import Check, Finding, MonitorHistory, Place, Told, named
from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.words import EventId
from ecosystem.ids import ID_BYTES


def _undecodable(history: MonitorHistory) -> Iterator[Finding]:
    for told in history.told:
        if told.event is None:
            yield Finding(place=told.place, found=f"the record cannot be decoded: {told.cause}")


def _types(history: MonitorHistory) -> Iterator[Finding]:
    for told, event in history.events():
        kind = type(event).__name__
        allowed = history.may_write.get(told.place.topic, frozenset())
        if kind not in allowed:
            found = f"a {kind} was written; {', '.join(sorted(allowed))} are allowed there"
            yield Finding(place=told.place, found=found)


def _strangers(history: MonitorHistory) -> Iterator[Finding]:
    for (topic, partition), count in sorted(history.strangers.items()):
        if count:
            yield Finding(found=f"{topic}/{partition} holds {count} records of no simulator")


def _keys(history: MonitorHistory) -> Iterator[Finding]:
    for told, event in history.events():
        if told.key != told.due_key:
            found = f"{named(event)} has the key {told.key!r}, and {told.due_key!r} is its key"
            yield Finding(place=told.place, found=found)


def _ids(history: MonitorHistory) -> Iterator[Finding]:
    first: dict[EventId, Told] = {}
    for told, event in history.events():
        number = event.event_id.hex()
        if event.event_id == bytes(ID_BYTES):
            yield Finding(place=told.place, found=f"{named(event)} has an id of zeros")
        elif (known := history.known.get(event.event_id)) is not None:
            found = f"{named(event)} has the id {number} of the event at {known.place}"
            yield Finding(place=told.place, found=found)
        elif (before := first.setdefault(event.event_id, told)) is not told:
            same = "is written twice" if before.event == event else "has the id of another event"
            found = f"{named(event)} {same}: {number} stands at {before.place} already"
            yield Finding(place=told.place, found=found)


def _dead_letters(history: MonitorHistory) -> Iterator[Finding]:
    told_of: set[Place] = set()
    for told, event in history.events():
        if not isinstance(event, RecordDeadLettered):
            continue
        origin = Place(event.origin_topic, event.origin_partition, event.origin_offset)
        if origin not in history.undecodable:
            found = f"a dead letter names {origin}, and that record can be decoded or is not there"
            yield Finding(place=told.place, found=found)
        elif origin in told_of:
            yield Finding(place=told.place, found=f"a second dead letter names {origin}")
        told_of.add(origin)
    for place in sorted(history.undecodable - told_of):
        yield Finding(place=place, found="no dead letter names this record, which is undecodable")


CHECKS = (
    Check(
        name="decodable",
        asks="every record is a frame of five bytes with the id of a released schema, and a body"
        " of that schema",
        find=_undecodable,
    ),
    Check(
        name="event types",
        asks="the monitor writes the events that the catalogue lists for its topics",
        find=_types,
    ),
    Check(
        name="other topics",
        asks="the monitor writes to its own topics alone",
        find=_strangers,
    ),
    Check(
        name="keys",
        asks="a record's key is its event's subject, breaker or monitor, or the origin of a dead"
        " letter",
        find=_keys,
    ),
    Check(
        name="event ids",
        asks="an event's id is sixteen bytes that no other event has, and stands on the log once",
        find=_ids,
    ),
    Check(
        name="dead letters",
        asks="each record of its topics that nobody can decode gets one dead letter, and no other"
        " record does",
        find=_dead_letters,
    ),
)
