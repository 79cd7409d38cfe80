"""What accounts take moves the quotes, and the move decays."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ecosystem.exchange.liquidity.impact import HALF_LIFE_US, Impact, decayed_e8
from ecosystem.units import E8, MINUTE_US, SECOND_US

QUANTITIES = st.integers(-1_000 * E8, 1_000 * E8)
PRICE_E8 = 60_000 * E8
UNIT_E8 = E8 // 4


def moved_bps(taken: float, after_us: int = 0) -> float:
    """Return the move after a quantity was taken, in basis points."""
    impact = Impact(UNIT_E8)
    impact.took(round(taken * E8), 0)
    return impact.shift_e8(PRICE_E8, after_us, 1) * 10_000 / PRICE_E8


def test_a_memory_halves_with_each_half_life_whichever_its_sign() -> None:
    for sign in (1, -1):
        left = [decayed_e8(sign * 800, halves * HALF_LIFE_US // 2) for halves in range(7)]
        assert left == [sign * value for value in (800, 600, 400, 300, 200, 150, 100)]


@given(QUANTITIES, st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_memory_never_grows_and_never_turns(memory_e8: int, first_us: int, more_us: int) -> None:
    earlier = decayed_e8(memory_e8, first_us)
    later = decayed_e8(memory_e8, first_us + more_us)
    assert abs(later) <= abs(earlier) <= abs(memory_e8)
    assert later * memory_e8 >= 0


def test_small_quantities_move_in_proportion_and_large_ones_by_their_root() -> None:
    assert 1.9 < moved_bps(0.02) / moved_bps(0.01) < 2.1
    assert 1.9 < moved_bps(4_000) / moved_bps(1_000) < 2.1
    assert 0.07 < moved_bps(0.02) < 0.09
    assert 12 < moved_bps(12.5) < 12.5
    assert moved_bps(-12.5) == -moved_bps(12.5)


def test_the_move_of_a_large_order_is_gone_within_minutes() -> None:
    assert moved_bps(12.5, MINUTE_US) > 4
    assert 0 < moved_bps(12.5, 5 * MINUTE_US) < 0.1
    assert moved_bps(12.5, 60 * MINUTE_US) == 0


@settings(max_examples=50)
@given(st.lists(st.integers(-E8, E8), min_size=1, max_size=20))
def test_into_how_many_orders_a_quantity_is_split_does_not_matter(parts: list[int]) -> None:
    whole, split = Impact(UNIT_E8), Impact(UNIT_E8)
    whole.took(sum(parts), SECOND_US)
    for part in parts:
        split.took(part, SECOND_US)
    assert whole.shift_e8(PRICE_E8, 2 * SECOND_US, 1) == split.shift_e8(PRICE_E8, 2 * SECOND_US, 1)
