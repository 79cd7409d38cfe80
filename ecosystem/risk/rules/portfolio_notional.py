"""Portfolio notional: all positions together are worth more than the firm may hold."""

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


class PortfolioNotionalLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest gross exposure in USD."""

    notional_e8: int


class PortfolioNotional(ExposureRule[PortfolioNotionalLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "portfolio_notional"

    def __init__(
        self, limit: PortfolioNotionalLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch("portfolio")

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the gross exposure may move."""
        return self._watch.room_e8(exposures.gross_e8)

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of all positions together."""
        portfolio, limit_e8 = self.state.portfolio, self.limit.notional_e8
        gross_e8 = exposures.gross_e8
        if self._watch.holds(gross_e8, limit_e8):
            return NOTHING
        return self.found(
            self._watch,
            gross_e8,
            limit_e8,
            KIND.unit,
            lambda: (*portfolio.mark_ids(), *portfolio.holding_ids()),
            lambda: (
                f"all positions are worth {format_e8(gross_e8, 2)} USD;"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )


def _read(table: Table) -> PortfolioNotionalLimit:
    return PortfolioNotionalLimit(notional_e8=table.number("notional_usd"))


KIND: Final = RuleKind(
    rule=PortfolioNotional,
    title="All positions together are worth more than the firm may hold",
    watches=(
        "the gross exposure: assets but USD, and derivatives by their underlying, without signs"
        " and netted between no two instruments"
    ),
    limit="`notional_usd`",
    clears="below the `clear` share",
    inputs="the ticks behind the marks, the derivative positions and the balances",
    unit="USD",
    keys=("notional_usd",),
    subjects=("portfolio",),
    read=_read,
)
