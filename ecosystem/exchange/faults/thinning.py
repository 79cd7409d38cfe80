"""Liquidity reduction: the market makers quote a part of their quantities, or nothing at all.

With a factor above zero ten levels stay, a lot in each at the least; with zero they withdraw.
"""

from typing import Final

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.exchange.faults.scope import Scoped, read_scoped
from ecosystem.exchange.liquidity.house import Disturbance
from ecosystem.injections import check_bounds
from ecosystem.units import E8

KIND: Final = "liquidity-reduction"
FACTOR_E8: Final = (0, E8)


class LiquidityReduction(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left of the market makers' quantities."""

    factor_e8: int

    @property
    def disturbance(self) -> Disturbance:
        """What it does to the house's quotes."""
        accounts = None if self.hits_everybody else frozenset(self.accounts)
        return Disturbance(accounts, E8, self.factor_e8)


def read(scheduled: InjectionScheduled) -> LiquidityReduction:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, LiquidityReduction)
    check_bounds(scheduled, ("factor_e8", found.factor_e8, *FACTOR_E8))
    return found
