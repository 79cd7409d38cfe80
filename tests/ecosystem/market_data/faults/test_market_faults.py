"""What each fault of the market does to prices, spreads and volumes, beside its twin."""

import statistics
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from math import log

import pytest

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.events.prices import PriceTicked
from ecosystem.market_data.machine import MarketData
from ecosystem.units import E8, SECOND_US
from tests.ecosystem.market_data.feeds import KEY, STARTS_AT_US, feed, injection, run, ticks

LENGTH = 2400
Pairs = list[tuple[PriceTicked, PriceTicked]]


@cache
def quiet(seed: int) -> list[PriceTicked]:
    return ticks(run(feed(seed), LENGTH))


def beside_twin(fault: InjectionScheduled, seed: int = 1) -> Callable[[str, int, int], Pairs]:
    """Return what gives the ticks of an instrument from one second to another, and the twins'."""
    shaken = ticks(run(feed(seed, fault), LENGTH))

    def between(symbol: str, since: int, until: int) -> Pairs:
        chosen = [
            (tick, twin)
            for tick, twin in zip(shaken, quiet(seed), strict=True)
            if tick.instrument == symbol
        ]
        return chosen[since:until]

    return between


def mid(tick: PriceTicked) -> float:
    return (tick.bid_price_e8 + tick.ask_price_e8) / 2


def deviation(pairs: Pairs) -> float:
    return statistics.mean(mid(tick) / mid(twin) - 1 for tick, twin in pairs)


def ratio(pairs: Pairs, of: Callable[[PriceTicked], float]) -> float:
    return statistics.mean(of(tick) for tick, _ in pairs) / statistics.mean(
        of(twin) for _, twin in pairs
    )


def spread(tick: PriceTicked) -> float:
    return (tick.ask_price_e8 - tick.bid_price_e8) / mid(tick)


def volume(tick: PriceTicked) -> float:
    return float(tick.volume_e8)


def returns(pairs: Pairs, side: int) -> list[float]:
    return [log(mid(after[side]) / mid(before[side])) for before, after in pairwise(pairs)]


def test_a_depeg_drifts_stays_and_recovers_with_everything_quoted_in_tether() -> None:
    fault = injection(
        "depeg",
        starts_s=300,
        lasts_s=1800,
        change_e8=-5 * 10**6,
        build_us=600 * SECOND_US,
        recover_us=600 * SECOND_US,
        rest_e8=-4 * 10**5,
    )
    of = beside_twin(fault)
    # The noise has a deviation of a twentieth of the change, so 0.25 % at the worst.
    assert deviation(of("USDT-USD", 590, 610)) == pytest.approx(-0.025, abs=0.005)
    assert deviation(of("USDT-USD", 900, 1500)) == pytest.approx(-0.05, abs=0.005)
    assert deviation(of("USDT-USD", 2110, LENGTH)) == pytest.approx(-0.004, abs=0.001)
    assert deviation(of("BTC-USDT", 900, 1500)) == pytest.approx(1 / 0.95 - 1, abs=0.006)
    assert all(tick == twin for tick, twin in of("BTC-USD", 0, LENGTH))
    assert ratio(of("USDT-USD", 900, 1500), spread) == pytest.approx(4, rel=0.15)
    assert ratio(of("ETH-USDT", 900, 1500), volume) == pytest.approx(6, rel=0.02)
    held = [mid(tick) / mid(twin) for tick, twin in of("USDT-USD", 900, 1500)]
    assert 0.0005 < statistics.stdev(held) < 0.005, "it is restless"


def test_a_divergence_moves_the_perpetual_alone_and_gives_it_back() -> None:
    fault = injection(
        "price-divergence",
        starts_s=300,
        lasts_s=1800,
        premium_e8=5 * 10**6,
        build_us=600 * SECOND_US,
        recover_us=600 * SECOND_US,
    )
    of = beside_twin(fault)
    assert deviation(of("BTC-USD-PERP", 900, 1500)) == pytest.approx(0.05, abs=0.004)
    assert all(tick == twin for tick, twin in of("BTC-USD-PERP", 2101, LENGTH))
    assert all(tick == twin for tick, twin in of("BTC-USD", 0, LENGTH))
    assert ratio(of("BTC-USD-PERP", 900, 1500), volume) == pytest.approx(3, rel=0.02)


def test_a_shock_of_a_dollar_pair_takes_its_crosses_along_and_comes_back() -> None:
    fault = injection(
        "price-shock",
        starts_s=300,
        lasts_s=600,
        instruments=["ETH-USD"],
        change_e8=10**7,
        recover_us=600 * SECOND_US,
        rest_e8=5 * 10**7,
    )
    of = beside_twin(fault)
    for symbol in ("ETH-USD", "ETH-USDT", "ETH-BTC"):
        assert deviation(of(symbol, 311, 900)) == pytest.approx(0.1, abs=0.004)
        assert deviation(of(symbol, 1600, LENGTH)) == pytest.approx(0.0488, abs=0.001)
    assert all(tick == twin for tick, twin in of("BTC-USD", 0, LENGTH))
    assert ratio(of("ETH-USD", 311, 900), spread) == pytest.approx(3, rel=0.02)
    assert ratio(of("ETH-USD", 1600, LENGTH), volume) == 1


def test_a_shock_of_a_cross_dislocates_it_from_all_others() -> None:
    fault = injection(
        "price-shock", starts_s=300, lasts_s=600, instruments=["BTC-USDT"], change_e8=-(10**7)
    )
    of = beside_twin(fault)
    assert deviation(of("BTC-USDT", 311, 900)) == pytest.approx(-0.1, abs=0.004)
    for symbol in ("BTC-USD", "USDT-USD", "ETH-USDT"):
        assert all(tick == twin for tick, twin in of(symbol, 0, LENGTH))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_volatility_spike_makes_every_return_ten_times_as_large(seed: int) -> None:
    of = beside_twin(injection("volatility-spike", starts_s=300, lasts_s=600), seed)
    for symbol in ("BTC-USD", "ETH-USD"):
        spiked = of(symbol, 301, 900)
        # Less than ten times where prices have gone far already: no more than a quarter is added.
        larger = statistics.stdev(returns(spiked, 0)) / statistics.stdev(returns(spiked, 1))
        assert 8.5 < larger < 10.2
        assert ratio(spiked, spread) == pytest.approx(3, rel=0.02)
        after = of(symbol, 900, LENGTH)
        stays = [mid(tick) / mid(twin) for tick, twin in after]
        assert max(stays) - min(stays) < 1e-4, "where prices have gone, they stay"


@pytest.mark.parametrize("asked_e8", [-E8 // 2, 0, 95 * E8 // 100])
def test_a_broken_correlation_is_the_one_asked_for_at_the_same_volatility(asked_e8: int) -> None:
    fault = injection("correlation-break", starts_s=300, lasts_s=2000, correlation_e8=asked_e8)
    of = beside_twin(fault)
    bitcoin, ether = of("BTC-USD", 301, 2300), of("ETH-USD", 301, 2300)
    found = statistics.correlation(returns(bitcoin, 0), returns(ether, 0))
    # Two thousand returns: a standard error of 0.02, and as much from the rounding of quotes.
    assert found == pytest.approx(asked_e8 / E8, abs=0.08)
    same = statistics.stdev(returns(ether, 0)) / statistics.stdev(returns(ether, 1))
    assert same == pytest.approx(1, abs=0.06)
    assert all(tick == twin for tick, twin in bitcoin)


def test_a_feed_of_tenths_of_seconds_is_shocked_alike() -> None:
    fault = injection(
        "price-shock", starts_s=5, lasts_s=20, instruments=["BTC-USD"], change_e8=10**7
    )
    fast = [MarketData(KEY, 1, STARTS_AT_US, interval_us=SECOND_US // 10) for _ in range(2)]
    fast[0].handle(fault, STARTS_AT_US)
    pairs = list(zip(*(ticks(run(machine, 250), "BTC-USD") for machine in fast), strict=True))
    assert all(tick == twin for tick, twin in pairs[:50])
    assert deviation(pairs[100:150]) == pytest.approx(0.05, abs=0.03), "half of the leap is done"
    assert deviation(pairs[155:]) == pytest.approx(0.1, abs=0.004)
    # The wobble of a second is the same, in ten parts: no more restless than a feed of seconds.
    jitter = [mid(tick) / mid(twin) for tick, twin in pairs[155:]]
    assert statistics.stdev(b / a - 1 for a, b in pairwise(jitter)) < 0.0002
