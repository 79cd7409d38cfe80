import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecosystem.rng import Stream
from ecosystem.trading.indicators import Momentum, Reversion
from ecosystem.units import E8, MINUTE_US, SECOND_US

PRICE_E8 = 60_000 * E8


def momentum() -> Momentum:
    return Momentum(MINUTE_US, 5 * MINUTE_US, 0.001)


def reversion() -> Reversion:
    return Reversion(10 * MINUTE_US, 1.0, 0.0005)


def feed(indicator: Momentum | Reversion, prices_e8: list[int]) -> float | None:
    for second, price_e8 in enumerate(prices_e8):
        indicator.update(price_e8, second * SECOND_US)
    return indicator.signal()


@pytest.mark.parametrize(("indicator", "full_s"), [(momentum(), 300), (reversion(), 600)])
def test_no_opinion_before_the_indicator_is_full(
    indicator: Momentum | Reversion, full_s: int
) -> None:
    assert feed(indicator, [PRICE_E8] * full_s) is None
    indicator.update(PRICE_E8, full_s * SECOND_US)
    assert indicator.signal() == 0.0


@pytest.mark.parametrize("indicator", [momentum(), reversion()])
def test_no_opinion_without_any_price(indicator: Momentum | Reversion) -> None:
    assert indicator.signal() is None


def test_momentum_follows_a_trend_and_reversion_opposes_it() -> None:
    rising = [PRICE_E8 + second * E8 for second in range(1200)]
    falling = [PRICE_E8 - second * E8 for second in range(1200)]
    up, down = feed(momentum(), rising), feed(momentum(), falling)
    dear, cheap = feed(reversion(), rising), feed(reversion(), falling)
    assert up is not None
    assert down is not None
    assert dear is not None
    assert cheap is not None
    assert down < 0 < up
    assert dear < 0 < cheap


def test_reversion_takes_calm_for_calm() -> None:
    assert abs(feed(reversion(), [PRICE_E8] * 700 + [PRICE_E8 + E8]) or 0) < 0.1


@given(st.integers(0, 2**32))
def test_the_same_tick_again_changes_no_opinion(seed: int) -> None:
    chance = Stream(seed, "prices")
    prices_e8 = [chance.integer(second, E8, 100_000 * E8) for second in range(700)]
    for indicator in (momentum(), reversion()):
        before = feed(indicator, prices_e8)
        indicator.update(prices_e8[-1], (len(prices_e8) - 1) * SECOND_US)
        assert indicator.signal() == before


@given(st.integers(1, 1000))
def test_opinions_do_not_depend_on_the_scale_of_the_price(scale: int) -> None:
    prices = [PRICE_E8 + (second * 7919 % 1000) * E8 for second in range(700)]
    for one, other in ((momentum(), momentum()), (reversion(), reversion())):
        scaled = feed(other, [price * scale for price in prices])
        assert scaled == pytest.approx(feed(one, prices), rel=1e-6, abs=1e-9)
