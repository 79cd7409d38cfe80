"""Value at risk: in one day of a hundred the firm would lose too much."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.rule import NOTHING, Rule, RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.value_at_risk import RETURNS_MIN, ValueAtRisk
from ecosystem.risk.watch import QUIET, Finding
from ecosystem.units import E8, format_e8


class ValueAtRiskLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest VaR at 99 % for one day, in USD."""

    var99_e8: int


class ValueAtRiskRule(Rule[ValueAtRiskLimit]):
    """Judged once a minute of event time, after the returns of the minute are known."""

    name = "value_at_risk"

    def __init__(
        self, limit: ValueAtRiskLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watch = self.watch("portfolio")
        self._watch.measured_by(self._utilisation_e8)
        self.due_us = 0

    def judge_time(self, now_us: int) -> Sequence[Finding]:
        """Return what was found in the positions of now under the returns of the window."""
        measure = self.state.value_at_risk
        self.due_us = self.state.returns.due_us
        at_most_e8 = measure.settle()
        if at_most_e8 is None:
            return NOTHING
        # The sums tell what it is at most; all minutes of a day are sorted where that is too much.
        if at_most_e8 < self.least_told_e8(self.limit.var99_e8) and self._watch.level == QUIET:
            return NOTHING
        return self._compare(measure)

    def _compare(self, measure: ValueAtRisk) -> Sequence[Finding]:
        estimate = measure.estimate()
        assert estimate is not None, "the window is long enough for a bound"
        var_e8, limit_e8 = estimate.var99_e8, self.limit.var99_e8
        return self.found(
            self._watch,
            var_e8,
            limit_e8,
            KIND.unit,
            lambda: (*measure.input_ids(), *self.state.portfolio.holding_ids()),
            lambda: (
                f"in one day of a hundred more than {format_e8(var_e8, 2)} USD would be lost"
                f" ({format_e8(estimate.historical_var99_e8, 2)} historical,"
                f" {format_e8(estimate.parametric_var99_e8, 2)} parametric, of"
                f" {estimate.returns_count} one-minute returns);"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )

    def _utilisation_e8(self) -> int:
        return self.state.value_at_risk.judged_var99_e8() * E8 // self.limit.var99_e8


def _read(table: Table) -> ValueAtRiskLimit:
    return ValueAtRiskLimit(var99_e8=table.number("var99_usd"))


KIND: Final = RuleKind(
    rule=ValueAtRiskRule,
    title="In one day of a hundred the firm would lose too much",
    watches=(
        "the one-day VaR at 99 %, the greater of historical and parametric, from one-minute"
        f" returns of the last day, once there are {RETURNS_MIN}"
    ),
    limit="`var99_usd`",
    clears="below the `clear` share: with smaller positions, or as wild minutes leave the window",
    inputs="the ticks of the last minute and of the minutes that count most, and the positions",
    unit="USD",
    keys=("var99_usd",),
    subjects=("portfolio",),
    read=_read,
)
