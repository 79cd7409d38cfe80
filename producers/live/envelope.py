"""The envelope of a wish that nothing on the log caused."""

from typing import TypedDict

from ecosystem.events.words import EventId


class RootEnvelope(TypedDict):
    """The four fields of an envelope."""

    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int


def root_envelope(event_id: EventId, now_us: int) -> RootEnvelope:
    """Return the envelope of a root."""
    return RootEnvelope(
        event_id=event_id, correlation_id=event_id, causation_id=event_id, event_time_us=now_us
    )
