"""The models one by one, and the source that runs them side by side."""

import math
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.errors import InvalidInputError
from ecosystem.market_data.arithmetic import E12, exp_e12, log_e12, normal
from ecosystem.market_data.machine import MarketData
from ecosystem.market_data.models import brownian, jumping, reverting, switching
from ecosystem.market_data.models.contract import AssetModel, PriceModel, Regime
from ecosystem.market_data.models.correlation import cholesky, correlation_matrix
from ecosystem.market_data.models.source import ModelSource, mid_prices_e8
from ecosystem.market_data.models.switching import shares_of_time
from ecosystem.market_data.models.table import ASSETS, MODELS, MOODS
from ecosystem.rng import Stream
from ecosystem.units import DAY_US, MINUTE_US, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, run, ticks

KNOWN = [
    6061788738989,
    303884353770,
    100004674,
    6061505424225,
    303870150879,
    5013113,
    6060971870570,
]
YEAR = 365 * 86_400
DRAWS, MARKET = Stream(5, "test", "draws"), Stream(5, "test", "market")


def steps_of(model: PriceModel, count: int) -> list[float]:
    logs = [0]
    for number in range(1, count + 1):
        model.advance(normal(DRAWS, number), MARKET.bits(number))
        logs.append(model.log_e12)
    return [(after - before) / E12 for before, after in pairwise(logs)]


@given(st.integers(-6 * E12, 6 * E12))
def test_the_exponential_is_that_of_mathematics(log: int) -> None:
    assert exp_e12(log) == pytest.approx(math.exp(log / E12), rel=4e-15)


@given(st.integers(1, 10**16), st.integers(1, 10**16))
def test_the_logarithm_is_that_of_mathematics(above: int, below: int) -> None:
    assert log_e12(above, below) == pytest.approx(math.log(above / below) * E12, abs=1.5, rel=1e-15)


def test_known_bits_of_the_arithmetic_are_the_same_on_every_computer() -> None:
    assert [exp_e12(log).hex() for log in (10**11, -(10**11), 693_147_180_560)] == [
        "0x1.1aec7b35a00d3p+0",
        "0x1.cf46d99d52b3ap-1",
        "0x1.00000000000f6p+1",
    ]
    assert [log_e12(3, 2), log_e12(2, 3), log_e12(60_001, 60_000)] == [
        405_465_108_108,
        -405_465_108_108,
        16_666_528,
    ]


@pytest.mark.parametrize("interval_us", [SECOND_US, SECOND_US // 10])
def test_a_brownian_year_is_as_volatile_as_asked_whatever_the_interval(interval_us: int) -> None:
    row = AssetModel(asset="X", model=brownian.NAME, volatility=0.6)
    found = steps_of(brownian.Brownian(row, interval_us), 6000)
    year = math.sqrt(YEAR * SECOND_US / interval_us)
    # The standard error of a deviation over 6000 steps is 0.9 %.
    assert statistics.stdev(found) * year == pytest.approx(0.6, rel=0.04)


def test_jumps_are_as_many_and_as_large_as_asked_within_the_volatility() -> None:
    row = AssetModel(
        asset="X", model=jumping.NAME, volatility=0.6, jumps_per_day=500, jump_deviation=0.0005
    )
    found = steps_of(jumping.Jumping(row, SECOND_US), 86_400)
    leaps = [step for step in found if abs(step) > 0.6 / math.sqrt(YEAR) * 4.5]
    # Of jumps with a deviation of five steps, a third is smaller than four and a half steps.
    assert len(leaps) == pytest.approx(500 * 0.34, rel=0.2)
    assert statistics.stdev(found) * math.sqrt(YEAR) == pytest.approx(0.6, rel=0.04)


def test_jumps_beyond_the_volatility_are_refused() -> None:
    row = AssetModel(
        asset="X", model=jumping.NAME, volatility=0.1, jumps_per_day=100, jump_deviation=0.01
    )
    with pytest.raises(InvalidInputError, match=r"X: 100 jumps a day of 0\.01 found"):
        jumping.Jumping(row, SECOND_US)


def test_a_path_that_reverts_has_its_deviation_and_its_half_life() -> None:
    row = AssetModel(asset="X", model=reverting.NAME, deviation=0.001, reversion_us=100 * SECOND_US)
    model = reverting.Reverting(row, SECOND_US)
    logs = []
    for number in range(1, 60_001):
        model.advance(normal(DRAWS, number), 0)
        logs.append(model.log_e12 / E12)
    # 600 times the time constant: a standard error of about 4 % of the deviation.
    assert statistics.pstdev(logs) == pytest.approx(0.001, rel=0.12)
    half_life = round(100 * math.log(2))
    assert statistics.correlation(logs[:-half_life], logs[half_life:]) == pytest.approx(
        0.5, abs=0.1
    )


def test_regimes_share_the_time_as_their_chain_says() -> None:
    assert shares_of_time(MOODS) == pytest.approx([4 / 9, 4 / 9, 1 / 9])
    assert shares_of_time(MOODS[:1]) == [1.0]
    two = (Regime(1.0, 3 * MINUTE_US), Regime(2.0, MINUTE_US))
    assert shares_of_time(two) == pytest.approx([0.75, 0.25])


def test_a_switching_market_is_as_volatile_as_asked_in_the_long_run_and_never_steadily() -> None:
    row = AssetModel(
        asset="X",
        model=switching.NAME,
        volatility=0.6,
        regimes=tuple(Regime(r.weight, r.mean_us // 60) for r in MOODS),
    )
    found = steps_of(switching.Switching(row, SECOND_US), 60_000)
    assert statistics.stdev(found) * math.sqrt(YEAR) == pytest.approx(0.6, rel=0.06)
    minutes = [statistics.stdev(found[at : at + 60]) for at in range(0, len(found), 60)]
    assert max(minutes) > 2 * min(minutes)


def test_a_market_without_regimes_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="X: no regimes found"):
        switching.Switching(AssetModel(asset="X", model=switching.NAME), SECOND_US)


@given(st.lists(st.floats(-0.3, 0.3), min_size=6, max_size=6))
def test_the_triangle_times_its_transpose_is_the_matrix(values: list[float]) -> None:
    names = ("A", "B", "C", "D")
    pairs = [(left, right) for at, left in enumerate(names) for right in names[at + 1 :]]
    matrix = correlation_matrix(names, dict(zip(pairs, values, strict=True)))
    # Off the diagonal at most 0.3 each: a diagonal that dominates, so a matrix that can be.
    factor = cholesky(matrix)
    for row in range(4):
        for column in range(4):
            product = sum(factor[row][k] * factor[column][k] for k in range(4))
            assert product == pytest.approx(matrix[row][column], abs=1e-12)


def test_three_that_cannot_all_oppose_each_other_are_refused() -> None:
    opposed = {("A", "B"): -0.9, ("A", "C"): -0.9, ("B", "C"): -0.9}
    with pytest.raises(InvalidInputError, match="a positive definite matrix is allowed"):
        cholesky(correlation_matrix(("A", "B", "C"), opposed))


@pytest.mark.parametrize("pairs", [{("A", "C"): 0.1}, {("A", "A"): 1.0}, {("A", "B"): 1.1}])
def test_correlations_that_cannot_be_are_refused(pairs: dict[tuple[str, str], float]) -> None:
    with pytest.raises(InvalidInputError, match="two different of A, B is allowed"):
        correlation_matrix(("A", "B"), pairs)


@given(seed=st.integers(0, 2**32), steps=st.lists(st.integers(0, 300), max_size=6))
def test_prices_depend_on_the_step_alone_not_on_the_way_there(seed: int, steps: list[int]) -> None:
    wandering = ModelSource(seed, SECOND_US)
    for step in (*steps, 300):
        wandering.prices(step)
    direct = ModelSource(seed, SECOND_US)
    assert wandering.prices(300) == direct.prices(300)
    assert wandering.logs_e12 == direct.logs_e12


def test_prices_begin_at_the_references() -> None:
    assert [price / 1e8 for price in mid_prices_e8(0, 0, 0, 0)] == [
        60_000,
        3_000,
        1,
        60_000,
        3_000,
        0.05,
        60_000,
    ]


def test_known_prices_of_a_seed_are_the_same_on_every_computer() -> None:
    source = ModelSource(1, SECOND_US)
    assert [price.mid_price_e8 for price in source.prices(3600)] == KNOWN


def test_every_path_is_known_to_the_source() -> None:
    with pytest.raises(InvalidInputError, match="in this order"):
        ModelSource(1, SECOND_US, assets=ASSETS[:2])
    strange = (AssetModel(asset="BTC", model="crystal-ball"), *ASSETS[1:])
    with pytest.raises(InvalidInputError, match=r"models \['crystal-ball'\] found; brownian,"):
        ModelSource(1, SECOND_US, assets=strange)


class Climbing:
    """A model of a user's own: one basis point a step."""

    def __init__(self, asset: AssetModel, interval_us: int) -> None:
        self.log_e12 = 0

    def advance(self, shock: float, bits: int) -> None:
        self.log_e12 += E12 // 10_000


def test_a_model_of_ones_own_is_a_class_and_an_entry() -> None:
    source = ModelSource(
        1,
        SECOND_US,
        assets=(AssetModel(asset="BTC", model="climbing"), *ASSETS[1:]),
        models={**MODELS, "climbing": Climbing},
    )
    bitcoin = source.prices(100)[0]
    assert bitcoin.mid_price_e8 == pytest.approx(60_000e8 * math.exp(0.01), rel=1e-12)


def test_the_model_of_the_manual_runs_and_drifts_as_it_says() -> None:
    text = (Path(__file__).parents[4] / "docs" / "how-to" / "add-a-price-model.md").read_text()
    names: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], names)  # noqa: S102 - our own manual
    row = AssetModel(asset="BTC", model="trending", volatility=0.5)
    still = names["Trending"](row, DAY_US)
    for _ in range(365):
        still.advance(0.0, 0)
    assert still.log_e12 / E12 == pytest.approx(0.5, rel=1e-6)
    source = ModelSource(
        1,
        SECOND_US,
        assets=(row, *ASSETS[1:]),
        models={**MODELS, "trending": names["Trending"]},
    )
    feed = MarketData(KEY, 1, STARTS_AT_US, source=source)
    assert len(ticks(run(feed, 3))) == 21
