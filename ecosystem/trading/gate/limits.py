"""The limits of the gate: configuration, read strictly from TOML."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from ecosystem.errors import InvalidInputError
from ecosystem.instruments import ASSETS
from ecosystem.units import E8, SECOND_US


class GateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one order, one strategy and one account may do."""

    positions_e8: Mapping[str, int]
    """How far trading may move an account's holding of an asset, up or down."""
    notional_e8: int
    """Worth of one order in USD."""
    concentration_e8: int
    """Share of an account's worth that may be one asset, as a fraction."""
    collar_e8: int
    """How far from the middle of the market a price may be, as a fraction."""
    rate_orders: int
    """Orders of one strategy within the window."""
    rate_window_us: int


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine does while a circuit breaker is open, besides not trading."""

    reduces: bool
    """Whether positions are brought back to what the accounts began with."""
    clip_e8: int
    """Worth in USD of one order that reduces."""
    interval_us: int
    """Least event time between two of them in one position."""


class TradingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    gate: GateLimits
    breaker: Reaction


class _Notional(msgspec.Struct, forbid_unknown_fields=True):
    usd: Decimal


class _Concentration(msgspec.Struct, forbid_unknown_fields=True):
    share: Decimal


class _Collar(msgspec.Struct, forbid_unknown_fields=True):
    deviation: Decimal


class _Rate(msgspec.Struct, forbid_unknown_fields=True):
    orders: int
    window_s: Decimal


class _Breaker(msgspec.Struct, forbid_unknown_fields=True):
    reduces: bool
    clip_usd: Decimal
    interval_s: Decimal


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    position: dict[str, Decimal]
    notional: _Notional
    concentration: _Concentration
    collar: _Collar
    rate: _Rate
    breaker: _Breaker


DEFAULT_TEXT: Final = """\
# Limits of the trading engine before it sends an order.

[position] # how far trading may move one account's holding, in units of the asset
BTC = 0.5
ETH = 10
USDT = 15_000

[notional] # worth of one order
usd = 25_000

[concentration] # share of an account's worth in one asset
share = 0.70

[collar] # distance of a price from the middle of the market
deviation = 0.02

[rate] # orders of one strategy
orders = 40
window_s = 10

[breaker] # while a circuit breaker is open
reduces = true
clip_usd = 10_000
interval_s = 5
"""
"""The limits unless others are given, as a file would say them."""
_VALUE_MAX: Final = Decimal(10) ** 9


def parse_limits(text: str, origin: str) -> TradingLimits:
    """Return the limits in a TOML text.

    Args:
        origin: where the text is from, for the messages.
    Raises:
        InvalidInputError: not such a text, or a number outside its bounds.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
        found = msgspec.convert(_decimals(content), _Document, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidInputError(f"{origin}: {error}") from error
    unknown = ", ".join(sorted(set(found.position) - set(ASSETS)))
    if unknown:
        raise InvalidInputError(f"{origin}: position of {unknown}; allowed: {', '.join(ASSETS)}")
    if not 1 <= found.rate.orders <= 10_000:
        raise InvalidInputError(f"{origin}: rate.orders {found.rate.orders}; allowed: 1 to 10000")
    return TradingLimits(
        gate=GateLimits(
            positions_e8={
                asset: _scaled(value, f"position.{asset}", origin)
                for asset, value in found.position.items()
            },
            notional_e8=_scaled(found.notional.usd, "notional.usd", origin),
            concentration_e8=_scaled(found.concentration.share, "concentration.share", origin, 1),
            collar_e8=_scaled(found.collar.deviation, "collar.deviation", origin, 1),
            rate_orders=found.rate.orders,
            rate_window_us=_scaled(found.rate.window_s, "rate.window_s", origin) * SECOND_US // E8,
        ),
        breaker=Reaction(
            reduces=found.breaker.reduces,
            clip_e8=_scaled(found.breaker.clip_usd, "breaker.clip_usd", origin),
            interval_us=_scaled(found.breaker.interval_s, "breaker.interval_s", origin)
            * SECOND_US
            // E8,
        ),
    )


def _decimals(value: Any) -> Any:
    # A whole number is a fine decimal too; msgspec takes decimals from text.
    if isinstance(value, dict):
        return {key: _decimals(inner) for key, inner in value.items()}
    return value if isinstance(value, bool) else str(value)


def _scaled(value: Decimal, name: str, origin: str, most: int | Decimal = _VALUE_MAX) -> int:
    if not 0 < value <= most or value * E8 != int(value * E8):
        raise InvalidInputError(
            f"{origin}: {name} {value}; allowed: more than 0, at most {most}, eight decimals"
        )
    return int(value * E8)


DEFAULT_LIMITS: Final = parse_limits(DEFAULT_TEXT, "the default limits")
