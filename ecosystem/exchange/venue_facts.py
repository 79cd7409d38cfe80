"""What a venue says about itself."""

from ecosystem.events.venues import VenueStatusChanged
from ecosystem.exchange.answers import Answers


def came_up(answers: Answers) -> None:
    """The venue is up."""
    event_id = answers.roots.root("venue-status", answers.state.status_changes)
    answers.add(
        VenueStatusChanged(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=answers.time_us,
            venue=answers.venue,
            state="UP",
            reason="opened",
        )
    )
