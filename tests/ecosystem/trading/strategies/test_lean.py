import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.firm import OPENING_BALANCES_E8, VENUE
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.registry import FIRM_SEATS
from ecosystem.trading.strategies.lean import CLIPS_E8, LEVEL_MAX, next_level

LEVELS = st.integers(-LEVEL_MAX, LEVEL_MAX)


@given(level=LEVELS, signal=st.floats(-10, 10))
def test_a_level_stays_within_its_bounds_and_settles_at_once(level: int, signal: float) -> None:
    settled = next_level(level, signal)
    assert -LEVEL_MAX <= settled <= LEVEL_MAX
    assert next_level(settled, signal) == settled


@given(level=LEVELS, noise=st.floats(-1, 1))
def test_a_signal_within_one_step_of_the_level_moves_nothing(level: int, noise: float) -> None:
    assert next_level(level, level + noise) == level


@given(level=LEVELS, signal=st.floats(-10, 10))
def test_a_level_moves_towards_the_signal_or_not_at_all(level: int, signal: float) -> None:
    moved = next_level(level, signal) - level
    assert moved == 0 or (moved > 0) == (signal > level)


def test_each_strategy_has_an_account_of_its_own() -> None:
    assert len({seat.account for seat in FIRM_SEATS}) == len(FIRM_SEATS)


@pytest.mark.parametrize("account", ["firm-momentum", "firm-reversion"])
def test_an_account_bears_the_greatest_lean(account: str) -> None:
    held_e8 = OPENING_BALANCES_E8[VENUE][account]
    for symbol, clip_e8 in CLIPS_E8.items():
        assert LEVEL_MAX * clip_e8 * 5 <= held_e8[INSTRUMENTS[symbol].base]


def test_orders_are_modest() -> None:
    assert CLIPS_E8["BTC-USD"] // 2 >= 2_000_000, "0.02 BTC"
    assert CLIPS_E8["BTC-USD"] * 2 <= 10_000_000, "0.1 BTC"
