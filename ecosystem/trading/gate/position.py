"""Position: an order must not take an account too far from what it began with."""

from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import POSITION, Excess, Ground, Proposal
from ecosystem.units import E8


def check(proposal: Proposal, ground: Ground, limits: GateLimits) -> Excess | None:
    """Measure what trading, open orders of the same side and this order add up to, by asset.

    What brings a position nearer to nothing is allowed, however far away it is.
    """
    wish, account = proposal.wish, proposal.account
    instrument = INSTRUMENTS[wish.instrument]
    open_e8 = ground.exposure.open_e8(account, wish.instrument, wish.side)
    change_e8 = wish.signed_e8 + (open_e8 if wish.side == "BUY" else -open_e8)
    price_e8 = proposal.price_e8(ground.market) or 0
    for asset, moved_e8 in (
        (instrument.base, change_e8),
        (instrument.quote, -change_e8 * price_e8 // E8),
    ):
        limit_e8 = limits.positions_e8.get(asset)
        if limit_e8 is None:
            continue
        net_e8 = ground.exposure.net_e8(account, asset)
        after_e8 = abs(net_e8 + moved_e8)
        if after_e8 > limit_e8 and after_e8 > abs(net_e8):
            return Excess(check=POSITION, measured_e8=after_e8, limit_e8=limit_e8, unit=asset)
    return None
