"""Spread multiplication: the market makers quote a multiple of their spread."""

from typing import Final

from ecosystem.events.control.scenario import InjectionScheduled
from ecosystem.exchange.faults.scope import Scoped, read_scoped
from ecosystem.exchange.liquidity.house import Disturbance
from ecosystem.injections import check_bounds
from ecosystem.units import E8

KIND: Final = "spread-multiplication"
FACTOR_E8: Final = (E8, 100 * E8)


class SpreadMultiplication(Scoped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How wide the market makers quote."""

    factor_e8: int

    @property
    def disturbance(self) -> Disturbance:
        """What it does to the house's quotes."""
        accounts = None if self.hits_everybody else frozenset(self.accounts)
        return Disturbance(accounts, self.factor_e8, E8)


def read(scheduled: InjectionScheduled) -> SpreadMultiplication:
    """Return the fault that was scheduled.

    Raises:
        InvalidInputError: not its parameters, or outside their bounds.
    """
    found = read_scoped(scheduled, SpreadMultiplication)
    check_bounds(scheduled, ("factor_e8", found.factor_e8, *FACTOR_E8))
    return found
