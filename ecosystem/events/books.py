"""Facts of the books: depth as venues and feeds publish it, and funding of perpetuals."""

from ecosystem.events.envelope import Event


class BookQuoted(Event, frozen=True, kw_only=True, gc=False):
    """Ten levels of one book, best first, as a venue or feed publishes them."""

    venue: str
    instrument: str
    book_sequence: int
    bid_prices_e8: tuple[int, ...]
    bid_quantities_e8: tuple[int, ...]
    ask_prices_e8: tuple[int, ...]
    ask_quantities_e8: tuple[int, ...]
    last_price_e8: int
    volume_e8: int


class FundingRateSet(Event, frozen=True, kw_only=True, gc=False):
    """A venue set the funding rate of a perpetual and settles it at this time."""

    venue: str
    instrument: str
    funding_sequence: int
    rate_e8: int
    mark_price_e8: int
    index_price_e8: int
    interval_us: int
