"""A market, tiny venues and the engine between them, one second after the other."""

from collections.abc import Callable, Iterator, Sequence

from ecosystem.events.envelope import Event
from ecosystem.events.orders import OrderSubmitted
from ecosystem.events.prices import PriceTicked
from ecosystem.firm import OPENING_BALANCES_E8
from ecosystem.market_data.machine import MarketData
from ecosystem.trading.machine import TradingEngine
from ecosystem.units import SECOND_US
from tests.ecosystem.trading.venue import TinyVenue

STARTS_AT_US = 1_767_571_200 * SECOND_US


class Session:
    """Runs them together.

    `decided` holds what the engine said, `delivered` what it heard, `story` both in order.
    """

    def __init__(
        self, seed: int, market: MarketData | None = None, engine: TradingEngine | None = None
    ) -> None:
        self.market = market or MarketData(b"k" * 32, seed, STARTS_AT_US)
        self.venues = {name: TinyVenue(name) for name in OPENING_BALANCES_E8}
        self.venue, self.second = self.venues.values()
        self.engine = engine or TradingEngine(seed=seed)
        self.decided: list[Event] = []
        self.delivered: list[Event] = []
        self.story: list[Event] = []
        for venue in self.venues.values():
            for event in venue.opening(STARTS_AT_US):
                self.deliver(event)

    def deliver(self, event: Event) -> None:
        """Hand an event to the engine, and its wishes to the venue, until all is quiet."""
        self.delivered.append(event)
        self._carry_out(event, self.engine.handle(event, event.event_time_us))

    def run(self, seconds: int, *, hook: Callable[[int], Iterator[Event]] | None = None) -> None:
        """Go on for some seconds; `hook` may add events of its own before each."""
        for _ in range(seconds):
            now_us = self.market.due_us()
            due_us = self.engine.due_us()
            if due_us is not None and due_us <= now_us:
                self._carry_out(None, self.engine.wake(due_us))
            for event in hook(now_us) if hook else ():
                self.deliver(event)
            for event in self.market.wake(now_us):
                if isinstance(event, PriceTicked):
                    for venue in self.venues.values():
                        for answer in venue.handle(event):
                            self.deliver(answer)
                    self.deliver(event)

    def orders(self) -> list[OrderSubmitted]:
        """Return the orders the engine has submitted."""
        return [event for event in self.decided if isinstance(event, OrderSubmitted)]

    def unfunded(self) -> list[OrderSubmitted]:
        """Return the orders that a venue refused for want of funds."""
        return [order for venue in self.venues.values() for order in venue.unfunded]

    def _carry_out(self, event: Event | None, wishes: Sequence[Event]) -> None:
        self.story.extend(wishes if event is None else (event, *wishes))
        self.decided.extend(wishes)
        for wish in wishes:
            for venue in self.venues.values():
                for answer in venue.handle(wish):
                    self.deliver(answer)
