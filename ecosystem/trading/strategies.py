"""The strategies: which opinion each forms, on what, how it trades it, and how much of it.

A strategy holds what its account began with and leans away from it by whole levels: at level 2 of
BTC-USD it holds two clips more than at the beginning, at level -1 one clip less. The level follows
the signal with one step of slack, so noise around a threshold causes no orders; and as the lean is
bounded, no number of hours exhausts an account.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ecosystem.events.words import OrderType, TimeInForce
from ecosystem.trading.indicators import Indicator, Momentum, Reversion
from ecosystem.units import MINUTE_US, SECOND_US, parse_e8

LEVEL_MAX: Final = 2
"""Greatest lean in either direction, in clips."""
ORDER_INTERVAL_US: Final = 30 * SECOND_US
"""Least event time between two orders of one strategy for one instrument."""
ORDER_AGE_US_MAX: Final = 60 * SECOND_US
"""Event time after which the rest of an open order is cancelled."""

CLIPS_E8: Final[Mapping[str, int]] = MappingProxyType(
    {"BTC-USD": parse_e8("0.05"), "ETH-USD": parse_e8("1")}
)
"""The instruments traded, and the base quantity of one level of each."""
ORDER_SHARE_MIN: Final = 2
"""An order is at least this share of a clip, as a divisor: less is not worth the fee."""


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on an account of its own."""

    name: str
    account: str
    indicator: Callable[[str], Indicator]
    """A fresh indicator for an instrument."""
    order_type: OrderType
    time_in_force: TimeInForce


# One step is about one standard deviation of the signal in a quiet market of 60 % (75 %) a year.
_MOMENTUM_STEPS: Final = {"BTC-USD": 0.001, "ETH-USD": 0.00125}


def _momentum(instrument: str) -> Indicator:
    return Momentum(MINUTE_US, 5 * MINUTE_US, _MOMENTUM_STEPS[instrument])


def _reversion(instrument: str) -> Indicator:
    return Reversion(10 * MINUTE_US, 1.25, 0.0005)


STRATEGIES: Final = (
    Strategy(
        name="momentum",
        account="firm-momentum",
        indicator=_momentum,
        # It must be there while the move lasts, and pays the spread for it.
        order_type="MARKET",
        time_in_force="IOC",
    ),
    Strategy(
        name="mean-reversion",
        account="firm-reversion",
        indicator=_reversion,
        # It waits at its own side of the touch for the market to come.
        order_type="LIMIT",
        time_in_force="GTC",
    ),
)


def next_level(level: int, signal: float) -> int:
    """Return the level that follows from `signal`, in steps; equal while it is within one step."""
    while level < LEVEL_MAX and signal > level + 1:
        level += 1
    while level > -LEVEL_MAX and signal < level - 1:
        level -= 1
    return level
