"""What venues say of themselves."""

from ecosystem.events.envelope import Event
from ecosystem.events.words import VenueState


class VenueStatusChanged(Event, frozen=True, kw_only=True, gc=False):
    """A venue, custodian or feed changed its state."""

    venue: str
    state: VenueState
    reason: str
