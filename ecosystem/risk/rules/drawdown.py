"""Drawdown: the portfolio fell too far from the most it ever was worth."""

from typing import Final

from ecosystem.risk.alerts import AlertBook, Finding
from ecosystem.risk.limits import DrawdownLimit
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8, format_e8


class Drawdown:
    """Watches the fall of the equity from high water, deposits taken out of both.

    Limit: `fall`, a fraction of the equity at high water. Severity: fall over limit. Clears below
    the `clear` share, as the equity recovers. Cooldown as configured.
    Inputs: the ticks behind the marks of now, those behind the high water, and the balances.
    """

    name: Final = "drawdown"
    version: Final = 1

    __slots__ = ("_limit_e8", "_watch")

    def __init__(self, limit: DrawdownLimit, book: AlertBook) -> None:
        self._limit_e8 = limit.fall_e8
        self._watch = book.watch(self.name, "portfolio", limit.scale)

    def judge(self, portfolio: Portfolio) -> Finding | None:
        """Return what was found in the portfolio as it stands, or None when all is quiet."""
        fall_e8 = portfolio.drawdown_e8()
        utilisation_e8 = fall_e8 * E8 // self._limit_e8
        if self._watch.stays(utilisation_e8):
            return None
        return Finding(
            watch=self._watch,
            measured_e8=fall_e8,
            limit_e8=self._limit_e8,
            utilisation_e8=utilisation_e8,
            unit="ratio",
            rule_version=self.version,
            inputs=(
                *portfolio.mark_ids(),
                *portfolio.high_water.mark_ids,
                *portfolio.balance_ids(),
            ),
            message=(
                f"the portfolio is {format_e8(fall_e8 * 100, 2)} % below its high water;"
                f" the limit is {format_e8(self._limit_e8 * 100, 2)} %"
            ),
        )
