"""Daily loss: the portfolio lost too much since midnight UTC."""

from typing import Final

from ecosystem.risk.alerts import AlertBook, Finding
from ecosystem.risk.limits import DailyLossLimit
from ecosystem.risk.portfolio import Portfolio
from ecosystem.units import E8, format_e8


class DailyLoss:
    """Watches the profit of the portfolio since the UTC day began, deposits not counted.

    Limit: `loss_usd`. Severity: loss over limit. Clears below the `clear` share: as the loss is
    made good, or with the next day. Cooldown as configured.
    Inputs: the ticks behind the marks of now, those behind the day's first, and the balances.
    """

    name: Final = "daily_loss"
    version: Final = 1

    __slots__ = ("_limit_e8", "_watch")

    def __init__(self, limit: DailyLossLimit, book: AlertBook) -> None:
        self._limit_e8 = limit.loss_e8
        self._watch = book.watch(self.name, "portfolio", limit.scale)

    def judge(self, portfolio: Portfolio) -> Finding | None:
        """Return what was found in the portfolio as it stands, or None when all is quiet."""
        loss_e8 = portfolio.loss_of_day_e8()
        utilisation_e8 = loss_e8 * E8 // self._limit_e8
        if self._watch.stays(utilisation_e8):
            return None
        return Finding(
            watch=self._watch,
            measured_e8=loss_e8,
            limit_e8=self._limit_e8,
            utilisation_e8=utilisation_e8,
            unit="USD",
            rule_version=self.version,
            inputs=(
                *portfolio.mark_ids(),
                *portfolio.day_start.mark_ids,
                *portfolio.balance_ids(),
            ),
            message=(
                f"the portfolio lost {format_e8(loss_e8, 2)} USD since midnight UTC;"
                f" the limit is {format_e8(self._limit_e8, 2)} USD"
            ),
        )
