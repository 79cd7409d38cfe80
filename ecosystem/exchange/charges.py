"""What an execution costs and what an open order must lock, in integers; dust has an owner.

A notional is rounded down: the seller bears the dust, less than 1e-8 of the quote asset. A fee is
rounded down: the venue bears the dust. A lock is rounded up. So the lock of an order, released
execution by execution, always covers what the executions cost, into however many parts it falls.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ecosystem.instruments import INSTRUMENTS
from ecosystem.units import E8
from ecosystem.venues import VenueTerms

STOP_BOUND_PERCENT: Final = 5
"""How far beyond its stop price a stop order without a limit buys at most."""


class FeeRates(NamedTuple):
    """Fractions of the notional that a venue charges in one instrument."""

    maker_e8: int
    taker_e8: int


def fee_schedule(terms: VenueTerms) -> Mapping[str, FeeRates]:
    """Return the rates of a venue by instrument.

    A venue's rates hold for all it trades, except where an instrument's own schedule is cheaper.
    So nobody pays more anywhere than the instrument's schedule says.
    """
    return MappingProxyType(
        {
            symbol: FeeRates(
                min(terms.maker_fee_e8, instrument.maker_fee_e8),
                min(terms.taker_fee_e8, instrument.taker_fee_e8),
            )
            for symbol, instrument in INSTRUMENTS.items()
        }
    )


def notional_e8(price_e8: int, quantity_e8: int) -> int:
    """Return price times quantity in the quote asset, rounded down."""
    return price_e8 * quantity_e8 // E8


def fee_e8(value_e8: int, rate_e8: int) -> int:
    """Return the fee on a notional, rounded down."""
    return value_e8 * rate_e8 // E8


def cost_e8(limit_price_e8: int, quantity_e8: int, rate_e8: int) -> int:
    """Return what buying costs at most in the quote asset, with the fee, rounded up."""
    value_e8 = -(-limit_price_e8 * quantity_e8 // E8)
    return value_e8 - (-value_e8 * rate_e8 // E8)


def worst_price_e8(
    limit_price_e8: int | None, stop_price_e8: int | None, *, buys: bool
) -> int | None:
    """Return the worst price at which such an order is executed; None when any will do.

    A stop order without a limit must lock funds before anyone knows what it will pay: to buy, it
    pays no more than some percent beyond its stop price.
    """
    if limit_price_e8 is None and stop_price_e8 is not None and buys:
        return stop_price_e8 * (100 + STOP_BOUND_PERCENT) // 100
    return limit_price_e8
