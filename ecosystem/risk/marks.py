"""What each venue says an instrument is worth, and what they say together.

A venue's mark is the middle of the best prices of the book it publishes. The consensus is the
median of all venues' marks and the feed's: one venue that is wrong, or one of three, does not move
it far (Huber and Ronchetti, Robust Statistics, chapter 1: the median bears the most outliers). A
mark that is much older than the newest of its instrument has no vote.
"""

from collections.abc import Mapping
from typing import Final

from ecosystem.events.books import BookQuoted
from ecosystem.instruments import INSTRUMENTS
from ecosystem.risk.market import Market
from ecosystem.risk.portfolio import MARKED_BY, Portfolio
from ecosystem.risk.venue_books import VenueBooks
from ecosystem.units import E8, SECOND_US

VOTES_FOR_US: Final = 30 * SECOND_US
"""How much older than the newest a mark may be and still count."""


class VenueMarks:
    """Computes marks from the books of venues when it is asked."""

    __slots__ = ("_books", "_market", "_portfolio")

    def __init__(self, market: Market, portfolio: Portfolio, books: VenueBooks) -> None:
        self._market = market
        self._portfolio = portfolio
        self._books = books

    def by_venue_e8(self, symbol: str) -> Mapping[str, int]:
        """Return the marks of an instrument by venue, and the feed's, that count now."""
        marks = {
            venue: (book.event_time_us, (book.bid_prices_e8[0] + book.ask_prices_e8[0]) // 2)
            for venue, books in sorted(self._books.books.items())
            if (book := books.get(symbol)) is not None and _sound(book)
        }
        if (tick := self._market.ticks.get(symbol)) is not None:
            # The feed's own book is older than its last tick, and has no second vote.
            marks[tick.feed] = (tick.event_time_us, self._market.mids_e8[symbol])
        newest_us = max((at_us for at_us, _ in marks.values()), default=0)
        return {
            venue: mark_e8
            for venue, (at_us, mark_e8) in marks.items()
            if at_us >= newest_us - VOTES_FOR_US
        }

    def consensus_e8(self, symbol: str) -> int | None:
        """Return the median of what venues and feed say; None while nobody says anything."""
        marks_e8 = sorted(self.by_venue_e8(symbol).values())
        if not marks_e8:
            return None
        middle = len(marks_e8) // 2
        return (marks_e8[middle] + marks_e8[~middle]) // 2

    def equity_at_consensus_e8(self) -> int:
        """Return the equity in USD at the consensus of each mark."""
        return self._equity_e8({symbol: self.consensus_e8(symbol) for symbol in INSTRUMENTS})

    def equity_at_venue_e8(self, venue: str) -> int:
        """Return the equity in USD at one venue's marks; where it has none, at the consensus."""
        marks = {symbol: self.by_venue_e8(symbol).get(venue) for symbol in INSTRUMENTS}
        return self._equity_e8(
            {
                symbol: self.consensus_e8(symbol) if mark_e8 is None else mark_e8
                for symbol, mark_e8 in marks.items()
            }
        )

    def _equity_e8(self, marks_e8: Mapping[str, int | None]) -> int:
        portfolio, derivatives = self._portfolio, self._portfolio.derivatives
        worth_e16 = portfolio.positions_e8.get("USD", 0) * E8
        for symbol, asset in MARKED_BY.items():
            worth_e16 += portfolio.positions_e8.get(asset, 0) * (marks_e8[symbol] or 0)
        for symbol in derivatives.quantities_e8:
            if (mark_e8 := marks_e8[symbol]) is not None:
                worth_e16 += derivatives.worth_e16(symbol, mark_e8)
        return worth_e16 // E8


def _sound(book: BookQuoted) -> bool:
    bids_e8, asks_e8 = book.bid_prices_e8, book.ask_prices_e8
    return bool(bids_e8 and asks_e8 and 0 < bids_e8[0] <= asks_e8[0])
