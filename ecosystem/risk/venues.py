"""The states of venues, custodians and feeds, as they announce them."""

from ecosystem.events.venues import VenueStatusChanged


class Venues:
    """The last announcement of each."""

    __slots__ = ("since_us", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[str, VenueStatusChanged] = {}
        self.since_us: dict[str, int] = {}
        """Event time since which each has been in its state."""

    def changed(self, event: VenueStatusChanged) -> bool:
        """Take in an announcement."""
        last = self.statuses.get(event.venue)
        if last is None or last.state != event.state:
            self.since_us[event.venue] = event.event_time_us
        self.statuses[event.venue] = event
        return True
