"""What can be injected into the market data feed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ecosystem.firm import FEED
from ecosystem.instruments import INSTRUMENTS
from ecosystem.market_data.faults import (
    crash,
    depeg,
    disruption,
    divergence,
    price_shock,
    reshaping,
)
from ecosystem.market_data.faults.contract import ALL, DOLLAR_PAIRS, DURATION_US
from ecosystem.scenario import Parameter
from ecosystem.units import E8
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord

Measures = Callable[[Mapping[str, Parameter]], tuple[str, ...]]


def _prices(altered: Callable[[Sequence[str]], tuple[str, ...]]) -> Measures:
    def measures(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
        named = parameters["instruments"]
        assert isinstance(named, tuple)
        return tuple(f"price {symbol}" for symbol in altered(named))

    return measures


def _prices_of(altered: Sequence[str]) -> Measures:
    return lambda parameters: tuple(f"price {symbol}" for symbol in altered)


def _disrupted(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    named, mode = parameters["instruments"], parameters["mode"]
    assert isinstance(named, tuple)
    assert isinstance(mode, str)
    return tuple(
        f"{measure} {symbol}"
        for measure in disruption.MEASURES[mode]
        for symbol in disruption.instruments_altered(named)
    )


def _dollar_pairs(default: tuple[str, ...] | None = None) -> ParameterWord:
    return ParameterWord(
        key="instruments",
        name="instruments",
        kind="names",
        why="dollar pairs, whose crosses follow; all means BTC-USD and ETH-USD",
        bounds=(1, len(DOLLAR_PAIRS)),
        choices=(ALL, *DOLLAR_PAIRS),
        default=default,
    )


def _fraction(
    key: str, why: str, bounds: tuple[int, int], default: int | None = None
) -> ParameterWord:
    name = f"{key.replace('-', '_')}_e8"
    return ParameterWord(
        key=key, name=name, kind="fraction", why=why, bounds=bounds, default=default
    )


def _time(
    key: str, name: str, why: str, bounds: tuple[int, int], default: int | None = None
) -> ParameterWord:
    return ParameterWord(
        key=key, name=name, kind="duration", why=why, bounds=bounds, default=default
    )


_CRASH: Final = InjectionWord(
    kind=crash.KIND,
    targets=(FEED,),
    why="prices fall steadily over the time of the injection and then bounce a little",
    duration_us=DURATION_US,
    measures=_prices(crash.instruments_altered),
    parameters=(
        _dollar_pairs(),
        _fraction(
            "change", "change of the price at the end of the injection", (crash.CHANGE_E8_MIN, 0)
        ),
        _fraction(
            "bounce",
            "part of the fall that is recovered afterwards",
            (0, E8),
            crash.BOUNCE_E8_DEFAULT,
        ),
        _time(
            "bounce-for",
            "bounce_us",
            "time the bounce takes",
            crash.BOUNCE_US,
            crash.BOUNCE_US_DEFAULT,
        ),
    ),
)
_PRICE_SHOCK: Final = InjectionWord(
    kind=price_shock.KIND,
    targets=(FEED,),
    why="prices leap, stay there for the time of the injection, and come back afterwards",
    duration_us=DURATION_US,
    measures=_prices(price_shock.instruments_altered),
    parameters=(
        ParameterWord(
            key="instruments",
            name="instruments",
            kind="names",
            why="a dollar pair takes its crosses with it; any other instrument leaps alone",
            bounds=(1, len(INSTRUMENTS)),
            choices=tuple(INSTRUMENTS),
        ),
        _fraction("change", "change of the price while it lasts", price_shock.CHANGE_E8),
        _time(
            "build",
            "build_us",
            "time of the leap",
            price_shock.BUILD_US,
            price_shock.BUILD_US_DEFAULT,
        ),
        _time(
            "recover",
            "recover_us",
            "time of the way back, after the end",
            price_shock.RECOVER_US,
            price_shock.RECOVER_US_DEFAULT,
        ),
        _fraction("rest", "part of the change that remains", price_shock.REST_E8, 0),
    ),
)
_DEPEG: Final = InjectionWord(
    kind=depeg.KIND,
    targets=(FEED,),
    why="tether drifts from its dollar, stays away, and recovers, all within the injection",
    duration_us=depeg.DURATION_US,
    measures=_prices_of(depeg.INSTRUMENTS_ALTERED),
    parameters=(
        _fraction("change", "change of the price of tether at the worst", depeg.CHANGE_E8),
        _time("build", "build_us", "time of the drift, from the start", depeg.PHASE_US),
        _time("recover", "recover_us", "time of the recovery, until the end", depeg.PHASE_US),
        _fraction("rest", "change that remains in the end", depeg.REST_E8, 0),
    ),
)
_DIVERGENCE: Final = InjectionWord(
    kind=divergence.KIND,
    targets=(FEED,),
    why="the perpetual leaves the spot price and comes back, all within the injection",
    duration_us=depeg.DURATION_US,
    measures=_prices_of((divergence.PERPETUAL,)),
    parameters=(
        _fraction("premium", "of BTC-USD-PERP over BTC-USD at its height", divergence.PREMIUM_E8),
        _time(
            "build",
            "build_us",
            "time in which it grows, from the start",
            depeg.PHASE_US,
            divergence.BUILD_US_DEFAULT,
        ),
        _time(
            "recover",
            "recover_us",
            "time in which it goes, until the end",
            depeg.PHASE_US,
            divergence.RECOVER_US_DEFAULT,
        ),
    ),
)
_VOLATILITY_SPIKE: Final = InjectionWord(
    kind=reshaping.VOLATILITY_SPIKE,
    targets=(FEED,),
    why="every return is multiplied; where prices have gone, they stay",
    duration_us=reshaping.DURATION_US,
    measures=_prices(reshaping.volatility_altered),
    parameters=(
        _dollar_pairs((ALL,)),
        ParameterWord(
            key="factor",
            name="factor_e8",
            kind="factor",
            why="of the volatility",
            bounds=reshaping.FACTOR_E8,
            default=reshaping.FACTOR_E8_DEFAULT,
        ),
    ),
)
_CORRELATION_BREAK: Final = InjectionWord(
    kind=reshaping.CORRELATION_BREAK,
    targets=(FEED,),
    why="ether moves with bitcoin no more, or against it",
    duration_us=reshaping.DURATION_US,
    measures=_prices_of(tuple(sorted(reshaping.CorrelationBreak.altered))),
    parameters=(
        ParameterWord(
            key="correlation",
            name="correlation_e8",
            kind="factor",
            why="of the returns of bitcoin and ether while it lasts",
            bounds=reshaping.CORRELATION_E8,
            default=reshaping.CORRELATION_E8_DEFAULT,
        ),
    ),
)
_DISRUPTION: Final = InjectionWord(
    kind=disruption.KIND,
    targets=(FEED,),
    why="the feed loses, delays, repeats, reorders or spoils its ticks",
    duration_us=DURATION_US,
    measures=_disrupted,
    parameters=(
        ParameterWord(
            key="mode", name="mode", kind="choice", why="what goes wrong", choices=disruption.MODES
        ),
        ParameterWord(
            key="instruments",
            name="instruments",
            kind="names",
            why="whose ticks; all of them unless told",
            bounds=(1, len(INSTRUMENTS)),
            choices=(ALL, *INSTRUMENTS),
            default=(ALL,),
        ),
        _fraction(
            "rate",
            "share of ticks hit, of stretches for gaps; stale and delay hit every tick",
            disruption.RATE_E8,
            disruption.RATE_E8_DEFAULT,
        ),
        _time(
            "delay",
            "delay_us",
            "by how much delayed ticks are late",
            disruption.DELAY_US,
            disruption.DELAY_US_DEFAULT,
        ),
        _time(
            "gap",
            "gap_us",
            "length of one stretch of gaps",
            disruption.GAP_US,
            disruption.GAP_US_DEFAULT,
        ),
        ParameterWord(
            key="places",
            name="places",
            kind="count",
            why="by how many places the point of wrong decimals moves",
            bounds=disruption.PLACES,
            default=disruption.PLACES_DEFAULT,
        ),
    ),
)

INJECTIONS: Final = (
    _CRASH,
    _PRICE_SHOCK,
    _DEPEG,
    _DIVERGENCE,
    _VOLATILITY_SPIKE,
    _CORRELATION_BREAK,
    _DISRUPTION,
)
