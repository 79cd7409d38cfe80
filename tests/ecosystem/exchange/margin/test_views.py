"""What a venue tells at its door about accounts, by hand."""

from ecosystem.exchange.margin.views import BalanceView, PositionView, balances, positions
from ecosystem.units import E8, parse_e8
from tests.ecosystem.exchange.margin.perps import FUT, MAR, SPOT, PerpVenue


def test_a_position_is_told_with_its_mark_margins_and_liquidation_price() -> None:
    venue = PerpVenue()
    venue.trade("SELL", "0.5")
    venue.quote(61_000)
    # Sold at 59 999.5, to take: 14.999875 of fee.
    assert positions(venue.exchange.state, FUT) == [
        PositionView(
            instrument="BTC-USD-PERP",
            quantity_e8=-E8 // 2,
            entry_price_e8=parse_e8("59999.5"),
            mark_price_e8=61_000 * E8,
            index_price_e8=61_000 * E8,
            notional_e8=30_500 * E8,
            unrealised_pnl_e8=-parse_e8("500.25"),
            initial_margin_e8=parse_e8("2999.975"),
            maintenance_margin_e8=1_525 * E8,
            equity_e8=parse_e8("9484.750125"),
            # (29 999.75 + 9 985.000125) / (0.5 x 1.05), rounded down.
            liquidation_price_e8=parse_e8("76161.42880952"),
            leverage_e8=parse_e8("3.21568829"),
        )
    ]
    assert positions(venue.exchange.state, MAR) == []


def test_balances_tell_margin_apart_from_other_locks() -> None:
    venue = PerpVenue()
    venue.deliver(venue.order("SELL", "0.25", "61000", MAR))
    venue.trade("BUY", "0.1", "59000", MAR)
    assert balances(venue.exchange.state, MAR) == [
        BalanceView(
            asset="BTC",
            available_e8=3 * E8 // 4,
            locked_e8=E8 // 4,
            total_e8=E8,
            margin_e8=0,
        ),
        BalanceView(
            asset="USD",
            available_e8=parse_e8("19407.05"),
            locked_e8=parse_e8("592.95"),
            total_e8=20_000 * E8,
            margin_e8=parse_e8("592.95"),
        ),
    ]
    assert [one.asset for one in balances(venue.exchange.state, SPOT)] == ["BTC", "USD"]
    assert balances(venue.exchange.state, "nobody") == []
