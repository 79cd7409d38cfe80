"""The envelope every event begins with."""

from typing import Final

import msgspec

from ecosystem.events.words import EventId

FRAME_BYTES: Final = 5
"""The Confluent header: a zero byte and a schema id of four bytes, big-endian."""
EVENT_ID_AT: Final = 5
CORRELATION_ID_AT: Final = 21
CAUSATION_ID_AT: Final = 37
EVENT_TIME_AT: Final = 53
"""Where the event time begins; it is a zigzag varint, so the body after it has no fixed place."""


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An immutable, past-tense fact; a root event names itself in all three ids."""

    event_id: EventId
    correlation_id: EventId
    causation_id: EventId
    event_time_us: int

    @property
    def is_root(self) -> bool:
        """Whether nothing on the log caused this event."""
        return self.causation_id == self.event_id
