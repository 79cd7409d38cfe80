"""Puts an exchange's door together: what it watches, what it streams, what it serves."""

from collections.abc import Sequence

from doors.streams import Streams
from doors.wording import words
from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.exchange.liquidity.tape import Tape
from ecosystem.instruments import INSTRUMENTS
from producers.exchange.api import book_channel, exchange_routers, trade_answer, trade_channel
from producers.exchange.metrics import ExchangeMetrics
from producers.live.door_parts import DoorParts, Ground


class ExchangeStreams:
    """Publishes books and trades as they are committed; a `Witness`."""

    def __init__(self, venue: str, streams: Streams) -> None:
        self._venue = venue
        self._streams = streams
        for symbol in INSTRUMENTS:
            streams.open(book_channel(symbol), trade_channel(symbol))

    def remember(self, event: Event) -> None:
        """Take in nothing: nobody is sent the past."""

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Publish what was committed."""
        for fact in facts:
            if isinstance(fact, OrderFilled):
                self._publish_trade(fact)
            elif isinstance(fact, BookQuoted) and fact.venue == self._venue:
                self._publish_book(fact)

    def _publish_trade(self, fill: OrderFilled) -> None:
        # The venue's tape says which side of a trade between two accounts counts.
        tape = Tape()
        tape.filled(fill)
        if (trade := tape.last) is not None:
            self._streams.publish(
                trade_channel(fill.instrument),
                "trade",
                lambda: trade_answer(fill.instrument, trade).model_dump(),
            )

    def _publish_book(self, book: BookQuoted) -> None:
        self._streams.publish(book_channel(book.instrument), "book", lambda: words(book))


def exchange_door(ground: Ground) -> DoorParts:
    """Return the door of the venue that `ground` names."""
    venue, window = ground.instance, ground.window
    return DoorParts(
        service="exchange",
        description=f"Orders, accounts, books and trades of {venue}.",
        routers=exchange_routers(window, ground.requests, ground.streams),
        witnesses=(
            ExchangeStreams(venue, ground.streams),
            ExchangeMetrics(venue, ground.registry, window, ground.board),
        ),
    )
