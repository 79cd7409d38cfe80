"""The books of venues and feeds as the monitor knows them: the last one of each instrument."""

from ecosystem.events.books import BookQuoted
from ecosystem.risk.data_quality import DataQuality


class VenueBooks:
    """Follows published books; what cannot be true was left out before, but for what is late."""

    __slots__ = ("_quality", "books")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self.books: dict[str, dict[str, BookQuoted]] = {}
        """The last good book, by venue and instrument."""

    def quoted(self, book: BookQuoted) -> bool:
        """Take in a book; return whether it can be believed."""
        books = self.books.get(book.venue)
        if books is None:
            books = self.books[book.venue] = {}
        last = books.get(book.instrument)
        if last is not None and book.event_time_us < last.event_time_us:
            self._quality.note("BOOK_OUT_OF_ORDER", book)
            return False
        books[book.instrument] = book
        return True


def mid_of_e8(book: BookQuoted) -> int | None:
    """Return the middle of a book's best prices; None where a side is empty."""
    bids_e8, asks_e8 = book.bid_prices_e8, book.ask_prices_e8
    return (bids_e8[0] + asks_e8[0]) // 2 if bids_e8 and asks_e8 else None
