"""Exposures, leverage and concentration, against sums written out."""

from hypothesis import given
from hypothesis import strategies as st

from ecosystem.risk.data_quality import DataQuality
from ecosystem.risk.exposure import Exposure
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8
from tests.ecosystem.risk.facts import Accounts, event_id, position

PRICES = {"BTC": 60_000, "ETH": 3_000, "USDT": 1}


def firm(
    holdings: dict[str, int], okx: int = 0, binance: int = 0, *, unmarked: str = ""
) -> Exposure:
    portfolio, accounts = Portfolio(DataQuality()), Accounts()
    for asset, price in PRICES.items():
        if asset != unmarked:
            portfolio.mark(asset, price * E8, event_id("m", 0))
    portfolio.mark_derivative("BTC-USD-PERP", 60_000 * E8, event_id("m", 1))
    for asset, amount in holdings.items():
        portfolio.balance(accounts.change(0, asset, amount * E8))
    for venue, contracts in (("exchange-okx", okx), ("exchange-binance", binance)):
        if contracts:
            portfolio.position(position(0, contracts * E8, 60_000 * E8, venue=venue))
    return Exposure(portfolio)


def test_an_example_with_spot_and_perpetual() -> None:
    now = firm({"BTC": 4, "ETH": 80, "USD": 70_000, "USDT": 20_000}, okx=-3, binance=1).now()
    assert now.deltas_e8 == {"BTC": 2 * E8, "ETH": 80 * E8, "USDT": 20_000 * E8}
    assert now.deltas_usd_e8 == {
        "BTC": 120_000 * E8,
        "ETH": 240_000 * E8,
        "USDT": 20_000 * E8,
    }
    assert now.instruments_usd_e8 == {
        "BTC-USD": 240_000 * E8,
        "ETH-USD": 240_000 * E8,
        "USDT-USD": 20_000 * E8,
        "BTC-USD-PERP": -120_000 * E8,
    }
    # 240 + 240 + 20 thousand of assets, and four contracts, none netted with another venue's.
    assert now.gross_e8 == 740_000 * E8
    assert now.net_e8 == 380_000 * E8
    assert now.equity_e8 == 570_000 * E8
    assert now.leverage_e8() == 740 * E8 // 570
    assert now.concentration_e8("BTC") == 120 * E8 // 570
    assert now.delta_total_e8() == 380_000 * E8


AMOUNTS = st.fixed_dictionaries({asset: st.integers(-100, 100) for asset in (*PRICES, "USD")})


@given(holdings=AMOUNTS, okx=st.integers(-9, 9), binance=st.integers(-9, 9))
def test_every_measure_is_what_its_definition_says(
    holdings: dict[str, int], okx: int, binance: int
) -> None:
    now = firm(holdings, okx, binance).now()
    worth = {asset: holdings[asset] * price for asset, price in PRICES.items()}
    deltas = worth | {"BTC": worth["BTC"] + 60_000 * (okx + binance)}
    equity = sum(worth.values()) + holdings["USD"]
    gross = sum(map(abs, worth.values())) + 60_000 * (abs(okx) + abs(binance))
    assert now.deltas_usd_e8 == {asset: amount * E8 for asset, amount in deltas.items()}
    assert now.gross_e8 == gross * E8
    assert now.net_e8 == sum(deltas.values()) * E8
    assert now.delta_total_e8() == sum(map(abs, deltas.values())) * E8
    if equity > 0:
        assert now.leverage_e8() == gross * E8 // equity
        assert now.concentration_e8("BTC") == abs(deltas["BTC"]) * E8 // equity
    elif gross:
        assert now.leverage_e8() >= 10**5 * E8


def test_doubling_everything_by_borrowing_doubles_concentration() -> None:
    plain = firm({"BTC": 1, "USD": 60_000}).now()
    borrowed = firm({"BTC": 2}).now()
    assert plain.concentration_e8("BTC") == E8 // 2
    assert borrowed.concentration_e8("BTC") == E8


def test_ratios_say_nothing_before_all_that_is_held_has_a_mark() -> None:
    now = firm({"BTC": 4, "ETH": 80, "USD": 1}, unmarked="ETH").now()
    assert not now.valued
    assert (now.leverage_e8(), now.concentration_e8("BTC")) == (0, 0)
    assert now.gross_e8 == 240_000 * E8


def test_nothing_is_computed_twice_and_nothing_is_stale() -> None:
    exposure = firm({"BTC": 1})
    portfolio = exposure._portfolio
    first = exposure.now()
    assert exposure.now() is first
    portfolio.mark("BTC", 61_000 * E8, event_id("m", 2))
    assert exposure.now().gross_e8 == 61_000 * E8
    portfolio.position(position(1, E8, 60_000 * E8))
    assert exposure.now().deltas_e8["BTC"] == 2 * E8 == exposure.delta_e8("BTC")


def test_profit_is_not_stale_though_what_was_paid_in_had_no_mark_until_it_was_gone() -> None:
    exposure, accounts = firm({"BTC": 1}, unmarked="ETH"), Accounts()
    portfolio = exposure._portfolio
    portfolio.balance(accounts.change(1, "ETH", 5 * E8))
    portfolio.balance(accounts.change(2, "ETH", -5 * E8, "TRADE"))
    exposure.settle()
    assert exposure.now().profit_e16 == exposure.judged().profit_e16 == 0
    portfolio.mark("ETH", 3_000 * E8, event_id("m", 3))
    exposure.settle()
    lost_e16 = 15_000 * E8 * E8
    assert exposure.now().profit_e16 == exposure.judged().profit_e16 == -lost_e16
