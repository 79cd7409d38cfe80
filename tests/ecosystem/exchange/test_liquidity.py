from itertools import pairwise

import msgspec
import pytest

from ecosystem.exchange.liquidity.house import House
from ecosystem.exchange.liquidity.sizes import LEVELS
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8, MINUTE_US
from ecosystem.venues import VENUES
from tests.ecosystem.exchange.venue import Venue

BTC_USD = INSTRUMENTS["BTC-USD"]
RICH_E8 = {"BTC": 10**15, "ETH": 10**15, "USD": 10**20, "USDT": 10**20}


def house(bid: str, ask: str, holdings_e8: dict[str, int] | None = None) -> House:
    """Return a house that has seen one tick."""
    venue = Venue()
    venue.tick(bid, ask)
    made = House(7, VENUES["exchange-okx"], holdings_e8 or RICH_E8)
    made.quotes["BTC-USD"].stand(venue.ticks["BTC-USD"])
    return made


@pytest.mark.parametrize("buys", [True, False])
def test_ten_levels_lie_a_basis_point_apart_on_the_grid(buys: bool) -> None:
    offers = list(house("60000.001", "60010.001").offers(BTC_USD, buys=buys))
    prices = [price_e8 for price_e8, _ in offers]
    # Off the grid, the house rounds away from the other side.
    assert prices[0] == (60_010 * E8 + BTC_USD.tick_size_e8 if buys else 60_000 * E8)
    steps = {after - before for before, after in pairwise(prices)}
    assert steps == {6 * E8 if buys else -6 * E8}
    assert len(offers) == LEVELS
    for _, quantity_e8 in offers:
        assert quantity_e8 % BTC_USD.lot_size_e8 == 0
        assert 4 * E8 // 10 < quantity_e8 <= 2 * E8


@pytest.mark.parametrize(("bid", "ask"), [("60000", "60000"), ("60010", "60000"), ("0", "60000")])
def test_a_crossed_or_empty_tick_makes_the_house_withdraw(bid: str, ask: str) -> None:
    quoting = house(bid, ask)
    assert list(quoting.offers(BTC_USD, buys=True)) == []
    assert list(quoting.offers(BTC_USD, buys=False)) == []
    assert not quoting.crosses("BTC-USD", 10**18, 1)


def test_the_house_offers_no_more_than_it_holds() -> None:
    poor = house("60000", "60010", {**RICH_E8, "BTC": 3 * E8 + 5, "USD": 100_000 * E8})
    asks = list(poor.offers(BTC_USD, buys=True))
    assert sum(quantity_e8 for _, quantity_e8 in asks) == 3 * E8
    bids = list(poor.offers(BTC_USD, buys=False))
    spent_e8 = sum(price_e8 * quantity_e8 // E8 for price_e8, quantity_e8 in bids)
    assert 99_990 * E8 < spent_e8 <= 100_000 * E8


def test_no_level_is_priced_at_nothing() -> None:
    offers = list(house("0.03", "0.05").offers(BTC_USD, buys=False))
    assert [price_e8 for price_e8, _ in offers] == [3_000_000, 2_000_000, 1_000_000]


def test_an_older_tick_is_passed_over() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    old = venue.ticks["BTC-USD"]
    venue.tick("61000", "61010")
    before = list(venue.exchange.state.house.offers(BTC_USD, buys=True))
    venue.deliver(old)
    assert list(venue.exchange.state.house.offers(BTC_USD, buys=True)) == before


def test_what_was_taken_is_gone_until_the_next_tick() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    full = list(venue.exchange.state.house.offers(BTC_USD, buys=True))
    venue.deliver(venue.order("BUY", "0.1"))
    left = list(venue.exchange.state.house.offers(BTC_USD, buys=True))
    assert left == [(full[0][0], full[0][1] - E8 // 10), *full[1:]]
    tick = venue.ticks["BTC-USD"]
    venue.now_us += 10 * MINUTE_US
    venue.deliver(msgspec.structs.replace(tick, event_time_us=venue.now_us))
    assert list(venue.exchange.state.house.offers(BTC_USD, buys=True)) == full


def test_another_tick_or_seed_draws_other_quantities() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    tick = venue.ticks["BTC-USD"]
    drawn = []
    for seed, number in ((7, 1), (8, 1), (7, 2)):
        made = House(seed, VENUES["exchange-okx"], RICH_E8)
        made.quotes["BTC-USD"].stand(msgspec.structs.replace(tick, feed_sequence=number))
        drawn.append(tuple(made.offers(BTC_USD, buys=True)))
    assert len(set(drawn)) == 3


def test_a_trade_of_two_accounts_takes_nothing_from_the_house() -> None:
    venue = Venue()
    venue.tick("60000", "60010")
    quoting = venue.exchange.state.house
    before = [list(quoting.offers(BTC_USD, buys=buys)) for buys in (True, False)]
    holdings_e8 = dict(quoting.holdings_e8)
    venue.deliver(venue.order("SELL", "0.1", "60005"))
    venue.deliver(venue.order("BUY", "0.1", "60005", "firm-reversion"))
    after = [list(quoting.offers(BTC_USD, buys=buys)) for buys in (True, False)]
    assert not venue.exchange.state.orders
    assert after == before
    assert quoting.holdings_e8 == holdings_e8


@pytest.mark.parametrize("holdings_e8", [RICH_E8, {**RICH_E8, "BTC": 3 * E8, "USD": 100_000 * E8}])
@pytest.mark.parametrize("bid", ["60000", "0.03", "59999.99"])
def test_ten_levels_in_one_go_are_the_ten_levels_one_by_one(
    bid: str, holdings_e8: dict[str, int]
) -> None:
    quoting = house(bid, "60010", holdings_e8)
    found = 0
    for symbol, instrument in INSTRUMENTS.items():
        for buys in (True, False):
            whole = quoting.whole_sides(instrument)[buys]
            if whole is not None:
                assert list(zip(*whole, strict=True)) == list(quoting.offers(instrument, buys=buys))
                assert symbol == "BTC-USD"
                found += 1
    assert found == (holdings_e8 is RICH_E8) * (1 if bid == "0.03" else 2)
