"""Marks of venues, and what they say together."""

from statistics import median

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.books import BookQuoted
from ecosystem.risk.state import RiskState
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, book, position, tick


def state_of(*events: BookQuoted) -> RiskState:
    state = RiskState()
    for event in events:
        assert state.takes[BookQuoted](event)
    return state


@given(mids=st.lists(st.integers(10, 10**6), min_size=1, max_size=6))
def test_the_consensus_is_the_median_of_venues_and_feed(mids: list[int]) -> None:
    state = state_of(*(book(1, f"venue-{n}", mid) for n, mid in enumerate(mids[1:])))
    state.market.tick(tick(1, mids[0]))
    assert state.marks.consensus_e8("BTC-USD") == int(median(mids) * E8)
    assert len(state.marks.by_venue_e8("BTC-USD")) == len(mids)


def test_one_wrong_venue_of_three_does_not_move_the_consensus_far() -> None:
    state = state_of(book(1, "a", 60_000), book(1, "b", 1_000_000))
    state.market.tick(tick(1, 60_010))
    assert state.marks.consensus_e8("BTC-USD") == 60_010 * E8


def test_the_feed_has_one_vote_and_an_old_book_none() -> None:
    state = state_of(book(1, "market-data", 50_000), book(1, "a", 40_000), book(32, "b", 60_000))
    state.market.tick(tick(31, 60_020))
    assert state.marks.by_venue_e8("BTC-USD") == {
        "b": 60_000 * E8,
        "market-data": 60_020 * E8,
    }
    assert state.marks.consensus_e8("BTC-USD") == 60_010 * E8


def test_a_book_without_two_sound_sides_marks_nothing() -> None:
    empty = msgspec.structs.replace(book(1, "c", 60_000), bid_prices_e8=())
    state = state_of(book(1, "a", 60_000), book(2, "b", 61_000, width=-5), empty)
    assert state.marks.by_venue_e8("BTC-USD") == {"a": 60_000 * E8}
    assert state.marks.consensus_e8("ETH-USD") is None


def test_equity_by_one_venue_and_by_all() -> None:
    state, accounts = RiskState(), Accounts()
    state.market.tick(tick(1, 60_000))
    state.portfolio.balance(accounts.change(1, "BTC", 2 * E8))
    state.portfolio.balance(accounts.change(1, "USD", 100 * E8))
    state.portfolio.position(position(1, -E8, 60_000 * E8))
    for event in (
        book(1, "a", 60_300),
        book(1, "b", 60_600),
        book(1, "a", 59_000, "BTC-USD-PERP"),
    ):
        state.takes[BookQuoted](event)
    # Two bitcoin at 60 300, and a short contract that gained 1 000.
    assert state.marks.equity_at_consensus_e8() == (120_600 + 100 + 1_000) * E8
    assert state.marks.equity_at_venue_e8("b") == (121_200 + 100 + 1_000) * E8
    assert state.marks.equity_at_venue_e8("a") == (120_600 + 100 + 1_000) * E8
