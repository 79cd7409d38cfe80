"""Puts the feed's door together."""

from collections.abc import Sequence

from doors.streams import Streams
from doors.wording import words
from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.instruments import INSTRUMENTS
from producers.live.door_parts import DoorParts, Ground
from producers.market_data.api import feed_router, price_channel
from producers.market_data.metrics import FeedMetrics


class PriceStreams:
    """Publishes ticks as they are committed; a `Witness`."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        for symbol in INSTRUMENTS:
            streams.open(price_channel(symbol))

    def remember(self, event: Event) -> None:
        """Take in nothing: nobody is sent the past."""

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Publish the ticks that were committed."""
        for fact in facts:
            if isinstance(fact, PriceTicked):
                self._publish(fact)

    def _publish(self, tick: PriceTicked) -> None:
        self._streams.publish(price_channel(tick.instrument), "price", lambda: words(tick))


def feed_door(ground: Ground) -> DoorParts:
    """Return the door of the feed that `ground` names."""
    return DoorParts(
        service="market-data",
        description="Prices, bars, depth and statistics of the market data feed.",
        routers=(feed_router(ground.window, ground.streams),),
        witnesses=(
            PriceStreams(ground.streams),
            FeedMetrics(ground.registry, ground.window.clock, ground.board),
        ),
    )
