"""What can be injected into the trading engine: strategies that misbehave."""

from collections.abc import Mapping
from typing import Final

from ecosystem.firm import SECOND_VENUE, VENUE
from ecosystem.instruments import INSTRUMENTS
from ecosystem.scenario import Parameter
from ecosystem.trading.machine import NAME
from ecosystem.trading.misbehaving import faults
from ecosystem.trading.misbehaving.correlation_breaker import SOLD
from ecosystem.units import E8, HOUR_US, MINUTE_US
from producers.test_coordinator.vocabulary.words import InjectionWord, ParameterWord


def _measures_of(symbols: tuple[str, ...]) -> tuple[str, ...]:
    bases = dict.fromkeys(INSTRUMENTS[symbol].base for symbol in symbols)
    return (
        *(f"{faults.ORDER_QUANTITY} {symbol}" for symbol in symbols),
        *(f"{faults.POSITION_OF} {base}" for base in bases),
    )


def _named(parameters: Mapping[str, Parameter]) -> tuple[str, ...]:
    named = parameters["instruments"]
    assert isinstance(named, tuple)
    return _measures_of(named)


_ACCOUNT: Final = ParameterWord(
    key="account",
    name="account",
    kind="choice",
    why="account it trades, beside the account's own strategy",
    choices=faults.ACCOUNTS,
)
_BYPASS: Final = ParameterWord(
    key="bypass",
    name="bypass",
    kind="names",
    why="pre-trade checks that are out of order for it, obeying the circuit breaker included",
    bounds=(1, len(faults.BYPASSABLE)),
    choices=(faults.NONE, faults.ALL, *faults.BYPASSABLE),
    default=(faults.NONE,),
)
_VENUE: Final = ParameterWord(
    key="venue",
    name="venue",
    kind="choice",
    why="venue at which the account is",
    choices=(VENUE, SECOND_VENUE),
    default=VENUE,
)
_INSTRUMENTS: Final = ParameterWord(
    key="instruments",
    name="instruments",
    kind="names",
    why="what it trades",
    bounds=(1, faults.INSTRUMENTS_MAX),
    choices=faults.SPOT,
    default=("BTC-USD",),
)
_NOTIONAL: Final = ParameterWord(
    key="size",
    name="notional_e8",
    kind="amount",
    why="worth of one order, in units of the quote asset",
    bounds=faults.NOTIONAL_E8_BOUNDS,
    default=1_000 * E8,
)


def _move(default: int, why: str) -> ParameterWord:
    return ParameterWord(
        key="move",
        name="move_e8",
        kind="fraction",
        why=why,
        bounds=faults.MOVE_E8_BOUNDS,
        default=default,
    )


def _window(default: int) -> ParameterWord:
    return ParameterWord(
        key="window",
        name="window_us",
        kind="duration",
        why="time within which the move must happen",
        bounds=faults.WINDOW_US_BOUNDS,
        default=default,
    )


INJECTIONS: Final = (
    InjectionWord(
        kind=faults.RUNAWAY,
        targets=(NAME,),
        why="a strategy that sends many market orders with every tick, for no reason",
        duration_us=faults.DURATION_US[faults.RUNAWAY],
        measures=_named,
        parameters=(
            _ACCOUNT,
            _VENUE,
            _INSTRUMENTS,
            _NOTIONAL,
            ParameterWord(
                key="rate",
                name="rate",
                kind="count",
                why="orders with each tick",
                bounds=faults.RATE_BOUNDS,
                default=faults.RATE_BOUNDS[1],
            ),
            ParameterWord(
                key="side",
                name="side",
                kind="choice",
                why="buy, sell, or one after the other",
                choices=faults.SIDES,
                default="both",
            ),
            _BYPASS,
        ),
    ),
    InjectionWord(
        kind=faults.RISK_IGNORANT,
        targets=(NAME,),
        why="a strategy that buys, and twice as much after every alert of the risk monitor",
        duration_us=faults.DURATION_US[faults.RISK_IGNORANT],
        measures=_named,
        parameters=(_ACCOUNT, _VENUE, _INSTRUMENTS, _NOTIONAL, _BYPASS),
    ),
    InjectionWord(
        kind=faults.VOLATILITY_AMPLIFIER,
        targets=(NAME,),
        why="a strategy that chases moves of the price, at twice the size",
        duration_us=faults.DURATION_US[faults.VOLATILITY_AMPLIFIER],
        measures=_named,
        parameters=(
            _ACCOUNT,
            _VENUE,
            _INSTRUMENTS,
            _NOTIONAL,
            _move(E8 // 100, "move of the price that it chases"),
            _window(5 * MINUTE_US),
            _BYPASS,
        ),
    ),
    InjectionWord(
        kind=faults.CORRELATION_BREAKER,
        targets=(NAME,),
        why="a strategy that sells ether whenever bitcoin has risen",
        duration_us=faults.DURATION_US[faults.CORRELATION_BREAKER],
        measures=lambda parameters: _measures_of((SOLD,)),
        parameters=(
            _ACCOUNT,
            _VENUE,
            _NOTIONAL,
            _move(E8 // 50, "rise of bitcoin that it bets against"),
            _window(HOUR_US),
            _BYPASS,
        ),
    ),
    InjectionWord(
        kind=faults.SLOW_LEAK,
        targets=(NAME,),
        why="the account's own strategy decides ever more often the opposite of what it should",
        duration_us=faults.DURATION_US[faults.SLOW_LEAK],
        measures=lambda parameters: _measures_of(faults.SPOT),
        parameters=(
            _ACCOUNT,
            ParameterWord(
                key="growth",
                name="growth_e8",
                kind="fraction",
                why="what each trade adds to the chance of a bad decision, which ends at a half",
                bounds=faults.GROWTH_E8_BOUNDS,
                default=E8 // 1000,
            ),
        ),
    ),
)
