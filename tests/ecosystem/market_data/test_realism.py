"""Whether the default market looks like a market: stylised facts, over several seeds.

Half a day of seconds for each seed. The seeds are fixed, so nothing here is a matter of luck; the
bounds are several standard errors wide, so another seed would do as well. Facts and their names:
Cont, Empirical properties of asset returns, Quantitative Finance 1 (2001).
"""

import itertools
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.models.source import PATHS, ModelSource
from ecosystem.market_data.models.table import ASSETS, CORRELATIONS
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import feed, run, ticks

Series = npt.NDArray[np.float64]
SEEDS = (1, 2, 3, 4)
SECONDS = 12 * 3600
VOLATILE = ("BTC", "ETH")
SYMBOLS = tuple(INSTRUMENTS)


@cache
def logs(seed: int) -> Series:
    source = ModelSource(seed, SECOND_US)
    rows = []
    for step in range(SECONDS + 1):
        source.prices(step)
        rows.append(source.logs_e12)
    return np.array(rows, dtype=np.float64) / 1e12


def returns(seed: int, asset: str, seconds: int = 1) -> Series:
    return np.diff(logs(seed)[::seconds, PATHS.index(asset)])


def excess_kurtosis(values: Series) -> float:
    centred = values - values.mean()
    return float((centred**4).mean() / centred.var() ** 2 - 3)


def autocorrelation(values: Series, lag: int) -> float:
    centred = values - values.mean()
    return float((centred[:-lag] * centred[lag:]).mean() / centred.var())


@pytest.mark.parametrize("asset", VOLATILE)
@pytest.mark.parametrize("seed", SEEDS)
def test_tails_are_fat(seed: int, asset: str) -> None:
    # A normal sample of 720 has an excess kurtosis of 0 with a standard error of 0.18, one of
    # 43 200 of 0.024; the moods alone give 1.2 and more, each jump adds to it.
    assert excess_kurtosis(returns(seed, asset, 60)) > 0.75
    assert excess_kurtosis(returns(seed, asset)) > 0.75


@pytest.mark.parametrize("asset", VOLATILE)
def test_large_moves_follow_large_moves_for_a_long_time(asset: str) -> None:
    # Sizes of minute returns, averaged over the seeds: a standard error of 0.02 each.
    found = {
        lag: np.mean([autocorrelation(np.abs(returns(s, asset, 60)), lag) for s in SEEDS])
        for lag in (1, 5, 15, 90)
    }
    assert 0.08 < found[1] < 0.4
    assert found[5] > 0.06
    assert found[15] > 0.03
    assert found[90] < found[1], "it decays"


@pytest.mark.parametrize("asset", VOLATILE)
def test_the_direction_of_a_move_says_nothing_of_the_next(asset: str) -> None:
    for lag in (1, 2, 5):
        found = np.mean([autocorrelation(returns(seed, asset, 60), lag) for seed in SEEDS])
        assert abs(found) < 0.08, "four standard errors of 0.019"


@pytest.mark.parametrize(
    ("left", "right"), list(itertools.combinations(PATHS, 2)), ids=lambda name: str(name)
)
def test_steps_correlate_as_configured(left: str, right: str) -> None:
    asked = CORRELATIONS.get((left, right), 0.0)
    # The moods and jumps leave fewer than 43 200 independent steps: 0.005 becomes about 0.012.
    for seed in SEEDS:
        found = np.corrcoef(returns(seed, left), returns(seed, right))[0, 1]
        assert found == pytest.approx(asked, abs=0.06)
    mean = np.mean([np.corrcoef(returns(s, left), returns(s, right))[0, 1] for s in SEEDS])
    assert mean == pytest.approx(asked, abs=0.03)


@pytest.mark.parametrize("asset", VOLATILE)
def test_a_year_is_as_volatile_as_configured(asset: str) -> None:
    asked = next(row.volatility for row in ASSETS if row.asset == asset)
    # Half a day may be all calm or mostly busy; four of them are less one-sided.
    found = np.sqrt(np.mean([returns(seed, asset).var() for seed in SEEDS]) * 365 * 86_400)
    assert found == pytest.approx(asked, rel=0.15)


@pytest.mark.parametrize("asset", ["USDT", "BASIS"])
def test_what_reverts_forgets_half_in_its_half_life_and_keeps_its_width(asset: str) -> None:
    row = next(row for row in ASSETS if row.asset == asset)
    half_life = round(row.reversion_us / SECOND_US * np.log(2))
    column = PATHS.index(asset)
    # 36 time constants in each of four series: a standard error of about 0.1.
    memory = [autocorrelation(logs(seed)[:, column], half_life) for seed in SEEDS]
    assert np.mean(memory) == pytest.approx(0.5, abs=0.2)
    width = np.sqrt(np.mean([(logs(seed)[:, column] ** 2).mean() for seed in SEEDS]))
    assert width == pytest.approx(row.deviation, rel=0.25)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_quiet_move_comes_near_the_limit_of_severe_alerts(seed: int) -> None:
    # A price shock is severe from 1.8 % within five minutes; the largest move of half a day is
    # to stay a quarter below it.
    for column in (0, 1):
        path = logs(seed)[:, column]
        windows = np.lib.stride_tricks.sliding_window_view(path, 301)[::5]
        now = windows[:, -1]
        assert max((windows.max(1) - now).max(), (now - windows.min(1)).max()) < 0.0135


BANDS_BPS = {"BTC-USD": (1, 5), "ETH-USD": (2, 8), "ETH-BTC": (5, 15), "USDT-USD": (0.1, 2)}


@pytest.mark.parametrize("seed", SEEDS)
def test_spreads_lie_in_their_bands_and_triangles_close_within_them(seed: int) -> None:
    published = ticks(run(feed(seed), 900))
    for symbol, (low, high) in BANDS_BPS.items():
        for tick in published[SYMBOLS.index(symbol) :: len(SYMBOLS)]:
            spread_e8 = tick.ask_price_e8 - tick.bid_price_e8
            mid_e8 = (tick.ask_price_e8 + tick.bid_price_e8) // 2
            assert low * 1e-4 <= spread_e8 / mid_e8 <= high * 1e-4
    for at in range(0, len(published), len(SYMBOLS)):
        quotes = {tick.instrument: tick for tick in published[at : at + len(SYMBOLS)]}
        for whole, left, right in (
            ("BTC-USD", "BTC-USDT", "USDT-USD"),
            ("ETH-USD", "ETH-USDT", "USDT-USD"),
            ("ETH-USD", "ETH-BTC", "BTC-USD"),
        ):
            bid = quotes[left].bid_price_e8 * quotes[right].bid_price_e8
            ask = quotes[left].ask_price_e8 * quotes[right].ask_price_e8
            assert bid <= quotes[whole].ask_price_e8 * E8
            assert ask >= quotes[whole].bid_price_e8 * E8
