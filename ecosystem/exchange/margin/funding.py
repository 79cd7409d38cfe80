"""Funding of a perpetual: the rate that keeps it near its index, and who pays what.

Source: BitMEX, perpetual contracts guide: rate = premium + clamp(interest - premium, -0.05 %,
+0.05 %), every 8 h at 00:00, 08:00 and 16:00 UTC; longs pay shorts when it is positive. Binance,
OKX and Gate publish the same formula.
"""

from ecosystem.exchange.margin.terms import PerpetualTerms
from ecosystem.units import E8


def funding_rate_e8(premium_e8: int, terms: PerpetualTerms) -> int:
    """Return the rate for an interval with this average premium, as a fraction of the notional."""
    band_e8, cap_e8 = terms.interest_band_e8, terms.funding_cap_e8
    pulled_e8 = max(-band_e8, min(band_e8, terms.interest_rate_e8 - premium_e8))
    return max(-cap_e8, min(cap_e8, premium_e8 + pulled_e8))


def funding_payment_e8(quantity_e8: int, mark_price_e8: int, rate_e8: int) -> int:
    """Return what a position receives, negative when it pays, rounded down.

    The account bears the dust, less than 1e-8 USD; whoever is on the other side has it.
    """
    return -quantity_e8 * mark_price_e8 * rate_e8 // (E8 * E8)


def next_funding_us(after_us: int, interval_us: int) -> int:
    """Return the first funding time after a moment."""
    return (after_us // interval_us + 1) * interval_us
