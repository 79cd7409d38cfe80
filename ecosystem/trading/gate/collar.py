"""Price collar: an order must not be priced far from the market, nor meet a market far apart."""

from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import COLLAR, Excess, Ground, Proposal
from ecosystem.units import E8


def check(proposal: Proposal, ground: Ground, limits: GateLimits) -> Excess | None:
    """Measure how far limit, or touch, lies from the middle; without a market all is too far.

    A limit on its own side of the market, a bid below or an offer above, may be as far as it
    likes: it cannot be executed there but by a market that comes to it.
    """
    wish = proposal.wish
    tick = ground.market.ticks.get(wish.instrument)
    mid_e8 = ground.market.mid_e8(wish.instrument)
    if tick is None or not mid_e8:
        return Excess(check=COLLAR, measured_e8=E8, limit_e8=limits.collar_e8, unit="ratio")
    buys = wish.side == "BUY"
    price_e8 = wish.limit_price_e8
    if price_e8 is None:
        price_e8 = tick.ask_price_e8 if buys else tick.bid_price_e8
    beyond_e8 = (price_e8 - mid_e8 if buys else mid_e8 - price_e8) * E8 // mid_e8
    if beyond_e8 <= limits.collar_e8:
        return None
    return Excess(check=COLLAR, measured_e8=beyond_e8, limit_e8=limits.collar_e8, unit="ratio")
