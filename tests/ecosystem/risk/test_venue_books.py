"""The books of venues: the mid of the last good one, and nothing absurd believed."""

import msgspec

from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.venue_books import VenueBooks, mid_of_e8
from ecosystem.units import E8
from tests.ecosystem.risk.facts import deep_book


def test_each_venue_has_a_mid_of_its_own() -> None:
    books = VenueBooks(DataQuality())
    last = deep_book(2, 101 * E8)
    for one in (deep_book(1, 100 * E8), last, deep_book(1, 99 * E8, venue="exchange-binance")):
        assert books.quoted(one)
    mids_e8 = {venue: mid_of_e8(one["BTC-USD"]) for venue, one in books.books.items()}
    assert mids_e8 == {"exchange-okx": 101 * E8, "exchange-binance": 99 * E8}
    assert books.books["exchange-okx"]["BTC-USD"] is last


def test_a_book_with_an_empty_side_is_believed_and_has_no_mid() -> None:
    books = VenueBooks(DataQuality())
    books.quoted(deep_book(1, 100 * E8))
    assert books.quoted(deep_book(2, 100 * E8, asks_e8=()))
    assert mid_of_e8(books.books["exchange-okx"]["BTC-USD"]) is None


def test_a_book_from_before_the_last_one_is_noted_and_left_out() -> None:
    quality = DataQuality()
    books = VenueBooks(quality)
    books.quoted(deep_book(1, 100 * E8))
    assert not books.quoted(msgspec.structs.replace(deep_book(2, 101 * E8), event_time_us=0))
    assert mid_of_e8(books.books["exchange-okx"]["BTC-USD"]) == 100 * E8
    assert quality.counts() == {"BOOK_OUT_OF_ORDER": 1}


def test_a_locked_book_can_be() -> None:
    assert VenueBooks(DataQuality()).quoted(deep_book(1, 100 * E8, half_e8=0))
