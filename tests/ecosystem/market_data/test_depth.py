"""The depth behind a quote: ten levels that lead away from it."""

from itertools import pairwise

import pytest

from ecosystem.events.books import BookQuoted
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import SECOND_US
from tests.ecosystem.market_data.feeds import STARTS_AT_US, feed, injection, run, ticks


def books(seed: int = 1, seconds: int = 60) -> list[BookQuoted]:
    return [event for event in run(feed(seed), seconds) if isinstance(event, BookQuoted)]


def test_each_instrument_has_a_book_every_ten_seconds_and_they_take_turns() -> None:
    found = books()
    assert len(found) == 6 * len(INSTRUMENTS)
    for symbol in INSTRUMENTS:
        own = [book for book in found if book.instrument == symbol]
        assert [book.book_sequence for book in own] == list(range(6))
        times = [book.event_time_us for book in own]
        assert {after - before for before, after in pairwise(times)} == {10 * SECOND_US}
    assert len({book.event_time_us for book in found if book.book_sequence == 0}) > 5


@pytest.mark.parametrize("symbol", INSTRUMENTS)
def test_a_book_has_ten_levels_on_each_side_on_the_grids_and_is_not_crossed(symbol: str) -> None:
    instrument = INSTRUMENTS[symbol]
    for book in (book for book in books() if book.instrument == symbol):
        for prices, quantities, sign in (
            (book.bid_prices_e8, book.bid_quantities_e8, -1),
            (book.ask_prices_e8, book.ask_quantities_e8, 1),
        ):
            assert len(prices) == len(quantities) == 10
            assert all((after - before) * sign > 0 for before, after in pairwise(prices))
            assert all(price > 0 and price % instrument.tick_size_e8 == 0 for price in prices)
            assert all(size > 0 and size % instrument.lot_size_e8 == 0 for size in quantities)
        assert book.bid_prices_e8[0] < book.ask_prices_e8[0]


def test_a_book_follows_from_its_tick_and_begins_with_its_quote() -> None:
    events = run(feed(3), 60)
    by_id = {tick.event_id: tick for tick in ticks(events)}
    for book in (event for event in events if isinstance(event, BookQuoted)):
        tick = by_id[book.causation_id]
        assert (book.instrument, book.event_time_us) == (tick.instrument, tick.event_time_us)
        assert book.correlation_id == tick.correlation_id
        assert book.bid_prices_e8[0] == tick.bid_price_e8
        assert book.ask_prices_e8[0] == tick.ask_price_e8
        assert book.bid_quantities_e8[0] == tick.bid_quantity_e8
        assert book.last_price_e8 == tick.last_price_e8


def test_a_book_counts_what_was_traded_since_the_one_before() -> None:
    events = run(feed(3), 60)
    own = [e for e in events if isinstance(e, BookQuoted) and e.instrument == "ETH-BTC"]
    for before, after in pairwise(own):
        between = [
            tick.volume_e8
            for tick in ticks(events, "ETH-BTC")
            if before.event_time_us < tick.event_time_us <= after.event_time_us
        ]
        assert after.volume_e8 == sum(between)


def test_depth_grows_with_the_distance() -> None:
    found = books(seconds=300)
    for symbol in INSTRUMENTS:
        own = [book for book in found if book.instrument == symbol]
        near = sum(sum(book.ask_quantities_e8[1:4]) for book in own)
        far = sum(sum(book.ask_quantities_e8[7:10]) for book in own)
        assert far > 1.5 * near


def test_a_crossed_feed_has_crossed_books_and_a_silent_one_has_none() -> None:
    crossed = injection(
        "feed-disruption", name="crossed", starts_s=20, lasts_s=20, mode="crossed", rate_e8=10**8
    )
    silent = injection(
        "feed-disruption", name="silent", starts_s=20, lasts_s=20, mode="loss", rate_e8=10**8
    )
    begin_us, end_us = STARTS_AT_US + 20 * SECOND_US, STARTS_AT_US + 40 * SECOND_US

    def during(*faults: object) -> list[BookQuoted]:
        return [
            event
            for event in run(feed(1, *faults), 60)  # type: ignore[arg-type]  # schedules
            if isinstance(event, BookQuoted) and begin_us <= event.event_time_us < end_us
        ]

    spoiled = during(crossed)
    assert len(spoiled) == 14
    assert all(book.bid_prices_e8[0] > book.ask_prices_e8[0] for book in spoiled)
    assert during(silent) == []
