"""Records nobody could decode."""

from ecosystem.events.envelope import Event


class RecordDeadLettered(Event, frozen=True, kw_only=True, gc=False):
    """A record could not be decoded; here it is, whole."""

    origin_topic: str
    origin_partition: int
    origin_offset: int
    cause: str
    steward: str
    record_key: bytes
    record_value: bytes
