"""Arbitrage over books made by hand: when it trades, how much, and how it comes back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.events.books import BookQuoted
from ecosystem.firm import SECOND_VENUE, VENUE
from ecosystem.trading.contract import Place, Together
from ecosystem.trading.strategies.arbitrage import Arbitrage
from ecosystem.trading.strategies.crossing import LEAN_E8_MAX, pays
from ecosystem.trading.strategies.legs import CLIP_USD_E8, EDGE_E8_MIN
from ecosystem.units import E8, SECOND_US
from ecosystem.venues import VENUES
from tests.ecosystem.trading.facts import book
from tests.ecosystem.trading.fake_view import FakeView
from tests.events import tick

NOW_US = 1_767_571_200 * SECOND_US
FEES_E8 = VENUES[VENUE].taker_fee_e8 + VENUES[SECOND_VENUE].taker_fee_e8


def two_venues(ask_usd: float, bid_usd: float, *, quantity_e8: int = E8) -> FakeView:
    """Return a view in which BTC-USD costs `ask_usd` at one venue and fetches `bid_usd` at the
    other."""
    view = FakeView(NOW_US)
    cheap, dear = int(ask_usd * 100) * 10**6, int(bid_usd * 100) * 10**6
    for venue, bid_e8, ask_e8 in (
        (VENUE, cheap - 10 * E8, cheap),
        (SECOND_VENUE, dear, dear + 10 * E8),
    ):
        view.books[venue, "BTC-USD"] = book(
            1, venue, "BTC-USD", bid_e8, ask_e8, NOW_US - SECOND_US, quantity_e8
        )
    return view


def decided(view: FakeView, cause: BookQuoted | None = None) -> tuple[Place, ...]:
    cause = cause or view.books[VENUE, "BTC-USD"]
    wishes = list(Arbitrage().decide(cause, view))
    assert len(wishes) <= 1
    if not wishes:
        return ()
    assert isinstance(wishes[0], Together)
    return wishes[0].orders


def test_it_buys_where_it_is_cheap_and_sells_where_it_is_dear() -> None:
    buy, sell = decided(two_venues(60_000, 60_200))
    assert (buy.venue, buy.side, buy.limit_price_e8) == (VENUE, "BUY", 60_000 * E8)
    assert (sell.venue, sell.side, sell.limit_price_e8) == (SECOND_VENUE, "SELL", 60_200 * E8)
    assert buy.quantity_e8 == sell.quantity_e8 == E8 // 20
    assert {buy.time_in_force, sell.time_in_force} == {"IOC"}


@pytest.mark.parametrize(("bid_usd", "trades"), [(60_113.9, False), (60_114.2, True)])
def test_ten_basis_points_must_be_left_after_the_fees_of_both(bid_usd: float, trades: bool) -> None:
    # Nine basis points of fees and ten of profit on 60 000 are 114 dollars.
    assert bool(decided(two_venues(60_000, bid_usd))) == trades


@given(ask_e8=st.integers(50_000 * E8, 70_000 * E8), edge_bps=st.floats(-5, 25))
def test_a_trade_pays_from_ten_basis_points_of_profit_on(ask_e8: int, edge_bps: float) -> None:
    paid = Fraction(ask_e8) * (E8 + VENUES[VENUE].taker_fee_e8) / E8
    after_fee = Fraction(E8 - VENUES[SECOND_VENUE].taker_fee_e8, E8)
    bid_e8 = round(paid * (1 + Fraction(edge_bps) / 10_000) / after_fee)
    profit = bid_e8 * after_fee / paid - 1
    assert pays(VENUE, ask_e8, SECOND_VENUE, bid_e8) == (profit >= Fraction(EDGE_E8_MIN, E8))


@given(
    depth_lots=st.integers(0, 2_000),
    usd_lots=st.integers(0, 2_000),
    btc_lots=st.integers(0, 2_000),
    leaned_lots=st.integers(-3_000, 3_000),
)
def test_no_leg_exceeds_depth_funds_clip_or_lean(
    depth_lots: int, usd_lots: int, btc_lots: int, leaned_lots: int
) -> None:
    lot_e8 = 10_000
    view = two_venues(60_000, 60_500, quantity_e8=depth_lots * lot_e8)
    view.affordable[VENUE, "BTC-USD", "BUY"] = usd_lots * lot_e8
    view.affordable[SECOND_VENUE, "BTC-USD", "SELL"] = btc_lots * lot_e8
    view.positions["BTC-USD", VENUE] = leaned_lots * lot_e8
    for leg in decided(view):
        assert 0 < leg.quantity_e8 <= lot_e8 * min(depth_lots, usd_lots, btc_lots)
        assert leg.quantity_e8 * 60_000 <= CLIP_USD_E8
        assert view.positions["BTC-USD", VENUE] + leg.quantity_e8 <= LEAN_E8_MAX["BTC-USD"]


def test_old_books_open_orders_and_a_recent_attempt_are_reasons_to_wait() -> None:
    view = two_venues(60_000, 60_500)
    assert decided(view)
    view.last_us["BTC-USD"] = NOW_US - 4 * SECOND_US
    assert not decided(view)
    view.last_us["BTC-USD"] = NOW_US - 5 * SECOND_US
    assert decided(view)
    view.now_us += 6 * SECOND_US
    assert not decided(view)


def triangular(eth_btc_ask_e8: int) -> FakeView:
    """Return a view of one venue: bitcoin at 60 000, ether at 3 000, and ether in bitcoin."""
    view = FakeView(NOW_US)
    for symbol, bid_e8, ask_e8 in (
        ("BTC-USD", 60_000 * E8 - 10**6, 60_000 * E8),
        ("ETH-USD", 3_000 * E8, 3_000 * E8 + 10**6),
        ("ETH-BTC", eth_btc_ask_e8 - 1_000, eth_btc_ask_e8),
    ):
        view.books[VENUE, symbol] = book(1, VENUE, symbol, bid_e8, ask_e8, NOW_US, 50 * E8)
    return view


def test_a_cheap_third_pair_is_a_round_trip_with_profit() -> None:
    # Fifteen basis points of fees and ten of profit: ether must cost 0.25 % less in bitcoin.
    view = triangular(4_980_000)
    first, second, third = decided(view, view.books[VENUE, "ETH-BTC"])
    assert [leg.side for leg in (first, second, third)] == ["BUY", "BUY", "SELL"]
    assert [leg.instrument for leg in (first, second, third)] == ["BTC-USD", "ETH-BTC", "ETH-USD"]
    assert second.quantity_e8 == third.quantity_e8
    spent = first.quantity_e8 * 60_000 * (E8 + VENUES[VENUE].taker_fee_e8) // E8
    earned = third.quantity_e8 * 3_000 * (E8 - VENUES[VENUE].taker_fee_e8) // E8
    assert earned * E8 >= spent * (E8 + EDGE_E8_MIN)


@pytest.mark.parametrize("eth_btc_ask_e8", [4_990_000, 5_000_000, 5_010_000])
def test_a_triangle_that_does_not_pay_its_fees_is_left_alone(eth_btc_ask_e8: int) -> None:
    view = triangular(eth_btc_ask_e8)
    assert not decided(view, view.books[VENUE, "ETH-BTC"])


def test_a_dear_third_pair_is_walked_the_other_way() -> None:
    view = triangular(5_020_000)
    legs = decided(view, view.books[VENUE, "ETH-BTC"])
    assert [leg.side for leg in legs] == ["SELL", "SELL", "BUY"]


def test_what_one_leg_got_and_the_other_did_not_is_traded_back() -> None:
    view = FakeView(NOW_US)
    view.exposures["BTC"] = E8 // 50
    view.affordable[VENUE, "BTC-USD", "SELL"] = E8 // 100
    (back,) = Arbitrage().decide(tick(0), view)
    assert isinstance(back, Place)
    assert (back.venue, back.side, back.quantity_e8) == (SECOND_VENUE, "SELL", E8 // 50)
    view.last_us["ETH-USD"] = NOW_US - 9 * SECOND_US
    assert list(Arbitrage().decide(tick(0), view)) == []
    view.last_us.clear()
    view.exposures["BTC"] = E8 // 1000
    assert list(Arbitrage().decide(tick(0), view)) == []
