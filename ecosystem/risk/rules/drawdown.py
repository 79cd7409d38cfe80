"""Drawdown: the portfolio fell too far from the most it ever was worth."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8


class DrawdownLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest fall of the equity from high water, as a fraction."""

    fall_e8: int


class Drawdown(Rule[DrawdownLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "drawdown"

    def __init__(
        self, limit: DrawdownLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = book.watch(self.name, "portfolio", scale)

    def judge_whole(self) -> Sequence[Finding]:
        """Return what was found in the portfolio as it stands."""
        portfolio, limit_e8 = self.state.portfolio, self.limit.fall_e8
        fall_e8 = portfolio.drawdown_e8()
        if self._watch.holds(fall_e8, limit_e8):
            return NOTHING
        return self.found(
            self._watch,
            fall_e8,
            limit_e8,
            KIND.unit,
            lambda: (
                *portfolio.mark_ids(),
                *portfolio.high_water.mark_ids,
                *portfolio.holding_ids(),
            ),
            lambda: (
                f"the portfolio is {format_e8(fall_e8 * 100, 2)} % below its high water;"
                f" the limit is {format_e8(limit_e8 * 100, 2)} %"
            ),
        )


def _read(table: Table) -> DrawdownLimit:
    return DrawdownLimit(fall_e8=table.number("fall"))


KIND: Final = RuleKind(
    rule=Drawdown,
    title="The portfolio fell too far from the most it ever was worth",
    watches="the fall of the equity from high water, deposits taken out of both",
    limit="`fall`, a fraction of the equity at high water",
    clears="below the `clear` share, as the equity recovers",
    inputs="the ticks behind the marks of now, those behind the high water, and the balances",
    unit="ratio",
    keys=("fall",),
    subjects=("portfolio",),
    read=_read,
)
