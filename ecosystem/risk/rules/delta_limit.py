"""Delta limit: the firm would gain or lose too much with the price of an underlying."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.derivatives import UNDERLYINGS
from ecosystem.risk.exposure import ASSETS_EXPOSED, Exposures
from ecosystem.risk.headroom import NO_ROOM, ExposureRule
from ecosystem.risk.rule import RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8

PORTFOLIO: Final = "portfolio"


class DeltaLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest delta either way, by underlying in its own units, and of all in USD."""

    deltas_e8: Mapping[str, int]
    total_e8: int


class DeltaLimitRule(ExposureRule[DeltaLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "delta_limit"

    def __init__(
        self, limit: DeltaLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches = {subject: self.watch(subject) for subject in (*limit.deltas_e8, PORTFOLIO)}

    def configure(self, limit: DeltaLimit, scale: SeverityScale) -> None:
        """Take in other bounds; an underlying that has none any more is not judged any more."""
        super().configure(limit, scale)
        self._watches = {subject: self.watch(subject) for subject in (*limit.deltas_e8, PORTFOLIO)}

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the sum of all deltas may move; each for itself hangs on no mark."""
        for asset in self.limit.deltas_e8:
            if self._watches[asset].room_e8(abs(exposures.deltas_e8.get(asset, 0))) < 0:
                return NO_ROOM
        return self._watches[PORTFOLIO].room_e8(exposures.delta_total_e8())

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of each underlying, and of all of them."""
        portfolio = self.state.portfolio
        found: list[Finding] = []
        for asset, limit_e8 in self.limit.deltas_e8.items():
            delta_e8 = exposures.deltas_e8.get(asset, 0)
            watch = self._watches[asset]
            if watch.holds(abs(delta_e8), limit_e8):
                continue
            found += self.found(
                watch,
                abs(delta_e8),
                limit_e8,
                asset,
                partial(self._inputs, asset),
                partial(_message, asset, delta_e8, limit_e8),
            )
        total_e8, limit_e8 = exposures.delta_total_e8(), self.limit.total_e8
        if self._watches[PORTFOLIO].holds(total_e8, limit_e8):
            return found
        found += self.found(
            self._watches[PORTFOLIO],
            total_e8,
            limit_e8,
            "USD",
            lambda: (*portfolio.mark_ids(), *portfolio.holding_ids()),
            lambda: (
                f"the deltas of all underlyings add up to {format_e8(total_e8, 2)} USD;"
                f" the limit is {format_e8(limit_e8, 2)} USD"
            ),
        )
        return found

    def _inputs(self, asset: str) -> Sequence[EventId]:
        portfolio = self.state.portfolio
        return (
            *(
                position_id
                for symbol, underlying in UNDERLYINGS.items()
                if underlying == asset
                for position_id in portfolio.derivatives.position_ids(symbol)
            ),
            *portfolio.balance_ids(asset),
        )


def _message(asset: str, delta_e8: int, limit_e8: int) -> str:
    return (
        f"the delta of {asset} is {format_e8(delta_e8, 4)};"
        f" the limit is {format_e8(limit_e8, 4)} either way"
    )


def _read(table: Table) -> DeltaLimit:
    return DeltaLimit(
        deltas_e8={asset: table.number(asset) for asset in ASSETS_EXPOSED if table.has(asset)},
        total_e8=table.number("total_usd"),
    )


KIND: Final = RuleKind(
    rule=DeltaLimitRule,
    title="The firm would gain or lose too much with the price of an underlying",
    watches=(
        "each bounded underlying's delta, holdings and derivatives netted, and the sum of all"
        " deltas in USD, of which none offsets another"
    ),
    limit="a delta by underlying in its own units, and `total_usd`",
    clears="below the `clear` share",
    inputs="the derivative positions and balances; for the sum the ticks behind the marks too",
    unit="the underlying, or USD for the portfolio",
    keys=(*ASSETS_EXPOSED, "total_usd"),
    subjects=(*ASSETS_EXPOSED, PORTFOLIO),
    read=_read,
)
