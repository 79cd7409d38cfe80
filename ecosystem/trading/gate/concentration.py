"""Concentration: an account must not be nearly all one asset."""

from ecosystem.instruments import INSTRUMENTS
from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import CONCENTRATION, Excess, Ground, Proposal
from ecosystem.units import E8


def check(proposal: Proposal, ground: Ground, limits: GateLimits) -> Excess | None:
    """Measure the share the asset gained would have of the account's worth at all its venues.

    Open orders that gain it count as executed. What only lessens a share is allowed.
    """
    wish, market = proposal.wish, ground.market
    instrument = INSTRUMENTS[wish.instrument]
    price_e8 = proposal.price_e8(market)
    if price_e8 is None:
        return None
    open_e8 = ground.exposure.open_e8(proposal.account, wish.instrument, wish.side)
    gained, amount_e8 = instrument.base, wish.quantity_e8 + open_e8
    if wish.side == "SELL":
        gained, amount_e8 = instrument.quote, amount_e8 * price_e8 // E8
    if gained == "USD":
        return None
    held_e8 = worth_e8 = 0
    for account in ground.accounts.venues_of(proposal.account):
        held_e8 += account.total_e8.get(gained, 0)
        worth_e8 += sum(
            market.usd_e8(asset, total_e8) or 0 for asset, total_e8 in account.total_e8.items()
        )
    after_e8 = market.usd_e8(gained, held_e8 + amount_e8)
    if after_e8 is None or worth_e8 <= 0:
        return None
    share_e8 = after_e8 * E8 // worth_e8
    if share_e8 <= limits.concentration_e8:
        return None
    return Excess(
        check=CONCENTRATION,
        measured_e8=share_e8,
        limit_e8=limits.concentration_e8,
        unit="ratio",
    )
