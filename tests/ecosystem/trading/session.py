"""A market, a tiny venue and the engine between them, one second after the other."""

from collections.abc import Callable, Iterator

from ecosystem.events.envelope import Event
from ecosystem.events.prices import PriceTicked
from ecosystem.market_data.machine import MarketData
from ecosystem.trading.machine import TradingEngine
from ecosystem.units import SECOND_US
from tests.ecosystem.trading.venue import TinyVenue

STARTS_AT_US = 1_767_571_200 * SECOND_US


class Session:
    """Runs the three together.

    `decided` holds what the engine said, `delivered` what it heard, `story` both in order.
    """

    def __init__(self, seed: int, market: MarketData | None = None) -> None:
        self.market = market or MarketData(b"k" * 32, seed, STARTS_AT_US)
        self.venue = TinyVenue()
        self.engine = TradingEngine()
        self.decided: list[Event] = []
        self.delivered: list[Event] = []
        self.story: list[Event] = []
        for event in self.venue.opening(STARTS_AT_US):
            self.deliver(event)

    def deliver(self, event: Event) -> None:
        """Hand an event to the engine, and its wishes to the venue, until all is quiet."""
        self.delivered.append(event)
        wishes = self.engine.handle(event, event.event_time_us)
        self.story.extend((event, *wishes))
        self.decided.extend(wishes)
        for wish in wishes:
            for answer in self.venue.handle(wish):
                self.deliver(answer)

    def run(self, seconds: int, *, hook: Callable[[int], Iterator[Event]] | None = None) -> None:
        """Go on for some seconds; `hook` may add events of its own before each."""
        for _ in range(seconds):
            now_us = self.market.due_us()
            for event in hook(now_us) if hook else ():
                self.deliver(event)
            for event in self.market.wake(now_us):
                if isinstance(event, PriceTicked):
                    for answer in self.venue.handle(event):
                        self.deliver(answer)
                    self.deliver(event)
