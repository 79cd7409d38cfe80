"""Order rate: a strategy must not send too many orders in a short time."""

from ecosystem.trading.gate.limits import GateLimits
from ecosystem.trading.gate.words import RATE, Excess, Ground, Proposal
from ecosystem.units import E8


def check(proposal: Proposal, ground: Ground, limits: GateLimits) -> Excess | None:
    """Measure how many orders the window would hold with this one."""
    count = 1 + proposal.sent.count(proposal.now_us, limits.rate_window_us)
    if count <= limits.rate_orders:
        return None
    return Excess(
        check=RATE, measured_e8=count * E8, limit_e8=limits.rate_orders * E8, unit="orders"
    )
