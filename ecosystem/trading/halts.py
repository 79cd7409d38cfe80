"""When the engine must not trade: open circuit breakers, venues and feeds that are down."""

from ecosystem.events.alerts import CircuitBreakerClosed, CircuitBreakerOpened
from ecosystem.events.venues import VenueStatusChanged


class Halts:
    """What is open and what is down."""

    __slots__ = ("_down", "_feed", "breakers")

    def __init__(self, feed: str) -> None:
        self._feed = feed
        self._down: set[str] = set()
        self.breakers: dict[str, CircuitBreakerOpened] = {}
        """Open breakers, by name, the longest open first."""

    def opened(self, event: CircuitBreakerOpened) -> None:
        """Take in a breaker that opened."""
        self.breakers[event.breaker] = event

    def closed(self, event: CircuitBreakerClosed) -> None:
        """Take in a breaker that closed."""
        self.breakers.pop(event.breaker, None)

    def status(self, event: VenueStatusChanged) -> None:
        """Take in what a venue or feed says of itself; only DOWN keeps orders in the house."""
        if event.state == "DOWN":
            self._down.add(event.venue)
        else:
            self._down.discard(event.venue)

    def is_down(self, venue: str) -> bool:
        """Return whether a venue or feed is down."""
        return venue in self._down

    def keeps_from(self, venue: str) -> bool:
        """Return whether orders for a venue are out of the question, breakers aside."""
        return venue in self._down or self._feed in self._down
