"""What a venue says about itself."""

from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import VenueState
from ecosystem.exchange.answers import Answers


def status_changed(answers: Answers, state: VenueState, reason: str) -> VenueStatusChanged:
    """The venue is in a state from now on."""
    event_id = answers.roots.root("venue-status", answers.state.status_changes)
    fact = VenueStatusChanged(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=answers.time_us,
        venue=answers.venue,
        state=state,
        reason=reason,
    )
    answers.add(fact)
    return fact
