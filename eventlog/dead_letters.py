"""Dead letters: what becomes of a record nobody can decode."""

from hashlib import blake2b

from ecosystem.events.dead_letters import RecordDeadLettered
from ecosystem.events.words import EventId
from eventlog.records import RawRecord


def dead_letter(record: RawRecord, cause: str, steward: str) -> RecordDeadLettered:
    """Return the dead letter of a record; its id depends on the record's place alone.

    It is a root, and its event time is the broker's timestamp: what the record itself says of
    cause and time cannot be read.
    """
    origin = f"dead-letter {record.topic}/{record.partition}/{record.offset}"
    event_id = EventId(blake2b(origin.encode(), digest_size=16).digest())
    return RecordDeadLettered(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=record.record_time_ms * 1_000,
        origin_topic=record.topic,
        origin_partition=record.partition,
        origin_offset=record.offset,
        cause=cause,
        steward=steward,
        record_key=record.key,
        record_value=record.value,
    )
