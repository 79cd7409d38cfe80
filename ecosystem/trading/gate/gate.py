"""All checks, in the order in which they are made."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from ecosystem.trading.gate import collar, concentration, notional, position, rate
from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import (
    COLLAR,
    CONCENTRATION,
    NOTIONAL,
    POSITION,
    RATE,
    Check,
    Excess,
    Ground,
    Proposal,
)

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        RATE: rate.check,
        COLLAR: collar.check,
        NOTIONAL: notional.check,
        POSITION: position.check,
        CONCENTRATION: concentration.check,
    }
)
"""By name."""


def first_excess(
    proposal: Proposal, ground: Ground, limits: GateLimits, bypassed: Collection[str] = ()
) -> Excess | None:
    """Return what keeps an order in the house; None when it may go.

    Args:
        bypassed: checks that a fault has put out of order.
    """
    for name, check in CHECKS.items():
        if name not in bypassed and (excess := check(proposal, ground, limits)) is not None:
            return excess
    return None
