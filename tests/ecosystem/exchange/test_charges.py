import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.exchange.charges import cost_e8, fee_e8, fee_schedule, notional_e8
from ecosystem.firm import SECOND_VENUE, VENUE
from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8
from ecosystem.venues import VENUES

BTC_USD = INSTRUMENTS["BTC-USD"]


@pytest.mark.parametrize(
    ("price_e8", "quantity_e8", "value_e8"),
    [(60_000 * E8, E8 // 10, 6_000 * E8), (3, E8 // 2, 1), (1, 1, 0)],
)
def test_a_notional_is_rounded_down(price_e8: int, quantity_e8: int, value_e8: int) -> None:
    assert notional_e8(price_e8, quantity_e8) == value_e8


@pytest.mark.parametrize(
    ("value_e8", "charge_e8"), [(6_000 * E8, 3 * E8), (1_999, 0), (2_000, 1), (3_999, 1)]
)
def test_a_fee_is_rounded_down(value_e8: int, charge_e8: int) -> None:
    assert fee_e8(value_e8, BTC_USD.taker_fee_e8) == charge_e8


def test_a_buy_costs_its_notional_and_the_fee_rounded_up() -> None:
    assert cost_e8(60_000 * E8, E8, BTC_USD.taker_fee_e8) == 60_030 * E8
    assert cost_e8(1, 1, BTC_USD.taker_fee_e8) == 2


def test_a_venue_charges_its_own_rates_but_no_more_than_an_instruments_schedule() -> None:
    terms = msgspec.structs.replace(VENUES[VENUE], maker_fee_e8=0, taker_fee_e8=E8 // 100)
    assert fee_schedule(terms)["BTC-USD"] == (0, BTC_USD.taker_fee_e8)
    binance = fee_schedule(VENUES[SECOND_VENUE])
    assert set(binance.values()) == {(E8 // 10_000, 4 * E8 // 10_000)}


@given(
    limit_price_e8=st.integers(1, 10**15),
    parts=st.lists(
        st.tuples(st.integers(1, 10**10), st.floats(0, 1), st.booleans()), min_size=1, max_size=12
    ),
)
def test_a_lock_covers_whatever_the_executions_cost(
    limit_price_e8: int, parts: list[tuple[int, float, bool]]
) -> None:
    remaining_e8 = sum(quantity_e8 for quantity_e8, _, _ in parts)
    locked_e8 = cost_e8(limit_price_e8, remaining_e8, BTC_USD.taker_fee_e8)
    for quantity_e8, better, maker in parts:
        value_e8 = notional_e8(limit_price_e8 - int(limit_price_e8 * better), quantity_e8)
        rate_e8 = BTC_USD.maker_fee_e8 if maker else BTC_USD.taker_fee_e8
        remaining_e8 -= quantity_e8
        after_e8 = cost_e8(limit_price_e8, remaining_e8, BTC_USD.taker_fee_e8)
        assert locked_e8 - after_e8 >= value_e8 + fee_e8(value_e8, rate_e8)
        locked_e8 = after_e8
    assert locked_e8 == 0
