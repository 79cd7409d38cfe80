import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.custodian.profit import Profits
from ecosystem.errors import InvalidInputError
from ecosystem.events.words import Side
from ecosystem.units import E8, format_e8
from tests.ecosystem.custodian.fills import fill, whole


@pytest.mark.parametrize(
    ("trades", "realised"),
    [
        # The opening two BTC cost what the first execution paid.
        ([("SELL", "1", "100")], [0]),
        ([("SELL", "1", "100"), ("SELL", "1", "110")], [0, 10]),
        ([("BUY", "2", "100"), ("SELL", "1", "120")], [0, 20]),
        ([("BUY", "2", "200"), ("BUY", "4", "100"), ("SELL", "4", "150")], [0, 0, 0]),
        ([("BUY", "2", "200"), ("BUY", "4", "100"), ("SELL", "8", "160")], [0, 0, 80]),
        # What was never known to be held costs what it is sold for.
        ([("SELL", "1", "100"), ("SELL", "3", "110")], [0, 10]),
    ],
)
def test_profit_is_realised_at_average_cost(
    trades: list[tuple[Side, str, str]], realised: list[int]
) -> None:
    profits = Profits()
    profits.deposit("firm-momentum", "BTC", 2 * E8)
    found = [profits.realise(fill(*trade)) for trade in trades]
    assert [whole(profit_e8) for _, profit_e8 in found] == realised
    assert {asset for asset, _ in found} == {"USD"}


def test_fees_lessen_profit_on_both_sides() -> None:
    profits = Profits()
    assert profits.realise(fill("BUY", "1", "100", fee="1")) == ("USD", 0)
    assert profits.realise(fill("SELL", "1", "110", fee="2")) == ("USD", 7 * E8)


def test_accounts_and_instruments_are_kept_apart() -> None:
    profits = Profits()
    profits.deposit("firm-momentum", "BTC", E8)
    profits.realise(fill("BUY", "1", "100"))
    profits.realise(fill("BUY", "1", "100", account="firm-reversion"))
    other = fill("SELL", "1", "150", instrument="BTC-USDT", fee_asset="USDT")
    assert profits.realise(other) == ("USDT", 0)
    assert profits.realise(fill("SELL", "1", "150", account="firm-reversion"))[1] == 50 * E8


def test_a_fee_in_another_asset_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="fee in BTC; allowed: BUY or SELL of BASE-QUOTE"):
        Profits().realise(fill("BUY", "1", "100", fee_asset="BTC"))


@given(
    held_e8=st.integers(0, 10 * E8),
    trades=st.lists(
        st.tuples(
            st.sampled_from(["BUY", "SELL"]),
            st.integers(1, 3 * E8),
            st.integers(1, 10**13),
            st.integers(0, 100),
        ),
        max_size=30,
    ),
    last_price_e8=st.integers(1, 10**13),
)
def test_when_all_is_sold_profit_is_what_came_in_less_what_it_cost(
    held_e8: int, trades: list[tuple[Side, int, int, int]], last_price_e8: int
) -> None:
    profits = Profits()
    profits.deposit("firm-momentum", "BTC", held_e8)
    cash_e8 = realised_e8 = 0
    opening_cost_e8: int | None = None
    position_e8 = held_e8
    for number, (side, quantity_e8, price_e8, fee_e8) in enumerate(
        [*trades, ("SELL", 0, last_price_e8, 0)]
    ):
        if side == "SELL":
            wanted_e8 = quantity_e8 if number < len(trades) else position_e8
            quantity_e8 = min(wanted_e8, position_e8)
            if not quantity_e8:
                continue
        event = fill(side, format_e8(quantity_e8), format_e8(price_e8), fee=format_e8(fee_e8))
        if opening_cost_e8 is None:
            opening_cost_e8 = held_e8 * event.notional_e8 // quantity_e8
        sign = 1 if side == "SELL" else -1
        cash_e8 += sign * event.notional_e8 - fee_e8
        position_e8 -= sign * quantity_e8
        realised_e8 += profits.realise(event)[1]
    assert position_e8 == 0
    assert realised_e8 == cash_e8 - (opening_cost_e8 or 0)
