"""Partial fills: of each execution only a share happens, a lot at the least.

The rest of an order that would rest stays in the book and is executed share by share with the
ticks that follow; the market makers step back from it meanwhile. Where that would leave the book
crossed, because the order of another account is what it should have met, the venue cancels the
rest.
"""

from typing import Final

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.exchange.faults.scope import Scoped, read_scoped
from ecosystem.exchange.liquidity.house import Disturbance
from ecosystem.injections import check_bounds
from ecosystem.units import E8

KIND: Final = "partial-fills"
SHARE_E8: Final = (E8 // 100, E8)


class PartialFills(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which share of each execution happens."""

    share_e8: int

    @property
    def disturbance(self) -> Disturbance:
        """What it does to executions."""
        accounts = None if self.hits_everybody else frozenset(self.accounts)
        return Disturbance(accounts, E8, E8, self.share_e8)


def read(scheduled: InjectionScheduled) -> PartialFills:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, PartialFills)
    check_bounds(scheduled, ("share_e8", found.share_e8, *SHARE_E8))
    return found
