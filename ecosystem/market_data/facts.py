"""The events of the feed, made of their parts."""

from collections.abc import Sequence

from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import FeedHeartbeat, PriceTicked
from ecosystem.events.venues import VenueStatusChanged
from ecosystem.events.words import EventId
from ecosystem.firm import FEED
from ecosystem.ids import RootIds, derive_id
from ecosystem.market_data.lines import Line
from ecosystem.market_data.quotes import Quote
from ecosystem.market_data.source import SourceState


class Facts:
    """Fills events in, and names those that are of no instrument.

    Args:
        roots: names the root events of the feed.
    """

    __slots__ = ("_roots",)

    def __init__(self, roots: RootIds) -> None:
        self._roots = roots

    def ticks(
        self, line: Line, quotes: Sequence[Quote | None], first: int, times_us: Sequence[int]
    ) -> list[PriceTicked | None]:
        """Return the ticks of the steps from `first` on, with their quotes, at their times."""
        ids, symbol = line.tick_ids.roots(range(first, first + len(quotes))), line.symbol
        return [
            None if quote is None else _ticked(symbol, quote, first + at, ids[at], times_us[at])
            for at, quote in enumerate(quotes)
        ]

    def ticked(
        self, line: Line, quote: Quote, step: int, now_us: int, *, again: bool = False
    ) -> PriceTicked:
        """Return the tick of a step; a second one of the same step is `again`."""
        event_id = (line.again_ids if again else line.tick_ids).root(step)
        return _ticked(line.symbol, quote, step, event_id, now_us)

    def beat(self, line: Line, number: int, step: int, now_us: int) -> FeedHeartbeat:
        """Return sign of life `number`, which says how many ticks there are up to a step."""
        event_id = line.beat_ids.root(number)
        return FeedHeartbeat(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=now_us,
            feed=FEED,
            instrument=line.symbol,
            feed_sequence=step + 1,
        )

    def book(self, line: Line, tick: PriceTicked, number: int, volume_e8: int) -> BookQuoted:
        """Return the depth behind a tick, which it follows from."""
        bids, asks = line.depth.sides(
            tick.feed_sequence,
            (tick.bid_price_e8, tick.bid_quantity_e8),
            (tick.ask_price_e8, tick.ask_quantity_e8),
        )
        return BookQuoted(
            event_id=derive_id(tick.event_id, f"{FEED}/book"),
            correlation_id=tick.correlation_id,
            causation_id=tick.event_id,
            event_time_us=tick.event_time_us,
            venue=FEED,
            instrument=line.symbol,
            book_sequence=number,
            bid_prices_e8=bids[0],
            bid_quantities_e8=bids[1],
            ask_prices_e8=asks[0],
            ask_quantities_e8=asks[1],
            last_price_e8=tick.last_price_e8,
            volume_e8=volume_e8,
        )

    def status(self, found: SourceState, number: int, now_us: int) -> VenueStatusChanged:
        """Return the fact that the feed changed its state, for the time `number`, from 0."""
        event_id = self._roots.root("status", number)
        return VenueStatusChanged(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=now_us,
            venue=FEED,
            state=found.state,
            reason=found.reason,
        )


def _ticked(symbol: str, quote: Quote, step: int, event_id: EventId, now_us: int) -> PriceTicked:
    bid_e8, ask_e8, last_e8, bid_quantity_e8, ask_quantity_e8, volume_e8 = quote
    return PriceTicked(
        event_id=event_id,
        correlation_id=event_id,
        causation_id=event_id,
        event_time_us=now_us,
        feed=FEED,
        instrument=symbol,
        feed_sequence=step,
        bid_price_e8=bid_e8,
        ask_price_e8=ask_e8,
        last_price_e8=last_e8,
        bid_quantity_e8=bid_quantity_e8,
        ask_quantity_e8=ask_quantity_e8,
        volume_e8=volume_e8,
    )
