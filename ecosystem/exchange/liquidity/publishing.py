"""The publication of books: each of them every few seconds, one after the other.

Publications lie on a grid of event time, staggered over the instruments, and the sequence of one
is its place on the grid. What a venue could not publish, because it was down or away or had not
seen a price yet, is missing, and the sequence shows the gap.
"""

from collections.abc import Sequence
from typing import Final

from ecosystem.ahead import Ahead
from ecosystem.events.books import BookQuoted
from ecosystem.events.words import EventId
from ecosystem.exchange.answers import Answers
from ecosystem.exchange.liquidity.levels import Levels, levels_of, sides_of
from ecosystem.exchange.liquidity.sizes import LEVELS
from ecosystem.exchange.state import VenueState
from ecosystem.ids import RootIds
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import SECOND_US

BOOK_INTERVAL_US: Final = 5 * SECOND_US


class BookPublisher:
    """Says when which book is due, and publishes it.

    Args:
        roots: names the publications.
        starts_at_us: where the grid begins.
        interval_us: between two publications of one book.
    """

    __slots__ = ("_dues_us", "_grids", "_interval_us", "_state")

    def __init__(
        self, state: VenueState, roots: RootIds, starts_at_us: int, interval_us: int
    ) -> None:
        self._state = state
        self._interval_us = interval_us
        count = len(INSTRUMENTS)
        self._grids = [
            (
                symbol,
                starts_at_us + (place + 1) * interval_us // count,
                Ahead(roots.stream(f"book/{symbol}").roots),
            )
            for place, symbol in enumerate(INSTRUMENTS)
        ]
        self._dues_us: list[int] = []
        """When each book is due; empty when that has to be looked up."""

    def due_us(self) -> int:
        """Return when the next book is due."""
        if not self._dues_us:
            tapes, interval_us = self._state.tapes, self._interval_us
            self._dues_us = [
                begins_us + tapes[symbol].book_sequence * interval_us
                for symbol, begins_us, _ in self._grids
            ]
        return min(self._dues_us)

    def forget_due(self) -> None:
        """Look again when the next book is due, after a publication was restored."""
        self._dues_us.clear()

    def publish(self, now_us: int, answers: Answers) -> Sequence[tuple[BookQuoted, Levels]]:
        """Write the books that are due, and return those that were disturbed.

        With each comes what it would have been.
        """
        if not self._dues_us:
            self.due_us()
        state, interval_us = self._state, self._interval_us
        disturbed: list[tuple[BookQuoted, Levels]] = []
        for place in [place for place, at_us in enumerate(self._dues_us) if at_us <= now_us]:
            symbol, begins_us, ids = self._grids[place]
            # A restarted venue is asked again for what it passed over before its last tick.
            sequence = (now_us - begins_us) // interval_us
            due_us, ticked_us = begins_us + sequence * interval_us, state.house.since_us(symbol)
            self._dues_us[place] = due_us + interval_us
            if symbol in state.halted or not 0 < ticked_us <= due_us:
                state.tapes[symbol].book_sequence = sequence + 1
                continue
            quoted = self._quoted(symbol, answers, ids.of(sequence), sequence)
            answers.add(quoted)
            if state.house.disturbances.get(symbol):
                disturbed.append((quoted, levels_of(state, symbol, LEVELS, disturbed=False)))
        return disturbed

    def _quoted(
        self, symbol: str, answers: Answers, event_id: EventId, sequence: int
    ) -> BookQuoted:
        state = self._state
        bids, asks = sides_of(state, symbol, LEVELS)
        tape, noise, now_us = state.tapes[symbol], state.house.noise[symbol], answers.time_us
        last, volume_e8 = tape.last, tape.volume_e8
        price_e8 = 0 if last is None else last.price_e8
        quote = state.house.quotes[symbol]
        bid_e8, ask_e8 = quote.touch_e8()
        if bid_e8:
            begins_us = quote.since_us
            volume_e8 += noise.volume_e8(now_us - self._interval_us, now_us)
            if last is None or last.event_time_us < begins_us:
                price_e8 = ask_e8 if noise.buys(begins_us // SECOND_US) else bid_e8
        return BookQuoted(
            event_id=event_id,
            correlation_id=event_id,
            causation_id=event_id,
            event_time_us=now_us,
            venue=answers.venue,
            instrument=symbol,
            book_sequence=sequence,
            bid_prices_e8=bids[0],
            bid_quantities_e8=bids[1],
            ask_prices_e8=asks[0],
            ask_quantities_e8=asks[1],
            last_price_e8=price_e8,
            volume_e8=volume_e8,
        )
