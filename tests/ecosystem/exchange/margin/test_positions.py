from hypothesis import given
from hypothesis import strategies as st

from ecosystem.exchange.charges import notional_e8
from ecosystem.exchange.margin.positions import Position
from ecosystem.units import E8, parse_e8


def trade(position: Position, quantity: str, price: str) -> int:
    """Trade at a price and return what was realised; a sale has a negative quantity."""
    quantity_e8, price_e8 = parse_e8(quantity), parse_e8(price)
    return position.trade(quantity_e8, notional_e8(price_e8, abs(quantity_e8)))


def test_a_position_has_the_average_price_of_what_opened_it() -> None:
    position = Position()
    assert trade(position, "1", "60000") == 0
    assert trade(position, "1", "61000") == 0
    assert position.entry_price_e8 == 60_500 * E8
    assert position.unrealised_e8(60_000 * E8) == -1_000 * E8


def test_reducing_realises_the_difference_to_the_average_price_and_keeps_it() -> None:
    position = Position()
    trade(position, "2", "60500")
    assert trade(position, "-1.5", "62000") == 2_250 * E8
    assert (position.quantity_e8, position.entry_price_e8) == (E8 // 2, 60_500 * E8)
    short = Position()
    trade(short, "-2", "60000")
    assert trade(short, "1", "61000") == -1_000 * E8
    assert (short.quantity_e8, short.entry_price_e8) == (-E8, 60_000 * E8)
    assert short.unrealised_e8(59_000 * E8) == 1_000 * E8


def test_a_trade_beyond_zero_closes_all_and_opens_the_rest_at_its_price() -> None:
    position = Position()
    trade(position, "0.5", "60500")
    assert trade(position, "-1", "60000") == -250 * E8
    assert (position.quantity_e8, position.cost_e8) == (-E8 // 2, -30_000 * E8)
    assert trade(position, "0.5", "59000") == 500 * E8
    assert (position.quantity_e8, position.cost_e8, position.entry_price_e8) == (0, 0, 0)


TRADES = st.lists(
    st.tuples(st.integers(1, 5 * E8), st.integers(1, 10**13), st.booleans(), st.integers(0, 2)),
    max_size=40,
)


@given(TRADES)
def test_profit_and_cost_over_all_sides_cancel_to_the_last_unit(
    trades: list[tuple[int, int, bool, int]],
) -> None:
    sides = [Position() for _ in range(4)]
    realised_e8 = [0, 0, 0, 0]
    paid_e8 = [0, 0, 0, 0]
    for quantity_e8, price_e8, buys, other in trades:
        value_e8 = notional_e8(price_e8, quantity_e8)
        sign = 1 if buys else -1
        for side, signed in ((3, sign), (other, -sign)):
            realised_e8[side] += sides[side].trade(signed * quantity_e8, value_e8)
            paid_e8[side] += signed * value_e8
        for side, position in enumerate(sides):
            assert realised_e8[side] - position.cost_e8 == -paid_e8[side]
            assert position.quantity_e8 or not position.cost_e8
        assert sum(realised_e8) == sum(position.cost_e8 for position in sides)
        assert sum(position.quantity_e8 for position in sides) == 0
