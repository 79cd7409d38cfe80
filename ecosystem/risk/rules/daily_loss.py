"""Daily loss: the portfolio lost too much since midnight UTC."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.exposure import Exposures
from ecosystem.risk.headroom import ExposureRule
from ecosystem.risk.rule import NOTHING, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8


class DailyLossLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest loss in one UTC day, in USD."""

    loss_e8: int


class DailyLoss(ExposureRule[DailyLossLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "daily_loss"

    def __init__(
        self, limit: DailyLossLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch("portfolio")

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the equity may move."""
        return self._watch.room_e8(self.state.portfolio.loss_of_day_e8(exposures.profit_e16))

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of the equity."""
        portfolio, limit_e8 = self.state.portfolio, self.limit.loss_e8
        loss_e8 = portfolio.loss_of_day_e8(exposures.profit_e16)
        if self._watch.holds(loss_e8, limit_e8):
            return NOTHING
        return self.found(
            self._watch,
            loss_e8,
            limit_e8,
            KIND.unit,
            lambda: (
                *portfolio.mark_ids(),
                *portfolio.day_start.mark_ids,
                *portfolio.holding_ids(),
            ),
            lambda: (
                f"the portfolio lost {format_e8(loss_e8, 2)} USD since midnight UTC;"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )


def _read(table: Table) -> DailyLossLimit:
    return DailyLossLimit(loss_e8=table.number("loss_usd"))


KIND: Final = RuleKind(
    rule=DailyLoss,
    title="The portfolio lost too much since midnight UTC",
    watches="the profit of the portfolio since the UTC day began, deposits not counted",
    limit="`loss_usd`",
    clears="below the `clear` share: as the loss is made good, or with the next day",
    inputs="the ticks behind the marks of now, those behind the day's first, and the balances",
    unit="USD",
    keys=("loss_usd",),
    subjects=("portfolio",),
    read=_read,
)
