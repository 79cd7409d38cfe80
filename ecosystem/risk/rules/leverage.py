"""Leverage: the firm's exposure is too many times what it owns."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.exposure import Exposures
from ecosystem.risk.headroom import ExposureRule, room_of_ratio_e8
from ecosystem.risk.rule import NOTHING, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8


class LeverageLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest gross exposure as a multiple of the equity."""

    times_e8: int


class Leverage(ExposureRule[LeverageLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "leverage"

    def __init__(
        self, limit: LeverageLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch("portfolio")

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far exposure and equity may move."""
        gross_e8 = exposures.gross_e8 if exposures.valued else 0
        return room_of_ratio_e8(self._watch, gross_e8, exposures)

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of the exposure by the equity."""
        portfolio, limit_e8 = self.state.portfolio, self.limit.times_e8
        leverage_e8 = exposures.leverage_e8()
        if self._watch.holds(leverage_e8, limit_e8):
            return NOTHING
        return self.found(
            self._watch,
            leverage_e8,
            limit_e8,
            KIND.unit,
            lambda: (*portfolio.mark_ids(), *portfolio.holding_ids()),
            lambda: (
                f"an exposure of {format_e8(exposures.gross_e8, 2)} USD stands on an equity of"
                f" {format_e8(exposures.equity_e8, 2)} USD;"
                f" {format_e8(limit_e8, 2)} times is the limit"
            ),
        )


def _read(table: Table) -> LeverageLimit:
    return LeverageLimit(times_e8=table.number("times"))


KIND: Final = RuleKind(
    rule=Leverage,
    title="The firm's exposure is too many times what it owns",
    watches=(
        "the gross exposure divided by the equity, once all that is held has a mark; without equity"
        " it is beyond every limit"
    ),
    limit="`times`, a multiple of the equity",
    clears="below the `clear` share",
    inputs="the ticks behind the marks, the derivative positions and the balances",
    unit="ratio",
    keys=("times",),
    subjects=("portfolio",),
    read=_read,
)
