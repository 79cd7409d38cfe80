"""The progress of event time."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import PartitionEnd


class ClockAdvanced(Event, frozen=True, kw_only=True, gc=False):
    """Every production record before this event time lies below these offsets."""

    clock_sequence: int
    ends: tuple[PartitionEnd, ...]
