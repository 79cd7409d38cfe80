"""What an execution costs and what an open order must lock, in integers; dust has an owner.

A notional is rounded down: the seller bears the dust, less than 1e-8 of the quote asset. A fee is
rounded down: the venue bears the dust. A lock is rounded up. So the lock of an order, released
execution by execution, always covers what the executions cost, into however many parts it falls.
"""

from ecosystem.instruments import Instrument
from ecosystem.units import E8


def notional_e8(price_e8: int, quantity_e8: int) -> int:
    """Return price times quantity in the quote asset, rounded down."""
    return price_e8 * quantity_e8 // E8


def fee_e8(value_e8: int, rate_e8: int) -> int:
    """Return the fee on a notional, rounded down."""
    return value_e8 * rate_e8 // E8


def lock_e8(instrument: Instrument, *, buys: bool, limit_price_e8: int, quantity_e8: int) -> int:
    """Return what an open limit order locks: quote with the taker fee to buy, base to sell."""
    if not buys:
        return quantity_e8
    value_e8 = -(-limit_price_e8 * quantity_e8 // E8)
    return value_e8 - (-value_e8 * instrument.taker_fee_e8 // E8)
