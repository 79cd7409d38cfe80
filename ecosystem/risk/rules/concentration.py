"""Concentration: too much of what the firm owns hangs on the price of one asset."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from ecosystem.events.words import EventId
from ecosystem.risk.alerts import AlertBook
from ecosystem.risk.exposure import ASSETS_EXPOSED, Exposures
from ecosystem.risk.headroom import ExposureRule, room_of_ratio_e8
from ecosystem.risk.rule import RuleKind
from ecosystem.risk.severity import SeverityScale
from ecosystem.risk.state import RiskState
from ecosystem.risk.tables import Table
from ecosystem.risk.watch import Finding
from ecosystem.units import format_e8


class ConcentrationLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The largest share of the equity, by asset that has one."""

    shares_e8: Mapping[str, int]


class Concentration(ExposureRule[ConcentrationLimit]):
    """Judged whenever the worth of the portfolio has moved."""

    name = "concentration"

    def __init__(
        self, limit: ConcentrationLimit, scale: SeverityScale, state: RiskState, book: AlertBook
    ) -> None:
        super().__init__(limit, scale, state, book)
        self._watches = {asset: self.watch(asset) for asset in limit.shares_e8}

    def configure(self, limit: ConcentrationLimit, scale: SeverityScale) -> None:
        """Take in other shares; an asset that has none any more is not judged any more."""
        super().configure(limit, scale)
        self._watches = {asset: self.watch(asset) for asset in limit.shares_e8}

    def room_e8(self, exposures: Exposures) -> int:
        """Return how far the portfolio may move before one of the shares matters."""
        deltas_e8 = exposures.deltas_usd_e8 if exposures.valued else {}
        return min(
            (
                room_of_ratio_e8(watch, abs(deltas_e8.get(asset, 0)), exposures)
                for asset, watch in self._watches.items()
            ),
            default=exposures.equity_e8,
        )

    def judge_exposures(self, exposures: Exposures) -> Sequence[Finding]:
        """Return what was found of each asset."""
        found: list[Finding] = []
        for asset, limit_e8 in self.limit.shares_e8.items():
            share_e8 = exposures.concentration_e8(asset)
            watch = self._watches[asset]
            if watch.holds(share_e8, limit_e8):
                continue
            found += self.found(
                watch,
                share_e8,
                limit_e8,
                KIND.unit,
                partial(self._inputs, asset),
                partial(_message, asset, share_e8, limit_e8),
            )
        return found

    def _inputs(self, asset: str) -> Sequence[EventId]:
        portfolio = self.state.portfolio
        # The asset first: the rest of the portfolio is only what it is measured by.
        return (
            *portfolio.mark_ids((asset,)),
            *portfolio.mark_ids(),
            *portfolio.derivatives.position_ids(),
            *portfolio.balance_ids(asset),
            *portfolio.balance_ids(),
        )


def _message(asset: str, share_e8: int, limit_e8: int) -> str:
    return (
        f"{format_e8(share_e8 * 100, 2)} % of the equity hang on the price of {asset};"
        f" the limit is {format_e8(limit_e8 * 100, 2)} %"
    )


def _read(table: Table) -> ConcentrationLimit:
    return ConcentrationLimit(
        shares_e8={asset: table.number(asset) for asset in ASSETS_EXPOSED if table.has(asset)}
    )


KIND: Final = RuleKind(
    rule=Concentration,
    title="Too much of what the firm owns hangs on the price of one asset",
    watches=(
        "each bounded asset's delta in USD, holdings and derivatives netted, as a share of the"
        " equity, once all that is held has a mark; without equity it is beyond every limit"
    ),
    limit="a share of the equity by asset, a fraction",
    clears="below the `clear` share",
    inputs="the ticks behind the marks, the asset's first, the positions and the balances",
    unit="ratio",
    keys=ASSETS_EXPOSED,
    subjects=ASSETS_EXPOSED,
    read=_read,
)
