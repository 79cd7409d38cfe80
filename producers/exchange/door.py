"""Puts an exchange's door together: what it watches, what it streams, what it serves."""

from collections.abc import Sequence

from doors.streams import Streams
from ecosystem.events.books import BookQuoted
from ecosystem.events.envelope import Event
from ecosystem.events.fills import OrderFilled
from ecosystem.instruments import INSTRUMENTS
from producers.exchange.api import book_channel, exchange_routers, trade_answer, trade_channel
from producers.exchange.metrics import ExchangeMetrics
from producers.exchange.tape import Tape
from producers.live.door_parts import DoorParts, Ground
from producers.live.wording import words


class ExchangeStreams:
    """Publishes books and trades as they are committed; a `Witness`."""

    def __init__(self, venue: str, streams: Streams, tape: Tape) -> None:
        self._venue = venue
        self._streams = streams
        self._tape = tape
        for symbol in INSTRUMENTS:
            streams.open(book_channel(symbol), trade_channel(symbol))

    def remember(self, event: Event) -> None:
        """Take in a trade of the past, which nobody is sent."""
        self._tape.remember(event)

    def witness(self, inputs: Sequence[Event], facts: Sequence[Event]) -> None:
        """Publish what was committed."""
        for fact in facts:
            if isinstance(fact, OrderFilled) and self._tape.take(fact):
                self._publish_trade(fact)
            elif isinstance(fact, BookQuoted) and fact.venue == self._venue:
                self._publish_book(fact)

    def _publish_trade(self, fill: OrderFilled) -> None:
        channel = trade_channel(fill.instrument)
        self._streams.publish(channel, "trade", lambda: trade_answer(fill).model_dump())

    def _publish_book(self, book: BookQuoted) -> None:
        self._streams.publish(book_channel(book.instrument), "book", lambda: words(book))


def exchange_door(ground: Ground) -> DoorParts:
    """Return the door of the venue that `ground` names."""
    venue, window = ground.instance, ground.window
    tape = Tape(venue)
    return DoorParts(
        service="exchange",
        description=f"Orders, accounts, books and trades of {venue}.",
        routers=exchange_routers(venue, window, ground.requests, ground.streams, tape),
        witnesses=(
            ExchangeStreams(venue, ground.streams, tape),
            ExchangeMetrics(venue, ground.registry, window.clock, tape, ground.board),
        ),
    )
