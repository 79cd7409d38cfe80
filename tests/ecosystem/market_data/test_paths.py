import math
import statistics
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.market_data.paths import (
    BASIS_DEVIATION,
    BTC_VOLATILITY,
    CORRELATION,
    E12,
    ETH_VOLATILITY,
    TETHER_DEVIATION,
    PricePaths,
    mid_prices_e8,
)
from ecosystem.units import DAY_US, SECOND_US

SEEDS = range(5)
STEPS = 6000


def state(paths: PricePaths) -> tuple[int, ...]:
    return paths.step, paths.btc_e12, paths.eth_e12, paths.tether_e12, paths.basis_e12


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_a_path_depends_on_the_step_alone_not_on_the_way_there(seed: int, cuts: list[int]) -> None:
    wandering, direct = PricePaths(seed, SECOND_US), PricePaths(seed, SECOND_US)
    for step in sorted(cuts):
        wandering.advance_to(step)
    wandering.advance_to(300)
    direct.advance_to(300)
    assert state(wandering) == state(direct)


def test_a_path_never_goes_back() -> None:
    paths = PricePaths(1, SECOND_US)
    paths.advance_to(10)
    before = state(paths)
    paths.advance_to(4)
    assert state(paths) == before


def test_paths_begin_at_the_reference_prices() -> None:
    assert [price / 1e8 for price in mid_prices_e8(0, 0, 0, 0)] == [
        60_000,
        3_000,
        1,
        60_000,
        3_000,
        0.05,
        60_000,
    ]


def steps_of(seed: int, interval_us: int = SECOND_US) -> tuple[list[float], list[float]]:
    paths = PricePaths(seed, interval_us)
    bitcoin, ether = [0], [0]
    for step in range(1, STEPS + 1):
        paths.advance_to(step)
        bitcoin.append(paths.btc_e12)
        ether.append(paths.eth_e12)
    return (
        [(after - before) / E12 for before, after in pairwise(bitcoin)],
        [(after - before) / E12 for before, after in pairwise(ether)],
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_returns_of_bitcoin_and_ether_correlate_as_configured(seed: int) -> None:
    # The standard error of a correlation of 0.7 over 6000 steps is 0.007.
    assert statistics.correlation(*steps_of(seed)) == pytest.approx(CORRELATION, abs=0.03)


@pytest.mark.parametrize("interval_us", [SECOND_US, 100_000])
def test_a_years_volatility_is_as_configured_whatever_the_interval(interval_us: int) -> None:
    year = math.sqrt(365 * DAY_US / interval_us)
    bitcoin, ether = steps_of(3, interval_us)
    assert statistics.stdev(bitcoin) * year == pytest.approx(BTC_VOLATILITY, rel=0.04)
    assert statistics.stdev(ether) * year == pytest.approx(ETH_VOLATILITY, rel=0.04)


def test_tether_and_the_basis_stay_near_their_mean() -> None:
    tether, basis = [], []
    for seed in range(100):
        paths = PricePaths(seed, SECOND_US)
        paths.advance_to(4000)
        tether.append(paths.tether_e12 / E12)
        basis.append(paths.basis_e12 / E12)
    assert statistics.pstdev(tether) == pytest.approx(TETHER_DEVIATION, rel=0.25)
    assert statistics.pstdev(basis) == pytest.approx(BASIS_DEVIATION, rel=0.25)
    assert max(map(abs, tether)) < 5 * TETHER_DEVIATION
