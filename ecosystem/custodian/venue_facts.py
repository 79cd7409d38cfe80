"""What the custodian says about itself."""

from ecosystem.custodian.answers import Answers
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import VenueState


def status_changed(answers: Answers, state: VenueState, reason: str) -> VenueStatusChanged:
    """The custodian went up or down; that it is up again follows from its having been down."""
    before = answers.state.status
    if before is None or state == "DOWN":
        event_id = answers.roots.root("venue-status", answers.state.status_changes)
        causes = (event_id, event_id)
    else:
        event_id = answers.derive(before.event_id, "status")
        causes = (before.correlation_id, before.event_id)
    event = VenueStatusChanged(
        event_id=event_id,
        correlation_id=causes[0],
        causation_id=causes[1],
        event_time_us=answers.time_us,
        venue=answers.state.name,
        state=state,
        reason=reason,
    )
    answers.add(event)
    return event
