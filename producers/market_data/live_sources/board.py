"""The latest quote of every source and instrument: written by the poller, read by the feed."""

import threading
from collections.abc import Sequence

from ecosystem.market_data.consensus import SourceQuote


class QuoteBoard:
    """Keeps the latest quotes; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._quotes: dict[tuple[str, str], SourceQuote] = {}

    def put(self, instrument: str, quote: SourceQuote) -> None:
        """Replace what the quote's source said of the instrument before."""
        with self._lock:
            self._quotes[instrument, quote.source] = quote

    def quotes(self, instrument: str) -> Sequence[SourceQuote]:
        """Return what each source said last of an instrument."""
        with self._lock:
            return [quote for (symbol, _), quote in self._quotes.items() if symbol == instrument]
