"""Drawdown: the portfolio fell too far from the most it ever was worth."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.exposure import Exposures
from ecosystem.risk.headroom import NO_ROOM, ExposureRule
from ecosystem.risk.rule import NOTHING, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import E8, format_e8


class DrawdownLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest fall of the equity from high water, as a fraction."""

    fall_e8: int


class Drawdown(ExposureRule[DrawdownLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "drawdown"

    def __init__(
        self, limit: DrawdownLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch("portfolio")

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the equity may move; the high water may rise by as much meanwhile."""
        portfolio = self.state.portfolio
        high_e16 = portfolio.high_water.profit_e16
        equity_high_e16 = portfolio.deposits_e16 + high_e16
        if equity_high_e16 <= 0:
            return NO_ROOM
        fall_e16 = high_e16 - exposures.profit_e16
        from_e8, below_e8 = self._watch.bounds_e8()
        # The share stays below while (fall + 2x) * E8 < below * high.
        room_e16 = (below_e8 * equity_high_e16 - fall_e16 * E8 - 1) // (2 * E8)
        if from_e8 > 0:
            # And not under it while (fall - x) * E8 >= from * (high + x).
            least_e16 = fall_e16 * E8 - from_e8 * equity_high_e16
            room_e16 = min(room_e16, least_e16 // (E8 + from_e8))
        return room_e16 // E8

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of the equity."""
        portfolio, limit_e8 = self.state.portfolio, self.limit.fall_e8
        fall_e8 = portfolio.drawdown_e8(exposures.profit_e16)
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
