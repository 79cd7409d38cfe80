"""The books of venues and feeds as the monitor knows them: the last one of each instrument."""

from ecosystem.events.books import BookQuoted
from ecosystem.risk.data_quality import DataQuality


class VenueBooks:
    """Follows published books; what cannot be true was left out before, but for what is late."""

    __slots__ = ("_quality", "books", "mids_e8")

    def __init__(self, quality: DataQuality) -> None:
        self._quality = quality
        self.mids_e8: dict[str, dict[str, int]] = {}
        """By venue and instrument; none where a side of the last book is empty."""
        self.books: dict[str, dict[str, BookQuoted]] = {}
        """The last good book, by venue and instrument."""

    def quoted(self, book: BookQuoted) -> bool:
        """Take in a book; return whether it can be believed."""
        books = self.books.get(book.venue)
        if books is None:
            books = self.books[book.venue] = {}
            self.mids_e8[book.venue] = {}
        symbol = book.instrument
        last = books.get(symbol)
        if last is not None and book.event_time_us < last.event_time_us:
            self._quality.note("BOOK_OUT_OF_ORDER", book)
            return False
        books[symbol] = book
        mids_e8 = self.mids_e8[book.venue]
        if book.bid_prices_e8 and book.ask_prices_e8:
            mids_e8[symbol] = (book.bid_prices_e8[0] + book.ask_prices_e8[0]) // 2
        else:
            mids_e8.pop(symbol, None)
        return True
