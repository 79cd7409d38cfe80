"""Notional: one order must not be worth too much."""

from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import NOTIONAL, Excess, Ground, Proposal
from ecosystem.units import E8


def check(proposal: Proposal, ground: Ground, limits: GateLimits) -> Excess | None:
    """Measure quantity times price in USD; what has no price is the collar's business."""
    wish = proposal.wish
    price_e8 = proposal.price_e8(ground.market)
    if price_e8 is None:
        return None
    value_e8 = wish.quantity_e8 * price_e8 // E8
    usd_e8 = ground.market.usd_e8(INSTRUMENTS[wish.instrument].quote, value_e8)
    if usd_e8 is None or usd_e8 <= limits.notional_e8:
        return None
    return Excess(check=NOTIONAL, measured_e8=usd_e8, limit_e8=limits.notional_e8, unit="USD")
