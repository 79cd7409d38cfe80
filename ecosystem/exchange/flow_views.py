"""What the venue's doors show of its books and trades: pure reads of its state, scaled integers."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from ecosystem.exchange.liquidity.levels import levels_of
from ecosystem.exchange.liquidity.tape import Trade
from ecosystem.exchange.state import VenueState


class LevelView(msgspec.Struct, frozen=True, gc=False):
    """One level of a book."""

    price_e8: int
    quantity_e8: int


class OrderBookView(msgspec.Struct, frozen=True, kw_only=True):
    """A book as it stands, best levels first."""

    venue: str
    instrument: str
    event_time_us: int
    """Event time of the tick the market makers quote around; 0 before the first."""
    book_sequence: int
    """Of the next publication of this book at the earliest."""
    bids: tuple[LevelView, ...]
    asks: tuple[LevelView, ...]
    last_price_e8: int
    """Of the last trade that is remembered; 0 before the first."""


def order_book(state: VenueState, instrument: str, levels: int) -> OrderBookView:
    """Return the best levels of a book.

    Raises:
        KeyError: the venue has no such instrument.
    """
    bids, asks = levels_of(state, instrument, levels)
    last = next(_trades(state, instrument), None)
    return OrderBookView(
        venue=state.venue,
        instrument=instrument,
        event_time_us=state.house.since_us(instrument),
        book_sequence=state.tapes[instrument].book_sequence,
        bids=tuple(LevelView(*level) for level in bids),
        asks=tuple(LevelView(*level) for level in asks),
        last_price_e8=0 if last is None else last.price_e8,
    )


def recent_trades(state: VenueState, instrument: str, count: int) -> tuple[Trade, ...]:
    """Return the last trades in a book, latest first: those of accounts and of noise traders.

    As many as are remembered, `TRADES_KEPT` of each kind.

    Raises:
        KeyError: the venue has no such instrument.
    """
    return tuple(islice(_trades(state, instrument), count))


def volume_24h_e8(state: VenueState, instrument: str) -> int:
    """Return what was published as traded in this hour and the 23 before it, in base units.

    Raises:
        KeyError: the venue has no such instrument.
    """
    return state.tapes[instrument].volume_24h_e8(state.time_us)


def _trades(state: VenueState, instrument: str) -> Iterator[Trade]:
    house = state.house
    return state.tapes[instrument].trades(house.noise[instrument], house.quotes[instrument])
