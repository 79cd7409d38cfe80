"""What the engine knows of the market: quotes of the feed, and books as venues publish them."""

from typing import Final

from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import PriceTicked
from ecosystem.events.words import Side
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8, SECOND_US

UNIT_OF_ACCOUNT: Final = "USD"
SETTLING_US: Final = SECOND_US // 10
"""After a tick venues execute what it reaches; their fills are told within this time."""
SHOWN_US: Final = 15 * SECOND_US
"""A venue whose last book is older publishes none."""
_DOLLAR_PAIRS: Final = {
    instrument.base: symbol
    for symbol, instrument in INSTRUMENTS.items()
    if instrument.quote == UNIT_OF_ACCOUNT and instrument.kind == "SPOT"
}


class Market:
    """The last two quotes of each instrument and the last book of each venue."""

    __slots__ = ("_before", "books", "ticks")

    def __init__(self) -> None:
        self.ticks: dict[str, PriceTicked] = {}
        self._before: dict[str, PriceTicked] = {}
        self.books: dict[tuple[str, str], BookQuoted] = {}

    def priced(self, tick: PriceTicked) -> None:
        """Take in a quote."""
        symbol = tick.instrument
        before = self.ticks.get(symbol)
        if before is not None:
            self._before[symbol] = before
        self.ticks[symbol] = tick

    def quoted(self, book: BookQuoted) -> None:
        """Take in a book."""
        self.books[book.venue, book.instrument] = book

    def mid_e8(self, symbol: str) -> int | None:
        """Return the middle of the last quote; None before the first."""
        tick = self.ticks.get(symbol)
        return None if tick is None else (tick.bid_price_e8 + tick.ask_price_e8) // 2

    def mark_e8(self, asset: str) -> int | None:
        """Return the price of an asset in USD, the mid of its dollar pair; None before the first.

        It is looked up when somebody asks: hardly any tick is marked to.
        """
        if asset == UNIT_OF_ACCOUNT:
            return E8
        pair = _DOLLAR_PAIRS.get(asset)
        return None if pair is None else self.mid_e8(pair)

    def usd_e8(self, asset: str, amount_e8: int) -> int | None:
        """Return the worth of an amount in USD; None without a mark."""
        mark_e8 = self.mark_e8(asset)
        return None if mark_e8 is None else amount_e8 * mark_e8 // E8

    def shows_books(self, venue: str, symbol: str, now_us: int) -> bool:
        """Return whether a venue publishes its book of an instrument."""
        book = self.books.get((venue, symbol))
        return book is not None and now_us - book.event_time_us <= SHOWN_US

    def is_moving(self, symbol: str, now_us: int) -> bool:
        """Return whether executions of the last tick may not have been told yet."""
        tick = self.ticks.get(symbol)
        return tick is not None and now_us - tick.event_time_us < SETTLING_US

    def just_reached(self, symbol: str, side: Side, limit_e8: int) -> bool:
        """Return whether the last quote is the first that reaches an order resting at a limit.

        Then the venue is executing it at this moment, and a cancellation would come too late.
        """
        tick, before = self.ticks.get(symbol), self._before.get(symbol)
        if tick is None:
            return False
        if before is None:
            return _reaches(tick, side, limit_e8)
        return _reaches(tick, side, limit_e8) and not _reaches(before, side, limit_e8)


def _reaches(tick: PriceTicked, side: Side, limit_e8: int) -> bool:
    if side == "BUY":
        return tick.ask_price_e8 <= limit_e8
    return tick.bid_price_e8 >= limit_e8
