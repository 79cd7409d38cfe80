"""Who wants to know what: the seats that a tick or a book concerns, found once for each place."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from ecosystem.events.books import BookQuoted
from ecosystem.events.prices import PriceTicked
from ecosystem.trading.contract import Strategy
from ecosystem.trading.seats import Seat


class TickAudience(NamedTuple):
    """Whom the ticks of an instrument concern."""

    learning: tuple[Callable[[PriceTicked], None], ...]
    """The callbacks of strategies that learn from them."""
    asked: tuple[Seat, ...]
    """Whose strategies are asked for a decision."""


class BookAudience(NamedTuple):
    """Whom the books of an instrument at a venue concern."""

    learning: tuple[Callable[[BookQuoted], None], ...]
    asked: tuple[Seat, ...]


class Audience:
    """The seats by what they want.

    Args:
        seats: all of them, by name; `forget` must be called when they have changed.
    """

    __slots__ = ("_books", "_seats", "_ticks")

    def __init__(self, seats: Mapping[str, Seat]) -> None:
        self._seats = seats
        self._ticks: dict[str, TickAudience] = {}
        self._books: dict[tuple[str, str], BookAudience] = {}

    def of_ticks(self, instrument: str) -> TickAudience:
        """Return whom a tick of an instrument concerns."""
        found = self._ticks.get(instrument)
        if found is None:
            found = self._ticks[instrument] = self._find_for_ticks(instrument)
        return found

    def of_books(self, venue: str, instrument: str) -> BookAudience:
        """Return whom a book concerns."""
        found = self._books.get((venue, instrument))
        if found is None:
            found = self._books[venue, instrument] = self._find_for_books(venue, instrument)
        return found

    def forget(self) -> None:
        """Look again, as seats came or changed their strategies."""
        self._ticks.clear()
        self._books.clear()

    def _wanting(self, instrument: str) -> Iterable[Seat]:
        return (seat for seat in self._seats.values() if instrument in seat.strategy.instruments)

    def _find_for_ticks(self, instrument: str) -> TickAudience:
        wanting = tuple(self._wanting(instrument))
        strategies = [seat.strategy for seat in wanting]
        return TickAudience(
            tuple(
                one.on_price for one in strategies if type(one).on_price is not Strategy.on_price
            ),
            tuple(
                seat
                for seat in wanting
                if (only := seat.strategy.asked_at_ticks_of) is None or instrument in only
            ),
        )

    def _find_for_books(self, venue: str, instrument: str) -> BookAudience:
        wanting = tuple(seat for seat in self._wanting(instrument) if venue in seat.strategy.venues)
        strategies = [seat.strategy for seat in wanting]
        return BookAudience(
            tuple(s.on_book for s in strategies if type(s).on_book is not Strategy.on_book),
            wanting,
        )
