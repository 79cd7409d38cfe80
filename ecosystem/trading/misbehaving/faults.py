"""The injections of the trading engine: their parameters, bounds, and the strategies they start."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.firm import OPENING_BALANCES_E8, VENUE
from ecosystem.injections import check_bounds, read_parameters
from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.contract import Strategy
from ecosystem.trading.gate.words import COLLAR, CONCENTRATION, NOTIONAL, POSITION, RATE
from ecosystem.trading.misbehaving.correlation_breaker import CorrelationBreaker
from ecosystem.trading.misbehaving.risk_ignorant import RiskIgnorant
from ecosystem.trading.misbehaving.runaway import Runaway
from ecosystem.trading.misbehaving.slow_leak import SlowLeak
from ecosystem.trading.misbehaving.volatility_amplifier import VolatilityAmplifier
from ecosystem.units import E8, HOUR_US, MINUTE_US, SECOND_US

RUNAWAY: Final = "runaway"
RISK_IGNORANT: Final = "risk-ignorant"
VOLATILITY_AMPLIFIER: Final = "volatility-amplifier"
CORRELATION_BREAKER: Final = "correlation-breaker"
SLOW_LEAK: Final = "slow-leak"
KINDS: Final = (RUNAWAY, RISK_IGNORANT, VOLATILITY_AMPLIFIER, CORRELATION_BREAKER, SLOW_LEAK)

ORDER_QUANTITY: Final = "order quantity"
"""Measure, followed by the instrument: what was ordered, negative for a sale; without the fault 0,
or what the honest strategy would have ordered."""
POSITION_OF: Final = "position"
"""Measure, followed by the asset: what the account holds at the venue with this order executed;
without the fault, what it would hold."""

BREAKER: Final = "breaker"
"""Obeying the circuit breaker, named like a check because it can be put out of order like one."""
ALL: Final = "all"
NONE: Final = "none"
BYPASSABLE: Final = (RATE, COLLAR, NOTIONAL, POSITION, CONCENTRATION, BREAKER)
ACCOUNTS: Final = tuple(
    dict.fromkeys(account for accounts in OPENING_BALANCES_E8.values() for account in accounts)
)
INSTRUMENTS_MAX: Final = 4
SPOT: Final = tuple(symbol for symbol, found in INSTRUMENTS.items() if found.kind == "SPOT")

RATE_BOUNDS: Final = (1, 100)
"""Orders per tick; the published signature is a hundred."""
NOTIONAL_E8_BOUNDS: Final = (E8, 100_000 * E8)
MOVE_E8_BOUNDS: Final = (E8 // 1000, E8 // 5)
WINDOW_US_BOUNDS: Final = (10 * SECOND_US, 24 * HOUR_US)
GROWTH_E8_BOUNDS: Final = (0, E8 // 2)
SIDES: Final = ("both", "buy", "sell")
DURATION_US: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        # A hundred orders per tick are 360 000 an hour.
        RUNAWAY: (SECOND_US, HOUR_US),
        RISK_IGNORANT: (SECOND_US, 72 * HOUR_US),
        VOLATILITY_AMPLIFIER: (SECOND_US, 72 * HOUR_US),
        CORRELATION_BREAKER: (SECOND_US, 72 * HOUR_US),
        SLOW_LEAK: (SECOND_US, 72 * HOUR_US),
    }
)


class _Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: str
    bypass: tuple[str, ...] = (NONE,)


class RunawayParameters(_Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hundred market orders per tick."""

    venue: str = VENUE
    instruments: tuple[str, ...] = ("BTC-USD",)
    notional_e8: int = 1_000 * E8
    rate: int = 100
    side: str = "both"


class RiskIgnorantParameters(_Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Twice as much after every breach."""

    venue: str = VENUE
    instruments: tuple[str, ...] = ("BTC-USD",)
    notional_e8: int = 1_000 * E8


class VolatilityAmplifierParameters(_Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Chases moves, at twice the size."""

    venue: str = VENUE
    instruments: tuple[str, ...] = ("BTC-USD",)
    notional_e8: int = 1_000 * E8
    move_e8: int = E8 // 100
    window_us: int = 5 * MINUTE_US


class CorrelationBreakerParameters(_Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sells ether when bitcoin has risen."""

    venue: str = VENUE
    notional_e8: int = 1_000 * E8
    move_e8: int = E8 // 50
    window_us: int = HOUR_US


class SlowLeakParameters(_Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Now and then the opposite of what was decided."""

    growth_e8: int = E8 // 1000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine makes of a scheduled injection."""

    account: str
    bypassed: frozenset[str]
    strategy: Callable[[], Strategy] | None
    """What trades beside the account's own strategy."""
    leak: Callable[[int], SlowLeak] | None = None
    """What bends the decisions of the account's own strategy, given the seed."""


def _where(scheduled: InjectionScheduled, where: _Where) -> tuple[str, frozenset[str]]:
    _among(scheduled, "account", (where.account,), ACCOUNTS)
    _among(scheduled, "bypass", where.bypass, (NONE, ALL, *BYPASSABLE))
    bypassed = frozenset(BYPASSABLE if ALL in where.bypass else where.bypass) - {NONE}
    return where.account, bypassed


def _among(
    scheduled: InjectionScheduled, name: str, found: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    for word in found:
        if word not in allowed:
            raise InvalidInputError(
                f"injection {scheduled.name!r}: {name} {word!r} found; {', '.join(allowed)} are"
                " allowed"
            )


def _venue(scheduled: InjectionScheduled, venue: str, account: str) -> None:
    homes = tuple(name for name, held in OPENING_BALANCES_E8.items() if account in held)
    _among(scheduled, f"venue of {account}", (venue,), homes)


def _instruments(scheduled: InjectionScheduled, found: tuple[str, ...]) -> None:
    _among(scheduled, "instruments", found, SPOT)
    check_bounds(scheduled, ("instruments", len(found), 1, INSTRUMENTS_MAX))


def _runaway(scheduled: InjectionScheduled) -> Fault:
    found = read_parameters(scheduled, RunawayParameters)
    account, bypassed = _where(scheduled, found)
    _venue(scheduled, found.venue, account)
    _instruments(scheduled, found.instruments)
    _among(scheduled, "side", (found.side,), SIDES)
    check_bounds(
        scheduled,
        ("rate", found.rate, *RATE_BOUNDS),
        ("notional_e8", found.notional_e8, *NOTIONAL_E8_BOUNDS),
        ("duration_us", scheduled.ends_at_us - scheduled.starts_at_us, *DURATION_US[RUNAWAY]),
    )
    return Fault(
        account=account,
        bypassed=bypassed,
        strategy=lambda: Runaway(
            found.venue, found.instruments, found.notional_e8, found.rate, found.side
        ),
    )


def _risk_ignorant(scheduled: InjectionScheduled) -> Fault:
    found = read_parameters(scheduled, RiskIgnorantParameters)
    account, bypassed = _where(scheduled, found)
    _venue(scheduled, found.venue, account)
    _instruments(scheduled, found.instruments)
    check_bounds(scheduled, ("notional_e8", found.notional_e8, *NOTIONAL_E8_BOUNDS))
    return Fault(
        account=account,
        bypassed=bypassed,
        strategy=lambda: RiskIgnorant(
            found.venue, found.instruments, found.notional_e8, scheduled.starts_at_us
        ),
    )


def _volatility_amplifier(scheduled: InjectionScheduled) -> Fault:
    found = read_parameters(scheduled, VolatilityAmplifierParameters)
    account, bypassed = _where(scheduled, found)
    _venue(scheduled, found.venue, account)
    _instruments(scheduled, found.instruments)
    check_bounds(
        scheduled,
        ("notional_e8", found.notional_e8, *NOTIONAL_E8_BOUNDS),
        ("move_e8", found.move_e8, *MOVE_E8_BOUNDS),
        ("window_us", found.window_us, *WINDOW_US_BOUNDS),
    )
    return Fault(
        account=account,
        bypassed=bypassed,
        strategy=lambda: VolatilityAmplifier(
            found.venue, found.instruments, found.notional_e8, found.move_e8, found.window_us
        ),
    )


def _correlation_breaker(scheduled: InjectionScheduled) -> Fault:
    found = read_parameters(scheduled, CorrelationBreakerParameters)
    account, bypassed = _where(scheduled, found)
    _venue(scheduled, found.venue, account)
    check_bounds(
        scheduled,
        ("notional_e8", found.notional_e8, *NOTIONAL_E8_BOUNDS),
        ("move_e8", found.move_e8, *MOVE_E8_BOUNDS),
        ("window_us", found.window_us, *WINDOW_US_BOUNDS),
    )
    return Fault(
        account=account,
        bypassed=bypassed,
        strategy=lambda: CorrelationBreaker(
            found.venue, found.notional_e8, found.move_e8, found.window_us
        ),
    )


def _slow_leak(scheduled: InjectionScheduled) -> Fault:
    found = read_parameters(scheduled, SlowLeakParameters)
    account, bypassed = _where(scheduled, found)
    check_bounds(scheduled, ("growth_e8", found.growth_e8, *GROWTH_E8_BOUNDS))
    return Fault(
        account=account,
        bypassed=bypassed,
        strategy=None,
        leak=lambda seed: SlowLeak(seed, scheduled.name, found.growth_e8),
    )


READERS: Final[Mapping[str, Callable[[InjectionScheduled], Fault]]] = MappingProxyType(
    {
        RUNAWAY: _runaway,
        RISK_IGNORANT: _risk_ignorant,
        VOLATILITY_AMPLIFIER: _volatility_amplifier,
        CORRELATION_BREAKER: _correlation_breaker,
        SLOW_LEAK: _slow_leak,
    }
)
"""What makes a fault of the schedule, by kind; raises `InvalidInputError`."""
